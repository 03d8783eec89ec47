#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Real runtimes, podman and containerd's CRI (tests/peer puts them there), each with data, socket and cgroup of the
# test's own: what a container executes is told, to the digit, under the names that only its runtime knows, also when
# it is gone; records have them, too; and a filter by such a name leaves the others out.

# A mount namespace of its own: sockets stand where sonde looks for them, the machine's are out of sight, and
# whatever a runtime mounts goes with it.
if [ -n "${SONDE_CONTAINERS-}" ] && [ -z "${SONDE_RUNTIMES_INSIDE-}" ] &&
	unshare -m --propagation private true 2>/dev/null; then
	SONDE_RUNTIMES_INSIDE=1 exec unshare -m --propagation private "$0"
fi
# A VM's root is its initramfs, which before 7.0 nothing can be pivoted away from; a bind mount of it will do.
if [ -n "${SONDE_IN_VM-}" ] && [ "${SONDE_RUNTIMES_INSIDE-}" = 1 ] && mount --rbind / /mnt; then
	SONDE_RUNTIMES_INSIDE=2 exec chroot /mnt "$0"
fi
. "$SONDE_SOURCE/tests/lib/tap.sh"

peers=${SONDE_CONTAINERS-}
[ -n "$peers" ] || tap_skip_all "podman and containerd are not here (SONDE_CONTAINERS is not set)"
[ -n "${SONDE_RUNTIMES_INSIDE-}" ] || tap_skip_all "no mount namespace can be made here"
cd "$tap_scratch" || exit 1
runc=$(command -v runc) || tap_skip_all "there is no runc"
for cgroup_root in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $cgroup_root/cgroup.procs ] || break
done
top=sonde-runtimes-$$
mkdir "$cgroup_root/$top" 2>/dev/null || tap_skip_all "no cgroup can be made here"

# remove_all: of all hierarchies; deepest first. Who is killed forks no more, who forked before is found again.
remove_all() {
	tries=0
	while [ $tries -lt 100 ]; do
		found=$(find /sys/fs/cgroup -path "*/$top*" -name cgroup.procs -exec cat {} + 2>/dev/null)
		[ -n "$found" ] || break
		# shellcheck disable=SC2086 # words
		kill -9 $found 2>/dev/null
		sleep 0.1
		tries=$((tries + 1))
	done
	find /sys/fs/cgroup -depth -type d -path "*/$top*" -exec rmdir {} + 2>/dev/null
}
tap_at_exit remove_all
mkdir "$cgroup_root/$top/daemons"
for folder in /run /dev/shm /var/lib; do
	mount -t tmpfs none $folder || tap_skip_all "nothing can be mounted here"
done
mkdir -p /run/peers /run/podman /run/containerd

# ---- an image: busybox, in the form that docker save has ----

image=docker.io/local/sonde-test:1
mkdir -p root/bin root/proc root/dev root/sys root/etc root/tmp root/run image
# Not by `command -v`: to a shell that is busybox itself it is no file.
for busybox in /bin/busybox /usr/bin/busybox; do
	[ ! -e $busybox ] || break
done
cp $busybox root/bin/busybox
for applet in sh true sleep; do
	ln -s busybox root/bin/$applet
done
tar -cf image/layer.tar -C root .
case $(uname -m) in
x86_64) architecture=amd64 ;;
aarch64) architecture=arm64 ;;
*) architecture=$(uname -m) ;;
esac
cat >image/config.json <<END
{"architecture": "$architecture", "os": "linux",
 "config": {"Cmd": ["/bin/sleep", "1000"], "Env": ["PATH=/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$(sha256sum <image/layer.tar | cut -c 1-64)"]}}
END
cat >image/manifest.json <<END
[{"Config": "config.json", "RepoTags": ["$image"], "Layers": ["layer.tar"]}]
END
tar -cf image.tar -C image manifest.json config.json layer.tar

# worker COUNT: executes true so many times at once, and again whenever it hears SIGUSR1.
worker() {
	echo "work() { i=0; while [ \$i -lt $1 ]; do /bin/true; i=\$((i + 1)); done; }
		trap work USR1; work; while :; do sleep 1; done"
}

# ---- the runtimes ----

