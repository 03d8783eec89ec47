#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Policies about pods, containers and the host count and tell of those and of nobody else: of a container that is older than
# the policy and of one that comes later, of what it makes below itself, of one whose name is told late, and not of a process
# that has left it.
. "$SONDE_SOURCE/tests/lib/tap.sh"

cd "$tap_scratch" || exit 1
for cgroups in /sys/fs/cgroup/unified /sys/fs/cgroup; do
	[ ! -e $cgroups/cgroup.procs ] || break
done
top=$cgroups/sonde-scopes-$$
mkdir "$top" 2>/dev/null || tap_skip_all "no cgroup can be made here"
agent='' docker='' sleeper=''

# stop PID…
stop() {
	for process; do
		kill "$process" 2>/dev/null
		wait "$process" 2>/dev/null
	done
}
clean_up() {
	# shellcheck disable=SC2086 # words
	stop $sleeper $agent $docker
	find "$top" -depth -type d -exec rmdir {} + 2>/dev/null
}
tap_at_exit clean_up

# until_true COMMAND…: for a minute at most.
until_true() {
	tries=0
	until "$@" || [ $tries -eq 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# ---- containers, as far as a runtime and cgroups tell of them ----

id_of() { printf '%06d%058d' "$1" $$; }
# A pod's container has its labels from the kubelet.
# container NUMBER NAME IMAGE [POD NAMESPACE APP]
container() {
	id=$(id_of "$1")
	labels=''
	[ -z "${4-}" ] || labels='"io.kubernetes.container.name":"'$2'","io.kubernetes.pod.name":"'$4'",
		"io.kubernetes.pod.namespace":"'$5'","app":"'$6'"'
	echo '{"Id":"'"$id"'","Name":"/'"$2"'","State":{"Status":"running","Pid":1,"StartedAt":"2024-01-01T00:00:00Z"},
		"Config":{"Image":"'"$3"'","Labels":{'"$labels"'}}}' >"docker/$id"
	echo '{"Id":"'"$id"'","Names":["/'"$2"'"],"Image":"'"$3"'","Labels":{'"$labels"'}}' >"docker/list.$1"
	list=''
	for entry in docker/list.*; do
		list="$list${list:+,}$(cat "$entry")"
	done
	echo "[$list]" >docker/list
}
group_of() { echo "$top/docker/$(id_of "$1")"; }
# in_group GROUP COMMAND…
# shellcheck disable=SC2016
in_group() { sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$@"; }
scrape() { { wget -q -O - "$url" 2>/dev/null || curl -s "$url"; } >metrics; }
# all_calls PROGRAM: what each policy has counted of it, by name.
all_calls() {
	scrape
	awk -v program="binary=\"$tap_scratch/$1\"" '
		/^tetragon_policy_events_total[{]/ && index($0, program) {
			match($0, /policy="[^"]*"/)
			sum[substr($0, RSTART + 8, RLENGTH - 9)] += $NF
		}
		END { for (name in sum) print name "=" sum[name] }' metrics | sort | tr '\n' ' '
}
start_docker() {
	"$SONDE_TEST_BPF/fake_docker" "$tap_scratch/docker.sock" docker &
	docker=$!
}

mkdir docker "$top/docker"
echo '{"Version":"27.0","Components":[{"Name":"Engine"}]}' >docker/version
container 1 server registry.test/shop/web:1 web-0 shop web
container 2 server registry.test/shop/db:2@sha256:00 db-0 shop db
container 3 lonely docker.io/library/busybox:1.36
mkdir "$(group_of 1)" "$(group_of 2)" "$(group_of 3)"
for program in older web db lonely host late below moved changed; do
	cp "$SONDE_TEST_BPF/policy_caller" $program$$ || exit 1
done

# ---- policies ----

# policy NAME SELECTORS [SELECTORS-OF-THE-HOOK]
policy() {
	cat >"policies/$1.yaml" <<-END
		apiVersion: cilium.io/v1alpha1
		kind: ${4-TracingPolicy}
		metadata: {name: $1${5-}}
		spec:
		  $2
		  kprobes:
		  - {call: sys_getppid, syscall: true${3:+, selectors: [$3]}}
	END
}
mkdir policies
policy web 'podSelector: {matchLabels: {app: web}}'
policy db 'podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}'
policy shop '' '' TracingPolicyNamespaced ', namespace: shop'
policy servers 'containerSelector: {matchLabels: {name: server}}'
policy alone 'containerSelector: {matchExpressions: [{key: repo, operator: In, values: [docker.io/library/busybox]}]}'
policy host 'hostSelector: {}'
policy workloads '' '{matchWorkloads: {podSelector: {matchLabels: {app: db}}}}, {matchWorkloads: {hostSelector: {}}}'
cat >sonde.yaml <<-END
	listen: {address: "127.0.0.1:0"}
	control: {socket: control.sock}
	identity: {runtime_sockets: ["docker:$tap_scratch/docker.sock"]}
	events:
	  file: events.json
	  allow: '{"binary_regex":["$tap_scratch/"],"policy_names":["web"],"event_set":["PROCESS_KPROBE"]}'
	run:
	- policy: policies
END

start_docker
in_group "$(group_of 1)" ./older$$ wait="$tap_scratch/go" getppid=5 &
sleeper=$!
touch errors
"$SONDE_BIN" agent -c sonde.yaml --log.no-timestamps >out 2>errors &
agent=$!
until_true grep -q '^Started' errors
url=http://127.0.0.1:$(sed -n 's/^Listening on .*, port \([0-9]*\)$/\1/p' errors)/metrics
nobody_waits() {
	scrape
	grep -q '^sonde_policy_scope_waiting 0$' metrics
}
until_true nobody_waits
tap_check "whoever is there is known" grep -q '^sonde_policy_scope_waiting 0$' metrics
[ -s metrics ] || sed 's/^/# /' errors

# ---- who is there ----

in_group "$(group_of 1)" ./web$$ getppid=11
in_group "$(group_of 2)" ./db$$ getppid=22
in_group "$(group_of 3)" ./lonely$$ getppid=33
./host$$ getppid=44
tap_is "of a pod" "$(all_calls web$$)" "servers=11 shop=11 web=11 "
tap_is "of another one" "$(all_calls db$$)" "db=22 servers=22 shop=22 workloads=22 "
tap_is "of a container that is in no pod" "$(all_calls lonely$$)" "alone=33 "
tap_is "of the host" "$(all_calls host$$)" "host=44 workloads=44 "
: >go
wait "$sleeper"
sleeper=''
tap_is "of a process that is older than the policy" "$(all_calls older$$)" "servers=5 shop=5 web=5 "

# ---- who comes and goes ----

container 4 server registry.test/shop/web:1 web-1 shop web
mkdir "$(group_of 4)"
until_true nobody_waits
in_group "$(group_of 4)" ./late$$ getppid=6
tap_is "of a container that comes later" "$(all_calls late$$)" "servers=6 shop=6 web=6 "
mkdir "$(group_of 4)/below"
in_group "$(group_of 4)/below" ./below$$ getppid=8
tap_is "of what a container makes below itself, at once" "$(all_calls below$$)" "servers=8 shop=8 web=8 "
# shellcheck disable=SC2016
in_group "$(group_of 4)" sh -c '"$1" getppid=2; echo $$ >"$0/cgroup.procs"; exec "$1" getppid=3' "$top" ./moved$$
tap_is "not of a process that has left it" "$(all_calls moved$$)" "host=3 servers=2 shop=2 web=2 workloads=3 "

# Nobody answers for a new container, which may be of this pod or of that.
stop "$docker"
container 5 server registry.test/shop/web:1 web-2 shop web
container 6 server registry.test/shop/web:2 web-0 shop db
mkdir "$(group_of 5)" "$(group_of 6)"
somebody_waits() { ! nobody_waits; }
until_true somebody_waits
in_group "$(group_of 5)" ./late$$ getppid=100
tap_is "nothing is taken for what it may not be" "$(all_calls late$$)" "servers=6 shop=6 web=6 "
start_docker
until_true nobody_waits
in_group "$(group_of 5)" ./late$$ getppid=1
tap_is "of a container whose name came late" "$(all_calls late$$)" "servers=7 shop=7 web=7 "
in_group "$(group_of 6)" ./changed$$ getppid=9
tap_is "a pod's next container has the labels that were changed" "$(all_calls changed$$)" \
	"db=9 servers=9 shop=9 workloads=9 "

# ---- events ----

events() { grep '"process_kprobe"' events.json | grep "binary\":\"$tap_scratch/$2$$\"" | grep -c "\"pod\":{\"namespace\":\"shop\",\"name\":\"$1\""; }
has_told() { [ "$(events web-2 late)" -ge 1 ]; }
until_true has_told
tap_is "events are of these pods only" \
	"$(events web-0 older) $(events web-1 late) $(events web-2 late) $(grep -c "binary\":\"$tap_scratch/\(db\|host\|lonely\)" events.json)" \
	"5 6 1 0"
tap_is "nobody was left out" "$(sed -n 's/^sonde_policy_scope_left_out //p' metrics)" 0

tap_done
