/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "config/tracing_policy/tracing_policy.h"

#define SIGNAL_MAX 64u
#define NS_PER_S UINT64_C(1000000000)

#define HOOK(kind) (1u << HOOK_KIND_##kind)
#define EVERY_HOOK (HOOK(LSM) * 2 - 1)
#define FUNCTION_HOOKS (HOOK(KPROBE) | HOOK(FENTRY))
#define TRACEPOINT_HOOKS (HOOK(TRACEPOINT) | HOOK(RAW_TRACEPOINT))

#define KERNEL_HOOKS (FUNCTION_HOOKS | TRACEPOINT_HOOKS | HOOK(LSM))

/* What an action can be asked for, and which hooks can do it. */
static const struct {
	unsigned int hooks;
	const char *hooks_help; /* what messages call them */
} kinds[] = {
	[ACTION_KIND_NONE] = { 0, "none" },
	[ACTION_KIND_POST] = { EVERY_HOOK, "all hooks" },
	[ACTION_KIND_NO_POST] = { EVERY_HOOK, "all hooks" },
	[ACTION_KIND_SIGKILL] = { EVERY_HOOK, "all hooks" },
	[ACTION_KIND_SIGNAL] = { EVERY_HOOK, "all hooks" },
	[ACTION_KIND_OVERRIDE] = { HOOK(KPROBE) | HOOK(LSM) | HOOK(UPROBE),
				   "kprobes, lsmhooks and uprobes" },
	[ACTION_KIND_GET_URL] = { KERNEL_HOOKS, "kprobes, fentries, tracepoints and lsmhooks" },
	[ACTION_KIND_DNS_LOOKUP] = { KERNEL_HOOKS, "kprobes, fentries, tracepoints and lsmhooks" },
	[ACTION_KIND_TRACK_SOCK] = { FUNCTION_HOOKS | TRACEPOINT_HOOKS,
				     "kprobes, fentries and tracepoints" },
	[ACTION_KIND_UNTRACK_SOCK] = { FUNCTION_HOOKS | TRACEPOINT_HOOKS,
				       "kprobes, fentries and tracepoints" },
	[ACTION_KIND_NOTIFY_ENFORCER] = { FUNCTION_HOOKS | TRACEPOINT_HOOKS,
					  "kprobes, fentries and tracepoints" },
	[ACTION_KIND_CLEANUP_ENFORCER] = { FUNCTION_HOOKS | TRACEPOINT_HOOKS,
					   "kprobes, fentries and tracepoints" },
	[ACTION_KIND_SET] = { HOOK(USDT), "usdts" },
};

/* ---- limits of rate ------------------------------------------------------------------------- */

/* "N", "Ns", "Nm", "Nh", in seconds when nothing is said; false: none of them. */
static bool parse_rate(const char *text, uint64_t *ret_ns)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 } };
	size_t len = strlen(text);
	uint64_t seconds = 1, value;

	for (size_t i = 0; len > 0 && i < array_size(units); i++)
		if ((text[len - 1] | 0x20) == units[i].unit) {
			seconds = units[i].seconds;
			len--;
			break;
		}
	if (num_parse_u64(text, len, &value) < 0 || value > UINT32_MAX)
		return false;
	if (__builtin_mul_overflow(value * seconds, NS_PER_S, ret_ns) || *ret_ns > INT64_MAX)
		*ret_ns = INT64_MAX;
	return true;
}

static void set_rate(struct reader *reader, const struct action_text *text,
		     struct action_spec *action)
{
	const char *rate = text_or_null(&text->rateLimit);

	action->rate_scope = (enum rate_scope)text->rateLimitScope.value;
	if (rate && !parse_rate(rate, &action->rate_ns))
		reader__complain(reader, &text->rateLimit.at, action->path, "rateLimit",
				 "'%.32s' is no time; write a number and s, m or h", rate);
	if (!rate && text->rateLimitScope.written.text)
		reader__warn(reader, &text->rateLimitScope.written.at, action->path,
			     "rateLimitScope", "without 'rateLimit' it limits nothing");
}

/* ---- what only some actions have ------------------------------------------------------------ */

