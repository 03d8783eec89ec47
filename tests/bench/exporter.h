/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_BENCH_EXPORTER_H
#define TESTS_BENCH_EXPORTER_H

/*
 * An exporter as a process, sonde or its peer: both take the same flags.
 * It owns the process until __stop(); bench_process.c starts them one after the other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exporter {
	pid_t pid;
	uint16_t port;   /* of 127.0.0.1 */
	double start_ms; /* wall */
};

struct exporter_figures {
	double cpu_ms; /* user and kernel */
	size_t resident_bytes, peak_bytes;
	size_t map_bytes; /* kernel memory of its maps */
};

/* binary exporter-flags --config.dir=dir --config.names=names; subcommand may be NULL. */
void exporter__start(struct exporter *exporter, const char *binary, const char *subcommand,
		     const char *dir, const char *names);
void exporter__stop(struct exporter *exporter);
/* One scrape: bytes of the reply's body, or 0 while nobody listens. The program ends when the
 * exporter has. */
size_t exporter__scrape(struct exporter *exporter);
/* Scrapes until the first reply. */
void exporter__wait(struct exporter *exporter);
struct exporter_figures exporter__figures(const struct exporter *exporter);

#endif
