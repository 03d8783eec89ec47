/* SPDX-License-Identifier: Apache-2.0 */
#include "subject_make.h"

#include <arpa/inet.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- numbers, texts, buffers ---- */

void make_number(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	(void)subjects;
	arguments[1] = strtoull(word, NULL, 0);
}

void make_set(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	const char *other = strchr(word, ':');
	uint64_t set = strtoull(word, NULL, 0);

	arguments[1] = subject__copy(subjects, &set, sizeof(set));
	if (!other)
		return;
	set = strtoull(other + 1, NULL, 0);
	arguments[2] = subject__copy(subjects, &set, sizeof(set));
}

void make_text(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	arguments[1] = subject__copy(subjects, word, strlen(word));
}

void make_filename(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	uint64_t name[8] = { 0 };
	size_t at = (size_t)subject__offset(subjects, "filename", "name") / sizeof(*name);

	assert_true(at < array_size(name));
	name[at] = subject__copy(subjects, word, strlen(word));
	arguments[1] = subject__copy(subjects, name, sizeof(name));
}

/* The first name of a device; longer ones do not end. */
void make_device(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	int32_t at = subject__offset(subjects, "net_device", "name");
	char device[4096] = { 0 };

	assert_true((size_t)at + 16 < sizeof(device) && strlen(word) < 16);
	memcpy(device + at, word, strlen(word));
	arguments[1] = subject__copy(subjects, device, (size_t)at + 16);
}

void make_buffer(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	make_text(subjects, word, arguments);
	arguments[2] = strlen(word);
}

/* In two parts, of which the first is the first byte; in the kernel's memory, where nothing has to be paged in. */
static void make_parts(struct subjects *subjects, const char *word, struct iovec *parts)
{
	parts[0].iov_base = (void *)subject__copy(subjects, word, strlen(word));
	parts[0].iov_len = 1;
	parts[1].iov_base = (char *)parts[0].iov_base + 1;
	parts[1].iov_len = strlen(word) - 1;
}

/* Of the user's memory, as the system calls are given it: kept until all calls are made. */
void make_vector(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	struct subject_vector *vector = &subjects->vectors[subjects->vector_count++];

	assert_true(subjects->vector_count <= array_size(subjects->vectors));
	assert_true(strlen(word) < sizeof(vector->text));
	(void)snprintf(vector->text, sizeof(vector->text), "%s", word);
	vector->parts[0] = (struct iovec){ vector->text, 1 };
	vector->parts[1] = (struct iovec){ vector->text + 1, strlen(word) - 1 };
	arguments[1] = (uint64_t)(uintptr_t)vector->parts;
	arguments[2] = 2;
}

static uint64_t enumerator(const struct subjects *subjects, const char *type, const char *name)
{
	int32_t id = btf__find_by_name_kind(subjects->btf, type, BTF_KIND_ENUM);
	const struct btf_type *found = id > 0 ? btf__type_by_id(subjects->btf, (uint32_t)id) : NULL;

	for (uint16_t i = 0; found && i < btf_vlen(found); i++)
		if (str_eq(btf__name_by_offset(subjects->btf, btf_enum(found)[i].name_off), name))
			return (uint32_t)btf_enum(found)[i].val;
	fail_msg("no %s in %s", name, type);
	return 0;
}

void make_iterator(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	const char *kind = hook_run__has_member(subjects->btf, "iov_iter", "iter_type")
				   ? "iter_type"
				   : "type";
	const char *list = hook_run__has_member(subjects->btf, "iov_iter", "__iov") ? "__iov"
										    : "iov";
	uint64_t size = strlen(word), count = 2, address;
	uint8_t iterator[256] = { 0 };
	struct iovec parts[2];

	make_parts(subjects, word, parts);
	address = subject__copy(subjects, parts, sizeof(parts));
	iterator[subject__offset(subjects, "iov_iter", kind)] =
		(uint8_t)enumerator(subjects, "iter_type", "ITER_KVEC");
	memcpy(iterator + subject__offset(subjects, "iov_iter", list), &address, sizeof(address));
	memcpy(iterator + subject__offset(subjects, "iov_iter", "nr_segs"), &count, sizeof(count));
	memcpy(iterator + subject__offset(subjects, "iov_iter", "count"), &size, sizeof(size));
	arguments[1] = subject__copy(subjects, iterator, sizeof(iterator));
}

