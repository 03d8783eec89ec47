/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs for policies over a real socket, on policies that are made up: the functions of pipeline/policies.h are this
 * test's.
 */
#include "pipeline/control_policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "pipeline/policies.h"
#include "web/control.h"

#define POLICIES_MAX 8
#define MANY 3000

struct policies {
	struct {
		const struct policy_spec *spec;
		struct policy_view view;
	} items[POLICIES_MAX];
	uint32_t count, next_id;
	bool is_failing; /* nothing can be loaded */
	bool is_fresh;   /* the kernel's figures were read */
	struct policy_subscriber subscriber;
	bool has_subscriber;
	uint64_t exports[POLICY_EXPORT_COUNT];
};

/* ---- the policies --------------------------------------------------------------------------------------- */

const char *policy_state_name(enum policy_state state)
{
	static const char *const names[] = { "enabled", "disabled", "error", "load_error" };

	return names[state];
}

static int find(const struct policies *policies, const char *name, const char *kube_namespace)
{
	for (uint32_t i = 0; i < policies->count; i++)
		if (str_eq(policies->items[i].view.name, name) &&
		    str_eq(policies->items[i].view.kube_namespace,
			   kube_namespace ? kube_namespace : ""))
			return (int)i;
	return -1;
}

int policies__add(struct policies *policies, const struct policy_spec *spec,
		  const struct policy_request *request, struct err_list *errors)
{
	bool is_enforcing = request->mode == POLICY_ASKED_MODE_ENFORCE;
	int same = find(policies, spec->name, spec->kube_namespace);

	if (same >= 0 && policies->items[same].view.state == POLICY_STATE_LOAD_ERROR) {
		policies__remove_spec(policies, policies->items[same].spec);
		same = -1;
	}
	if (same >= 0)
		return err_list__set(errors, -EEXIST, &spec->at, "policy '%s' is there already",
				     spec->name);
	assert_true(policies->count < POLICIES_MAX);
	policies->items[policies->count].spec = spec;
	policies->items[policies->count++].view = (struct policy_view){
		.id = ++policies->next_id,
		.spec = spec,
		.name = spec->name,
		.kube_namespace = spec->kube_namespace ? spec->kube_namespace : "",
		.state = policies->is_failing   ? POLICY_STATE_LOAD_ERROR
			 : request->is_disabled ? POLICY_STATE_DISABLED
						: POLICY_STATE_ENABLED,
		.mode = is_enforcing ? "enforce" : "monitor",
		.hooks = spec->hook_count,
		.memory_bytes = 4096,
		.posted = 5,
		.error = policies->is_failing ? "no such hook" : NULL,
	};
	return policies->is_failing ? err_list__set(errors, -ENOENT, &spec->at, "no such hook") : 0;
}

void policies__remove_spec(struct policies *policies, const struct policy_spec *spec)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < policies->count; i++)
		if (policies->items[i].spec != spec)
			policies->items[kept++] = policies->items[i];
	policies->count = kept;
}

int policies__find(const struct policies *policies, const char *name, const char *kube_namespace,
		   uint32_t *ret_id, struct err *err)
{
	int index = find(policies, name, kube_namespace);

	if (index < 0)
		return err__set(err, -ENOENT, NULL, "there is no policy '%s'", name);
	*ret_id = policies->items[index].view.id;
	return 0;
}

static struct policy_view *view_of(struct policies *policies, uint32_t id)
{
	for (uint32_t i = 0; i < policies->count; i++)
		if (policies->items[i].view.id == id)
			return &policies->items[i].view;
	return NULL;
}

int policies__enable(struct policies *policies, uint32_t id, struct err_list *errors)
{
	if (policies->is_failing) {
		(void)err_list__set(errors, -ENOENT, NULL, "one");
		return err_list__set(errors, -ENOENT, NULL, "two");
	}
	view_of(policies, id)->state = POLICY_STATE_ENABLED;
	return 0;
}

int policies__disable(struct policies *policies, uint32_t id, struct err *err)
{
	(void)err;
	view_of(policies, id)->state = POLICY_STATE_DISABLED;
	return 0;
}

int policies__set_mode(struct policies *policies, uint32_t id, enum policy_mode mode,
		       struct err *err)
{
	(void)err;
	view_of(policies, id)->mode = mode == POLICY_MODE_ENFORCE ? "enforce" : "monitor";
	return 0;
}

