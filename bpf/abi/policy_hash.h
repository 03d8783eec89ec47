/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_ABI_POLICY_HASH_H
#define BPF_ABI_POLICY_HASH_H

/*
 * What texts are known by in sets of policies: SipHash-1-3 over the words of a text, zeros behind, and its size.
 * It owns nothing. The key is the engine's own, made of chance when it is opened and told to nobody: whoever could choose a
 * text that is taken for another would be let through by a policy that names the other.
 * Programs hash what they look at (bpf/), user space what policies name (pipeline/): both must come to the same.
 */

#include <linux/types.h>

struct policy_hash {
	__u64 words[4];
};

#define POLICY_HASH_ROTATE(word, by) ((word) << (by) | (word) >> (64 - (by)))

static inline __attribute__((always_inline)) void policy_hash_round(struct policy_hash *hash)
{
	__u64 *words = hash->words;

	words[0] += words[1];
	words[1] = POLICY_HASH_ROTATE(words[1], 13) ^ words[0];
	words[0] = POLICY_HASH_ROTATE(words[0], 32);
	words[2] += words[3];
	words[3] = POLICY_HASH_ROTATE(words[3], 16) ^ words[2];
	words[0] += words[3];
	words[3] = POLICY_HASH_ROTATE(words[3], 21) ^ words[0];
	words[2] += words[1];
	words[1] = POLICY_HASH_ROTATE(words[1], 17) ^ words[2];
	words[2] = POLICY_HASH_ROTATE(words[2], 32);
}

/* The seed is volatile because in programs it is: they are compiled before it is known. */
static inline __attribute__((always_inline)) void policy_hash_begin(struct policy_hash *hash,
								    const volatile __u64 *seed)
{
	hash->words[0] = seed[0] ^ 0x736f6d6570736575ull;
	hash->words[1] = seed[1] ^ 0x646f72616e646f6dull;
	hash->words[2] = seed[0] ^ 0x6c7967656e657261ull;
	hash->words[3] = seed[1] ^ 0x7465646279746573ull;
}

static inline __attribute__((always_inline)) void policy_hash_add(struct policy_hash *hash,
								  __u64 word)
{
	hash->words[3] ^= word;
	policy_hash_round(hash);
	hash->words[0] ^= word;
}

static inline __attribute__((always_inline)) __u64 policy_hash_end(struct policy_hash *hash,
								   __u64 size)
{
	policy_hash_add(hash, size);
	hash->words[2] ^= 0xff;
	policy_hash_round(hash);
	policy_hash_round(hash);
	policy_hash_round(hash);
	return hash->words[0] ^ hash->words[1] ^ hash->words[2] ^ hash->words[3];
}

#endif
