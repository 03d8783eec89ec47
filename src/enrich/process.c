/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "enrich/process_private.h"

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

struct process_entry *process_table__find_entry(const struct process_table *table,
						const struct who_key *key)
{
	struct process_entry *entry = *bucket_of(table, key->tgid);

	while (entry &&
	       (entry->process.key.tgid != key->tgid || entry->process.key.time_ns != key->time_ns))
		entry = entry->next;
	return entry;
}

/* The newest of that number comes first. */
struct process_entry *process_table__find_newest(const struct process_table *table, uint32_t tgid)
{
	struct process_entry *entry = *bucket_of(table, tgid);

	while (entry && entry->process.key.tgid != tgid)
		entry = entry->next;
	return entry;
}

struct process_entry *process_table__find_live(const struct process_table *table, uint32_t tgid)
{
	struct process_entry *entry = process_table__find_newest(table, tgid);

	return entry && !entry->list ? entry : NULL;
}

const struct process *process_table__find(const struct process_table *table, uint32_t tgid)
{
	const struct process_entry *entry = process_table__find_newest(table, tgid);

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
	const struct process_entry *entry = process_table__find_entry(table, key);

	return entry ? &entry->process : NULL;
}

const struct process *process_table__next(const struct process_table *table, uint32_t *cursor,
					  const struct process *before)
{
	const struct process_entry *entry = (const struct process_entry *)before;

	entry = entry ? entry->next : NULL;
	for (;;) {
		for (; entry; entry = entry->next)
			if (!entry->list)
				return &entry->process;
		if (*cursor >> table->bucket_bits)
			return NULL;
		entry = table->buckets[(*cursor)++];
	}
}

const struct process *process_table__parent(const struct process_table *table,
					    const struct process *process)
{
	return process_table__find_key(table, &process->parent);
}

size_t process_table__ancestors(const struct process_table *table, const struct process *process,
				const struct process **ret_ancestors, size_t max)
{
	const struct process *at = process_table__parent(table, process);
	size_t count = 0;

	/* What is said of parents may go round in a circle: max bounds that, too. */
	while (at && count < max) {
		at = process_table__parent(table, at);
		if (at)
			ret_ancestors[count++] = at;
	}
	return count;
}

/* ---- coming and going ------------------------------------------------------------------------- */

void process_table__hold_parent(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *parent = process_table__find_entry(table, &entry->process.parent);

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
	struct process_entry *parent = process_table__find_entry(table, &entry->process.parent);

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

void process_table__remove_entry(struct process_table *table, struct process_entry *entry)
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

void process_table__end_entry(struct process_table *table, struct process_entry *entry,
			      uint64_t now_ns)
{
	if (entry->list)
		return;
	entry->process.end_ns = now_ns ? (int64_t)now_ns : 1;
	list__add(entry->process.references ? &table->held : &table->idle, entry);
	table->figures.live--;
	table->figures.remembered++;
}

int process_table__make_room(struct process_table *table)
{
	struct process_entry *victim = table->idle.oldest ? table->idle.oldest : table->held.oldest;

	if (table->count < table->options.max)
		return 0;
	if (!victim) {
		table->figures.dropped++;
		return -ENOSPC;
	}
	table->figures.evicted++;
	process_table__remove_entry(table, victim);
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
struct process_entry *process_entry__new(const struct who_key *key, const struct who_key *parent)
{
	struct process_entry *entry = new_zero(struct process_entry);

	if (!entry)
		return NULL;
	entry->process.key = *key;
	entry->process.parent = *parent;
	entry->process.binary = entry->process.interpreter = entry->process.file = "";
	entry->process.cwd = entry->process.arguments = entry->process.environment = "";
	entry->process.credentials.auid = WHO_UID_UNSET;
	/* Unsigned: of what is no time at all the sum need not fit. */
	entry->process.start_ns =
		(int64_t)((uint64_t)(clock_wall_ns() - clock_monotonic_ns()) + key->time_ns);
	return entry;
}

/* Takes it. What was there of its number, and is older, has ended without a word: there is one live entry of a number at
 * most, and it is the newest. */
void process_table__add_entry(struct process_table *table, struct process_entry *entry)
{
	struct process_entry *before = process_table__find_live(table, entry->process.key.tgid);

	if (before && before->process.key.time_ns <= entry->process.key.time_ns)
		process_table__end_entry(table, before, entry->process.key.time_ns);
	insert_entry(table, entry);
	if (process_table__find_newest(table, entry->process.key.tgid) != entry)
		process_table__end_entry(table, entry,
					 entry->process.key.time_ns); /* told too late */
	if (entry->text && entry->text->references == 1)
		table->figures.text_bytes += entry->text->size;
	process_table__hold_parent(table, entry);
}

/* ---- as time goes by --------------------------------------------------------------------------- */

void process_table__expire(struct process_table *table, int64_t now_ns)
{
	if (table->has_loose)
		process_table__tie_seeds(table);
	while (table->idle.oldest &&
	       table->idle.oldest->process.end_ns <= now_ns - table->options.keep_ns)
		process_table__remove_entry(table, table->idle.oldest);
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
