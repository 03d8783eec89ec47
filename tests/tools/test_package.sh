#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian package: it builds from the tree, holds what it should, and works where it was unpacked.
. "$SONDE_SOURCE/tests/lib/tap.sh"

for program in dpkg-buildpackage dh dpkg-deb git; do
	command -v $program >/dev/null || tap_skip_all "$program is not here"
done
git -C "$SONDE_SOURCE" rev-parse --git-dir >/dev/null 2>&1 || tap_skip_all "this is no git tree"

package=$(SONDE_PACKAGES=have "$SONDE_SOURCE/x" package 2>"$tap_scratch/errors") || cat "$tap_scratch/errors"
tap_has "it says where it is" "$package" ".deb"
depends=$(dpkg-deb -f "$package" Depends)
tap_has "it needs what it is linked with" "$depends" "libbpf1"
tap_is "libcurl is needed for some things only" "$(echo "$depends" | grep -c curl)" 0

root=$tap_scratch/root
dpkg-deb -x "$package" "$root"
for file in usr/bin/sonde etc/default/sonde usr/share/man/man1/sonde-run.1.gz \
	usr/share/bash-completion/completions/sonde usr/share/zsh/vendor-completions/_sonde \
	usr/share/sonde/probes/runqlat.bpf.o usr/share/doc/sonde/copyright; do
	tap_check "$file" test -f "$root/$file"
done
tap_has "the unit can be reloaded" "$(cat "$root"/usr/lib/systemd/system/sonde.service "$root"/lib/systemd/system/sonde.service 2>/dev/null)" "ExecReload="
tap_has "its probes can be planned" "$("$root/usr/bin/sonde" plan "$root/usr/share/sonde/probes")" "config runqlat"
tap_has "it knows its revision" "$("$root/usr/bin/sonde" --version)" "revision: $(git -C "$SONDE_SOURCE" rev-parse --short HEAD)"
# What a maintainer script would do to services: nothing by itself.
dpkg-deb -e "$package" "$tap_scratch/scripts"
tap_is "nothing is started by installing it" "$(cat "$tap_scratch"/scripts/postinst 2>/dev/null | grep -c 'deb-systemd-invoke.*start')" 0
rm -f "$package"
tap_done
