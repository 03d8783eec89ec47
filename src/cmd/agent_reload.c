/* SPDX-License-Identifier: Apache-2.0 */
/*
 * While `sonde agent` runs: its file read again, and what failed tried again. In both cases what runs goes on with its
 * counts, and what cannot be had stays away, or what it was before.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd/agent.h"
#include "cmd/agent_parts.h"
#include "config/load.h"
#include "pipeline/agent.h"

int agent_run__read_file(const struct agent_run *run, struct arena *arena,
			 struct agent_file *ret_file, struct err_list *errors)
{
	const char *path = run->options->config;
	__cleanup(x_freep) char *text = NULL;
	size_t len;
	int r = fd_read_all(AT_FDCWD, path, AGENT_FILE_MAX_BYTES, &text, &len);

	if (r == -EFBIG)
		return err_list__set(errors, r, NULL, "%s is larger than %u bytes", path,
				     AGENT_FILE_MAX_BYTES);
	if (r < 0)
		return err_list__set(errors, r, NULL, "cannot read %s: %s", path, strerror(-r));
	return agent_file_parse(text, len, path, arena, ret_file, errors);
}

/* ---- what runs ------------------------------------------------------------------------------------------ */

/* Policies that run are not taken down for one beside them that does not. */
static bool is_up(const struct agent_run *run, uint32_t config)
{
	struct config_view view = agent__config(run->session.agent, config);

	return view.is_running || view.is_partly_running;
}

static uint32_t count_failed(const struct agent_run *run)
{
	uint32_t failed = 0;

	for (uint32_t i = 0; i < agent__config_count(run->session.agent); i++)
		failed += !is_up(run, i);
	return failed;
}

/* By its name; false: there is none. */
static bool find_config(const struct agent_run *run, const char *name, uint32_t *ret_config)
{
	for (uint32_t i = 0; i < agent__config_count(run->session.agent); i++) {
		*ret_config = i;
		if (str_eq(agent__config(run->session.agent, i).name, name))
			return true;
	}
	return false;
}

static bool is_good(const struct agent_run *run, const char *name)
{
	uint32_t config;

	return find_config(run, name, &config) && is_up(run, config);
}

/* ---- reading what is wanted ----------------------------------------------------------------------------- */

int agent_run__remember(struct agent_run *run, const struct agent_parts *parts)
{
	struct agent_config_name *names = arena_array(&run->parts_arena, struct agent_config_name,
						      parts->len + 1);

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < parts->len; i++) {
		names[i].name = arena__strdup(&run->parts_arena, parts->items[i].name);
		names[i].part = parts->items[i].part;
		if (!names[i].name)
			return -ENOMEM;
	}
	run->names = names;
	run->name_count = parts->len;
	return 0;
}

static bool is_below(const char *text, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(text, folder, len) == 0 && text[len] == '/';
}

/* Of what could not be read, the configs that it made before go on. */
static bool goes_on(void *ctx, const char *name, const char *origin)
{
	const struct agent_parts *parts = ctx;

	vec_for_each(parts, item)
		if (!item->spec && (str_eq(item->name, name) || is_below(name, item->name) ||
				    is_below(origin, item->origin)))
			return true;
	return false;
}

/* The specs are the list's from then on; by their names the rest is still known. */
static int list_specs(struct agent_parts *parts, struct spec_list *specs)
{
	vec_for_each(parts, item) {
		if (item->spec && vec_push(specs, item->spec) < 0)
			return -ENOMEM;
		item->is_taken = item->spec != NULL;
	}
	return 0;
}

/* What could not be read and did not run either is shown with its reason. Takes the errors. */
static void show_unreadable(struct agent_run *run, struct agent_parts *parts,
			    struct err_list *errors)
{
	vec_for_each(parts, item) {
		uint32_t config;

		if (item->spec)
			continue;
		if (!find_config(run, item->name, &config))
			(void)agent__add_unreadable(run->session.agent, item->name, item->origin,
						    &item->err); /* the log says it, too */
		(void)err__wrap(&item->err, item->err.code, NULL, "'%s' is left out", item->name);
		err_list__add(errors, &item->err);
	}
}

int agent_run__watch_files(struct agent_run *run, struct err *err)
{
	int r = run->options->watches ? session__watch(&run->session, run->options->config, err)
				      : 0;

	for (uint32_t i = 0; run->options->watches && i < run->wanted.part_count && r == 0; i++) {
		const struct agent_part *part = &run->wanted.parts[i];
		const char *path = part->what.text;

		if (part->kind == AGENT_PART_PROBE || !path) /* those that come with sonde */
			continue;
		if (path[0] != '/')
			path = arena__printf(&run->parts_arena, "%s/%s", run->folder, path);
		r = path ? session__watch(&run->session, path, err) : -ENOMEM;
	}
	return r;
}

static int reload(struct agent_run *run, const struct agent_file *file, struct agent_parts *parts,
		  bool *ret_is_replaced, struct err_list *errors)
{
	const struct reload_options wish = { .is_lenient = true, .keeps = goes_on, .ctx = parts };
	struct spec_list specs = { .len = 0 };
	int r = agent_parts__read(parts, file, run->folder, UINT32_MAX);

	if (r == 0)
		r = list_specs(parts, &specs);
	if (r == 0)
		r = agent__reload(run->session.agent, specs.items, specs.len, &wish,
				  ret_is_replaced, errors);
	else
		agent__note_failed_reload(run->session.agent);
	if (*ret_is_replaced)
		show_unreadable(run, parts, errors);
	spec_list__done(&specs);
	return r;
}

