# Real processes on loopback in a directory of their own. Sourced by the end-to-end and crash tests and by the demo.
#
#   rig_new            a directory $rig, a simulator on a port of its own, accounts.yaml that points to it
#   rig_daemon [env]   start gazetted and wait until it says it is ready
#   rig_daemon_counted [env]  the same under strace(1): syncs says how often it has waited for a disk by then
#   rig_stop           SIGTERM to the daemon, wait for its end, keep its exit code in $daemon_status
#   g ...              the command line, bound to this rig's socket
#   sim METHOD PATH [JSON]    the simulator's control interface
#   wait_log WORD      block until the daemon's log has a line with WORD
#   rig_office         what every accounts.yaml begins with
#   wechat_main        the members of the WeChat account that the scripts share; wechat_listens: its callbacks come to us
#   sql STATEMENT      what the store holds
#   ok / same / has / is   one TAP line each
#
# With RIG_VALGRIND set the daemon runs under valgrind, and whatever that has to say is a failure.
#
# Nothing here waits for time: logs are followed, `post wait` and the monitor tell what happened.

build=${GAZETTE_BUILD:?the build directory}
source=${GAZETTE_SOURCE:?the source directory}
PATH=$build/src/cli:$build/src/daemon:$build/src/sim:$PATH
LC_ALL=C.UTF-8
TZ=Asia/Shanghai
export PATH LC_ALL TZ

tap=0
bad=0
daemon_pid=
sim_pid=
watch_pids=

rig_end() {
	status=$?
	trap - EXIT
	for pid in $watch_pids $daemon_pid $sim_pid; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	if [ "$status" -ne 0 ] || [ "$bad" -ne 0 ]; then
		echo "# daemon log, last lines:"
		tail -n 40 "$rig/daemon.log" 2>/dev/null | sed 's/^/# /'
	fi
	if [ -n "$(cat "$rig"/valgrind.* 2>/dev/null)" ]; then
		echo "# valgrind:"
		cat "$rig"/valgrind.* | head -n 100 | sed 's/^/# /'
		status=1
	fi
	[ -n "${RIG_KEEP:-}" ] || rm -rf "$rig"
	[ "$status" -eq 0 ] && [ "$bad" -ne 0 ] && status=1
	exit "$status"
}

# follow FILE PID PATTERN: block until FILE has a line that matches, or PID has ended; at most 60 seconds.
follow() {
	: >>"$1" # the background job that writes it may not have made it yet
	timeout 60 tail -n +1 -f --pid="$2" "$1" 2>/dev/null | grep -q -m1 -e "$3"
}

rig_office() {
	cat <<YAML
office:
  name: 平安示例
  zone: Asia/Shanghai
state: $rig/state
socket: $rig/control
triage: $source/src/dist/triage.yaml
wording: $source/src/dist/wording.yaml
YAML
}

weibo_account() { # TIER UID NAME
	cat <<YAML
    platform: weibo
    tier: $1
    uid: "$2"
    app_key: "1001"
    app_secret: rehearsal-secret-1
    redirect_uri: https://www.city.gov.example/weibo/callback
    safe_domain: www.city.gov.example
    rip: 203.0.113.7
    token: 2.00rehearsal$3
YAML
}

# The rig's accounts.yaml. Tests that want another one write it themselves.
rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
${RIG_EXTRA:-}
platforms:
  weibo:
    base_url: http://127.0.0.1:$port
accounts:
  weibo-main:
$(weibo_account share 1900000001 main)
    calls_per_day: ${RIG_CALLS:-100000}
    posts_per_hour: ${RIG_POSTS:-10000}
    reserve: 28
    poll_min: ${RIG_POLL:-1s}
    find_after: ${RIG_FIND:-1s}
    settle_lag: ${RIG_LAG:-2s}
  weibo-east:
$(weibo_account advanced 1900000002 east)
    calls_per_day: ${RIG_CALLS:-100000}
    posts_per_hour: ${RIG_POSTS:-10000}
    reserve: 28
    poll_min: ${RIG_POLL:-1s}
    find_after: ${RIG_FIND:-1s}
    settle_lag: ${RIG_LAG:-2s}
groups:
  all: [weibo-main, weibo-east]
YAML
}

rig_sim() {
	: >"$rig/sim.out" # it is followed, perhaps before the background job has made it
	gazette-sim -c "$rig/accounts.yaml" --listen "127.0.0.1:${port:-0}" "$@" >"$rig/sim.out" 2>"$rig/sim.log" &
	sim_pid=$!
	if ! follow "$rig/sim.out" "$sim_pid" 'listening on'; then
		sed 's/^/# /' "$rig/sim.log"
		echo "Bail out! the simulator did not start"
		exit 1
	fi
	port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$rig/sim.out")
}

rig_new() {
	rig=$(mktemp -d)
	trap rig_end EXIT
	trap 'exit 1' INT TERM HUP
	port=0
	rig_config
	rig_sim "$@"
	rig_config
}

