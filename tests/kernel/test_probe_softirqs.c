/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe probes/softirqs: datagrams to ourselves and reads past the page cache, beside what the kernel itself counts
 * in /proc/softirqs and /proc/interrupts. Its counts from just after the first scrape until just before the second are
 * what the probe has seen at least; those from before the start until after the second, at most. The kernel counts where
 * it begins to serve and the probe where that ends, so on each CPU one may be under way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe.h"

#define DATAGRAMS 500
#define READS 50
#define READ_BYTES 4096
#define SCRATCH_DISK "/dev/vda"
#define RUN(vector, what) "ebpf_exporter_softirq_run_seconds_" what "{vector=\"" vector "\"}"
#define WAIT(vector, what) "ebpf_exporter_softirq_wait_seconds_" what "{vector=\"" vector "\"}"

static double cpus(void)
{
	return (double)sysconf(_SC_NPROCESSORS_CONF);
}

/* The numbers that follow, one per CPU, added up. */
static double sum_of_line(const char *text)
{
	double sum = 0;
	char *end;

	for (;;) {
		double number = strtod(text, &end);

		if (end == text || (*end && !isspace((unsigned char)*end)))
			return sum;
		sum += number;
		text = end;
	}
}

/* Sum over the lines of a file in /proc that begin with this word, or with any number when it is NULL. */
static double kernel_count(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	double sum = 0;

	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		char *begin = line + strspn(line, " "), *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		if (word ? strcmp(begin, word) == 0 : isdigit((unsigned char)*begin))
			sum += sum_of_line(colon + 1);
	}
	free(line);
	fclose(file);
	return sum;
}

static void send_datagrams(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	char byte = 0;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	for (int i = 0; i < DATAGRAMS; i++) {
		assert_int_equal(send(fd, &byte, 1, 0), 1);
		assert_int_equal(recv(fd, &byte, 1, 0), 1);
	}
	close(fd);
}

static void test_observe__datagrams_on_loopback(void **state)
{
	double before = kernel_count("/proc/softirqs", "NET_RX"), inner, outer, moved, waits;
	struct probe probe;

	(void)state;
	probe__begin(&probe, "softirqs");
	inner = kernel_count("/proc/softirqs", "NET_RX");
	send_datagrams();
	inner = kernel_count("/proc/softirqs", "NET_RX") - inner;
	probe__end(&probe);
	outer = kernel_count("/proc/softirqs", "NET_RX") - before;

	moved = probe__moved(&probe, RUN("net_rx", "count"));
	if (inner < DATAGRAMS || moved < inner - cpus() || moved > outer + cpus())
		fail_msg("%g served, where the kernel counts %g to %g", moved, inner, outer);
	waits = probe__moved(&probe, WAIT("net_rx", "count"));
	if (waits < 1 || waits > moved + cpus())
		fail_msg("%g waited, and %g were served", waits, moved);
	assert_true(probe__moved(&probe, RUN("net_rx", "sum")) > 0);
	assert_true(probe__moved(&probe, WAIT("net_rx", "sum")) >= 0);
	probe__done(&probe);
}

static void read_scratch_disk(void)
{
	int fd = open(SCRATCH_DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buffer = NULL;

	assert_true(fd >= 0);
	assert_int_equal(posix_memalign(&buffer, READ_BYTES, READ_BYTES), 0);
	for (int i = 0; i < READS; i++)
		assert_int_equal(pread(fd, buffer, READ_BYTES, (off_t)i * READ_BYTES), READ_BYTES);
	free(buffer);
	close(fd);
}

/* Over all handlers. */
static double hardirqs(const char *metrics)
{
	char *lines = metrics_lines(metrics, "ebpf_exporter_hardirq_run_seconds_count{");
	char *rest = lines, *line;
	double sum = 0;

	while ((line = strsep(&rest, "\n")))
		if (strrchr(line, ' '))
			sum += strtod(strrchr(line, ' ') + 1, NULL);
	free(lines);
	return sum;
}

static void test_observe__interrupts_of_a_disk(void **state)
{
	double inner, moved;
	struct probe probe;

	(void)state;
	if (!getenv("SONDE_IN_VM")) {
		printf("# skip: only a VM has a disk that is ours to read\n");
		skip();
	}
	probe__begin(&probe, "softirqs");
	inner = kernel_count("/proc/interrupts", NULL);
	read_scratch_disk();
	inner = kernel_count("/proc/interrupts", NULL) - inner;
	probe__end(&probe);

	moved = hardirqs(probe.after) - hardirqs(probe.before);
	if (inner < READS || moved < inner - cpus())
		fail_msg("%g handled, where the kernel counts %g", moved, inner);
	probe__done(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_observe__datagrams_on_loopback),
		cmocka_unit_test(test_observe__interrupts_of_a_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
