/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/address.h"
#include "web/connection.h"
#include "web/gate.h"
#include "web/router.h"
#include "web/security.h"

#define DEFAULT_MAX_CONNECTIONS 256
#define DEFAULT_REQUEST_TIMEOUT_NS (10 * NS_PER_S)
#define DEFAULT_IDLE_TIMEOUT_NS (60 * NS_PER_S)
/* Request line, headers and the reply's headers of one connection live in it: no request can be larger. */
#define CONNECTION_MEMORY_BYTES (16u << 10)
#define DEFAULT_MAX_REPLY_BYTES (64u << 20)
#define MAX_LISTENERS 8
#define ACCEPTS_PER_ROUND 32
#define RUNS_PER_ROUND 8
/* Without descriptors a listening socket stays readable: it is left alone that long. */
#define ACCEPT_PAUSE_NS (100 * NS_PER_MS)

struct listener {
	struct web_server *server;
	int fd; /* owned */
	struct loop_watch *watch;
};

struct web_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;       /* owned */
	struct loop_watch *daemon_watch; /* on its epoll descriptor */
	struct loop_watch *again;        /* timer: the daemon has more to do */
	struct loop_watch *resume;       /* timer: accept again */
	struct listener listeners[MAX_LISTENERS];
	size_t listener_count;
	struct connection_list connections;
	struct router router;
	bool is_secured;
	struct tls *tls; /* owned by count: of connections to come; NULL: none */
	struct gate gate;
	void (*before_use)(void *ctx);
	void *before_use_ctx;
	uint32_t max_connections;
	int64_t request_timeout_ns;
	int64_t idle_timeout_ns;
	struct web_figures figures;
};

/* ---- what libmicrohttpd calls ------------------------------------------------------------------------ */

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void use(struct web_server *server)
{
	if (server->before_use)
		server->before_use(server->before_use_ctx);
}

static enum MHD_Result answer(struct web_server *server, struct connection *connection,
			      const char *method, const char *path)
{
	static const unsigned int statuses[] = {
		[GATE_UNAUTHORIZED] = MHD_HTTP_UNAUTHORIZED,
		[GATE_TOO_MANY] = MHD_HTTP_TOO_MANY_REQUESTS,
		[GATE_BUSY] = MHD_HTTP_SERVICE_UNAVAILABLE,
	};
	enum gate_answer gate =
		gate__check(&server->gate, connection,
			    MHD_lookup_connection_value(connection->mhd, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_AUTHORIZATION));

	switch (gate) {
	case GATE_OPEN:
		return router__answer(&server->router, connection->mhd, connection, method, path);
	case GATE_HELD:
		connection__hold(connection);
		MHD_suspend_connection(connection->mhd);
		return MHD_YES;
	case GATE_UNAUTHORIZED:
	case GATE_TOO_MANY:
	case GATE_BUSY:
		break;
	}
	return router__refuse(&server->router, connection->mhd, connection, statuses[gate]);
}

static void on_let_go(void *ctx, struct connection *connection)
{
	struct web_server *server = ctx;

	MHD_resume_connection(connection->mhd);
	/* Not at once: more of them may be let go. */
	(void)loop__set_timer(server->again, 0, 0);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **request_ctx)
{
	struct web_server *server = ctx;
	struct connection *connection = connection_of(mhd);
	bool is_first = !*request_ctx;
	enum MHD_Result r;

	(void)version;
	(void)upload;
	*request_ctx = server;
	if (!connection)
		return MHD_NO; /* there was no memory to watch over it */
	if (*upload_len > 0) {
		*upload_len = 0; /* no body is of use; the router has seen to its size */
		return MHD_YES;
	}
	if (is_first)
		use(server);
	r = is_first ? router__check_head(&server->router, mhd, connection)
		     : answer(server, connection, method, path);
	if (connection->status)
		connection__answer(connection, server->request_timeout_ns);
	return r;
}

static void *on_request_line(void *ctx, const char *uri, struct MHD_Connection *mhd)
{
	struct web_server *server = ctx;
	struct connection *connection = connection_of(mhd);

	(void)uri;
	if (connection)
		connection__begin(connection, server->request_timeout_ns);
	return NULL;
}

static void on_reply_end(void *ctx, struct MHD_Connection *mhd, void **request_ctx,
			 enum MHD_RequestTerminationCode code)
{
	struct web_server *server = ctx;
	struct connection *connection = connection_of(mhd);

	(void)request_ctx;
	(void)code;
	if (connection)
		connection__end(connection, server->idle_timeout_ns);
}

