/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/who_runtimes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "enrich/identity.h"

#define ID_LEN 64 /* of the runtimes that can be asked: hexadecimal digits */

struct who_runtime {
	struct who_runtimes *all; /* borrowed */
	struct runtime_socket socket;
	struct runtime_client *client; /* owned */
};

struct who_runtimes {
	struct identity_table *table; /* borrowed */
	struct who_runtime *items;    /* owned */
	uint32_t count;
};

static void found(void *ctx, const struct runtime_container *container)
{
	struct who_runtime *runtime = ctx;
	struct label_pair *labels = new_array(struct label_pair, container->label_count + 1);
	struct container_info info = {
		.id = container->id,
		.name = container->name,
		.runtime = container->runtime,
		.image = container->image,
		.image_digest = container->image_digest,
		.pod_uid = container->pod_uid,
		.pod_name = container->pod_name,
		.pod_namespace = container->pod_namespace,
		.labels = labels,
		.pid = container->pid,
		.started_ns = container->started_ns,
		.is_sandbox = container->is_sandbox,
		.is_host_network = container->is_host_network,
	};

	/* Without memory it has no labels, but a name. */
	for (; labels && info.label_count < container->label_count; info.label_count++)
		labels[info.label_count] =
			(struct label_pair){ container->labels[info.label_count].key,
					     container->labels[info.label_count].value };
	/* What has no usable id is of no use to anybody. */
	(void)identity_table__tell(runtime->all->table, &info, clock_monotonic_ns());
	free(labels);
}

/* Another one may know it: of a path that does not say whose it is, all are asked. The client has counted it. */
static void unknown(void *ctx, const char *container_id)
{
	(void)ctx;
	(void)container_id;
}

static void changed(void *ctx, enum runtime_state state, const struct err *err)
{
	const struct who_runtime *runtime = ctx;

	if (state == RUNTIME_STATE_UP)
		log_info("Container runtime at '%s' tells names", runtime->socket.path);
	else if (err)
		log_err(LOG_WARN, err, "Container runtime at '%s' is not to be had, names wait",
			runtime->socket.path);
}

/* ---- sockets ------------------------------------------------------------------------------------------- */

/* False: it names none. */
static bool read_socket(const char *text, struct runtime_socket *ret_socket)
{
	static const struct {
		const char *prefix;
		enum runtime_kind kind;
	} kinds[] = {
		{ "cri:/", RUNTIME_KIND_CRI },
		{ "docker:/", RUNTIME_KIND_DOCKER },
		{ "podman:/", RUNTIME_KIND_PODMAN },
	};

	for (size_t i = 0; i < array_size(kinds); i++) {
		if (!str_starts(text, kinds[i].prefix))
			continue;
		*ret_socket = (struct runtime_socket){
			.kind = kinds[i].kind,
			.path = text + strlen(kinds[i].prefix) - 1,
		};
		return true;
	}
	return false;
}

int who_runtimes_check(const char *text, struct err *err)
{
	struct runtime_socket socket;

	if (read_socket(text, &socket))
		return 0;
	return err__set(
		err, -EINVAL, NULL,
		"'%s' names no runtime's socket; write cri:PATH, docker:PATH or podman:PATH, absolute",
		text);
}

int who_runtimes_check_timeout(int64_t timeout_ns, struct err *err)
{
	if (timeout_ns == 0 || (timeout_ns >= NS_PER_MS && timeout_ns <= RUNTIME_DEADLINE_MAX_NS))
		return 0;
	return err__set(err, -ERANGE, NULL,
			"a container runtime cannot be waited for that long; write 1ms to 10m");
}

static bool is_there(const struct who_runtimes *runtimes, const char *path)
{
	for (uint32_t i = 0; i < runtimes->count; i++)
		if (str_eq(runtimes->items[i].socket.path, path))
			return true;
	return false;
}

