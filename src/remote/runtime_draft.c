/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/runtime_draft.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* What kubelets and runtimes note in labels, and which member it becomes. */
static const struct {
	const char *key;
	size_t member;
	bool is_better; /* than what the runtime itself says */
} label_names[] = {
	/* of a kubelet */
	{ "io.kubernetes.container.name", offsetof(struct runtime_container, name), true },
	{ "io.kubernetes.pod.name", offsetof(struct runtime_container, pod_name), false },
	{ "io.kubernetes.pod.namespace", offsetof(struct runtime_container, pod_namespace), false },
	{ "io.kubernetes.pod.uid", offsetof(struct runtime_container, pod_uid), false },
	/* of containerd's CRI */
	{ "io.kubernetes.cri.container-name", offsetof(struct runtime_container, name), true },
	{ "io.kubernetes.cri.sandbox-name", offsetof(struct runtime_container, pod_name), false },
	{ "io.kubernetes.cri.sandbox-namespace", offsetof(struct runtime_container, pod_namespace),
	  false },
	{ "io.kubernetes.cri.sandbox-uid", offsetof(struct runtime_container, pod_uid), false },
};

static const struct {
	const char *key, *value;
} sandbox_labels[] = {
	{ "io.kubernetes.cri-o.ContainerType", "sandbox" },
	{ "io.kubernetes.cri.container-type", "sandbox" },
	{ "io.kubernetes.docker.type", "podsandbox" }, /* dockershim and cri-dockerd */
};

void runtime_draft__begin(struct runtime_draft *draft)
{
	arena__reset(&draft->arena);
	draft->labels.len = 0;
	draft->container = (struct runtime_container){ 0 };
	draft->pod_id = NULL;
	draft->is_truncated = draft->has_failed = draft->is_created = false;
}

/* Cut where a character ends. */
static const char *copy(struct runtime_draft *draft, const char *bytes, size_t len)
{
	struct strbuf text = STRBUF_INIT;
	char *copied;

	if (len > RUNTIME_TEXT_MAX) {
		draft->is_truncated = true;
		len = RUNTIME_TEXT_MAX;
		while (len > 0 && ((unsigned char)bytes[len] & 0xc0) == 0x80)
			len--;
	}
	if (str_is_utf8(bytes, len)) {
		copied = arena__strndup(&draft->arena, bytes, len);
	} else {
		(void)str_add_utf8(&text, bytes, len);
		copied = text.has_failed ? NULL
					 : arena__strndup(&draft->arena, text.data, text.len);
		strbuf__done(&text);
	}
	if (!copied)
		draft->has_failed = true;
	return copied;
}

void runtime_draft__set(struct runtime_draft *draft, const char **text, const char *bytes,
			size_t len)
{
	if (len > 0)
		*text = copy(draft, bytes, len);
}

void runtime_draft__set_digest(struct runtime_draft *draft, const char *bytes, size_t len)
{
	static const char prefix[] = "sha256:";
	const char *at = len > 0 ? memchr(bytes, '@', len) : NULL;

	if (at) {
		len -= (size_t)(at + 1 - bytes);
		bytes = at + 1;
	}
	if (len > strlen(prefix) && memcmp(bytes, prefix, strlen(prefix)) == 0)
		runtime_draft__set(draft, &draft->container.image_digest, bytes, len);
}

void runtime_draft__add_label(struct runtime_draft *draft, const char *key, size_t key_len,
			      const char *value, size_t value_len)
{
	struct runtime_label label;

	if (draft->labels.len >= RUNTIME_LABELS_MAX) {
		draft->is_truncated = true;
		return;
	}
	label.key = copy(draft, key, key_len);
	label.value = copy(draft, value, value_len);
	if (!label.key || !label.value)
		return;
	vec_for_each(&draft->labels, there)
		if (str_eq(there->key, label.key))
			return;
	if (vec_push(&draft->labels, label) < 0)
		draft->has_failed = true;
}

void runtime_draft__end_own_labels(struct runtime_draft *draft)
{
	draft->container.own_label_count = (uint32_t)draft->labels.len;
}

static void read_label(struct runtime_container *container, const struct runtime_label *label)
{
	for (size_t i = 0; i < array_size(label_names); i++) {
		const char **member;

		if (!str_eq(label->key, label_names[i].key) || !label->value[0])
			continue;
		member = (const char **)(void *)((char *)container + label_names[i].member);
		if (!*member || label_names[i].is_better)
			*member = label->value;
	}
	for (size_t i = 0; i < array_size(sandbox_labels); i++)
		if (str_eq(label->key, sandbox_labels[i].key) &&
		    str_eq(label->value, sandbox_labels[i].value))
			container->is_sandbox = true;
}

int runtime_draft__finish(struct runtime_draft *draft)
{
	struct runtime_container *container = &draft->container;

	container->labels = draft->labels.items;
	container->label_count = (uint32_t)draft->labels.len;
	vec_for_each(&draft->labels, label)
		read_label(container, label);
	return draft->has_failed ? -ENOMEM : 0;
}

void runtime_draft__done(struct runtime_draft *draft)
{
	vec_done(&draft->labels);
	arena__done(&draft->arena);
}
