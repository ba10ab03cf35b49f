# Called off: what a person cancels or holds does not go out later, whatever it is about at that moment; and whoever calls
# it off is told what is on its way already.
. "$(dirname "$0")/lib.sh"
RIG_POLL=24h
rig_new
rig_daemon || exit 1
link='https://www.city.gov.example/n/1 '

# in_doubt TEXT ACCOUNT: of weibo-main nobody knows whether it is out (it is not)
in_doubt() {
	sim POST /sim/fault '{"path":"/2/statuses/share.json","nth":1,"count":1,"effect":"reset-before"}' >/dev/null
	id=$(g post new -q -m "$1 $link" --to "$2" --at now)
	ok "$1: in doubt" timeout 20 sh -c 'until gazette -s "$1" post show "$2" --json |
		jq -e "any(.deliveries[]; .state == \"unsure\")"; do :; done' sh "$rig/control" "$id"
	sim DELETE /sim/fault >/dev/null
}

# The other account has to wait, and so can be cancelled.
sim POST /sim/fault '{"path":"/2/statuses/update.json","nth":1,"count":1,"effect":"error","error_code":10009}' >/dev/null
in_doubt "不该发的" all
ok "cancel" sh -c 'gazette -s "$1" post cancel "$2" --reason 内容有误 --json >"$3"' sh "$rig/control" "$id" "$rig/rows"
is "tells what is not cancelled yet" "$(jq -sc . "$rig/rows")" \
	'map("\(.delivery | sub("^[0-9]+/"; "")) \(.state) \(.wish)") | sort == ["weibo-east cancelled null", "weibo-main unsure cancel"]'
exits "in the end all is cancelled" 3 g post wait --timeout 30s "$id"
same "nothing went out" "$(ledger '[.[] | select(.text | startswith("不该发的"))] | length')" 0
is "the history says who wished it" "$(g post show "$id" --json)" \
	'.history | map(select(.action == "send.wish")) | .[0].wish == "cancel" and .[0].reason == "内容有误"'

in_doubt "先缓一缓" weibo-main
ok "hold" sh -c 'gazette -s "$1" post hold "$2" 2>"$3"' sh "$rig/control" "$id" "$rig/said"
has "what is not held yet is said even in cron" "$(cat "$rig/said")" \
	"$id/weibo-main: outcome unknown; if it is not out, it will be held"
has "and shown" "$(g queue list)" "unsure		hold"
exits "in the end it is held" 3 g post wait --timeout 30s "$id"
is "by a person" "$(g post show "$id" --json)" '.deliveries | map(.state + " " + .hold) == ["held operator"]'
same "nothing went out" "$(ledger '[.[] | select(.text | startswith("先缓一缓"))] | length')" 0
ok "let go" g post release "$id"
ok "it is published" g post wait --timeout 30s "$id"
same "once" "$(ledger '[.[] | select(.text | startswith("先缓一缓"))] | length')" 1

in_doubt "又改主意了" weibo-main
ok "cancel one that is in doubt, by its name" g post cancel "$id/weibo-main"
ok "and take that back" g post release "$id/weibo-main"
ok "it goes when it proves not to be out" g post wait --timeout 30s "$id"

# An account that lets nothing out: a hold is a person's from then on.
ok "pause" g account pause weibo-east --reason 核实
id=$(g post new -q -m "全部停发 $link" --to all --at +1h)
ok "hold all of a post" g post hold "$id"
ok "hold what is held, all there is" g post hold ALL
ok "resume" g account resume weibo-east
is "nothing of it goes by itself" "$(g post show "$id" --json)" \
	'.deliveries | map(.state + " " + .hold) == ["held operator", "held operator"]'

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
