/* SPDX-License-Identifier: Apache-2.0 */
#include "record/type.h"

static const char *const names[] = {
	[FIELD_TYPE_BYTES] = "bytes",   [FIELD_TYPE_U8] = "u8",         [FIELD_TYPE_U16] = "u16",
	[FIELD_TYPE_U32] = "u32",       [FIELD_TYPE_U64] = "u64",       [FIELD_TYPE_S8] = "s8",
	[FIELD_TYPE_S16] = "s16",       [FIELD_TYPE_S32] = "s32",       [FIELD_TYPE_S64] = "s64",
	[FIELD_TYPE_F32] = "f32",       [FIELD_TYPE_F64] = "f64",       [FIELD_TYPE_BOOL] = "bool",
	[FIELD_TYPE_STRING] = "string", [FIELD_TYPE_STRUCT] = "struct",
};

const char *field_type_name(enum field_type type)
{
	return names[type];
}
