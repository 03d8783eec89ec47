#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Programs that follow real containers (runc, busybox): a library that only containers have, and packets of their network
# namespaces, of those that were there before the agent and of those that come later; nothing is left of who is gone.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
runc=$(command -v runc) || tap_skip_all "there is no runc"
top=sonde-follow-$$

# remove_groups: of all hierarchies; deepest first.
remove_groups() {
	find /sys/fs/cgroup -depth -type d -path "*/$top*" -exec rmdir {} + 2>/dev/null
}
tap_at_exit remove_groups

# ---- a bundle: a container shows its network namespace, then calls the library and sends packets until it is stopped ----

mkdir -p root/bin root/proc root/lib root/flags
for busybox in /bin/busybox /usr/bin/busybox; do
	[ ! -e $busybox ] || break
done
cp $busybox root/bin/busybox
for applet in sh true sleep readlink ip ping touch; do
	ln -s busybox root/bin/$applet
done
cp "$SONDE_TEST_BPF/follow_mark" root/lib/libsonde_follow.so.1
cat >root/bin/work <<'END'
#!/bin/sh
# work NAME: until /flags/stop.NAME is there
readlink /proc/self/ns/net
ip link set lo up
until [ -e "/flags/stop.$1" ]; do
	/lib/libsonde_follow.so.1 3
	ping -c 1 -W 1 127.0.0.1 >/dev/null
	sleep 0.1
done
END
chmod +x root/bin/work
"$runc" spec || tap_skip_all "runc cannot write a bundle"
mv config.json template.json

# container_id NUMBER: 64 digits of which the first 12 tell it from others.
container_id() {
	printf '%06d%06d%052d' "$1" $$ 0
}

short_id() {
	container_id "$1" | cut -c 1-12
}

# run_container NUMBER ARG…: in the foreground.
run_container() {
	number=$1
	shift
	mkdir "bundle$number"
	words=
	for word; do
		words="$words${words:+, }\"$word\""
	done
	sed -e 's/"terminal": true/"terminal": false/' \
		-e 's|^\([[:space:]]*\)"sh"$|\1'"$words|" \
		-e 's|"CAP_KILL"|"CAP_KILL", "CAP_NET_ADMIN", "CAP_NET_RAW"|' \
		-e 's|"path": "rootfs"|"path": "'"$tap_scratch/${container_root-root}"'"|' \
		-e 's|^\([[:space:]]*\)"linux": {|&"cgroupsPath": "/'"$top/docker/$(container_id "$number")"'",|' \
		template.json >"bundle$number/config.json"
	# Without pivoting: in a VM the root is the one that cannot be left.
	"$runc" --root "$tap_scratch/state" run --no-pivot --bundle "bundle$number" "sonde-$$-$number" \
		>"log$number" 2>&1 </dev/null
}

# netns NUMBER: of a container that works.
netns() {
	sed -n 's/^net:\[\([0-9]*\)\]$/\1/p' "log$1" 2>/dev/null
}

stop_container() {
	: >"root/flags/stop.$1"
}

stop_containers() {
	for number in 1 2; do
		[ ! -d root/flags ] || stop_container $number
	done
	for pid in ${workers-}; do
		wait "$pid"
	done
}
tap_at_exit stop_containers

if ! run_container 0 /bin/true; then
	tap_skip_all "runc runs no container here: $(tail -n 1 log0)"
fi

