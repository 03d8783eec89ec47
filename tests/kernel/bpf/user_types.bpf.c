/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Types of usdt_caller, as BTF: structs of user space are the same here. No program is loaded. */
#include "tests/kernel/usdt_order.h"

/* Both: of what is only pointed to the compiler tells the name alone. */
struct order order = {};
struct order_item item = {};
