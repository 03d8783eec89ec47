/* SPDX-License-Identifier: Apache-2.0 */
#include "record/kernel_name.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "record/process_schema.h"

static void test_find__table(void **state)
{
	static const struct {
		enum kernel_names names;
		const char *text;
		int number; /* negative: there is none of that name */
	} rows[] = {
		{ KERNEL_NAMES_CAPABILITIES, "CAP_CHOWN", CAP_CHOWN },
		{ KERNEL_NAMES_CAPABILITIES, "cap_Sys_Admin", CAP_SYS_ADMIN },
		{ KERNEL_NAMES_CAPABILITIES, "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE },
		{ KERNEL_NAMES_CAPABILITIES, "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
		{ KERNEL_NAMES_CAPABILITIES, "DAC_OVERRIDE", -1 },
		{ KERNEL_NAMES_CAPABILITIES, "CAP_CHOW", -1 },
		{ KERNEL_NAMES_CAPABILITIES, "", -1 },
		{ KERNEL_NAMES_FAMILIES, "AF_UNSPEC", AF_UNSPEC },
		{ KERNEL_NAMES_FAMILIES, "AF_INET6", AF_INET6 },
		{ KERNEL_NAMES_FAMILIES, "AF_LOCAL", AF_LOCAL },
		{ KERNEL_NAMES_FAMILIES, "AF_ROUTE", AF_ROUTE },
		{ KERNEL_NAMES_FAMILIES, "AF_MCTP", 45 },
		{ KERNEL_NAMES_FAMILIES, "af_inet", -1 },
		{ KERNEL_NAMES_FAMILIES, "IPPROTO_TCP", -1 },
		{ KERNEL_NAMES_PROTOCOLS, "IPPROTO_UDP", IPPROTO_UDP },
		{ KERNEL_NAMES_PROTOCOLS, "IPPROTO_ICMPV6", IPPROTO_ICMPV6 },
		{ KERNEL_NAMES_PROTOCOLS, "IPPROTO_MPTCP", 262 },
		{ KERNEL_NAMES_TCP_STATES, "TCP_NEW_SYN_RECV", 12 },
		{ KERNEL_NAMES_TCP_STATES, "TCP_FIN_WAIT_1", -1 },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		uint32_t number = UINT32_MAX;
		int r = kernel_name_find(rows[i].names, rows[i].text, strlen(rows[i].text),
					 &number);

		if (r != (rows[i].number < 0 ? -ENOENT : 0) || number != (uint32_t)rows[i].number)
			fail_msg("'%s' is %d, %u", rows[i].text, r, number);
	}
}

static void test_get__table(void **state)
{
	static const struct {
		enum kernel_names names;
		uint32_t number;
		const char *name;
	} rows[] = {
		{ KERNEL_NAMES_FAMILIES, AF_UNIX, "AF_UNIX" },
		{ KERNEL_NAMES_FAMILIES, AF_NETLINK, "AF_NETLINK" },
		{ KERNEL_NAMES_FAMILIES, 46, NULL },
		{ KERNEL_NAMES_PROTOCOLS, IPPROTO_IP, "IPPROTO_IP" },
		{ KERNEL_NAMES_PROTOCOLS, IPPROTO_ICMPV6, NULL }, /* Tetragon has no name for it */
		{ KERNEL_NAMES_PROTOCOLS, UINT32_MAX, NULL },
		{ KERNEL_NAMES_TCP_STATES, 0, NULL },
		{ KERNEL_NAMES_TCP_STATES, 10, "TCP_LISTEN" },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const char *name = kernel_name_get(rows[i].names, rows[i].number);

		if (!rows[i].name)
			assert_null(name);
		else
			assert_string_equal(name, rows[i].name);
	}
}

/* What events tell of a capability is what policies call it, but for one. */
static void test_get__capabilities_of_events(void **state)
{
	(void)state;
	for (uint32_t i = 0; i <= CAP_CHECKPOINT_RESTORE; i++)
		assert_string_equal(event_names__get(&event_capability_names, i),
				    i == CAP_DAC_OVERRIDE
					    ? "DAC_OVERRIDE"
					    : kernel_name_get(KERNEL_NAMES_CAPABILITIES, i));
}

static void test_signal__has_a_name(void **state)
{
	(void)state;
	assert_string_equal(kernel_signal_name(SIGHUP), "SIGHUP");
	assert_string_equal(kernel_signal_name(SIGSYS), "SIGSYS");
	assert_null(kernel_signal_name(0));
	assert_null(kernel_signal_name(SIGSYS + 1));
	assert_null(kernel_signal_name(UINT32_MAX));
}

static void test_nearest__of_one_table(void **state)
{
	(void)state;
	assert_string_equal(kernel_name_nearest(KERNEL_NAMES_CAPABILITIES, "CAP_SYS_ADMI"),
			    "CAP_SYS_ADMIN");
	assert_string_equal(kernel_name_nearest(KERNEL_NAMES_TCP_STATES, "TCP_LISTN"),
			    "TCP_LISTEN");
	assert_null(kernel_name_nearest(KERNEL_NAMES_TCP_STATES, "anything else"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find__table),
		cmocka_unit_test(test_get__table),
		cmocka_unit_test(test_get__capabilities_of_events),
		cmocka_unit_test(test_signal__has_a_name),
		cmocka_unit_test(test_nearest__of_one_table),
	};

	return cmocka_run_group_tests_name("kernel_name", tests, NULL, NULL);
}
