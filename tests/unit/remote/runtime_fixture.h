/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_REMOTE_RUNTIME_FIXTURE_H
#define TESTS_UNIT_REMOTE_RUNTIME_FIXTURE_H

/*
 * A client of a runtime with a fake behind its socket, and everything that its observer was told. It owns both. The
 * tests of CRI, of Docker and of the client itself use it.
 */

#include "fake_runtime.h"
#include "remote/runtime.h"

#define FOUND_MAX 64
#define LABELS_KEPT 8
#define SOCKET_PATH "runtime.sock"

/* A copy that outlives the call. */
struct found {
	char id[160], name[2048], runtime[64], image[256], digest[128];
	char pod_name[128], pod_namespace[128], pod_uid[128];
	char labels[LABELS_KEPT][256];      /* "key=value" */
	struct runtime_container container; /* its numbers */
};

struct runtime_fixture {
	struct loop *loop;
	struct runtime_client *client;
	struct fake_runtime *fake;
	struct found found[FOUND_MAX];
	size_t found_count, unknown_count, change_count;
	enum runtime_state state;
	char unknown[160], error[512];
	const char *ask_again; /* what the observer asks for when it is told of something unknown */
	bool is_deaf;          /* the observer listens to names only */
	char path[108];
};

/* The socket is in the working directory, which is scratch; name: of its file. */
void runtime_fixture__open(struct runtime_fixture *fixture, enum runtime_kind kind,
			   const struct runtime_options *options, const struct fake_step *steps,
			   size_t step_count);
void runtime_fixture__start(struct runtime_fixture *fixture, bool is_grpc,
			    const struct fake_step *steps, size_t step_count);
void runtime_fixture__stop(struct runtime_fixture *fixture);
void runtime_fixture__close(struct runtime_fixture *fixture);
/* Run the loop until so many were found, unknown, or nothing waits; the runner ends what hangs. */
void runtime_fixture__run_found(struct runtime_fixture *fixture, size_t count);
void runtime_fixture__run_unknown(struct runtime_fixture *fixture, size_t count);
void runtime_fixture__run_all(struct runtime_fixture *fixture);
struct runtime_figures runtime_fixture__figures(const struct runtime_fixture *fixture);

#endif
