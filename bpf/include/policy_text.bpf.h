/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_POLICY_TEXT_BPF_H
#define BPF_INCLUDE_POLICY_TEXT_BPF_H

/*
 * Texts of hooks: captured from wherever they are, and looked for in sets. Only policy.bpf.c includes it, after
 * policy_frame.bpf.h.
 */

/* ---- capture ---- */

/* What the address says: of the kernel are those with the highest bit. */
#define IS_KERNEL_ADDRESS(address) ((s64)(address) < 0)

/* `len` as bpf_probe_read_*_str() says it: with the NUL. Behind it zeros, to the end of the word: it is hashed by words. */
static __always_inline u64 keep_text(struct policy_frame *frame, u64 index, u64 at, s64 len)
{
	u64 size;

	if (len <= 0)
		return fail_value(frame, index, len ? len : BAD_ADDRESS);
	size = len - 1;
	BOUND(size, POLICY_TEXT_MAX - 1);
	*(u64 *)(frame->data + at + size) = 0;
	return keep_bytes(frame, index, at, size);
}

ROUTINE u64 capture_text(struct policy_frame *frame, u64 index, u64 address, u64 most)
{
	u64 at = find_room(frame, index, POLICY_TEXT_MAX);

	BOUND(most, POLICY_TEXT_MAX);
	if (!at)
		return 0;
	return keep_text(frame, index, at,
			 bpf_probe_read_kernel_str(frame->data + at, most, (void *)address));
}
FRAME_CARRIER(capture_text, capture_text(frame, a[0], a[1], a[2]))

ROUTINE u64 capture_user_text(struct policy_frame *frame, u64 index, u64 address, u64 most)
{
	u64 at = find_room(frame, index, POLICY_TEXT_MAX);

	BOUND(most, POLICY_TEXT_MAX);
	if (!at)
		return 0;
	return keep_text(frame, index, at,
			 bpf_probe_read_user_str(frame->data + at, most, (void *)address));
}
FRAME_CARRIER(capture_user_text, capture_user_text(frame, a[0], a[1], a[2]))

ROUTINE u64 capture_any_text(struct policy_frame *frame, u64 index, u64 address, u64 most)
{
	u64 at = find_room(frame, index, POLICY_TEXT_MAX);
	s64 len;

	BOUND(most, POLICY_TEXT_MAX);
	if (!at)
		return 0;
	if (IS_KERNEL_ADDRESS(address))
		len = bpf_probe_read_kernel_str(frame->data + at, most, (void *)address);
	else
		len = bpf_probe_read_user_str(frame->data + at, most, (void *)address);
	return keep_text(frame, index, at, len);
}
FRAME_CARRIER(capture_any_text, capture_any_text(frame, a[0], a[1], a[2]))

/* ---- tests: 0 no, 1 yes, ASK_NOTHING there is no text ---- */

#define ASK_NOTHING 2

struct text_view {
	u64 at, size; /* in the frame's data */
};

/* `skip`: what stands before the text itself, in the bytes of a path or a buffer. */
static __always_inline bool find_text(struct policy_frame *frame, u64 index, u64 skip,
				      struct text_view *ret_text)
{
	union policy_word *word = word_of(frame, index);
	u64 at = word->place.offset;
	s64 size = (s64)word->place.size - (s64)skip;

	if (at == 0 || size < 0)
		return false;
	ret_text->at = at + skip;
	ret_text->size = size;
	return true;
}

#define FRAME_MASK (POLICY_FRAME_BYTES - 1)

/* Texts begin at multiples of 8. */
static __always_inline u64 word_at(struct policy_frame *frame, u64 at)
{
	return *(u64 *)(frame->data + (at & FRAME_MASK));
}

#define TEXT_WORDS (POLICY_TEXT_MAX / 8)

#define WALK_SIZE 7

/*
 * Each way out of a loop over a text tells the verifier how long that is. Behind the loop it is to know that no more, else
 * it goes through all that follows once for each length (seen with 7.3; others forget sooner).
 */
static __always_inline void remember_size(struct policy_frame *frame, const struct text_view *text)
{
	frame->walk[WALK_SIZE] = text->size;
	barrier();
}

static __always_inline u64 remembered_size(struct policy_frame *frame)
{
	barrier();
	return *(volatile u64 *)&frame->walk[WALK_SIZE];
}

static __always_inline u64 hash_text(struct policy_frame *frame, const struct text_view *text)
{
	struct policy_hash hash;
	u64 size, rest;

	remember_size(frame, text);
	policy_hash_begin(&hash, policy_seed);
	for (u32 i = 0; i < TEXT_WORDS; i++) {
		if (text->size < i * 8ull + 8)
			break;
		policy_hash_add(&hash, word_at(frame, text->at + i * 8ull));
	}
	size = remembered_size(frame);
	rest = size % 8;
	if (rest)
		policy_hash_add(&hash,
				word_at(frame, text->at + size - rest) & ((1ull << rest * 8) - 1));
	return policy_hash_end(&hash, size);
}

