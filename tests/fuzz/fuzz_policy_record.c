/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the hooks of policies, any bytes: each is refused, or every value in it, of whatever type its hook gives it,
 * is shown. A byte says how many values the hook has, one each of which type; then come records, each behind two bytes: how
 * long it is, and with MADE_SOUND whether its header is put right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "pipeline/policy_views.h"
#include "policy/type.h"
#include "sink/process_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define VALUES_MAX 16
#define MADE_SOUND 0x8000u
#define RECORD_BYTES_MAX 0x0fffu

/* One of each that is shown in its own way. */
static const char *const types[] = {
	"bpf_attr", "bpf_cmd",    "bpf_map",       "bpf_prog",       "capability", "char_buf",
	"cred",     "file",       "int32",         "int64",          "load_info",  "kernel_cap_t",
	"dentry",   "net_device", "cap_effective", "linux_binprm",   "nop",        "perf_event",
	"skb",      "sock",       "sockaddr",      "sockaddr_un",    "string",     "syscall64",
	"uint32",   "uint64",     "path",          "user_namespace",
};

struct feed {
	const uint8_t *data;
	size_t len;
};

static uint32_t take(struct feed *feed)
{
	if (feed->len == 0)
		return 0;
	feed->len--;
	return *feed->data++;
}

struct hook {
	struct hook_value codes[VALUES_MAX];
	struct policy_value values[VALUES_MAX];
	struct policy_hook hook;
};

static void make_hook(struct feed *feed, struct hook *made)
{
	*made = (struct hook){ 0 };
	made->hook.code.value_count = 1 + take(feed) % VALUES_MAX;
	made->hook.code.values = made->codes;
	made->hook.values = made->values;
	for (uint32_t i = 0; i < made->hook.code.value_count; i++) {
		const struct policy_type *type =
			policy_type__find(types[take(feed) % array_size(types)]);

		made->codes[i].class = type->class;
		made->values[i] = (struct policy_value){ .kind = type->kind, .type = type->name };
	}
}

static void show(struct policy_views *views, const struct policy_record *record,
		 const struct policy_hook *hook)
{
	struct process_argument arguments[VALUES_MAX];
	struct process_event event = { .kind = PROCESS_EVENT_KPROBE, .arguments = arguments };
	struct strbuf line = STRBUF_INIT;

	policy_views__begin(views);
	event.process = policy_views__unknown(views, record->tgid);
	for (uint32_t i = 0; i < hook->code.value_count && i < record->value_count; i++)
		policy_views__argument(views, record, i, hook, &arguments[event.argument_count++]);
	if (process_json__write(&event, NULL, &line) < 0 || !str_is_utf8(line.data, line.len) ||
	    line.data[line.len - 1] != '\n' || memchr(line.data, '\n', line.len - 1))
		abort();
	strbuf__done(&line);
}

/* In memory of its own, so that whoever reads behind it is caught. */
static void read_record(struct policy_views *views, struct feed *feed,
			const struct policy_hook *hook)
{
	uint32_t said = take(feed);
	struct policy_record *record;
	size_t size;

	said |= take(feed) << 8;
	size = said & RECORD_BYTES_MAX;
	size = size < feed->len ? size : feed->len;
	record = malloc(size + 1);
	if (!record)
		return;
	memcpy(record, feed->data, size);
	feed->data += size;
	feed->len -= size;
	if (size >= sizeof(record->header) && said & MADE_SOUND) {
		record->header.size = (uint32_t)size & ~7u;
		record->header.version = POLICY_VERSION;
	}
	if (size >= sizeof(record->header) && record->header.kind == POLICY_RECORD_DATA)
		(void)policy_pieces__add(&views->pieces, (const void *)record, size);
	else if (policy_views__is_sound(record, size))
		show(views, record, hook);
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct feed feed = { data, len };
	struct policy_views views = { 0 };
	struct hook hook;

	make_hook(&feed, &hook);
	while (feed.len > 2)
		read_record(&views, &feed, &hook.hook);
	policy_views__done(&views);
	return 0;
}
