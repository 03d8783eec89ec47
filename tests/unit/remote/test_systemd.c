/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A manager that listens on an abstract name nobody else has. */
static int listen_as_manager(char *name, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(name, size, "@sonde-test-%d", getpid());

	assert_true(fd >= 0);
	memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
			 0);
	return fd;
}

static void test_notify__sends_the_state(void **state)
{
	char name[64], received[64] = "";
	int fd = listen_as_manager(name, sizeof(name));

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(systemd_notify("READY=1", NULL), 0);
	assert_int_equal(recv(fd, received, sizeof(received) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(received, "READY=1");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static void test_notify__when_nobody_asked(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(systemd_notify("READY=1", NULL), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(systemd_notify("READY=1", NULL), 0);
	unsetenv("NOTIFY_SOCKET");
}

static void test_notify__when_it_cannot(void **state)
{
	char overlong[300];
	const struct {
		const char *name;
		int code;
	} rows[] = {
		{ "@sonde-test-nobody-listens", -ECONNREFUSED },
		{ "/nonexistent/socket", -ENOENT },
		{ "vsock:2:3", -EAFNOSUPPORT },
		{ "@", -EAFNOSUPPORT },
		{ overlong, -ENAMETOOLONG },
	};

	(void)state;
	memset(overlong, '/', sizeof(overlong) - 1);
	overlong[sizeof(overlong) - 1] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		setenv("NOTIFY_SOCKET", rows[i].name, 1);
		assert_int_equal(systemd_notify("READY=1", &err), rows[i].code);
		assert_non_null(strstr(err.text, "$NOTIFY_SOCKET"));
		err__done(&err);
	}
	unsetenv("NOTIFY_SOCKET");
}

static void set_activation(pid_t pid, const char *count)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%d", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", count, 1);
}

static void test_socket__refuses_what_was_not_passed(void **state)
{
	static const struct {
		bool is_for_us;
		const char *count;
		unsigned int index;
	} rows[] = {
		{ false, "1", 0 },
		{ true, "0", 0 },
		{ true, "1", 1 },
		{ true, "x", 0 },
		{ true, "", 0 },
		{ true, "-1", 0 },
		{ true, "99999999999999999999", 0 },
		{ true, "4294967295", 4294967294u },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		set_activation(rows[i].is_for_us ? getpid() : getppid(), rows[i].count);
		assert_int_equal(systemd_socket(rows[i].index, &err), -ENOENT);
		assert_non_null(strstr(err.text, "no listeners passed via activation"));
		err__done(&err);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	assert_int_equal(systemd_socket(0, NULL), -ENOENT);
}

/* In a child: descriptors 3 and 4 may be somebody's here. */
static int take_passed_sockets(void)
{
	int null_fd = open("/dev/null", O_RDONLY);

	if (dup2(null_fd, 3) < 0 || close(4) < -1)
		return 1;
	set_activation(getpid(), "2");
	if (systemd_socket(0, NULL) != 3 || fcntl(3, F_GETFD) != FD_CLOEXEC)
		return 2;
	return systemd_socket(1, NULL) == -EBADF ? 0 : 3;
}

static void test_socket__counts_from_descriptor_3(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(take_passed_sockets());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify__sends_the_state),
		cmocka_unit_test(test_notify__when_nobody_asked),
		cmocka_unit_test(test_notify__when_it_cannot),
		cmocka_unit_test(test_socket__refuses_what_was_not_passed),
		cmocka_unit_test(test_socket__counts_from_descriptor_3),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
