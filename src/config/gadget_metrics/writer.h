/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_METRICS_WRITER_H
#define SRC_CONFIG_GADGET_METRICS_WRITER_H

/*
 * What is gathered of the configs of a file: a draft for each gadget, with its fields and the metrics laid over them.
 * The writer owns the drafts; what they hold lives in the spec's arena.
 * metric.c adds to it, use.c makes the spec's uses of it, parse.c drives both.
 */

#include "base/map.h"
#include "base/vec.h"
#include "config/gadget_metrics/gadget_metrics.h"
#include "config/gadget_metrics/text.h"

#define WRITER_SETTINGS 2u /* parameters that columns and gadgets of old need */

/* One gadget and all that is laid over it. */
struct draft {
	const struct legacy_gadget *gadget;
	struct loc at;
	bool wants_setting[WRITER_SETTINGS];
	VEC(struct use_field_spec) fields;
	VEC(struct metric_spec) metrics;
};

struct writer {
	struct arena *arena; /* of the spec */
	struct spec *spec;
	struct err_list *errors;
	VEC(struct draft) drafts;
	struct map names; /* of metrics, to what the text says of them */
	uint32_t metric_count;
	const char *scope; /* of the config at hand */
};

/* ---- use.c ---- */

/* One for each gadget of old: two of them that are one today differ in their parameters. NULL: no memory. */
struct draft *writer__draft(struct writer *writer, const struct legacy_gadget *gadget,
			    const struct loc *at);
/* Its place among the fields of the draft; -ENOMEM. */
int draft__add_field(struct draft *draft, const char *asked, const struct loc *at);
/* 0 or -ENOMEM. */
int writer__make_uses(struct writer *writer);
void writer__done(struct writer *writer);

/* ---- metric.c ---- */

/* All metrics of one config, whose scope is set. The first error's code; all of them are in the list. */
int writer__add_metrics(struct writer *writer, const struct config_text *config);

#endif
