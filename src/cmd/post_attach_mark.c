/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/post_attach_mark.h"

/* The name is looked up in the binary's symbol tables: exported (see the link arguments), never inlined, and with
 * something inside that no optimiser may take for nothing. */
__attribute__((noinline, used, visibility("default"))) void post_attach_mark(void)
{
	__asm__ volatile("" ::: "memory");
}
