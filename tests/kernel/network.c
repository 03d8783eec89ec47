/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILD_UNABLE 125

void network_need(bool is_good, const char *file, int line)
{
	if (is_good)
		return;
	printf("# %s:%d: %s\n", file, line, strerror(errno));
	fflush(stdout);
	_exit(1);
}

/* IPv6 is wanted as well: without it the socket cannot be had. */
static void enter(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		_exit(CHILD_UNABLE);
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		_exit(CHILD_UNABLE);
	NEED(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close(fd);
}

int network_run(void (*activity)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		enter();
		activity();
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == CHILD_UNABLE ? -1 : WEXITSTATUS(status);
}

void *network_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}
