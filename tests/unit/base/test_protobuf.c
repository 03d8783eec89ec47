/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/protobuf.h"

#define assert_bytes(out, ...)                                                                     \
	do {                                                                                       \
		const uint8_t bytes_expected[] = { __VA_ARGS__ };                                  \
		assert_int_equal((out)->len, sizeof(bytes_expected));                              \
		assert_memory_equal((out)->data, bytes_expected, sizeof(bytes_expected));          \
	} while (0)

/* The examples of the encoding's public description. */
static void test_add__every_wire_type(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	protobuf__add_varint(&out, 1, 150);
	assert_bytes(&out, 0x08, 0x96, 0x01);
	strbuf__reset(&out);
	protobuf__add_text(&out, 2, "testing", 7);
	assert_bytes(&out, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g');
	strbuf__reset(&out);
	protobuf__add_fixed32(&out, 16, 0x101);
	assert_bytes(&out, 0x85, 0x01, 0x01, 0x01, 0x00, 0x00);
	strbuf__reset(&out);
	protobuf__add_fixed64(&out, 7, 0x0102030405060708);
	assert_bytes(&out, 0x39, 8, 7, 6, 5, 4, 3, 2, 1);
	strbuf__reset(&out);
	protobuf__add_varint(&out, 1, UINT64_MAX);
	assert_bytes(&out, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
	strbuf__done(&out);
}

static void test_add_text__invalid_utf8_is_replaced(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	protobuf__add_text(&out, 1, "a\xff", 2);
	assert_bytes(&out, 0x0a, 4, 'a', 0xef, 0xbf, 0xbd);
	strbuf__done(&out);
}

static void test_end__empty_message(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	protobuf__end(&out, protobuf__begin(&out, 3));
	assert_bytes(&out, 0x1a, 0);
	strbuf__done(&out);
}

/* Lengths of one, two and three bytes, each around its boundary, in a message of their own. */
static void test_end__length_of_every_size(void **state)
{
	static const size_t lens[] = { 1, 125, 126, 127, 128, 16380, 16381, 16384, 100000 };
	char *text = calloc(1, 100000);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 100000);
	for (size_t i = 0; i < array_size(lens); i++) {
		struct strbuf out = STRBUF_INIT, inner = STRBUF_INIT, expected = STRBUF_INIT;
		size_t start;

		protobuf__add_bytes(&inner, 1, text, lens[i]);
		protobuf__add_bytes(&expected, 2, inner.data, inner.len);
		start = protobuf__begin(&out, 2);
		protobuf__add_bytes(&out, 1, text, lens[i]);
		protobuf__end(&out, start);
		assert_int_equal(out.len, expected.len);
		assert_memory_equal(out.data, expected.data, expected.len);
		strbuf__done(&out);
		strbuf__done(&inner);
		strbuf__done(&expected);
	}
	free(text);
}

/* What was written is read back, an unknown type ends the reading. */
static void test_next__every_wire_type(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct protobuf_message message;
	struct protobuf_field field;

	(void)state;
	protobuf__add_varint(&out, 1, UINT64_MAX);
	protobuf__add_fixed32(&out, 16, 0x01020304);
	protobuf__add_fixed64(&out, 7, 0x0102030405060708);
	protobuf__add_text(&out, 2, "testing", 7);
	strbuf__add_char(&out, 0x0b); /* a group: nobody writes them any more */
	message = protobuf__read(out.data, out.len);
	assert_true(protobuf__next(&message, &field));
	assert_int_equal(field.number, 1);
	assert_true(field.value == UINT64_MAX);
	assert_true(protobuf__next(&message, &field));
	assert_int_equal(field.number, 16);
	assert_int_equal(field.value, 0x01020304);
	assert_true(protobuf__next(&message, &field));
	assert_true(field.value == 0x0102030405060708);
	assert_true(protobuf__next(&message, &field));
	assert_int_equal(field.content.end - field.content.at, 7);
	assert_memory_equal(field.content.at, "testing", 7);
	assert_false(message.is_broken);
	assert_false(protobuf__next(&message, &field));
	assert_true(message.is_broken);
	assert_false(protobuf__next(&message, &field));
	strbuf__done(&out);
}

static void test_next__broken_rows(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t fields; /* before it breaks */
		bool is_broken;
	} rows[] = {
		{ "", 0, 0, false },
		{ "\x08\x05", 2, 1, false },
		{ "\x08", 1, 0, true },                 /* no number */
		{ "\x88", 1, 0, true },                 /* no end of the tag */
		{ "\x12\x03no", 4, 1, true },           /* cut off: comes as far as it is there */
		{ "\x12\x00", 2, 1, false },            /* empty text */
		{ "\x25\x01\x02\x03", 4, 0, true },     /* three bytes of four */
		{ "\x19\x01\x02\x03\x04", 5, 0, true }, /* four of eight */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
		  "a",
		  12, 1, true }, /* longer than there are addresses */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, 0, true },
		{ "\x0e", 1, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		struct protobuf_message message = protobuf__read(rows[i].bytes, rows[i].len);
		struct protobuf_field field;
		uint32_t fields = 0;

		while (protobuf__next(&message, &field))
			fields++;
		assert_int_equal(fields, rows[i].fields);
		assert_int_equal(message.is_broken, rows[i].is_broken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add__every_wire_type),
		cmocka_unit_test(test_add_text__invalid_utf8_is_replaced),
		cmocka_unit_test(test_end__empty_message),
		cmocka_unit_test(test_end__length_of_every_size),
		cmocka_unit_test(test_next__every_wire_type),
		cmocka_unit_test(test_next__broken_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
