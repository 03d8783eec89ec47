/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "enrich/process_private.h"
#include "host/proc_pid.h"

/* A process that calls exec again and again would fill the table with its own past. */
#define IMAGES_MAX 16
#define ANCESTORS_MAX 64 /* that are gone through for the flag of the init tree */

/* ---- lists of those that ended ---------------------------------------------------------------- */

static void list__add(struct process_list *list, struct process_entry *entry)
{
	entry->list = list;
	entry->newer = NULL;
	entry->older = list->newest;
	if (list->newest)
		list->newest->newer = entry;
	else
		list->oldest = entry;
	list->newest = entry;
}

static void list__remove(struct process_entry *entry)
{
	struct process_list *list = entry->list;

	if (!list)
		return;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		list->newest = entry->older;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		list->oldest = entry->newer;
	entry->list = NULL;
}

/* ---- finding ---------------------------------------------------------------------------------- */

static struct process_entry **bucket_of(const struct process_table *table, uint32_t tgid)
{
	return &table->buckets[tgid * 2654435761u >> (32 - table->bucket_bits)];
}

static struct process_entry *find_entry(const struct process_table *table,
					const struct who_key *key)
{
	struct process_entry *entry = *bucket_of(table, key->tgid);

	while (entry &&
	       (entry->process.key.tgid != key->tgid || entry->process.key.time_ns != key->time_ns))
		entry = entry->next;
	return entry;
}

/* The newest of that number comes first. */
static struct process_entry *find_newest(const struct process_table *table, uint32_t tgid)
{
	struct process_entry *entry = *bucket_of(table, tgid);

	while (entry && entry->process.key.tgid != tgid)
		entry = entry->next;
	return entry;
}

static struct process_entry *find_live(const struct process_table *table, uint32_t tgid)
{
	struct process_entry *entry = find_newest(table, tgid);

	return entry && !entry->list ? entry : NULL;
}

const struct process *process_table__find(const struct process_table *table, uint32_t tgid)
{
	const struct process_entry *entry = find_newest(table, tgid);

	return entry ? &entry->process : NULL;
}

const struct process *process_table__find_at(const struct process_table *table, uint32_t tgid,
					     uint64_t time_ns)
{
	const struct process_entry *entry = *bucket_of(table, tgid);

	while (entry && (entry->process.key.tgid != tgid || entry->process.key.time_ns > time_ns))
		entry = entry->next;
	return entry ? &entry->process : NULL;
}

const struct process *process_table__find_key(const struct process_table *table,
					      const struct who_key *key)
{
	const struct process_entry *entry = find_entry(table, key);

	return entry ? &entry->process : NULL;
}

const struct process *process_table__parent(const struct process_table *table,
					    const struct process *process)
{
	return process_table__find_key(table, &process->parent);
}

/* ---- coming and going ------------------------------------------------------------------------- */

static void hold_parent(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *parent = find_entry(table, &entry->process.parent);

	if (entry->holds_parent || !parent || parent == entry)
		return;
	entry->holds_parent = true;
	parent->process.references++;
	entry->process.flags |= parent->process.flags & WHO_FLAG_IN_INIT_TREE;
	if (parent->list == &table->idle) {
		list__remove(parent);
		list__add(&table->held, parent);
	}
}

static void release_parent(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *parent = find_entry(table, &entry->process.parent);

	/* It may have been evicted, and told anew. */
	if (!entry->holds_parent || !parent || parent->process.references == 0)
		return;
	entry->holds_parent = false;
	if (--parent->process.references == 0 && parent->list) {
		list__remove(parent);
		list__add(&table->idle, parent);
	}
}

static void release_text(struct process_table *table, struct process_text *text)
{
	if (!text || --text->references > 0)
		return;
	table->figures.text_bytes -= text->size;
	free(text);
}

static void remove_entry(struct process_table *table, struct process_entry *entry)
{
	struct process_entry **link = bucket_of(table, entry->process.key.tgid);

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	if (entry->list)
		table->figures.remembered--;
	else
		table->figures.live--;
	list__remove(entry);
	release_parent(table, entry);
	release_text(table, entry->text);
	free(entry);
	table->count--;
}

static void end_entry(struct process_table *table, struct process_entry *entry, uint64_t now_ns)
{
	if (entry->list)
		return;
	entry->process.end_ns = now_ns ? (int64_t)now_ns : 1;
	list__add(entry->process.references ? &table->held : &table->idle, entry);
	table->figures.live--;
	table->figures.remembered++;
}

