/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped gadgets: a row does something that only this process does, and says what has to be shown of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gadget.h"
#include "memory_cgroup.h"
#include "network.h"

#define NO_FILE "/nonexistent-sonde/file"
#define NO_PROCESS 0x3fffffff
#define EXECUTED "--executed-by-the-test"
#define DNS_PORT 53
#define LOST_PORT 4711
#define QUEUED_DATAGRAMS 5000

/* ---- programs ---- */

static void execute(const char *path)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		execl(path, path, EXECUTED, "two words", NULL);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
}

static void execute_self(void)
{
	execute("/proc/self/exe");
}

static void execute_nothing(void)
{
	execute(NO_FILE);
}

static void mount_nowhere(void)
{
	assert_true(mount("nothing", NO_FILE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") < 0);
}

static void unmount_nothing(void)
{
	assert_true(umount2(NO_FILE, 0) < 0);
}

/* ---- signals ---- */

static void signal_self(void)
{
	signal(SIGUSR1, SIG_IGN);
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
}

static void signal_nobody(void)
{
	assert_true(kill(NO_PROCESS, SIGUSR2) < 0);
}

/* ---- sockets ---- */

static int make_socket(int type, struct sockaddr_in *ret_address)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	*ret_address = (struct sockaddr_in){ .sin_family = AF_INET,
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return fd;
}

static void set_port(const struct sockaddr_in *address)
{
	gadget_set("port", "%d", ntohs(address->sin_port));
}

/* Sets %port. */
static void bind_to_any(int fd, struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);

	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	set_port(address);
}

static int listen_on_any(struct sockaddr_in *ret_address)
{
	int fd = make_socket(SOCK_STREAM, ret_address);

	bind_to_any(fd, ret_address);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void keep_listening(void)
{
	static int fd = -1;
	struct sockaddr_in address;

	if (fd < 0)
		fd = listen_on_any(&address);
}

/* The port stays the same for all rounds. */
static void connect_accept_and_close(void)
{
	static struct sockaddr_in address;
	static int server = -1;
	struct sockaddr_in client_address;
	char bytes[1234] = "";
	int client, accepted;

	if (server < 0)
		server = listen_on_any(&address);
	set_port(&address);
	client = make_socket(SOCK_STREAM, &client_address);
	gadget_set("client", "%d", client);
	gadget_set("server", "%d", server);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	gadget_set("accepted", "%d", accepted);
	assert_int_equal(send(client, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	assert_int_equal(recv(accepted, bytes, sizeof(bytes), MSG_WAITALL), (ssize_t)sizeof(bytes));
	close(client);
	close(accepted);
}

static void connect_to_nobody(void)
{
	static struct sockaddr_in address;
	struct sockaddr_in unused;
	int client = make_socket(SOCK_STREAM, &unused);

	if (address.sin_family == 0)
		close(listen_on_any(&address));
	assert_true(connect(client, (struct sockaddr *)&address, sizeof(address)) < 0);
	close(client);
}

static void bind_a_socket(void)
{
	static struct sockaddr_in address;
	struct sockaddr_in again;
	int reuse = 1, fd;

	fd = make_socket(SOCK_DGRAM, &again);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)), 0);
	if (address.sin_family == 0) {
		address = again;
		bind_to_any(fd, &address);
	} else {
		(void)bind(fd, (struct sockaddr *)&address, sizeof(address));
	}
	close(fd);
}

static void bind_where_somebody_is(void)
{
	static struct sockaddr_in address;
	static int holder = -1;
	struct sockaddr_in unused;
	int fd;

	if (holder < 0)
		holder = listen_on_any(&address);
	fd = make_socket(SOCK_STREAM, &unused);
	assert_true(bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0);
	close(fd);
}

/* Until it has been sent twice: about a second. */
static void lose_segments(void)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct sockaddr_in address;
	struct tcp_info info = { .tcpi_total_retrans = 0 };
	int fd = make_socket(SOCK_STREAM | SOCK_NONBLOCK, &address);

	network_add_blackhole("lo");
	address.sin_port = htons(LOST_PORT);
	NEED(connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == EINPROGRESS);
	while (info.tcpi_total_retrans == 0) {
		socklen_t len = sizeof(info);

		nanosleep(&pause, NULL);
		NEED(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0);
	}
	close(fd);
}

