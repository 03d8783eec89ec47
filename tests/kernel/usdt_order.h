/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_USDT_ORDER_H
#define TESTS_KERNEL_USDT_ORDER_H

/*
 * What usdt_caller's probe sonde:order points to, for the program and for those who read its types as BTF.
 * Plain data; it owns nothing. Both are compiled with it.
 */

struct order_item {
	long price;
	short weights[4];
};

struct order {
	char note[16];
	unsigned int kind : 3, is_paid : 1;
	const char *customer;
	struct {
		struct order_item *first;
	};
};

#endif
