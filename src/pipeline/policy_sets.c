/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/policies_private.h"

/* The map that the key is of; NULL: it is longer than the kernel keeps, and so equal to nothing that it could see. */
typedef const char *(*fill_fn)(const struct hook_engine *engine, uint32_t set,
			       const struct policy_set_value *value, union policy_set_key *key);

static const char *fill_number(const struct hook_engine *engine, uint32_t set,
			       const struct policy_set_value *value, union policy_set_key *key)
{
	(void)engine;
	key->number = (struct policy_number_key){ .number = value->number, .set = set };
	return "policy_numbers";
}

static const char *fill_text(const struct hook_engine *engine, uint32_t set,
			     const struct policy_set_value *value, union policy_set_key *key)
{
	key->text = (struct policy_text_key){
		.hash = hook_engine__hash(engine, value->bytes, value->size),
		.set = set,
		.size = value->size,
	};
	return value->size < POLICY_TEXT_MAX ? "policy_texts" : NULL;
}

#define BITS_OF_SET 32

static const char *fill_prefix(const struct hook_engine *engine, uint32_t set,
			       const struct policy_set_value *value, union policy_set_key *key)
{
	/* Programs hash as many bytes of what they look at. */
	if (value->size > sizeof(key->affix.text))
		return fill_text(engine, set, value, key);
	key->affix.bits = BITS_OF_SET + 8 * value->size;
	key->affix.set = htonl(set);
	memcpy(key->affix.text, value->bytes, value->size);
	return "policy_prefixes";
}

/* From the end on. */
static const char *fill_postfix(const struct hook_engine *engine, uint32_t set,
				const struct policy_set_value *value, union policy_set_key *key)
{
	(void)engine;
	if (value->size > sizeof(key->affix.text))
		return NULL;
	key->affix.bits = BITS_OF_SET + 8 * value->size;
	key->affix.set = htonl(set);
	for (uint32_t i = 0; i < value->size; i++)
		key->affix.text[i] = value->bytes[value->size - 1 - i];
	return "policy_postfixes";
}

/* What is looked for in the middle of a text is in the instructions. */
static const char *fill_nothing(const struct hook_engine *engine, uint32_t set,
				const struct policy_set_value *value, union policy_set_key *key)
{
	(void)engine;
	(void)set;
	(void)value;
	(void)key;
	return NULL;
}

#define IPV4_SIZE 4u

/* Two sets in one: of the addresses of either kind. */
static const char *fill_network(const struct hook_engine *engine, uint32_t set,
				const struct policy_set_value *value, union policy_set_key *key)
{
	(void)engine;
	if (value->size > sizeof(key->network.address) || value->bits > 8 * value->size)
		return NULL;
	key->network.bits = BITS_OF_SET + value->bits;
	key->network.set = htonl(set * 2 + (value->size > IPV4_SIZE));
	memcpy(key->network.address, value->bytes, value->size);
	return "policy_networks";
}

static const fill_fn fills[] = {
	[POLICY_SET_NUMBERS] = fill_number,     [POLICY_SET_TEXTS] = fill_text,
	[POLICY_SET_PREFIXES] = fill_prefix,    [POLICY_SET_POSTFIXES] = fill_postfix,
	[POLICY_SET_SUBSTRINGS] = fill_nothing, [POLICY_SET_NETWORKS] = fill_network,
};

const char *policy_set_key__fill(union policy_set_key *key, const struct hook_engine *engine,
				 enum policy_set_kind kind, uint32_t set,
				 const struct policy_set_value *value)
{
	memset(key, 0, sizeof(*key));
	return fills[kind](engine, set, value, key);
}

int policy_set__write(struct hook_engine *engine, const struct policy_set *set, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < set->value_count && r == 0; i++) {
		union policy_set_key key;
		const char *map = policy_set_key__fill(&key, engine, set->kind, set->id,
						       &set->values[i]);

		if (map)
			r = hook_engine__write(engine, map, &key, err);
	}
	return r;
}

void policy_set__erase(struct hook_engine *engine, const struct policy_set *set)
{
	for (uint32_t i = 0; i < set->value_count; i++) {
		union policy_set_key key;
		const char *map = policy_set_key__fill(&key, engine, set->kind, set->id,
						       &set->values[i]);

		if (map)
			hook_engine__erase(engine, map, &key);
	}
}

int policy_sets__write(struct policies *policies, const struct policy_program *program,
		       struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < program->set_count && r == 0; i++)
		r = policy_set__write(policies->engine, &program->sets[i], err);
	return r;
}

void policy_sets__remove(struct policies *policies, const struct policy_program *program)
{
	for (uint32_t i = 0; i < program->set_count; i++)
		policy_set__erase(policies->engine, &program->sets[i]);
}

#define BITS_OF_WORD 64

void policy_bits__set(struct policy_bits *bits, uint32_t bit, bool is_set)
{
	uint64_t mask = 1ull << bit % BITS_OF_WORD;

	if (is_set)
		bits->words[bit / BITS_OF_WORD] |= mask;
	else
		bits->words[bit / BITS_OF_WORD] &= ~mask;
}