/* Sockets, who is looked at and what may be used belong to the process. */
static void tell_what_stays(const struct agent_run *run, const struct agent_file *file)
{
	struct strbuf before = STRBUF_INIT, now = STRBUF_INIT;

	agent_file__format_sections(&run->file, &before);
	agent_file__format_sections(file, &now);
	if (!str_eq(strbuf__text(&before), strbuf__text(&now)))
		log_warn(
			"%s: of a reload 'run' alone is taken; the other sections have changed and need a restart",
			run->options->config);
	strbuf__done(&before);
	strbuf__done(&now);
}

int agent_run_reload(void *ctx, bool *ret_is_replaced, struct err_list *errors)
{
	struct agent_run *run = ctx;
	struct agent_parts parts = { .len = 0 };
	struct arena arena = ARENA_INIT;
	struct agent_file file;
	struct err err = ERR_INIT;
	int r = agent_run__read_file(run, &arena, &file, errors);

	*ret_is_replaced = false;
	if (r < 0)
		agent__note_failed_reload(run->session.agent);
	else
		r = reload(run, &file, &parts, ret_is_replaced, errors);
	if (*ret_is_replaced) {
		tell_what_stays(run, &file);
		arena__done(&run->parts_arena);
		run->parts_arena = arena;
		run->wanted = file;
		run->name_count = 0;
		if (agent_run__remember(run, &parts) < 0)
			log_warn("no memory to try again what fails, going on without");
		if (agent_run__watch_failures(run, &err) < 0 ||
		    agent_run__watch_files(run, &err) < 0)
			err_list__add(errors, &err);
	} else {
		arena__done(&arena);
	}
	agent_parts__done(&parts);
	return r;
}

/* ---- trying again --------------------------------------------------------------------------------------- */

struct attempt {
	struct agent_run *run;
	struct agent_parts parts;                     /* read again */
	VEC(const struct agent_config_name *) failed; /* when it began */
	struct spec_list specs;
};

static bool is_failed(const struct attempt *attempt, const char *name)
{
	vec_for_each(&attempt->failed, item)
		if (str_eq((*item)->name, name))
			return true;
	return false;
}

/* All go on but those that are tried, and those whose reason to be away is gone. */
static bool stays(void *ctx, const char *name, const char *origin)
{
	const struct attempt *attempt = ctx;

	(void)origin;
	vec_for_each(&attempt->parts, item)
		if (str_eq(item->name, name))
			return !item->is_taken;
	return !is_failed(attempt, name);
}

static int list_failed(struct attempt *attempt)
{
	struct agent_run *run = attempt->run;
	int r = 0;

	for (size_t i = 0; i < run->name_count && r == 0; i++)
		if (!is_good(run, run->names[i].name))
			r = vec_push(&attempt->failed, &run->names[i]);
	return r;
}

static bool was_read(const struct attempt *attempt, uint32_t part)
{
	vec_for_each(&attempt->parts, item)
		if (item->part == part)
			return true;
	return false;
}

/* The items that what fails is from; of what they make, that which does not run. */
static int read_failed(struct attempt *attempt)
{
	struct agent_run *run = attempt->run;
	int r = 0;

	vec_for_each(&attempt->failed, item)
		if (r == 0 && !was_read(attempt, (*item)->part))
			r = agent_parts__read(&attempt->parts, &run->wanted, run->folder,
					      (*item)->part);
	for (size_t i = 0; i < attempt->parts.len && r == 0; i++) {
		struct agent_config_read *item = &attempt->parts.items[i];

		if (!item->spec || is_good(run, item->name))
			continue;
		r = vec_push(&attempt->specs, item->spec);
		item->is_taken = r == 0;
	}
	return r;
}

static int try_again(struct agent_run *run, struct err_list *errors)
{
	struct attempt attempt = { .run = run };
	const struct reload_options wish = {
		.is_lenient = true, .keeps = stays, .ctx = &attempt, .is_retry = true
	};
	bool is_replaced;
	int r = list_failed(&attempt);

	if (r == 0)
		r = read_failed(&attempt);
	/* Also without any spec: a hook that was missing may be there. */
	if (r == 0)
		r = agent__reload(run->session.agent, attempt.specs.items, attempt.specs.len, &wish,
				  &is_replaced, errors);
	vec_done(&attempt.failed);
	spec_list__done(&attempt.specs);
	agent_parts__done(&attempt.parts);
	return r;
}

static void on_retry(void *ctx)
{
	struct agent_run *run = ctx;
	struct err_list errors = { .len = 0 };
	uint32_t before = count_failed(run), now;

	run->retry_count++;
	if (try_again(run, &errors) < 0)
		log_debug("nothing could be tried again");
	for (size_t i = 0; i < errors.len; i++)
		log_err(LOG_DEBUG, &errors.items[i], "tried again");
	err_list__done(&errors);
	now = count_failed(run);
	if (now < before)
		log_info("%u of %u parts that had failed run now", before - now, before);
	run->retry_ns *= 2;
	if (run->retry_ns > run->file.retry.most)
		run->retry_ns = run->file.retry.most;
	if (now > 0)
		(void)loop__set_timer(run->retry, run->retry_ns, 0); /* it has been set before */
}

int agent_run__watch_failures(struct agent_run *run, struct err *err)
{
	bool wants = run->file.retry.first > 0 && count_failed(run) > 0;

	run->retry_ns = run->file.retry.first;
	if (run->retry)
		return loop__set_timer(run->retry, wants ? run->retry_ns : -1, 0);
	return wants ? loop__add_timer(run->session.loop, run->retry_ns, 0, on_retry, run,
				       &run->retry, err)
		     : 0;
}
