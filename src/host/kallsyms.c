/* SPDX-License-Identifier: Apache-2.0 */
#include "host/kallsyms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "host/rate_limit.h"

#define SYMBOLS_PATH "proc/kallsyms"
#define READ_BYTES (64u << 10)
/* Kernels have 100 to 300 thousand symbols of 25 bytes: far above, and far below what offsets hold. */
#define MAX_SYMBOLS (8u << 20)
#define MAX_POOL_BYTES (512u << 20)
#define FIRST_REFRESH_NS NS_PER_S
#define SLOWEST_REFRESH_NS (64 * NS_PER_S)

/* 12 bytes instead of 16: with 122,000 symbols that is half a megabyte. */
struct symbol {
	uint32_t high, low; /* halves of the address */
	uint32_t name;      /* offset in the pool; grows in the order of the file */
};

struct symbol_table {
	struct symbol *items; /* owned; by address, of equal ones in the order of the file */
	size_t len, capacity;
	char *pool; /* owned; names, each with its NUL */
	size_t pool_len, pool_capacity;
	bool is_sorted;
	bool is_hidden; /* every address is 0: kernel.kptr_restrict, or no privileges */
};

struct kallsyms {
	int fd; /* owned */
	bool is_loaded;
	struct symbol_table table;
	struct rate_limit refresh_limit;
};

static uint64_t symbol_address(const struct symbol *symbol)
{
	return (uint64_t)symbol->high << 32 | symbol->low;
}

static void table_done(struct symbol_table *table)
{
	free(table->items);
	free(table->pool);
	*table = (struct symbol_table){ 0 };
}

/* Hex digits at the start of a line; the number of digits, 0 when there is no number of at most 64 bits. */
static size_t parse_address(const char *text, size_t len, uint64_t *ret_address)
{
	uint64_t address = 0;
	size_t digits = 0;

	for (; digits < len; digits++) {
		unsigned int c = (unsigned char)text[digits];
		unsigned int value;

		if (c - '0' < 10)
			value = c - '0';
		else if ((c | 0x20) - 'a' < 6)
			value = (c | 0x20) - 'a' + 10;
		else
			break;
		address = address << 4 | value;
	}
	*ret_address = address;
	return digits <= 16 ? digits : 0;
}

static int add_symbol(struct symbol_table *table, uint64_t address, const char *name, size_t len)
{
	if (table->len >= MAX_SYMBOLS || table->pool_len + len >= MAX_POOL_BYTES)
		return -EFBIG;
	if (mem_grow((void **)(void *)&table->items, &table->capacity, table->len + 1,
		     sizeof(*table->items)) < 0 ||
	    mem_grow((void **)(void *)&table->pool, &table->pool_capacity,
		     table->pool_len + len + 1, 1) < 0)
		return -ENOMEM;
	if (table->len && address < symbol_address(&table->items[table->len - 1]))
		table->is_sorted = false;
	if (address)
		table->is_hidden = false;
	table->items[table->len++] = (struct symbol){
		.high = (uint32_t)(address >> 32),
		.low = (uint32_t)address,
		.name = (uint32_t)table->pool_len,
	};
	memcpy(table->pool + table->pool_len, name, len);
	table->pool[table->pool_len + len] = '\0';
	table->pool_len += len + 1;
	return 0;
}

/* "address type name" or "address type name\t[module]"; lines with less are passed over. */
static int add_line(struct symbol_table *table, const char *line, size_t len, struct err *err)
{
	uint64_t address;
	size_t digits = parse_address(line, len, &address);
	const char *type = memchr(line, ' ', len);
	const char *name = type ? memchr(type + 1, ' ', (size_t)(line + len - type - 1)) : NULL;
	const char *end;
	int r;

	if (!name)
		return 0;
	if (digits == 0 || line + digits != type)
		return err__set(err, -EINVAL, NULL, "/%s: '%.*s' does not begin with an address",
				SYMBOLS_PATH, (int)(len < 40 ? len : 40), line);
	name++;
	/* ebpf_exporter splits at spaces and takes the third field. */
	end = memchr(name, ' ', (size_t)(line + len - name));
	r = add_symbol(table, address, name, (size_t)((end ? end : line + len) - name));
	if (r < 0)
		return err__set(err, r, NULL, "/%s: %s", SYMBOLS_PATH,
				r == -EFBIG ? "more symbols than expected of any kernel"
					    : "no memory for the symbols");
	return 0;
}

