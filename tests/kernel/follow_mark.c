/* SPDX-License-Identifier: Apache-2.0 */
/* Calls one function as often as it is told. Linked without libraries, so that it runs in a root that has nothing else; in
 * a container it is called like a library. */
#include <stdlib.h>

__attribute__((noinline)) void follow_mark(int call);

void follow_mark(int call)
{
	__asm__ volatile("" : : "r"(call));
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;

	for (int i = 0; i < count; i++)
		follow_mark(i);
	return 0;
}
