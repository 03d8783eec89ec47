/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images: whatever a tar holds, reading it ends in a package or in a message; a package has a text that ends with a NUL,
 * and an object only together with the descriptor behind it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/gadget/image.h"
#include "config/gadget/package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct gadget_package *package = new_zero(struct gadget_package);
	struct err err = ERR_INIT;
	char *copy = malloc(len ? len : 1);
	int r;

	require(package && copy);
	if (len > 0)
		memcpy(copy, data, len); /* ends where it ends */
	package->object_fd = -1;
	r = gadget_image_read_tar(package, "fuzz.tar", copy, len, &err);
	require((r < 0) == err__is_set(&err));
	if (r == 0) {
		require(package->text && package->text[package->len] == '\0' && package->origin);
		require((package->object != NULL) == (package->object_fd >= 0));
	}
	gadget_package__close(package);
	err__done(&err);
	free(copy);
	return 0;
}
