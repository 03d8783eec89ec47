/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policies take by themselves: time until they are loaded, memory of the kernel and of the agent for one, ten and two
 * hundred, and of a CPU for their events as lines of JSON, with how many a second are told without a loss.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
#include "bench.h"
#include "cases.h"
#include "pipeline/policy_output.h"
#include "policy_set.h"

#define KIB 1024.0
#define MIB (KIB * KIB)
#define LOADS 15
#define LOAD_MS_MOST 50
#define BASE_MIB_MOST 6
#define POLICY_KIB_MOST 64
#define RSS_MIB_MOST 30
#define SETTLE_MS 1500

/* ---- what is loaded -------------------------------------------------------------------------- */

struct kernel_share {
	uint32_t maps, programs, links;
	double map_bytes, program_bytes;
};

static uint64_t number_of(const char *text, const char *name)
{
	const char *found = strstr(text, name);
	uint64_t number;

	if (!found)
		return 0;
	found += strlen(name);
	found += strspn(found, ":\t ");
	return num_parse_u64(found, strspn(found, "0123456789"), &number) < 0 ? 0 : number;
}

static double machine_code_bytes(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ? 0 : info.jited_prog_len;
}

/* Of the descriptors that this process has. Maps are found by several: each is counted once. */
static struct kernel_share kernel_share(void)
{
	struct kernel_share share = { 0 };
	uint64_t maps[512] = { 0 };
	DIR *folder = opendir("/proc/self/fdinfo");
	const struct dirent *entry;
	char text[2048], path[64];

	bench_check(folder ? 0 : -errno, "/proc/self/fdinfo");
	while ((entry = readdir(folder))) {
		uint64_t map, fd;
		uint32_t known = 0;

		if (num_parse_u64(entry->d_name, strlen(entry->d_name), &fd) < 0)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", (int)fd);
		if (fd_read_small(-1, path, text, sizeof(text)) <= 0)
			continue;
		share.links += strstr(text, "link_id") != NULL;
		map = number_of(text, "map_id");
		while (known < share.maps && maps[known] != map)
			known++;
		if (map && known == share.maps && share.maps < array_size(maps)) {
			maps[share.maps++] = map;
			share.map_bytes += (double)number_of(text, "memlock");
		} else if (strstr(text, "prog_jited") && !strstr(text, "link_id")) {
			share.programs++;
			share.program_bytes += (double)number_of(text, "memlock") +
					       machine_code_bytes((int)fd);
		}
	}
	(void)closedir(folder);
	return share;
}

static double bytes_of(const struct kernel_share *share)
{
	return share->map_bytes + share->program_bytes;
}

/* ---- loading --------------------------------------------------------------------------------- */

#define TALK                                                                                       \
	"  tracepoints:\n"                                                                         \
	"  - subsystem: raw_syscalls\n"                                                            \
	"    event: sys_enter\n"                                                                   \
	"    args: [{index: 4, type: int64}]\n"
/* Nothing runs into these, however many there are. */
#define IDLE                                                                                       \
	"  podSelector: {matchLabels: {app: cart}}\n"                                              \
	"  tracepoints:\n"                                                                         \
	"  - subsystem: cgroup\n"                                                                  \
	"    event: cgroup_freeze\n"                                                               \
	"    raw: true\n"                                                                          \
	"    selectors: [{matchPIDs: [{operator: In, values: [1]}]}]\n"

static void time_loads(struct policy_set *set)
{
	uint32_t talk = policy_set__add(set, TALK);
	struct bench_times times = { .count = 0 };
	double begin_ms = bench_wall_ms();

	policy_set__enable(set, talk);
	bench_print("policy_load_first", bench_wall_ms() - begin_ms, "ms", BENCH_NO_LIMIT);
	for (int i = 0; i < LOADS; i++) {
		policy_set__disable(set, talk);
		begin_ms = bench_wall_ms();
		policy_set__enable(set, talk);
		bench_times__add(&times, bench_wall_ms() - begin_ms);
	}
	bench_print("policy_load", bench_times__median(&times), "ms", LOAD_MS_MOST);
	policy_set__disable(set, talk);
}

