/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as Tetragon's events show them. */
#include <string.h>

#include "filter/process_redaction.h"
#include "host/host.h"
#include "pipeline/policies.h"
#include "pipeline/policy_views.h"
#include "pipeline/who.h"

#define CONTAINER_ID_SHOWN 31 /* of Tetragon's `docker` */
#define ANCESTORS_MAX 64      /* a chain that is longer is cut */

void policy_views__done(struct policy_views *views)
{
	arena__done(&views->arena);
	strbuf__done(&views->text);
	policy_pieces__done(&views->pieces);
}

void policy_views__begin(struct policy_views *views)
{
	arena__reset(&views->arena);
}

struct text_view policy_views__keep(struct policy_views *views, const char *text, size_t len)
{
	const char *copy = len ? arena__textdup(&views->arena, text, len) : NULL;

	return copy ? (struct text_view){ copy, len } : (struct text_view){ 0 };
}

struct text_view policy_views__take_text(struct policy_views *views)
{
	struct text_view view = policy_views__keep(views, views->text.data, views->text.len);

	views->text.len = 0;
	return view;
}

/* Tetragon shows what is no UTF-8 as one U+FFFD, however long it is; writers of JSON have one for each byte. */
struct text_view policy_views__legible(struct policy_views *views, struct text_view text)
{
	bool is_illegible = false;

	if (str_is_utf8(text.data, text.len))
		return text;
	for (size_t i = 0, step; i < text.len; i += step) {
		step = str_utf8_step(text.data + i, text.len - i);
		if (step > 0)
			strbuf__add(&views->text, text.data + i, step);
		else if (!is_illegible)
			strbuf__add_text(&views->text, "\xef\xbf\xbd");
		is_illegible = step == 0;
		step = step ? step : 1;
	}
	return policy_views__take_text(views);
}

static struct text_view exec_id_of(struct policy_views *views, const struct who_key *key)
{
	process_table__add_exec_id(who__processes(views->options->who), key, &views->text);
	return policy_views__take_text(views);
}

/* ---- containers and pods ---- */

static struct container_view *inside_of(struct policy_views *views,
					const struct container *container)
{
	struct container_view *view = arena_new(&views->arena, struct container_view);
	struct image_view *image = arena_new(&views->arena, struct image_view);

	if (!view || !image)
		return NULL;
	strbuf__printf(&views->text, "%s%s%s", container->runtime, *container->runtime ? "://" : "",
		       container->id);
	view->id = policy_views__take_text(views);
	view->name = text_view_of(container->name);
	if (container->started_ns)
		view->start_time = event_time_from_ns(container->started_ns);
	if (container->image || container->image_digest) {
		image->id = text_view_of(container->image_digest);
		image->name = text_view_of(container->image);
		view->image = image;
	}
	return view;
}

static const struct text_pair *labels_of(struct policy_views *views,
					 const struct container *container)
{
	struct text_pair *pairs = arena_array(&views->arena, struct text_pair,
					      container->label_count + 1);

	for (uint32_t i = 0; pairs && i < container->label_count; i++)
		pairs[i] = (struct text_pair){ text_view_of(container->labels[i].key),
					       text_view_of(container->labels[i].value) };
	return pairs;
}

/* A container that belongs to no pod is told of by `docker` alone, as the original does. */
static const struct pod_view *pod_of(struct policy_views *views, const struct identity *identity,
				     const struct process *process)
{
	const struct container *container = identity->container;
	struct pod_view *view;
	struct container_view *inside;

	if (!identity->pod || !container)
		return NULL;
	view = arena_new(&views->arena, struct pod_view);
	inside = view ? inside_of(views, container) : NULL;
	if (!inside)
		return NULL;
	if (process->own_pid)
		inside->pid = optional_u32_of(process->own_pid);
	view->namespace = text_view_of(identity->pod->namespace);
	view->name = text_view_of(identity->pod->name);
	view->uid = text_view_of(identity->pod->uid);
	view->container = inside;
	view->labels = labels_of(views, container);
	view->label_count = view->labels ? container->label_count : 0;
	return view;
}

static void set_identity(struct policy_views *views, const struct process *process,
			 struct process_view *view)
{
	const struct identity *identity = who__find(views->options->who, process->cgroup_id);

	if (!identity || !identity->container)
		return;
	view->container = policy_views__keep(views, identity->container->id,
					     strnlen(identity->container->id, CONTAINER_ID_SHOWN));
	view->pod = pod_of(views, identity, process);
}

/* ---- privileges ---- */

