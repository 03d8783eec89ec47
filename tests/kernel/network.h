/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_KERNEL_NETWORK_H
#define TESTS_KERNEL_NETWORK_H

/*
 * A child process in a network namespace of its own, where loopback is up and nobody else is.
 * It owns nothing: the namespace ends with the child, and what the child learns it leaves in memory that both share.
 * Tests of probes call it between two scrapes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Runs it in the child; its exit status, 0 when it returned. Where no namespace is to be had: negative. */
int network_run(void (*activity)(void));
/* In the child: a set-up that fails ends it, and the line and errno are shown. */
#define NEED(claim) network_need((claim), __FILE__, __LINE__)
void network_need(bool is_good, const char *file, int line);
/* In a VM, whose kernel has nearly everything in modules; elsewhere it does nothing. */
void network_load_module(const char *module);
/* In the child: a device goes up, and its index; a pair of veth is made, and both go up. */
int network_set_up(const char *device);
void network_add_veth(const char *device, const char *peer);
/* The peer is given to the namespace of another process, which sets it up. */
void network_add_veth_to(const char *device, const char *peer, pid_t owner);
/* A queueing discipline that drops everything the device is to send. */
void network_add_blackhole(const char *device);
/* One that sends everything in turn. */
void network_add_queue(const char *device);
/* Zeroed memory that a child shares; never NULL, lives as long as the process. */
void *network_shared(size_t size);

#endif
