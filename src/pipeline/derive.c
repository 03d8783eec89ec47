/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/spec.h"
#include "pipeline/derive_maker.h"
#include "pipeline/derive_word.h"

/*
 * Texts of small fields repeat: errors, flags, users. Each chain remembers that many of them, the newest for each place
 * of the hash. Of a batch a hit is copied out, so that what takes its place later does no harm to other records.
 */
#define MEMO_ENTRIES 64
#define MEMO_KEY_BYTES 32
#define MEMO_TEXT_BYTES 88

struct memo_entry {
	bool is_used;
	uint8_t text_len;
	uint64_t number; /* of the key */
	uint8_t key[MEMO_KEY_BYTES];
	char text[MEMO_TEXT_BYTES];
};

enum derived_kind { DERIVED_TEXT, DERIVED_WALL_TIME, DERIVED_IDENTITY, DERIVED_MADE };

struct derived_field {
	enum derived_kind kind;
	uint32_t offset, size;                /* of its source in the record */
	uint32_t word;                        /* DERIVED_IDENTITY */
	bool is_of_machine;                   /* of the word: whoever it was, it is the same */
	struct value nobodys;                 /* the word of somebody unknown */
	struct decode_chain *chain;           /* owned; DERIVED_TEXT */
	const struct derive_maker *maker;     /* DERIVED_MADE */
	uint32_t inputs[DERIVE_MAKER_INPUTS]; /* of it: fields of the schema */
	struct memo_entry *memo;              /* owned; NULL: texts are not remembered */
};

struct derive_key_place {
	uint32_t offset, size; /* size 0: the record does not say */
};

struct derive {
	const struct decode_env *decode; /* borrowed */
	struct deriver deriver;
	VEC(struct derived_field) fields;
	struct derive_key_place keys[DERIVE_KEY_COUNT];
	struct arena texts; /* of the records at hand */
	struct arena steps; /* that chains refer to */
	struct strbuf scratch;
	bool has_one; /* record at hand: of one alone a text may stay where it is remembered */
	struct wall_offset own_wall; /* where there is none to be shared */
	int64_t wall_offset_ns;      /* from the boot clock to the time of day */
	/* Who the last record was about. */
	const void *known_raw;
	struct identity_words known;
	bool is_known;
	/* Whom the records are about, by their ids; another number as soon as one of these is another. */
	uint64_t subject_ids[DERIVE_KEY_COUNT];
	uint64_t subject;
	uint64_t errors;
};

static int get(void *ctx, const struct record *record, uint32_t field, struct value *ret_value);
static uint64_t find_subject(void *ctx, const struct record *record);

int derive__new(const struct decode_env *decode, struct derive **ret_derive, struct err *err)
{
	struct derive *derive = new_zero(struct derive);

	if (!derive)
		return err__set(err, -ENOMEM, NULL, "no memory for derived fields");
	derive->decode = decode;
	derive->deriver = (struct deriver){ .get = get, .subject = find_subject, .ctx = derive };
	*ret_derive = derive;
	return 0;
}

struct derive *derive__free(struct derive *derive)
{
	if (!derive)
		return NULL;
	vec_for_each(&derive->fields, field) {
		decode_chain__close(field->chain);
		free(field->memo);
	}
	vec_done(&derive->fields);
	arena__done(&derive->texts);
	arena__done(&derive->steps);
	strbuf__done(&derive->scratch);
	free(derive);
	return NULL;
}

/* ---- what there is ----------------------------------------------------------------------------------- */

