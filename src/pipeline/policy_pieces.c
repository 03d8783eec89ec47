/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policy_pieces.h"

#include <errno.h>
#include <string.h>

static const struct policy_data *piece_at(const struct policy_pieces *pieces, size_t at)
{
	return (const void *)(pieces->held.data + at);
}

static void forget(struct policy_pieces *pieces, size_t at, size_t len)
{
	memmove(pieces->held.data + at, pieces->held.data + at + len, pieces->held.len - at - len);
	pieces->held.len -= len;
}

/* In one go, half of them: moving what is left costs as much each time. */
static void make_room(struct policy_pieces *pieces)
{
	size_t end = 0;

	while (end < pieces->held.len / 2) {
		end += piece_at(pieces, end)->header.size;
		pieces->dropped++;
	}
	forget(pieces, 0, end);
}

int policy_pieces__add(struct policy_pieces *pieces, const struct policy_data *data, size_t len)
{
	if (len < sizeof(*data) || data->header.version != POLICY_VERSION ||
	    data->header.size > len || data->header.size % sizeof(uint64_t) != 0 ||
	    data->header.size < sizeof(*data) || data->size > data->header.size - sizeof(*data) ||
	    data->hook >= POLICY_HOOKS_MAX)
		return -EPROTO;
	if (pieces->held.len + data->header.size > POLICY_PIECES_MAX)
		make_room(pieces);
	strbuf__add(&pieces->held, data, data->header.size);
	if (strbuf__status(&pieces->held) == 0)
		return 0;
	strbuf__done(&pieces->held);
	pieces->dropped++;
	return 0;
}

static bool is_of(const struct policy_data *data, const struct policy_record *record,
		  uint32_t value)
{
	return data->entry_time_ns == record->entry_time_ns && data->tid == record->tid &&
	       data->hook == record->hook && data->value == value;
}

struct text_view policy_pieces__join(struct policy_pieces *pieces,
				     const struct policy_record *record, uint32_t value,
				     struct text_view begin, struct arena *arena)
{
	size_t most = begin.len, len = begin.len;
	char *bytes;

	for (size_t at = 0; at < pieces->held.len; at += piece_at(pieces, at)->header.size)
		if (is_of(piece_at(pieces, at), record, value))
			most += piece_at(pieces, at)->size;
	bytes = most > begin.len ? arena__alloc(arena, most) : NULL;
	if (!bytes)
		return begin;
	memcpy(bytes, begin.data, begin.len);
	for (size_t at = 0; at < pieces->held.len;) {
		const struct policy_data *data = piece_at(pieces, at);

		if (!is_of(data, record, value)) {
			at += data->header.size;
			continue;
		}
		if (data->offset == len) {
			memcpy(bytes + len, data + 1, data->size);
			len += data->size;
		}
		forget(pieces, at, data->header.size);
	}
	return (struct text_view){ bytes, len };
}

void policy_pieces__done(struct policy_pieces *pieces)
{
	strbuf__done(&pieces->held);
}
