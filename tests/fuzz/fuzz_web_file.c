/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of --web.config.file: whatever stands in it, the reader says what is wrong or hands on what it promises.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/web_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct web_file *file)
{
	for (size_t i = 0; i < file->header_count; i++)
		if (strpbrk(file->headers[i].value, "\r\n"))
			abort();
	for (size_t i = 0; i < file->user_count; i++)
		if (strlen(file->users[i].hash) != 60 || strchr(file->users[i].name, ':') ||
		    file->users[i].cost > WEB_FILE_MAX_COST)
			abort();
	if (file->rate.interval > 0 && file->rate.burst == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena arena = ARENA_INIT;
	struct err_list errors = { .len = 0 };
	struct web_file file;

	if (web_file_parse((const char *)data, len, "x", &arena, &file, &errors) == 0)
		check(&file);
	else if (errors.len == 0)
		abort();
	err_list__done(&errors);
	arena__done(&arena);
	return 0;
}