static const struct namespace_view *namespace_of(struct policy_views *views,
						 const struct process *process, uint32_t index)
{
	struct namespace_view *view = process->namespaces[index]
					      ? arena_new(&views->arena, struct namespace_view)
					      : NULL;

	if (view)
		*view = (struct namespace_view){
			.inode = process->namespaces[index],
			.is_host = process->namespaces[index] == views->host_namespaces[index],
		};
	return view;
}

static const struct namespaces_view *namespaces_of(struct policy_views *views,
						   const struct process *process)
{
	struct namespaces_view *view = arena_new(&views->arena, struct namespaces_view);

	if (view)
		*view = (struct namespaces_view){
			.uts = namespace_of(views, process, WHO_NAMESPACE_UTS),
			.ipc = namespace_of(views, process, WHO_NAMESPACE_IPC),
			.mnt = namespace_of(views, process, WHO_NAMESPACE_MNT),
			.pid = namespace_of(views, process, WHO_NAMESPACE_PID),
			.pid_for_children = namespace_of(views, process,
							 WHO_NAMESPACE_PID_FOR_CHILDREN),
			.net = namespace_of(views, process, WHO_NAMESPACE_NET),
			.time = namespace_of(views, process, WHO_NAMESPACE_TIME),
			.time_for_children = namespace_of(views, process,
							  WHO_NAMESPACE_TIME_FOR_CHILDREN),
			.cgroup = namespace_of(views, process, WHO_NAMESPACE_CGROUP),
			.user = namespace_of(views, process, WHO_NAMESPACE_USER),
		};
	return view;
}

static void set_privileges(struct policy_views *views, const struct process *process,
			   struct process_view *view)
{
	struct capabilities_view *capabilities = arena_new(&views->arena, struct capabilities_view);
	struct credentials_view *credentials = arena_new(&views->arena, struct credentials_view);
	const struct who_credentials *own = &process->credentials;

	if (!capabilities || !credentials)
		return;
	*capabilities = (struct capabilities_view){ own->permitted, own->effective,
						    own->inheritable };
	*credentials = (struct credentials_view){
		.uid = optional_u32_of(own->uid),
		.gid = optional_u32_of(own->gid),
		.euid = optional_u32_of(own->euid),
		.egid = optional_u32_of(own->egid),
		.suid = optional_u32_of(own->suid),
		.sgid = optional_u32_of(own->sgid),
		.fsuid = optional_u32_of(own->fsuid),
		.fsgid = optional_u32_of(own->fsgid),
		.securebits = own->securebits,
	};
	view->capabilities = capabilities;
	view->credentials = credentials;
}

static void set_raised(const struct process *process, struct binary_properties_view *view)
{
	view->privileges_changed = (uint64_t)process->raised << 1;
	if (process->raised & PROCESS_RAISED_BY_SETUID)
		view->setuid = optional_u32_of(process->credentials.euid);
	if (process->raised & PROCESS_RAISED_BY_SETGID)
		view->setgid = optional_u32_of(process->credentials.egid);
}

static const struct binary_properties_view *binary_of(struct policy_views *views,
						      const struct process *process)
{
	struct binary_properties_view *view = arena_new(&views->arena,
							struct binary_properties_view);
	struct file_properties_view *file;
	struct inode_view *inode;

	if (!view)
		return NULL;
	if (views->options->has_credentials)
		set_raised(process, view);
	file = *process->file ? arena_new(&views->arena, struct file_properties_view) : NULL;
	inode = file ? arena_new(&views->arena, struct inode_view) : NULL;
	if (!inode)
		return view;
	*inode = (struct inode_view){ process->inode, optional_u32_of(process->links) };
	*file = (struct file_properties_view){ inode, text_view_of(process->file) };
	view->file = file;
	return view;
}

/* What users are called in the machine says nothing of a container's: it has users of its own. */
static const struct user_view *user_of(struct policy_views *views, const struct process *process)
{
	const uint32_t *namespaces = process->namespaces, *host = views->host_namespaces;
	struct user_view *view;
	const char *name;

	if (namespaces[WHO_NAMESPACE_MNT] != host[WHO_NAMESPACE_MNT] ||
	    namespaces[WHO_NAMESPACE_USER] != host[WHO_NAMESPACE_USER])
		return NULL;
	name = host__user_name(views->options->host, process->credentials.euid);
	view = name ? arena_new(&views->arena, struct user_view) : NULL;
	if (view)
		view->name = policy_views__keep(views, name, strlen(name));
	return view;
}

/* ---- the environment ---- */

/* Where there is no memory for what is left, nothing is. */
static struct text_view hide_secrets(struct policy_views *views, const struct text_view *binary,
				     struct text_view arguments)
{
	int r = views->redaction
			? process_redaction__run(views->redaction, binary, &arguments, &views->text)
			: 0;

