/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/otlp.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/mem.h"
#include "remote/curl_library.h"
#include "remote/curl_loop.h"
#include "remote/otlp_response.h"

#define FIRST_WAIT_NS (1 * NS_PER_S)
#define LONGEST_WAIT_NS (30 * NS_PER_S)
#define GIVE_UP_NS (60 * NS_PER_S)
#define RETRY_AFTER_MAX_S 300 /* a receiver that asks for more asks for too much */
#define REPLY_MAX 4096        /* bytes of an answer that are kept: a number and a sentence */
#define NOT_YET -1            /* a timer that is set later */
#define GZIP_LEVEL 1          /* the others cost several times the time for a tenth of the bytes */

struct request {
	struct request *next;
	char *body; /* owned */
	size_t body_len;
	uint32_t spans;
	int64_t first_try_ns; /* 0: not tried yet */
	uint32_t tries;
};

struct otlp_client {
	struct otlp_client_options options;
	struct curl_library curl;
	struct curl_loop driver;
	CURL *easy;                    /* owned; one request is on its way at a time */
	struct curl_slist *headers;    /* owned */
	struct loop_watch *retry;      /* when the first request is tried again */
	struct request *first, **last; /* owned */
	uint32_t pending;
	bool is_sending;
	bool is_waiting;   /* for the time of a retry */
	int64_t finish_ns; /* when there is no more time (monotonic); 0: nobody said */
	struct libdeflate_compressor *compressor; /* owned; NULL without gzip */
	char error[CURL_ERROR_SIZE];
	char reply[REPLY_MAX]; /* the body of the answer, or its beginning */
	size_t reply_len;
};

/* ---- one try ------------------------------------------------------------------------------------------- */

static void take_first(struct otlp_client *client, enum otlp_outcome outcome, const struct err *err)
{
	struct request *request = client->first;

	client->first = request->next;
	if (!client->first)
		client->last = &client->first;
	client->pending -= request->spans;
	client->options.done(client->options.ctx, request->spans, outcome, err);
	free(request->body);
	free(request);
}

/* Between half and the whole of what it would be: many agents whose collector comes back are not to return at once. */
static int64_t wait_before(const struct otlp_client *client, uint32_t tries, int64_t asked_ns)
{
	int64_t wait_ns = client->options.first_wait_ns;
	uint32_t chance = 0;

	for (uint32_t i = 1; i < tries && wait_ns < client->options.longest_wait_ns; i++)
		wait_ns *= 2;
	if (wait_ns > client->options.longest_wait_ns)
		wait_ns = client->options.longest_wait_ns;
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	wait_ns = wait_ns / 2 + (int64_t)((double)(wait_ns / 2) * chance / UINT32_MAX);
	return asked_ns > wait_ns ? asked_ns : wait_ns;
}

static void retry_later(struct otlp_client *client, int64_t asked_ns, const struct err *err)
{
	struct request *request = client->first;
	int64_t wait_ns = wait_before(client, request->tries, asked_ns);
	int64_t end_ns = request->first_try_ns + client->options.give_up_ns;

	if (client->finish_ns && end_ns > client->finish_ns)
		end_ns = client->finish_ns;
	if (clock_monotonic_ns() + wait_ns > end_ns ||
	    loop__set_timer(client->retry, wait_ns, 0) < 0) {
		take_first(client, OTLP_OUTCOME_UNREACHABLE, err);
		return;
	}
	client->is_waiting = true;
	client->options.retrying(client->options.ctx, err);
}

