/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/runtime_transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/num.h"
#include "remote/curl_library.h"
#include "remote/curl_loop.h"

#define GRPC_PREFIX_LEN 5 /* whether it is packed, and the length of the message, big-endian */
#define GRPC_STATUS_MISSING UINT32_MAX
#define REPLY_KEPT_BYTES 65536 /* room that stays allocated between requests */

struct runtime_transport {
	struct runtime_transport_options options;
	struct curl_library curl;
	struct curl_loop driver;
	CURL *easy;                 /* owned */
	struct curl_slist *headers; /* owned */
	struct strbuf request, reply;
	uint32_t grpc_status;
	bool is_busy, is_too_large;
	char error[CURL_ERROR_SIZE];
};

int runtime_socket_probe(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	__cleanup(fd_closep) int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: its queue of connections is full, so there is somebody */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 && errno != EAGAIN)
		return -errno;
	return 0;
}

/* ---- an answer ----------------------------------------------------------------------------------------- */

static enum runtime_failure failure_of(CURLcode code)
{
	static const struct {
		CURLcode code;
		enum runtime_failure failure;
	} failures[] = {
		{ CURLE_OPERATION_TIMEDOUT, RUNTIME_FAILURE_TIMEOUT },
		{ CURLE_HTTP2, RUNTIME_FAILURE_MALFORMED },
		{ CURLE_HTTP2_STREAM, RUNTIME_FAILURE_MALFORMED },
		{ CURLE_WEIRD_SERVER_REPLY, RUNTIME_FAILURE_MALFORMED },
		{ CURLE_UNSUPPORTED_PROTOCOL, RUNTIME_FAILURE_MALFORMED }, /* HTTP/0.9 */
		{ CURLE_BAD_CONTENT_ENCODING, RUNTIME_FAILURE_MALFORMED },
		{ CURLE_WRITE_ERROR, RUNTIME_FAILURE_MALFORMED }, /* of a chunk's frame */
	};

	for (size_t i = 0; i < array_size(failures); i++)
		if (failures[i].code == code)
			return failures[i].failure;
	return RUNTIME_FAILURE_CONNECTION;
}