static int watch_over(struct web_server *server, struct MHD_Connection *mhd, int fd,
		      struct connection **ret_connection)
{
	struct connection *connection = connection_list__add(&server->connections, fd,
							     server->request_timeout_ns);

	if (!connection)
		return -ENOMEM;
	*ret_connection = connection;
	connection->mhd = mhd;
	if (!server->tls)
		return 0;

	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	connection->tls = tls__ref(server->tls);
	return tls__start(connection->tls, info->tls_session);
}

static void forget(struct web_server *server, struct connection *connection)
{
	if (connection && connection->tls && !connection->has_asked)
		server->figures.unfinished_tls++;
	connection__free(connection);
}

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **socket_ctx,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web_server *server = ctx;
	int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	struct connection *connection = NULL;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		/* One that nobody watches over, or that has no key, is none. */
		if (watch_over(server, mhd, fd, &connection) < 0)
			(void)shutdown(fd, SHUT_RDWR);
		*socket_ctx = connection;
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		forget(server, *socket_ctx);
		*socket_ctx = NULL;
		return;
	}
}

/*
 * What libmicrohttpd has to say. Requests that it answers by itself (malformed, too large, too many headers)
 * are seen nowhere else, so they are counted by its message; test_server pins the wording.
 */
__attribute__((format(printf, 2, 0))) static void on_library_message(void *ctx, const char *format,
								     va_list args)
{
	struct web_server *server = ctx;

	if (str_starts(format, "Error processing request"))
		server->figures.bad_requests++;
	if (!log_is_on(LOG_DEBUG))
		return;

	char text[256];

	(void)vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http: %s", text);
}

/* ---- the loop ---------------------------------------------------------------------------------------- */

/* Without timeouts of its own libmicrohttpd only ever wants to go on at once, or to wait. */
static bool wants_to_go_on(struct web_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	return MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES && timeout_ms == 0;
}

static void run_daemon(struct web_server *server)
{
	bool was_idle = false;

	for (int i = 0; i < RUNS_PER_ROUND; i++) {
		(void)MHD_run(server->daemon);
		if (wants_to_go_on(server)) {
			was_idle = false;
			continue;
		}
		/* Those who wait for the same body may not be known to it yet: once more for them. */
		if (was_idle || !share__is_kept(&server->router.share)) {
			share__drop(&server->router.share);
			return;
		}
		was_idle = true;
	}
	/* One that keeps it busy must not keep the loop. */
	(void)loop__set_timer(server->again, 0, 0);
}

static void on_daemon_ready(void *ctx, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	run_daemon(ctx);
}

static void on_again(void *ctx)
{
	run_daemon(ctx);
}

static void add_connection(struct web_server *server, int fd, const struct sockaddr *peer,
			   socklen_t peer_len)
{
	/* A full house makes room for whoever comes at the cost of who has nothing to do. */
	if (server->connections.len >= server->max_connections &&
	    connection_list__cut_idle(&server->connections))
		run_daemon(server);
	/* It closes the socket if it will not have it: no memory, or one of the limits. */
	if (MHD_add_connection(server->daemon, fd, peer, peer_len) == MHD_YES)
		server->figures.accepted++;
	else
		server->figures.refused++;
}

static void on_connection_waiting(void *ctx, int listen_fd, uint32_t events);

static void on_resume(void *ctx)
{
	struct web_server *server = ctx;

	for (size_t i = 0; i < server->listener_count; i++) {
		struct listener *listener = &server->listeners[i];

		if (!listener->watch &&
		    loop__add_fd(server->loop, listener->fd, EPOLLIN, on_connection_waiting,
				 listener, &listener->watch, NULL) < 0)
			(void)loop__set_timer(server->resume, ACCEPT_PAUSE_NS, 0);
	}
}

static void pause_accepting(struct web_server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		server->listeners[i].watch = loop__remove(server->loop, server->listeners[i].watch);
	(void)loop__set_timer(server->resume, ACCEPT_PAUSE_NS, 0);
}

static bool is_out_of_something(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void on_connection_waiting(void *ctx, int listen_fd, uint32_t events)
{
	struct listener *listener = ctx;
	struct web_server *server = listener->server;

	(void)events;
	use(server);
	for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
		struct sockaddr_storage peer;
		socklen_t peer_len = sizeof(peer);
		int fd = accept4(listen_fd, (struct sockaddr *)&peer, &peer_len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			add_connection(server, fd, (struct sockaddr *)&peer, peer_len);
			continue;
		}
		if (is_out_of_something(errno))
			pause_accepting(server);
		if (errno == EAGAIN || is_out_of_something(errno))
			break;
		/* Everything else is the end of that one connection, not of listening. */
	}
	run_daemon(server);
}

