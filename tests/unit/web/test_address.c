/* SPDX-License-Identifier: Apache-2.0 */
#include "web/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_listen__says_what_is_wrong(void **state)
{
	static const struct {
		const char *address, *text;
	} rows[] = {
		{ "", "there is no port; write HOST:PORT, [IPv6]:PORT or :PORT" },
		{ "9435", "there is no port; write HOST:PORT, [IPv6]:PORT or :PORT" },
		{ "::1:9435", "too many colons; write HOST:PORT, [IPv6]:PORT or :PORT" },
		{ "127.0.0.1:", "the port is empty; write HOST:PORT, [IPv6]:PORT or :PORT" },
		{ ":65536", "port 65536 is too big; a port is 0 to 65535" },
		{ ":99999999999999999999",
		  "port 99999999999999999999 is too big; a port is 0 to 65535" },
		{ ":nosuchservice", "unknown port 'nosuchservice'; a port is 0 to 65535" },
		{ "192.0.2.1:0", "Cannot assign requested address" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;

		assert_true(address_listen(rows[i].address, &err) < 0);
		assert_string_equal(err.text, rows[i].text);
		err__done(&err);
	}
}

static void test_listen__refuses_overlong_parts(void **state)
{
	char address[600];
	struct err err = ERR_INIT;

	(void)state;
	memset(address, 'a', sizeof(address));
	memcpy(address + sizeof(address) - 3, ":1", 3);
	assert_int_equal(address_listen(address, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is too long"));
	err__done(&err);
}

static void test_listen__picks_the_family(void **state)
{
	static const char *const addresses[] = { "127.0.0.1:0", "localhost:0", "0.0.0.0:0" };

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct sockaddr_storage storage;
		socklen_t len = sizeof(storage);
		int fd = address_listen(addresses[i], NULL);

		assert_true(fd >= 0);
		assert_int_equal(getsockname(fd, (struct sockaddr *)&storage, &len), 0);
		assert_int_equal(storage.ss_family, AF_INET);
		assert_int_not_equal(address_port(fd), 0);
		close(fd);
	}
}

/* A machine may be without IPv6: then the family is the other one, and the port is reachable all the same. */
static void test_listen__without_host_takes_ipv4(void **state)
{
	int listening = address_listen(":0", NULL);
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(address_port(listening)),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(listening >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	close(fd);
	close(listening);
}

static void test_listen__names_a_taken_port(void **state)
{
	int first = address_listen("127.0.0.1:0", NULL);
	char address[32];
	struct err err = ERR_INIT;

	(void)state;
	assert_true(first >= 0);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", address_port(first));
	assert_int_equal(address_listen(address, &err), -EADDRINUSE);
	assert_string_equal(err.text,
			    "another process listens there; stop it or choose another port");
	err__done(&err);
	close(first);
}

static void test_port__of_what_has_none(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(address_port(pair[0]), 0);
	assert_int_equal(address_port(-1), 0);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listen__says_what_is_wrong),
		cmocka_unit_test(test_listen__refuses_overlong_parts),
		cmocka_unit_test(test_listen__picks_the_family),
		cmocka_unit_test(test_listen__without_host_takes_ipv4),
		cmocka_unit_test(test_listen__names_a_taken_port),
		cmocka_unit_test(test_port__of_what_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
