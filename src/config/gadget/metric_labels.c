/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fields are labels: those that the text calls keys, or, when it names none, those that have few values.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/gadget/metrics.h"

#define TYPE_NOTE "metrics.type"
#define NAME_NOTE "metrics.name"
/* Longer texts are paths, arguments and the like. */
#define SHORT_TEXT_SIZE 64u

/* Who it was, of streams that say a mount or network namespace. */
static const char *const container_fields[] = {
	"k8s.namespace",
	"k8s.podName",
	"k8s.containerName",
	"runtime.containerName",
};

struct label_list {
	struct gadget_writer *writer; /* borrowed */
	struct stream_spec *stream;   /* borrowed */
	VEC(struct label_spec) labels;
};

static const char *note(const struct field_spec *field, const char *key)
{
	return gadget_note(field->notes, field->note_count, key);
}

bool gadget_is_scalar(const struct field_spec *field)
{
	if (field->source || field->is_foreign)
		return true;
	return field->count == 0 && field->type != FIELD_TYPE_BYTES &&
	       field->type != FIELD_TYPE_STRUCT;
}

static int add(struct label_list *list, uint32_t index)
{
	struct arena *arena = list->writer->arena;
	const struct field_spec *field = &list->stream->fields[index];
	const char *name = note(field, NAME_NOTE);
	struct label_spec label = { .at = field->at, .field = index };

	label.name = metric_name_plain(arena, name && name[0] ? name : field->name);
	if (!label.name)
		return -ENOMEM;
	vec_for_each(&list->labels, other)
		if (str_eq(other->name, label.name))
			return gadget_writer__warn(
				list->writer, &field->at,
				"field '%s' would be a second label '%s', ignoring it", field->name,
				label.name);
	if (list->labels.len >= GADGET_MAX_LABELS)
		return gadget_writer__warn(list->writer, &field->at,
					   "a metric has at most %d labels, ignoring field '%s'",
					   GADGET_MAX_LABELS, field->name);
	return vec_push(&list->labels, label);
}

/* ---- by the text ---------------------------------------------------------------------------- */

static bool is_named_key(const struct field_spec *field)
{
	const char *type = note(field, TYPE_NOTE);

	return type && strcasecmp(type, "key") == 0;
}

