/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef SONDE_GADGET_MACROS_H
#define SONDE_GADGET_MACROS_H

/*
 * What a gadget declares to user space. A declaration is a variable that nobody reads: its name says everything, and the
 * types of the object keep it. Parts of a name are separated by three underscores.
 */

/* A name for user space alone; "used" keeps it in the object. */
#define GADGET_DECLARE_(name) const void *name __attribute__((unused))
/* Keeps a struct among the types of the object, though no program has a variable of it. */
#define GADGET_KEEP_TYPE_(name, type)                                                              \
	const struct type *gadget_keep_##name##_##type __attribute__((unused))

/* Events: records of struct type come through the map, a ring or perf buffer. */
#define GADGET_TRACER(name, map, type)                                                             \
	GADGET_DECLARE_(gadget_tracer_##name##___##map##___##type);                                \
	GADGET_KEEP_TYPE_(name, type)

/* Rows: of a hash whose key and value are structs. */
#define GADGET_MAPITER(name, map) GADGET_DECLARE_(gadget_mapiter_##name##___##map)

#define GADGET_ITER_1_(prefix, name, type, a) GADGET_DECLARE_(prefix##_##name##___##type##___##a)
#define GADGET_ITER_2_(prefix, name, type, a, b)                                                   \
	GADGET_DECLARE_(prefix##_##name##___##type##___##a##___##b)
#define GADGET_ITER_3_(prefix, name, type, a, b, c)                                                \
	GADGET_DECLARE_(prefix##_##name##___##type##___##a##___##b##___##c)
#define GADGET_ITER_PICK_(a, b, c, macro, ...) macro

/* Snapshots: one to three iterator programs write records of struct type. */
#define GADGET_ITER(name, type, ...)                                                               \
	GADGET_ITER_PICK_(__VA_ARGS__, GADGET_ITER_3_, GADGET_ITER_2_, GADGET_ITER_1_)             \
	(gadget_iter, name, type, __VA_ARGS__);                                                    \
	GADGET_KEEP_TYPE_(name, type)
/* As it was called before. */
#define GADGET_SNAPSHOTTER(name, type, ...) GADGET_ITER(name, type, __VA_ARGS__)

/* The map that a program "iter/bpf_map_elem" walks; the socket map of a program "sk_skb" or "sk_msg". */
#define GADGET_ITER_TARGET_MAP(program, map)                                                       \
	GADGET_DECLARE_(gadget_mapelem_iter_target_##program##___##map)
#define GADGET_SK_TARGET_MAP(program, map)                                                         \
	GADGET_DECLARE_(gadget_sk_prog_target_##program##___##map)

/* A constant (const volatile) that the user may set. */
#define GADGET_PARAM(variable) GADGET_DECLARE_(gadget_param_##variable)

#endif
