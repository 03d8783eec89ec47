// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The same maps and programs in another object, as a new version of it would have them. */
#include "overflow.bpf.c"

const volatile int is_new_version = 1;
