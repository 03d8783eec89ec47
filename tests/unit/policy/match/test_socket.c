/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fixture.h"

static void test_compile__asks_both_ends_of_a_connection(void **state)
{
	const struct match_row rows[] = {
		{ "sock",
		  { ASK(CIDR), VALUES(VALUE("10.0.0.0/8"), VALUE("::1")), .end = MATCH_END_SOURCE },
		  "socket value 0 source address (set 100)\n  count\nset 100: networks 8 of 4 bytes 128 of 16 bytes\n",
		  0 },
		{ "skb",
		  { ASK(NOT_CIDR), VALUES(VALUE("127.0.0.1")), .end = MATCH_END_DESTINATION },
		  "not socket value 0 destination address (set 100)",
		  0 },
		{ "sock",
		  { ASK(PORT), VALUES(VALUE("80"), VALUE("8000:8100")),
		    .end = MATCH_END_DESTINATION },
		  "socket value 0 destination port in 80 8000:8100\n",
		  0 },
		{ "socket",
		  { ASK(NOT_PORT), VALUES(VALUE("22")), .end = MATCH_END_SOURCE },
		  "not socket value 0 source port in 22\n",
		  0 },
		{ "sock",
		  { ASK(PRIVILEGED_PORT), .end = MATCH_END_SOURCE },
		  "socket value 0 source port in 0:1023\n",
		  0 },
		{ "sock",
		  { ASK(NOT_PRIVILEGED_PORT), .end = MATCH_END_DESTINATION },
		  "not socket value 0 destination port in 0:1023\n",
		  0 },
		{ "sock",
		  { ASK(PORT), VALUES(VALUE("65536")), .end = MATCH_END_SOURCE },
		  "does not fit",
		  -EINVAL },
		{ "sock",
		  { ASK(CIDR), VALUES(VALUE("10.0.0.0/33")), .end = MATCH_END_SOURCE },
		  "'10.0.0.0/33' is no address and no network",
		  -EINVAL },
		{ "sock",
		  { ASK(CIDR), VALUES(VALUE("localhost")), .end = MATCH_END_SOURCE },
		  "is no address",
		  -EINVAL },
		{ "sock",
		  { ASK(CIDR), .end = MATCH_END_SOURCE },
		  "there are no addresses",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__takes_names(void **state)
{
	const struct match_row rows[] = {
		{ "sock",
		  { ASK(PROTOCOL), VALUES(VALUE("IPPROTO_TCP"), VALUE("17")) },
		  "socket value 0 protocol in 6 17\n",
		  0 },
		{ "sock",
		  { ASK(FAMILY), VALUES(VALUE("AF_INET"), VALUE("AF_INET6")) },
		  "socket value 0 family in 2 10\n",
		  0 },
		{ "sock",
		  { ASK(STATE), VALUES(VALUE("TCP_LISTEN")) },
		  "socket value 0 state in 10\n",
		  0 },
		{ "sockaddr", { ASK(FAMILY), VALUES(VALUE("AF_UNIX")) }, "family in 1\n", 0 },
		{ "sockaddr_un", { ASK(FAMILY), VALUES(VALUE("AF_UNIX")) }, "family in 1\n", 0 },
		{ "sock",
		  { ASK(PROTOCOL), VALUES(VALUE("IPPROTO_TCPP")) },
		  "nearest is 'IPPROTO_TCP'",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

static void test_compile__knows_what_an_address_lacks(void **state)
{
	const struct match_row rows[] = {
		{ "sockaddr",
		  { ASK(PORT), VALUES(VALUE("80")), .end = MATCH_END_SOURCE },
		  "source port in 80\n",
		  0 },
		{ "sockaddr",
		  { ASK(PORT), VALUES(VALUE("80")), .end = MATCH_END_DESTINATION },
		  "type 'sockaddr' is one address",
		  -EINVAL },
		{ "sockaddr",
		  { ASK(STATE), VALUES(VALUE("TCP_LISTEN")) },
		  "operator State does not go with type 'sockaddr'",
		  -EINVAL },
		{ "skb",
		  { ASK(STATE), VALUES(VALUE("TCP_LISTEN")) },
		  "type 'skb' has no state",
		  -EINVAL },
	};

	policy_fixture__check_matches(*state, rows, array_size(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compile__asks_both_ends_of_a_connection),
		TEST(test_compile__takes_names),
		TEST(test_compile__knows_what_an_address_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
