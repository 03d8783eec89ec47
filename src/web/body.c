/* SPDX-License-Identifier: Apache-2.0 */
#include "web/body.h"

#include <errno.h>
#include <libdeflate.h>

#include "base/mem.h"

struct web_body *web_body__new(struct strbuf *text)
{
	if (strbuf__status(text) < 0)
		return NULL;

	struct web_body *body = new_zero(struct web_body);

	if (!body)
		return NULL;
	body->reference_count = 1;
	body->text_len = text->len;
	body->text = strbuf__take(text);
	if (!body->text)
		return web_body__unref(body);
	return body;
}

struct web_body *web_body__ref(struct web_body *body)
{
	body->reference_count++;
	return body;
}

/* Nobody wants the plain text any more. */
static void drop_text(struct web_body *body)
{
	if (body->compressed_count < body->reference_count)
		return;
	free(body->text);
	body->text = NULL;
}

struct web_body *web_body__unref(struct web_body *body)
{
	if (!body)
		return NULL;
	if (--body->reference_count > 0) {
		drop_text(body);
		return NULL;
	}
	free(body->text);
	free(body->gzip);
	free(body);
	return NULL;
}

struct web_body *web_body__unref_compressed(struct web_body *body)
{
	body->compressed_count--;
	return web_body__unref(body);
}

size_t web_body__len(const struct web_body *body)
{
	return body->text_len;
}

void web_body__begin_reply(struct web_body *body, size_t *account)
{
	if (body->reply_count++ > 0)
		return;
	body->account = account;
	body->reply_bytes = (body->text ? body->text_len : 0) + body->gzip_len;
	*account += body->reply_bytes;
}

void web_body__end_reply(struct web_body *body)
{
	if (--body->reply_count > 0)
		return;
	*body->account -= body->reply_bytes;
	body->account = NULL;
}

static int make_compressed(struct web_body *body, struct libdeflate_compressor *compressor)
{
	size_t bound = libdeflate_gzip_compress_bound(compressor, body->text_len);
	char *gzip = malloc(bound);

	if (!gzip)
		return -ENOMEM;
	body->gzip_len = libdeflate_gzip_compress(compressor, body->text, body->text_len, gzip,
						  bound);
	/* The bound is the size of incompressible text: what is left over is most of it. */
	body->gzip = realloc(gzip, body->gzip_len);
	if (!body->gzip)
		body->gzip = gzip;
	return 0;
}

int web_body__compress(struct web_body *body, struct libdeflate_compressor *compressor)
{
	int r = body->gzip ? 0 : make_compressed(body, compressor);

	if (r < 0)
		return r;
	body->compressed_count++;
	drop_text(body);
	return 0;
}