static void lose_segments_in_namespace(void)
{
	assert_int_equal(network_run(lose_segments), 0);
}

/* What finds the queue empty passes it by, so two send at once. */
static void send_through_a_queue(void)
{
	struct sockaddr_in address;
	int fd = make_socket(SOCK_DGRAM, &address), status;
	pid_t child;

	network_add_queue("lo");
	address.sin_port = htons(LOST_PORT);
	child = fork();
	NEED(child >= 0);
	for (int i = 0; i < QUEUED_DATAGRAMS; i++)
		(void)sendto(fd, "", 1, 0, (struct sockaddr *)&address, sizeof(address));
	if (child == 0)
		_exit(0);
	NEED(waitpid(child, &status, 0) == child);
	close(fd);
}

static void send_through_a_queue_in_namespace(void)
{
	assert_int_equal(network_run(send_through_a_queue), 0);
}

/* ---- DNS, in a network namespace of our own ---- */

static void ask_and_answer(void)
{
	static const unsigned char query[] = "\x12\xab\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
					     "\x05sonde\x07invalid\x00\x00\x1c\x00\x01";
	/* Of the name that stands in the question: an alias, and an address of either kind. */
	static const unsigned char answers[] =
		"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01n\xc0\x0c"
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
		"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10"
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01";
	const ssize_t query_len = sizeof(query) - 1;
	const ssize_t answer_len = query_len + (ssize_t)sizeof(answers) - 1;
	unsigned char bytes[512];
	struct sockaddr_in server_address, client_address;
	socklen_t len = sizeof(client_address);
	int server = make_socket(SOCK_DGRAM, &server_address);
	int client = make_socket(SOCK_DGRAM, &client_address);

	server_address.sin_port = htons(DNS_PORT);
	NEED(bind(server, (struct sockaddr *)&server_address, sizeof(server_address)) == 0);
	NEED(sendto(client, query, sizeof(query) - 1, 0, (struct sockaddr *)&server_address,
		    sizeof(server_address)) == query_len);
	NEED(recvfrom(server, bytes, sizeof(bytes), 0, (struct sockaddr *)&client_address, &len) ==
	     query_len);
	bytes[2] |= 0x80; /* an answer */
	bytes[3] = 0x80;
	bytes[7] = 3;
	memcpy(bytes + query_len, answers, sizeof(answers) - 1);
	NEED(sendto(server, bytes, (size_t)answer_len, 0, (struct sockaddr *)&client_address,
		    len) == answer_len);
	NEED(recv(client, bytes, sizeof(bytes), 0) == answer_len);
	close(client);
	close(server);
}

static void ask_and_answer_in_namespace(void)
{
	assert_int_equal(network_run(ask_and_answer), 0);
}

/* ---- memory and disks ---- */

static struct memory_cgroup memory;

static void want_too_much_memory(void)
{
	(void)memory_cgroup__overrun(&memory);
}

static void write_to_disk(void)
{
	static char block[4096];
	int fd = open("written", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, block, sizeof(block)), (ssize_t)sizeof(block));
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

