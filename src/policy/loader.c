/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/loader.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* void perf_event_mmap_output(struct perf_event *event, void *data), which is a struct perf_mmap_event */
#define HOOKED "perf_event_mmap_output"
#define EVENT 0
#define MAPPING 1
#define VM_EXEC "4"

#define FIELD(parameter, struct_name, member, type_name)                                           \
	{                                                                                          \
		.path = "spec.loader", .index = (parameter), .type = { .text = (type_name) },      \
		.resolve = { .text = (member) }, .btf_type = {                                     \
			.text = (struct_name)                                                      \
		}                                                                                  \
	}

static const struct argument_spec arguments[] = {
	[POLICY_LOADER_PATH] = FIELD(MAPPING, "perf_mmap_event", "file_name", "string"),
	[POLICY_LOADER_BUILD_ID] = FIELD(MAPPING, "perf_mmap_event", "build_id", "const_buf"),
	[POLICY_LOADER_BUILD_ID_SIZE] = FIELD(MAPPING, "perf_mmap_event", "build_id_size",
					      "uint32"),
};
enum { DATA_MARK, DATA_FILE, DATA_FLAGS };
static const struct argument_spec data[] = {
	[DATA_MARK] = FIELD(EVENT, "perf_event", "attr.config2", "uint64"),
	[DATA_FILE] = FIELD(MAPPING, "perf_mmap_event", "vma.vm_file", "uint64"),
	[DATA_FLAGS] = FIELD(MAPPING, "perf_mmap_event", "vma.vm_flags", "uint64"),
};

static const struct value_spec nothing = { .text = "0", .len = 1, .list = SPEC_NONE };
static const struct value_spec executed = { .text = VM_EXEC, .len = 1, .list = SPEC_NONE };

static struct match_spec match(uint32_t position, enum match_op op, const struct value_spec *value)
{
	return (struct match_spec){ .path = "spec.loader",
				    .subject = MATCH_SUBJECT_DATA,
				    .op = op,
				    .args = { position },
				    .arg_count = 1,
				    .values = value,
				    .value_count = 1 };
}

const struct hook_spec *policy_loader__make_hook(const struct policy_spec *policy,
						 uint64_t mapping_mark, struct arena *arena)
{
	struct {
		struct hook_spec hook;
		struct rule_spec rule;
		struct match_spec matches[3];
		struct value_spec mark;
	} *made = arena__alloc(arena, sizeof(*made));
	char *mark = arena__printf(arena, "%" PRIu64, mapping_mark);

	if (!made || !mark)
		return NULL;
	made->mark = (struct value_spec){ .text = mark, .len = strlen(mark), .list = SPEC_NONE };
	made->matches[0] = match(DATA_MARK, MATCH_OP_EQUAL, &made->mark);
	made->matches[1] = match(DATA_FILE, MATCH_OP_NOT_EQUAL, &nothing);
	made->matches[2] = match(DATA_FLAGS, MATCH_OP_MASK, &executed);
	made->rule = (struct rule_spec){ .at = policy->at,
					 .path = "spec.loader",
					 .matches = made->matches,
					 .match_count = array_size(made->matches) };
	made->hook = (struct hook_spec){
		.at = policy->at,
		.path = "spec.loader",
		.kind = HOOK_KIND_KPROBE,
		.call = { .text = HOOKED, .len = strlen(HOOKED), .list = SPEC_NONE },
		.args = arguments,
		.arg_count = array_size(arguments),
		.data = data,
		.data_count = array_size(data),
		.rules = &made->rule,
		.rule_count = 1
	};
	return &made->hook;
}
