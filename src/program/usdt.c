/* SPDX-License-Identifier: Apache-2.0 */
#include "program/usdt.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "program/elf_file.h"

#define NOTES_SECTION ".note.stapsdt"
#define BASE_SECTION ".stapsdt.base"
#define NOTE_OWNER "stapsdt"
#define NOTE_TYPE 3
#define NOTES_MAX_BYTES (64u << 20)

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#else
#error "say here which binaries this architecture runs"
#endif

/* ---- one note ---- */

struct note {
	uint64_t location, base, semaphore; /* addresses */
	const char *provider, *name, *arguments;
};

static const char *take_text(const char **at, const char *end)
{
	const char *text = *at;
	size_t len = strnlen(text, (size_t)(end - text));

	if (len == (size_t)(end - text))
		return NULL;
	*at += len + 1;
	return text;
}

static bool parse_note(const char *bytes, size_t size, struct note *note)
{
	uint64_t addresses[3];
	const char *at = bytes + sizeof(addresses), *end = bytes + size;

	if (size < sizeof(addresses))
		return false;
	memcpy(addresses, bytes, sizeof(addresses));
	*note = (struct note){ .location = addresses[0],
			       .base = addresses[1],
			       .semaphore = addresses[2] };
	note->provider = take_text(&at, end);
	note->name = note->provider ? take_text(&at, end) : NULL;
	note->arguments = note->name ? take_text(&at, end) : NULL;
	return note->arguments != NULL;
}

/* ---- all of a file ---- */

struct search {
	struct elf_file file; /* owned */
	const char *provider, *name;
	struct arena *arena;
	uint64_t base; /* where BASE_SECTION is; 0: there is none */
	VEC(struct usdt_location) found;
	struct arena texts;       /* owned; of `others` */
	VEC(const char *) others; /* "provider:name" */
};

/* As far from the probe as they are, wherever the loader puts both. */
static void find_variables(const struct search *search, uint64_t location,
			   struct usdt_operands *operands)
{
	for (uint32_t i = 0; i < operands->count; i++) {
		uint64_t address, distance;

		if (!operands->symbols[i])
			continue;
		if (elf_file__find_variable(&search->file, operands->symbols[i], &address) < 0) {
			operands->items[i].kind = HOOK_USDT_UNKNOWN;
			continue;
		}
		distance = (uint64_t)operands->items[i].constant + address - location;
		memcpy(&operands->items[i].constant, &distance, sizeof(distance));
	}
}

/* Whoever moved the sections of a binary afterwards (prelink) left the notes as they were. */
static int add_location(struct search *search, const struct note *note)
{
	uint64_t moved = search->base && note->base ? search->base - note->base : 0;
	struct usdt_location location = { 0 };
	int r = elf_file__offset_of(&search->file, note->location + moved, PF_X, &location.offset);

	if (r == 0 && note->semaphore)
		r = elf_file__offset_of(&search->file, note->semaphore + moved, PF_W,
					&location.semaphore_offset);
	if (r < 0)
		return -ENOEXEC;
	if (search->found.len == USDT_LOCATIONS_MAX)
		return -E2BIG;
	r = usdt_operands_parse(note->arguments, search->arena, &location.operands);
	if (r < 0)
		return r;
	find_variables(search, note->location + moved, &location.operands);
	return vec_push(&search->found, location);
}

static int add_other(struct search *search, const struct note *note)
{
	const char *name = arena__printf(&search->texts, "%s:%s", note->provider, note->name);

	return name && vec_push(&search->others, name) == 0 ? 0 : -ENOMEM;
}

