/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/num.h"
#include "program/attach.h"
#include "program/feature.h"

static int parse(struct attach_request *request, const char *rest, struct arena *arena,
		 struct err *err)
{
	const char *slash = strchr(rest, '/');

	if (!slash || slash == rest || !slash[1] || strchr(slash + 1, '/'))
		return err__set(err, -EINVAL, NULL, "tracepoint '%s' is not CATEGORY/EVENT", rest);
	request->group = arena__strndup(arena, rest, (size_t)(slash - rest));
	request->target = arena__strdup(arena, slash + 1);
	return request->group && request->target ? 0 : -ENOMEM;
}

/* The number of the event, or -errno with a message. */
static int find_event(struct features *features, const struct attach_request *request,
		      uint64_t *ret_id, struct err *err)
{
	char path[512], text[32];
	int tracefs = features__tracefs(features, err);
	ssize_t len;

	if (tracefs < 0)
		return tracefs;
	(void)snprintf(path, sizeof(path), "events/%s/%s/id", request->group, request->target);
	len = fd_read_small(tracefs, path, text, sizeof(text));
	if (len == -ENOENT)
		return err__set(err, -ENOENT, NULL, "tracepoint '%s/%s' is not in this kernel",
				request->group, request->target);
	if (len < 0)
		return err__set(err, (int)len, NULL, "tracepoint '%s/%s' cannot be read: %s",
				request->group, request->target, strerror((int)-len));
	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (num_parse_u64(text, (size_t)len, ret_id) < 0)
		return err__set(err, -EINVAL, NULL, "tracepoint '%s/%s' has no number",
				request->group, request->target);
	return 0;
}

static int check(const struct attach_context *context, const struct attach_request *request,
		 struct err *err)
{
	uint64_t id;

	return find_event(context->features, request, &id, err);
}

static int attach(struct attach_context *context, const struct attach_request *request,
		  struct err *err)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT };
	uint64_t id;
	long fd;
	int r = find_event(context->features, request, &id, err);

	if (r < 0)
		return r;
	attr.config = id;
	/* The program fires on every CPU whichever one the event is opened on. */
	fd = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return attach_refuse(request, -errno, err);
	return attach_perf_event_fd(context, request, (int)fd, err);
}

const struct attach_family attach_tracepoint = {
	.name = "tracepoint",
	.parse = parse,
	.check = check,
	.attach = attach,
};
