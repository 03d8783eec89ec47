/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <arpa/inet.h>
#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COPY_MAX 8192u

/* ---- the kernel's memory ---- */

static const struct hook_step at_argument = { 0, false };
static const struct hook_value reader_values[] = {
	{ .class = POLICY_CLASS_NUMBER,
	  .size = 8,
	  .steps = &at_argument,
	  .step_count = 1,
	  .is_captured = true,
	  .size_value = HOOK_NONE },
	{ .base = HOOK_BASE_TASK,
	  .class = POLICY_CLASS_NUMBER,
	  .size = 8,
	  .is_captured = true,
	  .size_value = HOOK_NONE },
};

/* All that a test makes up waits there at once. */
#define WAITING_BYTES (4 << 20)

static void open_sockets(struct subjects *subjects)
{
	int bytes = WAITING_BYTES;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, subjects->sockets),
			 0);
	assert_int_equal(
		setsockopt(subjects->sockets[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)),
		0);
}

void subjects__open(struct subjects *subjects, struct hook_run *run)
{
	struct hook_code code = { .context = HOOK_CONTEXT_RAW_TRACEPOINT,
				  .values = reader_values,
				  .value_count = 2,
				  .can_have_events = true };

	*subjects = (struct subjects){ .run = run, .reader = *run, .btf = btf__load_vmlinux_btf() };
	assert_non_null(subjects->btf);
	subjects->reader.fd = subjects->reader.leave_fd = -1;
	hook_run__load(&subjects->reader, &code, POLICY_SWITCH_EVENTS);
	open_sockets(subjects);
}

static void forget(struct subjects *subjects)
{
	(void)close(subjects->sockets[0]);
	(void)close(subjects->sockets[1]);
	while (subjects->opened_count)
		(void)close(subjects->opened[--subjects->opened_count]);
	subjects->vector_count = 0;
}

void subjects__forget(struct subjects *subjects)
{
	forget(subjects);
	open_sockets(subjects);
}

void subjects__close(struct subjects *subjects)
{
	forget(subjects);
	(void)close(subjects->reader.fd);
	hook_engine__remove(subjects->run->engine, subjects->reader.hook);
	btf__free(subjects->btf);
}

static uint64_t read_word(struct subjects *subjects, uint64_t address, uint32_t index)
{
	hook_run__call(&subjects->reader, &address, 1);
	assert_int_equal(hook_run__drain(subjects->run), 1);
	return hook_run__word(subjects->run, index).number;
}

uint64_t subject__read(struct subjects *subjects, uint64_t address)
{
	return read_word(subjects, address, 0);
}

int32_t subject__offset(const struct subjects *subjects, const char *name, const char *member)
{
	return hook_run__member(subjects->btf, name, member);
}

static uint64_t follow(struct subjects *subjects, uint64_t address, const char *name,
		       const char *member)
{
	return subject__read(subjects, address + (uint64_t)subject__offset(subjects, name, member));
}

uint64_t subject__file(struct subjects *subjects, int fd)
{
	uint64_t files = follow(subjects, read_word(subjects, 0, 1), "task_struct", "files");
	uint64_t table = follow(subjects, files, "files_struct", "fdt");

	return subject__read(subjects, follow(subjects, table, "fdtable", "fd") +
					       (uint64_t)fd * sizeof(uint64_t));
}

/* A message that waits to be received: its bytes are in one piece in the last of the receiver's packets. */
uint64_t subject__copy(struct subjects *subjects, const void *bytes, size_t size)
{
	uint64_t socket = follow(subjects, subject__file(subjects, subjects->sockets[1]), "file",
				 "private_data");
	uint64_t sock = follow(subjects, socket, "socket", "sk");
	uint64_t queue = sock + (uint64_t)subject__offset(subjects, "sock", "sk_receive_queue");
	uint8_t message[COPY_MAX] = { 0 };

	assert_true(size + sizeof(uint64_t) <= sizeof(message));
	memcpy(message, bytes, size);
	assert_int_equal(send(subjects->sockets[0], message, size + sizeof(uint64_t), MSG_DONTWAIT),
			 size + sizeof(uint64_t));
	return follow(subjects, follow(subjects, queue, "sk_buff_head", "prev"), "sk_buff", "data");
}