/* ---- making and ending ------------------------------------------------------------------------------- */

static int copy_options(struct web_server *server, const struct web_options *options)
{
	server->max_connections = options->max_connections ? options->max_connections
							   : DEFAULT_MAX_CONNECTIONS;
	server->request_timeout_ns = options->request_timeout_ns ? options->request_timeout_ns
								 : DEFAULT_REQUEST_TIMEOUT_NS;
	server->idle_timeout_ns = options->idle_timeout_ns ? options->idle_timeout_ns
							   : DEFAULT_IDLE_TIMEOUT_NS;
	server->before_use = options->before_use;
	server->before_use_ctx = options->before_use_ctx;
	return router__init(&server->router, options->routes, options->route_count);
}

/* Never asked: each session gets its credentials when it begins, and these may change. */
static int retrieve_nothing(gnutls_session_t session, const gnutls_datum_t *authorities,
			    int authority_count, const gnutls_pk_algorithm_t *algorithms,
			    int algorithm_count, gnutls_pcert_st **ret_certificates,
			    unsigned int *ret_count, gnutls_privkey_t *ret_key)
{
	(void)session, (void)authorities, (void)authority_count, (void)algorithms;
	(void)algorithm_count, (void)ret_certificates, (void)ret_count, (void)ret_key;
	return -1;
}

static int start_daemon(struct web_server *server, const struct web_options *options,
			struct err *err)
{
	struct MHD_OptionItem items[] = {
		/* First: what follows may want to log. */
		{ MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)on_library_message, server },
		{ MHD_OPTION_CONNECTION_LIMIT, server->max_connections, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->max_per_address, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, 0, NULL }, /* ours: connection.h */
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },  /* without Host it is malformed */
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_request_line, server },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_reply_end, server },
		/* What stands behind the end is not read. */
		{ server->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0,
		  (void *)(uintptr_t)retrieve_nothing },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG |
			     (server->tls ? MHD_USE_TLS : 0) |
			     (server->is_secured ? MHD_ALLOW_SUSPEND_RESUME : 0);

	server->daemon = MHD_start_daemon(flags, 0 /* port */, NULL /* accept policy */, NULL,
					  on_request, server, MHD_OPTION_ARRAY, items,
					  MHD_OPTION_END);
	if (!server->daemon)
		return err__set(err, -EIO, NULL, "cannot start libmicrohttpd %s",
				MHD_get_version());

	int fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

	return loop__add_fd(server->loop, fd, EPOLLIN, on_daemon_ready, server,
			    &server->daemon_watch, err);
}

int web_server__secure(struct web_server *server, const struct web_security *security,
		       struct err *err)
{
	struct tls *tls = NULL;

	if (server->daemon && !server->is_secured)
		return err__set(err, -EINVAL, NULL, "the server was made without a web config");
	if (server->daemon && !security->tls != !server->tls)
		return err__set(err, -EINVAL, NULL,
				"TLS cannot be turned on or off while the server runs; restart it");

	int r = security->tls ? tls__new(security->tls, &tls, err) : 0;

	if (r == 0 &&
	    router__set_headers(&server->router, security->headers, security->header_count) < 0)
		r = err__set(err, -ENOMEM, NULL, "no memory for the headers");
	if (r == 0)
		r = gate__secure(&server->gate, security, err);
	if (r < 0) {
		tls__unref(tls);
		return r;
	}
	tls__unref(server->tls);
	server->tls = tls;
	server->is_secured = true;
	server->figures.is_security_current = true;
	return 0;
}

void web_server__note_security(struct web_server *server, bool is_taken)
{
	server->figures.security_taken += is_taken;
	server->figures.security_refused += !is_taken;
	server->figures.is_security_current = is_taken;
}

bool web_server__has_tls(const struct web_server *server)
{
	return server->tls;
}

int web_server__new(struct loop *loop, const struct web_options *options,
		    struct web_server **ret_server, struct err *err)
{
	struct web_server *server = new_zero(struct web_server);

	if (!server)
		return err__set(err, -ENOMEM, NULL, "no memory for the HTTP server");
	server->loop = loop;

	int r = copy_options(server, options);

