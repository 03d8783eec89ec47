/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive_maker.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/derive_dns.h"

/* ---- mount ---------------------------------------------------------------------------------------------- */

enum { MOUNT_OP, MOUNT_SOURCE, MOUNT_TARGET, MOUNT_TYPE, MOUNT_FLAGS, MOUNT_DATA, MOUNT_ERROR };
enum { OP_MOUNT, OP_UMOUNT };

static int add_text(const struct record *record, uint32_t field, struct strbuf *out)
{
	struct value value;
	int r = record__get(record, field, &value);

	if (r < 0)
		return r;
	if (value.type == FIELD_TYPE_STRING)
		strbuf__add(out, value.bytes.data, value.bytes.len);
	else
		strbuf__printf(out, "%llu", (unsigned long long)value.u64);
	return 0;
}

/* Texts between the fields of a call: before the first, then behind each. */
static int add_call(const struct record *record, const uint32_t *fields, const char *const *texts,
		    const uint8_t *order, size_t count, struct strbuf *out)
{
	strbuf__add_text(out, texts[0]);
	for (size_t i = 0; i < count; i++) {
		int r = add_text(record, fields[order[i]], out);

		if (r < 0)
			return r;
		strbuf__add_text(out, texts[i + 1]);
	}
	return 0;
}

/* mount("source", "target", "type", FLAGS, "data") = error */
static int make_mount_call(const struct record *record, const uint32_t *fields,
			   struct derive_made *made)
{
	static const char *const mount_texts[] = { "mount(\"", "\", \"", "\", \"", "\", ",
						   ", \"",     "\") = ", "" };
	static const uint8_t mount_order[] = { MOUNT_SOURCE, MOUNT_TARGET, MOUNT_TYPE,
					       MOUNT_FLAGS,  MOUNT_DATA,   MOUNT_ERROR };
	static const char *const umount_texts[] = { "umount(\"", "\", \"", "\") = ", "" };
	static const uint8_t umount_order[] = { MOUNT_TARGET, MOUNT_FLAGS, MOUNT_ERROR };
	struct strbuf *out = &made->text;
	struct value op;
	int r = record__get(record, fields[MOUNT_OP], &op);

	if (r < 0)
		return r;
	if (op.u64 == OP_MOUNT)
		return add_call(record, fields, mount_texts, mount_order, array_size(mount_order),
				out);
	if (op.u64 == OP_UMOUNT)
		return add_call(record, fields, umount_texts, umount_order,
				array_size(umount_order), out);
	return 0;
}

/* ---- exec ----------------------------------------------------------------------------------------------- */

/* As Inspektor Gadget joins arguments: one may have blanks in it, hardly ever this. */
#define NO_BREAK_SPACE "\xc2\xa0"

enum { EXEC_SIZE };

/* Arguments that end with NUL, as many bytes as are said to be there; what is behind them is of another record. */
static int make_exec_args(const struct record *record, const uint32_t *fields,
			  struct derive_made *made)
{
	const char *text = made->own, *end;
	size_t len = made->own_len;
	struct value size;
	int r = record__get(record, fields[EXEC_SIZE], &size);

	if (r < 0 || !text)
		return r < 0 ? r : -EINVAL;
	if (size.u64 < len)
		len = (size_t)size.u64;
	while (len > 0 && text[len - 1] == '\0')
		len--;
	while ((end = memchr(text, '\0', len))) {
		strbuf__add(&made->text, text, (size_t)(end - text));
		strbuf__add_text(&made->text, NO_BREAK_SPACE);
		len -= (size_t)(end - text) + 1;
		text = end + 1;
	}
	strbuf__add(&made->text, text, len);
	return 0;
}

/* ---- dns ------------------------------------------------------------------------------------------------ */

enum { DNS_DATA, DNS_OFFSET };

static int parse_dns(const struct record *record, const uint32_t *fields,
		     struct dns_message *ret_message)
{
	struct value data, offset;
	int r = record__get(record, fields[DNS_DATA], &data);

