/* SPDX-License-Identifier: Apache-2.0 */
#include "remote/curl_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

static void *open_library(void)
{
	/* The one with GnuTLS first: the web server's TLS is GnuTLS, and two in one process are one too many. */
	static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };

	for (size_t i = 0; i < array_size(names); i++) {
		void *library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);

		if (library)
			return library;
	}
	return NULL;
}

int curl_library__load(struct curl_library *curl, struct err *err)
{
	/* Never closed: its TLS library keeps state per process that does not survive being loaded twice. */
	void *library = open_library(), *symbol;

	if (!library)
		return err__set(err, -ENOENT, NULL,
				"libcurl is not there (%s); install the package libcurl3-gnutls",
				dlerror());
/* POSIX says that the pointer is one to a function, ISO C has no cast for that. */
#define CURL_LIBRARY_FIND(name)                                                                    \
	symbol = dlsym(library, "curl_" #name);                                                    \
	if (!symbol)                                                                               \
		return err__set(err, -ENOENT, NULL,                                                \
				"libcurl has no curl_" #name "; version 7.85 is needed");          \
	memcpy(&curl->name, &symbol, sizeof(symbol));
	CURL_LIBRARY_FUNCTIONS(CURL_LIBRARY_FIND)
#undef CURL_LIBRARY_FIND
	if (curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err__set(err, -ENOENT, NULL, "libcurl cannot be initialised");
	return 0;
}
