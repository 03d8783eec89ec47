/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/rotating_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define SECOND 1000000000LL

struct fixture {
	char folder[64];
	char path[PATH_MAX];
	struct rotating_file *file;
	struct rotating_file_figures figures;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/sonde-rotating.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/logs/events.log", fixture->folder);
	*state = fixture;
	return 0;
}

static char *in_folder(const struct fixture *fixture, const char *name, char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "%s/logs/%s", fixture->folder, name);
	return path;
}

/* Names of the folder's files that begin so and end so; the first of them into ret_name. */
static int count_files(const struct fixture *fixture, const char *begin, const char *end,
		       char ret_name[NAME_MAX + 1])
{
	char path[PATH_MAX];
	DIR *folder = opendir(in_folder(fixture, "", path));
	const struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		size_t len = strlen(entry->d_name), end_len = strlen(end);

		if (entry->d_name[0] == '.' || strncmp(entry->d_name, begin, strlen(begin)) != 0 ||
		    len < end_len || strcmp(entry->d_name + len - end_len, end) != 0)
			continue;
		if (count++ == 0 && ret_name)
			(void)snprintf(ret_name, NAME_MAX + 1, "%s", entry->d_name);
	}
	(void)closedir(folder);
	return count;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX], name[NAME_MAX + 1];

	rotating_file__free(fixture->file);
	while (count_files(fixture, "", "", name) > 0)
		assert_int_equal(unlink(in_folder(fixture, name, path)), 0);
	(void)rmdir(in_folder(fixture, "", path));
	(void)rmdir(fixture->folder);
	free(fixture);
	return 0;
}

static void make(struct fixture *fixture, struct rotating_file_options options)
{
	options.path = fixture->path;
	fixture->file = rotating_file__free(fixture->file);
	assert_int_equal(rotating_file__new(&options, 0, &fixture->file, NULL), 0);
}

static void add(struct fixture *fixture, const char *lines)
{
	rotating_file__write(fixture->file, lines, strlen(lines), 0);
	rotating_file__figures(fixture->file, &fixture->figures);
}

static void work(struct fixture *fixture, int64_t now_ns)
{
	while (rotating_file__work(fixture->file, now_ns))
		;
	rotating_file__figures(fixture->file, &fixture->figures);
}

static void assert_content(const struct fixture *fixture, const char *name, const char *expected)
{
	char path[PATH_MAX], content[256];
	/* Plain files are read as they are. */
	gzFile file = gzopen(in_folder(fixture, name, path), "r");
	int len;

	assert_non_null(file);
	len = gzread(file, content, sizeof(content) - 1);
	assert_true(len >= 0);
	content[len] = 0;
	(void)gzclose(file);
	assert_string_equal(content, expected);
}