/* A page of the file. */
static void read_scratch_disk(void)
{
	void *block = NULL;
	int fd = open("/dev/vda", O_RDONLY | O_DIRECT | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(posix_memalign(&block, 4096, 65536), 0);
	assert_int_equal(read(fd, block, 65536), 65536);
	free(block);
	close(fd);
}

/* ---- CPUs ---- */

static double cpu_seconds(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Several samples long, and most of it in the kernel. */
static void burn_cpu(void)
{
	static unsigned char bytes[65536];
	double until = cpu_seconds() + 0.2;

	while (cpu_seconds() < until)
		assert_true(getrandom(bytes, sizeof(bytes), 0) > 0);
}

/* One of 2 threads that both do nothing, until this process ends. */
static int idle_thread(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static void keep_stopped(void)
{
	static _Alignas(16) char stack[16384];
	static pid_t child;

	if (child)
		return;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		NEED(setpriority(PRIO_PROCESS, 0, 5) == 0);
		NEED(clone(idle_thread, stack + sizeof(stack),
			   CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL) > 0);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	gadget_set("stopped", "%d", child);
}

/* Which needs a capability, whether one has it or not. */
static void change_own_name(void)
{
	char name[128];

	assert_int_equal(gethostname(name, sizeof(name)), 0);
	(void)sethostname(name, strlen(name));
}

/* ---- the table ---- */

#define OURSELVES                                                                                  \
	{ "proc.pid", "%pid" },                                                                    \
	{                                                                                          \
		"proc.comm", "test_gadgets"                                                        \
	}

static const struct gadget_case cases[] = {
	{ "trace_exec",
	  { "--paths" },
	  execute_self,
	  { { "proc.parent.pid", "%pid" },
	    { "args", "/proc/self/exe " EXECUTED " two words" },
	    { "exepath", "…/test_gadgets" },
	    { "parent_exepath", "…/test_gadgets" },
	    { "cwd", "*" },
	    { "inode", "*" },
	    { "error", "" } } },
	{ "trace_exec",
	  { "--no-ignore-failed" },
	  execute_nothing,
	  { { "proc.parent.pid", "%pid" },
	    { "args", NO_FILE " " EXECUTED " two words" },
	    { "error", "ENOENT" } } },
	{ "trace_mount",
	  { "--pid=%pid" },
	  mount_nowhere,
	  { OURSELVES,
	    { "op", "MOUNT" },
	    { "fs", "tmpfs" },
	    { "src", "nothing" },
	    { "dest", NO_FILE },
	    { "data", "size=1m" },
	    { "flags", "MS_NOSUID|MS_NODEV" },
	    { "error", "ENOENT" },
	    { "delta", "*" },
	    { "call", "mount(\"nothing\", \"" NO_FILE
		      "\", \"tmpfs\", MS_NOSUID|MS_NODEV, \"size=1m\") = 2" } } },
	{ "trace_mount",
	  { "--pid=%pid" },
	  unmount_nothing,
	  { OURSELVES, { "op", "UMOUNT" }, { "dest", NO_FILE }, { "src", "" } } },
	{ "trace_signal",
	  { "--pid=%pid" },
	  signal_self,
	  { OURSELVES, { "sig", "SIGUSR1" }, { "tpid", "%pid" }, { "error", "" } } },
	{ "trace_signal",
	  { "--pid=%pid", "--failed", "--signal=12" },
	  signal_nobody,
	  { OURSELVES, { "sig", "SIGUSR2" }, { "error", "ESRCH" } } },
	{ "trace_tcp",
	  { "--pid=%pid" },
	  connect_accept_and_close,
	  { OURSELVES,
	    { "type", "connect" },
	    { "dst.addr", "127.0.0.1" },
	    { "dst.port", "%port" },
	    { "src.proto", "TCP" },
	    { "fd", "%client" },
	    { "netns_id", "*" },
	    { "error", "" } } },
	{ "trace_tcp",
	  { "--pid=%pid", "--accept-only" },
	  connect_accept_and_close,
	  { OURSELVES,
	    { "type", "accept" },
	    { "src.addr", "127.0.0.1" },
	    { "src.port", "%port" },
	    { "fd", "%server" },
	    { "accept_fd", "%accepted" } } },
	{ "trace_tcp",
	  { "--pid=%pid" },
	  connect_accept_and_close,
	  { OURSELVES, { "type", "close" }, { "dst.port", "%port" } } },
	{ "trace_tcp",
	  { "--pid=%pid", "--failure-only" },
	  connect_to_nobody,
	  { OURSELVES,
	    { "type", "connect" },
	    { "dst.port", "%port" },
	    { "error", "ECONNREFUSED" } } },
	{ "trace_bind",
	  { "--pid=%pid" },
	  bind_a_socket,
	  { OURSELVES,
	    { "addr.addr", "127.0.0.1" },
	    { "addr.port", "%port" },
	    { "addr.proto", "UDP" },
	    { "opts", "REUSEADDRESS" },
	    { "error", "" } } },
	{ "trace_bind",
	  { "--pid=%pid", "--no-ignore-errors" },
	  bind_where_somebody_is,
	  { OURSELVES,
	    { "addr.addr", "127.0.0.1" },
	    { "addr.port", "%port" },
	    { "error", "EADDRINUSE" } } },
	{ "trace_dns",
	  { "--comm=test_gadgets" },
	  ask_and_answer_in_namespace,
	  { { "proc.comm", "test_gadgets" },
	    { "proc.parent.pid", "%pid" },
	    { "qr", "Q" },
	    { "qtype", "AAAA" },
	    { "name", "sonde.invalid." },
	    { "id", "12ab" },
	    { "rcode", "" },
	    { "addresses", "" },
	    { "rd", "true" },
	    { "nameserver.addr", "127.0.0.1" },
	    { "dst.port", "53" },
	    { "pkt_type", "OUTGOING" } } },
	{ "trace_dns",
	  { "--comm=test_gadgets" },
	  ask_and_answer_in_namespace,
	  { { "proc.parent.pid", "%pid" },
	    { "qr", "R" },
	    { "qtype", "AAAA" },
	    { "name", "sonde.invalid." },
	    { "id", "12ab" },
	    { "rcode", "Success" },
	    { "num_answers", "3" },
	    { "addresses", "192.0.2.1,2001:db8::1" },
	    { "ra", "true" },
	    { "latency_ns", "*" },
	    { "src.port", "53" },
	    { "pkt_type", "HOST" } } },
	{ "trace_capabilities",
	  { "--pid=%pid", "--collect-kstack", "--collect-ustack" },
	  change_own_name,
	  { OURSELVES,
	    { "cap", "CAP_SYS_ADMIN" },
	    { "capable", "true" },
	    { "syscall", "SYS_SETHOSTNAME" },
	    { "cap_effective", "*" },
	    { "cap_effective_raw", "*" },
	    { "kstack", "*" },
	    { "ustack.symbols", "*" },
	    { "current_userns", "*" },
	    { "target_userns", "*" } } },
	{ "trace_tcpretrans",
	  { "--comm=test_gadgets" },
	  lose_segments_in_namespace,
	  { { "proc.comm", "test_gadgets" },
	    { "proc.parent.pid", "%pid" },
	    { "type", "RETRANS" },
	    { "tcpflags", "SYN" },
	    { "state", "tcp_syn_sent" },
	    { "dst.addr", "127.0.0.1" },
	    { "dst.port", "4711" },
	    { "netns_id", "*" } } },
	{ "trace_tcpdrop",
	  { "--comm=test_gadgets" },
	  lose_segments_in_namespace,
	  { { "comm", "test_gadgets" },
	    { "pid", "*" },
	    { "tcpflags", "SYN" },
	    { "state", "tcp_syn_sent" },
	    { "dst.addr", "127.0.0.1" },
	    { "dst.port", "4711" } } },
	{ "profile_cpu",
	  { "--pid=%pid" },
	  burn_cpu,
	  { OURSELVES,
	    { "samples", "*" },
	    { "kern_stack", "*" },
	    { "user_stack_raw.symbols", "*" } } },
	{ "profile_cpu",
	  { "--pid=%pid", "--kernel-stacks-only" },
	  burn_cpu,
	  { OURSELVES,
	    { "samples", "*" },
	    { "kern_stack", "*" },
	    { "user_stack_raw.symbols", "" } } },
	{ "profile_cpu",
	  { "--comm=test_gadgets", "--user-stacks-only" },
	  burn_cpu,
	  { OURSELVES,
	    { "samples", "*" },
	    { "kern_stack", "" },
	    { "user_stack_raw.symbols", "*" } } },
	{ "top_process",
	  { "--pid=%pid", "--interval=100ms" },
	  burn_cpu,
	  { { "pid", "%pid" },
	    { "comm", "test_gadgets" },
	    { "ppid", "*" },
	    { "cpuUsage", "*" },
	    { "cpuTime", "*" },
	    { "cpuTimeStr", "*" },
	    { "threadCount", "1" },
	    { "memoryRSS_raw", "*" },
	    { "memoryVirtual_raw", "*" },
	    { "memoryShared_raw", "*" },
	    { "startTime", "*" },
	    { "mountnsid", "*" } } },
	{ "top_process",
	  { "--pid=%stopped" },
	  keep_stopped,
	  { { "pid", "%stopped" },
	    { "ppid", "%pid" },
	    { "state", "T" },
	    { "nice", "5" },
	    { "priority", "25" },
	    { "threadCount", "2" } } },
	{ "profile_tcprtt",
	  { "--dport=%port" },
	  connect_accept_and_close,
	  { { "netns_id", "*" }, { "latency_sum", "*" } } },
	{ "snapshot_process",
	  { "--pid=%pid" },
	  NULL,
	  { { "pid", "%pid" },
	    { "tid", "%pid" },
	    { "comm", "test_gadgets" },
	    { "parent.pid", "*" },
	    { "mntns_id", "*" } } },
	{ "snapshot_socket",
	  { NULL },
	  keep_listening,
	  { { "src.addr", "127.0.0.1" },
	    { "src.port", "%port" },
	    { "src.proto", "TCP" },
	    { "state", "LISTEN" },
	    { "ino", "*" },
	    { "netns_id", "*" } } },
};

/* What the oldest kernels have no hooks for. */
static const struct gadget_case younger_cases[] = {
	{ "profile_qdisc_latency",
	  { NULL },
	  send_through_a_queue_in_namespace,
	  { { "device", "1" }, { "latency_sum", "*" } } },
	{ "top_tcp",
	  { "--pid=%pid" },
	  connect_accept_and_close,
	  { { "pid", "%pid" },
	    { "comm", "test_gadgets" },
	    { "dst.port", "%port" },
	    { "src.proto", "TCP" },
	    { "sent_raw", "*" } } },
	{ "top_tcp",
	  { "--pid=%pid", "--family=4" },
	  connect_accept_and_close,
	  { { "pid", "%pid" }, { "src.port", "%port" }, { "received_raw", "*" } } },
};

static bool has_younger_hooks(void)
{
	struct utsname system;

	assert_int_equal(uname(&system), 0);
	return strncmp(system.release, "5.", 2) != 0;
}

/* As many as can run at once in one sonde: each has to find its own among the records of all. */
static void test_show__all_that_is_provoked(void **state)
{
	const size_t older = sizeof(cases) / sizeof(cases[0]);
	const size_t younger = sizeof(younger_cases) / sizeof(younger_cases[0]);
	const struct gadget_case *rows[sizeof(cases) / sizeof(cases[0]) +
				       sizeof(younger_cases) / sizeof(younger_cases[0])];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < older; i++)
		rows[count++] = &cases[i];
	for (size_t i = 0; i < younger && has_younger_hooks(); i++)
		rows[count++] = &younger_cases[i];
	gadget_check_all(rows, count);
}

/* They are among those above. */
static void test_show__what_younger_kernels_have(void **state)
{
	(void)state;
	if (!has_younger_hooks()) {
		printf("# skip: Linux 5 has no hooks for these\n");
		skip();
	}
}

static void test_show__who_was_killed_for_want_of_memory(void **state)
{
	static const struct gadget_case row = {
		"trace_oomkill",
		{ NULL },
		want_too_much_memory,
		{ { "tcomm", "test_gadgets" },
		  { "tpid", "*" },
		  { "tmntns_id", "*" },
		  { "fprocess.comm", "*" } },
	};

	(void)state;
	if (!memory_cgroup__make(&memory)) {
		printf("# skip: no cgroup with a limit of memory can be made here: %s\n",
		       strerror(errno));
		skip();
	}
	gadget_check(&row);
	memory_cgroup__remove(&memory);
}

/* In a VM there is a disk to read from; elsewhere what is written may go to disk when it likes, in anybody's name. */
static void test_show__requests_to_disks(void **state)
{
	static const struct gadget_case rows[][2] = {
		{ { "profile_blockio",
		    { NULL },
		    write_to_disk,
		    { { "op", "WRITE" }, { "major", "*" }, { "latency_sum", "*" } } },
		  { "profile_blockio",
		    { NULL },
		    read_scratch_disk,
		    { { "op", "READ" }, { "major", "*" }, { "latency_sum", "*" } } } },
		{ { "top_blockio",
		    { NULL },
		    write_to_disk,
		    { { "rw", "write" }, { "major", "*" }, { "io", "*" }, { "us", "*" } } },
		  { "top_blockio",
		    { NULL },
		    read_scratch_disk,
		    { { "rw", "read" }, { "bytes", "*" }, { "io", "*" } } } },
	};
	size_t way = getenv("SONDE_IN_VM") != NULL;

	(void)state;
	gadget_check_all((const struct gadget_case *const[]){ &rows[0][way], &rows[1][way] }, 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show__all_that_is_provoked),
		cmocka_unit_test(test_show__what_younger_kernels_have),
		cmocka_unit_test(test_show__who_was_killed_for_want_of_memory),
		cmocka_unit_test(test_show__requests_to_disks),
	};

	/* What the test executes is itself. */
	if (argc > 1 && strcmp(argv[1], EXECUTED) == 0)
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