/* The message out of its frame. A refusal has none. */
static bool unframe(const struct runtime_transport *transport, struct runtime_reply *reply)
{
	const uint8_t *prefix = (const uint8_t *)transport->reply.data;
	uint32_t len;

	if (transport->grpc_status == GRPC_STATUS_MISSING)
		return false;
	reply->grpc_status = transport->grpc_status;
	if (transport->grpc_status != 0)
		return true;
	if (transport->reply.len < GRPC_PREFIX_LEN || prefix[0] != 0 /* packed: not asked for */)
		return false;
	len = (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 |
	      prefix[4];
	reply->data = transport->reply.data + GRPC_PREFIX_LEN;
	reply->len = transport->reply.len - GRPC_PREFIX_LEN;
	return len == reply->len;
}

static enum runtime_failure take_reply(struct runtime_transport *transport, CURLcode code,
				       struct runtime_reply *reply, struct err *err)
{
	const char *path = transport->options.socket_path;

	if (transport->is_too_large) {
		err__set(err, -EMSGSIZE, NULL, "%s: an answer is longer than %zu bytes", path,
			 transport->options.reply_max_bytes);
		return RUNTIME_FAILURE_TOO_LARGE;
	}
	if (code != CURLE_OK) {
		err__set(err, -EIO, NULL, "%s: %s", path,
			 transport->error[0] ? transport->error
					     : transport->curl.easy_strerror(code));
		return failure_of(code);
	}
	(void)transport->curl.easy_getinfo(transport->easy, CURLINFO_RESPONSE_CODE, &reply->status);
	reply->data = transport->reply.data;
	reply->len = transport->reply.len;
	if (!transport->options.is_grpc)
		return RUNTIME_FAILURE_COUNT;
	if (reply->status != 200) {
		err__set(err, -EREMOTEIO, NULL, "%s: it answers with HTTP status %ld", path,
			 reply->status);
		return RUNTIME_FAILURE_REFUSED;
	}
	if (unframe(transport, reply))
		return RUNTIME_FAILURE_COUNT;
	err__set(err, -EBADMSG, NULL, "%s: its answer is not one message of gRPC", path);
	return RUNTIME_FAILURE_MALFORMED;
}

static void end_request(void *ctx, CURLcode code)
{
	struct runtime_transport *transport = ctx;
	struct runtime_reply reply = { 0 };
	struct err err = ERR_INIT;
	enum runtime_failure failure = take_reply(transport, code, &reply, &err);
	/* Who is told may send the next request, into the same buffers. */
	struct strbuf bytes = transport->reply;

	transport->reply = (struct strbuf)STRBUF_INIT;
	transport->is_busy = false;
	transport->options.done(transport->options.ctx,
				failure == RUNTIME_FAILURE_COUNT ? &reply : NULL, failure, &err);
	err__done(&err);
	if (transport->reply.capacity == 0 && bytes.capacity <= REPLY_KEPT_BYTES) {
		transport->reply = bytes;
		transport->reply.len = 0;
	} else {
		strbuf__done(&bytes);
	}
}

static size_t keep_reply(char *data, size_t size, size_t count, void *ctx)
{
	struct runtime_transport *transport = ctx;
	size_t len = size * count;

	transport->is_too_large = len > transport->options.reply_max_bytes - transport->reply.len;
	if (transport->is_too_large)
		return 0; /* which ends the transfer */
	strbuf__add(&transport->reply, data, len);
	return strbuf__status(&transport->reply) < 0 ? 0 : len;
}

/* Headers and trailers, one at a time; trailers come when there is no body also. */
static size_t read_header(char *line, size_t size, size_t count, void *ctx)
{
	static const char name[] = "grpc-status:";
	struct runtime_transport *transport = ctx;
	size_t len = size * count;
	uint64_t status;

	if (len > strlen(name) && strncasecmp(line, name, strlen(name)) == 0) {
		const char *value = line + strlen(name), *end = line + len;

		while (value < end && *value == ' ')
			value++;
		while (end > value && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
			end--;
		if (num_parse_u64(value, (size_t)(end - value), &status) == 0 &&
		    status < GRPC_STATUS_MISSING)
			transport->grpc_status = (uint32_t)status;
	}
	return len;
}

/* ---- a request ----------------------------------------------------------------------------------------- */

static void frame(struct strbuf *to, const struct strbuf *message)
{
	const char prefix[GRPC_PREFIX_LEN] = { 0, (char)(message->len >> 24),
					       (char)(message->len >> 16),
					       (char)(message->len >> 8), (char)message->len };

	strbuf__reset(to);
	strbuf__add(to, prefix, sizeof(prefix));
	strbuf__add(to, message->data, message->len);
}

int runtime_transport__send(struct runtime_transport *transport, struct strbuf *path,
			    const struct strbuf *message)
{
	const struct curl_library *curl = &transport->curl;
	char *url = str_printf("http://localhost%s", strbuf__text(path));

	if (url)
		(void)curl->easy_setopt(transport->easy, CURLOPT_URL, url);
	free(url);
	if (transport->options.is_grpc) {
		frame(&transport->request, message);
		(void)curl->easy_setopt(transport->easy, CURLOPT_POSTFIELDS,
					transport->request.data);
		(void)curl->easy_setopt(transport->easy, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)transport->request.len);
	}
	if (!url || path->has_failed || message->has_failed ||
	    strbuf__status(&transport->request) < 0)
		return -ENOMEM;
	strbuf__reset(&transport->reply);
	transport->error[0] = '\0';
	transport->grpc_status = GRPC_STATUS_MISSING;
	transport->is_too_large = false;
	transport->is_busy = curl_loop__start(&transport->driver, transport->easy) == 0;
	return transport->is_busy ? 0 : -ENOMEM;
}

/* ---- making and ending --------------------------------------------------------------------------------- */

static int add_header(struct runtime_transport *transport, const char *line)
{
	struct curl_slist *list = transport->curl.slist_append(transport->headers, line);

	if (!list)
		return -ENOMEM;
	transport->headers = list;
	return 0;
}

static int add_grpc_headers(struct runtime_transport *transport)
{
	char timeout[64];

	snprintf(timeout, sizeof(timeout), "grpc-timeout: %lldm",
		 (long long)(transport->options.deadline_ns / NS_PER_MS));
	if (add_header(transport, "Content-Type: application/grpc") < 0 ||
	    add_header(transport, "TE: trailers") < 0 || add_header(transport, timeout) < 0)
		return -ENOMEM;
	return 0;
}

static int set_options(struct runtime_transport *transport)
{
	const struct curl_library *curl = &transport->curl;
	const struct runtime_transport_options *options = &transport->options;
	/* A connection for each request of gRPC: libcurl 7.88, which Debian 12 has, takes one that it uses again for
	 * HTTP/1.1 ("Error in the HTTP2 framing layer", curl issue 10634). With it a request to containerd takes
	 * 0.7 ms. FALLBACK: remove when the oldest libcurl is 8.0. */
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FORBID_REUSE, options->is_grpc },
		{ CURLOPT_TIMEOUT_MS, (long)(options->deadline_ns / NS_PER_MS) },
		{ options->is_grpc ? CURLOPT_POST : CURLOPT_HTTPGET, 1 },
		{ CURLOPT_HTTP_VERSION,
		  options->is_grpc ? CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE : CURL_HTTP_VERSION_1_1 },
	};
	const struct {
		CURLoption option;
		const void *value;
	} pointers[] = {
		{ CURLOPT_UNIX_SOCKET_PATH, options->socket_path },
		{ CURLOPT_PROTOCOLS_STR, "http" },
		{ CURLOPT_PROXY, "" }, /* whatever the environment says */
		{ CURLOPT_USERAGENT, "sonde" },
		{ CURLOPT_HTTPHEADER, transport->headers },
		{ CURLOPT_ERRORBUFFER, transport->error },
		{ CURLOPT_WRITEDATA, transport },
		{ CURLOPT_HEADERDATA, transport },
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < array_size(numbers) && code == CURLE_OK; i++)
		code = curl->easy_setopt(transport->easy, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < array_size(pointers) && code == CURLE_OK; i++)
		code = curl->easy_setopt(transport->easy, pointers[i].option, pointers[i].value);
	(void)curl->easy_setopt(transport->easy, CURLOPT_WRITEFUNCTION, keep_reply);
	(void)curl->easy_setopt(transport->easy, CURLOPT_HEADERFUNCTION, read_header);
	return code == CURLE_OK ? 0 : -EINVAL;
}

