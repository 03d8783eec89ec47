/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "enrich/cgroup_path.h"

#define ID "8c2f1b5a6d7e4f3019a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6"
#define OTHER "11111111111111112222222222222222333333333333333344444444444444aa"
#define UID "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
#define UID_ESCAPED "0b1c2d3e_4f50_6172_8394_a5b6c7d8e9f0"

static const struct row {
	const char *path, *runtime, *container, *pod_uid, *unit, *user_unit, *slice;
} rows[] = {
	{ "/", "", "", "", "", "", "" },
	{ "", "", "", "", "", "", "" },
	{ "/init.scope", "", "", "", "init.scope", "", "" },
	{ "/sys/fs/cgroup/system.slice/ssh.service", "", "", "", "ssh.service", "",
	  "system.slice" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "", "", "", "getty@tty1.service",
	  "", "system-getty.slice" },
	{ "/user.slice/user-1000.slice/session-2.scope", "", "", "", "session-2.scope", "",
	  "user-1000.slice" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/emacs.service", "", "", "",
	  "user@1000.service", "emacs.service", "user-1000.slice" },
	{ "/system.slice/_tasks.service", "", "", "", "tasks.service", "", "system.slice" },
	/* Docker */
	{ "/docker/" ID, "docker", ID, "", "", "", "" },
	{ "/sys/fs/cgroup/unified/docker/" ID "/init", "docker", ID, "", "", "", "" },
	{ "/system.slice/docker-" ID ".scope", "docker", ID, "", "docker-" ID ".scope", "",
	  "system.slice" },
	/* containerd */
	{ "/kubepods/besteffort/pod" UID "/" ID, "containerd", ID, UID, "", "", "" },
	{ "/kubepods/pod" UID "/" ID, "containerd", ID, UID, "", "", "" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ESCAPED
	  ".slice/cri-containerd-" ID ".scope",
	  "containerd", ID, UID, "cri-containerd-" ID ".scope", "",
	  "kubepods-burstable-pod" UID_ESCAPED ".slice" },
	{ "/system.slice/containerd.service/kubepods-besteffort-pod" UID_ESCAPED
	  ".slice:cri-containerd:" ID,
	  "", "", "", "containerd.service", "", "system.slice" },
	/* A static pod has a hash for an uid. */
	{ "/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID, "containerd", ID,
	  "0123456789abcdef0123456789abcdef", "", "", "" },
	/* CRI-O; conmon is no container */
	{ "/kubepods.slice/kubepods-pod" UID_ESCAPED ".slice/crio-" ID ".scope", "cri-o", ID, UID,
	  "crio-" ID ".scope", "", "kubepods-pod" UID_ESCAPED ".slice" },
	{ "/kubepods.slice/kubepods-pod" UID_ESCAPED ".slice/crio-conmon-" ID ".scope", "", "", UID,
	  "crio-conmon-" ID ".scope", "", "kubepods-pod" UID_ESCAPED ".slice" },
	{ "/kubepods/pod" UID "/crio-" ID, "cri-o", ID, UID, "", "", "" },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope/container", "podman", ID, "", "libpod-" ID ".scope",
	  "", "machine.slice" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "", "", "", "libpod-conmon-" ID ".scope", "",
	  "machine.slice" },
	{ "/libpod_parent/libpod-" ID, "podman", ID, "", "", "", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", "podman",
	  ID, "", "user@1000.service", "libpod-" ID ".scope", "user-1000.slice" },
	/* LXC and nspawn have names */
	{ "/lxc/web", "lxc", "web", "", "", "", "" },
	{ "/lxc.payload.web/system.slice/cron.service", "lxc", "web", "", "cron.service", "",
	  "system.slice" },
	{ "/lxc.monitor.web", "", "", "", "", "", "" },
	{ "/machine.slice/systemd-nspawn@db.service/payload", "nspawn", "db", "",
	  "systemd-nspawn@db.service", "", "machine.slice" },
	{ "/machine.slice/machine-db.scope", "nspawn", "db", "", "machine-db.scope", "",
	  "machine.slice" },
	/* runc by hand */
	{ "/" ID, "", ID, "", "", "", "" },
	/* Of nested ones the innermost: a cluster in Docker. */
	{ "/docker/" OTHER "/kubelet/kubepods/besteffort/pod" UID "/" ID, "containerd", ID, UID, "",
	  "", "" },
	{ "/docker/" OTHER "/docker/" ID, "docker", ID, "", "", "", "" },
	/* The pod's own directory is no container, also inside of one. */
	{ "/docker/" OTHER "/kubelet/kubepods/pod" UID, "", "", UID, "", "", "" },
	/* Almost */
	{ "/docker/" ID "0", "", "", "", "", "", "" },
	{ "/docker/build", "", "", "", "", "", "" },
	{ "/system.slice/docker-.scope", "", "", "", "docker-.scope", "", "system.slice" },
	{ "/system.slice/docker.service", "", "", "", "docker.service", "", "system.slice" },
	{ "/podrick", "", "", "", "", "", "" },
	{ "/kubepods/pod0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fg", "", "", "", "", "", "" },
	{ "/.service", "", "", "", "", "", "" },
	{ "//docker//" ID "//", "docker", ID, "", "", "", "" },
};

static void assert_word(struct path_word word, const char *expected, const char *what,
			const char *path)
{
	if (word.len != strlen(expected) ||
	    (word.len > 0 && memcmp(word.at, expected, word.len) != 0))
		fail_msg("%s of %s: '%.*s', not '%s'", what, path, (int)word.len,
			 word.len ? word.at : "", expected);
}

static void test_read__every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_size(rows); i++) {
		const struct row *row = &rows[i];
		struct cgroup_path words;

		cgroup_path_read(row->path, &words);
		assert_word(words.container, row->container, "container", row->path);
		assert_word(words.pod_uid, row->pod_uid, "pod", row->path);
		assert_word(words.unit, row->unit, "unit", row->path);
		assert_word(words.user_unit, row->user_unit, "user unit", row->path);
		assert_word(words.slice, row->slice, "slice", row->path);
		if (strcmp(container_runtime_name(words.runtime), row->runtime) != 0)
			fail_msg("runtime of %s: '%s', not '%s'", row->path,
				 container_runtime_name(words.runtime), row->runtime);
	}
}

static void test_is_container__not_what_is_below(void **state)
{
	static const struct {
		const char *path;
		bool is_container;
	} cases[] = {
		{ "/docker/" ID, true },
		{ "/docker/" ID "/init", false },
		{ "/machine.slice/libpod-" ID ".scope", true },
		{ "/machine.slice/libpod-" ID ".scope/container", false },
		{ "/system.slice", false },
	};
	struct cgroup_path words;

	(void)state;
	for (size_t i = 0; i < array_size(cases); i++) {
		cgroup_path_read(cases[i].path, &words);
		if (cgroup_path_is_container(&words, cases[i].path) != cases[i].is_container)
			fail_msg("%s", cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read__every_form),
		cmocka_unit_test(test_is_container__not_what_is_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
