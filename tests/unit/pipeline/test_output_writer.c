/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/output_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"

struct fixture {
	struct loop *loop;
	struct output_writer *writer;
	int ends[2]; /* of the pipe */
	int rooms, closed, error;
};

static void on_room(void *ctx)
{
	struct fixture *fixture = ctx;

	fixture->rooms++;
}

static void on_closed(void *ctx, int error)
{
	struct fixture *fixture = ctx;

	fixture->closed++;
	fixture->error = error;
}

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);
	struct output_writer_options options = {
		.room = on_room, .ctx = fixture, .closed = on_closed, .closed_ctx = fixture
	};

	if (!fixture || loop__new(&fixture->loop, NULL) < 0 || pipe2(fixture->ends, O_CLOEXEC) < 0)
		return -1;
	options.loop = fixture->loop;
	options.fd = fixture->ends[1];
	*state = fixture;
	return output_writer__new(&options, &fixture->writer, NULL);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	output_writer__free(fixture->writer);
	if (fixture->ends[0] >= 0)
		close(fixture->ends[0]);
	close(fixture->ends[1]);
	loop__free(fixture->loop);
	free(fixture);
	return 0;
}

static void add(struct fixture *fixture, size_t bytes)
{
	static const char line[] = "0123456789abcde\n";

	for (size_t i = 0; i < bytes; i += sizeof(line) - 1)
		strbuf__add_text(output_writer__buffer(fixture->writer), line);
}

static size_t read_some(const struct fixture *fixture, char *buffer, size_t size)
{
	ssize_t got = read(fixture->ends[0], buffer, size);

	assert_true(got > 0);
	return (size_t)got;
}

static void test_flush__does_not_wait_for_the_reader(void **state)
{
	struct fixture *fixture = *state;
	const size_t all = 3u << 20;
	char buffer[65536];
	size_t got = 0;

	add(fixture, all);
	assert_true(output_writer__is_full(fixture->writer));
	output_writer__flush(fixture->writer); /* returns, though nobody reads */
	assert_true(output_writer__is_full(fixture->writer));
	while (got < all) {
		size_t len = read_some(fixture, buffer, sizeof(buffer));

		for (size_t i = 0; i < len; i++)
			assert_int_equal(buffer[i], "0123456789abcde\n"[(got + i) % 16]);
		got += len;
		assert_true(loop__run_once(fixture->loop, 0) >= 0);
	}
	assert_true(fixture->rooms > 0);
	assert_false(output_writer__is_full(fixture->writer));
	assert_int_equal(output_writer__buffer(fixture->writer)->len, 0);
}

static void test_flush__reader_has_gone(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->ends[0]);
	fixture->ends[0] = -1;
	for (int i = 0; i < 2; i++) {
		add(fixture, 4096);
		output_writer__flush(fixture->writer);
		assert_int_equal(output_writer__buffer(fixture->writer)->len, 0);
	}
	assert_int_equal(fixture->closed, 1);
	assert_int_equal(fixture->error, 0);
}

static void test_flush__nothing_can_be_written(void **state)
{
	struct fixture *fixture = *state;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0) {
		printf("# skip: there is no /dev/full here\n");
		skip();
	}
	assert_true(dup2(full, fixture->ends[1]) >= 0);
	close(full);
	add(fixture, 16);
	output_writer__flush(fixture->writer);
	assert_int_equal(output_writer__buffer(fixture->writer)->len, 0);
	assert_int_equal(fixture->closed, 1);
	assert_int_equal(fixture->error, -ENOSPC);
}

static void test_finish__gives_up_in_time(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 1u << 20);
	output_writer__finish(fixture->writer, 20 * NS_PER_MS); /* nobody reads */
	assert_true(output_writer__buffer(fixture->writer)->len > 0);
}

static void test_flush__of_a_file_is_at_once(void **state)
{
	struct fixture *fixture = *state;
	char path[] = "/tmp/sonde-test-output-XXXXXX";
	struct output_writer_options options = { .loop = fixture->loop,
						 .room = on_room,
						 .ctx = fixture };
	struct output_writer *writer;

	options.fd = mkstemp(path);
	assert_true(options.fd >= 0);
	(void)unlink(path);
	assert_int_equal(output_writer__new(&options, &writer, NULL), 0);
	for (int i = 0; i < 1000; i++)
		strbuf__add_text(output_writer__buffer(writer), "0123456789abcdef");
	output_writer__flush(writer);
	assert_int_equal(output_writer__buffer(writer)->len, 0);
	assert_int_equal(lseek(options.fd, 0, SEEK_END), 16000);
	output_writer__free(writer);
	close(options.fd);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flush__does_not_wait_for_the_reader), TEST(test_flush__reader_has_gone),
		TEST(test_flush__nothing_can_be_written),       TEST(test_finish__gives_up_in_time),
		TEST(test_flush__of_a_file_is_at_once),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("pipeline/output_writer", tests, NULL, NULL);
}
