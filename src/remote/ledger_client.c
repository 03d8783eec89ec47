/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "remote/curl_library.h"
#include "remote/curl_loop.h"
#include "remote/ledger.h"

#define ANSWER_TIMEOUT_MS 5000L
#define LEDGER_PATH "/ledger.json"

struct ledger_client {
	struct ledger_client_options options;
	struct curl_library curl;
	struct curl_loop driver;
	CURL *easy;      /* owned */
	char *url;       /* owned */
	char *shown_url; /* owned; without name and password */
	bool is_asking;
	struct strbuf reply;
	char error[CURL_ERROR_SIZE];
};

/* With a scheme and a path: "host", "host/" and "http://host" all mean the ledger there. */
static char *complete_url(const char *url)
{
	const char *scheme = strstr(url, "://") ? "" : "http://";
	const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
	const char *slash = strchr(host, '/');

	if (slash && slash[1] != '\0')
		return str_printf("%s%s", scheme, url);
	return str_printf("%s%.*s%s", scheme, (int)(slash ? (size_t)(slash - url) : strlen(url)),
			  url, LEDGER_PATH);
}

/* A name and a password before the host are for the other side only. */
static char *without_secrets(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	size_t authority_len = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', authority_len);

	return str_printf("%.*s%s", (int)(host - url), url, at ? at + 1 : host);
}

static size_t keep_reply(char *data, size_t size, size_t count, void *ctx)
{
	struct ledger_client *client = ctx;
	size_t len = size * count;

	/* Less than all ends the transfer with an error. */
	if (client->reply.len + len > LEDGER_REPLY_MAX)
		return 0;
	strbuf__add(&client->reply, data, len);
	return client->reply.has_failed ? 0 : len;
}

static int judge(struct ledger_client *client, CURLcode code, struct ledger_report *ret_report,
		 struct err *err)
{
	long status = 0;
	int r;

	if (code == CURLE_WRITE_ERROR)
		return err__set(err, -EFBIG, NULL, "the answer of %s is larger than %u bytes",
				client->shown_url, LEDGER_REPLY_MAX);
	if (code != CURLE_OK)
		return err__set(err, -EIO, NULL, "cannot get %s: %s", client->shown_url,
				client->error[0] ? client->error
						 : client->curl.easy_strerror(code));
	(void)client->curl.easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return err__set(err, -EREMOTEIO, NULL, "%s answers with HTTP status %ld",
				client->shown_url, status);
	r = ledger_report__parse(client->reply.data ? client->reply.data : "", client->reply.len,
				 ret_report, err);
	return r < 0 ? err__wrap(err, r, NULL, "%s", client->shown_url) : 0;
}

static void end_question(void *ctx, CURLcode code)
{
	struct ledger_client *client = ctx;
	struct ledger_report report;
	struct err err = ERR_INIT;
	int r = judge(client, code, &report, &err);

	client->is_asking = false;
	if (r < 0)
		client->options.failed(client->options.ctx, &err);
	else
		client->options.answered(client->options.ctx, &report);
	err__done(&err);
}

static int set_options(struct ledger_client *client, struct err *err)
{
	const struct curl_library *curl = &client->curl;
	CURL *easy = client->easy;

	if (curl->easy_setopt(easy, CURLOPT_URL, client->url) != CURLE_OK ||
	    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
	    curl->easy_setopt(easy, CURLOPT_USERAGENT, client->options.user_agent) != CURLE_OK ||
	    (client->options.ca_file &&
	     curl->easy_setopt(easy, CURLOPT_CAINFO, client->options.ca_file) != CURLE_OK))
		return err__set(err, -EINVAL, NULL, "libcurl does not take the settings of %s",
				client->shown_url);
	/* These fail only when libcurl does not know them, and 7.85 does. */
	(void)curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, ANSWER_TIMEOUT_MS);
	(void)curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, client->error);
	(void)curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_reply);
	(void)curl->easy_setopt(easy, CURLOPT_WRITEDATA, client);
	return 0;
}

static int open_client(struct ledger_client *client, struct err *err)
{
	int r;

	client->url = complete_url(client->options.url);
	client->shown_url = client->url ? without_secrets(client->url) : NULL;
	if (!client->shown_url)
		return err__set(err, -ENOMEM, NULL, "no memory for a client");
	r = curl_library__load(&client->curl, err);
	if (r >= 0)
		r = curl_loop__init(&client->driver, err);
	if (r < 0)
		return r;
	client->easy = client->curl.easy_init();
	if (!client->easy)
		return err__set(err, -ENOMEM, NULL, "no memory for a client");
	return set_options(client, err);
}

int ledger_client__new(const struct ledger_client_options *options,
		       struct ledger_client **ret_client, struct err *err)
{
	struct ledger_client *client = new_zero(struct ledger_client);
	int r;

	if (!client)
		return err__set(err, -ENOMEM, NULL, "no memory for a client");
	client->options = *options;
	client->driver = (struct curl_loop){
		.curl = &client->curl, .loop = options->loop, .done = end_question, .ctx = client
	};
	r = open_client(client, err);
	if (r < 0) {
		ledger_client__free(client);
		return r;
	}
	*ret_client = client;
	return 0;
}

struct ledger_client *ledger_client__free(struct ledger_client *client)
{
	if (!client)
		return NULL;
	if (client->is_asking)
		curl_loop__cancel(&client->driver, client->easy);
	if (client->easy)
		client->curl.easy_cleanup(client->easy);
	curl_loop__done(&client->driver);
	strbuf__done(&client->reply);
	free(client->url);
	free(client->shown_url);
	free(client);
	return NULL;
}

void ledger_client__ask(struct ledger_client *client)
{
	struct err err = ERR_INIT;

	if (client->is_asking)
		return;
	strbuf__done(&client->reply);
	client->error[0] = '\0';
	client->is_asking = curl_loop__start(&client->driver, client->easy) == 0;
	if (client->is_asking)
		return;
	err__set(&err, -ENOMEM, NULL, "no memory to ask %s", client->shown_url);
	client->options.failed(client->options.ctx, &err);
	err__done(&err);
}

const char *ledger_client__url(const struct ledger_client *client)
{
	return client->shown_url;
}