static void check_post(struct reader *reader, const struct action_text *text,
		       const struct hook_spec *hook, const struct action_spec *action)
{
	const struct {
		const char *field;
		bool is_set;
	} extras[] = {
		{ "rateLimit", text_or_null(&text->rateLimit) != NULL },
		{ "kernelStackTrace", text->kernelStackTrace },
		{ "userStackTrace", text->userStackTrace },
		{ "imaHash", text->imaHash },
	};

	for (size_t i = 0; action->kind != ACTION_KIND_POST && i < array_size(extras); i++)
		if (extras[i].is_set)
			reader__complain(reader, &text->at, action->path, extras[i].field,
					 "only 'Post' takes it, not '%s'",
					 text->action.written.text);
	if (text->imaHash && hook->kind != HOOK_KIND_LSM)
		reader__complain(reader, &text->at, action->path, "imaHash",
				 "only lsmhooks know the hash of a file");
}

static void check_position(struct reader *reader, const struct number_spec *position,
			   const char *field, const struct action_spec *action,
			   const struct hook_spec *hook)
{
	if (position->value >= hook->arg_count)
		reader__complain(reader, position->at.line > 0 ? &position->at : &action->at,
				 action->path, field,
				 "there is no args[%llu], the hook has %u arguments",
				 (unsigned long long)position->value, hook->arg_count);
}

static void check_signal(struct reader *reader, const struct action_text *text,
			 const struct action_spec *action)
{
	bool is_optional = action->kind == ACTION_KIND_NOTIFY_ENFORCER;

	if (text->argSig.value <= SIGNAL_MAX && (text->argSig.value > 0 || is_optional))
		return;
	reader__complain(reader, text->argSig.at.line > 0 ? &text->argSig.at : &text->at,
			 action->path, "argSig", "%llu is no signal; write one from 1 to %u",
			 (unsigned long long)text->argSig.value, SIGNAL_MAX);
}

static void check_target(struct reader *reader, const struct action_text *text,
			 const struct action_spec *action)
{
	bool is_url = action->kind == ACTION_KIND_GET_URL;

	if (!action->target)
		reader__complain(reader, &text->at, action->path, is_url ? "argUrl" : "argFqdn",
				 "'%s' needs %s", text->action.written.text,
				 is_url ? "a URL" : "a name to look up");
}

/* What only uprobes can override. */
static void check_override(struct reader *reader, const struct action_text *text,
			   const struct hook_spec *hook, const struct action_spec *action)
{
	unsigned int places = (action->new_symbol.text != NULL) + action->has_new_address +
			      action->has_new_offset;

	if (places > 1)
		reader__complain(reader, &text->at, action->path, "action",
				 "a call goes on at one place; keep one of 'argNewSymbol', "
				 "'argNewAddr' and 'argNewOffset'");
	if (hook->kind != HOOK_KIND_UPROBE && (places > 0 || action->register_count > 0))
		reader__complain(
			reader, &text->at, action->path,
			action->register_count > 0 ? "argRegs" : "action",
			"only uprobes can set registers and go on elsewhere; others return 'argError'");
	for (uint32_t i = 0; i < action->register_count; i++)
		if (!strchr(action->registers[i].text, '='))
			reader__complain(
				reader, &action->registers[i].at, action->path, "argRegs",
				"'%.64s' sets no register; write \"rax=1\" or \"rip=8(%%rsp)\"",
				action->registers[i].text);
}

static void check_action(struct reader *reader, const struct action_text *text,
			 const struct hook_spec *hook, const struct action_spec *action)
{
	check_post(reader, text, hook, action);
	if (!(kinds[action->kind].hooks & 1u << hook->kind))
		reader__complain(reader, &text->action.written.at, action->path, "action",
				 "'%s' is an action of %s", text->action.written.text,
				 kinds[action->kind].hooks_help);
	switch (action->kind) {
	case ACTION_KIND_SIGNAL:
		check_signal(reader, text, action);
		break;
	case ACTION_KIND_NOTIFY_ENFORCER:
		check_signal(reader, text, action);
		if (!reader->has_enforcers)
			reader__complain(reader, &text->action.written.at, action->path, "action",
					 "there is no enforcer to notify; name its calls in "
					 "spec.enforcers");
		break;
	case ACTION_KIND_TRACK_SOCK:
	case ACTION_KIND_UNTRACK_SOCK:
		check_position(reader, &text->argSock, "argSock", action, hook);
		break;
	case ACTION_KIND_SET:
		check_position(reader, &text->argIndex, "argIndex", action, hook);
		break;
	case ACTION_KIND_GET_URL:
	case ACTION_KIND_DNS_LOOKUP:
		check_target(reader, text, action);
		break;
	case ACTION_KIND_OVERRIDE:
		check_override(reader, text, hook, action);
		break;
	case ACTION_KIND_NONE:
	case ACTION_KIND_POST:
	case ACTION_KIND_NO_POST:
	case ACTION_KIND_SIGKILL:
	case ACTION_KIND_CLEANUP_ENFORCER:
		break;
	}
}

