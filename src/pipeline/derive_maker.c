/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive_maker.h"

#include <string.h>

#include "base/mem.h"

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
static int make_mount_call(const struct record *record, const uint32_t *fields, struct strbuf *out)
{
	static const char *const mount_texts[] = { "mount(\"", "\", \"", "\", \"", "\", ",
						   ", \"",     "\") = ", "" };
	static const uint8_t mount_order[] = { MOUNT_SOURCE, MOUNT_TARGET, MOUNT_TYPE,
					       MOUNT_FLAGS,  MOUNT_DATA,   MOUNT_ERROR };
	static const char *const umount_texts[] = { "umount(\"", "\", \"", "\") = ", "" };
	static const uint8_t umount_order[] = { MOUNT_TARGET, MOUNT_FLAGS, MOUNT_ERROR };
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

/* ---- all of them ---------------------------------------------------------------------------------------- */

static const struct derive_maker makers[] = {
	{ .name = "mount_call",
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