/* What policies are compiled with is kept for a second. */
static void settle(struct policy_set *set)
{
	double until_ms = bench_wall_ms() + SETTLE_MS;

	while (bench_wall_ms() < until_ms)
		(void)loop__run_once(set->loop, 100);
}

static void weigh(struct policy_set *set, uint32_t count, const struct kernel_share *base,
		  uint32_t *ids)
{
	__cleanup(x_freep) char *memory = str_printf("policy_kernel_of_%u", count);
	double begin_ms = bench_wall_ms();
	struct kernel_share share;

	bench_check(memory ? 0 : -ENOMEM, "no memory");
	for (uint32_t i = 0; i < count; i++)
		policy_set__enable(set, ids[i]);
	begin_ms = bench_wall_ms() - begin_ms;
	share = kernel_share();
	settle(set);
	bench_title("%u: %.1f ms each, %u programs and %u links more, resident %.1f MiB", count,
		    begin_ms / count, share.programs - base->programs, share.links - base->links,
		    (double)bench_resident_bytes() / MIB);
	bench_print(memory, (bytes_of(&share) - bytes_of(base)) / count / KIB, "KiB",
		    POLICY_KIB_MOST);
	if (count == 200) {
		bench_print("policy_load_of_200", begin_ms / count, "ms", LOAD_MS_MOST);
		bench_print("policy_rss_of_200", (double)bench_resident_bytes() / MIB, "MiB",
			    RSS_MIB_MOST);
	}
	for (uint32_t i = 0; i < count; i++)
		policy_set__disable(set, ids[i]);
	share = kernel_share();
	bench_check(share.programs == base->programs && share.links == base->links ? 0 : -EBUSY,
		    "policies that are unloaded are still in the kernel");
}

static void load(void)
{
	static const uint32_t counts[] = { 1, 10, 200 };
	const struct policies_options options = { .has_no_consumers = true };
	struct policy_set set;
	struct kernel_share base;
	uint32_t ids[200], first;

	policy_set__open(&set, &options);
	time_loads(&set);
	first = policy_set__add(&set, IDLE);
	for (size_t i = 0; i < array_size(ids); i++)
		ids[i] = policy_set__add(&set, IDLE);
	policy_set__enable(&set, first); /* what they share comes with it */
	base = kernel_share();
	bench_title("with the first policy: %u maps of %.2f MiB, %u programs of %.2f MiB",
		    base.maps, base.map_bytes / MIB, base.programs, base.program_bytes / MIB);
	bench_print("policy_kernel_base", bytes_of(&base) / MIB, "MiB", BASE_MIB_MOST);
	for (size_t i = 0; i < array_size(counts); i++)
		weigh(&set, counts[i], &base, ids);
	policy_set__close(&set);
}

/* ---- events ---------------------------------------------------------------------------------- */

#define SLICE_NS 1000000
#define SECOND_SLICES 500 /* half a second is enough */
#define TRIES 3

/* Calls from another thread, so many a second. */
struct producer {
	uint32_t calls; /* a slice */
	uint64_t made;
	atomic_bool is_over;
};

static void *produce(void *ctx)
{
	struct producer *producer = ctx;
	int64_t next_ns = clock_monotonic_ns();

	for (int slice = 0; slice < SECOND_SLICES; slice++) {
		for (uint32_t i = 0; i < producer->calls; i++)
			(void)syscall(SYS_getppid);
		producer->made += producer->calls;
		next_ns += SLICE_NS;
		while (clock_monotonic_ns() < next_ns) {
			int64_t left_ns = next_ns - clock_monotonic_ns();
			const struct timespec pause = { .tv_nsec = left_ns > 0 ? left_ns : 1 };

			(void)nanosleep(&pause, NULL);
		}
	}
	atomic_store(&producer->is_over, true);
	return NULL;
}

struct told {
	uint64_t events, lost;
	double cpu_ms, wall_ms;
};

