/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_GADGET_H
#define SRC_CONFIG_GADGET_GADGET_H

/*
 * What the files of this room share: a writer that collects notes, warnings and needs into a spec, the special types
 * and the templates of the language. Everything lives in the spec's arena; vectors are the writer's until it is done.
 * gadget_parse() and gadget_complete() drive it.
 */

#include "base/vec.h"
#include "config/dialect.h"
#include "config/gadget/tree.h"

/* Bounds of the language's own: the largest gadget known has 150 parameters and 60 fields. */
#define GADGET_MAX_FIELDS 2048   /* of a data source */
#define GADGET_MAX_MEMBERS 65536 /* looked at for them */
#define GADGET_MAX_STREAMS 64
#define GADGET_MAX_PARAMS 1024
#define GADGET_MAX_CUSTOM 64
#define GADGET_MAX_WARNINGS 64

/* Prefix of the notes of a spec that say defaults of parameters by their full names. */
#define GADGET_DEFAULT_NOTE "paramdefaults."
/* A parameter of which only the text tells: the object will say its type. */
#define GADGET_UNKNOWN_TYPE "string"

typedef VEC(struct note_spec) gadget_notes;
typedef VEC(struct attach_spec) gadget_attaches;

struct gadget_writer {
	struct spec *spec;       /* borrowed */
	struct arena *arena;     /* of the spec */
	struct err_list *errors; /* borrowed */
	VEC(struct stream_spec) streams;
	VEC(struct param_spec) params;
	VEC(struct spec_text) warnings;
	VEC(struct spec_text) needs;
	gadget_notes notes;
	gadget_attaches attaches;
	VEC(struct alternative_spec) alternatives;
};

void gadget_writer__done(struct gadget_writer *writer);
/* Hands everything collected to the spec. */
int gadget_writer__finish(struct gadget_writer *writer);
/* -ENOMEM or 0; beyond GADGET_MAX_WARNINGS they are dropped. */
int gadget_writer__warn(struct gadget_writer *writer, const struct loc *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int gadget_writer__need(struct gadget_writer *writer, const struct loc *at, const char *text);

/* Adds, or replaces the value of, a note; keys are in lower case. -ENOMEM or 0. */
int gadget_notes__set(gadget_notes *notes, const char *key, const char *value);
/* NULL: there is none. */
const char *gadget_note(const struct note_spec *notes, uint32_t count, const char *key);

/* ---- alternatives.c ---- */

int gadget_read_alternatives(struct gadget_writer *writer, const struct node *key,
			     const struct node *value);

/* ---- patch.c ---- */

/* The tree with the patches of its custom parameters laid over it; the parameters go to the writer. */
int gadget_patch(struct gadget_writer *writer, const struct dialect_input *input,
		 const struct node *root, const struct node **ret_root);

/* ---- special.c ---- */

enum gadget_metric {
	GADGET_METRIC_NONE,
	GADGET_METRIC_COUNTER,
	GADGET_METRIC_GAUGE,
	GADGET_METRIC_SLOTS
};

/* What a typedef or struct of the contract means. */
struct gadget_special {
	const char *name; /* ends with "__*": any type that begins so */
	enum field_role role;
	const char *template; /* or NULL */
	const char *decoder;  /* makes the text of a derived field; NULL: none is derived */
	const char *target;   /* annotation that names the derived field */
	const char *fallback; /* its name when neither annotation nor "_raw" say one; or NULL */
	enum gadget_metric metric;
};

/* NULL: an ordinary type. */
const struct gadget_special *gadget_special_find(const char *name);
/* Sets the notes of a template. -ENOENT: there is none of that name. */
int gadget_template_apply(gadget_notes *notes, const char *name);

/* ---- fields.c ---- */

struct gadget_enum {
	const char *field;
	const struct fact_type *type; /* borrowed */
};

struct gadget_fields {
	struct gadget_writer *writer; /* borrowed */
	VEC(struct field_spec) list;
	VEC(struct gadget_enum) enums; /* of those in the list */
	uint32_t visited;              /* members, those that make no field as well */
};

void gadget_fields__done(struct gadget_fields *fields);
/* Adds annotations of the text, texts of special types, and what the text alone has (described: or NULL). */
int gadget_fields__annotate(struct gadget_fields *fields, const struct stream_spec *described,
			    uint32_t record_size);

/* ---- members.c ---- */

/* Fields of a struct that begins at the offset of the record, after those that are there. */
int gadget_fields__add(struct gadget_fields *fields, const struct fact_type *type, uint32_t offset,
		       bool is_key);
/* The notes become the field's, with what they say of it. */
int gadget_fields__take_notes(struct gadget_fields *fields, const gadget_notes *notes,
			      struct field_spec *field);
int gadget_notes__set_all(gadget_notes *notes, const struct note_spec *from, uint32_t count);
/* NULL when the field's type is none that Inspektor Gadget knows. */
const struct gadget_special *gadget_special_of(const struct field_spec *field);

/* Address and port, with or without a protocol; the name may be NULL. */
bool gadget_is_endpoint(const char *type_name);

/* ---- module.c ---- */

/* How the need of a module begins. */
#define GADGET_MODULE_NEED "WebAssembly"
/* Says in words of the spec what the module of a well-known gadget does, and takes its need away. */
int gadget_stand_in(struct gadget_writer *writer, const struct object_facts *facts);
/* Whether that makes the field of the data source, of which the record has no bytes. */
bool gadget_makes(const struct gadget_writer *writer, const char *stream, const char *field);
/* Whether the gadget is the one of that name: its own or that of its folder, with "_" for blanks. */
bool gadget_is_called(const struct gadget_writer *writer, const char *name);

/* ---- module_hooks.c ---- */

/* Whether a module would choose what programs of this gadget hang on. */
bool gadget_has_choices(const struct gadget_writer *writer, const struct object_facts *facts);
/* Does it instead, by parameters and by what the kernel has; once parameters are known. Again is harmless. */
int gadget_choose_hooks(struct gadget_writer *writer, const struct object_facts *facts,
			struct program_spec *program, gadget_attaches *attaches);

/* ---- contract.c, hooks.c, params.c ---- */

int gadget_add_streams(struct gadget_writer *writer, const struct object_facts *facts);
/* Scopes and maps, beside what the text says of programs; once parameters are known. Again is harmless. */
int gadget_add_hooks(struct gadget_writer *writer, const struct object_facts *facts);
/* What is said of a program already, or something new. NULL: no memory. */
struct attach_spec *gadget_attach_of(gadget_attaches *attaches, const struct loc *at,
				     const char *program);
int gadget_add_params(struct gadget_writer *writer, const struct object_facts *facts);
/* What the command line says of the parameter, else its default. NULL: there is no such parameter. */
const struct param_spec *gadget_writer__find_param(const struct gadget_writer *writer,
						   const char *name, const char **ret_value);

/* The parts of a variable's name behind its prefix. False: it is no such variable. */
#define GADGET_MAX_PARTS 16
struct gadget_parts {
	const char *items[GADGET_MAX_PARTS];
	uint32_t count;
};
int gadget_split(struct arena *arena, const struct fact_variable *variable, const char *prefix,
		 struct gadget_parts *ret_parts);

#endif
