/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/runtime.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "remote/runtime_queue.h"
#include "remote/runtime_transport.h"

#define QUEUE_MAX 4096
#define REPLY_MAX_BYTES (16u << 20) /* as much as a kubelet takes from a runtime */
#define DEADLINE_NS (5 * NS_PER_S)  /* podman was seen to take two for its first list */
#define GIVE_UP_NS (30 * NS_PER_S)
#define MISSING_NS (2 * NS_PER_S)
#define FIRST_WAIT_NS (50 * NS_PER_MS)
#define LONGEST_WAIT_NS (10 * NS_PER_S)
#define LOOK_AGAIN_NS (1 * NS_PER_S)   /* for a socket that was never there */
#define SPEAK_AGAIN_NS (60 * NS_PER_S) /* to somebody who does not speak the protocol */
#define ID_MAX_LEN 128
#define FAILURES_UNTIL_DOWN 3 /* one container that cannot be told of is no runtime that is down */
#define NOT_YET -1            /* a timer that is set later */

struct runtime_client {
	struct runtime_options options; /* with the defaults filled in; socket_path is not in it */
	char *socket_path;              /* owned; below the root */
	const struct runtime_protocol *protocol;
	struct runtime_transport *transport; /* owned; NULL until it is needed */
	struct runtime_talk talk;
	struct runtime_queue queue;
	struct runtime_ask *ask; /* what is talked about; NULL: something else */
	struct loop_watch *wake;
	struct runtime_figures figures;
	int64_t pause_until_ns, request_ns;
	uint32_t failures; /* since the last success */
	bool is_busy;      /* a talk is going on */
	bool has_greeted;
	bool is_list_due, is_foreign; /* it speaks something else */
	int64_t list_due_ns;
	uint32_t list_tries;
	bool was_there; /* somebody has listened once */
};

static void go_on(struct runtime_client *client);

/* ---- telling ------------------------------------------------------------------------------------------- */

static void change_state(struct runtime_client *client, enum runtime_state state,
			 const struct err *err)
{
	if (client->figures.state == state)
		return;
	client->figures.state = state;
	if (client->options.observer.changed)
		client->options.observer.changed(client->options.observer.ctx, state, err);
}

static void tell_found(struct runtime_client *client, const struct runtime_draft *draft)
{
	struct runtime_container container = draft->container;

	container.runtime = client->talk.runtime;
	client->figures.found++;
	client->figures.truncated += draft->is_truncated;
	client->options.observer.found(client->options.observer.ctx, &container);
}

