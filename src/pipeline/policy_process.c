/* SPDX-License-Identifier: Apache-2.0 */
/* Processes as Tetragon's events show them. */
#include <string.h>

#include "filter/process_redaction.h"
#include "pipeline/policy_views.h"
#include "pipeline/who.h"

#define CONTAINER_ID_SHOWN 31 /* of Tetragon's `docker` */

void policy_views__done(struct policy_views *views)
{
	arena__done(&views->arena);
	strbuf__done(&views->text);
}

void policy_views__begin(struct policy_views *views)
{
	arena__reset(&views->arena);
}

struct text_view policy_views__keep(struct policy_views *views, const char *text, size_t len)
{
	const char *copy = len ? arena__strndup(&views->arena, text, len) : NULL;

	return copy ? (struct text_view){ copy, len } : (struct text_view){ 0 };
}

struct text_view policy_views__take_text(struct policy_views *views)
{
	struct text_view view = policy_views__keep(views, views->text.data, views->text.len);

	views->text.len = 0;
	return view;
}

static struct text_view exec_id_of(struct policy_views *views, const struct who_key *key)
{
	process_table__add_exec_id(who__processes(views->who), key, &views->text);
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
	const struct identity *identity = who__find(views->who, process->cgroup_id);

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

static const struct binary_properties_view *binary_of(struct policy_views *views,
						      const struct process *process)
{
	struct binary_properties_view *view;
	struct file_properties_view *file;
	struct inode_view *inode;

	if (!process->raised && !*process->file)
		return NULL;
	view = arena_new(&views->arena, struct binary_properties_view);
	if (!view)
		return NULL;
	view->privileges_changed = (uint64_t)process->raised << 1;
	if (process->raised & PROCESS_RAISED_BY_SETUID)
		view->setuid = optional_u32_of(process->credentials.euid);
	if (process->raised & PROCESS_RAISED_BY_SETGID)
		view->setgid = optional_u32_of(process->credentials.egid);
	file = *process->file ? arena_new(&views->arena, struct file_properties_view) : NULL;
	inode = file ? arena_new(&views->arena, struct inode_view) : NULL;
	if (!inode)
		return view;
	*inode = (struct inode_view){ process->inode, optional_u32_of(process->links) };
	*file = (struct file_properties_view){ inode, text_view_of(process->file) };
	view->file = file;
	return view;
}

/* ---- the whole ---- */

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

static void set_texts(struct policy_views *views, const struct process *process,
		      struct process_view *view)
{
	view->exec_id = exec_id_of(views, &process->key);
	if (process->parent.tgid || process->parent.time_ns)
		view->parent_exec_id = exec_id_of(views, &process->parent);
	view->cwd = text_view_of(process->cwd);
	view->binary = text_view_of(process->binary);
	process__add_arguments(process, &views->text);
	view->arguments = hide_secrets(views, &view->binary, policy_views__take_text(views));
	process__add_flags(process, &views->text);
	view->flags = policy_views__take_text(views);
}

const struct process_view *policy_views__process(struct policy_views *views,
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
	view->references = process->references;
	view->is_in_init_tree = optional_bool_of(process->flags & WHO_FLAG_IN_INIT_TREE);
	set_identity(views, process, view);
	if (views->wants_credentials)
		set_privileges(views, process, view);
	if (views->wants_namespaces)
		view->namespaces = namespaces_of(views, process);
	view->binary_properties = binary_of(views, process);
	return view;
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
