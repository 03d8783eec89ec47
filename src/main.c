/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>

#include "cmd/command.h"

/* Scrapes of some megabytes come and go: with glibc's sliding threshold the first one would move such blocks into
 * the heap for good, and a small agent would stay as large as its largest reply. */
#define MMAP_THRESHOLD_BYTES (256 << 10)

int main(int argc, char **argv)
{
	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD_BYTES);
	return command_main(argc, (const char *const *)argv);
}
