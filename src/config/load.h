/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_LOAD_H
#define SRC_CONFIG_LOAD_H

/*
 * Files to specs: reads a config by dialect and path, bounded in size, and hands back a spec that the caller
 * owns. Also prints a spec canonically, which is what golden tests compare.
 */

#include "base/str.h"
#include "config/dialect.h"

#define CONFIG_MAX_BYTES (4u << 20)

/* NAME -> DIR/NAME.yaml + DIR/NAME.bpf.o. 0 and *ret_spec, or the first error's code with all of them in the list. */
int config_load_named(const struct dialect *dialect, const char *dir, const char *name,
		      struct spec **ret_spec, struct err_list *errors);
/* FILE.yaml (any path); the object is FILE.bpf.o beside it unless `object` is given. */
int config_load_file(const struct dialect *dialect, const char *path, const char *object,
		     struct spec **ret_spec, struct err_list *errors);
/* From memory; `input` strings are copied. */
int config_load_text(const struct dialect *dialect, const struct dialect_input *input,
		     struct spec **ret_spec, struct err_list *errors);
/* Adds what the object knows (the dialect's complete()), then checks again. 0, or the first error's code. */
int spec__complete(struct spec *spec, const struct object_facts *facts, struct err_list *errors);
struct spec *spec__free(struct spec *spec);

/* ---- parameters: param.c ---- */

/* NULL when there is none of that name. */
const struct param_spec *spec__find_param(const struct spec *spec, const char *name);
/* What the command line says, before the spec is completed. -ENOENT: no such parameter; -EINVAL: not of its type.
 * Those that the object brings go to spec->settings instead. */
int spec__set_param(struct spec *spec, const char *name, const char *value, struct err *err);
/* Sets those of spec->settings; spec__complete() does it first. */
int spec__apply_settings(struct spec *spec, struct err_list *errors);
/* Names, types, defaults, and that conditions hang on switches. */
int spec__check_params(const struct spec *spec, struct err_list *errors);
/* What the values mean: constants of the object are set, metrics, spans and labels whose condition does not hold are
 * taken out, the others lose it. spec__complete() does it last. */
int spec__apply_params(struct spec *spec, const struct object_facts *facts,
		       struct err_list *errors);

/* ---- labels that say who a cgroup is: identity.c ---- */

/* That they are names of such decoders, and stand at labels of cgroups. */
int spec__check_identity(const struct spec *spec, struct err_list *errors);
/* Makes the labels. spec__complete() does it at the very end. 0 or -ENOMEM. */
int spec__apply_identity(struct spec *spec);
/* What the command line says, before the spec is completed: these in the place of every label of a cgroup. Borrows the
 * names for good. -ENOMEM with err set. */
int spec__replace_cgroups(struct spec *spec, const char *const *identity, uint32_t count,
			  struct err *err);

/* ---- metrics that another config lays over it: overlay.c ---- */

/* Copies what a use says into the spec of its gadget, before that is completed; constant labels only when that keeps
 * original names. 0 or -ENOMEM. */
int spec__set_overlay(struct spec *spec, const struct use_spec *use);
/* Its metrics, with their labels, conditions and values held against the fields of the stream. spec__complete() does it. */
int spec__apply_overlay(struct spec *spec, const struct object_facts *facts,
			struct err_list *errors);

/* ---- checks and print ---- */

/* Checks that hold for every dialect (names, duplicate labels, indexes in range); errors have positions. */
int spec__check(const struct spec *spec, struct err_list *errors);

/* Canonical text: every field that is set, one per line, stable order, without arena addresses. */
void spec__format(const struct spec *spec, struct strbuf *out);

#endif