/* Statuses that OTLP/HTTP names as worth another try. */
static bool is_temporary_status(long status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* What another try cannot mend: the settings are wrong. */
static bool is_permanent(CURLcode code)
{
	static const CURLcode codes[] = { CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,
					  CURLE_SSL_CERTPROBLEM,      CURLE_SSL_CACERT_BADFILE,
					  CURLE_SSL_ENGINE_NOTFOUND,  CURLE_BAD_FUNCTION_ARGUMENT };

	for (size_t i = 0; i < array_size(codes); i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* It was taken, but maybe not all of its spans. */
static void judge_success(struct otlp_client *client)
{
	struct request *request = client->first;
	uint64_t rejected = client->options.settings->is_json
				    ? 0 /* whose answers are JSON, which nobody here reads */
				    : otlp_rejected_spans(client->reply, client->reply_len);
	struct err err = ERR_INIT;

	if (rejected > request->spans)
		rejected = request->spans;
	if (rejected > 0) {
		err__set(&err, -EREMOTEIO, NULL, "%s took a request but not all of its spans",
			 client->options.settings->url);
		request->spans -= (uint32_t)rejected;
		client->pending -= (uint32_t)rejected;
		client->options.done(client->options.ctx, (uint32_t)rejected, OTLP_OUTCOME_REFUSED,
				     &err);
		err__done(&err);
	}
	take_first(client, OTLP_OUTCOME_EXPORTED, NULL);
}

/* Tells how the first request did: it is gone now, or waits for another try. */
static void judge_status(struct otlp_client *client)
{
	struct err err = ERR_INIT;
	curl_off_t asked_s = 0;
	long status = 0;

	(void)client->curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300) {
		judge_success(client);
		return;
	}
	err__set(&err, -EREMOTEIO, NULL, "%s answers with HTTP status %ld",
		 client->options.settings->url, status);
	(void)client->curl.easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &asked_s);
	if (asked_s < 0 || asked_s > RETRY_AFTER_MAX_S)
		asked_s = RETRY_AFTER_MAX_S;
	if (is_temporary_status(status))
		retry_later(client, asked_s * NS_PER_S, &err);
	else
		take_first(client, OTLP_OUTCOME_REFUSED, &err);
	err__done(&err);
}

static void judge(struct otlp_client *client, CURLcode code)
{
	struct err err = ERR_INIT;

	if (code == CURLE_OK) {
		judge_status(client);
		return;
	}
	err__set(&err, -EIO, NULL, "cannot post to %s: %s", client->options.settings->url,
		 client->error[0] ? client->error : client->curl.easy_strerror(code));
	if (is_permanent(code))
		take_first(client, OTLP_OUTCOME_REFUSED, &err);
	else
		retry_later(client, 0, &err);
	err__done(&err);
}

static bool start_try(struct otlp_client *client)
{
	struct request *request = client->first;
	const struct curl_library *curl = &client->curl;

	request->tries++;
	if (request->first_try_ns == 0)
		request->first_try_ns = clock_monotonic_ns();
	client->error[0] = '\0';
	client->reply_len = 0;
	(void)curl->easy_setopt(client->easy, CURLOPT_POSTFIELDS, request->body);
	(void)curl->easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				(curl_off_t)request->body_len);
	client->is_sending = curl_loop__start(&client->driver, client->easy) == 0;
	return client->is_sending;
}

static void send_next(struct otlp_client *client)
{
	struct err err = ERR_INIT;

	while (client->first && !client->is_sending && !client->is_waiting) {
		if (start_try(client))
			return;
		err__set(&err, -ENOMEM, NULL, "no memory to post to %s",
			 client->options.settings->url);
		retry_later(client, 0, &err);
		err__done(&err);
	}
}

static void end_try(void *ctx, CURLcode code)
{
	struct otlp_client *client = ctx;

	client->is_sending = false;
	judge(client, code);
	send_next(client);
}

static void run_retry(void *ctx)
{
	struct otlp_client *client = ctx;

	client->is_waiting = false;
	send_next(client);
}

/* ---- making and ending --------------------------------------------------------------------------------- */

/* All of it is read, so that the connection can be used again; what does not fit is of no interest. */
static size_t keep_reply(char *data, size_t size, size_t count, void *ctx)
{
	struct otlp_client *client = ctx;
	size_t len = size * count, room = sizeof(client->reply) - client->reply_len;

	if (room > len)
		room = len;
	memcpy(client->reply + client->reply_len, data, room);
	client->reply_len += room;
	return len;
}

static int add_header(struct otlp_client *client, const char *key, const char *value)
{
	/* With a semicolon libcurl sends a header that has no value; with a colon it would leave it out. */
	char *line = str_printf(value[0] ? "%s: %s" : "%s;", key, value);
	struct curl_slist *list = line ? client->curl.slist_append(client->headers, line) : NULL;

	free(line);
	if (!list)
		return -ENOMEM;
	client->headers = list;
	return 0;
}

static int add_headers(struct otlp_client *client)
{
	const struct otlp_settings *settings = client->options.settings;
	int r = add_header(client, "Content-Type",
			   settings->is_json ? "application/json" : "application/x-protobuf");

	if (r >= 0 && settings->is_gzip)
		r = add_header(client, "Content-Encoding", "gzip");
	for (uint32_t i = 0; r >= 0 && i < settings->header_count; i++)
		r = add_header(client, settings->headers[i].key, settings->headers[i].value);
	return r;
}

static int set_options(struct otlp_client *client)
{
	const struct otlp_settings *settings = client->options.settings;
	const struct curl_library *curl = &client->curl;
	const struct {
		CURLoption option;
		const char *value;
	} texts[] = {
		{ CURLOPT_URL, settings->url },
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_USERAGENT, client->options.user_agent },
		{ CURLOPT_CAINFO, settings->certificate },
		{ CURLOPT_SSLCERT, settings->client_certificate },
		{ CURLOPT_SSLKEY, settings->client_key },
	};
	CURL *easy = client->easy;
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < array_size(texts) && code == CURLE_OK; i++)
		if (texts[i].value)
			code = curl->easy_setopt(easy, texts[i].option, texts[i].value);
	if (code != CURLE_OK)
		return -EINVAL;
	/* These fail only when libcurl does not know them, and 7.85 does. */
	(void)curl->easy_setopt(easy, CURLOPT_POST, 1L);
	(void)curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(settings->timeout_ns / NS_PER_MS));
	(void)curl->easy_setopt(easy, CURLOPT_HTTPHEADER, client->headers);
	(void)curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, client->error);
	(void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_reply);
	(void)curl->easy_setopt(easy, CURLOPT_WRITEDATA, client);
	return 0;
}

