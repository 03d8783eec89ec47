/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of record does to the table of processes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "enrich/process_private.h"
#include "host/proc_pid.h"

/* A process that calls exec again and again would fill the table with its own past. */
#define IMAGES_MAX 16
#define ANCESTORS_MAX 64 /* that are gone through for the flag of the init tree */

/* ---- seeds ------------------------------------------------------------------------------------ */

static void set_task(struct process *process, const struct who_task *task)
{
	process->cgroup_id = task->cgroup_id;
	process->flags = task->flags;
	process->tid = task->tid;
	process->own_pid = task->own_pid;
	process->credentials = task->credentials;
	memcpy(process->namespaces, task->namespaces, sizeof(process->namespaces));
}

#define DELETED " (deleted)"

/* What /proc appends to the name of a file that has none any more. */
static size_t strip_deleted(const char *path)
{
	size_t len = strlen(path), suffix = sizeof(DELETED) - 1;

	return len > suffix && strcmp(path + len - suffix, DELETED) == 0 ? len - suffix : 0;
}

/* As ps and Tetragon show one: it runs no file, and is in no directory of its own. */
static int name_kernel_thread(struct process_entry *entry, const struct who_seed *seed)
{
	char text[WHO_COMM_SIZE + 3];
	struct process_names names = { .filename = text };

	names.filename_size = (size_t)snprintf(text, sizeof(text), "[%.*s]", WHO_COMM_SIZE,
					       seed->comm);
	return process_names__bind(&names, entry);
}

static int name_seed(const struct process_table *table, struct process_entry *entry,
		     const struct who_seed *seed)
{
	struct proc_pid proc = { 0 };
	struct process_names names = { .filename = seed->comm,
				       .filename_size = sizeof(seed->comm) };
	size_t deleted;
	int r;

	if (seed->task.flags & WHO_FLAG_KERNEL_THREAD)
		return name_kernel_thread(entry, seed);
	if (table->options.host)
		(void)host__proc_pid(table->options.host, seed->task.process.tgid,
				     WHO_ARGUMENTS_MAX, &proc); /* its name will have to do */
	deleted = strip_deleted(proc.exe);
	if (proc.exe[0]) {
		names.filename = proc.exe;
		names.filename_size = deleted ? deleted : strlen(proc.exe);
	}
	if (deleted) {
		names.file = proc.exe;
		names.file_size = deleted;
	}
	entry->process.links = !deleted;
	names.cwd = proc.cwd;
	names.cwd_size = strlen(proc.cwd);
	names.last = proc.arguments;
	names.last_size = proc.arguments_len;
	if (strcmp(proc.cwd, "/") == 0)
		entry->process.flags |= WHO_FLAG_ROOT_CWD;
	r = process_names__bind(&names, entry);
	proc_pid__done(&proc);
	return r;
}

static int take_seed(struct process_table *table, const void *record, size_t len)
{
	struct process_entry *entry;
	struct who_seed seed;
	int r;

	(void)len;
	memcpy(&seed, record, sizeof(seed));
	/* Told already, by an earlier walk or, later than this row, by the ring. */
	entry = process_table__find_newest(table, seed.task.process.tgid);
	if (entry && entry->process.key.time_ns >= seed.task.process.time_ns)
		return 0;
	r = process_table__make_room(table);
	if (r < 0)
		return r;
	entry = process_entry__new(&seed.task.process, &seed.task.parent);
	if (!entry)
		return -ENOMEM;
	set_task(&entry->process, &seed.task);
	r = name_seed(table, entry, &seed);
	if (r < 0) {
		free(entry);
		return r;
	}
	process_table__add_entry(table, entry);
	table->figures.seeded++;
	table->has_loose |= !entry->holds_parent;
	return 0;
}

static bool is_below_init(const struct process_table *table, const struct process_entry *entry)
{
	for (int i = 0; entry && i < ANCESTORS_MAX; i++) {
		if (entry->process.flags & WHO_FLAG_IN_INIT_TREE)
			return true;
		entry = process_table__find_entry(table, &entry->process.parent);
	}
	return false;
}