# rig_daemon [NAME=VALUE...]: environment for this start only. Sets $daemon_pid; false when it ended instead.
rig_daemon() {
	: >"$rig/daemon.log"
	# shellcheck disable=SC2086 # a list of words, or none
	env "$@" ${RIG_VALGRIND:+valgrind --quiet --leak-check=full --show-leak-kinds=definite \
		--log-file="$rig/valgrind.%p"} gazetted -c "$rig/accounts.yaml" >"$rig/daemon.out" 2>"$rig/daemon.log" &
	daemon_pid=$!
	follow "$rig/daemon.log" "$daemon_pid" 'daemon\.ready'
}

# The sanitizer of leaks does not bear strace.
rig_daemon_counted() {
	rig_daemon ASAN_OPTIONS=detect_leaks=0 "$@" strace -D -f --seccomp-bpf -qq -e trace=fsync,fdatasync,sync_file_range,sync,syncfs,msync -o "$rig/syncs"
}

syncs() {
	grep -c 'sync[a-z_]*(' "$rig/syncs"
}

rig_stop() {
	kill -TERM "$daemon_pid"
	wait "$daemon_pid"
	daemon_status=$?
	daemon_pid=
}

rig_kill() {
	kill -KILL "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}

wechat_main() {
	cat <<YAML
    platform: wechat
    appid: wx5a1b2c3d4e5f6071
    app_secret: rehearsal-secret-3
    original_id: gh_1a2b3c4d5e6f
    callback_token: GovDeskToken2026
YAML
}

# The port that was given for callbacks stays: in $listen for accounts.yaml, and whole in $callback.
wechat_listens() {
	wait_log push.listening
	listen=127.0.0.1:$(sed -n 's/.*push\.listening .*port=\([0-9]*\).*/\1/p' "$rig/daemon.log")
	callback=http://$listen/callback
	rig_config
}

g() {
	gazette -s "$rig/control" "$@"
}

sim() {
	if [ $# -gt 2 ]; then
		curl -sS --fail-with-body -X "$1" -H 'Content-Type: application/json' -d "$3" "http://127.0.0.1:$port$2"
	else
		curl -sS --fail-with-body -X "$1" "http://127.0.0.1:$port$2"
	fi
}

# ledger JQ: what the platform accepted, through a filter over the array of entries.
ledger() {
	sim GET /sim/ledger | jq -r "(.entries // .) | $1"
}

sql() { sqlite3 -cmd '.timeout 10000' "$rig/state/store.db" "$1"; }

wait_log() {
	follow "$rig/daemon.log" "$daemon_pid" "$1"
}

# Start a monitor that writes JSON lines to $rig/events; wait_event PATTERN blocks on them.
rig_monitor() {
	: >"$rig/events"
	# What happens before it is connected is in its past. The time is ours, not that of when the job gets to run.
	since=$(date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	gazette -s "$rig/control" monitor -f --json --since "$since" >"$rig/events" 2>"$rig/monitor.log" &
	monitor_pid=$!
	watch_pids="$watch_pids $monitor_pid"
}

wait_event() {
	follow "$rig/events" "$daemon_pid" "$1"
}

ok() { # ok TITLE COMMAND...
	title=$1
	shift
	tap=$((tap + 1))
	if "$@" >"$rig/out" 2>&1; then
		echo "ok $tap - $title"
	else
		echo "not ok $tap - $title"
		echo "# exit $? of: $*"
		sed 's/^/# /' "$rig/out" | head -n 20
		bad=$((bad + 1))
	fi
}

same() { # same TITLE GOT WANT
	tap=$((tap + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap - $1"
	else
		echo "not ok $tap - $1"
		printf '# got  %s\n# want %s\n' "$2" "$3"
		bad=$((bad + 1))
	fi
}

has() { # has TITLE TEXT PART
	tap=$((tap + 1))
	case $2 in
	*"$3"*) echo "ok $tap - $1" ;;
	*)
		echo "not ok $tap - $1"
		printf '# "%s" is not in:\n' "$3"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/# /'
		bad=$((bad + 1))
		;;
	esac
}

is() { # is TITLE JSON FILTER
	tap=$((tap + 1))
	if printf '%s' "$2" | jq -e "$3" >/dev/null 2>&1; then
		echo "ok $tap - $1"
	else
		echo "not ok $tap - $1"
		printf '# %s\n# is not: %s\n' "$2" "$3"
		bad=$((bad + 1))
	fi
}

exits() { # exits TITLE CODE COMMAND...; output stays in $rig/out
	title=$1
	want=$2
	shift 2
	tap=$((tap + 1))
	"$@" >"$rig/out" 2>&1
	got=$?
	if [ "$got" -eq "$want" ]; then
		echo "ok $tap - $title"
	else
		echo "not ok $tap - $title"
		echo "# exit $got, want $want: $*"
		sed 's/^/# /' "$rig/out" | head -n 20
		bad=$((bad + 1))
	fi
}

done_testing() {
	echo "1..$tap"
	[ "$bad" -eq 0 ]
}
