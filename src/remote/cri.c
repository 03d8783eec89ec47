/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Container Runtime Interface, runtime.v1 and its twin runtime.v1alpha2, as containerd, CRI-O and cri-dockerd serve
 * it. Of its messages a dozen fields are wanted: they are read in place with the reader of base/. Generated code
 * (protobuf-c) wants the whole interface beside it and builds each answer as a tree first, whose size nobody bounds.
 *
 * A container takes three requests: the list with its id tells whose it is (and is empty, where status would be an
 * error that each runtime words in its own way), its status when it started and by which image, its pod's status the
 * labels and the network. An id that is no container may be a pod's sandbox.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/protobuf.h"
#include "remote/runtime_json.h"
#include "remote/runtime_protocol.h"

#define GRPC_OK 0
#define GRPC_NOT_FOUND 5
#define GRPC_UNIMPLEMENTED 12

#define STATE_CREATED 0
#define STATE_RUNNING 1
#define NETWORK_OF_NODE 2

/* Numbers of fields; those of answers are in the tables below. */
enum {
	REQUEST_FILTER = 1,
	FILTER_ID = 1,
	FILTER_STATE = 2,
	STATE_VALUE = 1,
	STATUS_ID = 1,
	STATUS_VERBOSE = 2,
	LIST_ITEMS = 1,
	RESPONSE_STATUS = 1,
	RESPONSE_INFO = 2,
	MAP_KEY = 1,
	MAP_VALUE = 2,
	VERSION_NAME = 2,
	VERSION_VERSION = 3,
	IMAGE_NAME = 1,
	IMAGE_AS_ASKED = 18,
	LINUX_NAMESPACES = 1,
	NAMESPACES_OPTIONS = 2,
	OPTIONS_NETWORK = 1,
};

/* What a field of a container or a pod is for. */
enum role {
	ROLE_NONE,
	ROLE_ID,
	ROLE_POD_ID,
	ROLE_METADATA,
	ROLE_POD_METADATA,
	ROLE_IMAGE,
	ROLE_IMAGE_REF,
	ROLE_STATE,
	ROLE_STARTED,
	ROLE_LABELS,
	ROLE_LINUX,
};

#define ROLES_MAX 16

static const enum role container_roles[ROLES_MAX] = {
	[1] = ROLE_ID,        [2] = ROLE_POD_ID, [3] = ROLE_METADATA, [4] = ROLE_IMAGE,
	[5] = ROLE_IMAGE_REF, [6] = ROLE_STATE,  [8] = ROLE_LABELS,
};
static const enum role container_status_roles[ROLES_MAX] = {
	[1] = ROLE_ID,    [2] = ROLE_METADATA,  [3] = ROLE_STATE,   [5] = ROLE_STARTED,
	[8] = ROLE_IMAGE, [9] = ROLE_IMAGE_REF, [12] = ROLE_LABELS,
};
static const enum role pod_roles[ROLES_MAX] = {
	[1] = ROLE_ID,
	[2] = ROLE_POD_METADATA,
	[5] = ROLE_LABELS,
};
static const enum role pod_status_roles[ROLES_MAX] = {
	[1] = ROLE_ID,
	[2] = ROLE_POD_METADATA,
	[6] = ROLE_LINUX,
	[7] = ROLE_LABELS,
};
/* The same when it is a container's pod that is read: its id is not the container's. */
static const enum role pod_of_container_roles[ROLES_MAX] = {
	[2] = ROLE_POD_METADATA,
	[6] = ROLE_LINUX,
	[7] = ROLE_LABELS,
};

/* ---- requests ------------------------------------------------------------------------------------------ */

static void write_filter_id(const struct runtime_talk *talk, struct strbuf *body)
{
	size_t start = protobuf__begin(body, REQUEST_FILTER);

	protobuf__add_bytes(body, FILTER_ID, talk->id, strlen(talk->id));
	protobuf__end(body, start);
}