void process_table__tie_seeds(struct process_table *table)
{
	uint32_t buckets = 1u << table->bucket_bits;

	table->has_loose = false;
	for (uint32_t i = 0; i < buckets; i++)
		for (struct process_entry *entry = table->buckets[i]; entry; entry = entry->next)
			process_table__hold_parent(table, entry);
	for (uint32_t i = 0; i < buckets; i++)
		for (struct process_entry *entry = table->buckets[i]; entry; entry = entry->next)
			if (is_below_init(table, entry))
				entry->process.flags |= WHO_FLAG_IN_INIT_TREE;
}

/* ---- fork ------------------------------------------------------------------------------------- */

/* All that a fork leaves as it was. */
static void inherit(struct process_entry *entry, const struct process_entry *parent)
{
	struct process *process = &entry->process;
	const struct process *from = &parent->process;

	process->credentials = from->credentials;
	memcpy(process->namespaces, from->namespaces, sizeof(process->namespaces));
	process->namespaces[WHO_NAMESPACE_PID] = from->namespaces[WHO_NAMESPACE_PID_FOR_CHILDREN];
	process->inode = from->inode;
	process->links = from->links;
	process->binary = from->binary;
	process->binary_hash = from->binary_hash;
	process->interpreter = from->interpreter;
	process->file = from->file;
	process->cwd = from->cwd;
	process->arguments = from->arguments;
	process->arguments_size = from->arguments_size;
	process->environment = from->environment;
	process->environment_size = from->environment_size;
	process->flags |= from->flags & (WHO_FLAG_ROOT_CWD | WHO_FLAG_ARGUMENTS_CUT);
	entry->text = parent->text;
	if (entry->text)
		entry->text->references++;
}

static int take_fork(struct process_table *table, const void *record, size_t len)
{
	struct process_entry *entry;
	const struct process_entry *parent;
	struct who_fork fork;
	int r;

	(void)len;
	memcpy(&fork, record, sizeof(fork));
	if (process_table__find_entry(table, &fork.process))
		return 0;
	r = process_table__make_room(table);
	if (r < 0)
		return r;
	entry = process_entry__new(&fork.process, &fork.parent);
	if (!entry)
		return -ENOMEM;
	entry->process.flags = fork.flags;
	entry->process.cgroup_id = fork.cgroup_id;
	entry->process.tid = fork.process.tgid;
	entry->process.own_pid = fork.own_pid;
	parent = process_table__find_entry(table, &fork.parent);
	if (parent)
		inherit(entry, parent);
	entry->process.is_missed = !parent;
	table->figures.missed += !parent;
	table->figures.forks++;
	process_table__add_entry(table, entry);
	return 0;
}

/* ---- exec ------------------------------------------------------------------------------------- */

static int take_arguments(struct process_table *table, const void *record, size_t len)
{
	struct who_arguments piece;

	memcpy(&piece, record, sizeof(piece));
	if (piece.piece_size != len - sizeof(piece)) {
		table->figures.malformed++;
		return -EINVAL;
	}
	return process_pieces__add(table, &piece, (const char *)record + sizeof(piece));
}

/* The texts behind the record. False when they are not as long as it says. */
static bool slice_names(const struct who_exec *exec, const void *record, size_t len,
			struct process_names *names)
{
	const char *at = (const char *)record + sizeof(*exec);

	if ((size_t)exec->filename_size + exec->interpreter_size + exec->cwd_size +
		    exec->file_size + exec->piece_size !=
	    len - sizeof(*exec))
		return false;
	*names = (struct process_names){ .filename_size = exec->filename_size,
					 .interpreter_size = exec->interpreter_size,
					 .cwd_size = exec->cwd_size,
					 .file_size = exec->file_size,
					 .last_size = exec->piece_size,
					 .are_components = true };
	names->filename = at;
	names->interpreter = names->filename + names->filename_size;
	names->cwd = names->interpreter + names->interpreter_size;
	names->file = names->cwd + names->cwd_size;
	names->last = names->file + names->file_size;
	return true;
}

