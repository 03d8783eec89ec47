/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_EXPORTER_H
#define TESTS_KERNEL_EXPORTER_H

/*
 * A real `sonde exporter` as a child of a test: started on configs that the test writes, scraped over loopback, stopped.
 * It owns a scratch directory, in which it also is the working directory of the child: objects may name
 * "./trigger", the test's own executable, so that a test observes nothing but itself.
 * Failures of the set-up end the test through cmocka.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct exporter {
	char dir[64]; /* scratch directory */
	pid_t pid;    /* 0: not running */
	uint16_t port;
	char *log; /* owned; stderr of the child so far, read at stop */
	int log_fd;
	/* To be set between init and start, by tests that need it. */
	const char *
		listen_address; /* NULL: 127.0.0.1 and a free port; otherwise `port` is the test's to set */
	const char *
		probes; /* NULL; otherwise it is `sonde run` on the probes of this directory, and names are of no interest */
	void (*prepare)(void *ctx); /* runs in the child before it becomes the exporter */
	void *prepare_ctx;
};

struct reply {
	int status;
	char *head; /* owned; status line and headers */
	char *body; /* owned, NUL-terminated */
	size_t body_len;
};

/* Makes the scratch directory with ./trigger and ./sonde in it. */
void exporter__init(struct exporter *exporter);
/* DIR/NAME.yaml with this text, and the object $SONDE_TEST_BPF/OBJECT.bpf.o as DIR/NAME.bpf.o. */
void exporter__add(struct exporter *exporter, const char *name, const char *object,
		   const char *yaml);
/* Starts on these names ("a,b") and waits until it answers. extra: NULL-terminated further flags, or NULL. */
void exporter__start(struct exporter *exporter, const char *names, const char *const *extra);
/* Runs to its end instead; exit status, log filled. */
int exporter__run(struct exporter *exporter, const char *names, const char *const *extra);
/* Ends it by that signal; exit status; log filled. */
int exporter__end(struct exporter *exporter, int signal_number);
/* The same by SIGTERM. */
int exporter__stop(struct exporter *exporter);
void exporter__done(struct exporter *exporter);

void exporter__get(struct exporter *exporter, const char *path, struct reply *ret_reply);
/* The same from anybody on loopback; false when nobody listens there. */
bool http_get(uint16_t port, const char *path, struct reply *ret_reply);
/* With headers of one's own, each with its line break. */
bool http_ask(uint16_t port, const char *path, const char *headers, struct reply *ret_reply);
void reply__done(struct reply *reply);
/* A port that was free a moment ago. */
uint16_t free_port(void);
/* Body of /metrics; caller frees. */
char *exporter__scrape(struct exporter *exporter);
/* Value behind the exact series text `name{labels}`; NAN when it is not there. */
double metrics_value(const char *metrics, const char *series);
/* Lines that begin with the text. */
size_t metrics_count(const char *metrics, const char *prefix);
/* All lines that begin with the prefix, in order; caller frees. */
char *metrics_lines(const char *metrics, const char *prefix);
/* Resident memory of the child in KiB. */
long exporter__rss_kib(const struct exporter *exporter);

/* What the objects under bpf/ hang their uprobes on: "uprobe/./trigger:fire". Not inlined, exported. */
void fire(uint64_t what, uint64_t value);

#endif