static void test_new__makes_folder_and_file(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;

	make(fixture, (struct rotating_file_options){ 0 });
	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	make(fixture, (struct rotating_file_options){ .mode = 0640 });
	assert_int_equal(stat(fixture->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void test_new__what_cannot_be_opened(void **state)
{
	struct fixture *fixture = *state;
	char folder[PATH_MAX];
	struct rotating_file *file;
	struct err err = ERR_INIT;

	make(fixture, (struct rotating_file_options){ 0 });
	(void)snprintf(folder, sizeof(folder), "%s/logs/", fixture->folder);
	assert_int_equal(rotating_file__new(&(struct rotating_file_options){ .path = folder }, 0,
					    &file, &err),
			 -EISDIR);
	(void)snprintf(folder, sizeof(folder), "%s/logs/events.log/x", fixture->folder);
	assert_int_equal(rotating_file__new(&(struct rotating_file_options){ .path = folder }, 0,
					    &file, &err),
			 -ENOTDIR);
	assert_non_null(strstr(err.text, "cannot open '"));
	err__done(&err);
}

static void test_write__goes_on_after_a_restart(void **state)
{
	struct fixture *fixture = *state;

	make(fixture, (struct rotating_file_options){ .max_bytes = 8 });
	add(fixture, "one\n");
	make(fixture, (struct rotating_file_options){ .max_bytes = 8 });
	add(fixture, "two\n");
	assert_content(fixture, "events.log", "one\ntwo\n");
	assert_int_equal(fixture->figures.rotations, 0);
	add(fixture, "x\n");
	assert_content(fixture, "events.log", "x\n");
	assert_int_equal(fixture->figures.rotations, 1);
}

static void test_write__puts_full_files_aside(void **state)
{
	struct fixture *fixture = *state;
	char name[NAME_MAX + 1];

	make(fixture, (struct rotating_file_options){ .max_bytes = 10 });
	add(fixture, "1111\n2222\n3333\n");
	assert_content(fixture, "events.log", "3333\n");
	assert_int_equal(count_files(fixture, "events-", ".log", name), 1);
	assert_content(fixture, name, "1111\n2222\n");
	assert_int_equal(strlen(name), strlen("events-2006-01-02T15-04-05.000.log"));
	assert_int_equal(fixture->figures.written_bytes, 15);
}

static void test_write__a_line_longer_than_a_file(void **state)
{
	struct fixture *fixture = *state;
	char name[NAME_MAX + 1];

	make(fixture, (struct rotating_file_options){ .max_bytes = 4 });
	add(fixture, "a\nlonger than that\nb\n");
	assert_content(fixture, "events.log", "b\n");
	assert_int_equal(fixture->figures.rotations, 2);
	assert_int_equal(count_files(fixture, "events-", ".log", name), 2);
	assert_int_equal(fixture->figures.lost_lines, 0);
}

static void test_work__keeps_the_newest_backups(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_MAX], name[NAME_MAX + 1];
	static const char *const others[] = { "events-notes.log", "events.log.1",
					      "events-2006-01-02T15-04-05.000.txt" };

	make(fixture, (struct rotating_file_options){ .max_bytes = 2, .max_backups = 2 });
	for (size_t i = 0; i < 3; i++)
		(void)close(open(in_folder(fixture, others[i], path), O_CREAT | O_CLOEXEC, 0600));
	/* Of a run years ago. */
	(void)close(open(in_folder(fixture, "events-2006-01-02T15-04-05.000.log", path),
			 O_CREAT | O_CLOEXEC, 0600));
	add(fixture, "1\n2\n3\n4\n");
	work(fixture, 0);
	assert_int_equal(count_files(fixture, "events-2", ".log", name), 2);
	assert_int_equal(fixture->figures.removed, 2);
	assert_int_equal(count_files(fixture, "", "", NULL), 6);
	assert_int_equal(
		access(in_folder(fixture, "events-2006-01-02T15-04-05.000.log", path), F_OK), -1);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(access(in_folder(fixture, others[i], path), F_OK), 0);
}

static void test_work__compresses_backups(void **state)
{
	struct fixture *fixture = *state;
	char name[NAME_MAX + 1];

	make(fixture, (struct rotating_file_options){ .max_bytes = 5, .compresses = true });
	add(fixture, "1111\n2222\n3333\n");
	work(fixture, 0);
	assert_int_equal(count_files(fixture, "events-", ".log.gz", name), 2);
	assert_int_equal(count_files(fixture, "events-", ".log", NULL), 0);
	assert_int_equal(count_files(fixture, "", ".tmp", NULL), 0);
	assert_int_equal(fixture->figures.compressed, 2);
	assert_int_equal(fixture->figures.failures, 0);
	add(fixture, "4444\n");
	work(fixture, 0);
	assert_int_equal(fixture->figures.compressed, 3);
}

static void test_work__a_step_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	size_t len = 1u << 20;
	char *line = malloc(len);
	char name[NAME_MAX + 1];
	int steps = 0;

	assert_non_null(line);
	for (size_t i = 0; i < len; i++)
		line[i] = (char)('a' + i * 7919 % 26);
	line[len - 1] = '\n';
	make(fixture, (struct rotating_file_options){ .max_bytes = len, .compresses = true });
	rotating_file__write(fixture->file, line, len, 0);
	add(fixture, "x\n");
	while (rotating_file__work(fixture->file, 0))
		steps++;
	assert_true(steps >= 4);
	assert_int_equal(count_files(fixture, "events-", ".log.gz", name), 1);
	free(line);
}

static void test_free__leaves_what_is_being_compressed(void **state)
{
	struct fixture *fixture = *state;
	char name[NAME_MAX + 1];

	make(fixture, (struct rotating_file_options){ .max_bytes = 5, .compresses = true });
	add(fixture, "1111\n2222\n");
	assert_true(rotating_file__work(fixture->file, 0));
	make(fixture, (struct rotating_file_options){ .max_bytes = 5, .compresses = true });
	assert_int_equal(count_files(fixture, "events-", "", name), 1);
	assert_content(fixture, name, "1111\n");
	work(fixture, 0);
	assert_int_equal(count_files(fixture, "events-", ".log.gz", name), 1);
	assert_content(fixture, name, "1111\n");
}

static void test_work__puts_old_files_aside(void **state)
{
	struct fixture *fixture = *state;

	make(fixture, (struct rotating_file_options){ .interval_ns = 10 * SECOND });
	work(fixture, 10 * SECOND);
	assert_int_equal(fixture->figures.rotations, 0); /* it was empty */
	add(fixture, "x\n");
	work(fixture, 19 * SECOND);
	assert_int_equal(fixture->figures.rotations, 0);
	work(fixture, 20 * SECOND);
	assert_int_equal(fixture->figures.rotations, 1);
	assert_content(fixture, "events.log", "");
}

static void test_write__what_somebody_took_away_is_made_again(void **state)
{
	struct fixture *fixture = *state;

	make(fixture, (struct rotating_file_options){ .max_bytes = 5 });
	add(fixture, "1111\n");
	assert_int_equal(unlink(fixture->path), 0);
	add(fixture, "2222\n");
	assert_content(fixture, "events.log", "2222\n");
}

static void test_write__a_disk_that_is_full(void **state)
{
	struct fixture *fixture = *state;

	(void)snprintf(fixture->path, sizeof(fixture->path), "/dev/full");
	make(fixture, (struct rotating_file_options){ .mode = 0666 });
	add(fixture, "1\n2\n");
	assert_int_equal(fixture->figures.lost_lines, 2);
	assert_int_equal(fixture->figures.lost_bytes, 4);
	assert_int_equal(fixture->figures.failures, 1);
	assert_int_equal(fixture->figures.last_error, ENOSPC);
	add(fixture, "3\n"); /* not tried again so soon */
	assert_int_equal(fixture->figures.lost_lines, 3);
	assert_int_equal(fixture->figures.failures, 1);
	fixture->file = rotating_file__free(fixture->file);
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/logs/events.log", fixture->folder);
	make(fixture, (struct rotating_file_options){ 0 }); /* so that there is a folder to clear */
}

static void test_write__no_line_is_torn(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, limit;

	make(fixture, (struct rotating_file_options){ 0 });
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 12;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	add(fixture, "1111\n2222\n3333\n");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_content(fixture, "events.log", "1111\n2222\n");
	assert_int_equal(fixture->figures.lost_lines, 1);
	assert_int_equal(fixture->figures.last_error, EFBIG);
	rotating_file__write(fixture->file, "4444\n", 5, 2 * SECOND);
	assert_content(fixture, "events.log", "1111\n2222\n4444\n");
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new__makes_folder_and_file),
		TEST(test_new__what_cannot_be_opened),
		TEST(test_write__goes_on_after_a_restart),
		TEST(test_write__puts_full_files_aside),
		TEST(test_write__a_line_longer_than_a_file),
		TEST(test_work__keeps_the_newest_backups),
		TEST(test_work__compresses_backups),
		TEST(test_work__a_step_at_a_time),
		TEST(test_free__leaves_what_is_being_compressed),
		TEST(test_work__puts_old_files_aside),
		TEST(test_write__what_somebody_took_away_is_made_again),
		TEST(test_write__a_disk_that_is_full),
		TEST(test_write__no_line_is_torn),
	};

	return cmocka_run_group_tests_name("sink/rotating_file", tests, NULL, NULL);
}
