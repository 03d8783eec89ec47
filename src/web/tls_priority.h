/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_WEB_TLS_PRIORITY_H
#define SRC_WEB_TLS_PRIORITY_H

/*
 * Go's names of TLS versions, cipher suites and curves to GnuTLS' priority string.
 * Plain functions; they own nothing. tls.c makes its sessions speak what comes out.
 */

#include <stdbool.h>
#include "base/str.h"
#include "web/tls.h"

/* What is said, for a server whose key is RSA's or not. Never more than what the options allow. */
int tls_format_priority(const struct tls_options *options, bool has_rsa_key, struct strbuf *out,
			struct err *err);

#endif
