// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The next edition of reload.bpf.c: one map is larger, the key of another is something else. */
#define RELOAD_NEXT
#include "reload.bpf.c"