static int make_room(struct process_table *table)
{
	struct process_entry *victim = table->idle.oldest ? table->idle.oldest : table->held.oldest;

	if (table->count < table->options.max)
		return 0;
	if (!victim) {
		table->figures.dropped++;
		return -ENOSPC;
	}
	table->figures.evicted++;
	remove_entry(table, victim);
	return 0;
}

/* In its bucket behind those of its number that are newer: the newest is found first. */
static void insert_entry(struct process_table *table, struct process_entry *entry)
{
	struct process_entry **place = bucket_of(table, entry->process.key.tgid);
	const struct who_key *key = &entry->process.key;

	for (struct process_entry **link = place; *link; link = &(*link)->next)
		if ((*link)->process.key.tgid == key->tgid &&
		    (*link)->process.key.time_ns > key->time_ns)
			place = &(*link)->next;
	entry->next = *place;
	*place = entry;
	table->count++;
	table->figures.live++;
}

/* Not in the table yet. NULL: no memory. */
static struct process_entry *new_entry(const struct who_key *key, const struct who_key *parent)
{
	struct process_entry *entry = new_zero(struct process_entry);

	if (!entry)
		return NULL;
	entry->process.key = *key;
	entry->process.parent = *parent;
	entry->process.binary = entry->process.interpreter = entry->process.file = "";
	entry->process.cwd = entry->process.arguments = "";
	entry->process.credentials.auid = WHO_UID_UNSET;
	/* Unsigned: of what is no time at all the sum need not fit. */
	entry->process.start_ns =
		(int64_t)((uint64_t)(clock_wall_ns() - clock_monotonic_ns()) + key->time_ns);
	return entry;
}

/* Takes it. What was there of its number, and is older, has ended without a word: there is one live entry of a number at
 * most, and it is the newest. */
static void add_entry(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *before = find_live(table, entry->process.key.tgid);

	if (before && before->process.key.time_ns <= entry->process.key.time_ns)
		end_entry(table, before, entry->process.key.time_ns);
	insert_entry(table, entry);
	if (find_newest(table, entry->process.key.tgid) != entry)
		end_entry(table, entry, entry->process.key.time_ns); /* told too late */
	if (entry->text && entry->text->references == 1)
		table->figures.text_bytes += entry->text->size;
	hold_parent(table, entry);
}

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

static int name_seed(const struct process_table *table, struct process_entry *entry,
		     const struct who_seed *seed)
{
	struct proc_pid proc = { 0 };
	struct process_names names = { .filename = seed->comm,
				       .filename_size = sizeof(seed->comm) };
	size_t deleted;
	int r;

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
	entry = find_newest(table, seed.task.process.tgid);
	if (entry && entry->process.key.time_ns >= seed.task.process.time_ns)
		return 0;
	r = make_room(table);
	if (r < 0)
		return r;
	entry = new_entry(&seed.task.process, &seed.task.parent);
	if (!entry)
		return -ENOMEM;
	set_task(&entry->process, &seed.task);
	r = name_seed(table, entry, &seed);
	if (r < 0) {
		free(entry);
		return r;
	}
	add_entry(table, entry);
	table->figures.seeded++;
	table->has_loose |= !entry->holds_parent;
	return 0;
}

static bool is_below_init(const struct process_table *table, const struct process_entry *entry)
{
	for (int i = 0; entry && i < ANCESTORS_MAX; i++) {
		if (entry->process.flags & WHO_FLAG_IN_INIT_TREE)
			return true;
		entry = find_entry(table, &entry->process.parent);
	}
	return false;
}

/* Once all seeds are there: their parents need not have come before them. */
static void tie_seeds(struct process_table *table)
{
	uint32_t buckets = 1u << table->bucket_bits;

	table->has_loose = false;
	for (uint32_t i = 0; i < buckets; i++)
		for (struct process_entry *entry = table->buckets[i]; entry; entry = entry->next)
			hold_parent(table, entry);
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
	process->interpreter = from->interpreter;
	process->file = from->file;
	process->cwd = from->cwd;
	process->arguments = from->arguments;
	process->arguments_size = from->arguments_size;
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
	if (find_entry(table, &fork.process))
		return 0;
	r = make_room(table);
	if (r < 0)
		return r;
	entry = new_entry(&fork.process, &fork.parent);
	if (!entry)
		return -ENOMEM;
	entry->process.flags = fork.flags;
	entry->process.cgroup_id = fork.cgroup_id;
	entry->process.tid = fork.process.tgid;
	entry->process.own_pid = fork.own_pid;
	parent = find_entry(table, &fork.parent);
	if (parent)
		inherit(entry, parent);
	entry->process.is_missed = !parent;
	table->figures.missed += !parent;
	table->figures.forks++;
	add_entry(table, entry);
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
	struct process_entry *image = find_entry(table, &entry->process.parent);

	/* What is said of parents need not be true: they may even go round in a circle. */
	for (int i = 1; i < IMAGES_MAX; i++) {
		if (!image || image->process.key.tgid != entry->process.key.tgid)
			return;
		image = find_entry(table, &image->process.parent);
	}
	if (image && image->process.key.tgid == entry->process.key.tgid && image->list)
		remove_entry(table, image);
}