	if (r < 0)
		err__set(err, r, NULL, "no memory for the HTTP server");
	server->router.max_reply_bytes = options->max_reply_bytes ? options->max_reply_bytes
								  : DEFAULT_MAX_REPLY_BYTES;
	server->router.share.connections = &server->connections;
	server->gate = (struct gate){
		.loop = loop,
		.connections = &server->connections,
		.let_go = on_let_go,
		.ctx = server,
	};
	if (r == 0 && options->security)
		r = web_server__secure(server, options->security, err);
	if (r == 0)
		r = connection_list__init(&server->connections, loop, on_again, server, err);
	if (r == 0)
		r = loop__add_timer(loop, -1, 0, on_again, server, &server->again, err);
	if (r == 0)
		r = loop__add_timer(loop, -1, 0, on_resume, server, &server->resume, err);
	if (r == 0)
		r = start_daemon(server, options, err);
	if (r < 0) {
		web_server__free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

/* libmicrohttpd does not stop while connections are suspended: they go on, to their end. */
static void stop_daemon(struct web_server *server)
{
	for (struct connection *connection = server->connections.first; connection;
	     connection = connection->next) {
		if (connection->pass != CONNECTION_HELD)
			continue;
		connection->pass = CONNECTION_REFUSED;
		(void)shutdown(connection->fd, SHUT_RDWR);
		MHD_resume_connection(connection->mhd);
	}
	MHD_stop_daemon(server->daemon); /* ends what is open, and says so to whoever waits */
}

struct web_server *web_server__free(struct web_server *server)
{
	if (!server)
		return NULL;
	for (size_t i = 0; i < server->listener_count; i++) {
		loop__remove(server->loop, server->listeners[i].watch);
		fd_closep(&server->listeners[i].fd);
	}
	loop__remove(server->loop, server->daemon_watch);
	gate__done(&server->gate); /* nobody is let go any more */
	if (server->daemon)
		stop_daemon(server);
	loop__remove(server->loop, server->again);
	loop__remove(server->loop, server->resume);
	connection_list__done(&server->connections);
	router__done(&server->router);
	tls__unref(server->tls);
	free(server);
	return NULL;
}

/* What systemd hands over may be anything, and may block. */
static int check_listening(int fd, struct err *err)
{
	int is_listening = 0;
	socklen_t len = sizeof(is_listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) < 0)
		return err__set(err, -errno, NULL, "descriptor %d: %s", fd, strerror(errno));
	if (!is_listening)
		return err__set(err, -EINVAL, NULL, "descriptor %d is no listening socket", fd);

	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err__set(err, -errno, NULL, "descriptor %d: %s", fd, strerror(errno));
	return 0;
}

int web_server__add_socket(struct web_server *server, int fd, struct err *err)
{
	__cleanup(fd_closep) int owned_fd = fd;
	int r = check_listening(fd, err);

	if (r < 0)
		return r;
	if (server->listener_count == MAX_LISTENERS)
		return err__set(err, -E2BIG, NULL, "more than %d listening addresses",
				MAX_LISTENERS);

	struct listener *listener = &server->listeners[server->listener_count];

	*listener = (struct listener){ .server = server, .fd = owned_fd };

	r = loop__add_fd(server->loop, owned_fd, EPOLLIN, on_connection_waiting, listener,
			 &listener->watch, err);
	if (r < 0)
		return r;
	(void)take_fd(owned_fd); /* the listener has it */
	server->listener_count++;
	return 0;
}

int web_server__listen(struct web_server *server, const char *address, struct err *err)
{
	int fd = address_listen(address, err);

	return fd < 0 ? fd : web_server__add_socket(server, fd, err);
}

void web_server__add_connection(struct web_server *server, int fd)
{
	/* libmicrohttpd wants an address; who has a socket of another kind has none. */
	struct sockaddr_in nobody = { .sin_family = AF_INET };

	add_connection(server, fd, (struct sockaddr *)&nobody, sizeof(nobody));
	run_daemon(server);
}

uint16_t web_server__port(const struct web_server *server)
{
	return server->listener_count ? address_port(server->listeners[0].fd) : 0;
}

struct web_figures web_server__figures(const struct web_server *server)
{
	struct web_figures figures = server->figures;

	figures.timed_out = server->connections.timed_out;
	figures.open = server->connections.len;
	figures.reply_bytes = server->router.reply_bytes;
	figures.crowded = server->router.crowded;
	figures.shared = server->router.share.shared;
	figures.is_secured = server->is_secured;
	figures.unauthorized = server->gate.unauthorized;
	figures.limited = server->gate.limited;
	if (server->gate.auth) {
		struct auth_figures auth = auth__figures(server->gate.auth);

		figures.unchecked = auth.busy;
		figures.checks = auth.checked;
		figures.check_ns = auth.check_ns;
		figures.checks_waiting = auth.waiting;
	}
	return figures;
}
