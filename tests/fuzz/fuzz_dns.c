/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages out of packets: what is whole has a name and addresses of bounded length, whatever its bytes are. */
#include <stdint.h>
#include <stdlib.h>

#include "pipeline/derive_dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct strbuf name = STRBUF_INIT, addresses = STRBUF_INIT;
	struct dns_message message;

	if (dns_message_parse(data, len, &message) < 0)
		return 0;
	dns_message_add_name(&message, &name);
	dns_message_add_addresses(&message, &addresses);
	if (name.len > 256 || (message.name != 0) != (name.len > 0) ||
	    addresses.len > (size_t)message.answer_count * 40)
		abort();
	strbuf__done(&name);
	strbuf__done(&addresses);
	return 0;
}