/* Only what runs, or is ready: 0 need not be written, but the message around it must. */
static void write_filter_state(struct strbuf *body, uint64_t state)
{
	size_t filter = protobuf__begin(body, REQUEST_FILTER);
	size_t value = protobuf__begin(body, FILTER_STATE);

	if (state != 0)
		protobuf__add_varint(body, STATE_VALUE, state);
	protobuf__end(body, value);
	protobuf__end(body, filter);
}

static void write_running(const struct runtime_talk *talk, struct strbuf *body)
{
	(void)talk;
	write_filter_state(body, STATE_RUNNING);
}

static void write_ready(const struct runtime_talk *talk, struct strbuf *body)
{
	(void)talk;
	write_filter_state(body, 0 /* SANDBOX_READY */);
}

static void write_status(const struct runtime_talk *talk, struct strbuf *body)
{
	protobuf__add_bytes(body, STATUS_ID, talk->id, strlen(talk->id));
	protobuf__add_varint(body, STATUS_VERBOSE, 1 /* for its pid */);
}

static void write_pod_of_container(const struct runtime_talk *talk, struct strbuf *body)
{
	const char *id = talk->draft.pod_id;

	protobuf__add_bytes(body, STATUS_ID, id, strlen(id));
}

static void write_nothing(const struct runtime_talk *talk, struct strbuf *body)
{
	(void)talk;
	(void)body;
}

/* ---- fields -------------------------------------------------------------------------------------------- */

static const char *text_of(const struct protobuf_field *field)
{
	return (const char *)field->content.at;
}

static size_t len_of(const struct protobuf_field *field)
{
	return (size_t)(field->content.end - field->content.at);
}

/* The last field of that number and type within a message, as protobuf has it. */
static bool find_field(struct protobuf_message message, uint64_t number, enum protobuf_type type,
		       struct protobuf_field *ret_field)
{
	struct protobuf_field field;
	bool is_found = false;

	while (protobuf__next(&message, &field)) {
		if (field.number != number || field.type != type)
			continue;
		*ret_field = field;
		is_found = true;
	}
	return is_found;
}

static void set_text(struct runtime_draft *draft, const char **text,
		     struct protobuf_message message, uint64_t number)
{
	struct protobuf_field field;

	if (find_field(message, number, PROTOBUF_BYTES, &field))
		runtime_draft__set(draft, text, text_of(&field), len_of(&field));
}

static void set_pod(struct runtime_draft *draft, struct protobuf_message metadata)
{
	set_text(draft, &draft->container.pod_name, metadata, 1);
	set_text(draft, &draft->container.pod_uid, metadata, 2);
	set_text(draft, &draft->container.pod_namespace, metadata, 3);
}

/* containerd tells the image's id where it knows no name; the name that the pod asked for is better then. */
static void set_image(struct runtime_draft *draft, struct protobuf_message image)
{
	const char *asked = NULL;

	set_text(draft, &draft->container.image, image, IMAGE_NAME);
	set_text(draft, &asked, image, IMAGE_AS_ASKED);
	if (asked && (!draft->container.image || str_starts(draft->container.image, "sha256:")))
		draft->container.image = asked;
}

static void add_label(struct runtime_draft *draft, struct protobuf_message entry)
{
	struct protobuf_field key, value = { .content = protobuf__read("", 0) };

	(void)find_field(entry, MAP_VALUE, PROTOBUF_BYTES, &value);
	if (find_field(entry, MAP_KEY, PROTOBUF_BYTES, &key))
		runtime_draft__add_label(draft, text_of(&key), len_of(&key), text_of(&value),
					 len_of(&value));
}

static void set_network(struct runtime_draft *draft, struct protobuf_message of_linux)
{
	struct protobuf_field namespaces, options, network;

	draft->container.is_host_network =
		find_field(of_linux, LINUX_NAMESPACES, PROTOBUF_BYTES, &namespaces) &&
		find_field(namespaces.content, NAMESPACES_OPTIONS, PROTOBUF_BYTES, &options) &&
		find_field(options.content, OPTIONS_NETWORK, PROTOBUF_VARINT, &network) &&
		network.value == NETWORK_OF_NODE;
}

