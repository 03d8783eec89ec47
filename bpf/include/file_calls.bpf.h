/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef BPF_INCLUDE_FILE_CALLS_BPF_H
#define BPF_INCLUDE_FILE_CALLS_BPF_H

/* System calls on files by what they do, and file systems by the number that every super block carries: lists to make tables
 * of. Include kernel.bpf.h first. */

#define FILE_SYSCALL_MAX 512 /* above all numbers here */

/* Name, number, operation. FILE_CALLS_AT: those that say themselves where in the file, in their fourth argument. */
#if defined(__TARGET_ARCH_x86)
#define FILE_CALLS(X)                                                                              \
	X(read, 0, READ)                                                                           \
	X(readv, 19, READ)                                                                         \
	X(write, 1, WRITE)                                                                         \
	X(writev, 20, WRITE)                                                                       \
	X(fsync, 74, SYNC)                                                                         \
	X(fdatasync, 75, SYNC)                                                                     \
	X(open, 2, OPEN)                                                                           \
	X(openat, 257, OPEN)                                                                       \
	X(openat2, 437, OPEN)
#define FILE_CALLS_AT(X)                                                                           \
	X(pread64, 17, READ)                                                                       \
	X(preadv, 295, READ)                                                                       \
	X(preadv2, 327, READ)                                                                      \
	X(pwrite64, 18, WRITE)                                                                     \
	X(pwritev, 296, WRITE)                                                                     \
	X(pwritev2, 328, WRITE)
#define SYSCALL_STATFS 137
#define SYSCALL_FSTATFS 138
#else
#define FILE_CALLS(X)                                                                              \
	X(read, 63, READ)                                                                          \
	X(readv, 65, READ)                                                                         \
	X(write, 64, WRITE)                                                                        \
	X(writev, 66, WRITE)                                                                       \
	X(fsync, 82, SYNC)                                                                         \
	X(fdatasync, 83, SYNC)                                                                     \
	X(openat, 56, OPEN)                                                                        \
	X(openat2, 437, OPEN)
#define FILE_CALLS_AT(X)                                                                           \
	X(pread64, 67, READ)                                                                       \
	X(preadv, 69, READ)                                                                        \
	X(preadv2, 286, READ)                                                                      \
	X(pwrite64, 68, WRITE)                                                                     \
	X(pwritev, 70, WRITE)                                                                      \
	X(pwritev2, 287, WRITE)
#define SYSCALL_STATFS 43
#define SYSCALL_FSTATFS 44
#endif

/* Name and number, in the order of the numbers that probes/fslatency gives them: new ones at the end. */
#define FILE_SYSTEMS(X)                                                                            \
	X(ext4, 0x0000ef53) /* and ext2, ext3 */                                                   \
	X(xfs, 0x58465342)                                                                         \
	X(btrfs, 0x9123683e)                                                                       \
	X(f2fs, 0xf2f52010)                                                                        \
	X(zfs, 0x2fc12fc1)                                                                         \
	X(bcachefs, 0xca451a4e)                                                                    \
	X(overlay, 0x794c7630)                                                                     \
	X(tmpfs, 0x01021994) /* shared memory and memfd_create(), too */                           \
	X(ramfs, 0x858458f6) /* the initial file system */                                         \
	X(fuse, 0x65735546)                                                                        \
	X(nfs, 0x00006969)                                                                         \
	X(smb, 0xfe534d42)                                                                         \
	X(cifs, 0xff534d42)                                                                        \
	X(ceph, 0x00c36400)                                                                        \
	X(9p, 0x01021997)                                                                          \
	X(fat, 0x00004d44)                                                                         \
	X(exfat, 0x2011bab0)                                                                       \
	X(ntfs, 0x7366746e)                                                                        \
	X(squashfs, 0x73717368)                                                                    \
	X(erofs, 0xe0f5e1e2)                                                                       \
	X(iso9660, 0x00009660)                                                                     \
	X(hugetlbfs, 0x958458f6)                                                                   \
	X(proc, 0x00009fa0)                                                                        \
	X(sysfs, 0x62656572)                                                                       \
	X(cgroup, 0x0027e0eb)                                                                      \
	X(cgroup2, 0x63677270)                                                                     \
	X(tracefs, 0x74726163)

#endif
