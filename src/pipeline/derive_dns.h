/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_DERIVE_DNS_H
#define SRC_PIPELINE_DERIVE_DNS_H

/*
 * A DNS message as it was on the wire (RFC 1035, RFC 3596), for fields that are made of one. Plain functions over bytes of
 * anybody's: every length is checked, names follow a bounded number of pointers. They own nothing.
 * derive_maker.c calls them, and a fuzz target.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

struct dns_message {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	uint16_t id;
	bool is_response, is_truncated, wants_recursion, has_recursion;
	uint8_t code; /* of a response */
	uint16_t question_count, answer_count, authority_count, additional_count;
	uint16_t type;  /* of the first question; 0: there is none */
	size_t name;    /* where the name of the first question begins; 0: there is none */
	size_t answers; /* where the answers begin */
};

/* Of the whole message every part has to be there: -EINVAL. */
int dns_message_parse(const void *bytes, size_t len, struct dns_message *ret_message);
/* "example.com.", as the first question has it; nothing when there is none. */
void dns_message_add_name(const struct dns_message *message, struct strbuf *out);
/* "192.0.2.1,2001:db8::1": of all answers that are one. */
void dns_message_add_addresses(const struct dns_message *message, struct strbuf *out);
/* "A", "AAAA", … or the number. */
void dns_add_type(uint16_t type, struct strbuf *out);
/* "Success", "NameError", … or the number. */
void dns_add_code(uint8_t code, struct strbuf *out);

#endif
