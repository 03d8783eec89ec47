/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "bpf/abi/who.h"
#include "pipeline/policies_private.h"

/* False: it is longer than the kernel keeps, and so equal to nothing that it could see. */
typedef bool (*fill_fn)(uint32_t set, const struct policy_set_value *value,
			union policy_set_key *key);

static bool fill_number(uint32_t set, const struct policy_set_value *value,
			union policy_set_key *key)
{
	key->number = (struct policy_number_key){ .number = value->number, .set = set };
	return true;
}

/* As the kernel does: eight bytes at a time, zeros behind. */
static uint64_t hash_text(const uint8_t *bytes, size_t size)
{
	uint64_t hash = WHO_HASH_BEGIN;

	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		size_t rest = size - at;
		uint64_t word = 0;

		memcpy(&word, bytes + at, rest < sizeof(word) ? rest : sizeof(word));
		hash = who_hash_step(hash, word);
	}
	return hash;
}

static bool fill_text(uint32_t set, const struct policy_set_value *value, union policy_set_key *key)
{
	key->text = (struct policy_text_key){ .hash = hash_text(value->bytes, value->size),
					      .set = set,
					      .size = value->size };
	return value->size < POLICY_TEXT_MAX;
}

#define BITS_OF_SET 32

static bool fill_prefix(uint32_t set, const struct policy_set_value *value,
			union policy_set_key *key)
{
	if (value->size > sizeof(key->affix.text))
		return false;
	key->affix.bits = BITS_OF_SET + 8 * value->size;
	key->affix.set = htonl(set);
	memcpy(key->affix.text, value->bytes, value->size);
	return true;
}

/* From the end on. */
static bool fill_postfix(uint32_t set, const struct policy_set_value *value,
			 union policy_set_key *key)
{
	if (value->size > sizeof(key->affix.text))
		return false;
	key->affix.bits = BITS_OF_SET + 8 * value->size;
	key->affix.set = htonl(set);
	for (uint32_t i = 0; i < value->size; i++)
		key->affix.text[i] = value->bytes[value->size - 1 - i];
	return true;
}

#define IPV4_SIZE 4u

/* Two sets in one: of the addresses of either kind. */
static bool fill_network(uint32_t set, const struct policy_set_value *value,
			 union policy_set_key *key)
{
	if (value->size > sizeof(key->network.address) || value->bits > 8 * value->size)
		return false;
	key->network.bits = BITS_OF_SET + value->bits;
	key->network.set = htonl(set * 2 + (value->size > IPV4_SIZE));
	memcpy(key->network.address, value->bytes, value->size);
	return true;
}

static const struct {
	const char *map;
	fill_fn fill;
} kinds[] = {
	[POLICY_SET_NUMBERS] = { "policy_numbers", fill_number },
	[POLICY_SET_TEXTS] = { "policy_texts", fill_text },
	[POLICY_SET_PREFIXES] = { "policy_prefixes", fill_prefix },
	[POLICY_SET_POSTFIXES] = { "policy_postfixes", fill_postfix },
	/* What is looked for in the middle of a text is in the instructions. */
	[POLICY_SET_SUBSTRINGS] = { NULL, NULL },
	[POLICY_SET_NETWORKS] = { "policy_networks", fill_network },
};

bool policy_set_key__fill(union policy_set_key *key, enum policy_set_kind kind, uint32_t set,
			  const struct policy_set_value *value)
{
	memset(key, 0, sizeof(*key));
	return kinds[kind].fill && kinds[kind].fill(set, value, key);
}

int policy_set__write(struct hook_engine *engine, const struct policy_set *set, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < set->value_count && r == 0; i++) {
		union policy_set_key key;

		if (policy_set_key__fill(&key, set->kind, set->id, &set->values[i]))
			r = hook_engine__write(engine, kinds[set->kind].map, &key, err);
	}
	return r;
}

void policy_set__erase(struct hook_engine *engine, const struct policy_set *set)
{
	for (uint32_t i = 0; i < set->value_count; i++) {
		union policy_set_key key;

		if (policy_set_key__fill(&key, set->kind, set->id, &set->values[i]))
			hook_engine__erase(engine, kinds[set->kind].map, &key);
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
