/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_DERIVE_H
#define SRC_PIPELINE_DERIVE_H

/*
 * What the fields of a stream's records say beside their bytes: texts by decoder chains, the time of day, who it was.
 * It owns the chains, what it remembers of them, and the texts of the records at hand. The stream adds what its schema
 * derives, begins a new set of records with derive__begin(), and hands the deriver to them; values are made when
 * somebody asks.
 */

#include "decode/decoder.h"
#include "record/record.h"

struct derive;
struct field_spec;

int derive__new(const struct decode_env *decode, struct derive **ret_derive, struct err *err);
struct derive *derive__free(struct derive *derive);

/* ---- what there is to derive: each gives the place of a field (field.offset), or -errno ---- */

/* The text of the source's bytes, by the field's own steps. */
int derive__add_text(struct derive *derive, const struct field_spec *field,
		     const struct field_spec *source, struct err *err);
/* Nanoseconds since the epoch of a time on the boot clock, which has 8 bytes at the offset. */
int derive__add_wall_time(struct derive *derive, uint32_t offset, struct err *err);
/* Made of other fields, which derive__bind() finds. */
int derive__add_made(struct derive *derive, const struct field_spec *field, struct err *err);
/* Who it was, by derive_word_at(). */
int derive__add_identity(struct derive *derive, uint32_t word, struct err *err);

/* Once the schema is whole. -ENOENT: a field is made of one that is not there. */
int derive__bind(struct derive *derive, const struct schema *schema, struct err *err);

/* What can be said of somebody. */
struct derive_word {
	const char *name; /* of the field */
	enum field_type type;
	bool is_hidden;     /* unless it is asked for */
	bool is_of_pods;    /* shown where there are pods; the others where there are none */
	bool is_of_machine; /* the same of everybody */
	uint16_t width;     /* of its column */
	bool is_cut_in_middle;
};
/* In the order in which they are shown; NULL behind the last one. */
const struct derive_word *derive_word_at(uint32_t word);

/* Where the record says whom it is about: ids of 4 or 8 bytes, asked in this order. */
enum derive_key { DERIVE_KEY_CGROUP, DERIVE_KEY_MNTNS, DERIVE_KEY_NETNS, DERIVE_KEY_COUNT };
void derive__set_key(struct derive *derive, enum derive_key key, uint32_t offset, uint32_t size);
/* Somebody may be asked for: who has to run. */
bool derive__has_keys(const struct derive *derive);

/* ---- on the way ---- */

/* Opens views of the machine while privileges are held. */
void derive__prepare(struct derive *derive);
/* Before a drain or read: how the clocks stand to each other now; whom records are about is asked again. */
void derive__look_at_clocks(struct derive *derive);
/* New records: what was derived for others may go. */
void derive__begin(struct derive *derive);
/* The same of one record alone: its texts, then, need not be kept from those of others. */
void derive__begin_one(struct derive *derive);
const struct deriver *derive__deriver(struct derive *derive);
/* Whose the record is may still be found out: nobody is known, and it is not the machine itself. */
bool derive__is_open(struct derive *derive, const struct record *record);
/* So many values could not be made, and are shown empty. */
uint64_t derive__errors(const struct derive *derive);

#endif