static void read_bytes(struct runtime_draft *draft, enum role role,
		       const struct protobuf_field *field)
{
	struct runtime_container *container = &draft->container;

	switch (role) {
	case ROLE_ID:
		runtime_draft__set(draft, &container->id, text_of(field), len_of(field));
		return;
	case ROLE_POD_ID:
		runtime_draft__set(draft, &draft->pod_id, text_of(field), len_of(field));
		return;
	case ROLE_METADATA:
		set_text(draft, &container->name, field->content, 1);
		return;
	case ROLE_POD_METADATA:
		set_pod(draft, field->content);
		return;
	case ROLE_IMAGE:
		set_image(draft, field->content);
		return;
	case ROLE_IMAGE_REF:
		runtime_draft__set_digest(draft, text_of(field), len_of(field));
		return;
	case ROLE_LABELS:
		add_label(draft, field->content);
		return;
	case ROLE_LINUX:
		set_network(draft, field->content);
		return;
	case ROLE_NONE:
	case ROLE_STATE:
	case ROLE_STARTED:
		return;
	}
}

static int read_item(struct runtime_draft *draft, struct protobuf_message item,
		     const enum role *roles, struct err *err)
{
	struct protobuf_field field;
	uint64_t state = STATE_CREATED;

	while (protobuf__next(&item, &field)) {
		enum role role = field.number < ROLES_MAX ? roles[field.number] : ROLE_NONE;

		if (field.type == PROTOBUF_BYTES)
			read_bytes(draft, role, &field);
		else if (field.type == PROTOBUF_VARINT && role == ROLE_STATE)
			state = field.value;
		else if (field.type == PROTOBUF_VARINT && role == ROLE_STARTED)
			draft->container.started_ns = (int64_t)field.value;
	}
	if (item.is_broken)
		return err__set(err, -EBADMSG, NULL, "its answer is no message of CRI");
	if (draft->container.started_ns < 0)
		draft->container.started_ns = 0;
	if (roles == container_roles || roles == container_status_roles)
		draft->is_created = state == STATE_CREATED;
	return runtime_draft__finish(draft) < 0
		       ? err__set(err, -ENOMEM, NULL, "no memory for a container")
		       : 0;
}

/* ---- answers ------------------------------------------------------------------------------------------- */

enum step {
	STEP_VERSION,
	STEP_FIND,
	STEP_STATUS,
	STEP_POD_OF_CONTAINER,
	STEP_FIND_POD,
	STEP_POD_STATUS,
	STEP_LIST,
	STEP_LIST_PODS,
};

static int broken(struct err *err)
{
	return err__set(err, -EBADMSG, NULL, "its answer is no message of CRI");
}

static int go_to(struct runtime_talk *talk, enum step step)
{
	talk->step = step;
	return RUNTIME_NEXT_REQUEST;
}

static void set_own_text(char *to, const struct protobuf_field *field)
{
	size_t len = len_of(field) < RUNTIME_NAME_MAX ? len_of(field) : RUNTIME_NAME_MAX - 1;

	snprintf(to, RUNTIME_NAME_MAX, "%.*s", (int)len, text_of(field));
}

static int read_version(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	struct protobuf_field name, version;

	if (find_field(reply, VERSION_NAME, PROTOBUF_BYTES, &name))
		set_own_text(talk->runtime, &name);
	if (find_field(reply, VERSION_VERSION, PROTOBUF_BYTES, &version))
		set_own_text(talk->version, &version);
	return talk->runtime[0] ? RUNTIME_NEXT_DONE : broken(err);
}

