/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_RECORD_KERNEL_NAME_H
#define SRC_RECORD_KERNEL_NAME_H

/*
 * Numbers of the kernel by the names that its headers have for them: CAP_SYS_ADMIN, AF_INET, IPPROTO_TCP, TCP_LISTEN.
 * Constant tables; it owns nothing. Readers of policies find the numbers of names, those who write events the names of
 * numbers.
 */

#include <stddef.h>
#include <stdint.h>

enum kernel_names {
	KERNEL_NAMES_CAPABILITIES,
	KERNEL_NAMES_FAMILIES,
	KERNEL_NAMES_PROTOCOLS,
	KERNEL_NAMES_TCP_STATES,
	KERNEL_NAMES_COUNT,
};

/* As events of Tetragon have it; NULL: they have the number. Of capabilities ask event_capability_names. */
const char *kernel_name_get(enum kernel_names names, uint32_t number);
/* 0, or -ENOENT. Capabilities in any case. */
int kernel_name_find(enum kernel_names names, const char *text, size_t len, uint32_t *ret_number);
/* NULL: none is near. */
const char *kernel_name_nearest(enum kernel_names names, const char *text);
/* "SIGKILL"; NULL: it has none, as those of real time. */
const char *kernel_signal_name(uint32_t number);

#endif
