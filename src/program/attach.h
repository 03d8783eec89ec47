/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PROGRAM_ATTACH_H
#define SRC_PROGRAM_ATTACH_H

/*
 * How a loaded program gets onto its hook: one family of hooks per file of attach/, listed in attach.def.
 * A family owns nothing; the links it makes go into the caller's link_set. plan.c checks, attach.c attaches.
 */

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "config/spec.h"

struct attach_place;
struct bpf_link;
struct bpf_object;
struct bpf_program;
struct features;
struct host;
struct section;

/* What is asked for, from a section's name or an attach_spec. Strings are the program's arena. */
struct attach_request {
	const struct section *section; /* which hook; never NULL */
	const char
		*target;   /* function, event, binary, interface, cgroup; NULL: nothing was named */
	const char *group; /* tracepoint category, USDT provider, or NULL */
	const char *symbol; /* function in the binary, USDT name, or NULL */
	uint64_t offset, cookie;
	uint32_t link_flags;     /* of the kind, as the kernel defines them */
	uint32_t frequency_hz;   /* 0: as the target says */
	const char *map;         /* of the object, or NULL */
	enum attach_scope scope; /* what it follows; else it is attached once */
	bool is_optional;
};

/* What of a container or of the host a program can hang on. */
enum place_kind {
	PLACE_NONE,   /* nothing: it is attached once */
	PLACE_BINARY, /* a file of its root directory */
	PLACE_NETNS,  /* its network namespace */
};

struct attach_context {
	struct host *host;           /* borrowed */
	struct features *features;   /* borrowed */
	struct bpf_object *object;   /* borrowed; loaded, for its maps */
	struct bpf_program *library; /* borrowed; loaded */
	const char *program;         /* its name */
	int fd;                      /* borrowed; of the loaded program */
	struct link_set *links;      /* borrowed; where links go */
	const struct attach_place
		*place; /* borrowed; where, for what follows; NULL: it is attached once */
	int *array_fd;  /* beside a place: of the dispatchers, -1 until somebody made it */
};

struct attach_family {
	const char *name;
	/* Reads what follows the prefix in the section's name (never NULL) into target and the rest. */
	int (*parse)(struct attach_request *request, const char *rest, struct arena *arena,
		     struct err *err);
	/* Whether the hook can be had, as far as that shows without the program; NULL: it does not. */
	int (*check)(const struct attach_context *context, const struct attach_request *request,
		     struct err *err);
	/* Makes one link or more. What it made stays when it fails half way; the caller closes. */
	int (*attach)(struct attach_context *context, const struct attach_request *request,
		      struct err *err);
	/* The target is given at load already: what loads also attaches, so alternatives behind it need not be loaded. */
	bool is_bound_at_load;
	bool needs_no_target; /* SEC("prefix") alone is enough, when the spec says the rest */
	bool is_one_link; /* one link serves all places it follows to; attach() only remembers those */
	enum place_kind follows; /* what it can follow */
};

#define ATTACH(id, help) extern const struct attach_family attach_##id;
#include "program/attach.def"
#undef ATTACH

/* ---- links ---- */

struct attach_link {
	struct bpf_link *library; /* owned, or NULL */
	int fd;                   /* owned, or -1 */
	void (*undo)(void *ctx);  /* or NULL; frees ctx */
	void *ctx;
};

struct link_set {
	VEC(struct attach_link) links;
};

/* Each takes what it is given, also when it fails (-ENOMEM: undone at once). */
int link_set__add_library(struct link_set *set, struct bpf_link *link);
int link_set__add_fd(struct link_set *set, int fd);
int link_set__add_undo(struct link_set *set, void (*undo)(void *ctx), void *ctx);
/* Detaches in reverse order. */
void link_set__done(struct link_set *set);

/* ---- for the families ---- */

/* Where its binary is: at the place, or where the name leads on the host. */
int attach_find_binary(const struct attach_context *context, const struct attach_request *request,
		       char path[PATH_MAX], struct err *err);
/* The plain case: the whole rest is the target. */
int attach_parse_target(struct attach_request *request, const char *rest, struct arena *arena,
			struct err *err);
/* "name", "name+12", "name+0x1f" into *ret_name and request->offset. */
int attach_parse_offset(struct attach_request *request, const char *text, const char **ret_name,
			struct arena *arena, struct err *err);
/* Takes a libbpf link into the set; on failure (NULL) the message comes from errno and the hook's name. */
int attach_take(struct attach_context *context, const struct attach_request *request,
		struct bpf_link *link, struct err *err);
/* The program as it is attached to packets of the place's network namespace, whose number it then finds in cb[0]. A
 * descriptor, or -errno. */
int attach_dispatcher(const struct attach_context *context, const struct attach_request *request,
		      struct err *err);
/* A message for what the kernel answered: the hook, the errno in words. Returns code. */
int attach_refuse(const struct attach_request *request, int code, struct err *err);
/* Opens the perf event on one CPU and puts the program on it. */
struct perf_event_attr;
int attach_perf_event_fd(struct attach_context *context, const struct attach_request *request,
			 int perf_fd, struct err *err);

/* The families whose requests come from an attach_spec. NULL: that kind is not attached by name. */
struct attach_spec;
const struct section *attach_spec_section(const struct attach_spec *spec,
					  const struct section *own);

#endif