/* With what came before in pieces. Behind a piece that is missing nothing is taken. */
static void add_pieces(struct process_table *table, const struct who_exec *exec,
		       struct process_names *names, const struct process_pieces *pieces,
		       struct process *process)
{
	size_t before = pieces ? pieces->len : 0;

	if (pieces) {
		names->first = pieces->bytes;
		names->first_size = pieces->len;
	}
	if (before + names->last_size != exec->arguments_size) {
		names->last_size = 0;
		process->flags |= WHO_FLAG_ARGUMENTS_CUT;
	}
	if (process->flags & (WHO_FLAG_ARGUMENTS_CUT | WHO_FLAG_ARGUMENTS_ERROR))
		table->figures.arguments_lost++;
}

/* Only so many images of one process stay. */
static void forget_old_images(struct process_table *table, const struct process_entry *entry)
{
	struct process_entry *image = process_table__find_entry(table, &entry->process.parent);

	/* What is said of parents need not be true: they may even go round in a circle. */
	for (int i = 1; i < IMAGES_MAX; i++) {
		if (!image || image->process.key.tgid != entry->process.key.tgid)
			return;
		image = process_table__find_entry(table, &image->process.parent);
	}
	if (image && image->process.key.tgid == entry->process.key.tgid && image->list)
		process_table__remove_entry(table, image);
}

static int fill_exec(struct process_table *table, struct process_entry *entry,
		     const struct who_exec *exec, struct process_names *names)
{
	const struct who_key *key = &exec->task.process;
	struct process_pieces *pieces = process_pieces__find(table, WHO_RECORD_ARGUMENTS, key);
	struct process_pieces *environment = process_pieces__find(table, WHO_RECORD_ENVIRONMENT,
								  key);
	int r;

	set_task(&entry->process, &exec->task);
	entry->process.binary_hash = exec->binary_hash;
	entry->process.flags |= WHO_FLAG_EXEC;
	entry->process.inode = exec->inode;
	entry->process.links = exec->links;
	add_pieces(table, exec, names, pieces, &entry->process);
	if (environment) {
		names->environment = environment->bytes;
		names->environment_size = environment->len;
	}
	if (names->environment_size != exec->environment_size)
		entry->process.flags |= WHO_FLAG_ENVIRONMENT_CUT;
	r = process_names__bind(names, entry);
	if (pieces)
		process_pieces__drop(pieces);
	if (environment)
		process_pieces__drop(environment);
	return r;
}

/* The bits of the file took (fill_file() in bpf/who.bpf.c); of those only root's are more privileges than before. */
static uint8_t raised_by(const struct process *process, const struct process *before)
{
	const struct who_credentials *now = &process->credentials;
	uint32_t raised = 0;

	if (process->flags & WHO_FLAG_SETUID && now->euid == 0 && now->uid != 0)
		raised |= PROCESS_RAISED_BY_SETUID;
	if (process->flags & WHO_FLAG_SETGID && now->egid == 0 && now->gid != 0)
		raised |= PROCESS_RAISED_BY_SETGID;
	if (before && now->permitted & ~before->credentials.permitted &&
	    !(raised & PROCESS_RAISED_BY_SETUID))
		raised |= PROCESS_RAISED_BY_CAPABILITIES;
	return (uint8_t)raised;
}

static int add_exec(struct process_table *table, const struct who_exec *exec,
		    struct process_names *names)
{
	struct process_entry *entry, *before;
	int r = process_table__make_room(table);