# until COMMAND…: waits for what a busy machine may take its time for; a minute at most.
until_true() {
	tries=0
	until "$@" || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

run_container 1 /bin/work 1 &
workers=$!
is_working() {
	[ -n "$(netns "$1")" ]
}
until_true is_working 1

# ---- the agent ----

cp "$SONDE_TEST_BPF/follow.bpf.o" .
cat >follow.yaml <<END
attach:
  - {each: container, program: on_mark}
  - {each: netns, program: on_packet}
metrics:
  counters:
    - name: marks_total
      help: Calls of the library
      labels:
        - name: cgroup
          size: 8
          decoders:
            - name: uint
            - name: container
    - name: packets_total
      help: Packets of a network namespace
      labels:
        - {name: netns, size: 8, decoders: [{name: uint}]}
END

stop() {
	[ -z "${agent-}" ] || kill "$agent" 2>/dev/null
	wait "${agent-}" 2>/dev/null
}
tap_at_exit stop

"$SONDE_BIN" run --probes=. --listen=127.0.0.1:0 follow >out 2>errors &
agent=$!
is_serving() {
	grep -q '^metrics ' out
}
until_true is_serving
url=$(sed -n 's/^metrics *//p' out)

fetch() {
	wget -q -O - "$url" 2>/dev/null || curl -s "$url"
}

# value SERIES: of a fresh scrape; 0 when it is not there.
value() {
	fetch >metrics
	found=$(sed -n "s/^$1 //p" metrics)
	echo "${found:-0}"
}

marks_of() {
	value "ebpf_exporter_marks_total{cgroup=\"$(short_id "$1")\"}"
}

packets_of() {
	value "ebpf_exporter_packets_total{netns=\"$(netns "$1")\"}"
}

# is_followed NUMBER: both of its hooks have told something.
is_followed() {
	[ "$(marks_of "$1")" -ge 6 ] && [ "$(packets_of "$1")" -ge 4 ]
}

until_true is_followed 1
tap_check "a library of a container that was there before is hooked" test "$(marks_of 1)" -ge 6
tap_check "packets of its network namespace are seen" test "$(packets_of 1)" -ge 4

run_container 2 /bin/work 2 &
workers="$workers $!"
until_true is_working 2
until_true is_followed 2
tap_check "a library of a container that comes later is hooked" test "$(marks_of 2)" -ge 6
tap_check "packets of its network namespace are seen, too" test "$(packets_of 2)" -ge 4

# The file is the same in all of them, and hooked by now: no call of a short one is missed, or counted twice.
run_container 3 /lib/libsonde_follow.so.1 1000
tap_is "containers that share a file are counted once" "$(marks_of 3)" 1000

root/lib/libsonde_follow.so.1 1000
tap_check "whoever else runs the file is counted, too" test "$(value 'ebpf_exporter_marks_total{cgroup=""}')" -ge 1000

# As images are shared: the same file in another mount, with another device. The container stays for a while, so that it
# would be hooked a second time.
unmount() {
	umount "$tap_scratch/layered" 2>/dev/null
}
tap_at_exit unmount
mkdir upper workdir layered
[ -z "${SONDE_IN_VM-}" ] || modprobe overlay
if mount -t overlay -o "lowerdir=$tap_scratch/root,upperdir=$tap_scratch/upper,workdir=$tap_scratch/workdir" none layered; then
	targets=$(value 'sonde_followed_targets{config="follow"}')
	container_root=layered
	run_container 4 /bin/sh -c "/bin/true; until [ -e /flags/go ]; do sleep 0.1; done; exec /lib/libsonde_follow.so.1 1000" &
	workers="$workers $!"
	container_root=root
	is_target() {
		[ "$(value 'sonde_followed_targets{config="follow"}')" -gt "$targets" ]
	}
	until_true is_target
	: >layered/flags/go
	has_all_marks() {
		[ "$(marks_of 4)" -ge 1000 ]
	}
	until_true has_all_marks
	tap_is "a file that is seen through overlayfs is the same" "$(marks_of 4)" 1000
else
	tap_skip "a file that is seen through overlayfs is the same" "overlayfs cannot be mounted here"
fi

places() {
	value 'sonde_followed_places{config="follow"}'
}
others=$(places) # others may have containers of their own
tap_check "places are told" test "$others" -ge 4
stop_container 1
stop_container 2
for pid in $workers; do
	wait "$pid"
done
workers=
# The library, and two network namespaces. Once that has been seen, others may bring some of their own.
left=
is_left() {
	[ -n "$left" ] || [ "$(places)" -gt $((others - 3)) ] || left=yes
	[ -n "$left" ]
}
until_true is_left
tap_check "nothing hangs on what is gone" is_left
before=$(value 'ebpf_exporter_marks_total{cgroup=""}')
root/lib/libsonde_follow.so.1 1000
tap_is "nor on a file that only containers had" "$(value 'ebpf_exporter_marks_total{cgroup=""}')" "$before"
tap_is "nothing failed" "$(value 'sonde_followed_failed_total{config="follow"}')" 0
stop
tap_done
