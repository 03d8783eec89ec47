/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_SUBJECT_MAKE_H
#define TESTS_KERNEL_SUBJECT_MAKE_H

/*
 * What hooks look at, made of a word for it: a number, a text, the name of a file or of a connection.
 * All that is made belongs to the subjects, until they forget it.
 * Tables of cases call it: arguments[1] is the thing, or where it is; [2] its size, or another one, where it has such.
 */

#include "subject.h"

typedef void (*make_fn)(struct subjects *subjects, const char *word, uint64_t *arguments);

void make_number(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_set(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_text(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_filename(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_device(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_buffer(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_vector(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_iterator(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_descriptor(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_file(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_path(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_dentry(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_kiocb(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_binprm(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_sock(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_socket(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_packet(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_address(struct subjects *subjects, const char *word, uint64_t *arguments);
void make_name(struct subjects *subjects, const char *word, uint64_t *arguments);

#endif
