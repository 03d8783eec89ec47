// SPDX-License-Identifier: Apache-2.0
/* What facts are taken from: every kind of type, variable and map that a dialect may ask for. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

typedef __u64 nanoseconds_t;
typedef nanoseconds_t timestamp_t;

enum color { RED, GREEN = 7, BLUE = -1 };

enum wide { WIDE = 0x1234567890ull };

struct inner {
	__u16 port;
	char name[16];
};

union either {
	__u32 word;
	__u8 bytes[4];
};

struct event {
	timestamp_t at;
	const volatile __s32 result;
	enum color color;
	struct inner inner;
	union either either;
	__u32 low : 3, high : 5;
	struct event *next;
	_Bool flag;
	float ratio;
	struct {
		__u8 anonymous_member;
	};
};

const volatile __u32 limit = 42;
const volatile struct inner greeting = { .port = 80, .name = "hello" };
__u64 counter = 5;
__u64 zeroed;
enum color favorite SEC(".data.custom") = GREEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, struct inner);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} pipe SEC(".maps");

SEC("raw_tp/sys_enter")
int first(void *ctx)
{
	struct inner key = {};
	struct event *event = bpf_map_lookup_elem(&events, &key);
	enum wide wide = WIDE;

	zeroed += counter + limit + greeting.port + favorite + wide;
	return event ? (int)event->at : 0;
}

SEC("kprobe/do_exit")
int second(void *ctx)
{
	return bpf_perf_event_output(ctx, &pipe, BPF_F_CURRENT_CPU, &zeroed, sizeof(zeroed));
}

char LICENSE[] SEC("license") = "GPL";