	if (r == 0)
		return arguments;
	return r > 0 ? policy_views__take_text(views) : (struct text_view){ .len = 0 };
}

/* Without a list all are wanted. */
static bool is_wanted(const char *names, const char *name, size_t len)
{
	if (!names || !*names)
		return true;
	while (*names) {
		size_t own = strcspn(names, ",");

		if (own == len && memcmp(names, name, len) == 0)
			return true;
		names += own + (names[own] == ',');
	}
	return false;
}

/* What has no = in it is told as Tetragon tells it. */
static struct text_pair split_variable(struct text_view variable)
{
	const char *sign = memchr(variable.data, '=', variable.len);
	size_t len = sign ? (size_t)(sign - variable.data) : 0;

	if (!sign)
		return (struct text_pair){ text_view_of("invalid"), variable };
	return (struct text_pair){ { variable.data, len }, { sign + 1, variable.len - len - 1 } };
}

static void set_environment(struct policy_views *views, const struct process *process,
			    struct process_view *view)
{
	const char *at = process->environment, *end = at + process->environment_size;
	struct text_pair *pairs;
	size_t count = 0;

	for (const char *byte = at; byte < end; byte++)
		count += *byte == '\0';
	pairs = count ? arena_array(&views->arena, struct text_pair, count) : NULL;
	for (size_t i = 0; pairs && i < count; i++) {
		struct text_view variable = { at, strlen(at) };

		at += variable.len + 1;
		if (is_wanted(views->options->environment_names, variable.data,
			      strcspn(variable.data, "=")))
			pairs[view->environment_count++] =
				split_variable(hide_secrets(views, &view->binary, variable));
	}
	view->environment = pairs;
}

/* ---- the whole ---- */

static void set_texts(struct policy_views *views, const struct process *process,
		      struct process_view *view)
{
	view->exec_id = exec_id_of(views, &process->key);
	if (process->parent.tgid || process->parent.time_ns)
		view->parent_exec_id = exec_id_of(views, &process->parent);
	view->cwd = policy_views__legible(views, text_view_of(process->cwd));
	view->binary = policy_views__legible(views, text_view_of(process->binary));
	process__add_arguments(process, &views->text);
	view->arguments = hide_secrets(
		views, &view->binary, policy_views__legible(views, policy_views__take_text(views)));
	process__add_flags(process, &views->text);
	view->flags = policy_views__take_text(views);
}

struct process_view *policy_views__process(struct policy_views *views,
					   const struct process *process)
{
	struct process_view *view = process ? arena_new(&views->arena, struct process_view) : NULL;

	if (!view)
		return NULL;
	set_texts(views, process, view);
	view->pid = optional_u32_of(process->key.tgid);
	view->tid = optional_u32_of(process->tid);
	view->uid = optional_u32_of(process->credentials.euid);
	view->auid = optional_u32_of(process->credentials.auid);
	view->start_time = event_time_from_ns(process->start_ns);
	/* Of an image of its own Tetragon tells it in events of hooks only. */
	view->references = !(process->flags & WHO_FLAG_EXEC);
	view->is_in_init_tree = optional_bool_of(process->flags & WHO_FLAG_IN_INIT_TREE);
	set_identity(views, process, view);
	if (views->options->has_credentials)
		set_privileges(views, process, view);
	if (views->options->has_namespaces)
		view->namespaces = namespaces_of(views, process);
	if (views->options->has_user_names)
		view->user = user_of(views, process);
	if (views->options->has_environment)
		set_environment(views, process, view);
	return view;
}

void policy_views__add_binary(struct policy_views *views, const struct process *process,
			      struct process_view *view)
{
	if (view && (*process->file || (views->options->has_credentials && process->raised)))
		view->binary_properties = binary_of(views, process);
	if (view && view->binary_properties)
		view->references = process->references + 1;
}

void policy_views__add_ancestors(struct policy_views *views, const struct process *process,
				 struct process_event *event)
{
	const struct process_table *table = who__processes(views->options->who);
	const struct process *found[ANCESTORS_MAX];
	size_t count = process_table__ancestors(table, process, found, ANCESTORS_MAX);
	const struct process_view **list = arena_array(&views->arena, const struct process_view *,
						       count + 1);

	for (size_t i = 0; list && i < count; i++) {
		list[i] = policy_views__process(views, found[i]);
		if (!list[i])
			return;
		event->ancestors = list;
		event->ancestor_count = (uint32_t)i + 1;
	}
}

const struct process_view *policy_views__unknown(struct policy_views *views, uint32_t tgid)
{
	struct process_view *view = arena_new(&views->arena, struct process_view);

	if (!view)
		return NULL;
	view->pid = optional_u32_of(tgid);
	view->flags = text_view_of("unknown");
	return view;
}
