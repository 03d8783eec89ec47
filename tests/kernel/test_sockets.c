/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose sockets are, for a program that sees packets: of processes that were there before, of those that bind, send,
 * listen and connect. Only ports of this test are looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exporter.h"

static const char config[] = "attach:\n"
			     "  - {each: netns}\n"
			     "metrics:\n"
			     "  counters:\n"
			     "    - name: packets_total\n"
			     "      help: Packets\n"
			     "      labels:\n"
			     "        - {name: port, size: 4, decoders: [{name: uint}]}\n"
			     "        - {name: pid, size: 4, decoders: [{name: uint}]}\n";

/* ---- sockets ---- */

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static int make_socket(int type, uint16_t port, bool is_bound)
{
	const struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int one = 1;

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	if (is_bound)
		assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_to(int fd, uint16_t port)
{
	const struct sockaddr_in address = loopback(port);

	assert_int_equal(sendto(fd, "x", 1, 0, (const struct sockaddr *)&address, sizeof(address)),
			 1);
}

static void receive(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 1);
}

/* ---- another process ---- */

struct other {
	pid_t pid;
	uint16_t port;
	int commands, answers;
};

/* Has a port; for every byte it sends a datagram to the port that follows. */
static void live(int commands, int answers, uint16_t wanted)
{
	int fd = make_socket(SOCK_DGRAM, wanted, true);
	uint16_t port = port_of(fd);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(answers, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	while (read(commands, &port, sizeof(port)) == sizeof(port))
		send_to(fd, port);
	_exit(0);
}

static struct other make_other(uint16_t port)
{
	int commands[2], answers[2];
	struct other other = { 0 };

	assert_int_equal(pipe(commands), 0);
	assert_int_equal(pipe(answers), 0);
	other.pid = fork();
	assert_true(other.pid >= 0);
	if (other.pid == 0) {
		close(commands[1]);
		close(answers[0]);
		live(commands[0], answers[1], port);
	}
	close(commands[0]);
	close(answers[1]);
	other.commands = commands[1];
	other.answers = answers[0];
	assert_int_equal(read(other.answers, &other.port, sizeof(other.port)), sizeof(other.port));
	return other;
}

static void have_it_send(const struct other *other, uint16_t port)
{
	assert_int_equal(write(other->commands, &port, sizeof(port)), sizeof(port));
}

static void end_other(struct other *other)
{
	close(other->commands);
	close(other->answers);
	assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
}

/* ---- what was seen ---- */

static double packets(const char *metrics, uint16_t port, pid_t pid)
{
	char series[128];
	double value;

	(void)snprintf(series, sizeof(series),
		       "ebpf_exporter_packets_total{pid=\"%d\",port=\"%u\"}", (int)pid, port);
	value = metrics_value(metrics, series);
	return isnan(value) ? 0 : value;
}

static void assert_owner(struct exporter *exporter, uint16_t port, pid_t pid)
{
	char *metrics = exporter__scrape(exporter);

	if (packets(metrics, port, pid) < 1)
		print_message("# port %u is not of %d\n", port, (int)pid);
	assert_true(packets(metrics, port, pid) >= 1);
	assert_true(packets(metrics, port, 0) == 0);
	free(metrics);
}

/* ---- the tests ---- */

struct fixture {
	struct exporter exporter;
	struct other early;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->early = make_other(0);
	exporter__init(&fixture->exporter);
	exporter__add(&fixture->exporter, "sockets", "sockets_seen", config);
	exporter__start(&fixture->exporter, "sockets", NULL);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(exporter__stop(&fixture->exporter), 0);
	exporter__done(&fixture->exporter);
	end_other(&fixture->early);
	free(fixture);
	return 0;
}

static void test_sockets__of_before(void **state)
{
	struct fixture *fixture = *state;
	int fd = make_socket(SOCK_DGRAM, 0, true);

	have_it_send(&fixture->early, port_of(fd));
	receive(fd);
	assert_owner(&fixture->exporter, fixture->early.port, fixture->early.pid);
	close(fd);
}

/* Nothing was ever sent from that port, so its bind(2) has told. */
static void test_sockets__that_were_bound(void **state)
{
	struct fixture *fixture = *state;
	int fd = make_socket(SOCK_DGRAM, 0, true);

	have_it_send(&fixture->early, port_of(fd));
	receive(fd);
	assert_owner(&fixture->exporter, port_of(fd), getpid());
	close(fd);
}

/* The first packet is the first that is known of it. */
static void test_sockets__that_send_unbound(void **state)
{
	struct fixture *fixture = *state;
	int to = make_socket(SOCK_DGRAM, 0, true), from = make_socket(SOCK_DGRAM, 0, false);

	send_to(from, port_of(to));
	receive(to);
	assert_owner(&fixture->exporter, port_of(from), getpid());
	close(from);
	close(to);
}

static void test_sockets__both_ends_of_a_connection(void **state)
{
	struct fixture *fixture = *state;
	int listener = make_socket(SOCK_STREAM, 0, true), accepted;
	uint16_t ports[2] = { port_of(listener), 0 };
	int ends[2];
	pid_t child;

	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		const struct sockaddr_in address = loopback(ports[0]);
		int fd = make_socket(SOCK_STREAM, 0, false);
		uint16_t port;

		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
			_exit(1);
		port = port_of(fd);
		if (write(ends[1], &port, sizeof(port)) != sizeof(port))
			_exit(1);
		receive(fd);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(read(ends[0], &ports[1], sizeof(ports[1])), sizeof(ports[1]));
	accepted = accept(listener, NULL, NULL);
	assert_true(accepted >= 0);
	assert_owner(&fixture->exporter, ports[0], getpid());
	assert_owner(&fixture->exporter, ports[1], child);
	assert_int_equal(send(accepted, "x", 1, 0), 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(accepted);
	close(listener);
	close(ends[0]);
	close(ends[1]);
}

static void test_sockets__a_port_that_changes_hands(void **state)
{
	struct fixture *fixture = *state;
	int fd = make_socket(SOCK_DGRAM, 0, true), to = make_socket(SOCK_DGRAM, 0, true);
	uint16_t port = port_of(fd);
	struct other other;

	send_to(fd, port_of(to));
	receive(to);
	assert_owner(&fixture->exporter, port, getpid());
	close(fd);
	other = make_other(port);
	have_it_send(&other, port_of(to));
	receive(to);
	assert_owner(&fixture->exporter, port, other.pid);
	close(to);
	end_other(&other);
}

static void test_sockets__figures(void **state)
{
	struct fixture *fixture = *state;
	char *metrics = exporter__scrape(&fixture->exporter);

	assert_true(metrics_value(metrics, "sonde_sockets") >= 1);
	assert_true(metrics_value(metrics, "sonde_sockets_refused_total") == 0);
	free(metrics);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sockets__of_before),
		cmocka_unit_test(test_sockets__that_were_bound),
		cmocka_unit_test(test_sockets__that_send_unbound),
		cmocka_unit_test(test_sockets__both_ends_of_a_connection),
		cmocka_unit_test(test_sockets__a_port_that_changes_hands),
		cmocka_unit_test(test_sockets__figures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
