/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/inspect.h"

#include <errno.h>

#include "base/mem.h"
#include "config/load.h"
#include "host/host.h"
#include "pipeline/gadget.h"
#include "program/program.h"

struct inspection {
	struct gadget *gadget;   /* owned; what the object came out of */
	struct host *host;       /* owned */
	struct spec *spec;       /* owned */
	struct program *program; /* owned, or NULL */
};

struct inspection *inspection__close(struct inspection *inspection)
{
	if (!inspection)
		return NULL;
	program__close(inspection->program);
	spec__free(inspection->spec);
	host__close(inspection->host);
	gadget__close(inspection->gadget);
	free(inspection);
	return NULL;
}

static void inspection_closep(struct inspection **inspection)
{
	*inspection = inspection__close(*inspection);
}

const struct spec *inspection__spec(const struct inspection *inspection)
{
	return inspection->spec;
}

const struct object_facts *inspection__facts(const struct inspection *inspection)
{
	return inspection->program ? program__facts(inspection->program) : NULL;
}

static int complete(struct inspection *inspection, struct err_list *errors)
{
	struct program_options program_options = { .host = NULL };
	struct err err = ERR_INIT;
	int r;

	if (inspection->spec->program_count == 0)
		return 0;
	r = host__open("/", &inspection->host, &err);
	program_options.host = inspection->host;
	if (r == 0)
		r = program__open(&inspection->spec->programs[0], &program_options,
				  &inspection->program, &err);
	if (r < 0)
		err_list__add(errors, &err);
	err__done(&err);
	return r < 0 ? r
		     : spec__complete(inspection->spec, program__facts(inspection->program),
				      errors);
}

int inspect_gadget(const char *path, const struct inspect_options *options,
		   struct inspection **ret_inspection, struct err_list *errors)
{
	__cleanup(inspection_closep) struct inspection *inspection = new_zero(struct inspection);
	const struct gadget_options gadget_options = { .values = options->values,
						       .value_count = options->value_count };
	int r;

	if (!inspection)
		return err_list__set(errors, -ENOMEM, NULL, "no memory for gadget '%s'", path);
	r = gadget_open(path, &gadget_options, &inspection->gadget, errors);
	if (r < 0)
		return r;
	inspection->spec = gadget__take_spec(inspection->gadget);
	r = complete(inspection, errors);
	if (r == 0)
		*ret_inspection = take_ptr(inspection);
	return r;
}
