/* SPDX-License-Identifier: Apache-2.0 */
/* Values that hooks caught, as Tetragon's events show them: by what they are in the record, and by what they are called. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "decode/ops.h"
#include "pipeline/policy_names.h"
#include "pipeline/policy_views.h"

#define ERRNO_MAX 4095 /* MAX_ERRNO of the kernel */

/* The bytes of a value in its record. */
struct value_bytes {
	const struct policy_record *record;
	uint32_t index;
	const uint8_t *data;
	size_t len;
};

typedef void (*value_fn)(struct policy_views *views, const struct value_bytes *bytes,
			 struct process_argument *argument);

static struct text_view text_of(const uint8_t *data, size_t len)
{
	return (struct text_view){ (const char *)data, len };
}

/* False, and an error in its place: the record is shorter than such a value. */
static bool take_struct(const struct value_bytes *bytes, void *ret_struct, size_t size,
			struct process_argument *argument)
{
	if (bytes->len < size) {
		argument->kind = ARGUMENT_ERROR;
		argument->error.message = text_view_of("the value was cut");
		return false;
	}
	memcpy(ret_struct, bytes->data, size);
	return true;
}

/* ---- texts and bytes ---- */

static void decode_text(struct policy_views *views, const struct value_bytes *bytes,
			struct process_argument *argument)
{
	struct text_view text = policy_views__legible(views, text_of(bytes->data, bytes->len));

	if (argument->kind == ARGUMENT_NET_DEVICE)
		argument->net_device.name = text;
	else
		argument->text = text;
}

static void decode_bytes(struct policy_views *views, const struct value_bytes *bytes,
			 struct process_argument *argument)
{
	struct policy_bytes header;
	size_t len;

	if (!take_struct(bytes, &header, sizeof(header), argument))
		return;
	len = bytes->len - sizeof(header);
	len = header.size < len ? header.size : len;
	argument->bytes.bytes = text_of(bytes->data + sizeof(header), len);
	if (header.original_size > len)
		argument->bytes.bytes = policy_pieces__join(&views->pieces, bytes->record,
							    bytes->index, argument->bytes.bytes,
							    &views->arena);
	argument->kind = header.original_size > argument->bytes.bytes.len ? ARGUMENT_TRUNCATED_BYTES
									  : ARGUMENT_BYTES;
	argument->bytes.original_size = header.original_size;
}

/* "-rwxr-xr-x" */
static struct text_view permission_of(struct policy_views *views, uint16_t mode)
{
	static const struct {
		uint32_t type;
		char letter;
	} types[] = { { S_IFDIR, 'd' }, { S_IFLNK, 'l' },  { S_IFCHR, 'c' },
		      { S_IFBLK, 'b' }, { S_IFSOCK, 's' }, { S_IFIFO, 'p' } };
	/* Where they are set, the bit that is executed says so. */
	static const struct {
		uint32_t bit;
		int place;
		char letter;
	} marks[] = { { S_ISUID, 3, 's' }, { S_ISGID, 6, 's' }, { S_ISVTX, 9, 't' } };
	char text[] = "-rwxrwxrwx";

