/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_policy [CASE…]: every policy of tests/golden/policy (below $SONDE_SOURCE, or the working directory) is loaded and
 * compiled for the kernel that tests/unit/policy/fixture.h makes up; what its hooks do must equal expected.ir or, when it is
 * refused, expected.err. One TAP line each. SONDE_GOLDEN_UPDATE=1 writes the expectations. A case with a file lacks.txt is
 * compiled for a kernel that cannot override, send signals or write to user space.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/load.h"
#include "config/spec.h"
#include "fixture.h"

#define MAX_EXPECTED_BYTES (1u << 20)

static int load(const char *dir, struct spec **ret_spec, struct err_list *errors)
{
	__cleanup(x_freep) char *path = str_printf("%s/config.yaml", dir);
	__cleanup(x_freep) char *text = NULL;
	struct dialect_input input = { .name = "policy", .origin = "config.yaml" };
	int r = fd_read_all(AT_FDCWD, path, CONFIG_MAX_BYTES, &text, &input.len);

	if (r < 0)
		return err_list__set(errors, r, NULL, "cannot read %s", path);
	input.text = text;
	return config_load_text(dialect_find("tracing_policy"), &input, ret_spec, errors);
}

static void print_errors(struct strbuf *out, const struct err_list *errors)
{
	char line[1024];

	for (size_t i = 0; i < errors->len; i++) {
		(void)err__format(&errors->items[i], line, sizeof(line));
		strbuf__printf(out, "%s\n", line);
	}
}

static int compile(const char *dir, const struct spec *spec, struct strbuf *out)
{
	__cleanup(x_freep) char *lacks = str_printf("%s/lacks.txt", dir);
	struct policy_fixture *fixture = NULL;
	void *state;
	int r = policy_fixture__set_up(&state);

	if (r < 0)
		return r;
	fixture = state;
	if (access(lacks, F_OK) == 0)
		memset(&fixture->made_up.kernel, 0, sizeof(fixture->made_up.kernel));
	fixture->made_up.context.count_parts = HOOK_COUNT_BINARY | HOOK_COUNT_SYSCALL;
	for (uint32_t i = 0; i < spec->policy_count && r == 0; i++) {
		r = policy_fixture__compile(fixture, &spec->policies[i]);
		if (r == 0)
			strbuf__printf(out, "policy %s\n%s", spec->policies[i].name,
				       policy_fixture__listing(fixture));
	}
	print_errors(out, &fixture->errors);
	(void)policy_fixture__tear_down(&state);
	return r;
}

static bool update(const char *dir, bool is_refused, const char *text)
{
	__cleanup(x_freep) char *path = str_printf("%s/expected.%s", dir,
						   is_refused ? "err" : "ir");
	FILE *file = fopen(path, "we");
	bool is_written = file && fputs(text, file) >= 0;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written;
}

static bool compare(const char *dir, bool is_refused, const char *text)
{
	__cleanup(x_freep) char *path = str_printf("%s/expected.%s", dir,
						   is_refused ? "err" : "ir");
	__cleanup(x_freep) char *expected = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, MAX_EXPECTED_BYTES, &expected, &len);

	if (r == 0 && str_eq(expected, text))
		return true;
	printf("# %s is not what came out:\n", path);
	for (const char *line = text; *line;
	     line += strcspn(line, "\n") + (strchr(line, '\n') != NULL))
		printf("# %.*s\n", (int)strcspn(line, "\n"), line);
	return false;
}

static bool run_case(const char *root, const char *name)
{
	__cleanup(x_freep) char *dir = str_printf("%s/%s", root, name);
	struct strbuf out = STRBUF_INIT;
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	int r = load(dir, &spec, &errors);
	bool is_good;

	if (r < 0)
		print_errors(&out, &errors);
	else
		r = compile(dir, spec, &out);
	is_good = getenv("SONDE_GOLDEN_UPDATE") ? update(dir, r < 0, strbuf__text(&out))
						: compare(dir, r < 0, strbuf__text(&out));
	spec__free(spec);
	err_list__done(&errors);
	strbuf__done(&out);
	return is_good;
}

static int is_folder(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	const char *source = getenv("SONDE_SOURCE");
	__cleanup(x_freep) char *root = str_printf("%s/tests/golden/policy", source ? source : ".");
	struct dirent **entries = NULL;
	int count = argc > 1 ? 0 : scandir(root, &entries, is_folder, alphasort);
	unsigned int run = 0, failed = 0;

	for (int i = 0; i < (argc > 1 ? argc - 1 : count); i++) {
		const char *name = argc > 1 ? argv[i + 1] : entries[i]->d_name;
		bool is_good = run_case(root, name);

		printf("%s %u - policy/%s\n", is_good ? "ok" : "not ok", ++run, name);
		failed += !is_good;
		if (argc == 1)
			free(entries[i]);
	}
	free(entries);
	printf("1..%u\n", run);
	return failed > 0 || run == 0;
}