libraries=$(printf '%s:' "$peers"/usr/lib/*-linux-gnu "$peers"/lib/*-linux-gnu)

# In a VM it is one of those programs; here the machine's own comes first.
curl() {
	LD_LIBRARY_PATH=$libraries PATH="$PATH:$peers/usr/bin" command curl "$@"
}

# in_group COMMAND…: it and what it starts are found by the cgroup when all is removed.
in_group() {
	# shellcheck disable=SC2016
	LD_LIBRARY_PATH=$libraries PATH="$peers/usr/bin:$PATH" \
		CONTAINERS_CONF="$tap_scratch/containers.conf" \
		sh -c 'echo $$ >"$0" && exec "$@"' "$cgroup_root/$top/daemons/cgroup.procs" "$@" </dev/null
}

cat >containers.conf <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
netns = "none"
apparmor_profile = "unconfined"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
conmon_path = ["$peers/usr/bin/conmon"]
conmon_env_vars = ["PATH=$PATH", "LD_LIBRARY_PATH=$libraries"]
runtime = "runc"
[engine.runtimes]
runc = ["$runc"]
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >policy.json

podman() {
	in_group "$peers/usr/bin/podman" --root /run/peers/podman --runroot /run/peers/podman-run \
		--tmpdir /run/peers/podman-tmp --storage-driver vfs "$@"
}

cat >containerd.toml <<END
version = 2
root = "/run/peers/containerd"
state = "/run/peers/containerd-run"
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/peers/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$image"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
END

patience=30
[ -z "${SONDE_IN_VM-}" ] || patience=100 # its processors are emulated

# cannot WHAT LOG: on a machine that somebody uses there may be a reason; in a VM everything is as the test wants it.
cannot() {
	[ -z "${SONDE_IN_VM-}" ] || {
		tap_not_ok "$1" "$(cat "$2")"
		tap_done
		exit 1
	}
	tap_skip_all "$1: $(tail -n 1 "$2")"
}

uptime() {
	cut -d. -f1 /proc/uptime
}

# wait_for COMMAND…: so many seconds at most, of a machine that is busy with everything else.
wait_for() {
	until=$(($(uptime) + patience))
	until "$@" >/dev/null 2>&1; do
		[ "$(uptime)" -lt "$until" ] || return 1
		sleep 0.1
	done
}

in_group "$peers/usr/bin/containerd" -c containerd.toml >containerd.log 2>&1 &
podman load --signature-policy policy.json -i image.tar >load.log 2>&1 ||
	cannot "podman takes no image here" load.log
podman system service --time 0 unix:///run/podman/podman.sock >podman.log 2>&1 &
wait_for test -S /run/containerd/containerd.sock || cannot "containerd does not serve here" containerd.log
wait_for in_group "$peers/usr/bin/ctr" --namespace k8s.io images import image.tar ||
	cannot "containerd takes no image here" containerd.log
wait_for test -S /run/podman/podman.sock || cannot "podman does not serve here" podman.log

# ---- CRI by hand: a message is hexadecimal digits until it is sent ----

# varint NUMBER, of less than 16384
varint() {
	if [ "$1" -lt 128 ]; then printf '%02x' "$1"; else printf '%02x%02x' $(($1 % 128 + 128)) $(($1 / 128)); fi
}

# message FIELD HEX
message() {
	printf '%s%s%s' "$(varint $(($1 * 8 + 2)))" "$(varint $((${#2} / 2)))" "$2"
}

# text FIELD TEXT
text() {
	message "$1" "$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n')"
}

# cri METHOD HEX: prints the id in the answer, if there is one.
cri() {
	env printf "$(printf '00%08x%s' $((${#2} / 2)) "$2" | sed 's/../\\x&/g')" |
		curl -s --max-time $((patience * 2)) -D cri.head -o cri.body --http2-prior-knowledge \
			--unix-socket /run/containerd/containerd.sock -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- \
			"http://localhost/runtime.v1.RuntimeService/$1"
	tr -d '\r' <cri.head | grep -q '^grpc-status: 0$' || return 1
	grep -a -o '[0-9a-f]\{64\}' cri.body
	return 0
}

# Metadata, and linux: the parent of its cgroups, the host's network.
pod=$(message 1 "$(text 1 shop-0)$(text 2 "uid-$$")$(text 3 shop)")
pod=$pod$(message 8 "$(text 1 "/$top/kubepods/pod$$")$(message 2 "$(message 1 0802)")")

run_pod() {
	sandbox_id=$(cri RunPodSandbox "$(message 1 "$pod")") || return 1
	container=$(message 1 "$(text 1 app)")$(message 2 "$(text 1 $image)")
	container=$container$(text 3 /bin/sh)$(text 4 -c)$(text 4 "$(worker 9)")
	container=$container$(message 9 "$(text 1 io.kubernetes.container.name)$(text 2 app)")
	app_id=$(cri CreateContainer "$(text 1 "$sandbox_id")$(message 2 "$container")$(message 3 "$pod")") &&
		cri StartContainer "$(text 1 "$app_id")"
}

# ---- the agents: one of everything, one of records, two that filter ----

cp "$SONDE_TEST_BPF/who_commands.bpf.o" .
cat >who_commands.yaml <<END
identity: [namespace, pod, container]
metrics:
  counters:
    - name: commands_total
      help: Programs executed
      labels:
        - name: cgroup
          size: 8
          decoders:
            - name: uint
            - name: cgroup
        - name: command
          size: 16
          decoders:
            - name: string
END

: >web.id
agents=''
stop() {
	# shellcheck disable=SC2086 # words
	[ -z "$agents" ] || { kill $agents && wait $agents; } 2>/dev/null
}
tap_at_exit stop

# start NAME COMMAND…: what it serves says when it is there.
start() {
	agent=$1
	shift
	"$@" --listen=127.0.0.1:0 --runtime.timeout="${patience}s" >"$agent.out" 2>"$agent.errors" </dev/null &
	agents="$agents $!"
}

# serves AGENT
serves() {
	cat "$1.out" "$1.errors" | grep -q '^metrics '
}

# fetch AGENT: its metrics.
fetch() {
	url=$(cat "$1.out" "$1.errors" | sed -n 's/^metrics *//p')
	wget -q -O - "$url" 2>/dev/null || curl -s "$url"
}

