/* SPDX-License-Identifier: Apache-2.0 */
/* The Docker API as Docker and podman serve it. Paths have no version: old servers take theirs, new ones the newest. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/rfc3339.h"
#include "remote/runtime_json.h"
#include "remote/runtime_protocol.h"

#define HTTP_OK 200
#define HTTP_NOT_FOUND 404

static void write_request(const struct runtime_talk *talk, struct strbuf *path, struct strbuf *body)
{
	(void)body;
	switch (talk->subject) {
	case RUNTIME_SUBJECT_HELLO:
		strbuf__add_text(path, "/version");
		return;
	case RUNTIME_SUBJECT_LIST:
		strbuf__add_text(path, "/containers/json");
		return;
	case RUNTIME_SUBJECT_CONTAINER:
		strbuf__printf(path, "/containers/%s/json", talk->id);
		return;
	}
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void set_text(struct runtime_draft *draft, const char **text, const json_t *value)
{
	if (json_is_string(value))
		runtime_draft__set(draft, text, json_string_value(value),
				   json_string_length(value));
}

static void set_name(struct runtime_draft *draft, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name)
		runtime_draft__set(draft, &draft->container.name, name + (name[0] == '/'),
				   strlen(name) - (name[0] == '/'));
}

static void set_digest(struct runtime_draft *draft, const json_t *value)
{
	if (json_is_string(value))
		runtime_draft__set_digest(draft, json_string_value(value),
					  json_string_length(value));
}

static void add_labels(struct runtime_draft *draft, json_t *labels)
{
	const char *key;
	json_t *value;

	json_object_foreach(labels, key, value) if (json_is_string(value)) runtime_draft__add_label(
		draft, key, strlen(key), json_string_value(value), json_string_length(value));
	runtime_draft__end_own_labels(draft);
}

static void set_network(struct runtime_draft *draft, const json_t *host_config)
{
	const char *mode = json_string_value(json_object_get(host_config, "NetworkMode"));

	draft->container.is_host_network = mode && str_eq(mode, "host");
}

/* Nanoseconds since the epoch, or 0; the year 1 means "not yet". */
static int64_t parse_time(const char *text)
{
	uint32_t fraction_ns;
	int64_t seconds;

	if (!text || rfc3339_parse(text, strlen(text), &seconds, &fraction_ns) < 0 || seconds < 0 ||
	    seconds >= INT64_MAX / NS_PER_S)
		return 0;
	return seconds * NS_PER_S + fraction_ns;
}

static void set_state(struct runtime_draft *draft, const json_t *state)
{
	json_int_t pid = json_integer_value(json_object_get(state, "Pid"));
	const char *status = json_string_value(json_object_get(state, "Status"));

	draft->container.pid = pid > 0 && pid <= INT32_MAX ? (uint32_t)pid : 0;
	draft->container.started_ns =
		parse_time(json_string_value(json_object_get(state, "StartedAt")));
	/* podman says "initialized" between the two */
	draft->is_created = draft->container.started_ns == 0 && status &&
			    (str_eq(status, "created") || str_eq(status, "initialized"));
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static int read_version(struct runtime_talk *talk, const json_t *root)
{
	const char *version = json_string_value(json_object_get(root, "Version"));
	const json_t *component = json_array_get(json_object_get(root, "Components"), 0);
	const char *name = json_string_value(json_object_get(component, "Name"));

	/* podman calls itself "Podman Engine" there, Docker "Engine" */
	snprintf(talk->runtime, sizeof(talk->runtime), "%s",
		 name && str_starts(name, "Podman") ? "podman" : "docker");
	snprintf(talk->version, sizeof(talk->version), "%s", version ? version : "");
	return RUNTIME_NEXT_DONE;
}

static int read_list(struct runtime_talk *talk, const json_t *root, struct err *err)
{
	struct runtime_draft *draft = &talk->draft;
	size_t i;
	json_t *entry;

	if (!json_is_array(root))
		return err__set(err, -EBADMSG, NULL, "its list of containers is none");
	json_array_foreach(root, i, entry)
	{
		runtime_draft__begin(draft);
		set_text(draft, &draft->container.id, json_object_get(entry, "Id"));
		set_name(draft, json_array_get(json_object_get(entry, "Names"), 0));
		set_text(draft, &draft->container.image, json_object_get(entry, "Image"));
		set_digest(draft, json_object_get(entry, "ImageID"));
		add_labels(draft, json_object_get(entry, "Labels"));
		set_network(draft, json_object_get(entry, "HostConfig"));
		if (runtime_draft__finish(draft) < 0)
			return err__set(err, -ENOMEM, NULL, "no memory for a container");
		if (draft->container.id)
			talk->listed(talk->ctx, draft);
	}
	return RUNTIME_NEXT_DONE;
}

static int read_container(struct runtime_talk *talk, const json_t *root, struct err *err)
{
	struct runtime_draft *draft = &talk->draft;
	const json_t *config = json_object_get(root, "Config");

	runtime_draft__begin(draft);
	set_text(draft, &draft->container.id, json_object_get(root, "Id"));
	if (!draft->container.id || !str_eq(draft->container.id, talk->id))
		return err__set(err, -EBADMSG, NULL, "it tells of another container than asked");
	set_name(draft, json_object_get(root, "Name"));
	set_text(draft, &draft->container.image, json_object_get(config, "Image"));
	set_digest(draft, json_object_get(root, "Image"));
	add_labels(draft, json_object_get(config, "Labels"));
	set_state(draft, json_object_get(root, "State"));
	set_network(draft, json_object_get(root, "HostConfig"));
	if (runtime_draft__finish(draft) < 0)
		return err__set(err, -ENOMEM, NULL, "no memory for a container");
	return RUNTIME_NEXT_DONE;
}

static int read_subject(struct runtime_talk *talk, const json_t *root, struct err *err)
{
	switch (talk->subject) {
	case RUNTIME_SUBJECT_HELLO:
		return read_version(talk, root);
	case RUNTIME_SUBJECT_LIST:
		return read_list(talk, root, err);
	case RUNTIME_SUBJECT_CONTAINER:
		return read_container(talk, root, err);
	}
	return -EINVAL;
}

static int read_reply(struct runtime_talk *talk, const struct runtime_reply *reply, struct err *err)
{
	json_t *root;
	int r;

	if (reply->status == HTTP_NOT_FOUND && talk->subject == RUNTIME_SUBJECT_CONTAINER)
		return RUNTIME_NEXT_UNKNOWN;
	if (reply->status != HTTP_OK)
		return err__set(err, -EREMOTEIO, NULL, "it answers with HTTP status %ld",
				reply->status);
	r = runtime_json__load(reply->data, reply->len, &root, err);
	if (r < 0)
		return r;
	r = read_subject(talk, root, err);
	json_decref(root);
	return r;
}

const struct runtime_protocol docker_protocol = { .write = write_request, .read = read_reply };