static int open_handles(struct otlp_client *client, struct err *err)
{
	const struct curl_library *curl = &client->curl;
	int r = -ENOMEM;

	client->easy = curl->easy_init();
	if (client->options.settings->is_gzip)
		client->compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
	if (client->easy && (client->compressor || !client->options.settings->is_gzip))
		r = add_headers(client);
	if (r >= 0)
		r = set_options(client);
	if (r < 0)
		return err__set(err, r, NULL, "libcurl does not take the settings of %s",
				client->options.settings->url);
	return 0;
}

int otlp_client__new(const struct otlp_client_options *options, struct otlp_client **ret_client,
		     struct err *err)
{
	struct otlp_client *client = new_zero(struct otlp_client);
	int r;

	if (!client)
		return err__set(err, -ENOMEM, NULL, "no memory to export spans");
	client->options = *options;
	client->driver = (struct curl_loop){
		.curl = &client->curl, .loop = options->loop, .done = end_try, .ctx = client
	};
	client->last = &client->first;
	if (!options->first_wait_ns)
		client->options.first_wait_ns = FIRST_WAIT_NS;
	if (!options->longest_wait_ns)
		client->options.longest_wait_ns = LONGEST_WAIT_NS;
	if (!options->give_up_ns)
		client->options.give_up_ns = GIVE_UP_NS;
	r = curl_library__load(&client->curl, err);
	if (r >= 0)
		r = curl_loop__init(&client->driver, err);
	if (r >= 0)
		r = loop__add_timer(options->loop, NOT_YET, 0, run_retry, client, &client->retry,
				    err);
	if (r >= 0)
		r = open_handles(client, err);
	if (r < 0) {
		otlp_client__free(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

struct otlp_client *otlp_client__free(struct otlp_client *client)
{
	if (!client)
		return NULL;
	if (client->is_sending)
		curl_loop__cancel(&client->driver, client->easy);
	while (client->first)
		take_first(client, OTLP_OUTCOME_SHUTDOWN, NULL);
	/* Closes the connection, which takes its socket off the loop. */
	if (client->easy)
		client->curl.easy_cleanup(client->easy);
	curl_loop__done(&client->driver);
	if (client->headers)
		client->curl.slist_free_all(client->headers);
	loop__remove(client->options.loop, client->retry);
	libdeflate_free_compressor(client->compressor);
	free(client);
	return NULL;
}

/* ---- requests ------------------------------------------------------------------------------------------ */

/* The bytes as they are sent: taken as they are, or packed. */
static int take_body(struct otlp_client *client, struct strbuf *body, struct request *request)
{
	size_t bound;

	if (!client->compressor) {
		request->body_len = body->len;
		request->body = strbuf__take(body);
		return request->body ? 0 : -ENOMEM;
	}
	bound = libdeflate_gzip_compress_bound(client->compressor, body->len);
	request->body = malloc(bound);
	if (!request->body)
		return -ENOMEM;
	request->body_len = libdeflate_gzip_compress(client->compressor, body->data, body->len,
						     request->body, bound);
	strbuf__done(body);
	return request->body_len > 0 ? 0 : -ENOMEM;
}

int otlp_client__send(struct otlp_client *client, struct strbuf *body, uint32_t spans)
{
	struct request *request = new_zero(struct request);

	if (!request || take_body(client, body, request) < 0) {
		if (request)
			free(request->body);
		free(request);
		strbuf__done(body);
		return -ENOMEM;
	}
	request->spans = spans;
	*client->last = request;
	client->last = &request->next;
	client->pending += spans;
	send_next(client);
	return 0;
}

uint32_t otlp_client__pending(const struct otlp_client *client)
{
	return client->pending;
}

void otlp_client__finish(struct otlp_client *client, int64_t timeout_ns)
{
	int64_t now_ns = clock_monotonic_ns();

	client->finish_ns = now_ns + timeout_ns;
	if (client->is_waiting)
		(void)loop__set_timer(client->retry, 0, 0);
	while (client->first && now_ns < client->finish_ns) {
		int64_t left_ms = (client->finish_ns - now_ns) / NS_PER_MS + 1;

		if (loop__run_once(client->options.loop, (int)left_ms) < 0)
			return;
		now_ns = clock_monotonic_ns();
	}
}
