#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A thousand containers (runc, busybox) of 50 ms each under `sonde run --by container`: how many of them have no numbers of
# their own, and what the agent keeps of one that is gone.
set -u

[ "${1-}" != --list ] || {
	echo containers
	exit 0
}
printf '# a thousand containers of 50 ms each\n'
count=1000
half=$((count / 2))
runc=$(command -v runc) || {
	printf 'containers_missing\tskip\tthere is no runc\n'
	exit 0
}
work=$(mktemp -d)
top=sonde-bench-$$
agent=''

end() {
	[ -z "$agent" ] || kill "$agent"
	[ -z "$agent" ] || wait "$agent"
	find /sys/fs/cgroup -depth -type d -path "*/$top*" -exec rmdir {} +
	rm -rf "$work"
}
trap 'end 2>/dev/null' EXIT
trap 'exit 143' INT TERM HUP
cd "$work" || exit 1

mkdir -p root/bin root/proc
cp "$(command -v busybox)" root/bin/busybox
for applet in sh true sleep; do
	ln -s busybox root/bin/$applet
done
"$runc" spec && mv config.json template.json

# run_container NUMBER
run_container() {
	mkdir "bundle$1"
	sed -e 's/"terminal": true/"terminal": false/' \
		-e 's|^\([[:space:]]*\)"sh"$|\1"/bin/sh", "-c", "/bin/true; exec /bin/sleep 0.05"|' \
		-e 's|"path": "rootfs"|"path": "'"$work/root"'"|' \
		-e 's|^\([[:space:]]*\)"linux": {|&"cgroupsPath": "/'"$top/docker/$(printf '%06d%058d' "$1" 0)"'",|' \
		template.json >"bundle$1/config.json"
	"$runc" --root "$work/state" run --bundle "bundle$1" "$top-$1" >log 2>&1 </dev/null
	rm -rf "bundle$1"
}

# run_all FIRST LAST: four at once
run_all() {
	at=$1
	while [ "$at" -le "$2" ]; do
		pids=''
		for number in $at $((at + 1)) $((at + 2)) $((at + 3)); do
			run_container "$number" &
			pids="$pids $!"
		done
		for pid in $pids; do
			wait "$pid"
		done
		at=$((at + 4))
	done
}

# own_bytes: what the table of identities says that it takes.
own_bytes() {
	sed -n 's/^sonde_identity_bytes //p' metrics | awk '{ printf "%d", $1 }'
}

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$agent/status"
}

: >out
"$SONDE_BIN" run --probes="$SONDE_PROBES" --listen=127.0.0.1:0 --by=container syscalls >out 2>errors &
agent=$!
until grep -q '^metrics ' out || ! kill -0 "$agent"; do
	sleep 0.1
done
url=$(sed -n 's/^metrics *//p' out)
run_all 1 $half
curl -s "$url" >metrics
before=$(resident_kib) bytes=$(own_bytes)
run_all $((half + 1)) $count
curl -s "$url" >metrics
seen=$(grep -c '^ebpf_exporter_syscalls_total{.*"[0-9]\{6\}000000"' metrics)
printf 'containers_missing\t%d\t\t0\n' $((count - seen))
printf 'containers_records_lost\t%d\t\t0\n' \
	"$(awk '/^sonde_identity_records_lost_total/ { sum += $2 } END { print sum + 0 }' metrics)"
printf 'containers_rss_of_one_gone\t%d\tB\t\n' $((($(resident_kib) - before) * 1024 / half))
printf 'containers_bytes_of_one_gone\t%d\tB\t1024\n' $((($(own_bytes) - bytes) / half))
