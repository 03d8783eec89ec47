/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/bioqueue: in a VM, requests that a disk made for it (null_blk) keeps for two seconds, so that the
 * number that it has at a time is known; elsewhere reads past the page cache, where other I/O adds to them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define READS 8
#define READ_BYTES 4096
#define SECONDS_OF_A_READ 2
#define QUEUE "ebpf_exporter_block_io_queue_seconds"
#define DEVICE "ebpf_exporter_block_io_device_seconds"
#define DEPTH "ebpf_exporter_block_io_depth"
#define IN_FLIGHT "ebpf_exporter_block_io_in_flight"
#define UNFOLLOWED "ebpf_exporter_block_io_unfollowed_total"

/* The end of a program: its exit status. */
static int run(const char *const *words)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int add_disk(void)
{
	/* On multiple queues, completed by a timer. */
	return run((const char *const[]){ "modprobe", "null_blk", "nr_devices=1", "gb=1",
					  "queue_mode=2", "irqmode=2", "completion_nsec=2000000000",
					  NULL });
}

static void remove_disk(void)
{
	assert_int_equal(run((const char *const[]){ "rmmod", "null_blk", NULL }), 0);
}

/* Far enough from each other that no two become one request. */
static void submit_reads(aio_context_t context, int fd, char *buffer)
{
	struct iocb reads[READS], *pointers[READS];

	memset(reads, 0, sizeof(reads));
	for (int i = 0; i < READS; i++) {
		reads[i].aio_lio_opcode = IOCB_CMD_PREAD;
		reads[i].aio_fildes = (uint32_t)fd;
		reads[i].aio_buf = (uint64_t)(uintptr_t)(buffer + i * READ_BYTES);
		reads[i].aio_nbytes = READ_BYTES;
		reads[i].aio_offset = (int64_t)i << 20;
		pointers[i] = &reads[i];
	}
	assert_int_equal(syscall(SYS_io_submit, context, READS, pointers), READS);
}

static void wait_for_reads(aio_context_t context)
{
	struct io_event events[READS];

	assert_int_equal(syscall(SYS_io_getevents, context, READS, READS, events, NULL), READS);
	for (int i = 0; i < READS; i++)
		assert_int_equal(events[i].res, READ_BYTES);
}

/* What the disk is called: 5.10 keeps it out of /proc/partitions, and then it has no name. */
static void tell_label(int fd, const struct probe *probe, char *label, size_t size)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	snprintf(label, size, "device=\"nullb0\"");
	if (metrics_count(probe->after, DEPTH "_count{device=\"nullb0\"}") == 0)
		snprintf(label, size, "device=\"unknown:%u:%u\"", major(status.st_rdev),
			 minor(status.st_rdev));
}

static void assert_moved(const struct probe *probe, const char *name, const char *label,
			 const char *more, double by)
{
	char series[256];

	snprintf(series, sizeof(series), "%s{%s%s}", name, label, more);
	probe__assert_moved(probe, series, by);
}

static void test_observe__requests_that_wait_together(void **state)
{
	aio_context_t context = 0;
	struct probe probe;
	void *buffer = NULL;
	char disk[64], series[128], *meanwhile;
	int fd;

	(void)state;
	if (!getenv("SONDE_IN_VM")) {
		printf("# skip: only in a VM a disk can be made (null_blk)\n");
		skip();
	}
	assert_int_equal(posix_memalign(&buffer, READ_BYTES, READS * READ_BYTES), 0);
	assert_int_equal(add_disk(), 0);
	fd = open("/dev/nullb0", O_RDONLY | O_DIRECT | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_io_setup, READS, &context), 0);
	probe__begin(&probe, "bioqueue");
	submit_reads(context, fd, buffer);
	meanwhile = exporter__scrape(&probe.exporter);
	wait_for_reads(context);
	probe__end(&probe);
	assert_int_equal(syscall(SYS_io_destroy, context), 0);
	tell_label(fd, &probe, disk, sizeof(disk));
	close(fd);
	free(buffer);
	remove_disk();

	/* The first found none there, the last seven. */
	assert_moved(&probe, DEPTH "_bucket", disk, ",le=\"1\"", 1);
	assert_moved(&probe, DEPTH "_bucket", disk, ",le=\"2\"", 2);
	assert_moved(&probe, DEPTH "_bucket", disk, ",le=\"4\"", 4);
	assert_moved(&probe, DEPTH "_bucket", disk, ",le=\"8\"", READS);
	assert_moved(&probe, DEPTH "_sum", disk, "", READS * (READS + 1) / 2.0);
	assert_moved(&probe, QUEUE "_count", disk, ",operation=\"read\"", READS);
	assert_moved(&probe, DEVICE "_count", disk, ",operation=\"read\"", READS);
	/* The disk's timer does not go off early. */
	assert_true(probe__moved_with(&probe, DEVICE "_sum", disk) >= READS * SECONDS_OF_A_READ);
	assert_true(metrics_value(probe.after, UNFOLLOWED) == 0);
	snprintf(series, sizeof(series), IN_FLIGHT "{%s}", disk);
	assert_true(metrics_value(meanwhile, series) == READS);
	assert_true(metrics_value(probe.after, series) == 0);
	free(meanwhile);
	probe__done(&probe);
}

/* A file of ours on whatever disk is here; its descriptor, or -errno where reads cannot go past the page cache. */
static int open_file(void)
{
	char path[] = "sonde-bioqueue.XXXXXX";
	static char block[READS * READ_BYTES];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	assert_int_equal(fsync(fd), 0);
	close(fd);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	unlink(path);
	return fd;
}

static double reads_moved(const struct probe *probe, const char *name)
{
	return probe__moved_with(probe, name, "operation=\"read\"");
}

static void test_observe__reads_of_a_file(void **state)
{
	int fd = open_file();
	struct probe probe;
	void *buffer = NULL;

	(void)state;
	if (fd < 0) {
		printf("# skip: nothing here can be read past the page cache: %s\n", strerror(-fd));
		skip();
	}
	assert_int_equal(posix_memalign(&buffer, READ_BYTES, READ_BYTES), 0);
	probe__begin(&probe, "bioqueue");
	for (int i = 0; i < READS; i++)
		assert_int_equal(pread(fd, buffer, READ_BYTES, (off_t)i * READ_BYTES), READ_BYTES);
	probe__end(&probe);
	free(buffer);
	close(fd);

	if (reads_moved(&probe, DEVICE "_count") == 0) {
		probe__done(&probe);
		printf("# skip: the file system here reads without block requests\n");
		skip();
	}
	/* Under load not every completion of a virtio disk passes the tracepoint. */
	assert_true(reads_moved(&probe, DEVICE "_count") > 0);
	assert_true(reads_moved(&probe, DEVICE "_sum") > 0);
	assert_true(reads_moved(&probe, QUEUE "_count") >= READS);
	assert_true(probe__moved_with(&probe, DEPTH "_bucket", "le=\"+Inf\"") >= READS);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__requests_that_wait_together),
		cmocka_unit_test(test_observe__reads_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
