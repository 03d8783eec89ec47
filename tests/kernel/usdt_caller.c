/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs past USDT probes, for tests of policies: each argument is WHAT=VALUE, done in order. Static and without a sanitizer.
 *
 *	values=N   past sonde:values, whose operands are one of each kind, N times
 *	order=N    past sonde:order, whose operand points to a struct order with a weight of N
 *	places=N   past sonde:places, which stands at two places, N times each
 *	asked=N    past sonde:asked, N times, but only if somebody listens; the exit status is 10 when nobody does
 *	set=N      the exit status is N, unless who listens to sonde:set has written another
 *	word=N     calls word(N), which returns a text
 *	double=N   the exit status is what twice(N) returns; thrice(), which nobody calls, takes the same
 *	id=0       writes the build id
 *	where=0    tells address and offset in the file of twice() and of thrice(), then the offset of the semaphore
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "tests/kernel/usdt_order.h"
#include "tests/lib/usdt_probe.h"

USDT_SEMAPHORE(listeners);

static const short numbers[] = { 100, -200, 300, -400 };

#if defined(__x86_64__)
#define VALUES "-4@%k0 8@%1 -1@$-5 -2@(%2,%3,2) 8@%4 1@%b5 8f@%%xmm0 -2@2+numbers(%%rip)"
#elif defined(__aarch64__)
#define VALUES "-4@%w0 8@%1 -1@-5 -2@[%2, %3] 8@%4 1@%w5 8@d0 -2@-200"
#endif

static void pass_values(int count)
{
#if defined(__aarch64__)
	long third = 2 * sizeof(*numbers);
#else
	long third = 2;
#endif
	long seen = 0x123456789a;

	for (int i = 0; i < count; i++)
		USDT_PROBE("sonde", "values", 0, VALUES, "r"(-7 - i), "m"(seen), "r"(numbers),
			   "r"(third), "r"("text of the probe"), "r"(0x1ffl));
}

static void pass_order(int weight)
{
	struct order_item item = { .price = -5, .weights = { 1, 2, (short)weight } };
	struct order order = { .note = "with care",
			       .kind = 5,
			       .is_paid = 1,
			       .customer = "somebody",
			       { .first = &item } };

	USDT_PROBE("sonde", "order", 0, "8@%0", "r"(&order));
}

static void pass_places(int count)
{
	for (int i = 0; i < count; i++) {
		USDT_PROBE("sonde", "places", 0, "8@%0", "r"(1l));
		USDT_PROBE("sonde", "places", 0, "8@%0 8@%1", "r"(2l), "r"(3l));
	}
}

static void pass_asked(int count)
{
	for (int i = 0; i < count; i++) {
		if (!listeners)
			exit(10);
		USDT_PROBE("sonde", "asked", listeners, "8@%0", "r"((long)i));
	}
}

static void pass_set(int value)
{
	volatile int result = value;

	USDT_PROBE("sonde", "set", 0, "-4@%0 8@%1", "m"(result), "r"((long)value));
	exit(result);
}

int twice(int value);
int thrice(int value);

__attribute__((noinline, noclone, used)) int twice(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value * 2;
}

__attribute__((noinline, noclone, used)) int thrice(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value * 3;
}

const char *word(int value);

__attribute__((noinline, noclone, used)) const char *word(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value ? "a word" : "";
}

static void pass_word(int value)
{
	(void)word(value);
}

static void pass_twice(int value)
{
	exit(twice(value));
}

/* In the file: this program is where its headers say. */
static unsigned long offset_of(uintptr_t address)
{
	const Elf64_Phdr *segments = (const Elf64_Phdr *)getauxval(AT_PHDR);

	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		if (segments[i].p_type == PT_LOAD && address >= segments[i].p_vaddr &&
		    address - segments[i].p_vaddr < segments[i].p_filesz)
			return address - segments[i].p_vaddr + segments[i].p_offset;
	return 0;
}

static void tell_where(int unused)
{
	const uintptr_t addresses[] = { (uintptr_t)twice, (uintptr_t)thrice };

	(void)unused;
	for (size_t i = 0; i < 2; i++)
		printf("%lu %lu\n", (unsigned long)addresses[i], offset_of(addresses[i]));
	printf("%lu\n", offset_of((uintptr_t)&listeners));
}

/* The only note of its segment that the linker makes for GNU, type 3. */
static void tell_id(int unused)
{
	const Elf64_Phdr *segments = (const Elf64_Phdr *)getauxval(AT_PHDR);

	(void)unused;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
		const char *at = (const char *)segments[i].p_vaddr;
		const char *end = at + segments[i].p_memsz;

		while (segments[i].p_type == PT_NOTE && at < end) {
			const Elf64_Nhdr *note = (const void *)at;
			const char *bytes = at + sizeof(*note) + ((note->n_namesz + 3) & ~3u);

			if (note->n_type == NT_GNU_BUILD_ID &&
			    memcmp(at + sizeof(*note), "GNU", 4) == 0)
				fwrite(bytes, 1, note->n_descsz, stdout);
			at = bytes + ((note->n_descsz + 3) & ~3u);
		}
	}
}

static const struct {
	const char *name;
	void (*run)(int value);
} calls[] = {
	{ "asked=", pass_asked },   { "double=", pass_twice },  { "id=", tell_id },
	{ "order=", pass_order },   { "places=", pass_places }, { "set=", pass_set },
	{ "values=", pass_values }, { "where=", tell_where },   { "word=", pass_word },
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
			size_t len = strlen(calls[k].name);

			if (strncmp(argv[i], calls[k].name, len) == 0)
				calls[k].run(atoi(argv[i] + len));
		}
	return 0;
}
