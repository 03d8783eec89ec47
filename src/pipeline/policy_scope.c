/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/policy_scope.h"

#include <string.h>

#include "base/str.h"
#include "config/spec.h"
#include "enrich/identity.h"

#define CONTAINER_NAME "name" /* the other key of containers is "repo" */

/* What a requirement is about, as far as it is known. */
struct subject {
	const char *text; /* NULL: there is no such thing */
	size_t len;
	bool waits; /* … or it is not known yet */
};

static struct subject subject_of(const char *text, bool is_told)
{
	if (text)
		return (struct subject){ .text = text, .len = strlen(text) };
	return (struct subject){ .waits = !is_told };
}

/* ---- what is asked ------------------------------------------------------------------------------------- */

/* Runtimes tell a pod's labels with each of its containers. One in the container, of which they do not know, is in the
 * pod all the same. */
static struct subject pod_label(const struct identity *identity, const char *key)
{
	const struct container *container = identity->container;

	if (!container->is_told)
		container = pod__told_container(identity->pod);
	for (uint32_t i = 0; container && i < container->label_count; i++)
		if (str_eq(container->labels[i].key, key))
			return subject_of(container->labels[i].value, true);
	return subject_of(NULL, container);
}

/* "docker.io/library/busybox:1.36@sha256:…" without what tells one image of the repository from another. */
static struct subject repository(const struct container *container)
{
	struct subject subject = subject_of(container->image, container->is_told);
	const char *name = subject.text, *end;

	if (!name)
		return subject;
	end = strchr(name, '@');
	subject.len = end ? (size_t)(end - name) : strlen(name);
	for (size_t at = subject.len; at > 0 && name[at - 1] != '/'; at--)
		if (name[at - 1] == ':')
			subject.len = at - 1;
	return subject;
}

static struct subject container_field(const struct container *container, const char *key)
{
	return str_eq(key, CONTAINER_NAME) ? subject_of(container->name, container->is_told)
					   : repository(container);
}

/* False: it is about what this is not. */
static bool find_subject(const struct selector_spec *requirement, const struct identity *identity,
			 struct subject *ret_subject)
{
	const struct container *container = identity->container;

	switch (requirement->subject) {
	case SELECTOR_POD:
	case SELECTOR_NAMESPACE:
		if (!identity->pod) {
			*ret_subject = subject_of(NULL, container->is_told);
			return !container->is_told;
		}
		*ret_subject = requirement->subject == SELECTOR_POD
				       ? pod_label(identity, requirement->key)
				       : subject_of(identity->pod->namespace, false);
		return true;
	case SELECTOR_CONTAINER:
		/* What holds a pod's namespaces is none of its containers. */
		*ret_subject = container_field(container, requirement->key);
		return !container->is_sandbox;
	case SELECTOR_NODE:
		break;
	}
	return false;
}

/* ---- whether it holds ---------------------------------------------------------------------------------- */

static bool is_text(const struct subject *subject, const char *text)
{
	return strlen(text) == subject->len && memcmp(text, subject->text, subject->len) == 0;
}

static bool has_value(const struct selector_spec *requirement, const struct subject *subject)
{
	for (uint32_t i = 0; subject->text && i < requirement->value_count; i++)
		if (is_text(subject, requirement->values[i].text))
			return true;
	return false;
}

static bool holds(const struct selector_spec *requirement, const struct subject *subject)
{
	switch (requirement->op) {
	case SELECTOR_IN:
		return has_value(requirement, subject);
	case SELECTOR_NOT_IN:
		return !has_value(requirement, subject);
	case SELECTOR_EXISTS:
		return subject->text;
	case SELECTOR_NOT_EXISTS:
		return !subject->text;
	}
	return false;
}

/* One that does not hold decides, also where others wait. */
static enum policy_scope_answer ask_all(const struct scope_spec *scope,
					const struct identity *identity)
{
	enum policy_scope_answer answer = POLICY_SCOPE_IN;

	for (uint32_t i = 0; i < scope->requirement_count; i++) {
		const struct selector_spec *requirement = &scope->requirements[i];
		struct subject subject;

		if (!find_subject(requirement, identity, &subject))
			return POLICY_SCOPE_OUT;
		if (subject.waits)
			answer = POLICY_SCOPE_WAITS;
		else if (!holds(requirement, &subject))
			return POLICY_SCOPE_OUT;
	}
	return answer;
}

enum policy_scope_answer policy_scope_ask(const struct scope_spec *scope,
					  const struct identity *identity)
{
	if (!identity->container)
		return scope->has_host ? POLICY_SCOPE_IN : POLICY_SCOPE_OUT;
	return scope->has_containers ? ask_all(scope, identity) : POLICY_SCOPE_OUT;
}
