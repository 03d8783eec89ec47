#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What every other kernel test stands on: when this fails, theirs say nothing about sonde.
. "$SONDE_SOURCE/tests/lib/tap.sh"

tap_check "root runs the tests" test "$(id -u)" = 0
tap_check "the kernel brings its BTF" test -r /sys/kernel/btf/vmlinux
tap_check "the binary starts" test -x "$SONDE_BIN"

if [ -n "${SONDE_IN_VM-}" ]; then
	tap_has "bpf is among the LSMs" "$(cat /sys/kernel/security/lsm)" bpf
	tap_check "there is a scratch disk" test -b /dev/vda
	tap_check "modules load by themselves" ip link add sonde0 type veth peer name sonde1
	ip link del sonde0
	tap_check "bpffs is mounted" grep -q ' /sys/fs/bpf bpf ' /proc/mounts
	tap_check "tracefs is mounted" test -d /sys/kernel/tracing/events/sched
else
	tap_skip "the VM has its LSM, disk, modules and mounts" "not in a VM"
fi
tap_done