bool policies__view(const struct policies *policies, uint32_t index, struct policy_view *ret_view)
{
	if (index >= policies->count)
		return false;
	*ret_view = policies->items[index].view;
	return true;
}

bool policies__hook(const struct policies *policies, uint32_t id, uint32_t index,
		    struct policy_hook_view *ret_view)
{
	(void)policies;
	(void)id;
	*ret_view = (struct policy_hook_view){ .hook = "kprobe:x", .how = "fentry", .matched = 3 };
	return index == 0;
}

int policies__subscribe(struct policies *policies, const struct policy_subscriber *subscriber,
			struct err *err)
{
	(void)err;
	policies->subscriber = *subscriber;
	policies->has_subscriber = true;
	return 0;
}

void policies__refresh(struct policies *policies)
{
	policies->is_fresh = true;
}

void policies__note_export(struct policies *policies, enum policy_export what, uint64_t bytes)
{
	(void)bytes;
	policies->exports[what]++;
}

void policies__unsubscribe(struct policies *policies, const void *ctx)
{
	if (policies->subscriber.ctx == ctx)
		policies->has_subscriber = false;
}

/* ---- the fixture ---------------------------------------------------------------------------------------- */

struct fixture {
	struct loop *loop;
	struct control_server *server;
	struct control_policy *control;
	struct policies policies;
	int fd;
};

static int set_up(void **state)
{
	struct fixture *fixture = new_zero(struct fixture);
	struct control_options options = { .path = "policies.sock" };
	int pair[2];

	assert_non_null(fixture);
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	options.loop = fixture->loop;
	assert_int_equal(control_server__new(&options, &fixture->server, NULL), 0);
	assert_int_equal(
		control_policy__new(&fixture->policies, fixture->server, &fixture->control, NULL),
		0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	control_server__add_connection(fixture->server, pair[0]);
	fixture->fd = pair[1];
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	control_server__free(fixture->server);
	control_policy__free(fixture->control);
	assert_int_equal(fixture->policies.count, 0);
	assert_false(fixture->policies.has_subscriber);
	loop__free(fixture->loop);
	close(fixture->fd);
	free(fixture);
	return 0;
}

static void expect(struct fixture *fixture, const char *text)
{
	char buffer[4096] = "";
	size_t len = 0, want = strlen(text);

	for (int i = 0; i < MANY && len < want; i++) {
		ssize_t got;

		loop__run_once(fixture->loop, 10);
		got = recv(fixture->fd, buffer + len, want - len, MSG_DONTWAIT);
		len += got > 0 ? (size_t)got : 0;
	}
	buffer[len] = '\0';
	assert_string_equal(buffer, text);
}

static void ask(struct fixture *fixture, const char *request, const char *reply)
{
	assert_int_equal(send(fixture->fd, request, strlen(request), MSG_NOSIGNAL),
			 strlen(request));
	expect(fixture, reply);
}

#define POLICY(name)                                                                               \
	"apiVersion: cilium.io/v1alpha1\\nkind: TracingPolicy\\nmetadata: {name: " name            \
	"}\\nspec:\\n  kprobes:\\n  - call: fd_install\\n    syscall: false\\n"
#define ADD(text) "{\"verb\":\"policy.add\",\"yaml\":\"" text "\"}\n"
#define DONE "{\"ok\":true,\"result\":null}\n"

/* ---- tests ---------------------------------------------------------------------------------------------- */

static void test_policy__is_added_switched_and_removed(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture, "{\"verb\":\"policy.list\"}\n", "{\"ok\":true,\"result\":[]}\n");
	ask(fixture,
	    "{\"verb\":\"policy.add\",\"mode\":\"enforce\",\"yaml\":\"" POLICY("one") "\"}\n",
	    DONE);
	ask(fixture, "{\"verb\":\"policy.list\"}\n",
	    "{\"ok\":true,\"result\":[{\"id\":1,\"name\":\"one\",\"state\":\"enabled\",\"namespace\":\"\","
	    "\"mode\":\"enforce\",\"hooks\":1,\"kernel_memory\":4096,\"posted\":5,\"enforced\":0,\"monitored\":0,"
	    "\"error\":null}]}\n");
	ask(fixture, "{\"verb\":\"policy.disable\",\"name\":\"one\"}\n", DONE);
	assert_int_equal(fixture->policies.items[0].view.state, POLICY_STATE_DISABLED);
	ask(fixture, "{\"verb\":\"policy.enable\",\"name\":\"one\",\"namespace\":\"\"}\n", DONE);
	assert_int_equal(fixture->policies.items[0].view.state, POLICY_STATE_ENABLED);
	ask(fixture, "{\"verb\":\"policy.set_mode\",\"name\":\"one\",\"mode\":\"monitor\"}\n",
	    DONE);
	assert_string_equal(fixture->policies.items[0].view.mode, "monitor");
	ask(fixture, "{\"verb\":\"policy.hooks\",\"name\":\"one\"}\n",
	    "{\"ok\":true,\"result\":[{\"hook\":\"kprobe:x\",\"how\":\"fentry\",\"instructions\":0,\"matched\":3,"
	    "\"posted\":0,\"not_posted\":0,\"limited\":0,\"lost\":0,\"enforced\":0,\"monitored\":0,\"uncounted\":0}]}\n");
	ask(fixture, "{\"verb\":\"policy.remove\",\"name\":\"one\"}\n", DONE);
	assert_int_equal(fixture->policies.count, 0);
}