	if (r == 0)
		r = record__get(record, fields[DNS_OFFSET], &offset);
	if (r < 0)
		return r;
	if (offset.u64 >= data.bytes.len)
		return -EINVAL;
	return dns_message_parse((const uint8_t *)data.bytes.data + offset.u64,
				 data.bytes.len - (size_t)offset.u64, ret_message);
}

#define DNS_MAKER(id, statement)                                                                   \
	static int make_dns_##id(const struct record *record, const uint32_t *fields,              \
				 struct derive_made *made)                                         \
	{                                                                                          \
		struct dns_message message;                                                        \
		int r = parse_dns(record, fields, &message);                                       \
                                                                                                   \
		if (r == 0)                                                                        \
			statement;                                                                 \
		return r;                                                                          \
	}

/* Gadgets that parse the rest themselves hand on answers only: of the others there is nothing. */
static int make_dns_addresses(const struct record *record, const uint32_t *fields,
			      struct derive_made *made)
{
	struct dns_message message;
	struct value data;
	int r = record__get(record, fields[DNS_DATA], &data);

	if (r < 0 || data.bytes.len == 0)
		return r;
	r = parse_dns(record, fields, &message);
	if (r == 0)
		dns_message_add_addresses(&message, &made->text);
	return r;
}

DNS_MAKER(id, strbuf__printf(&made->text, "%04x", message.id))
DNS_MAKER(name, dns_message_add_name(&message, &made->text))
DNS_MAKER(num_answers, made->number = message.answer_count)
DNS_MAKER(qr, strbuf__add_char(&made->text, message.is_response ? 'R' : 'Q'))
DNS_MAKER(qr_raw, made->number = message.is_response)
DNS_MAKER(qtype, if (message.name) dns_add_type(message.type, &made->text))
DNS_MAKER(qtype_raw, made->number = message.type)
DNS_MAKER(ra, made->number = message.has_recursion)
DNS_MAKER(rcode, if (message.is_response) dns_add_code(message.code, &made->text))
DNS_MAKER(rcode_raw, made->number = message.is_response ? message.code : 0)
DNS_MAKER(rd, made->number = message.wants_recursion)
DNS_MAKER(tc, made->number = message.is_truncated)

#define DNS(id, kind)                                                                              \
	{                                                                                          \
		.name = "dns_" #id, .type = FIELD_TYPE_##kind,                                     \
		.inputs = { [DNS_DATA] = "data", [DNS_OFFSET] = "dns_off" }, .make = make_dns_##id \
	}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static const struct derive_maker makers[] = {
	DNS(addresses, STRING),
	DNS(id, STRING),
	DNS(name, STRING),
	DNS(num_answers, S32),
	DNS(qr, STRING),
	DNS(qr_raw, BOOL),
	DNS(qtype, STRING),
	DNS(qtype_raw, U16),
	DNS(ra, BOOL),
	DNS(rcode, STRING),
	DNS(rcode_raw, U16),
	DNS(rd, BOOL),
	DNS(tc, BOOL),
	{ .name = "exec_args",
	  .type = FIELD_TYPE_STRING,
	  .inputs = { [EXEC_SIZE] = "args_size" },
	  .make = make_exec_args },
	{ .name = "mount_call",
	  .type = FIELD_TYPE_STRING,
	  .inputs = { [MOUNT_OP] = "op_raw",
		      [MOUNT_SOURCE] = "src",
		      [MOUNT_TARGET] = "dest",
		      [MOUNT_TYPE] = "fs",
		      [MOUNT_FLAGS] = "flags",
		      [MOUNT_DATA] = "data",
		      [MOUNT_ERROR] = "error_raw" },
	  .make = make_mount_call },
};

const struct derive_maker *derive_maker_find(const char *name)
{
	for (size_t i = 0; i < array_size(makers); i++)
		if (str_eq(makers[i].name, name))
			return &makers[i];
	return NULL;
}
