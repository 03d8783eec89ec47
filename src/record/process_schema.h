/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_PROCESS_SCHEMA_H
#define SRC_RECORD_PROCESS_SCHEMA_H

/*
 * What the members of a struct process_event and of all that hangs on it are called in Tetragon's JSON, of what kind they
 * are, and in which order they stand there: one description for all that treat them alike. It is constant tables.
 * sink/process_json.h writes by it, record/process_event_parse.h reads by it, filter/process_fields.h resolves paths of
 * fields in it.
 */

#include <stdint.h>
#include "record/process_event.h"

enum event_field_kind {
	EVENT_FIELD_TEXT,  /* struct text_view; "" is absent */
	EVENT_FIELD_BYTES, /* struct text_view, as base64 */
	EVENT_FIELD_U32,   /* plain numbers: 0 is absent */
	EVENT_FIELD_I32,
	EVENT_FIELD_U64, /* a string in JSON, as all of 64 bits */
	EVENT_FIELD_I64,
	EVENT_FIELD_BOOL,         /* false is absent */
	EVENT_FIELD_OPTIONAL_U32, /* these have a flag that says whether they are there */
	EVENT_FIELD_OPTIONAL_I32,
	EVENT_FIELD_OPTIONAL_BOOL,
	EVENT_FIELD_TIME,
	EVENT_FIELD_ENUM,       /* int32_t, as its name; 0 is absent */
	EVENT_FIELD_BITS,       /* uint64_t, as the list of the names of its bits */
	EVENT_FIELD_MESSAGE,    /* pointer; NULL is absent */
	EVENT_FIELD_EMBEDDED,   /* a struct within */
	EVENT_FIELD_MESSAGES,   /* pointer to the first of a list, and a count */
	EVENT_FIELD_REFERENCES, /* likewise, of a list of pointers */
	EVENT_FIELD_TEXTS,      /* likewise, of struct text_view */
	EVENT_FIELD_PAIRS,      /* likewise, of struct text_pair, as an object */
};

struct event_names {
	const char *const *names; /* NULL where there is none: the number stands for it */
	uint32_t count;
	bool is_shifted; /* of bits: bit n is the number 1 << n, and not n */
};

struct event_message;

struct event_field {
	const char *key; /* "\"name\":" */
	uint8_t key_len;
	uint8_t kind; /* enum event_field_kind */
	uint8_t choice; /* it is there when the message's choice is this one, and then also if 0; 0: it is no choice */
	uint16_t offset, count_offset;
	const struct event_message *message; /* of MESSAGE to REFERENCES */
	const struct event_names *names;     /* of ENUM and BITS */
};

#define EVENT_MESSAGE_FIELDS_MAX 64

struct event_message {
	const struct event_field *fields; /* in the order of JSON */
	uint32_t field_count;             /* EVENT_MESSAGE_FIELDS_MAX at most */
	uint32_t size;                    /* of the struct */
	bool has_choices;
	uint16_t choice_offset; /* of the enum that says which of its choices it is */
};

/* Of a line: struct process_event. Its choices are the kinds of events. */
extern const struct event_message event_message_line;
/* Of what stands in a line below the name of its kind; NULL: there is no such kind. */
const struct event_message *event_message_of(enum process_event_kind kind);
/* NULL: it has no field of that name. */
const struct event_field *event_message__find(const struct event_message *message, const char *name,
					      size_t len);
/* NULL: the number has no name. */
const char *event_names__get(const struct event_names *names, int64_t number);
/* Whether there is one of that name, and its number; of bits: of the bit. */
bool event_names__find(const struct event_names *names, const char *name, size_t len,
		       uint32_t *ret_number);

/* ---- process_names.c ---- */

extern const struct event_names event_action_names, event_bpf_command_names, event_privilege_names;
extern const struct event_names event_securebit_names, event_taint_names, event_throttle_names;
/* That of 1 is "DAC_OVERRIDE", as Tetragon has it. */
extern const struct event_names event_capability_names;

/* Which fields of a message are wanted: a bit for each, and what is wanted below. */
struct event_mask {
	uint64_t fields;
	const struct event_mask *below[EVENT_MESSAGE_FIELDS_MAX]; /* NULL: everything */
};

#endif
