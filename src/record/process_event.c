/* SPDX-License-Identifier: Apache-2.0 */
#include "record/process_event.h"

#include "base/mem.h"

static const struct {
	const char *name;
	uint32_t number; /* in Tetragon's schema */
} kinds[PROCESS_EVENT_KIND_COUNT] = {
	[PROCESS_EVENT_EXEC] = { "process_exec", 1 },
	[PROCESS_EVENT_EXIT] = { "process_exit", 5 },
	[PROCESS_EVENT_KPROBE] = { "process_kprobe", 9 },
	[PROCESS_EVENT_TRACEPOINT] = { "process_tracepoint", 10 },
	[PROCESS_EVENT_LOADER] = { "process_loader", 11 },
	[PROCESS_EVENT_UPROBE] = { "process_uprobe", 12 },
	[PROCESS_EVENT_THROTTLE] = { "process_throttle", 27 },
	[PROCESS_EVENT_LSM] = { "process_lsm", 28 },
	[PROCESS_EVENT_USDT] = { "process_usdt", 29 },
	[PROCESS_EVENT_TEST] = { "test", 40000 },
	[PROCESS_EVENT_RATE_LIMIT_INFO] = { "rate_limit_info", 40001 },
};

const char *process_event_kind_name(enum process_event_kind kind)
{
	return (size_t)kind < array_size(kinds) ? kinds[kind].name : NULL;
}

static bool is_spelled(const char *name, const char *text, size_t len, bool (*is_same)(char, char))
{
	for (size_t i = 0; i < len; i++)
		if (!is_same(name[i], text[i])) /* a name ends where it differs: by its NUL */
			return false;
	return name[len] == 0;
}

static bool is_same_letter(char name, char letter)
{
	return name != 0 && name == letter;
}

static bool is_same_upper(char name, char letter)
{
	return name != 0 && (name >= 'a' && name <= 'z' ? name - 'a' + 'A' : name) == letter;
}

enum process_event_kind process_event_kind_find(const char *name, size_t len)
{
	for (size_t kind = PROCESS_EVENT_NONE + 1; kind < array_size(kinds); kind++)
		if (is_spelled(kinds[kind].name, name, len, is_same_letter) ||
		    is_spelled(kinds[kind].name, name, len, is_same_upper))
			return (enum process_event_kind)kind;
	return PROCESS_EVENT_NONE;
}

enum process_event_kind process_event_kind_from_number(uint32_t number)
{
	for (size_t kind = PROCESS_EVENT_NONE + 1; kind < array_size(kinds); kind++)
		if (kinds[kind].number == number)
			return (enum process_event_kind)kind;
	return PROCESS_EVENT_NONE;
}