/* The one item with the id that was asked for: 1, 0 (there is none), or an error. */
static int find_item(struct runtime_talk *talk, struct protobuf_message reply,
		     const enum role *roles, struct err *err)
{
	struct protobuf_field field;

	while (protobuf__next(&reply, &field)) {
		int r;

		if (field.number != LIST_ITEMS || field.type != PROTOBUF_BYTES)
			continue;
		runtime_draft__begin(&talk->draft);
		r = read_item(&talk->draft, field.content, roles, err);
		if (r < 0)
			return r;
		/* The filter takes beginnings of ids as well. */
		if (talk->draft.container.id && str_eq(talk->draft.container.id, talk->id))
			return 1;
	}
	return reply.is_broken ? broken(err) : 0;
}

static int read_find(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	int r = find_item(talk, reply, container_roles, err);

	if (r < 0)
		return r;
	if (r == 0)
		return go_to(talk, STEP_FIND_POD);
	runtime_draft__end_own_labels(&talk->draft);
	return go_to(talk, STEP_STATUS);
}

static int read_find_pod(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	int r = find_item(talk, reply, pod_roles, err);

	if (r < 0)
		return r;
	if (r == 0)
		return RUNTIME_NEXT_UNKNOWN;
	talk->draft.container.is_sandbox = true;
	return go_to(talk, STEP_POD_STATUS);
}

/* What verbose adds is JSON of the runtime's own; containerd and CRI-O have the pid at its top. */
static void read_info(struct runtime_draft *draft, struct protobuf_message entry)
{
	struct protobuf_field key, value;
	json_int_t pid;
	json_t *root;

	if (!find_field(entry, MAP_KEY, PROTOBUF_BYTES, &key) || len_of(&key) != strlen("info") ||
	    memcmp(key.content.at, "info", strlen("info")) != 0 ||
	    !find_field(entry, MAP_VALUE, PROTOBUF_BYTES, &value))
		return;
	if (runtime_json__load(text_of(&value), len_of(&value), &root, NULL) < 0)
		return; /* nothing but the pid is missing */
	pid = json_integer_value(json_object_get(root, "pid"));
	if (pid > 0 && pid <= INT32_MAX)
		draft->container.pid = (uint32_t)pid;
	json_decref(root);
}

static int read_response(struct runtime_talk *talk, struct protobuf_message reply,
			 const enum role *roles, struct err *err)
{
	struct protobuf_field field;

	while (protobuf__next(&reply, &field)) {
		int r = 0;

		if (field.type != PROTOBUF_BYTES)
			continue;
		if (field.number == RESPONSE_STATUS)
			r = read_item(&talk->draft, field.content, roles, err);
		else if (field.number == RESPONSE_INFO && roles != pod_of_container_roles)
			read_info(&talk->draft, field.content);
		if (r < 0)
			return r;
	}
	if (reply.is_broken)
		return broken(err);
	/* It answers for what was asked, whatever it wrote there. */
	talk->draft.container.id = talk->id;
	return RUNTIME_NEXT_DONE;
}

static int read_status(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	int r = read_response(talk, reply, container_status_roles, err);

	if (r < 0)
		return r;
	runtime_draft__end_own_labels(&talk->draft);
	return talk->draft.pod_id ? go_to(talk, STEP_POD_OF_CONTAINER) : RUNTIME_NEXT_DONE;
}

static int read_pod_of_container(struct runtime_talk *talk, struct protobuf_message reply,
				 struct err *err)
{
	return read_response(talk, reply, pod_of_container_roles, err);
}

static int read_pod_status(struct runtime_talk *talk, struct protobuf_message reply,
			   struct err *err)
{
	int r = read_response(talk, reply, pod_status_roles, err);

	runtime_draft__end_own_labels(&talk->draft);
	return r;
}

