/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_REMOTE_CURL_LIBRARY_H
#define SRC_REMOTE_CURL_LIBRARY_H

/*
 * libcurl, loaded when the first client is made: with its TLS, HTTP/2 and directory libraries it makes the process
 * 5.7 MB larger (6.3 to 12.0 MB resident), which everybody who exports no spans need not pay. The table is the
 * caller's; the library stays loaded. The clients of remote/ use it.
 */

#include <curl/curl.h>
#include "base/err.h"

#define CURL_LIBRARY_FUNCTIONS(X)                                                                  \
	X(easy_cleanup)                                                                            \
	X(easy_getinfo)                                                                            \
	X(easy_init)                                                                               \
	X(easy_setopt)                                                                             \
	X(easy_strerror)                                                                           \
	X(global_init)                                                                             \
	X(multi_add_handle)                                                                        \
	X(multi_assign)                                                                            \
	X(multi_cleanup)                                                                           \
	X(multi_info_read)                                                                         \
	X(multi_init)                                                                              \
	X(multi_remove_handle)                                                                     \
	X(multi_setopt)                                                                            \
	X(multi_socket_action)                                                                     \
	X(slist_append)                                                                            \
	X(slist_free_all)

struct curl_library {
#define CURL_LIBRARY_MEMBER(name) typeof(curl_##name) *name;
	CURL_LIBRARY_FUNCTIONS(CURL_LIBRARY_MEMBER)
#undef CURL_LIBRARY_MEMBER
};

/* -ENOENT: it is not installed, or too old; err names the package. */
int curl_library__load(struct curl_library *curl, struct err *err);

#endif
