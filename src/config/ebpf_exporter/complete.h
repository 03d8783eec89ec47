/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_CONFIG_EBPF_EXPORTER_COMPLETE_H
#define SRC_CONFIG_EBPF_EXPORTER_COMPLETE_H

/*
 * A spec held against its object: what the files that do it share. A completer borrows the spec, whose arena takes what
 * is made; facts are borrowed for the call. complete.c drives it once per spec.
 */

#include "config/dialect.h"

struct completer {
	struct spec *spec;
	const struct object_facts *facts;
	struct err_list *errors;
	struct stream_spec *streams; /* the spec's own, made writable again */
	struct metric_spec *metrics;
};

#define VALUE_SIZE 8 /* every value is a u64, unless 'value' says otherwise */

/* 0: the map's values are of that size. */
int completer__check_value_size(struct completer *completer, const struct fact_map *map,
				const struct loc *at);

/* value.c: where the metric's number is in a value of the map, or in a record of it. */
int complete_value(struct completer *completer, struct metric_spec *metric,
		   const struct stream_spec *stream, const struct fact_map *map);

#endif
