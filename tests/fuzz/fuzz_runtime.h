/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FUZZ_RUNTIME_H
#define TESTS_FUZZ_FUZZ_RUNTIME_H

/*
 * A talk with a runtime whose answers are the input: its first byte says what it is about, each answer begins with
 * its status and two bytes of length. The fuzz targets of both protocols use it.
 */

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "remote/runtime_protocol.h"

#define FUZZ_RUNTIME_ID "0123"
#define FUZZ_RUNTIME_REQUESTS_MAX 16

static void fuzz_runtime_check(void *ctx, const struct runtime_draft *draft)
{
	const struct runtime_container *container = &draft->container;

	(void)ctx;
	assert(container->id && strlen(container->id) <= 3 * RUNTIME_TEXT_MAX);
	assert(container->label_count <= RUNTIME_LABELS_MAX);
	assert(container->own_label_count <= container->label_count);
	assert(container->started_ns >= 0 && container->pid <= INT32_MAX);
	for (uint32_t i = 0; i < container->label_count; i++) {
		assert(str_is_utf8(container->labels[i].key, strlen(container->labels[i].key)));
		assert(str_is_utf8(container->labels[i].value, strlen(container->labels[i].value)));
	}
}

/* One answer, in memory of its own, so that reading past its end is noticed; false: there is none left. */
static int fuzz_runtime_answer(const struct runtime_protocol *protocol, struct runtime_talk *talk,
			       const uint8_t **data, size_t *size)
{
	struct runtime_reply reply = { .status = 200 };
	struct err err = ERR_INIT;
	char *copy;
	int r;

	if (*size < 3)
		return -ENODATA;
	if (protocol->is_grpc)
		reply.grpc_status = (*data)[0] % 16;
	else if ((*data)[0] % 16)
		reply.status = (*data)[0] % 16 == 1 ? 404 : 500;
	reply.len = (size_t)(*data)[1] << 8 | (*data)[2];
	if (reply.len > *size - 3)
		reply.len = *size - 3;
	copy = malloc(reply.len ? reply.len : 1);
	assert(copy);
	memcpy(copy, *data + 3, reply.len);
	reply.data = copy;
	*data += 3 + reply.len;
	*size -= 3 + reply.len;
	r = protocol->read(talk, &reply, &err);
	assert(r != 0 && (r > 0 || err__is_set(&err)));
	err__done(&err);
	free(copy);
	return r;
}

static void fuzz_runtime(const struct runtime_protocol *protocol, const uint8_t *data, size_t size)
{
	struct runtime_talk talk = { .listed = fuzz_runtime_check };
	int r = RUNTIME_NEXT_REQUEST;

	if (size == 0)
		return;
	talk.subject = (enum runtime_subject)(data[0] % 3);
	talk.id = talk.subject == RUNTIME_SUBJECT_CONTAINER ? FUZZ_RUNTIME_ID : NULL;
	data++;
	size--;
	runtime_draft__begin(&talk.draft);
	for (int i = 0; r == RUNTIME_NEXT_REQUEST && i < FUZZ_RUNTIME_REQUESTS_MAX; i++) {
		struct strbuf path = STRBUF_INIT, body = STRBUF_INIT;

		protocol->write(&talk, &path, &body);
		assert(path.len > 0);
		strbuf__done(&path);
		strbuf__done(&body);
		r = fuzz_runtime_answer(protocol, &talk, &data, &size);
	}
	if (r == RUNTIME_NEXT_DONE && talk.subject == RUNTIME_SUBJECT_CONTAINER)
		fuzz_runtime_check(NULL, &talk.draft);
	runtime_draft__done(&talk.draft);
}

#endif
