/* SPDX-License-Identifier: Apache-2.0 */
/* Words on the command line of `sonde policy`: what they mean, and what is wrong with them. */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "cmd/policy_outputs.h"
#include "cmd/policy_serve.h"
#include "pipeline/service.h"

int policy_parse_labels(const char *text, uint32_t *ret_labels, struct err *err)
{
	static const struct {
		const char *name;
		enum policy_label label;
	} labels[] = {
		{ "binary", POLICY_LABEL_BINARY },     { "namespace", POLICY_LABEL_NAMESPACE },
		{ "node_name", POLICY_LABEL_NODE },    { "pod", POLICY_LABEL_POD },
		{ "workload", POLICY_LABEL_WORKLOAD },
	};

	*ret_labels = 0;
	while (*text) {
		size_t len = strcspn(text, ","), i;

		for (i = 0; i < array_size(labels); i++)
			if (strlen(labels[i].name) == len && memcmp(labels[i].name, text, len) == 0)
				break;
		if (i == array_size(labels) && len)
			return err__set(err, -EINVAL, NULL,
					"'%.*s' is no label of a process; "
					"there are namespace, workload, pod, binary, node_name",
					(int)len, text);
		if (len)
			*ret_labels |= labels[i].label;
		text += len + (text[len] == ',');
	}
	return 0;
}

int policy_parse_ancestors(const char *text, uint32_t *ret_kinds, struct err *err)
{
	static const struct {
		const char *name;
		uint32_t kinds;
	} words[] = {
		{ "base", 1u << PROCESS_EVENT_EXEC | 1u << PROCESS_EVENT_EXIT },
		{ "kprobe", 1u << PROCESS_EVENT_KPROBE },
		{ "loader", 1u << PROCESS_EVENT_LOADER },
		{ "lsm", 1u << PROCESS_EVENT_LSM },
		{ "tracepoint", 1u << PROCESS_EVENT_TRACEPOINT },
		{ "uprobe", 1u << PROCESS_EVENT_UPROBE },
		{ "usdt", 1u << PROCESS_EVENT_USDT },
	};

	*ret_kinds = 0;
	while (*text) {
		size_t len = strcspn(text, ","), i;

		for (i = 0; i < array_size(words); i++)
			if (strlen(words[i].name) == len && memcmp(words[i].name, text, len) == 0)
				break;
		if (i == array_size(words) && len)
			return err__set(
				err, -EINVAL, NULL,
				"'%.*s' is no kind of events with ancestors; there are base, "
				"kprobe, tracepoint, loader, uprobe, usdt, lsm",
				(int)len, text);
		if (len)
			*ret_kinds |= words[i].kinds;
		text += len + (text[len] == ',');
	}
	return 0;
}

int policy_parse_mode(const char *text, enum policy_asked_mode *ret_mode, struct err *err)
{
	*ret_mode = POLICY_ASKED_MODE_OWN;
	if (str_eq(text, "enforce"))
		*ret_mode = POLICY_ASKED_MODE_ENFORCE;
	else if (str_eq(text, "monitor"))
		*ret_mode = POLICY_ASKED_MODE_MONITOR;
	else if (*text)
		return err__set(err, -EINVAL, NULL, "'%s' is neither enforce nor monitor", text);
	return 0;
}

static int check_user_names(const char *text, struct err *err)
{
	if (str_eq(text, "unix") || str_eq(text, "disabled"))
		return 0;
	return err__set(err, -EINVAL, NULL, "'%s' is neither unix nor disabled", text);
}

int policy_options__check(const struct policy_options *options, struct err *err)
{
	enum policy_asked_mode mode;
	uint32_t bits;

	if (policy_parse_labels(options->labels, &bits, err) < 0)
		return err__wrap(err, -EINVAL, NULL, "--metrics-label-filter");
	if (policy_parse_ancestors(options->ancestors, &bits, err) < 0)
		return err__wrap(err, -EINVAL, NULL, "--enable-ancestors");
	if (check_user_names(options->user_names, err) < 0)
		return err__wrap(err, -EINVAL, NULL, "--username-metadata");
	if (policy_parse_mode(options->mode, &mode, err) < 0)
		return err__wrap(err, -EINVAL, NULL, "--mode");
	if (options->metrics_server[0] && service_check_address(options->metrics_server, err) < 0)
		return err__wrap(err, -EINVAL, NULL, "--metrics-server: '%s'",
				 options->metrics_server);
	return policy_outputs_check(options, err);
}
