/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_golden [DIALECT/CASE…]: every case of tests/golden (below $SONDE_SOURCE, or the working directory) is
 * loaded, completed when facts.txt describes an object, and printed; the result must equal expected.spec or,
 * when the config is refused, expected.err. One TAP line each. SONDE_GOLDEN_UPDATE=1 writes the expectations.
 *
 * facts.txt has a line per fact, values in the order of the struct:
 *	map NAME TYPE KEY_SIZE VALUE_SIZE [TYPE_OF_VALUE [MAX_ENTRIES [TYPE_OF_KEY]]]; "-" is no type
 *	variable NAME SECTION SIZE
 *	struct NAME SIZE
 *	member STRUCT NAME OFFSET TYPE		TYPE is u8 to u64, s8 to s64, f64, or a struct from above; "-" is no name
 *	array STRUCT NAME OFFSET TYPE COUNT
 *	typedef NAME TYPE			one more name for a type; "char" and enums are types as well
 *	enum NAME SIZE
 *	value ENUM NAME NUMBER
 *	declaration NAME			a variable that is nothing but its name
 *	program NAME SECTION
 * The cases of "agent" are files of `sonde agent` instead.
 * A case with a file wish.txt wants metrics to be made up: "asked" or "all", and "original" behind it for such names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "config/agent/file.h"
#include "config/load.h"

#define AGENT "agent"
#define MAX_EXPECTED_BYTES (1u << 20)
#define CGRP_STORAGE 32 /* BPF_MAP_TYPE_CGRP_STORAGE: the headers of 6.1 do not have it */

struct object {
	struct arena arena;
	VEC(struct fact_map) maps;
	VEC(struct fact_variable) variables;
	VEC(struct fact_program) programs;
	VEC(const struct fact_type *) types;
	struct object_facts facts;
};

static const struct {
	const char *name;
	uint32_t type;
} map_types[] = {
	{ "array", BPF_MAP_TYPE_ARRAY },
	{ "cgrp_storage", CGRP_STORAGE },
	{ "hash", BPF_MAP_TYPE_HASH },
	{ "lpm_trie", BPF_MAP_TYPE_LPM_TRIE },
	{ "lru_hash", BPF_MAP_TYPE_LRU_HASH },
	{ "lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH },
	{ "perf_event_array", BPF_MAP_TYPE_PERF_EVENT_ARRAY },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF },
};

/* ---- facts ---------------------------------------------------------------------------------- */

static const struct fact_type numbers[] = {
	{ .kind = FACT_TYPE_INT, .name = "u8", .size = 1 },
	{ .kind = FACT_TYPE_INT, .name = "u16", .size = 2 },
	{ .kind = FACT_TYPE_INT, .name = "u32", .size = 4 },
	{ .kind = FACT_TYPE_INT, .name = "u64", .size = 8 },
	{ .kind = FACT_TYPE_INT, .name = "s8", .size = 1, .is_signed = true },
	{ .kind = FACT_TYPE_INT, .name = "s16", .size = 2, .is_signed = true },
	{ .kind = FACT_TYPE_INT, .name = "s32", .size = 4, .is_signed = true },
	{ .kind = FACT_TYPE_INT, .name = "s64", .size = 8, .is_signed = true },
	{ .kind = FACT_TYPE_FLOAT, .name = "f64", .size = 8 },
	{ .kind = FACT_TYPE_BOOL, .name = "bool", .size = 1 },
	{ .kind = FACT_TYPE_CHAR, .name = "char", .size = 1, .is_signed = true },
};
static const struct fact_type void_pointer = { .kind = FACT_TYPE_POINTER, .name = "", .size = 8 };

static const struct fact_type *find_type(const struct object *object, const char *name)
{
	for (size_t i = 0; i < array_size(numbers); i++)
		if (str_eq(numbers[i].name, name))
			return &numbers[i];
	vec_for_each(&object->types, type)
		if (str_eq((*type)->typedef_count ? (*type)->typedefs[0] : (*type)->name, name))
			return *type;
	return NULL;
}

static int add_struct(struct object *object, const char *line)
{
	char name[64];
	struct fact_type *type = arena_new(&object->arena, struct fact_type);

	if (!type || sscanf(line, "struct %63s %u", name, &type->size) != 2)
		return -EINVAL;
	type->kind = FACT_TYPE_STRUCT;
	type->name = arena__strdup(&object->arena, name);
	return type->name ? vec_push(&object->types, type) : -ENOMEM;
}

