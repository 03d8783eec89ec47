/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/capabilities.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/mem.h"

#define NAME_PREFIX "cap_"
#define MAX_NAME_LEN 32

/* In the order of the text: "eip". */
static const struct {
	capng_type_t type;
	char letter;
} sets[] = {
	{ CAPNG_EFFECTIVE, 'e' },
	{ CAPNG_INHERITABLE, 'i' },
	{ CAPNG_PERMITTED, 'p' },
};

#define COMBINATIONS (1u << array_size(sets))

/* The running kernel may have more of them than the headers this was built with, or fewer. */
static bool is_known(unsigned int capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0;
}

/* Which sets a capability is in, a bit for each row above. */
static unsigned int combination_of(unsigned int capability)
{
	unsigned int combination = 0;

	for (size_t i = 0; i < array_size(sets); i++)
		if (capng_have_capability(sets[i].type, capability))
			combination |= 1u << i;
	return combination;
}

static void add_letters(struct strbuf *out, char sign, unsigned int combination)
{
	if (combination == 0)
		return;
	strbuf__add_char(out, sign);
	for (size_t i = 0; i < array_size(sets); i++)
		if (combination & (1u << i))
			strbuf__add_char(out, sets[i].letter);
}

static void add_names(struct strbuf *out, unsigned int combination)
{
	const char *separator = "";

	for (unsigned int capability = 0; is_known(capability); capability++) {
		const char *name = capng_capability_to_name(capability);

		if (combination_of(capability) != combination)
			continue;
		if (name)
			strbuf__printf(out, "%s" NAME_PREFIX "%s", separator, name);
		else
			strbuf__printf(out, "%s%u", separator, capability);
		separator = ",";
	}
}

void capabilities__format(struct strbuf *out)
{
	unsigned int counts[COMBINATIONS] = { 0 };
	unsigned int base = 0;

	capng_get_caps_process();
	for (unsigned int capability = 0; is_known(capability); capability++)
		counts[combination_of(capability)]++;
	for (unsigned int combination = 0; combination < COMBINATIONS; combination++)
		if (counts[combination] > counts[base])
			base = combination;

	/* What most of them have comes first, then the exceptions as differences from it. */
	size_t begin = out->len;

	if (base != 0)
		add_letters(out, '=', base);
	for (unsigned int combination = COMBINATIONS; combination-- > 0;) {
		if (combination == base || counts[combination] == 0)
			continue;
		if (out->len > begin)
			strbuf__add_char(out, ' ');
		add_names(out, combination);
		add_letters(out, base ? '+' : '=', combination & ~base);
		add_letters(out, '-', base & ~combination);
	}
	if (out->len == begin)
		strbuf__add_char(out, '=');
}

int capabilities__check_bpf(struct err *err)
{
	capng_get_caps_process();
	/* CAP_BPF came with Linux 5.8; before, and still, CAP_SYS_ADMIN means it as well. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) ||
	    capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return 0;
	return err__set(err, -EPERM, NULL,
			"no privilege to load eBPF; run as root, or with CAP_BPF and CAP_PERFMON");
}

/* -1: there is none of that name. */
static int capability_of(const char *name, size_t len)
{
	char bare[MAX_NAME_LEN];
	size_t prefix_len = strlen(NAME_PREFIX);

	if (len <= prefix_len || len - prefix_len >= sizeof(bare) ||
	    memcmp(name, NAME_PREFIX, prefix_len) != 0)
		return -1;
	memcpy(bare, name + prefix_len, len - prefix_len);
	bare[len - prefix_len] = '\0';
	return capng_name_to_capability(bare);
}

/* Adds the listed ones to libcap-ng's (so far empty) state. */
static int add_listed(const char *list, struct err *err)
{
	for (const char *name = list; name;) {
		const char *comma = strchr(name, ',');
		size_t len = comma ? (size_t)(comma - name) : strlen(name);
		int capability = capability_of(name, len);

		if (capability < 0)
			return err__set(
				err, -EINVAL, NULL,
				"error parsing capability \"%.*s\"; write names as in cap_bpf,cap_perfmon without "
				"blanks, or 'all', or 'none'",
				(int)len, name);
		(void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				   (unsigned int)capability);
		name = comma ? comma + 1 : NULL;
	}
	return 0;
}

int capabilities__keep(const char *list, struct err *err)
{
	int r;

	/* The state holds the thread it is about, so it is filled first. */
	if (capng_get_caps_process() < 0)
		return err__set(err, -EIO, NULL, "cannot read the capabilities of this process");
	capng_clear(CAPNG_SELECT_CAPS);
	if (!str_eq(list, "none")) {
		r = add_listed(list, err);
		if (r < 0)
			return r;
	}
	r = capng_apply(CAPNG_SELECT_CAPS);
	if (r < 0)
		return err__set(
			err, errno ? -errno : -EPERM, NULL,
			"failed to drop capabilities to \"%s\"; only what the process has can be kept",
			list);
	return 0;
}