static void test_policies_of_one_text__go_one_by_one(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture, ADD(POLICY("one") "---\\n" POLICY("two")), DONE);
	assert_int_equal(fixture->policies.count, 2);
	ask(fixture, "{\"verb\":\"policy.remove\",\"name\":\"one\"}\n", DONE);
	assert_int_equal(fixture->policies.count, 1);
	assert_string_equal(fixture->policies.items[0].view.name,
			    "two"); /* its text is still there */
}

static void test_policy_that_is_there__is_refused(void **state)
{
	struct fixture *fixture = *state;

	ask(fixture, ADD(POLICY("one")), DONE);
	ask(fixture, ADD(POLICY("one")),
	    "{\"ok\":false,\"error\":\"policy:1:1: policy 'one' is there already\",\"code\":\"EEXIST\"}\n");
	assert_int_equal(fixture->policies.count, 1);
}

static void test_policy_that_cannot_be_loaded__is_known(void **state)
{
	struct fixture *fixture = *state;

	fixture->policies.is_failing = true;
	ask(fixture, ADD(POLICY("one")),
	    "{\"ok\":false,\"error\":\"policy:1:1: no such hook\",\"code\":\"ENOENT\"}\n");
	assert_int_equal(fixture->policies.count, 1);
	ask(fixture, "{\"verb\":\"policy.enable\",\"name\":\"one\"}\n",
	    "{\"ok\":false,\"error\":\"one\\ntwo\",\"code\":\"ENOENT\"}\n");
	ask(fixture, "{\"verb\":\"policy.remove\",\"name\":\"one\"}\n", DONE);
}

static void test_policy_that_could_not_be_loaded__makes_room(void **state)
{
	struct fixture *fixture = *state;

	fixture->policies.is_failing = true;
	ask(fixture, ADD(POLICY("one")),
	    "{\"ok\":false,\"error\":\"policy:1:1: no such hook\",\"code\":\"ENOENT\"}\n");
	fixture->policies.is_failing = false;
	ask(fixture, ADD(POLICY("one")), DONE);
	assert_int_equal(fixture->policies.count, 1);
	ask(fixture, "{\"verb\":\"policy.remove\",\"name\":\"one\"}\n", DONE);
	assert_int_equal(fixture->policies.count, 0);
}

static void test_policy_of_the_agents_file__cannot_be_removed(void **state)
{
	static const struct policy_spec spec = { .name = "own" };
	static const struct policy_request request = { 0 };
	struct err_list errors = { .len = 0 };
	struct fixture *fixture = *state;

	assert_int_equal(policies__add(&fixture->policies, &spec, &request, &errors), 0);
	ask(fixture, "{\"verb\":\"policy.remove\",\"name\":\"own\"}\n",
	    "{\"ok\":false,\"error\":\"policy 'own' is of the agent's file; take it out there and reload, or "
	    "disable it\",\"code\":\"EPERM\"}\n");
	assert_int_equal(fixture->policies.count, 1);
	policies__remove_spec(&fixture->policies, &spec);
}