# value AGENT SERIES
value() {
	fetch "$1" | sed -n "s/^$2 //p"
}

# has_lists AGENT: both runtimes have told it of all that they run.
has_lists() {
	[ "$(fetch "$1" | grep -c '^sonde_runtime_lists_total{.*} [1-9]')" = 2 ]
}

# wants AGENT NUMBER: so many cgroups at least have a name that was asked for.
wants() {
	[ "$(value "$1" sonde_identity_wanted_cgroups)" -ge "$2" ]
}

# count AGENT LABELS: how often true was executed, over the series with these labels.
count() {
	fetch "$1" |
		awk -v labels="$2" '
			/^ebpf_exporter_commands_total[{]/ && /command="true"/ && index($0, labels) { sum += $NF }
			END { print sum + 0 }'
}

# counts AGENT LABELS NUMBER
counts() {
	[ "$(count "$1" "$2")" = "$3" ]
}

# finally_is NAME AGENT LABELS NUMBER: names come when the runtime has told them, counts when the shell got there.
finally_is() {
	wait_for counts "$2" "$3" "$4"
	tap_is "$1" "$(count "$2" "$3")" "$4"
}

# records TEXT: those of true, with that text in them.
records() {
	grep '"comm":"true"' records.out | grep "$1"
}

# test_records TEXT NUMBER: there are so many by now.
test_records() {
	[ "$(records "$1" | wc -l)" -ge "$2" ]
}

web='container="web"'
app='container="app"'
app_of_pod='container="app",namespace="shop",pod="shop-0"'
pod_of_app='"k8s":{"containerName":"app",.*"namespace":"shop",.*"podName":"shop-0"'
start everything "$SONDE_BIN" run --probes=. who_commands
wait_for serves everything || cannot "sonde does not serve" everything.errors
podman run --detach --name web --cgroups no-conmon --cgroup-parent "/$top/podman" $image \
	/bin/sh -c "$(worker 7)" >web.id 2>web.log || cannot "podman runs no container here" web.log
run_pod >pod.log 2>&1 || {
	cat cri.head containerd.log >>pod.log
	cannot "containerd runs no pod here" pod.log
}
web_id=$(cat web.id)
finally_is "what a container of podman executes is told by its name" everything "$web" 7
finally_is "what one of a pod executes is told by the names of both" everything "$app_of_pod" 9

start by_container "$SONDE_BIN" run --probes=. --container=web who_commands
start by_pod "$SONDE_BIN" run --probes=. --pod=shop/shop-0 who_commands
start records "$SONDE_BIN" run -o json --metrics trace_exec
for agent in by_container by_pod records; do
	wait_for serves $agent
done
# Until its runtime has told the name, a container is wanted by id only.
tap_check "a filter knows a container that was there before" wait_for wants by_container 1
tap_check "and those of a pod, with its sandbox" wait_for wants by_pod 2
tap_check "runtimes tell who shows records of all that they run" wait_for has_lists records
for id in "$web_id" "$app_id"; do
	# The sleep that it hits ends by it, and so its shell looks at once.
	find "$cgroup_root/$top" -path "*$id*" -name cgroup.procs -exec cat {} + | xargs kill -USR1
done
finally_is "so is what it executes later" everything "$web" 14
finally_is "and in the pod" everything "$app_of_pod" 18
finally_is "a filter by container counts that container" by_container "$web" 7
tap_is "and no other" "$(count by_container '{')" 7
finally_is "a filter by pod counts that pod" by_pod "$app_of_pod" 9
tap_is "and nobody else" "$(count by_pod '{')" 9
# What is executed is counted a little before its record is written.
tap_check "records name a container" wait_for test_records "\"containerName\":\"web\"" 7
tap_check "and a pod" wait_for test_records "$pod_of_app" 9
tap_is "all of that container have its name" "$(records "$web_id" | grep -c -v '"containerName":"web"')" 0
tap_is "all of the pod have its names" "$(records "$app_id" | grep -c -v "$pod_of_app")" 0
tap_check "podman removes its container" podman rm --force --time 0 web
tap_check "containerd stops its pod" cri StopPodSandbox "$(text 1 "$sandbox_id")"
tap_check "and removes it" cri RemovePodSandbox "$(text 1 "$sandbox_id")"
tap_is "their cgroups are gone" "$(find "$cgroup_root/$top" -type d -path "*$app_id*" -o -type d -path "*/$top/podman/*")" ""
tap_is "a container that is gone has its name" "$(count everything "$web")" 14
tap_is "one of a pod as well" "$(count everything "$app_of_pod")" 18
tap_is "and no other series has it" "$(count everything "$app")" 18
tap_done