static int add_named(struct label_list *list)
{
	for (uint32_t i = 0; i < list->stream->field_count; i++) {
		const struct field_spec *field = &list->stream->fields[i];
		int r = 0;

		if (!is_named_key(field))
			continue;
		if (gadget_is_scalar(field))
			r = add(list, i);
		else
			r = gadget_writer__warn(
				list->writer, &field->at,
				"field '%s' is no number and no text, so it makes no label",
				field->name);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- by what fields are --------------------------------------------------------------------- */

static const struct field_spec *source_of(const struct label_list *list,
					  const struct field_spec *field)
{
	for (uint32_t i = 0; field->source && i < list->stream->field_count; i++)
		if (str_eq(list->stream->fields[i].name, field->source))
			return &list->stream->fields[i];
	return NULL;
}

static bool has_text(const struct label_list *list, const struct field_spec *field)
{
	for (uint32_t i = 0; i < list->stream->field_count; i++)
		if (list->stream->fields[i].source &&
		    str_eq(list->stream->fields[i].source, field->name))
			return true;
	return false;
}

/* Texts that come from a short list, whatever happens. */
static bool is_enumerated(const struct label_list *list, const struct field_spec *field)
{
	static const char *const decoders[] = { "enum", "error_name", "l4proto", "signal",
						"syscall_name" };
	const struct field_spec *source = source_of(list, field);

	/* Of both ends of a connection it is the same. */
	if (!source || source->role == FIELD_ROLE_L4PROTO)
		return false;
	for (size_t i = 0; i < array_size(decoders); i++)
		if (field->step_count > 0 && str_eq(field->steps[0].decoder, decoders[i]))
			return true;
	return false;
}

static bool has_many_values(const struct field_spec *field)
{
	switch (field->role) {
	case FIELD_ROLE_ADDR:
	case FIELD_ROLE_BUCKET:
	case FIELD_ROLE_CGROUP_ID:
	case FIELD_ROLE_DURATION:
	case FIELD_ROLE_KSTACK:
	case FIELD_ROLE_KSYM:
	case FIELD_ROLE_MNTNS_ID:
	case FIELD_ROLE_NETNS_ID:
	case FIELD_ROLE_PID:
	case FIELD_ROLE_PORT:
	case FIELD_ROLE_TID:
	case FIELD_ROLE_TIMESTAMP:
	case FIELD_ROLE_USTACK:
		return true;
	case FIELD_ROLE_COMM:
	case FIELD_ROLE_CPU:
	case FIELD_ROLE_DEVICE:
	case FIELD_ROLE_ERRNO:
	case FIELD_ROLE_GID:
	case FIELD_ROLE_IFINDEX:
	case FIELD_ROLE_L4PROTO:
	case FIELD_ROLE_SIGNAL:
	case FIELD_ROLE_SYSCALL:
	case FIELD_ROLE_UID:
		return false;
	case FIELD_ROLE_NONE:
	case FIELD_ROLE_COUNT:
		break;
	}
	/* A number of 64 bits that nothing is said of is an id, an address or a cookie. */
	return field->type == FIELD_TYPE_U64 || field->type == FIELD_TYPE_S64 ||
	       field->type == FIELD_TYPE_F32 || field->type == FIELD_TYPE_F64 ||
	       (field->type == FIELD_TYPE_STRING && field->size > SHORT_TEXT_SIZE);
}

/* What such a number is, its name says and its type does not. */
static bool is_called_id(const char *name)
{
	static const char *const names[] = {
		"addr", "daddr", "dport", "fd",  "ino",   "inode", "pgid", "pid",
		"port", "ppid",  "saddr", "sid", "sport", "tgid",  "tid",
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < array_size(names); i++)
		if (str_eq(names[i], dot ? dot + 1 : name))
			return true;
	return false;
}

static bool is_good_key(const struct label_list *list, const struct field_spec *field)
{
	if (!field->is_key || field->source || field->is_foreign || has_text(list, field))
		return false;
	return gadget_is_scalar(field) && !field->is_hidden && !has_many_values(field) &&
	       !is_called_id(field->name);
}

static bool is_good(const struct label_list *list, const struct field_spec *field)
{
	if (field->is_foreign || note(field, TYPE_NOTE))
		return false;
	return is_enumerated(list, field) || is_good_key(list, field) ||
	       (field->role == FIELD_ROLE_COMM && field->type == FIELD_TYPE_STRING);
}

/* ---- whose it is ---------------------------------------------------------------------------- */

static bool has_owner(const struct stream_spec *stream)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (stream->fields[i].role == FIELD_ROLE_MNTNS_ID ||
		    stream->fields[i].role == FIELD_ROLE_NETNS_ID ||
		    stream->fields[i].role == FIELD_ROLE_CGROUP_ID)
			return true;
	return false;
}

static int find_field(const struct stream_spec *stream, const char *name)
{
	for (uint32_t i = 0; i < stream->field_count; i++)
		if (strcasecmp(stream->fields[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

/* The fields that whoever enriches records will bring; the text may have described some of them. */
static int add_container_fields(struct label_list *list)
{
	struct stream_spec *stream = list->stream;
	struct field_spec *fields = arena_array(list->writer->arena, struct field_spec,
						stream->field_count + array_size(container_fields));

	if (!fields)
		return -ENOMEM;
	for (uint32_t i = 0; i < stream->field_count; i++)
		fields[i] = stream->fields[i];
	stream->fields = fields;
	for (size_t i = 0; i < array_size(container_fields); i++)
		if (find_field(stream, container_fields[i]) < 0)
			fields[stream->field_count++] =
				(struct field_spec){ .at = stream->at,
						     .name = container_fields[i],
						     .role = FIELD_ROLE_NONE,
						     .type = FIELD_TYPE_STRING,
						     .is_foreign = true };
	return 0;
}

static int add_containers(struct label_list *list)
{
	int r = has_owner(list->stream) ? add_container_fields(list) : -ENOENT;

	for (size_t i = 0; r == 0 && i < array_size(container_fields); i++) {
		int index = find_field(list->stream, container_fields[i]);

		r = index < 0 ? index : add(list, (uint32_t)index);
	}
	return r == -ENOENT ? 0 : r;
}

static int add_good(struct label_list *list)
{
	int r = add_containers(list);

	for (uint32_t i = 0; r == 0 && i < list->stream->field_count; i++)
		if (is_good(list, &list->stream->fields[i]))
			r = add(list, i);
	return r;
}

int gadget_metric_labels(struct gadget_writer *writer, struct stream_spec *stream,
			 const struct label_spec **ret_labels, uint32_t *ret_count)
{
	struct label_list list = { .writer = writer, .stream = stream };
	int r = add_named(&list);

	if (r == 0 && list.labels.len == 0)
		r = add_good(&list);
	if (r == 0) {
		*ret_labels = arena__memdup(writer->arena, list.labels.items,
					    list.labels.len * sizeof(*list.labels.items));
		*ret_count = (uint32_t)list.labels.len;
		r = *ret_labels ? 0 : -ENOMEM;
	}
	vec_done(&list.labels);
	return r;
}
