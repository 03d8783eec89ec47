/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive_dns.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define NAME "\4road\7example\3com"
#define QUESTION NAME "\0\0\34\0\1" /* AAAA, of the internet */
#define HEADER(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define RESOURCE(type, length) "\xc0\x0c\0" type "\0\1\0\0\0\x3c\0" length

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct row {
	const char *what;
	const uint8_t *bytes;
	size_t len;
	int result;
	const char *name, *addresses;
	uint16_t answers;
} rows[] = {
	{ "query", BYTES(HEADER("\1\0", "\0") QUESTION), 0, "road.example.com.", "", 0 },
	{ "answers, one of them an alias",
	  BYTES(HEADER("\x81\x80", "\3") QUESTION RESOURCE("\5", "\6") "\3www\xc0\x0c" RESOURCE(
		  "\1",
		  "\4") "\xc0\0\2\7" RESOURCE("\34",
					      "\20") "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7"),
	  0, "road.example.com.", "192.0.2.7,2001:db8::7", 3 },
	{ "address of a wrong size",
	  BYTES(HEADER("\x81\x80", "\1") QUESTION RESOURCE("\1", "\3") "\xc0\0\2"), 0,
	  "road.example.com.", "", 1 },
	{ "the root", BYTES(HEADER("\1\0", "\0") "\0\0\2\0\1"), 0, ".", "", 0 },
	{ "no question", BYTES("\0\1\0\0\0\0\0\0\0\0\0\0"), 0, "", "", 0 },
	{ "short header", BYTES("\0\1\0\0\0\0\0\0\0\0\0"), -EINVAL, NULL, NULL, 0 },
	{ "question cut short", BYTES(HEADER("\1\0", "\0") NAME "\0\0\34\0"), -EINVAL, NULL, NULL,
	  0 },
	{ "name cut short", BYTES(HEADER("\1\0", "\0") "\4roa"), -EINVAL, NULL, NULL, 0 },
	{ "name without an end", BYTES(HEADER("\1\0", "\0") NAME), -EINVAL, NULL, NULL, 0 },
	{ "pointer to itself", BYTES(HEADER("\1\0", "\0") "\xc0\x0c\0\1\0\1"), -EINVAL, NULL, NULL,
	  0 },
	{ "pointer beyond", BYTES(HEADER("\1\0", "\0") "\xff\xff\0\1\0\1"), -EINVAL, NULL, NULL,
	  0 },
	{ "pointer cut short", BYTES(HEADER("\1\0", "\0") "\xc0"), -EINVAL, NULL, NULL, 0 },
	{ "length of no kind", BYTES(HEADER("\1\0", "\0") "\x80x\0\0\1\0\1"), -EINVAL, NULL, NULL,
	  0 },
	{ "answer missing", BYTES(HEADER("\x81\x80", "\1") QUESTION), -EINVAL, NULL, NULL, 0 },
	{ "answer longer than there is",
	  BYTES(HEADER("\x81\x80", "\1") QUESTION RESOURCE("\1", "\5") "\xc0\0\2\7"), -EINVAL, NULL,
	  NULL, 0 },
};

static void test_parse__messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct strbuf name = STRBUF_INIT, addresses = STRBUF_INIT;
		struct dns_message message;

		if (dns_message_parse(rows[i].bytes, rows[i].len, &message) != rows[i].result)
			fail_msg("%s", rows[i].what);
		if (rows[i].result < 0)
			continue;
		dns_message_add_name(&message, &name);
		dns_message_add_addresses(&message, &addresses);
		assert_string_equal(strbuf__text(&name), rows[i].name);
		assert_string_equal(strbuf__text(&addresses), rows[i].addresses);
		assert_int_equal(message.answer_count, rows[i].answers);
		strbuf__done(&name);
		strbuf__done(&addresses);
	}
}

static void test_parse__header(void **state)
{
	struct dns_message message;

	(void)state;
	assert_int_equal(dns_message_parse(rows[1].bytes, rows[1].len, &message), 0);
	assert_int_equal(message.id, 0x1234);
	assert_true(message.is_response && message.wants_recursion && message.has_recursion);
	assert_false(message.is_truncated);
	assert_int_equal(message.type, 28);
	assert_int_equal(message.code, 0);
}

/* 63 + 1 bytes four times are 256: one more than a name may have. */
static void test_parse__name_too_long(void **state)
{
	uint8_t bytes[12 + 4 * 64 + 5] = { [5] = 1 };
	struct dns_message message;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		bytes[12 + i * 64] = 63;
		memset(bytes + 12 + i * 64 + 1, 'x', 63);
	}
	assert_int_equal(dns_message_parse(bytes, sizeof(bytes), &message), -EINVAL);
	bytes[12 + 3 * 64] = 0;
	assert_int_equal(dns_message_parse(bytes, sizeof(bytes), &message), 0);
}

static void test_add__names_of_numbers(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	dns_add_type(28, &text);
	dns_add_type(65, &text);
	dns_add_code(3, &text);
	dns_add_code(9, &text);
	assert_string_equal(strbuf__text(&text), "AAAA65NameError9");
	strbuf__done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse__messages),
		cmocka_unit_test(test_parse__header),
		cmocka_unit_test(test_parse__name_too_long),
		cmocka_unit_test(test_add__names_of_numbers),
	};

	return cmocka_run_group_tests_name("pipeline/derive_dns", tests, NULL, NULL);
}