static int open_handles(struct runtime_transport *transport, struct err *err)
{
	int r = -ENOMEM;

	transport->easy = transport->curl.easy_init();
	if (transport->easy)
		r = transport->options.is_grpc ? add_grpc_headers(transport) : 0;
	if (r >= 0)
		r = set_options(transport);
	if (r < 0)
		return err__set(err, r, NULL, "libcurl cannot talk to '%s'%s",
				transport->options.socket_path,
				r == -EINVAL ? "; it needs HTTP/2 and unix sockets" : "");
	return 0;
}

int runtime_transport__new(const struct runtime_transport_options *options,
			   struct runtime_transport **ret_transport, struct err *err)
{
	struct runtime_transport *transport = new_zero(struct runtime_transport);
	int r;

	if (!transport)
		return err__set(err, -ENOMEM, NULL, "no memory to talk to a runtime");
	transport->options = *options;
	transport->driver = (struct curl_loop){ .curl = &transport->curl,
						.loop = options->loop,
						.done = end_request,
						.ctx = transport };
	r = curl_library__load(&transport->curl, err);
	if (r >= 0)
		r = curl_loop__init(&transport->driver, err);
	if (r >= 0)
		r = open_handles(transport, err);
	if (r < 0) {
		runtime_transport__free(transport);
		return r;
	}
	*ret_transport = transport;
	return 0;
}

struct runtime_transport *runtime_transport__free(struct runtime_transport *transport)
{
	if (!transport)
		return NULL;
	if (transport->is_busy)
		curl_loop__cancel(&transport->driver, transport->easy);
	if (transport->easy)
		transport->curl.easy_cleanup(transport->easy);
	if (transport->driver.multi || transport->driver.timer)
		curl_loop__done(&transport->driver);
	if (transport->headers)
		transport->curl.slist_free_all(transport->headers);
	strbuf__done(&transport->request);
	strbuf__done(&transport->reply);
	free(transport);
	return NULL;
}
