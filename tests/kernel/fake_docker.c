/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container runtime of the tests' own: as much of Docker's API as sonde asks, answered from files.
 *
 *	fake_docker SOCKET FOLDER
 *
 * GET /version is FOLDER/version, /containers/json FOLDER/list, /containers/ID/json FOLDER/ID; what is not there is not
 * known (404). One question on each connection, until it is killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTAINERS "/containers/"
#define SUFFIX "/json"
#define LIST "list"
#define ID_LEN 64

/* The file's name, or "" for what is never asked. */
static void find_name(const char *path, char *name, size_t size)
{
	size_t len = strcspn(path, " ?");

	name[0] = '\0';
	if (len == strlen("/version") && strncmp(path, "/version", len) == 0) {
		(void)snprintf(name, size, "version");
		return;
	}
	if (strncmp(path, CONTAINERS, strlen(CONTAINERS)) != 0)
		return;
	path += strlen(CONTAINERS);
	len = strcspn(path, " ?/");
	(void)snprintf(name, size, "%.*s", len == ID_LEN ? ID_LEN : (int)strlen(LIST),
		       len == ID_LEN ? path : LIST);
}

static void answer(int fd, int folder)
{
	char request[4096], name[ID_LEN + 1], body[16384], head[128];
	ssize_t got = read(fd, request, sizeof(request) - 1), size = -1;
	int file;

	if (got <= 0 || strncmp(request, "GET ", 4) != 0)
		return;
	request[got] = '\0';
	find_name(request + 4, name, sizeof(name));
	file = name[0] ? openat(folder, name, O_RDONLY | O_CLOEXEC) : -1;
	if (file >= 0) {
		size = read(file, body, sizeof(body));
		(void)close(file);
	}
	(void)snprintf(head, sizeof(head),
		       "HTTP/1.1 %s\r\nContent-Length: %zd\r\nConnection: close\r\n\r\n",
		       size >= 0 ? "200 OK" : "404 Not Found", size >= 0 ? size : 0);
	(void)!write(fd, head, strlen(head));
	if (size > 0)
		(void)!write(fd, body, (size_t)size);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int folder = argc == 3 ? open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (folder < 0 || listener < 0 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 1;
	memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
	(void)unlink(argv[1]);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 64) < 0)
		return 1;
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return 1;
		answer(fd, folder);
		(void)close(fd);
	}
}
