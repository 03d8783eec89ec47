/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_SUBJECT_H
#define TESTS_KERNEL_SUBJECT_H

/*
 * Things of the kernel that hooks are given to look at: addresses of real files, and of structs that the test makes up,
 * which lie in the kernel's memory as the bytes of messages that nobody has received yet.
 * It owns a pair of sockets and a small program that reads the kernel's memory; addresses are good until it is closed.
 * Every step that fails fails the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include "hook_run.h"

struct btf;

#define SUBJECTS_MAX 32

struct subject_vector { /* in the user's memory, as the system calls are given it */
	char text[512];
	struct iovec parts[2];
};

struct subjects {
	struct hook_run *run;   /* borrowed: engine and ring */
	struct hook_run reader; /* of its own: the program */
	struct btf *btf;        /* owned */
	int sockets[2];
	int opened[SUBJECTS_MAX]; /* files */
	size_t opened_count;
	struct subject_vector vectors[SUBJECTS_MAX];
	size_t vector_count;
};

void subjects__open(struct subjects *subjects, struct hook_run *run);
void subjects__close(struct subjects *subjects);
/* What was there up to now is gone. */
void subjects__forget(struct subjects *subjects);

/* 8 bytes of the kernel's memory. */
uint64_t subject__read(struct subjects *subjects, uint64_t address);
int32_t subject__offset(const struct subjects *subjects, const char *name, const char *member);
/* A copy in the kernel's memory, with 8 bytes of zeros behind. */
uint64_t subject__copy(struct subjects *subjects, const void *bytes, size_t size);
/* The struct file of a descriptor. */
uint64_t subject__file(struct subjects *subjects, int fd);

/* One end of a connection, as sockets and packets have it. */
struct subject_connection {
	int family, protocol, state;
	const char *source, *destination; /* addresses */
	uint16_t source_port, destination_port;
};
/* A struct sock; a struct sk_buff. */
uint64_t subject__sock(struct subjects *subjects, const struct subject_connection *connection);
uint64_t subject__packet(struct subjects *subjects, const struct subject_connection *connection);

#endif