/* ---- all ------------------------------------------------------------------------------------ */

static const char *target_of(const struct action_text *text)
{
	if (text->action.value == ACTION_KIND_GET_URL)
		return text_or_null(&text->argUrl);
	if (text->action.value == ACTION_KIND_DNS_LOOKUP)
		return text_or_null(&text->argFqdn);
	return NULL;
}

static void read_action(struct reader *reader, const struct action_text *text,
			const struct hook_spec *hook, const char *path, struct action_spec *action)
{
	*action = (struct action_spec){
		.at = text->at,
		.path = path,
		.kind = (enum action_kind)text->action.value,
		.error = (int32_t)text->argError.value,
		.signal = (uint32_t)text->argSig.value,
		.arg = (uint32_t)(text->action.value == ACTION_KIND_SET ? text->argIndex.value
									: text->argSock.value),
		.value = (uint32_t)text->argValue.value,
		.target = target_of(text),
		.registers = text->argRegs.items,
		.register_count = text->argRegs.count,
		.new_address = text->argNewAddr.value,
		.new_offset = (int64_t)text->argNewOffset.value,
		.has_error = text->argError.at.line > 0,
		.has_new_address = text->argNewAddr.at.line > 0,
		.has_new_offset = text->argNewOffset.at.line > 0,
		.wants_kernel_stack = text->kernelStackTrace,
		.wants_user_stack = text->userStackTrace,
		.wants_image_hash = text->imaHash,
	};
	if (text_or_null(&text->argNewSymbol))
		action->new_symbol = text->argNewSymbol;
	set_rate(reader, text, action);
	check_action(reader, text, hook, action);
}

static bool read_actions(struct reader *reader, const struct bind_list *list, const char *path,
			 const char *field, const struct hook_spec *hook,
			 const struct action_spec **ret_actions)
{
	const struct action_text *texts = list->items;
	struct action_spec *actions = arena_array(reader->arena, struct action_spec, list->count);

	if (!actions)
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		const char *item = reader__item_path(reader, path, field, i);

		if (!item)
			return false;
		read_action(reader, &texts[i], hook, item, &actions[i]);
	}
	*ret_actions = actions;
	return true;
}

bool reader__actions(struct reader *reader, const struct selector_text *text, const char *path,
		     const struct hook_spec *hook, struct rule_spec *rule)
{
	if (text->matchActions.count > 0) {
		if (!read_actions(reader, &text->matchActions, path, "matchActions", hook,
				  &rule->actions))
			return false;
		rule->action_count = text->matchActions.count;
	}
	if (text->matchReturnActions.count > 0) {
		if (!hook->ret)
			reader__complain(reader, &text->matchReturnActions.at, path,
					 "matchReturnActions",
					 "nothing is known of what the call returns; it needs "
					 "'return: true' and a returnArg");
		if (!read_actions(reader, &text->matchReturnActions, path, "matchReturnActions",
				  hook, &rule->return_actions))
			return false;
		rule->return_action_count = text->matchReturnActions.count;
	}
	return true;
}

void reader__return_action(struct reader *reader, const struct hook_text *text,
			   struct hook_spec *hook)
{
	const char *action = text_or_null(&text->returnArgAction);

	if (!action)
		return;
	if (strcasecmp(action, "TrackSock") == 0)
		hook->ret_action = ACTION_KIND_TRACK_SOCK;
	else if (strcasecmp(action, "UntrackSock") == 0)
		hook->ret_action = ACTION_KIND_UNTRACK_SOCK;
	else
		reader__complain(reader, &text->returnArgAction.at, hook->path, "returnArgAction",
				 "'%.32s' cannot be done with what a call returns; 'TrackSock' and "
				 "'UntrackSock' can",
				 action);
	if (!hook->ret)
		reader__complain(
			reader, &text->returnArgAction.at, hook->path, "returnArgAction",
			"nothing is known of what the call returns; it needs 'return: true' and a "
			"returnArg");
}
