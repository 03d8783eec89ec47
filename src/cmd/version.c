/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/version.h"

#include "base/fd.h"
#include "base/str.h"
#include "cmd/branch.h"
#include "cmd/command.h"
#include "cmd/revision.h"

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "unknown"
#endif

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

const char *version_number(void)
{
	return SONDE_VERSION;
}

const char *version_revision(void)
{
	return REVISION;
}

const char *version_branch(void)
{
	return BRANCH;
}

int version_print(int fd, const char *name)
{
	struct strbuf out = STRBUF_INIT;
	int r;

	strbuf__printf(&out, "%s, version %s (branch: %s, revision: %s)\n", name, version_number(),
		       version_branch(), version_revision());
	strbuf__add_text(&out, "  compiler:  " COMPILER "\n  platform:  linux/" ARCHITECTURE "\n");
	r = strbuf__status(&out);
	if (r == 0)
		r = fd_write_all(fd, out.data, out.len);
	strbuf__done(&out);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