static void test_wrong_request__says_what_would_be_right(void **state)
{
	static const struct {
		const char *request, *error;
	} rows[] = {
		{ "{\"verb\":\"policy.add\"}\n",
		  "{\"ok\":false,\"error\":\"'yaml' is missing: the text of the policy\",\"code\":\"EINVAL\"}\n" },
		{ "{\"verb\":\"policy.add\",\"yml\":\"\"}\n",
		  "{\"ok\":false,\"error\":\"this request has no 'yml'; did you mean 'yaml'?\",\"code\":\"EINVAL\"}\n" },
		{ "{\"verb\":\"policy.add\",\"yaml\":\"\",\"mode\":\"off\"}\n",
		  "{\"ok\":false,\"error\":\"'mode' is enforce or monitor\",\"code\":\"EINVAL\"}\n" },
		{ "{\"verb\":\"policy.enable\"}\n",
		  "{\"ok\":false,\"error\":\"'name' is missing: which policy?\",\"code\":\"EINVAL\"}\n" },
		{ "{\"verb\":\"policy.enable\",\"name\":\"x\"}\n",
		  "{\"ok\":false,\"error\":\"there is no policy 'x'\",\"code\":\"ENOENT\"}\n" },
		{ "{\"verb\":\"events.subscribe\",\"allow\":1}\n",
		  "{\"ok\":false,\"error\":\"'allow' is a text\",\"code\":\"EINVAL\"}\n" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < array_size(rows); i++)
		ask(fixture, rows[i].request, rows[i].error);
	ask(fixture, ADD(POLICY("one")), DONE);
	ask(fixture, "{\"verb\":\"policy.set_mode\",\"name\":\"one\"}\n",
	    "{\"ok\":false,\"error\":\"'mode' is missing: enforce or monitor?\",\"code\":\"EINVAL\"}\n");
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void tell(struct fixture *fixture, enum process_event_kind kind)
{
	const struct process_event event = { .kind = kind };

	fixture->policies.subscriber.event(fixture->policies.subscriber.ctx, &event);
}

static void test_events__come_as_the_lists_want_it(void **state)
{
	struct fixture *fixture = *state;
	const struct policy_subscriber *subscriber = &fixture->policies.subscriber;

	ask(fixture,
	    "{\"verb\":\"events.subscribe\",\"allow\":\"{\\\"event_set\\\":[\\\"PROCESS_EXIT\\\"]}\"}\n",
	    DONE);
	assert_true(fixture->policies.has_subscriber);
	assert_true(subscriber->wants(subscriber->ctx, PROCESS_EVENT_EXIT, ""));
	assert_false(subscriber->wants(subscriber->ctx, PROCESS_EVENT_KPROBE, "x"));
	tell(fixture, PROCESS_EVENT_EXEC);
	tell(fixture, PROCESS_EVENT_EXIT);
	expect(fixture, "{\"process_exit\":{");
	ask(fixture, "", "");
	(void)shutdown(fixture->fd, SHUT_RDWR);
	for (int i = 0; i < MANY && fixture->policies.has_subscriber; i++)
		loop__run_once(fixture->loop, 10);
	assert_false(fixture->policies.has_subscriber);
}

static void test_events_with_wrong_lists__are_refused(void **state)
{
	struct fixture *fixture = *state;
	static const char request[] = "{\"verb\":\"events.subscribe\",\"allow\":\"{\"}\n";
	char reply[12];

	assert_true(send(fixture->fd, request, strlen(request), MSG_NOSIGNAL) > 0);
	for (int i = 0; i < MANY && recv(fixture->fd, reply, sizeof(reply), MSG_DONTWAIT) < 0; i++)
		loop__run_once(fixture->loop, 10);
	assert_memory_equal(reply, "{\"ok\":false,", 12);
	assert_false(fixture->policies.has_subscriber);
}

#define policy_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		policy_test(test_policy__is_added_switched_and_removed),
		policy_test(test_policies_of_one_text__go_one_by_one),
		policy_test(test_policy_that_is_there__is_refused),
		policy_test(test_policy_that_cannot_be_loaded__is_known),
		policy_test(test_policy_that_could_not_be_loaded__makes_room),
		policy_test(test_policy_of_the_agents_file__cannot_be_removed),
		policy_test(test_wrong_request__says_what_would_be_right),
		policy_test(test_events__come_as_the_lists_want_it),
		policy_test(test_events_with_wrong_lists__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
