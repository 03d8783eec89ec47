/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/map.h"

#define SECRETS 4

/* Written once before main(), constant afterwards: a hash per process, so that keys made to collide
 * do not. */
static uint64_t secrets[SECRETS];

/* The finalizer of splitmix64 (Sebastiano Vigna, public domain): spreads what little randomness
 * there may be. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

__attribute__((constructor)) static void choose_secrets(void)
{
	const void *start_random = (const void *)getauxval(AT_RANDOM); /* 16 bytes from execve() */

	if (getrandom(secrets, sizeof(secrets), GRND_NONBLOCK) != (ssize_t)sizeof(secrets)) {
		/* early at boot, or no such call here */
		uint64_t seeds[2] = { 0 };

		if (start_random)
			memcpy(seeds, start_random, sizeof(seeds));
		for (size_t i = 0; i < SECRETS; i++)
			secrets[i] = mix(seeds[i % 2] + mix((uint64_t)clock_monotonic_ns() + i));
	}
}

static inline uint64_t read8(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t read4(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* 64 x 64 -> 128 bits, folded: every input bit reaches every output bit. The inputs are mixed in
 * again, so that a factor that happens to be 0 does not swallow the other one. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (a ^ (uint64_t)product) ^ (b ^ (uint64_t)(product >> 64));
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t state = secrets[0];
	uint64_t first = 0;
	uint64_t last = 0;

	if (len > 16) {
		size_t rest = len;

		for (; rest > 16; rest -= 16, at += 16)
			state = fold(read8(at) ^ secrets[1], read8(at + 8) ^ state);
		/* the last 16 bytes, overlapping what was read */
		first = read8(at + rest - 16);
		last = read8(at + rest - 8);
	} else if (len >= 8) {
		first = read8(at);
		last = read8(at + len - 8);
	} else if (len >= 4) {
		first = read4(at);
		last = read4(at + len - 4);
	} else if (len > 0) {
		first = (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 | at[len - 1];
	}
	return fold(secrets[3] ^ len, fold(first ^ secrets[2], last ^ state));
}