static int add_member(struct object *object, const char *line)
{
	char of[64], name[64], type_name[64];
	unsigned int offset, count = 0;
	struct fact_member member = { 0 };
	struct fact_member *members;
	struct fact_type *array, *type;

	if (sscanf(line, "%*s %63s %63s %u %63s %u", of, name, &offset, type_name, &count) < 4)
		return -EINVAL;
	/* Ours, made by add_struct(). */
	type = (struct fact_type *)(uintptr_t)find_type(object, of);
	member.type = find_type(object, type_name);
	if (!type || !member.type || type->kind != FACT_TYPE_STRUCT)
		return -EINVAL;
	array = arena_new(&object->arena, struct fact_type);
	members = arena_array(&object->arena, struct fact_member, type->member_count + 1);
	member.name = arena__strdup(&object->arena, str_eq(name, "-") ? "" : name);
	if (!array || !members || !member.name)
		return -ENOMEM;
	*array = (struct fact_type){ .kind = FACT_TYPE_ARRAY,
				     .name = "",
				     .size = count * member.type->size,
				     .element = member.type,
				     .element_count = count };
	if (count > 0)
		member.type = array;
	member.offset_bits = offset * 8;
	for (uint32_t i = 0; i < type->member_count; i++)
		members[i] = type->members[i];
	members[type->member_count++] = member;
	type->members = members;
	return 0;
}

static int add_map(struct object *object, const char *line)
{
	char name[64], type[32], value[64], key[64];
	struct fact_map map = { 0 };
	int count = sscanf(line, "map %63s %31s %u %u %63s %u %63s", name, type, &map.key_size,
			   &map.value_size, value, &map.max_entries, key);
	bool has_type = count > 4 && !str_eq(value, "-");

	if (count < 4)
		return -EINVAL;
	map.value = has_type ? find_type(object, value) : NULL;
	map.key = count > 6 ? find_type(object, key) : NULL;
	if ((has_type && !map.value) || (count > 6 && !map.key))
		return -EINVAL;
	for (size_t i = 0; i < array_size(map_types); i++)
		if (str_eq(map_types[i].name, type))
			map.type = map_types[i].type;
	map.name = arena__strdup(&object->arena, name);
	return map.type && map.name ? vec_push(&object->maps, map) : -EINVAL;
}

static int add_variable(struct object *object, const char *line)
{
	char name[64], section[32];
	struct fact_variable variable = { 0 };

	if (sscanf(line, "variable %63s %31s %u", name, section, &variable.size) != 3)
		return -EINVAL;
	variable.name = arena__strdup(&object->arena, name);
	variable.section = arena__strdup(&object->arena, section);
	return variable.name && variable.section ? vec_push(&object->variables, variable) : -EINVAL;
}

/* The same type once more, by another name. */
static int add_typedef(struct object *object, const char *line)
{
	char name[64], of[64];
	const struct fact_type *type;
	struct fact_type *copy = arena_new(&object->arena, struct fact_type);
	const char **names = arena_array(&object->arena, const char *, 1);

	if (!copy || !names || sscanf(line, "typedef %63s %63s", name, of) != 2)
		return -EINVAL;
	type = find_type(object, of);
	names[0] = arena__strdup(&object->arena, name);
	if (!type || !names[0])
		return -EINVAL;
	*copy = *type;
	copy->typedefs = names;
	copy->typedef_count = 1;
	return vec_push(&object->types, copy);
}

static int add_enum(struct object *object, const char *line)
{
	char name[64];
	struct fact_type *type = arena_new(&object->arena, struct fact_type);

	if (!type || sscanf(line, "enum %63s %u", name, &type->size) != 2)
		return -EINVAL;
	type->kind = FACT_TYPE_ENUM;
	type->name = arena__strdup(&object->arena, name);
	return type->name ? vec_push(&object->types, type) : -ENOMEM;
}

static int add_value(struct object *object, const char *line)
{
	char of[64], name[64];
	struct fact_enumerator value, *values;
	struct fact_type *type;

	if (sscanf(line, "value %63s %63s %" SCNd64, of, name, &value.value) != 3)
		return -EINVAL;
	/* Ours, made by add_enum(). */
	type = (struct fact_type *)(uintptr_t)find_type(object, of);
	if (!type || type->kind != FACT_TYPE_ENUM)
		return -EINVAL;
	values = arena_array(&object->arena, struct fact_enumerator, type->member_count + 1);
	value.name = arena__strdup(&object->arena, name);
	if (!values || !value.name)
		return -ENOMEM;
	for (uint32_t i = 0; i < type->member_count; i++)
		values[i] = type->enumerators[i];
	values[type->member_count++] = value;
	type->enumerators = values;
	return 0;
}

static int add_declaration(struct object *object, const char *line)
{
	char name[128];
	struct fact_variable variable = { .section = ".bss", .size = 8, .type = &void_pointer };

	if (sscanf(line, "declaration %127s", name) != 1)
		return -EINVAL;
	variable.name = arena__strdup(&object->arena, name);
	return variable.name ? vec_push(&object->variables, variable) : -ENOMEM;
}

