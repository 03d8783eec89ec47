/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_TRACING_POLICY_TEXT_H
#define SRC_CONFIG_TRACING_POLICY_TEXT_H

/*
 * A TracingPolicy as its text says it, field by field, with the schema's defaults; nothing is related to anything yet.
 * Structs live in the spec's arena; the tables that fill them are const. What may be absent has position line 0.
 * The files of this room make policy_spec of them.
 */

#include "config/bind.h"

struct requirement_text {
	struct loc at;
	struct spec_text key;
	struct bind_name operator; /* enum selector_op */
	struct bind_list values;   /* struct spec_text */
};

struct label_selector_text {
	struct loc at;
	struct bind_list matchLabels;      /* struct step_pair */
	struct bind_list matchExpressions; /* struct requirement_text */
};

struct workloads_text {
	struct loc at;
	struct label_selector_text podSelector, containerSelector, hostSelector;
};

struct argument_text {
	struct loc at;
	struct number_spec index;
	struct bind_name type;
	struct spec_text resolve;
	struct number_spec sizeArgIndex;
	bool returnCopy, maxData;
	struct spec_text label, source, btfType, btfTypeModule;
};

/* Operators: see OPERATOR(). */
struct match_pids_text {
	struct loc at;
	struct bind_name operator;
	struct bind_list values; /* struct number_spec */
	bool isNamespacePID, followForks;
};

struct match_args_text { /* matchArgs, matchData, matchReturnArgs */
	struct loc at;
	struct number_spec index;
	struct bind_list args; /* struct number_spec */
	struct bind_name operator;
	struct bind_list values; /* struct value_spec */
};

struct match_binaries_text {
	struct loc at;
	struct bind_name operator;
	struct bind_list values; /* struct value_spec */
	bool followChildren;
};

struct match_namespaces_text { /* and changes of them, which have no name */
	struct loc at;
	struct bind_name namespace; /* enum namespace_kind */
	struct bind_name operator;
	struct bind_list values; /* struct value_spec */
};

struct match_capabilities_text {
	struct loc at;
	struct bind_name type; /* enum capability_set */
	struct bind_name operator;
	bool isNamespaceCapability;
	struct bind_list values; /* struct value_spec */
};

struct action_text {
	struct loc at;
	struct bind_name action; /* enum action_kind */
	struct spec_text argUrl, argFqdn;
	struct number_spec argError, argSig, argSock, argIndex, argValue;
	struct bind_list argRegs; /* struct spec_text */
	struct spec_text argNewSymbol;
	struct number_spec argNewAddr, argNewOffset;
	struct spec_text rateLimit;
	struct bind_name rateLimitScope; /* enum rate_scope */
	bool kernelStackTrace, userStackTrace, imaHash;
};

struct selector_text {
	struct loc at;
	struct spec_text label;
	struct bind_list matchPIDs, matchArgs, matchData, matchReturnArgs;
	struct bind_list matchBinaries, matchParentBinaries;
	struct bind_list matchNamespaces, matchNamespaceChanges;
	struct bind_list matchCapabilities, matchCapabilityChanges;
	struct bind_list matchActions, matchReturnActions; /* struct action_text */
	struct workloads_text matchWorkloads;
	struct bind_list macros; /* struct spec_text */
};

struct ignore_text {
	struct loc at;
	bool callNotFound, digestVerificationFailure;
};

/* All kinds of hooks; each has a table of its own keys. */
struct hook_text {
	struct loc at;
	struct spec_text call; /* also hook, event, name */
	struct spec_text subsystem, provider, path, btfPath, message;
	bool syscall, raw, returns;
	struct bind_list symbols;                       /* struct spec_text */
	struct bind_list offsets, addrs, refCtrOffsets; /* struct number_spec */
	struct bind_list binaryDigests;                 /* struct spec_text */
	struct bind_list args, data;                    /* struct argument_text */
	struct argument_text returnArg;
	struct spec_text returnArgAction;
	struct bind_list selectors; /* struct selector_text */
	struct bind_list tags;      /* struct spec_text */
	struct ignore_text ignore;
};

struct list_text {
	struct loc at;
	struct spec_text name, pattern;
	struct bind_name type;   /* enum list_kind */
	struct bind_list values; /* struct spec_text */
	bool validated;          /* for the original's own use */
};

struct option_text {
	struct loc at;
	struct spec_text name, value;
};

struct enforcer_text {
	struct loc at;
	struct bind_list calls; /* struct value_spec */
};

struct body_text { /* what stands below "spec" */
	struct loc at;
	struct bind_list kprobes, fentries, tracepoints, uprobes, usdts, lsmhooks;
	bool loader;
	struct label_selector_text podSelector, containerSelector, hostSelector, nodeSelector;
	struct bind_list lists, enforcers, options;
	const struct node *selectorsMacros;
};

struct metadata_text {
	struct loc at;
	struct spec_text name, namespace;
	struct bind_list labels, annotations; /* struct step_pair */
	/* Of the API server's own; they come with what was read from it. */
	const struct node *others[11];
};

struct policy_text {
	struct loc at;
	struct spec_text apiVersion, kind;
	struct metadata_text metadata;
	struct body_text spec;
};

/* The value of an operator: how is compared, and which end of a connection. */
#define OPERATOR(op, end) ((int)(op) | (int)(end) << 8)
#define OPERATOR_OP(value) ((enum match_op)((value)&0xff))
#define OPERATOR_END(value) ((enum match_end)((value) >> 8))

extern const struct bind_type policy_text_type;    /* struct policy_text */
extern const struct bind_type selector_text_type;  /* struct selector_text: of a macro */
extern const struct bind_type namespace_text_type; /* the words for enum namespace_kind */

#endif
