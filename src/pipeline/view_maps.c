/* SPDX-License-Identifier: Apache-2.0 */
/* What /maps shows: the raw rows of all maps, and the labels that they are decoded to. */
#include <string.h>

#include "pipeline/internal.h"

struct dump {
	struct route *route;
	struct strbuf *out;
};

static void dump_key(const uint8_t *key, uint32_t size, struct strbuf *out)
{
	uint32_t i;

	strbuf__add_text(out, "[]byte{");
	for (i = 0; i < size; i++)
		strbuf__printf(out, "%s0x%x", i ? ", " : "", key[i]);
	strbuf__add_char(out, '}');
}

static void dump_row(struct dump *dump, const uint8_t *key, uint64_t value)
{
	struct route *route = dump->route;
	struct strbuf text = STRBUF_INIT;
	uint32_t i;

	strbuf__add_text(&text, "(labels: [");
	for (i = 0; i < route->label_count; i++) {
		const struct route_label *label = &route->labels[i];
		int r;

		if (i)
			strbuf__add_char(&text, ' ');
		r = decode_chain__run(label->chain, key + label->offset, label->size, &text, NULL);
		if (r == DECODE_SKIP || r == DECODE_SKIP_UNKNOWN) {
			strbuf__done(&text);
			return;
		}
		if (r < 0)
			strbuf__add_text(&text, "<undecodable>");
	}
	dump_key(key, route->key_size, dump->out);
	strbuf__printf(dump->out, " %s]) -> ", strbuf__text(&text));
	if (route->cell.is_signed)
		strbuf__printf(dump->out, "%lld\n", (long long)value);
	else
		strbuf__printf(dump->out, "%llu\n", (unsigned long long)value);
	strbuf__done(&text);
}

static int dump_rows(void *ctx, const struct row_batch *rows)
{
	struct dump *dump = ctx;
	uint8_t key[ROUTE_KEY_MAX + sizeof(uint16_t)];
	uint32_t cell;
	size_t i;

	for (i = 0; i < rows->len; i++) {
		const uint8_t *value = rows->values + i * rows->value_stride;
		uint64_t sum = 0;

		memcpy(key, rows->keys + i * rows->key_stride, rows->key_size);
		for (cell = 0; cell < rows->value_count; cell++) {
			uint16_t cpu = (uint16_t)cell;
			uint64_t number;

			number = value_cell__read(&dump->route->cell,
						  value + (size_t)cell * rows->cell_stride);
			sum += number;
			memcpy(key + rows->key_size, &cpu, sizeof(cpu));
			if (dump->route->has_cpu_label)
				dump_row(dump, key, number);
		}
		if (!dump->route->has_cpu_label)
			dump_row(dump, key, sum);
	}
	return 0;
}

static void dump_route(struct route *route, struct strbuf *out)
{
	struct dump dump = { .route = route, .out = out };
	struct err err = ERR_INIT;
	char text[512];

	strbuf__printf(out, "### Map: %s\n\n```\n", route->stream->map);
	if (!route->table)
		strbuf__printf(out, "# not a table that can be read: %s\n",
			       route->error ? route->error : "events");
	else if (table_source__read(route->table, dump_rows, &dump, &err) < 0) {
		err__format(&err, text, sizeof(text));
		strbuf__printf(out, "# %s\n", text);
	}
	strbuf__add_text(out, "```\n\n");
	err__done(&err);
}

void agent__dump_maps(struct agent *agent, struct strbuf *out)
{
	uint32_t i;

	agent_for_each_config(agent, config) {
		strbuf__printf(out, "## Config: %s\n\n", config->spec->name);
		for (i = 0; i < config->route_count; i++)
			dump_route(&config->routes[i], out);
	}
}