static int add_program(struct object *object, const char *line)
{
	char name[64], section[64];
	struct fact_program program;

	if (sscanf(line, "program %63s %63s", name, section) != 2)
		return -EINVAL;
	program.name = arena__strdup(&object->arena, name);
	program.section = arena__strdup(&object->arena, section);
	return program.name && program.section ? vec_push(&object->programs, program) : -ENOMEM;
}

static const struct {
	const char *word;
	int (*add)(struct object *object, const char *line);
} fact_lines[] = {
	{ "array ", add_member },  { "declaration ", add_declaration },
	{ "enum ", add_enum },     { "map ", add_map },
	{ "member ", add_member }, { "program ", add_program },
	{ "struct ", add_struct }, { "typedef ", add_typedef },
	{ "value ", add_value },   { "variable ", add_variable },
};

static int read_fact(struct object *object, const char *line)
{
	for (size_t i = 0; i < array_size(fact_lines); i++)
		if (str_starts(line, fact_lines[i].word))
			return fact_lines[i].add(object, line);
	return line[0] == '\0' || line[0] == '#' ? 0 : -EINVAL;
}

static int read_facts(struct object *object, char *text)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		int r = read_fact(object, line);

		if (r < 0) {
			printf("# bad line of facts.txt: %s\n", line);
			return r;
		}
	}
	object->facts = (struct object_facts){
		.path = "object.bpf.o",
		.programs = object->programs.items,
		.program_count = (uint32_t)object->programs.len,
		.maps = object->maps.items,
		.map_count = (uint32_t)object->maps.len,
		.variables = object->variables.items,
		.variable_count = (uint32_t)object->variables.len,
		.types = object->types.items,
		.type_count = (uint32_t)object->types.len,
	};
	return 0;
}

static void object_done(struct object *object)
{
	vec_done(&object->maps);
	vec_done(&object->variables);
	vec_done(&object->programs);
	vec_done(&object->types);
	arena__done(&object->arena);
}

/* ---- one case ------------------------------------------------------------------------------- */

/* Completes the spec when there are facts; it refers to them. */
static int complete(struct spec *spec, const char *dir, struct object *object,
		    struct err_list *errors)
{
	__cleanup(x_freep) char *path = str_printf("%s/facts.txt", dir);
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r;

	r = fd_read_all(AT_FDCWD, path, MAX_EXPECTED_BYTES, &text, &len);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = read_facts(object, text);
	return r < 0 ? r : spec__complete(spec, &object->facts, errors);
}

/* Which metrics are wanted; none without a file that says so. */
static int read_wish(struct spec *spec, const char *dir)
{
	__cleanup(x_freep) char *path = str_printf("%s/wish.txt", dir);
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, MAX_EXPECTED_BYTES, &text, &len);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	spec->metric_wish = str_starts(text, "all") ? METRIC_WISH_ALL : METRIC_WISH_ASKED;
	spec->keeps_original_names = strstr(text, "original") != NULL;
	return 0;
}

static void print_errors(struct strbuf *out, const struct err_list *errors)
{
	char line[1024];

	for (size_t i = 0; i < errors->len; i++) {
		(void)err__format(&errors->items[i], line, sizeof(line));
		strbuf__printf(out, "%s\n", line);
	}
	if (errors->dropped > 0)
		strbuf__printf(out, "and %zu more\n", errors->dropped);
}

/* What came of the config: 0 and the spec's text, or a negative code and the errors. */
static int run_config(const struct dialect *dialect, const char *dir, const char *name,
		      struct strbuf *out)
{
	__cleanup(x_freep) char *path = str_printf("%s/config.yaml", dir);
	__cleanup(x_freep) char *text = NULL;
	struct dialect_input input = { .name = name,
				       .origin = "config.yaml",
				       .object = "object.bpf.o" };
	__cleanup(object_done) struct object object = { 0 };
	struct err_list errors = { 0 };
	struct spec *spec = NULL;
	int r;

	r = fd_read_all(AT_FDCWD, path, CONFIG_MAX_BYTES, &text, &input.len);
	if (r < 0) {
		strbuf__printf(out, "cannot read %s: %s\n", path, strerror(-r));
		return r;
	}
	input.text = text;
	r = config_load_text(dialect, &input, &spec, &errors);
	if (r == 0)
		r = read_wish(spec, dir);
	if (r == 0)
		r = complete(spec, dir, &object, &errors);
	if (r == 0)
		spec__format(spec, out);
	else
		print_errors(out, &errors);
	spec__free(spec);
	err_list__done(&errors);
	return r;
}

