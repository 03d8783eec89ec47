/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_BASE_MEM_H
#define SRC_BASE_MEM_H

/*
 * Ownership helpers: cleanup attributes, hand-over, zeroed allocation with overflow checks. It owns
 * nothing. Everybody uses it.
 */

#include <stddef.h>
#include <stdlib.h>

#define __cleanup(function) __attribute__((cleanup(function)))
#define array_size(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member)                                                        \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* take_ptr(p): returns p and sets it to NULL: ownership moves to the receiver. */
#define take_ptr(pointer)                                                                          \
	({                                                                                         \
		typeof(pointer) *take_ptr_from = &(pointer);                                       \
		typeof(pointer) take_ptr_value = *take_ptr_from;                                   \
		*take_ptr_from = NULL;                                                             \
		take_ptr_value;                                                                    \
	})

static inline void x_freep(void *pointer)
{
	free(*(void **)pointer);
	*(void **)pointer = NULL;
}

/* new_zero(struct x): one zeroed object, NULL when there is no memory. */
#define new_zero(type) ((type *)calloc(1, sizeof(type)))
/* new_array(type, n): n zeroed objects; n * size is checked for overflow (calloc does). */
#define new_array(type, count) ((type *)calloc((count), sizeof(type)))

/* Grows *array (elements of size_bytes) so that it holds at least `need`; doubles. 0 or -ENOMEM. */
int mem_grow(void **array, size_t *capacity, size_t need, size_t size_bytes);

#endif