/* The one that is talked about leaves the queue; who had asked and got no name is told so. */
static void drop_ask(struct runtime_client *client, struct runtime_ask *ask, uint64_t *counter)
{
	char id[ID_MAX_LEN + 1];
	bool is_told = !ask->was_found && !ask->is_background;

	memcpy(id, ask->id, strlen(ask->id) + 1);
	runtime_queue__remove(&client->queue, ask);
	if (!is_told)
		return;
	(*counter)++;
	if (client->options.observer.unknown)
		client->options.observer.unknown(client->options.observer.ctx, id);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static int64_t wait_before(const struct runtime_client *client, uint32_t tries)
{
	int64_t wait_ns = client->options.first_wait_ns;

	for (uint32_t i = 1; i < tries && wait_ns < client->options.longest_wait_ns; i++)
		wait_ns *= 2;
	return wait_ns < client->options.longest_wait_ns ? wait_ns
							 : client->options.longest_wait_ns;
}

static void wake_at(struct runtime_client *client, int64_t then_ns, int64_t now_ns)
{
	int64_t wait_ns = then_ns == INT64_MAX ? NOT_YET : then_ns > now_ns ? then_ns - now_ns : 0;

	(void)loop__set_timer(client->wake, wait_ns, 0);
}

/* Later, if there is time; else it leaves with that counter. */
static void ask_later(struct runtime_client *client, struct runtime_ask *ask, int64_t time_ns,
		      uint64_t *counter)
{
	int64_t now_ns = clock_monotonic_ns();
	int64_t wait_ns = wait_before(client, ++ask->tries);

	if (now_ns + wait_ns > ask->asked_ns + time_ns) {
		drop_ask(client, ask, counter);
		return;
	}
	ask->due_ns = now_ns + wait_ns;
	client->figures.retried++;
}

/* What a runtime does not know when it is first asked it mostly never will: the waits grow four times as long each time, so
 * that it is asked twice more in two seconds and not five times. */
static void ask_for_missing(struct runtime_client *client, struct runtime_ask *ask)
{
	ask->tries += ask->tries ? 1 : 2;
	ask_later(client, ask, client->options.missing_ns, &client->figures.unknown);
}

/* They are lost, but not for ever: when the runtime is back it is asked for everything. */
static void expire(struct runtime_client *client, int64_t now_ns)
{
	struct runtime_ask *ask;

	while ((ask = runtime_queue__find_older(&client->queue,
						now_ns - client->options.give_up_ns))) {
		client->is_list_due = true;
		drop_ask(client, ask, &client->figures.given_up);
	}
}

static void drop_all(struct runtime_client *client, uint64_t *counter)
{
	/* Who is told may ask again. */
	for (uint32_t left = client->queue.len; left > 0 && client->queue.first; left--)
		drop_ask(client, client->queue.first, counter);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

/* Whatever failed, the next request waits a little longer each time: also a runtime that answers nonsense at once is
 * not asked a thousand times a second. */
static void fail(struct runtime_client *client, enum runtime_failure failure, const struct err *err)
{
	struct runtime_ask *ask = client->ask;

	client->ask = NULL;
	client->is_busy = false;
	client->figures.failures[failure]++;
	client->failures++;
	client->pause_until_ns = clock_monotonic_ns() + wait_before(client, client->failures);
	if (failure == RUNTIME_FAILURE_CONNECTION)
		client->has_greeted = false; /* another one may listen there now */
	if (failure == RUNTIME_FAILURE_CONNECTION || !client->has_greeted ||
	    client->failures >= FAILURES_UNTIL_DOWN)
		change_state(client, RUNTIME_STATE_DOWN, err);
	if (ask)
		ask_later(client, ask, client->options.give_up_ns, &client->figures.given_up);
	else if (client->talk.subject == RUNTIME_SUBJECT_LIST)
		client->list_due_ns = clock_monotonic_ns() +
				      wait_before(client, ++client->list_tries);
	go_on(client);
}

/* Docker's containerd serves no CRI: nothing to wait for, and nothing lost. */
static void fail_as_foreign(struct runtime_client *client)
{
	client->is_foreign = true;
	client->pause_until_ns = clock_monotonic_ns() + SPEAK_AGAIN_NS;
	drop_all(client, &client->figures.unknown);
}

static void fail_by_code(struct runtime_client *client, int code, struct err *err)
{
	static const struct {
		int code;
		enum runtime_failure failure;
	} failures[] = {
		{ -EBADMSG, RUNTIME_FAILURE_MALFORMED },
		{ -EMSGSIZE, RUNTIME_FAILURE_TOO_LARGE },
		{ -EREMOTEIO, RUNTIME_FAILURE_REFUSED },
		{ -EPROTONOSUPPORT, RUNTIME_FAILURE_REFUSED },
	};
	enum runtime_failure failure = RUNTIME_FAILURE_CONNECTION;

	for (size_t i = 0; i < array_size(failures); i++)
		if (failures[i].code == code)
			failure = failures[i].failure;
	err__wrap(err, code, NULL, "%s", client->socket_path);
	fail(client, failure, err);
	if (code == -EPROTONOSUPPORT)
		fail_as_foreign(client);
}

/* Nobody listens. Where nobody ever did there is nothing to wait for: the next question looks again. */
static void fail_to_connect(struct runtime_client *client, int code)
{
	bool is_absent = !client->was_there &&
			 (code == -ENOENT || code == -ENOTDIR || code == -ECONNREFUSED);
	struct err err = ERR_INIT;

	if (is_absent) {
		client->pause_until_ns = clock_monotonic_ns() + LOOK_AGAIN_NS;
		client->figures.dropped += client->queue.len;
		client->is_list_due = true;
		runtime_queue__done(&client->queue);
		wake_at(client, INT64_MAX, 0);
		return;
	}
	err__set(&err, code, NULL, "%s: cannot connect: %s", client->socket_path, strerror(-code));
	fail(client, RUNTIME_FAILURE_CONNECTION, &err);
	err__done(&err);
}

/* ---- talking ------------------------------------------------------------------------------------------- */

static void send_step(struct runtime_client *client)
{
	struct strbuf path = STRBUF_INIT, body = STRBUF_INIT;
	struct err err = ERR_INIT;
	int r;

	client->protocol->write(&client->talk, &path, &body);
	client->figures.requests++;
	client->request_ns = clock_monotonic_ns();
	r = runtime_transport__send(client->transport, &path, &body);
	strbuf__done(&path);
	strbuf__done(&body);
	if (r < 0) {
		err__set(&err, r, NULL, "no memory for a request");
		fail_by_code(client, r, &err);
	}
	err__done(&err);
}

static void begin(struct runtime_client *client, enum runtime_subject subject,
		  struct runtime_ask *ask)
{
	client->is_busy = true;
	client->ask = ask;
	client->talk.subject = subject;
	client->talk.step = 0;
	client->talk.id = ask ? ask->id : NULL;
	if (subject == RUNTIME_SUBJECT_HELLO)
		client->talk.is_old_api = false;
	runtime_draft__begin(&client->talk.draft);
	send_step(client);
}

static void end_container(struct runtime_client *client, enum runtime_next next)
{
	struct runtime_ask *ask = client->ask;

	client->ask = NULL;
	if (next == RUNTIME_NEXT_UNKNOWN) {
		ask_for_missing(client, ask);
		return;
	}
	tell_found(client, &client->talk.draft);
	ask->was_found = true;
	/* When it started, and as whom, is known only after it has. */
	if (client->talk.draft.is_created)
		ask_for_missing(client, ask);
	else
		runtime_queue__remove(&client->queue, ask);
}

static void keep_printable(char *text)
{
	for (; *text; text++)
		if (!isascii((unsigned char)*text) || !isprint((unsigned char)*text))
			*text = '?';
}

static void end_talk(struct runtime_client *client, enum runtime_next next)
{
	client->failures = 0;
	switch (client->talk.subject) {
	case RUNTIME_SUBJECT_HELLO:
		keep_printable(client->talk.runtime);
		keep_printable(client->talk.version);
		client->has_greeted = true;
		client->is_foreign = false;
		break;
	case RUNTIME_SUBJECT_LIST:
		client->is_list_due = false;
		client->list_due_ns = client->list_tries = 0;
		client->figures.lists++;
		break;
	case RUNTIME_SUBJECT_CONTAINER:
		end_container(client, next);
		break;
	}
	change_state(client, RUNTIME_STATE_UP, NULL);
	client->is_busy = false;
	go_on(client);
}

static void read_reply(void *ctx, const struct runtime_reply *reply, enum runtime_failure failure,
		       const struct err *why)
{
	struct runtime_client *client = ctx;
	struct err err = ERR_INIT;
	int r;

	client->figures.request_ns += (uint64_t)(clock_monotonic_ns() - client->request_ns);
	if (!reply) {
		fail(client, failure, why);
		return;
	}
	r = client->protocol->read(&client->talk, reply, &err);
	if (r < 0)
		fail_by_code(client, r, &err);
	else if (r == RUNTIME_NEXT_REQUEST)
		send_step(client);
	else
		end_talk(client, (enum runtime_next)r);
	err__done(&err);
}

/* A name out of a list; the rest is asked for when nobody waits for anything else. */
static void take_listed(void *ctx, const struct runtime_draft *draft)
{
	struct runtime_client *client = ctx;
	const char *id = draft->container.id;
	struct runtime_ask *ask;

	tell_found(client, draft);
	if (client->queue.len >= client->options.queue_max || strlen(id) > ID_MAX_LEN ||
	    runtime_queue__find(&client->queue, id))
		return;
	ask = runtime_queue__add(&client->queue, id, clock_monotonic_ns());
	if (ask)
		ask->is_background = true;
}

static int connect_transport(struct runtime_client *client)
{
	const struct runtime_transport_options options = {
		.loop = client->options.loop,
		.socket_path = client->socket_path,
		.is_grpc = client->protocol->is_grpc,
		.reply_max_bytes = client->options.reply_max_bytes,
		.deadline_ns = client->options.deadline_ns,
		.done = read_reply,
		.ctx = client,
	};
	struct err err = ERR_INIT;
	int r = runtime_socket_probe(client->socket_path);

	if (r < 0) {
		fail_to_connect(client, r);
		return r;
	}
	client->was_there = true;
	if (client->transport)
		return 0;
	r = runtime_transport__new(&options, &client->transport, &err);
	if (r < 0)
		fail_by_code(client, r, &err);
	err__done(&err);
	return r;
}

/* What to talk about next: a container that somebody waits for, a list, what is left of a list's containers. When
 * there is nothing yet, *ret_due_ns is when there will be. */
static bool choose(const struct runtime_client *client, int64_t now_ns,
		   struct runtime_ask **ret_ask, int64_t *ret_due_ns)
{
	struct runtime_ask *ask = runtime_queue__pick(&client->queue, now_ns, ret_due_ns);
	bool is_list_due = client->is_list_due && client->list_due_ns <= now_ns;

	if (client->is_list_due && client->list_due_ns < *ret_due_ns)
		*ret_due_ns = client->list_due_ns;
	*ret_ask = is_list_due && ask && ask->is_background ? NULL : ask;
	return *ret_ask || is_list_due;
}

/* The next talk, or the time when there will be one. */
static void go_on(struct runtime_client *client)
{
	int64_t now_ns = clock_monotonic_ns(), due_ns;
	struct runtime_ask *ask;

	if (client->is_busy)
		return;
	expire(client, now_ns);
	if (!choose(client, now_ns, &ask, &due_ns)) {
		wake_at(client, due_ns, now_ns);
	} else if (now_ns < client->pause_until_ns) {
		wake_at(client, client->pause_until_ns, now_ns);
	} else if (!client->has_greeted) {
		if (connect_transport(client) == 0)
			begin(client, RUNTIME_SUBJECT_HELLO, NULL);
	} else {
		begin(client, ask ? RUNTIME_SUBJECT_CONTAINER : RUNTIME_SUBJECT_LIST, ask);
	}
}

static void run_wake(void *ctx)
{
	go_on(ctx);
}

/* ---- what others call ---------------------------------------------------------------------------------- */

/* It becomes a part of a path, and a name in the log. */
static bool is_id(const char *id)
{
	size_t len = strlen(id);

	if (len == 0 || len > ID_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("-_", id[i]) &&
		    (i == 0 || id[i] != '.'))
			return false;
	return true;
}

void runtime_client__ask(struct runtime_client *client, const char *container_id)
{
	int64_t now_ns = clock_monotonic_ns();
	struct runtime_ask *ask;

	client->figures.asked++;
	if (!is_id(container_id)) {
		client->figures.dropped++;
		return;
	}
	ask = runtime_queue__find(&client->queue, container_id);
	if (ask) {
		client->figures.coalesced++;
		ask->is_background = false;
		return;
	}
	/* Not there a moment ago: whoever comes later is asked for everything. */
	if (client->queue.len >= client->options.queue_max ||
	    ((!client->was_there || client->is_foreign) && now_ns < client->pause_until_ns) ||
	    !runtime_queue__add(&client->queue, container_id, now_ns)) {
		client->figures.dropped++;
		client->is_list_due = true;
		return;
	}
	if (!client->is_busy)
		wake_at(client, now_ns, now_ns);
}

void runtime_client__list(struct runtime_client *client)
{
	client->is_list_due = true;
	if (!client->is_busy)
		wake_at(client, 0, 0);
}

void runtime_client__figures(const struct runtime_client *client,
			     struct runtime_figures *ret_figures)
{
	*ret_figures = client->figures;
	ret_figures->runtime = client->talk.runtime;
	ret_figures->version = client->talk.version;
	ret_figures->queued = client->queue.len;
}

const char *runtime_failure_name(enum runtime_failure failure)
{
	static const char *const names[] = {
		[RUNTIME_FAILURE_CONNECTION] = "connection",
		[RUNTIME_FAILURE_TIMEOUT] = "timeout",
		[RUNTIME_FAILURE_TOO_LARGE] = "too_large",
		[RUNTIME_FAILURE_MALFORMED] = "malformed",
		[RUNTIME_FAILURE_REFUSED] = "refused",
	};

	return names[failure];
}

const struct runtime_socket *runtime_default_sockets(size_t *ret_count)
{
	static const struct runtime_socket sockets[] = {
		{ RUNTIME_KIND_CRI, "/run/containerd/containerd.sock" },
		{ RUNTIME_KIND_CRI, "/run/crio/crio.sock" },
		{ RUNTIME_KIND_CRI, "/run/k3s/containerd/containerd.sock" }, /* rke2 as well */
		{ RUNTIME_KIND_CRI, "/run/k0s/containerd.sock" },
		{ RUNTIME_KIND_CRI, "/var/snap/microk8s/common/run/containerd.sock" },
		{ RUNTIME_KIND_DOCKER, "/run/docker.sock" },
		{ RUNTIME_KIND_PODMAN, "/run/podman/podman.sock" },
	};

	*ret_count = array_size(sockets);
	return sockets;
}

/* ---- making and ending --------------------------------------------------------------------------------- */

static void fill_in(struct runtime_options *options)
{
	if (!options->queue_max)
		options->queue_max = QUEUE_MAX;
	if (!options->reply_max_bytes)
		options->reply_max_bytes = REPLY_MAX_BYTES;
	if (!options->deadline_ns)
		options->deadline_ns = DEADLINE_NS;
	/* A runtime that may take longer has to have time for several tries. */
	if (!options->give_up_ns)
		options->give_up_ns = options->deadline_ns > DEADLINE_NS
					      ? options->deadline_ns * (GIVE_UP_NS / DEADLINE_NS)
					      : GIVE_UP_NS;
	if (!options->missing_ns)
		options->missing_ns = MISSING_NS;
	if (!options->first_wait_ns)
		options->first_wait_ns = FIRST_WAIT_NS;
	if (!options->longest_wait_ns)
		options->longest_wait_ns = LONGEST_WAIT_NS;
	options->socket_path = options->root = NULL; /* the caller's */
}

/* "/host" and "/run/x.sock": "/host/run/x.sock". */
static int set_path(struct runtime_client *client, const struct runtime_options *options,
		    struct err *err)
{
	const char *root = options->root ? options->root : "";
	size_t root_len = strlen(root);

	if (options->socket_path[0] != '/')
		return err__set(err, -EINVAL, NULL, "the runtime's socket '%s' is no absolute path",
				options->socket_path);
	while (root_len > 0 && root[root_len - 1] == '/')
		root_len--;
	client->socket_path = str_printf("%.*s%s", (int)root_len, root, options->socket_path);
	return client->socket_path ? 0 : err__set(err, -ENOMEM, NULL, "no memory for a runtime");
}

/* Somebody named it: that it is not there is worth an error, now. */
static int check_required(struct runtime_client *client, struct err *err)
{
	int r = runtime_socket_probe(client->socket_path);

	if (r == -ENAMETOOLONG || (r < 0 && client->options.is_required))
		return err__set(err, r, NULL, "nobody answers at the runtime's socket '%s': %s",
				client->socket_path, strerror(-r));
	return 0;
}

int runtime_client__new(const struct runtime_options *options, struct runtime_client **ret_client,
			struct err *err)
{
	struct runtime_client *client = new_zero(struct runtime_client);
	int r;

	if (!client)
		return err__set(err, -ENOMEM, NULL, "no memory for a runtime");
	client->options = *options;
	fill_in(&client->options);
	client->protocol = options->kind == RUNTIME_KIND_CRI ? &cri_protocol : &docker_protocol;
	client->talk.listed = take_listed;
	client->talk.ctx = client;
	client->figures.state = RUNTIME_STATE_ABSENT;
	runtime_queue__init(&client->queue);
	r = set_path(client, options, err);
	if (r >= 0)
		r = check_required(client, err);
	if (r >= 0)
		r = loop__add_timer(options->loop, NOT_YET, 0, run_wake, client, &client->wake,
				    err);
	if (r < 0) {
		runtime_client__free(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

struct runtime_client *runtime_client__free(struct runtime_client *client)
{
	if (!client)
		return NULL;
	runtime_transport__free(client->transport);
	loop__remove(client->options.loop, client->wake);
	runtime_queue__done(&client->queue);
	runtime_draft__done(&client->talk.draft);
	free(client->socket_path);
	free(client);
	return NULL;
}