static int add_socket(struct who_runtimes *runtimes, const struct who_runtimes_options *options,
		      const struct runtime_socket *socket, bool is_named, struct err *err)
{
	struct who_runtime *runtime = &runtimes->items[runtimes->count];
	const struct runtime_options client = {
		.kind = socket->kind,
		.root = options->root,
		.socket_path = socket->path,
		.is_required = is_named,
		.loop = options->loop,
		.deadline_ns = options->timeout_ns,
		.observer = { .found = found,
			      .unknown = unknown,
			      .changed = changed,
			      .ctx = runtime },
	};
	int r;

	if (is_there(runtimes, socket->path))
		return 0;
	*runtime = (struct who_runtime){ .all = runtimes, .socket = *socket };
	runtimes->count++;
	r = runtime_client__new(&client, &runtime->client, err);
	if (r == 0)
		runtime_client__list(runtime->client);
	return r;
}

static int add_sockets(struct who_runtimes *runtimes, const struct who_runtimes_options *options,
		       struct err *err)
{
	const struct runtime_socket *defaults;
	struct runtime_socket named;
	size_t default_count;
	int r = 0;

	defaults = runtime_default_sockets(&default_count);
	runtimes->items = new_array(struct who_runtime, options->socket_count + default_count);
	if (!runtimes->items)
		return err__set(err, -ENOMEM, NULL, "no memory for container runtimes");
	for (size_t i = 0; i < options->socket_count && r == 0; i++)
		if (read_socket(options->sockets[i], &named))
			r = add_socket(runtimes, options, &named, true /* named */, err);
	for (size_t i = 0; i < default_count && r == 0; i++)
		r = add_socket(runtimes, options, &defaults[i], false /* not named */, err);
	return r;
}

int who_runtimes__new(const struct who_runtimes_options *options, struct who_runtimes **ret,
		      struct err *err)
{
	struct who_runtimes *runtimes = new_zero(struct who_runtimes);
	int r;

	if (!runtimes)
		return err__set(err, -ENOMEM, NULL, "no memory for container runtimes");
	runtimes->table = options->table;
	r = add_sockets(runtimes, options, err);
	if (r < 0) {
		who_runtimes__free(runtimes);
		return r;
	}
	*ret = runtimes;
	return 0;
}

struct who_runtimes *who_runtimes__free(struct who_runtimes *runtimes)
{
	if (!runtimes)
		return NULL;
	for (uint32_t i = 0; i < runtimes->count; i++)
		runtime_client__free(runtimes->items[i].client);
	free(runtimes->items);
	free(runtimes);
	return NULL;
}

/* What paths of cgroups call runtimes, and how those are spoken to. */
static bool may_know(enum runtime_kind kind, const char *runtime)
{
	static const struct {
		const char *name;
		enum runtime_kind kind;
	} kinds[] = {
		{ "containerd", RUNTIME_KIND_CRI },
		{ "cri-o", RUNTIME_KIND_CRI },
		{ "docker", RUNTIME_KIND_DOCKER },
		{ "podman", RUNTIME_KIND_PODMAN },
	};

	for (size_t i = 0; i < array_size(kinds); i++)
		if (str_eq(kinds[i].name, runtime))
			return kinds[i].kind == kind;
	return true;
}

void who_runtimes__ask(struct who_runtimes *runtimes, const struct container *container)
{
	/* LXC and nspawn have names in the place of ids, and nobody to be asked. */
	if (strlen(container->id) != ID_LEN)
		return;
	for (uint32_t i = 0; i < runtimes->count; i++)
		if (may_know(runtimes->items[i].socket.kind, container->runtime))
			runtime_client__ask(runtimes->items[i].client, container->id);
}

uint32_t who_runtimes__count(const struct who_runtimes *runtimes)
{
	return runtimes->count;
}

const char *who_runtimes__socket(const struct who_runtimes *runtimes, uint32_t index)
{
	return runtimes->items[index].socket.path;
}

void who_runtimes__figures(const struct who_runtimes *runtimes, uint32_t index,
			   struct runtime_figures *ret_figures)
{
	runtime_client__figures(runtimes->items[index].client, ret_figures);
}
