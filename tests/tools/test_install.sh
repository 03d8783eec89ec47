#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What ./x install leaves: complete, able to find its own files, and nothing beside it.
. "$SONDE_SOURCE/tests/lib/tap.sh"

build=$(dirname "$SONDE_BIN")
command -v meson >/dev/null || tap_skip_all "meson is not here"
root=$tap_scratch/root
tap_check "it installs" meson install -C "$build" --no-rebuild --quiet --destdir "$root"
installed=$(find "$root" -path '*/bin/sonde')
installed=${installed%/bin/sonde}
prefix=${installed#"$root"}

for file in lib/systemd/system/sonde.service share/sonde/include/maps.bpf.h \
	share/sonde/include/bpf/bpf_core_read.h share/sonde/probes/runqlat.yaml share/sonde/probes/runqlat.bpf.o \
	share/doc/sonde/LICENSE share/doc/sonde/reference/ebpf_exporter.md; do
	tap_check "$file" test -f "$installed/$file"
done
tap_is "nothing is outside of the prefix" "$(find "$root" -type f ! -path "$installed/*")" ""
tap_is "nothing may be written by others" "$(find "$root" -perm /022 ! -type l)" ""

plan=$("$installed/bin/sonde" plan "$installed/share/sonde/probes")
tap_has "its probes can be planned" "$plan" "config runqlat"

unit=$installed/lib/systemd/system/sonde.service
tap_has "the unit names the binary" "$(cat "$unit")" "ExecStart=$prefix/bin/sonde exporter"
if command -v systemd-analyze >/dev/null; then
	# It looks for the program, too; the name stays, or the unit would be another one.
	mkdir "$tap_scratch/unit"
	sed "s|$prefix/|$installed/|g" "$unit" >"$tap_scratch/unit/sonde.service"
	said=$(systemd-analyze verify --man=no "$tap_scratch/unit/sonde.service" 2>&1 | grep sonde)
	tap_is "systemd understands the unit" "$said" ""
else
	tap_skip "systemd understands the unit" "systemd-analyze is not here"
fi
# ---- what is made from the tables ----

for command in $("$installed/bin/sonde" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	page=$installed/share/man/man1/sonde-$command.1
	tap_has "manual page of $command" "$(cat "$page" 2>&1)" ".SH OPTIONS"
	if command -v groff >/dev/null; then
		tap_is "groff has no complaint about $command" "$(groff -man -Tutf8 -ww -z "$page" 2>&1)" ""
	else
		tap_skip "groff has no complaint about $command" "groff is not here"
	fi
done

bash_completion=$installed/share/bash-completion/completions/sonde
if command -v bash >/dev/null; then
	# complete WORD…: what bash offers for the last one.
	cat >"$tap_scratch/complete" <<-'EOF'
		source "$1"
		shift
		compopt() { :; }
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_sonde
		printf '%s ' "${COMPREPLY[@]}"
	EOF
	complete() {
		PATH=$installed/bin:$PATH bash "$tap_scratch/complete" "$bash_completion" "$@"
	}
	tap_is "bash: commands" "$(complete sonde ex)" "exporter "
	tap_is "bash: flags" "$(complete sonde exporter --config.n)" "--config.names= "
	tap_is "bash: switches" "$(complete sonde exporter --no-d)" "--no-debug "
	tap_is "bash: directories" "$(complete sonde exporter --config.dir = "$installed/share/sonde/pro")" \
		"$installed/share/sonde/probes "
	tap_is "bash: probes" "$(complete sonde run runq)" "runqlat "
	tap_is "bash: gadgets" "$(complete sonde inspect trace_op)" "trace_open "
	tap_is "bash: gadgets where probes are" "$(complete sonde list trace_ex)" "trace_exec "
	tap_is "bash: nothing that is only text" "$(complete sonde exporter --config.names = x)" " "
else
	tap_skip "bash completes" "bash is not here"
fi
if command -v zsh >/dev/null; then
	tap_is "zsh understands its script" "$(zsh -n "$installed/share/zsh/vendor-completions/_sonde" 2>&1)" ""
else
	tap_skip "zsh understands its script" "zsh is not here"
fi
tap_done