static int add_field(struct derive *derive, const struct derived_field *field, struct err *err)
{
	if (vec_push(&derive->fields, *field) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for derived fields");
	return (int)derive->fields.len - 1;
}

static const struct step_spec number_step = { .decoder = "uint" };

/* A decoder that takes text, as most of numbers do, gets the number as text first. NULL: no memory. */
static const struct step_spec *steps_of(struct derive *derive, const struct field_spec *field,
					uint32_t *ret_count)
{
	const struct decoder *first = field->step_count ? decoder_find(field->steps[0].decoder)
							: NULL;
	struct step_spec *steps;

	*ret_count = field->step_count;
	if (!first || first->ops->input == DECODER_INPUT_RAW)
		return field->steps;
	steps = arena_array(&derive->steps, struct step_spec, (size_t)field->step_count + 1);
	if (!steps)
		return NULL;
	steps[0] = number_step;
	memcpy(steps + 1, field->steps, field->step_count * sizeof(*steps));
	*ret_count = field->step_count + 1;
	return steps;
}

int derive__add_text(struct derive *derive, const struct field_spec *field,
		     const struct field_spec *source, struct err *err)
{
	uint32_t step_count;
	const struct step_spec *steps = steps_of(derive, field, &step_count);
	struct derived_field derived = { .kind = DERIVED_TEXT, .offset = source->offset };
	int r;

	if (__builtin_mul_overflow(source->size, source->count ? source->count : 1, &derived.size))
		return err__set(err, -EINVAL, &source->at, "field '%s' is too large", source->name);
	if (!steps)
		return err__set(err, -ENOMEM, NULL, "no memory for field '%s'", field->name);
	r = decode_chain__open(steps, step_count, derived.size, derive->decode, &derived.chain,
			       err);
	if (r < 0)
		return err__wrap(err, r, &field->at, "field '%s'", field->name);
	if (derived.size <= MEMO_KEY_BYTES && source->role != FIELD_ROLE_TIMESTAMP)
		derived.memo = new_array(struct memo_entry, MEMO_ENTRIES);
	r = add_field(derive, &derived, err);
	if (r < 0) {
		decode_chain__close(derived.chain);
		free(derived.memo);
	}
	return r;
}

int derive__add_wall_time(struct derive *derive, uint32_t offset, struct err *err)
{
	return add_field(derive,
			 &(struct derived_field){ .kind = DERIVED_WALL_TIME,
						  .offset = offset,
						  .size = sizeof(uint64_t) },
			 err);
}

int derive__add_identity(struct derive *derive, uint32_t word, struct err *err)
{
	struct derived_field field = { .kind = DERIVED_IDENTITY,
				       .word = word,
				       .is_of_machine = derive_word_at(word)->is_of_machine };

	if (derive_word_get(word, NULL /* nobody */, &derive->steps, &field.nobodys) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for derived fields");
	return add_field(derive, &field, err);
}

int derive__add_made(struct derive *derive, const struct field_spec *field, struct err *err)
{
	const struct derive_maker *maker = derive_maker_find(field->maker);

	if (!maker)
		return err__set(err, -ENOENT, &field->at, "nobody makes '%s' of field '%s'",
				field->maker, field->name);
	return add_field(derive,
			 &(struct derived_field){
				 .kind = DERIVED_MADE,
				 .maker = maker,
				 .offset = field->offset,
				 .size = field->count > 1 ? 0 : field->size,
			 },
			 err);
}

int derive__bind(struct derive *derive, const struct schema *schema, struct err *err)
{
	vec_for_each(&derive->fields, field) {
		for (size_t i = 0; field->maker && i < DERIVE_MAKER_INPUTS; i++) {
			const char *name = field->maker->inputs[i];
			int found = name ? schema__find(schema, name) : 0;

			if (found < 0)
				return err__set(err, -ENOENT, NULL,
						"there is no field '%s' to make '%s' of", name,
						field->maker->name);
			field->inputs[i] = (uint32_t)found;
		}
	}
	return 0;
}

void derive__set_key(struct derive *derive, enum derive_key key, uint32_t offset, uint32_t size)
{
	derive->keys[key] = (struct derive_key_place){ offset, size };
}

bool derive__has_keys(const struct derive *derive)
{
	for (size_t i = 0; i < DERIVE_KEY_COUNT; i++)
		if (derive->keys[i].size)
			return true;
	return false;
}

void derive__prepare(struct derive *derive)
{
	vec_for_each(&derive->fields, field)
		if (field->chain)
			decode_chain__prepare(field->chain);
}

void derive__begin(struct derive *derive)
{
	arena__reset(&derive->texts);
	derive->known_raw = NULL;
	derive->has_one = false;
}

void derive__begin_one(struct derive *derive)
{
	derive__begin(derive);
	derive->has_one = true;
}

void derive__look_at_clocks(struct derive *derive)
{
	derive->subject++; /* who they are may have been found out meanwhile */
	derive->wall_offset_ns = wall_offset__get_ns(derive->decode->wall ? derive->decode->wall
									  : &derive->own_wall);
}

const struct deriver *derive__deriver(struct derive *derive)
{
	return &derive->deriver;
}

uint64_t derive__errors(const struct derive *derive)
{
	return derive->errors;
}

/* ---- texts --------------------------------------------------------------------------------------------- */

static const struct value no_text = { .type = FIELD_TYPE_STRING, .bytes = { "", 0 } };

static int copy_text(struct derive *derive, const char *text, size_t len, struct value *ret_value)
{
	char *copy = arena__textdup(&derive->texts, text, len);

	if (!copy)
		return -ENOMEM;
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING, .bytes = { copy, len } };
	return 0;
}

/* What of a key a number holds: all of it if it is no longer. Nearly all have four bytes, and a copy of a length that
 * the compiler does not know is a call. */
static uint64_t memo_number(const void *key, size_t size)
{
	uint64_t number = 0;
	uint32_t word;

	if (size == sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		return word;
	}
	memcpy(&number, key, size < sizeof(number) ? size : sizeof(number));
	return number;
}

/* Most are numbers, for which a multiplication does. */
static size_t memo_hash(const void *key, size_t size)
{
	if (size > sizeof(uint64_t))
		return hash_bytes(key, size);
	return memo_number(key, size) * 0x9e3779b97f4a7c15u >> 40;
}

static struct memo_entry *memo_place(const struct derived_field *field, const void *key)
{
	return field->memo ? &field->memo[memo_hash(key, field->size) % MEMO_ENTRIES] : NULL;
}

static bool memo_is_of(const struct memo_entry *entry, const void *key, size_t size)
{
	if (!entry->is_used || entry->number != memo_number(key, size))
		return false;
	return size <= sizeof(uint64_t) || memcmp(entry->key, key, size) == 0;
}

static void remember(const struct derived_field *field, struct memo_entry *entry, const void *key,
		     const struct strbuf *text)
{
	if (!entry || text->len > MEMO_TEXT_BYTES)
		return;
	entry->is_used = true;
	entry->number = memo_number(key, field->size);
	memcpy(entry->key, key, field->size);
	if (text->len)
		memcpy(entry->text, text->data, text->len);
	entry->text_len = (uint8_t)text->len;
}

static int recall(struct derive *derive, const struct memo_entry *entry, struct value *ret_value)
{
	if (!derive->has_one)
		return copy_text(derive, entry->text, entry->text_len, ret_value);
	*ret_value = (struct value){ .type = FIELD_TYPE_STRING,
				     .bytes = { entry->text, entry->text_len } };
	return 0;
}

static int make_text(struct derive *derive, const struct derived_field *field, const void *data,
		     struct memo_entry *entry, struct value *ret_value)
{
	struct strbuf *text = &derive->scratch;
	int r;

	strbuf__reset(text);
	r = decode_chain__run(field->chain, data, field->size, text, NULL /* counted */);
	if (r < 0) {
		derive->errors++;
		*ret_value = no_text;
		return 0;
	}
	if (r == DECODE_OK)
		remember(field, entry, data, text);
	return text->len ? copy_text(derive, text->data, text->len, ret_value)
			 : (*ret_value = no_text, 0);
}

static int get_text(struct derive *derive, const struct derived_field *field, const void *data,
		    struct value *ret_value)
{
	struct memo_entry *entry = memo_place(field, data);

	if (entry && memo_is_of(entry, data, field->size))
		return recall(derive, entry, ret_value);
	return make_text(derive, field, data, entry, ret_value);
}

/* ---- time and identity ---------------------------------------------------------------------------------- */

static int get_wall_time(const struct derive *derive, const void *data, struct value *ret_value)
{
	uint64_t boot_ns;

	memcpy(&boot_ns, data, sizeof(boot_ns));
	/* A program that has not written it. */
	*ret_value = (struct value){ .type = FIELD_TYPE_U64,
				     .u64 = boot_ns ? boot_ns + (uint64_t)derive->wall_offset_ns
						    : 0 };
	return 0;
}

/* 0: the record does not say. */
static uint64_t id_of(const struct derive *derive, const struct record *record, size_t index)
{
	const struct derive_key_place *key = &derive->keys[index];
	uint64_t id = 0;

	if (key->size == 0 || (uint64_t)key->offset + key->size > record->raw_len ||
	    bytes_get_uint((const uint8_t *)record->raw + key->offset, key->size, &id) < 0)
		return 0;
	return id;
}

static uint64_t find_subject(void *ctx, const struct record *record)
{
	struct derive *derive = ctx;
	bool is_same = true;

	for (size_t i = 0; i < DERIVE_KEY_COUNT; i++) {
		uint64_t id = id_of(derive, record, i);

		is_same &= derive->subject_ids[i] == id;
		derive->subject_ids[i] = id;
	}
	derive->subject += !is_same;
	return derive->subject;
}

static bool find_words(const struct derive *derive, const struct record *record,
		       struct identity_words *ret_words)
{
	const struct identity_source *who = derive->decode->who;

	for (size_t i = 0; who && i < DERIVE_KEY_COUNT; i++) {
		bool (*const find[])(void *, uint64_t, struct identity_words *) = {
			[DERIVE_KEY_CGROUP] = who->find_cgroup,
			[DERIVE_KEY_MNTNS] = who->find_mntns,
			[DERIVE_KEY_NETNS] = who->find_netns,
		};
		uint64_t id = id_of(derive, record, i);

		if (id != 0 && find[i] && find[i](who->ctx, id, ret_words))
			return true;
	}
	return false;
}

static void find_who(struct derive *derive, const struct record *record)
{
	if (derive->known_raw == record->raw)
		return;
	derive->known = (struct identity_words){ .unit = "" };
	derive->is_known = find_words(derive, record, &derive->known);
	derive->known_raw = record->raw;
}

/* The machine's own namespace is nobody's. */
static bool is_of_host(const struct derive *derive, const struct record *record)
{
	const struct identity_source *who = derive->decode->who;

	return who && who->is_host_mntns &&
	       who->is_host_mntns(who->ctx, id_of(derive, record, DERIVE_KEY_MNTNS));
}

bool derive__is_open(struct derive *derive, const struct record *record)
{
	find_who(derive, record);
	if (!derive->is_known)
		return derive__has_keys(derive) && !is_of_host(derive, record);
	return derive->known.container_id && !derive->known.is_told;
}

static int get_identity(struct derive *derive, const struct derived_field *field,
			const struct record *record, struct value *ret_value)
{
	if (!field->is_of_machine)
		find_who(derive, record);
	if (!field->is_of_machine && derive->is_known)
		return derive_word_get(field->word, &derive->known, &derive->texts, ret_value);
	*ret_value = field->nobodys;
	return 0;
}

/* Of a record that nothing can be made of, the value is empty. */
static struct value number_of(enum field_type type, uint64_t number)
{
	switch (type) {
	case FIELD_TYPE_BOOL:
		return (struct value){ .type = FIELD_TYPE_BOOL, .u64 = number };
	case FIELD_TYPE_S32:
		return (struct value){ .type = FIELD_TYPE_S64, .s64 = (int64_t)number };
	default:
		return (struct value){ .type = FIELD_TYPE_U64, .u64 = number };
	}
}

static int get_made(struct derive *derive, const struct derived_field *field,
		    const struct record *record, struct value *ret_value)
{
	struct derive_made made = { .number = 0 }; /* inputs may be texts, which use the scratch */
	int r;

	if (field->size > 0 && (uint64_t)field->offset + field->size <= record->raw_len) {
		made.own = (const uint8_t *)record->raw + field->offset;
		made.own_len = field->size;
	}
	r = field->maker->make(record, field->inputs, &made);

	if (r < 0 || strbuf__status(&made.text) < 0) {
		derive->errors++;
		strbuf__reset(&made.text);
		made.number = 0;
	}
	r = 0;
	if (field->maker->type == FIELD_TYPE_STRING)
		r = copy_text(derive, strbuf__text(&made.text), made.text.len, ret_value);
	else
		*ret_value = number_of(field->maker->type, made.number);
	strbuf__done(&made.text);
	return r;
}

static int get(void *ctx, const struct record *record, uint32_t index, struct value *ret_value)
{
	struct derive *derive = ctx;
	uint32_t place = record->schema->fields[index].offset;
	const struct derived_field *field;
	const uint8_t *data;

	if (place >= derive->fields.len)
		return -ERANGE;
	field = &derive->fields.items[place];
	if (field->kind == DERIVED_IDENTITY)
		return get_identity(derive, field, record, ret_value);
	if (field->kind == DERIVED_MADE)
		return get_made(derive, field, record, ret_value);
	if ((uint64_t)field->offset + field->size > record->raw_len)
		return -ERANGE;
	data = (const uint8_t *)record->raw + field->offset;
	return field->kind == DERIVED_TEXT ? get_text(derive, field, data, ret_value)
					   : get_wall_time(derive, data, ret_value);
}
