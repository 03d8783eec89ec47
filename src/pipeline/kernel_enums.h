/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SRC_PIPELINE_KERNEL_ENUMS_H
#define SRC_PIPELINE_KERNEL_ENUMS_H

/*
 * Names of values as the running kernel has them: of its own enums, such as the reasons for dropping a packet, the numbers
 * differ from kernel to kernel, and a gadget was compiled with those of one. A plain function that owns nothing; the
 * kernel's types are read when a spec has such an enum, and freed before it returns. The agent calls it for every config.
 */

struct spec;

/*
 * Gives texts of enums the kernel's names, in the spec, which has been completed and is not yet planned. An enum of the
 * same name that shares no name of a value is another one. Whatever cannot be read leaves the gadget's names; -ENOMEM.
 * btf_path: the kernel's types, or NULL.
 */
int kernel_enums_apply(struct spec *spec, const char *btf_path);

#endif
