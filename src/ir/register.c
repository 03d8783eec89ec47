/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/register.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#if defined(__x86_64__)
#define OLD(where, letters, low)                                                                   \
	{ "r" letters, where, 8 }, { "e" letters, where, 4 }, { letters, where, 2 },               \
	{                                                                                          \
		low, where, 1                                                                      \
	}
#define NEW(where, name)                                                                           \
	{ name, where, 8 }, { name "d", where, 4 }, { name "w", where, 2 },                        \
	{                                                                                          \
		name "b", where, 1                                                                 \
	}

static const struct machine_register registers[] = {
	NEW(0, "r15"),         NEW(8, "r14"),         NEW(16, "r13"),        NEW(24, "r12"),
	OLD(32, "bp", "bpl"),  OLD(40, "bx", "bl"),   NEW(48, "r11"),        NEW(56, "r10"),
	NEW(64, "r9"),         NEW(72, "r8"),         OLD(80, "ax", "al"),   OLD(88, "cx", "cl"),
	OLD(96, "dx", "dl"),   OLD(104, "si", "sil"), OLD(112, "di", "dil"), { "orig_rax", 120, 8 },
	OLD(128, "ip", "ipl"), { "cs", 136, 8 },      { "eflags", 144, 8 },  OLD(152, "sp", "spl"),
	{ "ss", 160, 8 },
};
static const uint16_t protected[] = { 120, 136, 144, 160 };
#elif defined(__aarch64__)
#define X(number)                                                                                  \
	{ "x" #number, number * 8, 8 },                                                            \
	{                                                                                          \
		"w" #number, number * 8, 4                                                         \
	}

static const struct machine_register registers[] = {
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
	{ "sp", 248, 8 },
	{ "pc", 256, 8 },
	{ "pstate", 264, 8 },
};
static const uint16_t protected[] = { 264 };
#else
#error "the registers of this architecture are missing"
#endif

const struct machine_register *machine_register__find(const char *name)
{
	for (size_t i = 0; i < array_size(registers); i++)
		if (str_eq(registers[i].name, name))
			return &registers[i];
	return NULL;
}

const struct machine_register *machine_register__take(const char **text)
{
	size_t len = 0;

	while (isalnum((unsigned char)(*text)[len]) || (*text)[len] == '_')
		len++;
	for (size_t i = 0; i < array_size(registers); i++) {
		if (strlen(registers[i].name) != len || memcmp(registers[i].name, *text, len) != 0)
			continue;
		*text += len;
		return &registers[i];
	}
	return NULL;
}

bool machine_register__is_protected(const struct machine_register *reg)
{
	for (size_t i = 0; i < array_size(protected); i++)
		if (reg->offset == protected[i])
			return true;
	return false;
}
