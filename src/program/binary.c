/* SPDX-License-Identifier: Apache-2.0 */
#include "program/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "program/elf_file.h"

#if defined(__x86_64__)
#define LIBRARY_DIR "/lib/x86_64-linux-gnu"
#elif defined(__aarch64__)
#define LIBRARY_DIR "/lib/aarch64-linux-gnu"
#else
#error "say here where this architecture keeps its libraries"
#endif

/* ---- finding the file ---- */

static int check_elf(const char *path)
{
	__cleanup(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char magic[SELFMAG];

	if (fd < 0)
		return -errno;
	if (pread(fd, magic, sizeof(magic), 0) != (ssize_t)sizeof(magic))
		return -ENOEXEC;
	return memcmp(magic, ELFMAG, SELFMAG) == 0 ? 0 : -ENOEXEC;
}

/* Looks through the directories of a colon list. 0, or -ENOENT; *is_script when a file of that name was no ELF. */
static int search_list(const char *dirs, const char *name, char *buf, size_t size, bool *is_script)
{
	for (const char *dir = dirs; dir && *dir;) {
		size_t len = strcspn(dir, ":");
		int r = -ENOENT;

		if (len > 0 && snprintf(buf, size, "%.*s/%s", (int)len, dir, name) < (int)size)
			r = check_elf(buf);
		if (r == 0)
			return 0;
		if (r == -ENOEXEC)
			*is_script = true;
		dir += len;
		dir += *dir == ':';
	}
	return -ENOENT;
}

static bool is_library(const char *name)
{
	return str_ends(name, ".so") || strstr(name, ".so.");
}

int binary_find(const char *name, char *buf, size_t size, struct err *err)
{
	const char *first = getenv(is_library(name) ? "LD_LIBRARY_PATH" : "PATH");
	const char *second = is_library(name) ? "/usr/lib64:/usr/lib:" LIBRARY_DIR
					      : "/usr/bin:/usr/sbin";
	bool is_script = false;

	if (strchr(name, '/')) {
		int r = check_elf(name);

		if (r < 0)
			return elf_file_refuse(name, r, err);
		return snprintf(buf, size, "%s", name) < (int)size ? 0 : -ENAMETOOLONG;
	}
	if (first && search_list(first, name, buf, size, &is_script) == 0)
		return 0;
	if (search_list(second, name, buf, size, &is_script) == 0)
		return 0;
	return err__set(err, -ENOENT, NULL,
			"%s '%s' was not found%s; looked in %s%s%s; a whole path helps",
			is_library(name) ? "library" : "binary", name,
			is_script ? " (only a script of that name)" : "", first ? first : "",
			first ? ":" : "", second);
}

/* ---- functions ---- */

/* The symbols of a browser with all its debugging take a third of that. */
#define MAX_TABLE_BYTES (256u << 20)
#define NOTES_MAX_BYTES (64u << 10)

/* Names of versioned symbols end in @VERSION or @@VERSION in .symtab. */
static bool matches(const char *name, const char *pattern)
{
	char bare[256];
	size_t len = strcspn(name, "@");

	if (fnmatch(pattern, name, 0) == 0)
		return true;
	if (!name[len] || len >= sizeof(bare))
		return false;
	memcpy(bare, name, len);
	bare[len] = '\0';
	return fnmatch(pattern, bare, 0) == 0;
}

static int compare_offsets(const void *a, const void *b)
{
	uint64_t left, right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return (left > right) - (left < right);
}

/* Aliases, and what stands in both symbol tables: the kernel refuses an offset that comes twice. */
static void drop_duplicates(struct binary_symbols *symbols)
{
	uint64_t *offsets = symbols->offsets.items;
	size_t kept = 0;

	if (symbols->offsets.len)
		qsort(offsets, symbols->offsets.len, sizeof(*offsets), compare_offsets);
	for (size_t i = 0; i < symbols->offsets.len; i++)
		if (kept == 0 || offsets[kept - 1] != offsets[i])
			offsets[kept++] = offsets[i];
	symbols->offsets.len = kept;
}

/* What is looked for in the symbol tables of a file. */
struct symbol_search {
	const char *pattern; /* borrowed */
	bool takes_weak;
	struct binary_symbols *found; /* borrowed */
};

static bool is_wanted(const struct symbol_search *search, const GElf_Sym *symbol)
{
	return GELF_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
	       (search->takes_weak || GELF_ST_BIND(symbol->st_info) != STB_WEAK);
}

static int search_table(const struct elf_file *file, Elf_Scn *section, const GElf_Shdr *header,
			const struct symbol_search *search)
{
	Elf_Data *data = header->sh_size <= MAX_TABLE_BYTES ? elf_getdata(section, NULL) : NULL;
	size_t count = data && header->sh_entsize ? data->d_size / header->sh_entsize : 0;

	for (size_t i = 0; i < count; i++) {
		const char *name;
		uint64_t offset;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || !is_wanted(search, &symbol))
			continue;
		name = elf_strptr(file->elf, header->sh_link, symbol.st_name);
		if (!name || !matches(name, search->pattern) ||
		    elf_file__offset_of(file, symbol.st_value, 0, &offset) < 0)
			continue;
		if (vec_push(&search->found->offsets, offset) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int search_tables(const struct elf_file *file, const struct symbol_search *search)
{
	Elf_Scn *section = NULL;
	int r = 0;

	while (r == 0 && (section = elf_nextscn(file->elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_DYNSYM || header.sh_type == SHT_SYMTAB))
			r = search_table(file, section, &header, search);
	}
	drop_duplicates(search->found);
	return r;
}

int binary_find_functions(const char *path, const char *pattern, struct binary_symbols *ret_symbols,
			  struct err *err)
{
	__cleanup(elf_file__close) struct elf_file file = { .fd = -1 };
	struct binary_symbols symbols = { 0 };
	struct symbol_search search = { .pattern = pattern, .found = &symbols };
	bool is_one = !strpbrk(pattern, "*?");
	int r = elf_file__open(&file, path, err);

	if (r < 0)
		return r;
	/* Of one name, a weak definition only counts where there is no other, as for the linker. */
	search.takes_weak = !is_one;
	r = search_tables(&file, &search);
	if (r == 0 && is_one && symbols.offsets.len == 0) {
		search.takes_weak = true;
		r = search_tables(&file, &search);
	}
	if (r < 0)
		(void)err__set(err, r, NULL, "no memory for the symbols of '%s'", path);
	else if (symbols.offsets.len == 0)
		r = err__set(err, -ENOENT, NULL, "no function of '%s' matches '%s'%s", path,
			     pattern, is_one ? "; is it stripped, or the name mangled?" : "");
	if (r < 0) {
		binary_symbols__done(&symbols);
		return r;
	}
	*ret_symbols = symbols;
	return 0;
}

int binary_find_address(const char *path, uint64_t address, uint64_t *ret_offset, struct err *err)
{
	__cleanup(elf_file__close) struct elf_file file = { .fd = -1 };
	int r = elf_file__open(&file, path, err);

	if (r < 0)
		return r;
	r = elf_file__offset_of(&file, address, PF_X, ret_offset);
	if (r < 0)
		return err__set(err, r, NULL,
				"'%s' has nothing at 0x%" PRIx64 " that is executed; addresses "
				"are those of its headers, as `nm` tells them",
				path, address);
	return 0;
}

int binary_address_of_offset(const char *path, uint64_t offset, uint64_t *ret_address,
			     struct err *err)
{
	__cleanup(elf_file__close) struct elf_file file = { .fd = -1 };
	int r = elf_file__open(&file, path, err);

	if (r < 0)
		return r;
	r = elf_file__address_of(&file, offset, PF_X, ret_address);
	if (r < 0)
		return err__set(err, r, NULL,
				"'%s' has nothing at offset 0x%" PRIx64 " that is executed", path,
				offset);
	return 0;
}

int binary_address_of_function(const char *path, const char *name, uint64_t behind,
			       uint64_t *ret_address, struct err *err)
{
	struct binary_symbols symbols;
	int r = binary_find_functions(path, name, &symbols, err);

	if (r < 0)
		return r;
	r = binary_address_of_offset(path, symbols.offsets.items[0] + behind, ret_address, err);
	binary_symbols__done(&symbols);
	return r;
}

/* The note of a section or segment. */
static size_t find_build_id(Elf_Data *data, uint8_t *id, size_t size)
{
	size_t at = 0, name_at, bytes_at;
	GElf_Nhdr header;

	while (data && (at = gelf_getnote(data, at, &header, &name_at, &bytes_at)) > 0) {
		const char *bytes = data->d_buf;

		if (header.n_type != NT_GNU_BUILD_ID || header.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp(bytes + name_at, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0 ||
		    header.n_descsz > size)
			continue;
		memcpy(id, bytes + bytes_at, header.n_descsz);
		return header.n_descsz;
	}
	return 0;
}

int binary_build_id(const char *path, uint8_t *id, size_t size, size_t *ret_len, struct err *err)
{
	__cleanup(elf_file__close) struct elf_file file = { .fd = -1 };
	int r = elf_file__open(&file, path, err);
	size_t count;

	if (r < 0)
		return r;
	*ret_len = 0;
	if (elf_getphdrnum(file.elf, &count) < 0)
		return 0;
	for (size_t i = 0; i < count && *ret_len == 0; i++) {
		GElf_Phdr segment;

		/* The kernel, too, looks for it in segments: sections may be stripped. */
		if (gelf_getphdr(file.elf, (int)i, &segment) && segment.p_type == PT_NOTE &&
		    segment.p_filesz <= NOTES_MAX_BYTES)
			*ret_len = find_build_id(
				elf_getdata_rawchunk(
					file.elf, (int64_t)segment.p_offset, segment.p_filesz,
					segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR),
				id, size);
	}
	return 0;
}

void binary_symbols__done(struct binary_symbols *symbols)
{
	vec_done(&symbols->offsets);
}
