/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/derive_word.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "enrich/container.h"
#include "pipeline/derive.h"

/* As runtimes of Kubernetes label what they run; the label of containers is the name that its author gave. */
#define KUBERNETES_LABEL "io.kubernetes."
#define CONTAINER_NAME_LABEL KUBERNETES_LABEL "container.name"

typedef int (*word_fn)(const struct identity_words *words, struct arena *texts,
		       struct value *ret_value);

static int set_text(struct value *value, const char *text)
{
	*value = (struct value){ .type = FIELD_TYPE_STRING,
				 .bytes = { text ? text : "", text ? strlen(text) : 0 } };
	return 0;
}

static int nothing(const struct identity_words *words, struct arena *texts, struct value *ret_value)
{
	(void)words;
	(void)texts;
	return set_text(ret_value, NULL);
}

/* The machine's name in its cluster, which only whoever started this process knows. */
static int get_node(const struct identity_words *words, struct arena *texts,
		    struct value *ret_value)
{
	(void)words;
	(void)texts;
	return set_text(ret_value, getenv("NODE_NAME"));
}

static int get_namespace(const struct identity_words *words, struct arena *texts,
			 struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->pod_uid ? words->namespace : NULL);
}

static int get_pod(const struct identity_words *words, struct arena *texts, struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->pod_uid ? words->pod : NULL);
}

static int get_pod_container(const struct identity_words *words, struct arena *texts,
			     struct value *ret_value)
{
	(void)texts;
	if (!words->pod_uid || words->is_sandbox)
		return set_text(ret_value, NULL);
	for (uint32_t i = 0; i < words->label_count; i++)
		if (str_eq(words->labels[i].key, CONTAINER_NAME_LABEL))
			return set_text(ret_value, words->labels[i].value);
	return set_text(ret_value, words->container);
}

static int get_host_network(const struct identity_words *words, struct arena *texts,
			    struct value *ret_value)
{
	(void)texts;
	*ret_value = (struct value){ .type = FIELD_TYPE_BOOL, .u64 = words->is_host_network };
	return 0;
}

/* "k=v,k=v" of what people wrote; the runtime's own labels say what stands in other fields. */
static int get_pod_labels(const struct identity_words *words, struct arena *texts,
			  struct value *ret_value)
{
	struct strbuf text = STRBUF_INIT;
	char *copy;

	if (!words->pod_uid || words->label_count == 0)
		return set_text(ret_value, NULL);
	for (uint32_t i = 0; i < words->label_count; i++)
		if (!str_starts(words->labels[i].key, KUBERNETES_LABEL))
			strbuf__printf(&text, "%s%s=%s", text.len ? "," : "", words->labels[i].key,
				       words->labels[i].value);
	copy = arena__strdup(texts, strbuf__text(&text));
	strbuf__done(&text);
	return copy ? set_text(ret_value, copy) : -ENOMEM;
}

static int get_container(const struct identity_words *words, struct arena *texts,
			 struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->container);
}

static int get_runtime(const struct identity_words *words, struct arena *texts,
		       struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->runtime);
}

static int get_id(const struct identity_words *words, struct arena *texts, struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->container_id);
}

static int get_pid(const struct identity_words *words, struct arena *texts, struct value *ret_value)
{
	(void)texts;
	*ret_value = (struct value){ .type = FIELD_TYPE_U64, .u64 = words->container_pid };
	return 0;
}

static int get_image(const struct identity_words *words, struct arena *texts,
		     struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->image);
}

static int get_image_digest(const struct identity_words *words, struct arena *texts,
			    struct value *ret_value)
{
	(void)texts;
	return set_text(ret_value, words->image_digest);
}

static int get_started(const struct identity_words *words, struct arena *texts,
		       struct value *ret_value)
{
	(void)texts;
	*ret_value = (struct value){ .type = FIELD_TYPE_S64, .s64 = words->started_ns };
	return 0;
}

/* In the order in which they are shown, before the fields of the record. */
#define K8S .is_of_pods = true, .width = 30, .is_cut_in_middle = true
#define TEXT .type = FIELD_TYPE_STRING

static const struct {
	struct derive_word view;
	word_fn get;
} words[] = {
	{ { "k8s.node", TEXT, K8S, .is_of_machine = true }, get_node },
	{ { "k8s.namespace", TEXT, K8S }, get_namespace },
	{ { "k8s.podName", TEXT, K8S }, get_pod },
	{ { "k8s.containerName", TEXT, K8S }, get_pod_container },
	{ { "k8s.hostnetwork", .type = FIELD_TYPE_BOOL, K8S, .is_hidden = true },
	  get_host_network },
	{ { "k8s.podLabels", TEXT, K8S, .is_hidden = true }, get_pod_labels },
	{ { "k8s.owner.kind", TEXT, K8S, .is_hidden = true }, nothing },
	{ { "k8s.owner.name", TEXT, K8S, .is_hidden = true }, nothing },
	{ { "runtime.containerName", TEXT, .width = 30 }, get_container },
	{ { "runtime.runtimeName", TEXT, .width = 19, .is_hidden = true }, get_runtime },
	{ { "runtime.containerId", TEXT, .width = 13, .is_hidden = true }, get_id },
	{ { "runtime.containerPid", .type = FIELD_TYPE_U32, .width = 6, .is_hidden = true },
	  get_pid },
	{ { "runtime.containerImageName", TEXT, .width = 30, .is_hidden = true }, get_image },
	{ { "runtime.containerImageDigest", TEXT, .width = 30, .is_hidden = true },
	  get_image_digest },
	{ { "runtime.containerStartedAt", .type = FIELD_TYPE_S64, .width = 35, .is_hidden = true },
	  get_started },
};

const struct derive_word *derive_word_at(uint32_t word)
{
	return word < array_size(words) ? &words[word].view : NULL;
}

int derive_word_get(uint32_t word, const struct identity_words *who, struct arena *texts,
		    struct value *ret_value)
{
	static const struct identity_words nobody = { .unit = "" };

	return words[word].get(who ? who : &nobody, texts, ret_value);
}
