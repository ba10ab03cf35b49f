# The control socket among clients that misbehave: two hundred that send half frames, frames without an end, rubbish, hellos
# without an end, or ask and never read. Whoever has something to do is served meanwhile, and the daemon does not grow.
. "$(dirname "$0")/lib.sh"
rig_new
# What a sanitizer keeps back is no growth of ours.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
export ASAN_OPTIONS
rig_daemon || exit 1

memory_kb() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$daemon_pid/status"; }

n=0
honest() { # TITLE: twenty commands; each within five seconds
	i=0
	served=0
	while [ "$i" -lt 20 ]; do
		i=$((i + 1))
		n=$((n + 1))
		timeout 5 gazette -s "$rig/control" post new -q -m "第 $n 号 https://www.city.gov.example/n/1 " --to weibo-main >/dev/null 2>"$rig/err" &&
			timeout 5 gazette -s "$rig/control" status >/dev/null 2>"$rig/err" && served=$((served + 1))
	done
	same "$1: everybody is served ($(cat "$rig/err"))" "$served" 20
	same "$1: and what was handed in is there" "$(sqlite3 "$rig/state/store.db" 'SELECT count(*) FROM post')" "$n"
}

honest "in peace"
rig_monitor
before=$(memory_kb)
"$build/tests/e2e/abuse" unix "$rig/control" - 200 >"$rig/abuse.out" 2>&1 &
abuse_pid=$!
watch_pids="$watch_pids $abuse_pid"
ok "two hundred are there" follow "$rig/abuse.out" "$abuse_pid" ready
honest "among two hundred"
honest "later on"
ok "who watches goes on watching" wait_event "\"action\":\"post.created\".*\"id\":$n,"
kill -TERM "$abuse_pid"
wait "$abuse_pid"
grep 'cut off .* times' "$rig/abuse.out" | sed 's/^/# /'
honest "afterwards"

grown=$(($(memory_kb) - before))
# The sanitizers keep a shadow of every byte.
ldd "$build/src/daemon/gazetted" | grep -q 'lib[at]san' && grown=$((grown / 8))
ok "the daemon has not grown by more than 96 MB at any time (it was $grown kB)" test "$grown" -lt 98304
lines=$(grep -c 'control\.bad-frame' "$rig/daemon.log")
ok "the log tells of it without being flooded ($lines lines)" test "$lines" -gt 0 -a "$lines" -lt 1000
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