/* The agent's own file is no config of programs. */
static int run_agent_file(const char *dir, struct strbuf *out)
{
	__cleanup(x_freep) char *path = str_printf("%s/config.yaml", dir);
	__cleanup(x_freep) char *text = NULL;
	struct err_list errors = { 0 };
	struct arena arena = ARENA_INIT;
	struct agent_file file;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, AGENT_FILE_MAX_BYTES, &text, &len);

	if (r == 0)
		r = agent_file_parse(text, len, "config.yaml", &arena, &file, &errors);
	if (r == 0)
		agent_file__format(&file, out);
	else
		print_errors(out, &errors);
	err_list__done(&errors);
	arena__done(&arena);
	return r;
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool is_written = file && fputs(text, file) >= 0;

	if (file && fclose(file) != 0)
		is_written = false;
	return is_written;
}

static bool update(const char *dir, bool is_refused, const char *text)
{
	__cleanup(x_freep) char *path = str_printf("%s/expected.%s", dir,
						   is_refused ? "err" : "spec");
	__cleanup(x_freep) char *other = str_printf("%s/expected.%s", dir,
						    is_refused ? "spec" : "err");

	(void)remove(other); /* usually it is not there */
	return write_file(path, text);
}

static void print_difference(const char *expected, const char *got)
{
	unsigned int line = 1;

	while (*expected && *expected == *got) {
		line += *expected == '\n';
		expected++;
		got++;
	}
	printf("# line %u: expected \"%.*s\", got \"%.*s\"\n", line, (int)strcspn(expected, "\n"),
	       expected, (int)strcspn(got, "\n"), got);
}

static bool compare(const char *dir, bool is_refused, const char *text)
{
	__cleanup(x_freep) char *path = str_printf("%s/expected.%s", dir,
						   is_refused ? "err" : "spec");
	__cleanup(x_freep) char *expected = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, MAX_EXPECTED_BYTES, &expected, &len);

	if (r < 0) {
		printf("# cannot read %s: %s; the config %s:\n", path, strerror(-r),
		       is_refused ? "was refused" : "was accepted");
		printf("# %.*s\n", (int)strcspn(text, "\n"), text);
		return false;
	}
	if (str_eq(expected, text))
		return true;
	print_difference(expected, text);
	return false;
}

static bool run_case(const char *root, const char *dialect_name, const char *name)
{
	__cleanup(x_freep) char *dir = str_printf("%s/%s/%s", root, dialect_name, name);
	const struct dialect *dialect = dialect_find(dialect_name);
	struct strbuf out = STRBUF_INIT;
	bool is_refused, is_good;

	if (!dialect && !str_eq(dialect_name, AGENT)) {
		printf("# there is no dialect '%s'\n", dialect_name);
		return false;
	}
	is_refused = dialect ? run_config(dialect, dir, name, &out) < 0
			     : run_agent_file(dir, &out) < 0;
	is_good = getenv("SONDE_GOLDEN_UPDATE") ? update(dir, is_refused, strbuf__text(&out))
						: compare(dir, is_refused, strbuf__text(&out));
	strbuf__done(&out);
	return is_good;
}

/* ---- all of them ---------------------------------------------------------------------------- */

struct tally {
	unsigned int run, failed;
};

static void run_one(struct tally *tally, const char *root, const char *dialect, const char *name)
{
	bool is_good = run_case(root, dialect, name);

	tally->run++;
	tally->failed += !is_good;
	printf("%s %u - %s/%s\n", is_good ? "ok" : "not ok", tally->run, dialect, name);
}

static int is_folder(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

static void run_dialect(struct tally *tally, const char *root, const char *dialect)
{
	__cleanup(x_freep) char *dir = str_printf("%s/%s", root, dialect);
	struct dirent **entries;
	int count = scandir(dir, &entries, is_folder, alphasort);

	for (int i = 0; i < count; i++) {
		run_one(tally, root, dialect, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void run_all(struct tally *tally, const char *root)
{
	size_t count;
	const struct dialect *dialects = dialect_list(&count);

	for (size_t i = 0; i < count; i++)
		run_dialect(tally, root, dialects[i].name);
	run_dialect(tally, root, AGENT);
}

int main(int argc, char **argv)
{
	const char *source = getenv("SONDE_SOURCE");
	__cleanup(x_freep) char *root = str_printf("%s/tests/golden", source ? source : ".");
	struct tally tally = { 0 };

	if (argc < 2)
		run_all(&tally, root);
	for (int i = 1; i < argc; i++) {
		char *name = strchr(argv[i], '/');

		if (!name) {
			run_dialect(&tally, root, argv[i]);
			continue;
		}
		*name = '\0';
		run_one(&tally, root, argv[i], name + 1);
	}
	printf("1..%u\n", tally.run);
	return tally.run == 0 || tally.failed > 0;
}