static double thread_cpu_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct policy_hook_view hook_of(const struct policy_set *set, uint32_t id)
{
	struct policy_hook_view view = { 0 };

	policies__refresh(set->policies);
	(void)policies__hook(set->policies, id, 0, &view);
	return view;
}

static struct told tell(struct policy_set *set, uint32_t id, const struct policy_output *output,
			uint32_t calls)
{
	struct producer producer = { .calls = calls };
	struct policy_hook_view before = hook_of(set, id), after;
	struct policy_output_figures written_before, written;
	struct told told = { .cpu_ms = thread_cpu_ms(), .wall_ms = bench_wall_ms() };
	pthread_t thread;

	policy_output__figures(output, &written_before);
	bench_check(-pthread_create(&thread, NULL, produce, &producer), "no thread");
	while (!atomic_load(&producer.is_over))
		(void)loop__run_once(set->loop, 20);
	told.wall_ms = bench_wall_ms() - told.wall_ms;
	bench_check(-pthread_join(thread, NULL), "no thread");
	policies__drain(set->policies);
	told.cpu_ms = thread_cpu_ms() - told.cpu_ms;
	after = hook_of(set, id);
	policy_output__figures(output, &written);
	told.events = written.written - written_before.written;
	told.lost = after.lost - before.lost + written.dropped - written_before.dropped;
	bench_check(after.matched - before.matched == producer.made ? 0 : -EPROTO,
		    "calls were not counted");
	return told;
}

/* As often as it takes to have one try that nobody disturbed. */
static struct told tell_best(struct policy_set *set, uint32_t id,
			     const struct policy_output *output, uint32_t calls)
{
	struct told best = { .lost = UINT64_MAX };

	for (int i = 0; i < TRIES; i++) {
		struct told told = tell(set, id, output, calls);

		if (told.lost < best.lost || (told.lost == best.lost && told.cpu_ms < best.cpu_ms))
			best = told;
	}
	return best;
}

static void race_events(struct policy_set *set, uint32_t id, const struct policy_output *output)
{
	static const uint32_t rates[] = { 20, 50, 100, 200, 300, 400, 600, 800 }; /* thousands */
	double most = 0;

	for (size_t i = 0; i < array_size(rates); i++) {
		struct told told = tell_best(set, id, output, rates[i]);
		double rate = (double)told.events / told.wall_ms * 1e3;

		bench_title("%u,000 calls a second: %.0f lines, %llu lost, %.2f s of CPU for a "
			    "million",
			    rates[i], rate, (unsigned long long)told.lost,
			    told.cpu_ms * 1e3 / (double)told.events);
		if (rates[i] == 100)
			bench_print("policy_events_cpu_per_million",
				    told.cpu_ms * 1e3 / (double)told.events, "s", BENCH_NO_LIMIT);
		if (told.lost)
			break;
		most = rate;
	}
	bench_print("policy_events_without_loss", most, "/s", BENCH_NO_LIMIT);
}

/* Only this process is told of. */
static void events(void)
{
	__cleanup(x_freep) char *body = str_printf(
		TALK "    selectors:\n"
		     "    - matchPIDs: [{operator: In, values: [%d]}]\n"
		     "      matchArgs: [{index: 4, operator: Equal, values: [\"%d\"]}]\n",
		(int)getpid(), SYS_getppid);
	__cleanup(fd_closep) int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const struct policies_options options = { 0 };
	struct policy_output_options sink = { .fd = fd };
	struct policy_output *output;
	struct policy_set set;
	uint32_t id;

	bench_check(body ? 0 : -ENOMEM, "no memory");
	bench_check(fd < 0 ? -errno : 0, "/dev/null");
	policy_set__open(&set, &options);
	sink.loop = set.loop;
	sink.policies = set.policies;
	bench_check(policy_output__new(&sink, &output, NULL), "output");
	id = policy_set__add(&set, body);
	policy_set__enable(&set, id);
	race_events(&set, id, output);
	policy_output__free(output, 0);
	policy_set__close(&set);
}

static const struct bench_case cases[] = {
	{ "policy_events", events },
	{ "policy_load", load },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, cases, array_size(cases));
}
