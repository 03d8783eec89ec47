/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static void note_found(void *ctx, const struct runtime_container *container)
{
	struct runtime_fixture *fixture = ctx;
	struct found *found = &fixture->found[fixture->found_count % FOUND_MAX];

	memset(found, 0, sizeof(*found));
	fixture->found_count++;
	copy(found->id, sizeof(found->id), container->id);
	copy(found->name, sizeof(found->name), container->name);
	copy(found->runtime, sizeof(found->runtime), container->runtime);
	copy(found->image, sizeof(found->image), container->image);
	copy(found->digest, sizeof(found->digest), container->image_digest);
	copy(found->pod_name, sizeof(found->pod_name), container->pod_name);
	copy(found->pod_namespace, sizeof(found->pod_namespace), container->pod_namespace);
	copy(found->pod_uid, sizeof(found->pod_uid), container->pod_uid);
	for (uint32_t i = 0; i < container->label_count && i < LABELS_KEPT; i++)
		snprintf(found->labels[i], sizeof(found->labels[i]), "%s=%s",
			 container->labels[i].key, container->labels[i].value);
	found->container = *container;
}

static void note_unknown(void *ctx, const char *id)
{
	struct runtime_fixture *fixture = ctx;

	fixture->unknown_count++;
	copy(fixture->unknown, sizeof(fixture->unknown), id);
	if (fixture->ask_again)
		runtime_client__ask(fixture->client, fixture->ask_again);
	fixture->ask_again = NULL;
}

static void note_change(void *ctx, enum runtime_state state, const struct err *err)
{
	struct runtime_fixture *fixture = ctx;

	fixture->change_count++;
	fixture->state = state;
	if (err)
		err__format(err, fixture->error, sizeof(fixture->error));
}

void runtime_fixture__start(struct runtime_fixture *fixture, bool is_grpc,
			    const struct fake_step *steps, size_t step_count)
{
	fixture->fake = fake_runtime__start(fixture->path, is_grpc, steps, step_count);
}

void runtime_fixture__stop(struct runtime_fixture *fixture)
{
	if (fixture->fake)
		fake_runtime__stop(fixture->fake);
	fixture->fake = NULL;
}

void runtime_fixture__open(struct runtime_fixture *fixture, enum runtime_kind kind,
			   const struct runtime_options *given, const struct fake_step *steps,
			   size_t step_count)
{
	struct runtime_options options = given ? *given : (struct runtime_options){ 0 };

	/* A path of its own, short whatever the scratch directory is. */
	snprintf(fixture->path, sizeof(fixture->path), "/tmp/sonde-test-%d.sock", (int)getpid());
	assert_int_equal(loop__new(&fixture->loop, NULL), 0);
	if (steps)
		runtime_fixture__start(fixture, kind == RUNTIME_KIND_CRI, steps, step_count);
	options.kind = kind;
	options.loop = fixture->loop;
	options.socket_path = fixture->path;
	options.observer = (struct runtime_observer){
		.found = note_found, .unknown = note_unknown, .changed = note_change, .ctx = fixture
	};
	if (fixture->is_deaf)
		options.observer.unknown = NULL;
	if (!options.first_wait_ns)
		options.first_wait_ns = 2 * NS_PER_MS;
	if (!options.missing_ns)
		options.missing_ns = 20 * NS_PER_MS;
	assert_int_equal(runtime_client__new(&options, &fixture->client, NULL), 0);
}

void runtime_fixture__close(struct runtime_fixture *fixture)
{
	fixture->client = runtime_client__free(fixture->client);
	loop__free(fixture->loop);
	runtime_fixture__stop(fixture);
	(void)unlink(fixture->path);
}

void runtime_fixture__run_found(struct runtime_fixture *fixture, size_t count)
{
	while (fixture->found_count < count)
		assert_true(loop__run_once(fixture->loop, -1) >= 0);
}

void runtime_fixture__run_unknown(struct runtime_fixture *fixture, size_t count)
{
	while (fixture->unknown_count < count)
		assert_true(loop__run_once(fixture->loop, -1) >= 0);
}

void runtime_fixture__run_all(struct runtime_fixture *fixture)
{
	while (runtime_fixture__figures(fixture).queued > 0)
		assert_true(loop__run_once(fixture->loop, -1) >= 0);
}

struct runtime_figures runtime_fixture__figures(const struct runtime_fixture *fixture)
{
	struct runtime_figures figures;

	runtime_client__figures(fixture->client, &figures);
	return figures;
}
