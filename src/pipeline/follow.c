/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "host/host.h"
#include "pipeline/internal.h"

/* Ids of targets; the host's is 0. */
#define HOST_ID 0u

struct followed_container {
	uint64_t id;       /* of the target */
	char *name;        /* owned; the container's id */
	uint32_t pid;      /* a process of it */
	uint64_t mntns_id; /* that process has */
	bool is_reached;   /* the programs of that moment have been told */
};

struct follower {
	struct agent *agent;   /* borrowed */
	struct map containers; /* by the container's id; values owned */
	uint64_t last_id;
	uint64_t host_mntns_id;
	bool has_descriptors; /* their limit has been raised */
	struct follower_figures figures;
};

static void container_free(void *value)
{
	struct followed_container *container = value;

	free(container->name);
	free(container);
}

int follower__new(struct agent *agent, struct follower **ret_follower, struct err *err)
{
	struct follower *follower = new_zero(struct follower);
	struct stat status;

	if (!follower)
		return err__set(err, -ENOMEM, NULL, "no memory to follow containers");
	follower->agent = agent;
	if (fstatat(host__root_fd(agent->host), "proc/1/ns/mnt", &status, 0) == 0)
		follower->host_mntns_id = status.st_ino;
	*ret_follower = follower;
	return 0;
}

struct follower *follower__free(struct follower *follower)
{
	if (!follower)
		return NULL;
	map__done(&follower->containers, container_free);
	free(follower);
	return NULL;
}

/* ---- reaching a container ---- */

struct reached {
	int root_fd, netns_fd; /* owned */
};

static void reached__done(struct reached *reached)
{
	fd_closep(&reached->root_fd);
	fd_closep(&reached->netns_fd);
}

/* A process whose number is another's by now is in another mount namespace. One that has the host's root directory is
 * the runtime on its way into the container. */
static int check_process(const struct follower *follower, int process,
			 const struct followed_container *container, const struct reached *reached)
{
	struct stat mntns, root, host_root;

	if (fstatat(process, "ns/mnt", &mntns, 0) < 0 || fstat(reached->root_fd, &root) < 0 ||
	    fstat(host__root_fd(follower->agent->host), &host_root) < 0)
		return -errno;
	if (mntns.st_ino != container->mntns_id ||
	    (root.st_dev == host_root.st_dev && root.st_ino == host_root.st_ino))
		return -ESRCH;
	return 0;
}

static int reach(const struct follower *follower, const struct followed_container *container,
		 struct reached *ret_reached)
{
	__cleanup(reached__done) struct reached reached = { .root_fd = -1, .netns_fd = -1 };
	__cleanup(fd_closep) int process = -1;
	char path[32];
	int r;

	(void)snprintf(path, sizeof(path), "proc/%u", container->pid);
	process = openat(host__root_fd(follower->agent->host), path,
			 O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return -errno;
	reached.root_fd = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (reached.root_fd < 0)
		return -errno;
	reached.netns_fd = openat(process, "ns/net", O_RDONLY | O_CLOEXEC);
	if (reached.netns_fd < 0)
		return -errno;
	r = check_process(follower, process, container, &reached);
	if (r < 0)
		return r;
	ret_reached->root_fd = take_fd(reached.root_fd);
	ret_reached->netns_fd = take_fd(reached.netns_fd);
	return 0;
}

/* ---- programs ---- */

static void add_target(struct program *program, const struct program_target *target)
{
	struct err err = ERR_INIT;

	if (program__add_target(program, target, &err) < 0)
		log_err(LOG_WARN, &err, "Programs are not attached there");
	err__done(&err);
}

typedef void (*program_fn)(struct program *program, const void *ctx);

static void for_each_program(const struct follower *follower, program_fn run, const void *ctx)
{
	agent_for_each_config(follower->agent, config) {
		if (!config->is_loaded || !config->programs)
			continue;
		for (uint32_t i = 0; i < config->spec->program_count; i++)
			if (config->programs[i])
				run(config->programs[i], ctx);
	}
}

static void add_to_program(struct program *program, const void *ctx)
{
	add_target(program, ctx);
}

static void ask_program(struct program *program, const void *ctx)
{
	bool *const *is_following = ctx;

	**is_following = **is_following || program__follows(program);
}

static bool is_anything_following(const struct follower *follower)
{
	bool is_following = false, *answer = &is_following;

	for_each_program(follower, ask_program, &answer);
	return is_following;
}

static struct program_target target_of(const struct followed_container *container,
				       const struct reached *reached)
{
	return (struct program_target){
		.id = container->id,
		.name = container->name,
		.root_fd = reached->root_fd,
		.netns_fd = reached->netns_fd,
	};
}

/* The one program, or all of them (NULL). */
static void tell(struct follower *follower, struct followed_container *container,
		 struct program *program)
{
	__cleanup(reached__done) struct reached reached = { .root_fd = -1, .netns_fd = -1 };
	struct program_target target;

