/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* As src/main.c has it: the bench is to have the agent's memory, not another one. */
#define MMAP_THRESHOLD_BYTES (256 << 10)

int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s --list | CASE\n", argv[0]);
		return 2;
	}
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD_BYTES);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(argv[1], "--list") == 0) {
			printf("%s\n", cases[i].name);
		} else if (strcmp(argv[1], cases[i].name) == 0) {
			cases[i].run();
			return 0;
		}
	}
	return strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
