/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_rows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "decode/identity.h"

static const struct identity_words known[] = {
	[1] = { .unit = "" },
	[2] = { .unit = "ssh.service" },
	[3] = { .unit = "docker-" CONTAINER_ID ".scope", .container_id = CONTAINER_ID },
	[4] = { .unit = "",
		.container_id = CONTAINER_ID,
		.container = "web",
		.image = "nginx:1.25",
		.is_told = true },
	[5] = { .unit = "", .container_id = CONTAINER_ID, .pod_uid = POD_UID },
	[6] = { .unit = "",
		.container_id = CONTAINER_ID,
		.container = "app",
		.pod_uid = POD_UID,
		.pod = "shop-0",
		.namespace = "prod",
		.is_told = true },
	[7] = { .unit = "", .pod_uid = POD_UID, .pod = "shop-0", .namespace = "prod" },
	[8] = { .unit = "", .container_id = CONTAINER_ID, .pod_uid = "", .pod = "shop" },
	[9] = { .unit = "", .container_id = "db", .container = "db", .is_told = true },
	[10] = { .unit = "", .container_id = CONTAINER_ID, .is_told = true, .is_sandbox = true },
	[11] = { .unit = "", .container_id = CONTAINER_ID, .is_told = true },
};

static bool find_cgroup(void *ctx, uint64_t id, struct identity_words *ret_words)
{
	(void)ctx;
	if (id == 0 || id >= array_size(known))
		return false;
	*ret_words = known[id];
	return true;
}

void assert_identity_rows(const char *decoder, const struct decode_row *rows, size_t count)
{
	static const struct decode_row others[] = {
		ROW("88888888888", DECODE_UNKNOWN, "unknown_cgroup_id:88888888888"),
		ROW("0", DECODE_UNKNOWN, "unknown_cgroup_id:0"),
		ROW("-1", DECODE_UNKNOWN, "unknown_cgroup_id:-1"),
		ROW("9223372036854775808", -ERANGE, "does not fit a signed 64-bit number"),
		ROW("", -EINVAL, "'' is no decimal number"),
		ROW("\x01\0\0\0\0\0\0\0", -EINVAL, "put 'uint' before this decoder"),
	};
	const struct identity_source source = { .find_cgroup = find_cgroup };
	const struct decode_env env = { .who = &source };

	assert_rows(decoder, &env, rows, count);
	assert_rows(decoder, &env, others, array_size(others));
}

void assert_identity_missing(const char *decoder)
{
	const struct step_spec step = { .at = { .file = "a.yaml", .line = 3, .column = 7 },
					.decoder = decoder };
	char text[128];

	(void)snprintf(text, sizeof(text),
		       "a.yaml:3:7: decoder '%s' has nobody to ask who a cgroup is; use 'cgroup'",
		       decoder);
	assert_open_fails(&step, 1, 0 /* any size */, -EOPNOTSUPP, text);
}