/* ---- made up ---- */

#define SOCK_BYTES 2048

static void put(uint8_t *bytes, int32_t at, const void *from, size_t size)
{
	assert_true(at >= 0 && (size_t)at + size <= SOCK_BYTES);
	memcpy(bytes + at, from, size);
}

static void put_u16(uint8_t *bytes, int32_t at, uint16_t number)
{
	put(bytes, at, &number, sizeof(number));
}

static size_t parse_address(int family, const char *text, uint8_t *address)
{
	if (family != AF_INET && family != AF_INET6)
		return 0;
	assert_int_equal(inet_pton(family, text, address), 1);
	return family == AF_INET ? 4 : 16;
}

uint64_t subject__sock(struct subjects *subjects, const struct subject_connection *connection)
{
	const struct btf *btf = subjects->btf;
	int32_t common = hook_run__member(btf, "sock", "__sk_common");
	bool is_v6 = connection->family == AF_INET6;
	uint8_t bytes[SOCK_BYTES] = { 0 }, address[16];
	size_t size;

#define COMMON(member) (common + hook_run__member(btf, "sock_common", member))
	put_u16(bytes, COMMON("skc_family"), (uint16_t)connection->family);
	bytes[COMMON("skc_state")] = (uint8_t)connection->state;
	put_u16(bytes, COMMON("skc_num"), connection->source_port);
	put_u16(bytes, COMMON("skc_dport"), htons(connection->destination_port));
	size = parse_address(connection->family, connection->source, address);
	put(bytes, COMMON(is_v6 ? "skc_v6_rcv_saddr" : "skc_rcv_saddr"), address, size);
	size = parse_address(connection->family, connection->destination, address);
	put(bytes, COMMON(is_v6 ? "skc_v6_daddr" : "skc_daddr"), address, size);
#undef COMMON
	put_u16(bytes, hook_run__member(btf, "sock", "sk_protocol"),
		(uint16_t)connection->protocol);
	return subject__copy(subjects, bytes, sizeof(bytes));
}

#define V6_HEADER 40u

/* The header of the network, in IPv6 with one that skips nothing in between, and that of the transport. */
static size_t write_packet(uint8_t *bytes, const struct subject_connection *connection)
{
	uint8_t protocol = (uint8_t)connection->protocol;
	uint16_t ports[2] = { htons(connection->source_port), htons(connection->destination_port) };

	if (connection->family == AF_INET) {
		bytes[0] = 0x46; /* with 4 bytes of options */
		bytes[9] = protocol;
		(void)parse_address(AF_INET, connection->source, bytes + 12);
		(void)parse_address(AF_INET, connection->destination, bytes + 16);
		memcpy(bytes + 24, ports, sizeof(ports));
		return 24 + sizeof(ports);
	}
	if (connection->family != AF_INET6)
		return 1;
	bytes[0] = 0x60;
	bytes[6] = 60; /* options of the destination */
	(void)parse_address(AF_INET6, connection->source, bytes + 8);
	(void)parse_address(AF_INET6, connection->destination, bytes + 24);
	bytes[V6_HEADER] = protocol;
	memcpy(bytes + V6_HEADER + 8, ports, sizeof(ports));
	return V6_HEADER + 8 + sizeof(ports);
}

#define HEADROOM 64u

uint64_t subject__packet(struct subjects *subjects, const struct subject_connection *connection)
{
	uint8_t bytes[SOCK_BYTES] = { 0 }, packet[SOCK_BYTES] = { 0 };
	size_t size = HEADROOM + write_packet(packet + HEADROOM, connection);
	uint64_t head = subject__copy(subjects, packet, size);

	put(bytes, subject__offset(subjects, "sk_buff", "head"), &head, sizeof(head));
	put_u16(bytes, subject__offset(subjects, "sk_buff", "network_header"), HEADROOM);
	return subject__copy(subjects, bytes, sizeof(bytes));
}
