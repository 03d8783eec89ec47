/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_GADGET_METRICS_TEXT_H
#define SRC_CONFIG_GADGET_METRICS_TEXT_H

/*
 * A config of metrics as its text says it, key by key.
 * Structs live in the spec's arena; the table that fills them is const.
 * parse.c binds it, metric.c makes metrics of it.
 */

#include "config/bind.h"

struct bucket_text {
	struct loc at;
	int64_t min, max;
	int type;
	double multiplier;
	struct spec_text unit;
};

struct metric_text {
	struct loc at;
	struct spec_text name, category, gadget, field;
	int type;
	struct bind_list labels;   /* struct spec_text */
	struct bind_list selector; /* const struct node * */
	struct bucket_text bucket;
};

struct config_text {
	struct loc at;
	struct spec_text metrics_name;
	struct bind_list metrics; /* struct metric_text */
};

extern const struct bind_type gadget_metrics_text_type; /* struct config_text */

#endif