static __always_inline u64 is_in_texts(struct policy_frame *frame, const struct text_view *text,
				       u64 set)
{
	struct policy_text_key key = { .set = set };

	key.hash = hash_text(frame, text);
	key.size = remembered_size(frame);
	return bpf_map_lookup_elem(&policy_texts, &key) != NULL;
}

/* `most`: bytes of the longest in the set. A constant, so that the verifier goes through the loop only that far. */
ROUTINE u64 text_is_in(struct policy_frame *frame, u64 index, u64 skip, u64 set, u64 most)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	if (text.size > most)
		return 0;
	return is_in_texts(frame, &text, set);
}
FRAME_CARRIER(text_is_in, text_is_in(frame, a[0], a[1], a[2], 8 /* as hooks do: a constant */))

/* Of prefixes that are too long for a trie: the first `size` bytes, a constant. */
ROUTINE u64 text_head_is_in(struct policy_frame *frame, u64 index, u64 skip, u64 set, u64 size)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	if (text.size < size)
		return 0;
	text.size = size;
	return is_in_texts(frame, &text, set);
}
FRAME_CARRIER(text_head_is_in, text_head_is_in(frame, a[0], a[1], a[2], 8))

#define AFFIX_MAX sizeof(((struct policy_affix_key *)0)->text)

/* Its beginning, as far as prefixes go, into frame->affix. */
static __always_inline void ask_prefix(struct policy_frame *frame, const struct text_view *text,
				       u64 set)
{
	u64 size = text->size;

	BOUND(size, AFFIX_MAX);
	frame->affix.bits = 32 + 8 * size;
	frame->affix.set = bpf_htonl(set);
	bpf_probe_read_kernel(frame->affix.text, size, frame->data + (text->at & FRAME_MASK));
}

ROUTINE u64 text_begins_with(struct policy_frame *frame, u64 index, u64 skip, u64 set)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	ask_prefix(frame, &text, set);
	return bpf_map_lookup_elem(&policy_prefixes, &frame->affix) != NULL;
}
FRAME_CARRIER(text_begins_with, text_begins_with(frame, a[0], a[1], a[2]))

#define POSTFIX_MAX 128

/* Its end, backwards. */
static __always_inline void ask_postfix(struct policy_frame *frame, const struct text_view *text,
					u64 set)
{
	u64 size;

	remember_size(frame, text);
	for (u32 i = 0; i < POSTFIX_MAX; i++) {
		if (i >= text->size)
			break;
		frame->affix.text[i] = frame->data[(text->at + text->size - 1 - i) & FRAME_MASK];
	}
	size = remembered_size(frame);
	BOUND(size, POSTFIX_MAX);
	frame->affix.bits = 32 + 8 * size;
	frame->affix.set = bpf_htonl(set);
}

ROUTINE u64 text_ends_with(struct policy_frame *frame, u64 index, u64 skip, u64 set)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	ask_postfix(frame, &text, set);
	return bpf_map_lookup_elem(&policy_postfixes, &frame->affix) != NULL;
}
FRAME_CARRIER(text_ends_with, text_ends_with(frame, a[0], a[1], a[2]))

#define NEEDLE_MAX 100
#define ROLL 0x9e3779b97f4a7c15ull /* any odd number */
#define ROLL_STEPS 16

#define BYTES_OF(byte) ((byte)*0x0101010101010101ull)
#define HIGHEST_BITS BYTES_OF(0x80ull)

/* Small letters of eight at once: the highest bit of a byte says whether it is from 'A' on, whether it is behind 'Z'. */
static __always_inline u64 folded(u64 word)
{
	u64 low = word & ~HIGHEST_BITS;
	u64 from_a = low + BYTES_OF(0x80ull - 'A'), behind_z = low + BYTES_OF(0x7full - 'Z');

	return word | (from_a & ~behind_z & ~word & HIGHEST_BITS) >> 2;
}

#define FOLD_STEPS                                                                                 \
	8 /* words; each way out of a loop is one that the verifier remembers, and 8192 is all it can */

/* In small letters, into frame->path, where no path is put together now: once for all that is sought in it. */
ROUTINE u64 fold_text(struct policy_frame *frame, u64 index, u64 skip)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	for (u32 i = 0; i < TEXT_WORDS; i += FOLD_STEPS) {
		u64 offset = text.at + i * 8ull;
		u64 *to = (u64 *)(frame->path + i * 8ull);
		const u64 *from;

		if (i * 8ull >= text.size)
			break;
		barrier_var(offset);
		offset &= FRAME_MASK;
		barrier_var(offset);
		from = (u64 *)(frame->data + offset);
#pragma unroll
		for (u32 j = 0; j < FOLD_STEPS; j++)
			to[j] = folded(from[j]);
	}
	return 0;
}
FRAME_CARRIER(fold_text, fold_text(frame, a[0], a[1]))