/* Adds the whole lines of buf; the number of bytes used, or -errno. */
static ssize_t add_lines(struct symbol_table *table, const char *buf, size_t len, struct err *err)
{
	const char *line = buf;
	const char *end;

	while ((end = memchr(line, '\n', (size_t)(buf + len - line)))) {
		int r = add_line(table, line, (size_t)(end - line), err);

		if (r < 0)
			return r;
		line = end + 1;
	}
	return line - buf;
}

/* Piece by piece: the text is 5 MB, of which half a piece is enough at a time. */
static int read_lines(int fd, struct symbol_table *table, struct err *err)
{
	__cleanup(x_freep) char *buf = malloc(READ_BYTES);
	size_t len = 0;

	if (!buf)
		return err__set(err, -ENOMEM, NULL, "no memory for the symbols");
	for (;;) {
		ssize_t got = read(fd, buf + len, READ_BYTES - len);
		ssize_t used;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err__set(err, -errno, NULL, "cannot read /%s: %s", SYMBOLS_PATH,
					strerror(errno));
		if (got == 0)
			return len ? add_line(table, buf, len, err) : 0;
		len += (size_t)got;
		used = add_lines(table, buf, len, err);
		if (used < 0)
			return (int)used;
		if (used == 0 && len == READ_BYTES)
			return err__set(err, -EINVAL, NULL, "/%s has a line of more than %u bytes",
					SYMBOLS_PATH, READ_BYTES);
		len -= (size_t)used;
		memmove(buf, buf + used, len);
	}
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left;
	const struct symbol *b = right;
	uint64_t a_address = symbol_address(a);
	uint64_t b_address = symbol_address(b);

	if (a_address != b_address)
		return a_address < b_address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

/* Gives back what doubling took too much. Failing to do so is no harm. */
static void shrink(struct symbol_table *table)
{
	void *items = table->len ? realloc(table->items, table->len * sizeof(*table->items)) : NULL;
	void *pool = table->pool_len ? realloc(table->pool, table->pool_len) : NULL;

	if (items) {
		table->items = items;
		table->capacity = table->len;
	}
	if (pool) {
		table->pool = pool;
		table->pool_capacity = table->pool_len;
	}
}

static int read_table(int fd, struct symbol_table *ret_table, struct err *err)
{
	struct symbol_table table = { .is_sorted = true, .is_hidden = true };
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err__set(err, -errno, NULL, "cannot read /%s: %s", SYMBOLS_PATH,
				strerror(errno));
	r = read_lines(fd, &table, err);
	if (r < 0) {
		table_done(&table);
		return r;
	}
	if (!table.is_sorted)
		qsort(table.items, table.len, sizeof(*table.items), compare_symbols);
	shrink(&table);
	*ret_table = table;
	return 0;
}

int kallsyms__open(int root_fd, struct kallsyms **ret_symbols, struct err *err)
{
	__cleanup(fd_closep) int fd = fd_open_read(root_fd, SYMBOLS_PATH);
	struct kallsyms *symbols;

	if (fd < 0)
		return err__set(err, fd, NULL, "cannot open /%s: %s", SYMBOLS_PATH, strerror(-fd));
	symbols = new_zero(struct kallsyms);
	if (!symbols)
		return err__set(err, -ENOMEM, NULL, "no memory for the kernel's symbols");
	symbols->fd = take_fd(fd);
	symbols->refresh_limit = (struct rate_limit){ .interval_ns = FIRST_REFRESH_NS, .burst = 1 };
	*ret_symbols = symbols;
	return 0;
}

int kallsyms__load(struct kallsyms *symbols, struct err *err)
{
	int r;

	if (symbols->is_loaded)
		return 0;
	r = read_table(symbols->fd, &symbols->table, err);
	symbols->is_loaded = r == 0;
	return r;
}

bool kallsyms__is_loaded(const struct kallsyms *symbols)
{
	return symbols->is_loaded;
}

void kallsyms__unload(struct kallsyms *symbols)
{
	table_done(&symbols->table);
	symbols->is_loaded = false;
}

struct kallsyms *kallsyms__close(struct kallsyms *symbols)
{
	if (!symbols)
		return NULL;
	table_done(&symbols->table);
	fd_closep(&symbols->fd);
	free(symbols);
	return NULL;
}

/* The first symbol above the address, as an index. */
static size_t find_above(const struct symbol_table *table, uint64_t address)
{
	size_t low = 0;
	size_t high = table->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbol_address(&table->items[middle]) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of several symbols at one address the first of the file, so that every refresh gives the same one. */
static const struct symbol *find_at_or_below(const struct symbol_table *table, uint64_t address)
{
	size_t at = table->is_hidden ? 0 : find_above(table, address);

	if (at == 0)
		return NULL;
	address = symbol_address(&table->items[--at]);
	while (at > 0 && symbol_address(&table->items[at - 1]) == address)
		at--;
	return &table->items[at];
}

const char *kallsyms__find_nearest(const struct kallsyms *symbols, uint64_t address)
{
	const struct symbol *symbol = find_at_or_below(&symbols->table, address);

	return symbol ? symbols->table.pool + symbol->name : NULL;
}

const char *kallsyms__find_exact(const struct kallsyms *symbols, uint64_t address)
{
	const struct symbol *symbol = find_at_or_below(&symbols->table, address);

	if (!symbol || symbol_address(symbol) != address)
		return NULL;
	return symbols->table.pool + symbol->name;
}

int kallsyms__find_address(const struct kallsyms *symbols, const char *name, uint64_t *ret_address)
{
	const struct symbol_table *table = &symbols->table;
	const struct symbol *last = NULL;

	/* Asked for a few constants at start: not worth an index. Offsets tell the order of the file. */
	for (size_t i = 0; i < table->len; i++) {
		const struct symbol *symbol = &table->items[i];

		if ((!last || symbol->name > last->name) &&
		    str_eq(table->pool + symbol->name, name))
			last = symbol;
	}
	if (!last)
		return -ENOENT;
	*ret_address = symbol_address(last);
	return 0;
}

bool kallsyms__is_hidden(const struct kallsyms *symbols)
{
	return symbols->table.is_hidden;
}

static bool is_same_table(const struct symbol_table *a, const struct symbol_table *b)
{
	return a->len == b->len && a->pool_len == b->pool_len &&
	       (!a->len || memcmp(a->items, b->items, a->len * sizeof(*a->items)) == 0) &&
	       (!a->pool_len || memcmp(a->pool, b->pool, a->pool_len) == 0);
}

int kallsyms__refresh(struct kallsyms *symbols, struct err *err)
{
	struct rate_limit *limit = &symbols->refresh_limit;
	struct symbol_table table;
	int r;

	if (!rate_limit__take(limit, clock_monotonic_ns()))
		return err__set(err, -EAGAIN, NULL, "/%s was read a moment ago", SYMBOLS_PATH);
	r = read_table(symbols->fd, &table, err);
	if (r < 0)
		return r;
	/* Privileges may have been dropped since the start: what was seen with them is still right. */
	if (table.is_hidden && !symbols->table.is_hidden) {
		table_done(&table);
		limit->interval_ns = SLOWEST_REFRESH_NS;
		return err__set(err, -EPERM, NULL, "/%s hides its addresses by now", SYMBOLS_PATH);
	}
	/* 60 ms each time: an address that stays unknown must not cost that every second for ever. */
	if (!is_same_table(&symbols->table, &table))
		limit->interval_ns = FIRST_REFRESH_NS;
	else if (limit->interval_ns < SLOWEST_REFRESH_NS)
		limit->interval_ns *= 2;
	table_done(&symbols->table);
	symbols->table = table;
	symbols->is_loaded = true;
	return 0;
}
