# The callback listener among clients that misbehave: two hundred that drip, hoard and never end, then more than there are
# places. What the platform pushes meanwhile is answered in its five seconds, and the daemon does not grow.
. "$(dirname "$0")/lib.sh"

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: ${listen:-127.0.0.1:0}
platforms:
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
  wechat-main:
$(wechat_main)
    kind: service
    callback_mode: plain
YAML
}

rig_new
# What a sanitizer keeps back is no growth of ours.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
export ASAN_OPTIONS
rig_daemon || exit 1
wechat_listens
sim POST /sim/account "{\"account\":\"wechat-main\",\"callback_url\":\"$callback/wechat-main\",\"markfail_after\":0}" >/dev/null

memory_kb() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$daemon_pid/status"; }

said=0
say() { # N: so many messages, one after the other
	i=0
	while [ "$i" -lt "$1" ]; do
		said=$((said + 1))
		i=$((i + 1))
		sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"message\",\"as\":\"市民$said\",\"text\":\"第 $said 封\",\"wait\":true}"
	done
}

honest() { # TITLE: each is answered at its first delivery, which the platform cuts off after five seconds
	say 20 >"$rig/said"
	same "$1: each push is answered at once" \
		"$(jq -s '[.[] | select(.outcome == "reply" and .deliveries == 1 and .http_status == 200)] | length' "$rig/said")" 20
	same "$1: and is in exactly one ticket" \
		"$(sqlite3 "$rig/state/store.db" "SELECT count(*) || ' ' || count(DISTINCT ticket_id) FROM message WHERE from_us = 0")" \
		"$said $said"
}

abused() { # CONNECTIONS
	"$build/tests/e2e/abuse" tcp "${listen##*:}" /callback/wechat-main "$1" >"$rig/abuse.out" 2>&1 &
	abuse_pid=$!
	watch_pids="$watch_pids $abuse_pid"
}
relieved() {
	kill -TERM "$abuse_pid"
	wait "$abuse_pid"
	sed 's/^/# /' "$rig/abuse.out"
}

honest "in peace"
before=$(memory_kb)

abused 200
ok "two hundred are there" follow "$rig/abuse.out" "$abuse_pid" ready
honest "among two hundred"
ok "each of them is cut off in time" follow "$rig/abuse.out" "$abuse_pid" 'all cut'
honest "later on"
relieved

# More than the 512 places, so that the slow ones take them all.
abused 700
ok "each of seven hundred is cut off" follow "$rig/abuse.out" "$abuse_pid" 'all cut'
honest "among seven hundred"
relieved
honest "afterwards"

grown=$(($(memory_kb) - before))
# The sanitizers keep a shadow of every byte.
ldd "$build/src/daemon/gazetted" | grep -q 'lib[at]san' && grown=$((grown / 8))
ok "the daemon has not grown by more than 48 MB at any time (it was $grown kB)" test "$grown" -lt 49152
lines=$(grep -c push.refused "$rig/daemon.log")
ok "the log tells of it without being flooded ($lines lines)" test "$lines" -gt 0 -a "$lines" -lt 2000
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
