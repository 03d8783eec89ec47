/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_FEED_H
#define TESTS_FUZZ_FEED_H

/*
 * A client that says to a server what a fuzzer thought of: the input in pieces, each of which ends with a byte 0xff, with
 * rounds of the server between. It owns nothing. Targets of what listens at a socket make the pair and own both ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One round of the server, then all that it has to say is taken. False: it has closed. */
bool feed_round(int fd, void (*run)(void));
/* Until all is sent, or the server has closed. */
void feed_pieces(int fd, const uint8_t *data, size_t len, void (*run)(void));

#endif