static int list_items(struct runtime_talk *talk, struct protobuf_message reply,
		      const enum role *roles, struct err *err)
{
	struct protobuf_field field;

	while (protobuf__next(&reply, &field)) {
		int r;

		if (field.number != LIST_ITEMS || field.type != PROTOBUF_BYTES)
			continue;
		runtime_draft__begin(&talk->draft);
		r = read_item(&talk->draft, field.content, roles, err);
		if (r < 0)
			return r;
		runtime_draft__end_own_labels(&talk->draft);
		talk->draft.container.is_sandbox = roles == pod_roles;
		if (talk->draft.container.id)
			talk->listed(talk->ctx, &talk->draft);
	}
	return reply.is_broken ? broken(err) : 0;
}

static int read_list(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	int r = list_items(talk, reply, container_roles, err);

	return r < 0 ? r : go_to(talk, STEP_LIST_PODS);
}

static int read_list_pods(struct runtime_talk *talk, struct protobuf_message reply, struct err *err)
{
	int r = list_items(talk, reply, pod_roles, err);

	return r < 0 ? r : RUNTIME_NEXT_DONE;
}

static const struct {
	const char *method;
	void (*write)(const struct runtime_talk *talk, struct strbuf *body);
	int (*read)(struct runtime_talk *talk, struct protobuf_message reply, struct err *err);
} steps[] = {
	[STEP_VERSION] = { "Version", write_nothing, read_version },
	[STEP_FIND] = { "ListContainers", write_filter_id, read_find },
	[STEP_STATUS] = { "ContainerStatus", write_status, read_status },
	[STEP_POD_OF_CONTAINER] = { "PodSandboxStatus", write_pod_of_container,
				    read_pod_of_container },
	[STEP_FIND_POD] = { "ListPodSandbox", write_filter_id, read_find_pod },
	[STEP_POD_STATUS] = { "PodSandboxStatus", write_status, read_pod_status },
	[STEP_LIST] = { "ListContainers", write_running, read_list },
	[STEP_LIST_PODS] = { "ListPodSandbox", write_ready, read_list_pods },
};

/* A talk begins with step 0, whatever it is about. */
static enum step step_of(const struct runtime_talk *talk)
{
	static const enum step first[] = {
		[RUNTIME_SUBJECT_HELLO] = STEP_VERSION,
		[RUNTIME_SUBJECT_LIST] = STEP_LIST,
		[RUNTIME_SUBJECT_CONTAINER] = STEP_FIND,
	};

	return talk->step == 0 ? first[talk->subject] : (enum step)talk->step;
}

static void write_request(const struct runtime_talk *talk, struct strbuf *path, struct strbuf *body)
{
	enum step step = step_of(talk);

	strbuf__printf(path, "/runtime.%s.RuntimeService/%s", talk->is_old_api ? "v1alpha2" : "v1",
		       steps[step].method);
	steps[step].write(talk, body);
}

/* It says no: to its name, because it only knows the older one; to a status, because the container is gone since. */
static int read_refusal(struct runtime_talk *talk, uint32_t status, struct err *err)
{
	enum step step = step_of(talk);

	if (status == GRPC_UNIMPLEMENTED && step == STEP_VERSION) {
		if (talk->is_old_api) {
			talk->is_old_api = false;
			return err__set(err, -EPROTONOSUPPORT, NULL, "it does not serve CRI");
		}
		talk->is_old_api = true;
		return RUNTIME_NEXT_REQUEST;
	}
	/* What the list told stands. */
	if (step == STEP_STATUS || step == STEP_POD_OF_CONTAINER || step == STEP_POD_STATUS)
		if (status == GRPC_NOT_FOUND)
			return RUNTIME_NEXT_DONE;
	return err__set(err, -EREMOTEIO, NULL, "it answers %s with gRPC status %u",
			steps[step].method, status);
}

static int read_reply(struct runtime_talk *talk, const struct runtime_reply *reply, struct err *err)
{
	if (reply->grpc_status != GRPC_OK)
		return read_refusal(talk, reply->grpc_status, err);
	return steps[step_of(talk)].read(talk, protobuf__read(reply->data, reply->len), err);
}

const struct runtime_protocol cri_protocol = {
	.is_grpc = true,
	.write = write_request,
	.read = read_reply,
};
