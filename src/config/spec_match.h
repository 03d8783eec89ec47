/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_SPEC_MATCH_H
#define SRC_CONFIG_SPEC_MATCH_H

/*
 * How a value is compared with others, in filters of streams and in matches of policies alike.
 * It owns nothing. Dialects write it; filter/ and policy/ each carry out a part of it.
 */

/* Of several values any one has to fit; of the negated ones none may. */
enum match_op {
	MATCH_OP_EQUAL,
	MATCH_OP_NOT_EQUAL,
	MATCH_OP_LESS,
	MATCH_OP_GREATER,
	MATCH_OP_LESS_EQUAL,
	MATCH_OP_GREATER_EQUAL,
	MATCH_OP_IN,
	MATCH_OP_NOT_IN,
	MATCH_OP_PREFIX,
	MATCH_OP_NOT_PREFIX,
	MATCH_OP_POSTFIX,
	MATCH_OP_NOT_POSTFIX,
	MATCH_OP_SUBSTRING,
	MATCH_OP_SUBSTRING_ANY_CASE, /* of ASCII letters */
	MATCH_OP_MASK,               /* any bit of a value is set */
	MATCH_OP_RANGE,              /* "min:max", both included */
	MATCH_OP_NOT_RANGE,
	/* Of one end of a connection. */
	MATCH_OP_CIDR, /* an address or a network */
	MATCH_OP_NOT_CIDR,
	MATCH_OP_PORT, /* a port or a range of them */
	MATCH_OP_NOT_PORT,
	MATCH_OP_PRIVILEGED_PORT, /* below 1024; without values */
	MATCH_OP_NOT_PRIVILEGED_PORT,
	MATCH_OP_PROTOCOL, /* of a connection, by number or IPPROTO_* */
	MATCH_OP_FAMILY,   /* by number or AF_* */
	MATCH_OP_STATE,    /* by number or TCP_* */
	MATCH_OP_REGEXP,
	MATCH_OP_NOT_REGEXP,
	MATCH_OP_FILE_TYPE,
	MATCH_OP_NOT_FILE_TYPE,
	MATCH_OP_CAPABILITIES_GAINED, /* two arguments: the new set has what the old one has not */
	MATCH_OP_EXPRESSION, /* one value: an expression over all arguments that are numbers */
};

#define MATCH_OP_COUNT (MATCH_OP_EXPRESSION + 1)

#endif
