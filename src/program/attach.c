/* SPDX-License-Identifier: Apache-2.0 */
#include "program/attach.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "program/binary.h"
#include "program/dispatcher.h"
#include "program/library.h"
#include "program/place.h"
#include "program/section.h"

/* ---- links ---- */

static void undo_link(struct attach_link *link)
{
	if (link->library)
		(void)bpf_link__destroy(link->library); /* the link is gone in any case */
	if (link->fd >= 0)
		(void)close(link->fd);
	if (link->undo)
		link->undo(link->ctx);
}

static int add_link(struct link_set *set, struct attach_link link)
{
	if (vec_push(&set->links, link) < 0) {
		undo_link(&link);
		return -ENOMEM;
	}
	return 0;
}

int link_set__add_library(struct link_set *set, struct bpf_link *link)
{
	return add_link(set, (struct attach_link){ .library = link, .fd = -1 });
}

int link_set__add_fd(struct link_set *set, int fd)
{
	return add_link(set, (struct attach_link){ .fd = fd });
}

int link_set__add_undo(struct link_set *set, void (*undo)(void *ctx), void *ctx)
{
	return add_link(set, (struct attach_link){ .fd = -1, .undo = undo, .ctx = ctx });
}

void link_set__done(struct link_set *set)
{
	for (size_t i = set->links.len; i > 0; i--)
		undo_link(&set->links.items[i - 1]);
	vec_done(&set->links);
}

/* ---- reading section names ---- */

int attach_parse_target(struct attach_request *request, const char *rest, struct arena *arena,
			struct err *err)
{
	if (!*rest)
		return err__set(err, -EINVAL, NULL, "SEC(\"%s/\") names nothing after the slash",
				request->section->prefix);
	request->target = arena__strdup(arena, rest);
	return request->target ? 0 : -ENOMEM;
}

/* strtoul's bases: 0x, leading 0, decimal; libbpf reads offsets so. */
static int parse_number(const char *text, uint64_t *ret_value)
{
	return num_parse_u64_go(text, strlen(text), ret_value);
}

int attach_parse_offset(struct attach_request *request, const char *text, const char **ret_name,
			struct arena *arena, struct err *err)
{
	const char *plus = strchr(text, '+');
	size_t len = plus ? (size_t)(plus - text) : strlen(text);

	if (len == 0)
		return err__set(err, -EINVAL, NULL,
				"'%s' names no function; FUNCTION or FUNCTION+OFFSET is expected",
				text);
	if (plus && parse_number(plus + 1, &request->offset) < 0)
		return err__set(err, -EINVAL, NULL, "offset '%s' is not a number", plus + 1);
	if (request->offset && (request->section->flags & SECTION_RETURN))
		return err__set(err, -EINVAL, NULL, "a return probe takes no offset, '%s' has one",
				text);
	*ret_name = arena__strndup(arena, text, len);
	return *ret_name ? 0 : -ENOMEM;
}

/* ---- for the families ---- */

int attach_find_binary(const struct attach_context *context, const struct attach_request *request,
		       char path[PATH_MAX], struct err *err)
{
	if (!context->place)
		return binary_find(request->target, path, PATH_MAX, err);
	(void)attach_place__path(context->place, path);
	return 0;
}

int attach_dispatcher(const struct attach_context *context, const struct attach_request *request,
		      struct err *err)
{
	if (*context->array_fd < 0) {
		int fd = dispatcher_make_array(context->fd, err);

		if (fd < 0)
			return fd;
		*context->array_fd = fd;
	}
	return dispatcher_load(*context->array_fd, request->section,
			       (uint32_t)context->place->number, err);
}

int attach_refuse(const struct attach_request *request, int code, struct err *err)
{
	char text[128];

	return err__set(err, library_errno(code), NULL, "%s %s: %s", request->section->prefix,
			request->target ? request->target : "",
			library_error_text(code, text, sizeof(text)));
}

int attach_take(struct attach_context *context, const struct attach_request *request,
		struct bpf_link *link, struct err *err)
{
	int r = link ? 0 : -errno;

	if (r < 0)
		return attach_refuse(request, r, err);
	r = link_set__add_library(context->links, link);
	if (r < 0)
		return err__set(err, r, NULL, "no memory for a link");
	return 0;
}

int attach_perf_event_fd(struct attach_context *context, const struct attach_request *request,
			 int perf_fd, struct err *err)
{
	LIBBPF_OPTS(bpf_perf_event_opts, options, .bpf_cookie = request->cookie);
	struct bpf_link *link = bpf_program__attach_perf_event_opts(context->library, perf_fd,
								    &options);

	if (!link) {
		int r = -errno;

		(void)close(perf_fd); /* libbpf takes it only when it succeeds */
		return attach_refuse(request, r, err);
	}
	return attach_take(context, request, link, err);
}