	/* When it cannot be reached by this process, the next one that is seen will do. */
	container->is_reached = reach(follower, container, &reached) == 0;
	if (!container->is_reached) {
		follower->figures.unreachable++;
		return;
	}
	target = target_of(container, &reached);
	if (program)
		add_target(program, &target);
	else
		for_each_program(follower, add_to_program, &target);
}

/* ---- containers ---- */

static struct followed_container *add_container(struct follower *follower, const char *id)
{
	struct followed_container *container;

	if (follower->containers.len >= PROGRAM_MAX_TARGETS) {
		follower->figures.refused++;
		return NULL;
	}
	container = new_zero(struct followed_container);
	if (!container)
		return NULL;
	container->id = ++follower->last_id;
	container->name = strdup(id);
	if (!container->name ||
	    map__set(&follower->containers, id, strlen(id), container, NULL) < 0) {
		container_free(container);
		return NULL;
	}
	return container;
}

void follower__see(struct follower *follower, const struct identity *identity, uint32_t pid,
		   uint64_t mntns_id)
{
	struct followed_container *container;
	const char *id;

	if (!identity || !identity->container || identity->is_dead || mntns_id == 0 ||
	    mntns_id == follower->host_mntns_id)
		return;
	id = identity->container->id;
	container = map__find(&follower->containers, id, strlen(id));
	if (container && container->is_reached)
		return;
	if (!container)
		container = add_container(follower, id);
	if (!container)
		return; /* counted; without memory it is not followed */
	container->pid = pid;
	container->mntns_id = mntns_id;
	if (is_anything_following(follower))
		tell(follower, container, NULL);
}

static void remove_from_program(struct program *program, const void *ctx)
{
	const uint64_t *id = ctx;

	program__remove_target(program, *id);
}

void follower__gone(struct follower *follower, const struct identity *identity)
{
	const char *id = identity->container ? identity->container->id : NULL;
	struct followed_container *container = id ? map__take(&follower->containers, id, strlen(id))
						  : NULL;

	if (!container)
		return;
	for_each_program(follower, remove_from_program, &container->id);
	container_free(container);
}

/* ---- what was attached ---- */

/* Two for each binary that a program hangs on; what is usually allowed (1,024) is soon used up by hundreds of hooks. */
static void allow_descriptors(struct follower *follower)
{
	struct rlimit limit;

	if (follower->has_descriptors || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	follower->has_descriptors = true;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_debug("the limit of open files cannot be raised: %s", strerror(errno));
}

/* Of the first process; where that may not be looked at, our own. */
static int open_host_netns(int root_fd)
{
	int fd = openat(root_fd, "proc/1/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : fd;
}

static void add_host(struct follower *follower, struct program *program)
{
	int root_fd = host__root_fd(follower->agent->host);
	__cleanup(fd_closep) int netns_fd = open_host_netns(root_fd);
	const struct program_target target = {
		.id = HOST_ID,
		.name = "the host",
		.root_fd = root_fd,
		.netns_fd = netns_fd,
		.is_host = true,
	};

	add_target(program, &target);
}

void follower__attach(struct follower *follower, struct program *program)
{
	size_t cursor = 0;
	void *value;

	if (!program__follows(program))
		return;
	allow_descriptors(follower);
	add_host(follower, program);
	while (map__next(&follower->containers, &cursor, NULL, NULL, &value))
		tell(follower, value, program);
}

void follower__figures(const struct follower *follower, struct follower_figures *ret_figures)
{
	*ret_figures = follower->figures;
	ret_figures->containers = follower->containers.len;
}
