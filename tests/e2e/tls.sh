# TLS to the platform: only who proves to be the platform hears from us. A wrong name, an expired certificate and an unknown
# authority are refused and said in words; the post waits meanwhile, and goes out once when the right one is there again.
. "$(dirname "$0")/lib.sh"

front=$build/tests/e2e/tls_front
base=
ca=

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
platforms:
  wechat:
    base_url: ${base:-http://127.0.0.1:$port}
    ${ca:+"ca_file"}${ca:+": $ca"}
accounts:
  wechat-main:
    platform: wechat
    kind: service
    appid: wx5a1b2c3d4e5f6071
    app_secret: rehearsal-secret-3
    find_after: 10ms
    settle_lag: 100ms
    job_after: 50ms
YAML
}

# ---- certificates: two authorities, one of them ours ----
authority() { # NAME
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$rig/$1.key" -out "$rig/$1.pem" \
		-subj "/CN=$1" -days 2 2>>"$rig/openssl.log"
}
certificate() { # NAME AUTHORITY HOST DAYS
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$rig/$1.key" -out "$rig/$1.csr" \
		-subj "/CN=$3" 2>>"$rig/openssl.log"
	printf 'subjectAltName=DNS:%s' "$3" >"$rig/$1.ext"
	openssl x509 -req -in "$rig/$1.csr" -CA "$rig/$2.pem" -CAkey "$rig/$2.key" -CAcreateserial -days "$4" \
		-extfile "$rig/$1.ext" -out "$rig/$1.pem" 2>>"$rig/openssl.log"
}
start_front() { # NAME: sets $front_port
	"$front" "$rig/$1.pem" "$rig/$1.key" "$port" >"$rig/$1.out" 2>&1 &
	watch_pids="$watch_pids $!"
	follow "$rig/$1.out" $! 'listening on'
	front_port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$rig/$1.out")
}

rig_new
authority ours
authority theirs
certificate right ours localhost 2
certificate wrong-name ours api.weixin.qq.com 2
certificate expired ours localhost -1
certificate foreign theirs localhost 2
for name in right wrong-name expired foreign; do
	start_front "$name"
	eval "$(echo "$name" | tr - _)_port=$front_port"
done
sim POST /sim/account '{"account":"wechat-main","publish_delay_ms":0,"mass_delay_ms":0,"push_on":false}' >/dev/null

# ---- the right one ----
ca=$rig/ours.pem
# shellcheck disable=SC2154 # set by eval
base=https://localhost:$right_port
rig_config
rig_daemon || exit 1
wait_log 'account.state account=wechat-main state=ready'
ok "the right certificate is taken" g account check wechat-main
publish() { # TEXT
	printf -- '---\naccounts: [wechat-main]\nat: now\nform: text\nmode: broadcast\n---\n%s\n' "$1" | g post new -q -
}
on_ledger() { ledger "[.[] | select(.kind == \"broadcast\" and .text == \"$1\")] | length"; }
id=$(publish '第一封')
ok "and what is published over it arrives" g post wait --timeout 60s "$id"
same "once" "$(on_ledger 第一封)" 1

# ---- the others ----
n=0
refused() { # TITLE PORT WORDS TEXT
	base=https://localhost:$2
	rig_config
	g reload >/dev/null
	exits "$1: nobody can say how the account is" 75 g account check wechat-main
	has "$1: and says why" "$(cat "$rig/out")" "$3"
	rig_monitor
	id=$(publish "$4")
	ok "$1: a post is tried" wait_event "\"action\":\"send.queued\".*\"post\":$id,"
	has "$1: it is told why it waits" "$(g post show "$id" --json)" "$3"
	has "$1: it is not lost" "$(g queue list --json)" "\"delivery\":\"$id/wechat-main\""
	same "$1: nothing arrived" "$(on_ledger "$4")" 0
	refused_ids="${refused_ids:-} $id"
}
# shellcheck disable=SC2154
refused "wrong name" "$wrong_name_port" "localhost" '第二封'
# shellcheck disable=SC2154
refused "expired" "$expired_port" "expired" '第三封'
# shellcheck disable=SC2154
refused "unknown authority" "$foreign_port" "certificate" '第四封'

# without ca_file the system's authorities count, and ours is none of them
ca=
base=https://localhost:$right_port
rig_config
g reload >/dev/null
exits "an authority of one's own is no authority of the system's" 75 g account check wechat-main
has "as is said" "$(cat "$rig/out")" "certificate"
ca=$rig/nowhere.pem
rig_config
exits "a file that is not there is refused at once" 1 g reload
has "with its name" "$(cat "$rig/out")" "$rig/nowhere.pem"
ca=$rig/ours.pem
rig_config
sed -i 's/^    ca_file:.*/&\n    verify: false/' "$rig/accounts.yaml"
exits "there is no switch to turn it off" 1 g reload
has "and a key that looks like one is unknown" "$(cat "$rig/out")" "verify"

# ---- and back ----
ca=$rig/ours.pem
rig_config
ok "the right one again" g reload
ok "is taken" g account check wechat-main
# shellcheck disable=SC2086 # ids
ok "the posts go out" g post wait --timeout 60s $refused_ids
same "each exactly once" "$(ledger '[.[] | select(.kind == "broadcast") | .text] | sort | join(" ")')" \
	"$(printf '第一封\n第三封\n第二封\n第四封\n' | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//')"
same "nothing secret was logged" "$(grep -c 'rehearsal-secret\|access_token=' "$rig/daemon.log")" 0
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