	for (size_t i = 0; i < array_size(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			text[0] = types[i].letter;
	for (int bit = 0; bit < 9; bit++)
		if (!(mode & (1 << (8 - bit))))
			text[1 + bit] = '-';
	for (size_t i = 0; i < array_size(marks); i++)
		if (mode & marks[i].bit)
			text[marks[i].place] = text[marks[i].place] == 'x'
						       ? marks[i].letter
						       : (char)(marks[i].letter - 'a' + 'A');
	return policy_views__keep(views, text, sizeof(text) - 1);
}

static void decode_path(struct policy_views *views, const struct value_bytes *bytes,
			struct process_argument *argument)
{
	struct policy_path header;
	size_t len;

	if (!take_struct(bytes, &header, sizeof(header), argument))
		return;
	len = bytes->len - sizeof(header);
	len = header.size < len ? header.size : len;
	argument->path.path = policy_views__legible(views,
						    text_of(bytes->data + sizeof(header), len));
	if (header.flags & POLICY_PATH_CUT)
		argument->path.flags = text_view_of("unresolvedPathComponents");
	argument->path.permission = permission_of(views, header.mode);
}

/* ---- the network ---- */

static struct text_view address_of(struct policy_views *views, uint16_t family,
				   const uint8_t bytes[16])
{
	if (family == AF_INET)
		decode_add_ipv4(&views->text, bytes);
	else if (family == AF_INET6)
		decode_add_ipv6(&views->text, bytes);
	return policy_views__take_text(views);
}

static struct text_view name_of(struct policy_views *views,
				void (*add)(struct strbuf *text, uint32_t number), uint32_t number)
{
	add(&views->text, number);
	return policy_views__take_text(views);
}

static void decode_socket(struct policy_views *views, const struct value_bytes *bytes,
			  struct process_argument *argument)
{
	struct policy_socket from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->sock = (struct sock_view){
		.family = name_of(views, policy_add_family, from.family),
		.type = name_of(views, policy_add_socket_type, from.type),
		.protocol = name_of(views, policy_add_protocol, from.protocol),
		.mark = from.mark,
		.priority = from.priority,
		.source = address_of(views, from.family, from.source),
		.destination = address_of(views, from.family, from.destination),
		.source_port = from.source_port,
		.destination_port = from.destination_port,
		.cookie = from.cookie,
		.state = name_of(views, policy_add_tcp_state, from.state),
	};
}

static void decode_packet(struct policy_views *views, const struct value_bytes *bytes,
			  struct process_argument *argument)
{
	struct policy_packet from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->skb = (struct skb_view){
		.hash = from.hash,
		.len = from.len,
		.priority = from.priority,
		.mark = from.mark,
		.source = address_of(views, from.family, from.source),
		.destination = address_of(views, from.family, from.destination),
		.source_port = from.source_port,
		.destination_port = from.destination_port,
		.proto = from.protocol,
		.security_path_len = from.sec_path_len,
		.security_path_olen = from.sec_path_olen,
		.protocol = name_of(views, policy_add_protocol, from.protocol),
		.family = name_of(views, policy_add_family, from.family),
	};
}

static void set_unix_address(struct policy_views *views, const struct policy_address *from,
			     const struct value_bytes *bytes, struct process_argument *argument)
{
	size_t len = bytes->len - sizeof(*from);
	const uint8_t *path = bytes->data + sizeof(*from);

	len = from->path_size < len ? from->path_size : len;
	if (len > 0 && path[0] == '\0') {
		strbuf__add_char(&views->text, '@');
		strbuf__add(&views->text, path + 1, len - 1);
	} else {
		strbuf__add(&views->text, path, strnlen((const char *)path, len));
	}
	argument->sockaddr_un.path = policy_views__take_text(views);
	argument->sockaddr_un.family = name_of(views, policy_add_family, from->family);
}

static void decode_address(struct policy_views *views, const struct value_bytes *bytes,
			   struct process_argument *argument)
{
	struct policy_address from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	if (argument->kind == ARGUMENT_SOCKADDR_UN) {
		set_unix_address(views, &from, bytes, argument);
		return;
	}
	argument->sockaddr = (struct sockaddr_view){
		.family = name_of(views, policy_add_family, from.family),
		.address = address_of(views, from.family, from.address),
		.port = from.port,
	};
}

/* ---- privileges ---- */

static const struct namespace_view *user_namespace_inode(struct policy_views *views, uint32_t inode)
{
	struct namespace_view *view = arena_new(&views->arena, struct namespace_view);

	if (view)
		*view = (struct namespace_view){
			.inode = inode,
			.is_host = inode == views->host_namespaces[WHO_NAMESPACE_USER],
		};
	return view;
}

static void set_user_namespace(struct policy_views *views, const struct policy_user_namespace *from,
			       struct user_namespace_view *view)
{
	*view = (struct user_namespace_view){
		.level = optional_i32_of((int32_t)from->level),
		.uid = optional_u32_of(from->owner),
		.gid = optional_u32_of(from->group),
		.namespace = user_namespace_inode(views, from->inode),
	};
}

static void decode_user_namespace(struct policy_views *views, const struct value_bytes *bytes,
				  struct process_argument *argument)
{
	struct policy_user_namespace from;

	if (take_struct(bytes, &from, sizeof(from), argument))
		set_user_namespace(views, &from, &argument->user_namespace);
}

static void decode_credentials(struct policy_views *views, const struct value_bytes *bytes,
			       struct process_argument *argument)
{
	struct {
		struct who_credentials own;
		struct policy_user_namespace user;
	} from;
	struct capabilities_view *capabilities = arena_new(&views->arena, struct capabilities_view);
	struct user_namespace_view *user = arena_new(&views->arena, struct user_namespace_view);

	if (!take_struct(bytes, &from, sizeof(from), argument) || !capabilities || !user)
		return;
	*capabilities = (struct capabilities_view){ from.own.permitted, from.own.effective,
						    from.own.inheritable };
	set_user_namespace(views, &from.user, user);
	argument->credentials = (struct credentials_view){
		.uid = optional_u32_of(from.own.uid),
		.gid = optional_u32_of(from.own.gid),
		.euid = optional_u32_of(from.own.euid),
		.egid = optional_u32_of(from.own.egid),
		.suid = optional_u32_of(from.own.suid),
		.sgid = optional_u32_of(from.own.sgid),
		.fsuid = optional_u32_of(from.own.fsuid),
		.fsgid = optional_u32_of(from.own.fsgid),
		.securebits = from.own.securebits,
		.capabilities = capabilities,
		.user_namespace = user,
	};
}

/* ---- things of the kernel ---- */

static struct text_view fixed_text(struct policy_views *views, const char *text, size_t size)
{
	return policy_views__keep(views, text, strnlen(text, size));
}

static void decode_bpf_map(struct policy_views *views, const struct value_bytes *bytes,
			   struct process_argument *argument)
{
	struct policy_bpf from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->bpf_map = (struct bpf_map_view){
		.type = name_of(views, policy_add_map_type, from.type),
		.key_size = from.key_size,
		.value_size = from.value_size,
		.max_entries = from.max_entries,
		.name = fixed_text(views, from.name, sizeof(from.name)),
	};
}

static void decode_bpf_program(struct policy_views *views, const struct value_bytes *bytes,
			       struct process_argument *argument)
{
	struct policy_bpf from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->bpf_program = (struct bpf_program_view){
		.type = name_of(views, policy_add_program_type, from.type),
		.instruction_count = from.instruction_count,
		.name = fixed_text(views, from.name, sizeof(from.name)),
	};
}

static void decode_perf_event(struct policy_views *views, const struct value_bytes *bytes,
			      struct process_argument *argument)
{
	struct policy_perf_event from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->perf_event = (struct perf_event_view){
		.function = fixed_text(views, from.function, sizeof(from.function)),
		.type = name_of(views, policy_add_perf_type, from.type),
		.config = from.config,
		.probe_offset = from.probe_offset,
	};
}

static void decode_module(struct policy_views *views, const struct value_bytes *bytes,
			  struct process_argument *argument)
{
	struct policy_module from;

	if (!take_struct(bytes, &from, sizeof(from), argument))
		return;
	argument->module = (struct module_view){
		.name = fixed_text(views, from.name, sizeof(from.name)),
		.is_signature_ok = { from.is_signed, from.has_signature },
		.tainted = from.taints,
	};
}

/* ---- numbers, by what they are called ---- */

static void set_number(struct policy_views *views, uint64_t number,
		       struct process_argument *argument)
{
	char name[CAPABILITY_NAME_MAX];

	switch (argument->kind) {
	case ARGUMENT_UINT:
		argument->number_u32 = (uint32_t)number;
		break;
	case ARGUMENT_LONG:
		argument->number_i64 = (int64_t)number;
		break;
	case ARGUMENT_SIZE:
		argument->number_u64 = number;
		break;
	case ARGUMENT_CAPABILITY:
		argument->capability.value = optional_i32_of((int32_t)number);
		strbuf__printf(&views->text, "%s", capability_name((uint32_t)number, name));
		argument->capability.name = policy_views__take_text(views);
		break;
	case ARGUMENT_KERNEL_CAP:
	case ARGUMENT_CAP_INHERITABLE:
	case ARGUMENT_CAP_PERMITTED:
	case ARGUMENT_CAP_EFFECTIVE:
		strbuf__printf(&views->text, "%016" PRIx64, number);
		argument->text = policy_views__take_text(views);
		break;
	case ARGUMENT_SYSCALL:
		argument->syscall.id = (uint32_t)number & ~POLICY_SYSCALL_32;
		argument->syscall.abi = text_view_of(policy_abi_name(number & POLICY_SYSCALL_32));
		break;
	default: /* INT, BPF_COMMAND */
		argument->number_i32 = (int32_t)number;
		break;
	}
}

/* ---- any ---- */

static const value_fn decoders[] = {
	[POLICY_CLASS_TEXT] = decode_text,
	[POLICY_CLASS_BYTES] = decode_bytes,
	[POLICY_CLASS_PATH] = decode_path,
	[POLICY_CLASS_SOCKET] = decode_socket,
	[POLICY_CLASS_PACKET] = decode_packet,
	[POLICY_CLASS_ADDRESS] = decode_address,
	[POLICY_CLASS_CREDENTIALS] = decode_credentials,
	[POLICY_CLASS_USER_NAMESPACE] = decode_user_namespace,
	[POLICY_CLASS_BPF_ATTRIBUTES] = decode_bpf_program,
	[POLICY_CLASS_BPF_MAP] = decode_bpf_map,
	[POLICY_CLASS_BPF_PROGRAM] = decode_bpf_program,
	[POLICY_CLASS_PERF_EVENT] = decode_perf_event,
	[POLICY_CLASS_MODULE] = decode_module,
	[POLICY_CLASS_NOTHING] = NULL,
};

static void set_error(struct policy_views *views, int32_t code, struct process_argument *argument)
{
	argument->kind = ARGUMENT_ERROR;
	strbuf__printf(&views->text, "%s",
		       code < 0 && code >= -ERRNO_MAX ? strerror(-code) : "the value is not there");
	argument->error.message = policy_views__take_text(views);
}

bool policy_views__is_sound(const struct policy_record *record, size_t len)
{
	return len >= sizeof(*record) && record->header.version == POLICY_VERSION &&
	       record->header.size <= len && record->header.size % sizeof(uint64_t) == 0 &&
	       record->header.size >=
		       sizeof(*record) + record->value_count * sizeof(union policy_word) &&
	       record->hook < POLICY_HOOKS_MAX;
}

void policy_views__argument(struct policy_views *views, const struct policy_record *record,
			    uint32_t index, const struct policy_hook *hook,
			    struct process_argument *ret_argument)
{
	const struct policy_value *value = &hook->values[index];
	enum policy_class class = hook->code.values[index].class;
	struct process_argument argument = { .kind = value->kind,
					     .label = text_view_of(value->label) };
	struct value_bytes bytes;
	union policy_word word;

	memcpy(&word, (const uint8_t *)(record + 1) + index * sizeof(word), sizeof(word));
	if (class >= array_size(decoders) || !decoders[class]) {
		set_number(views, word.number, &argument);
	} else if (word.place.offset == 0 || word.place.size < 0 ||
		   word.place.offset > record->header.size ||
		   (uint32_t)word.place.size > record->header.size - word.place.offset) {
		set_error(views, word.place.offset ? -EPROTO : word.place.size, &argument);
	} else {
		bytes = (struct value_bytes){ record, index,
					      (const uint8_t *)record + word.place.offset,
					      (size_t)word.place.size };
		decoders[class](views, &bytes, &argument);
	}
	*ret_argument = argument;
}