/* ---- files ---- */

/* Not opened, only named: whatever type it is of. Made, if it is not there. */
static int open_path(struct subjects *subjects, const char *word)
{
	int fd = open(word, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char *slash = strchr(word + 1, '/');

	if (fd < 0 && slash) {
		char folder[256];

		(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - word), word);
		(void)mkdir(folder, 0700);
	}
	if (fd < 0) {
		fd = open(word, O_CREAT | O_RDONLY | O_CLOEXEC, 0600);
		if (fd >= 0)
			(void)close(fd);
		fd = open(word, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		fail_msg("%s cannot be opened", word);
	assert_true(subjects->opened_count < array_size(subjects->opened));
	subjects->opened[subjects->opened_count++] = fd;
	return fd;
}

void make_descriptor(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	arguments[1] = (uint64_t)open_path(subjects, word);
}

void make_file(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	arguments[1] = subject__file(subjects, open_path(subjects, word));
}

void make_path(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	make_file(subjects, word, arguments);
	arguments[1] += (uint64_t)subject__offset(subjects, "file", "f_path");
}

void make_dentry(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	make_path(subjects, word, arguments);
	arguments[1] = subject__read(
		subjects, arguments[1] + (uint64_t)subject__offset(subjects, "path", "dentry"));
}

static void make_file_in(struct subjects *subjects, const char *type, const char *member,
			 const char *word, uint64_t *arguments)
{
	int32_t at = subject__offset(subjects, type, member);
	uint8_t bytes[512] = { 0 };

	make_file(subjects, word, arguments);
	assert_true((size_t)at + sizeof(uint64_t) <= sizeof(bytes));
	memcpy(bytes + at, &arguments[1], sizeof(uint64_t));
	arguments[1] = subject__copy(subjects, bytes, sizeof(bytes));
}

void make_kiocb(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	make_file_in(subjects, "kiocb", "ki_filp", word, arguments);
}

void make_binprm(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	make_file_in(subjects, "linux_binprm", "file", word, arguments);
}

/* ---- sockets ---- */

static const struct {
	const char *name;
	struct subject_connection connection;
} connections[] = {
	{ "v4", { AF_INET, IPPROTO_TCP, 1, "10.1.2.3", "192.168.7.9", 443, 8080 } },
	{ "local", { AF_INET, IPPROTO_UDP, 7, "127.0.0.1", "10.255.0.1", 1023, 1024 } },
	{ "v6", { AF_INET6, IPPROTO_TCP, 10, "2001:db8::7", "fc00::1", 53, 65535 } },
	{ "local6", { AF_INET6, IPPROTO_UDP, 7, "::1", "::1", 5000, 80 } },
	{ "unix", { AF_UNIX, 0, 1, NULL, NULL, 0, 0 } },
};

static const struct subject_connection *find_connection(const char *name)
{
	for (size_t i = 0; i < array_size(connections); i++)
		if (str_eq(connections[i].name, name))
			return &connections[i].connection;
	fail_msg("no connection %s", name);
	return NULL;
}

void make_sock(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	arguments[1] = subject__sock(subjects, find_connection(word));
}

void make_socket(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	uint64_t socket[64] = { 0 };

	make_sock(subjects, word, arguments);
	socket[(size_t)subject__offset(subjects, "socket", "sk") / sizeof(*socket)] = arguments[1];
	arguments[1] = subject__copy(subjects, socket, sizeof(socket));
}

void make_packet(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	arguments[1] = subject__packet(subjects, find_connection(word));
}

void make_address(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	const struct subject_connection *connection = find_connection(word);
	struct sockaddr_in6 address = { .sin6_family = (sa_family_t)connection->family,
					.sin6_port = htons(connection->source_port) };

	if (connection->family == AF_INET)
		(void)inet_pton(AF_INET, connection->source,
				&((struct sockaddr_in *)(void *)&address)->sin_addr);
	else if (connection->family == AF_INET6)
		(void)inet_pton(AF_INET6, connection->source, &address.sin6_addr);
	arguments[1] = subject__copy(subjects, &address, sizeof(address));
}

void make_name(struct subjects *subjects, const char *word, uint64_t *arguments)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", word);
	arguments[1] = subject__copy(subjects, &address, sizeof(address));
}
