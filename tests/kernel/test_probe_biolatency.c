/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/biolatency: reads past the page cache, of a known number and size. In a VM from the scratch disk,
 * where they are exact; elsewhere from a file of our own, where the system's other I/O adds to them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

#define READS 16
#define READ_BYTES 65536
#define SCRATCH_DISK "/dev/vda"
#define SIZE "ebpf_exporter_block_io_size_bytes"
#define LATENCY "ebpf_exporter_block_io_latency_seconds"

/* Over all devices. */
static double reads_moved(const struct probe *probe, const char *name)
{
	return probe__moved_with(probe, name, "operation=\"read\"");
}

/* each: what a read adds. */
static void assert_reads(const struct probe *probe, const char *name, double each)
{
	double moved = reads_moved(probe, name), by = READS * each;

	if (moved + probe__missed(probe) * each < by || (getenv("SONDE_IN_VM") && moved > by))
		fail_msg("%s of reads moved by %g, not %g", name, moved, by);
}

/* Something of ours to read from: its descriptor, or -errno where reads cannot go past the page cache. */
static int open_source(bool is_in_vm)
{
	char path[] = "sonde-biolatency.XXXXXX";
	static char block[READ_BYTES];
	int fd;

	if (is_in_vm) {
		fd = open(SCRATCH_DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (int i = 0; i < READS; i++)
		assert_int_equal(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	assert_int_equal(fsync(fd), 0);
	close(fd);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	unlink(path);
	return fd;
}

static void test_observe__reads_of_a_known_size(void **state)
{
	bool is_in_vm = getenv("SONDE_IN_VM") != NULL;
	int fd = open_source(is_in_vm);
	struct probe probe;
	void *buffer = NULL;

	(void)state;
	if (fd < 0) {
		printf("# skip: nothing here can be read past the page cache: %s\n", strerror(-fd));
		skip();
	}
	assert_int_equal(posix_memalign(&buffer, 4096, READ_BYTES), 0);
	probe__begin(&probe, "biolatency");
	for (int i = 0; i < READS; i++)
		assert_int_equal(pread(fd, buffer, READ_BYTES, (off_t)i * READ_BYTES), READ_BYTES);
	probe__end(&probe);
	free(buffer);
	close(fd);

	if (!is_in_vm && reads_moved(&probe, SIZE "_count") == 0) {
		probe__done(&probe);
		printf("# skip: the file system here reads without block requests\n");
		skip();
	}
	assert_reads(&probe, SIZE "_count", 1);
	assert_reads(&probe, SIZE "_sum", READ_BYTES);
	assert_reads(&probe, LATENCY "_count", 1);
	assert_true(reads_moved(&probe, LATENCY "_sum") > 0);
	if (is_in_vm) {
		probe__assert_moved(&probe,
				    SIZE "_bucket{device=\"vda\",operation=\"read\",le=\"65536\"}",
				    READS);
		probe__assert_moved(
			&probe, SIZE "_bucket{device=\"vda\",operation=\"read\",le=\"32768\"}", 0);
	}
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__reads_of_a_known_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