static int walk_notes(struct search *search, Elf_Data *data)
{
	size_t at = 0, name_at, bytes_at;
	GElf_Nhdr header;

	while ((at = gelf_getnote(data, at, &header, &name_at, &bytes_at)) > 0) {
		const char *owner = (const char *)data->d_buf + name_at;
		const char *bytes = (const char *)data->d_buf + bytes_at;
		struct note note;
		int r;

		if (header.n_type != NOTE_TYPE || header.n_namesz != sizeof(NOTE_OWNER) ||
		    memcmp(owner, NOTE_OWNER, sizeof(NOTE_OWNER)) != 0 ||
		    !parse_note(bytes, header.n_descsz, &note))
			continue;
		if (str_eq(note.provider, search->provider) && str_eq(note.name, search->name))
			r = add_location(search, &note);
		else
			r = add_other(search, &note);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_named(const struct search *search, size_t names, const GElf_Shdr *header,
		     const char *wanted)
{
	const char *name = elf_strptr(search->file.elf, names, header->sh_name);

	return name && str_eq(name, wanted);
}

/* The base first: it is needed where the notes are read. */
static int walk_sections(struct search *search)
{
	Elf_Scn *section = NULL, *notes = NULL;
	GElf_Shdr header;
	Elf_Data *data;
	size_t names;

	if (elf_getshdrstrndx(search->file.elf, &names) < 0)
		return 0;
	while ((section = elf_nextscn(search->file.elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (is_named(search, names, &header, BASE_SECTION))
			search->base = header.sh_addr;
		if (header.sh_type == SHT_NOTE && header.sh_size <= NOTES_MAX_BYTES &&
		    is_named(search, names, &header, NOTES_SECTION))
			notes = section;
	}
	if (!notes)
		return 0;
	data = elf_getdata(notes, NULL);
	return data ? walk_notes(search, data) : -ENOEXEC;
}

static int check_machine(const struct search *search, const char *path, struct err *err)
{
	GElf_Ehdr header;

	if (gelf_getehdr(search->file.elf, &header) && header.e_machine == MACHINE &&
	    header.e_ident[EI_CLASS] == ELFCLASS64)
		return 0;
	return err__set(err, -ENOEXEC, NULL, "'%s' is a binary of another machine", path);
}

static int refuse_missing(struct search *search, const char *path, struct err *err)
{
	char wanted[256];
	const char *nearest;

	(void)snprintf(wanted, sizeof(wanted), "%s:%s", search->provider, search->name);
	nearest = str_nearest(wanted, search->others.items, search->others.len);
	if (search->others.len == 0)
		return err__set(err, -ENOENT, NULL, "'%s' has no USDT probes at all", path);
	return err__set(err, -ENOENT, NULL, "'%s' has no USDT probe '%s'%s%s%s", path, wanted,
			nearest ? "; nearest is '" : "; `readelf -n` lists what it has",
			nearest ? nearest : "", nearest ? "'" : "");
}

static int refuse(const struct search *search, const char *path, int code, struct err *err)
{
	if (code == -E2BIG)
		return err__set(err, code, NULL,
				"'%s' has the USDT probe '%s:%s' at more than %d places", path,
				search->provider, search->name, USDT_LOCATIONS_MAX);
	if (code == -ENOMEM)
		return err__set(err, code, NULL, "no memory for the USDT probes of '%s'", path);
	return err__set(err, code, NULL, "the notes of USDT probes in '%s' cannot be read", path);
}

static int find(struct search *search, const char *path, struct err *err)
{
	int r = elf_file__open(&search->file, path, err);

	if (r == 0)
		r = check_machine(search, path, err);
	if (r < 0)
		return r;
	r = walk_sections(search);
	if (r < 0)
		return refuse(search, path, r, err);
	return search->found.len ? 0 : refuse_missing(search, path, err);
}

int usdt_find(const char *path, const char *provider, const char *name, struct arena *arena,
	      const struct usdt_location **ret_locations, uint32_t *ret_count, struct err *err)
{
	struct search search = {
		.file = { .fd = -1 }, .provider = provider, .name = name, .arena = arena
	};
	int r = find(&search, path, err);

	if (r == 0) {
		*ret_count = (uint32_t)search.found.len;
		*ret_locations = arena__memdup(arena, search.found.items,
					       search.found.len * sizeof(*search.found.items));
		if (!*ret_locations)
			r = refuse(&search, path, -ENOMEM, err);
	}
	vec_done(&search.found);
	vec_done(&search.others);
	arena__done(&search.texts);
	elf_file__close(&search.file);
	return r;
}