	if (r < 0)
		return r;
	entry = process_entry__new(&exec->task.process, &exec->task.parent);
	r = entry ? fill_exec(table, entry, exec, names) : -ENOMEM;
	if (r < 0) {
		free(entry);
		return r;
	}
	before = process_table__find_live(table, exec->task.process.tgid);
	entry->process.raised = raised_by(&entry->process, before ? &before->process : NULL);
	entry->process.is_missed = !before;
	table->figures.missed += !before;
	table->figures.execs++;
	process_table__add_entry(table, entry);
	forget_old_images(table, entry);
	if (table->options.exec)
		table->options.exec(table->options.ctx, &entry->process);
	return 0;
}

static int take_exec(struct process_table *table, const void *record, size_t len)
{
	struct process_names names;
	struct who_exec exec;

	memcpy(&exec, record, sizeof(exec));
	if (!slice_names(&exec, record, len, &names)) {
		table->figures.malformed++;
		return -EINVAL;
	}
	if (process_table__find_entry(table, &exec.task.process))
		return 0;
	return add_exec(table, &exec, &names);
}

/* ---- from cgroup to cgroup --------------------------------------------------------------------- */

static int take_moved(struct process_table *table, const void *record, size_t len)
{
	struct process_entry *entry;
	struct who_moved moved;

	(void)len;
	memcpy(&moved, record, sizeof(moved));
	entry = process_table__find_entry(table, &moved.process);
	if (entry)
		entry->process.cgroup_id = moved.cgroup_id;
	return 0;
}

/* ---- exit ------------------------------------------------------------------------------------- */

static int take_exit(struct process_table *table, const void *record, size_t len)
{
	struct process_entry *entry;
	struct who_exit exit;

	(void)len;
	memcpy(&exit, record, sizeof(exit));
	entry = process_table__find_entry(table, &exit.process);
	if (!entry) {
		/* What made this image was lost: it is the same process all the same. */
		table->figures.missed++;
		entry = process_table__find_live(table, exit.process.tgid);
	}
	if (!entry || entry->list)
		return 0;
	table->figures.exits++;
	entry->process.exit_code = exit.code;
	entry->process.is_exited = true;
	process_table__end_entry(table, entry, exit.header.time_ns);
	if (table->options.exit)
		table->options.exit(table->options.ctx, &entry->process);
	return 0;
}

/* ---- all records ------------------------------------------------------------------------------ */

static const struct {
	size_t size_min;
	bool has_texts;
	int (*take)(struct process_table *table, const void *record, size_t len);
} kinds[WHO_RECORD_COUNT] = {
	[WHO_RECORD_ARGUMENTS] = { sizeof(struct who_arguments), true, take_arguments },
	[WHO_RECORD_EXEC] = { sizeof(struct who_exec), true, take_exec },
	[WHO_RECORD_FORK] = { sizeof(struct who_fork), false, take_fork },
	[WHO_RECORD_EXIT] = { sizeof(struct who_exit), false, take_exit },
	[WHO_RECORD_ENVIRONMENT] = { sizeof(struct who_arguments), true, take_arguments },
	[WHO_RECORD_MOVED] = { sizeof(struct who_moved), false, take_moved },
	[WHO_RECORD_SEED] = { sizeof(struct who_seed), false, take_seed },
};

static bool is_well_formed(const struct who_header *header, size_t len)
{
	if (header->version != WHO_VERSION || header->size != len || header->kind == 0 ||
	    header->kind >= WHO_RECORD_COUNT)
		return false;
	return kinds[header->kind].has_texts
		       ? len >= kinds[header->kind].size_min
		       : !kinds[header->kind].take || len == kinds[header->kind].size_min;
}

int process_table__take(struct process_table *table, const void *record, size_t len)
{
	struct who_header header = { 0 };

	if (len >= sizeof(header))
		memcpy(&header, record, sizeof(header));
	if (!is_well_formed(&header, len)) {
		table->figures.malformed++;
		return -EINVAL;
	}
	if (!kinds[header.kind].take)
		return 0;
	if (table->has_loose && header.kind != WHO_RECORD_SEED)
		process_table__tie_seeds(table);
	return kinds[header.kind].take(table, record, len);
}
