/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments that are longer than a record, and the environment: their pieces come first and wait here for the exec that
 * they belong to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "enrich/process_private.h"

static bool same_key(const struct who_key *a, const struct who_key *b)
{
	return a->tgid == b->tgid && a->time_ns == b->time_ns;
}

struct process_pieces *process_pieces__find(struct process_table *table, uint16_t kind,
					    const struct who_key *key)
{
	for (size_t i = 0; i < PROCESS_PIECES_MAX; i++)
		if (table->pieces[i].bytes && table->pieces[i].kind == kind &&
		    same_key(&table->pieces[i].key, key))
			return &table->pieces[i];
	return NULL;
}

/* A free place; or that which waits longest, whose exec was lost, or is late behind 15 others. */
static struct process_pieces *find_place(struct process_table *table)
{
	struct process_pieces *oldest = &table->pieces[0];

	for (size_t i = 0; i < PROCESS_PIECES_MAX; i++) {
		if (!table->pieces[i].bytes)
			return &table->pieces[i];
		if (table->pieces[i].time_ns < oldest->time_ns)
			oldest = &table->pieces[i];
	}
	process_pieces__drop(oldest);
	return oldest;
}

int process_pieces__add(struct process_table *table, const struct who_arguments *piece,
			const char *bytes)
{
	struct process_pieces *pieces = process_pieces__find(table, piece->header.kind,
							     &piece->process);
	int r;

	if (!pieces) {
		if (piece->offset != 0)
			return 0; /* a piece before it was lost: the exec record shows that */
		pieces = find_place(table);
		pieces->kind = piece->header.kind;
		pieces->key = piece->process;
	}
	if (piece->offset != pieces->len || pieces->len + piece->piece_size > WHO_ARGUMENTS_MAX)
		return 0;
	r = mem_grow((void **)(void *)&pieces->bytes, &pieces->capacity,
		     pieces->len + piece->piece_size, 1);
	if (r < 0)
		return r;
	if (piece->piece_size > 0) /* of an empty first one there is no memory yet */
		memcpy(pieces->bytes + pieces->len, bytes, piece->piece_size);
	pieces->len += piece->piece_size;
	pieces->time_ns = piece->header.time_ns;
	return 0;
}

void process_pieces__drop(struct process_pieces *pieces)
{
	free(pieces->bytes);
	*pieces = (struct process_pieces){ 0 };
}