#define WALK_WANTED 0
#define WALK_HASH 1
#define WALK_LEAVING 2

/* Where a search is at: in the text, or in what fold_text() made of it. The bound stays with the register that is added,
 * which the compiler would else take a step of the loop away from (7.3 and 5.10 refuse that). */
static __always_inline const u8 *byte_at(struct policy_frame *frame, const struct text_view *text,
					 u64 at, bool is_folded)
{
	u64 offset = is_folded ? at : text->at + at;

	barrier_var(offset);
	offset &= is_folded ? POLICY_TEXT_MAX - 1 : FRAME_MASK;
	barrier_var(offset);
	return is_folded ? frame->path + offset : frame->data + offset;
}

/* Hashes of the needle and of as many bytes of the text: to memory, of which the verifier knows nothing. Else all that
 * follows is gone through for every length that a needle may have. */
static __always_inline void hash_needle(struct policy_frame *frame, const struct text_view *text,
					u64 size, bool is_folded)
{
	u64 wanted = 0, hash = 0, leaving = 1;

	for (u32 i = 0; i < NEEDLE_MAX; i++) {
		if (i >= size)
			break;
		wanted = wanted * ROLL + frame->affix.text[i];
		hash = hash * ROLL + *byte_at(frame, text, i, is_folded);
		leaving *= ROLL;
	}
	frame->walk[WALK_WANTED] = wanted;
	frame->walk[WALK_HASH] = hash;
	frame->walk[WALK_LEAVING] = leaving;
	barrier();
}

/*
 * The needle is in frame->affix.text. A hash of as many bytes as it has rolls over the text: a step is the same however long
 * the needle is. There is one way out for many bytes, because each is a way for the verifier to go, and it remembers 8192.
 */
static __always_inline u64 find_needle(struct policy_frame *frame, const struct text_view *text,
				       u64 size, bool is_folded)
{
	u64 wanted, hash, leaving, found = 0;

	if (size > text->size)
		return 0;
	hash_needle(frame, text, size, is_folded);
	wanted = frame->walk[WALK_WANTED];
	hash = frame->walk[WALK_HASH];
	leaving = frame->walk[WALK_LEAVING];
	for (u32 i = 0; i < POLICY_TEXT_MAX; i += ROLL_STEPS) {
		const u8 *out = byte_at(frame, text, i, is_folded);
		const u8 *in = byte_at(frame, text, i + size, is_folded);
		s64 left = text->size - size - i; /* places where it may be */

		if (left < 0)
			break;
#pragma unroll
		for (u32 j = 0; j < ROLL_STEPS; j++) {
			u64 differs = hash ^ wanted;

			found |= ~(differs | -differs | (left - j)) >> 63;
			hash = hash * ROLL + in[j] - out[j] * leaving;
		}
	}
	return found;
}

/*
 * Where the kernel searches (6.17): exact, and one step for the verifier where the loop above is a hundred thousand. Not in
 * bytes, of which a NUL is one.
 */
extern int bpf_strnstr(const char *text, const char *needle, u64 size) __ksym __weak;

ROUTINE u64 text_has_by_kernel(struct policy_frame *frame, u64 index, u64 skip)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	return bpf_strnstr((char *)frame->data + (text.at & FRAME_MASK), (char *)frame->affix.text,
			   text.size) >= 0;
}
TRIED_CARRIER(text_has_by_kernel, text_has_by_kernel(frame, a[0], a[1]))

/* Of what fold_text() made of it. */
ROUTINE u64 folded_has_by_kernel(struct policy_frame *frame, u64 index, u64 skip)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	return bpf_strnstr((char *)frame->path, (char *)frame->affix.text, text.size) >= 0;
}
TRIED_CARRIER(folded_has_by_kernel, folded_has_by_kernel(frame, a[0], a[1]))

ROUTINE u64 text_has(struct policy_frame *frame, u64 index, u64 skip, u64 needle_size)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	return find_needle(frame, &text, needle_size, false);
}
FRAME_CARRIER(text_has, text_has(frame, a[0], a[1], 8 /* as hooks do: a constant */))

ROUTINE u64 folded_has(struct policy_frame *frame, u64 index, u64 skip, u64 needle_size)
{
	struct text_view text;

	if (!find_text(frame, index, skip, &text))
		return ASK_NOTHING;
	return find_needle(frame, &text, needle_size, true);
}
FRAME_CARRIER(folded_has, folded_has(frame, a[0], a[1], 8))

#endif