static int fill_exec(struct process_table *table, struct process_entry *entry,
		     const struct who_exec *exec, struct process_names *names)
{
	struct process_pieces *pieces = process_pieces__find(table, &exec->task.process);
	int r;

	set_task(&entry->process, &exec->task);
	entry->process.flags |= WHO_FLAG_EXEC;
	entry->process.inode = exec->inode;
	entry->process.links = exec->links;
	add_pieces(table, exec, names, pieces, &entry->process);
	r = process_names__bind(names, entry);
	if (pieces)
		process_pieces__drop(pieces);
	return r;
}

static int add_exec(struct process_table *table, const struct who_exec *exec,
		    struct process_names *names)
{
	struct process_entry *entry, *before;
	int r = make_room(table);

	if (r < 0)
		return r;
	entry = new_entry(&exec->task.process, &exec->task.parent);
	r = entry ? fill_exec(table, entry, exec, names) : -ENOMEM;
	if (r < 0) {
		free(entry);
		return r;
	}
	before = find_live(table, exec->task.process.tgid);
	if (before)
		entry->process.is_raised = (exec->task.credentials.permitted &
					    ~before->process.credentials.permitted) != 0;
	entry->process.is_missed = !before;
	table->figures.missed += !before;
	table->figures.execs++;
	add_entry(table, entry);
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
	if (find_entry(table, &exec.task.process))
		return 0;
	return add_exec(table, &exec, &names);
}

/* ---- exit ------------------------------------------------------------------------------------- */

static int take_exit(struct process_table *table, const void *record, size_t len)
{
	struct process_entry *entry;
	struct who_exit exit;

	(void)len;
	memcpy(&exit, record, sizeof(exit));
	entry = find_entry(table, &exit.process);
	if (!entry) {
		/* What made this image was lost: it is the same process all the same. */
		table->figures.missed++;
		entry = find_live(table, exit.process.tgid);
	}
	if (!entry || entry->list)
		return 0;
	table->figures.exits++;
	entry->process.exit_code = exit.code;
	entry->process.is_exited = true;
	end_entry(table, entry, exit.header.time_ns);
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
		tie_seeds(table);
	return kinds[header.kind].take(table, record, len);
}

void process_table__expire(struct process_table *table, int64_t now_ns)
{
	if (table->has_loose)
		tie_seeds(table);
	while (table->idle.oldest &&
	       table->idle.oldest->process.end_ns <= now_ns - table->options.keep_ns)
		remove_entry(table, table->idle.oldest);
}

void process_table__figures(const struct process_table *table,
			    struct process_table_figures *ret_figures)
{
	*ret_figures = table->figures;
}

/* ---- new and free ----------------------------------------------------------------------------- */

static uint32_t bits_for(uint32_t count)
{
	uint32_t bits = 1;

	while (bits < 20 && 1u << bits < count)
		bits++;
	return bits;
}

int process_table__new(const struct process_options *options, struct process_table **ret_table)
{
	struct process_table *table = new_zero(struct process_table);

	if (!table)
		return -ENOMEM;
	table->options = *options;
	if (table->options.max == 0)
		table->options.max = PROCESS_MAX;
	if (table->options.keep_ns == 0)
		table->options.keep_ns = PROCESS_KEEP_NS;
	table->bucket_bits = bits_for(table->options.max);
	table->buckets = new_array(struct process_entry *, (size_t)1 << table->bucket_bits);
	table->node = strdup(options->node ? options->node : "");
	table->options.node = table->node;
	if (!table->buckets || !table->node) {
		process_table__free(table);
		return -ENOMEM;
	}
	*ret_table = table;
	return 0;
}

struct process_table *process_table__free(struct process_table *table)
{
	if (!table)
		return NULL;
	for (uint32_t i = 0; table->buckets && i < 1u << table->bucket_bits; i++) {
		struct process_entry *entry = table->buckets[i];

		while (entry) {
			struct process_entry *next = entry->next;

			release_text(table, entry->text);
			free(entry);
			entry = next;
		}
	}
	for (size_t i = 0; i < PROCESS_PIECES_MAX; i++)
		process_pieces__drop(&table->pieces[i]);
	free(table->buckets);
	free(table->node);
	free(table);
	return NULL;
}
