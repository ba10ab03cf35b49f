# Accounts: login by pasted code, a dead token that parks, release after login, pause, quotas, warnings.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
rig_monitor
link='https://www.city.gov.example/n/1 '

has "both accounts are ready" "$(g account list --json | jq -r '.name + " " + .state' | sort | tr '\n' ' ')" "weibo-east ready weibo-main ready"
ok "account check asks the platform" g account check weibo-main
asked() { # asked TITLE EXIT ADVICE FAULT: the question about the token goes wrong once
	sim POST /sim/fault "{\"path\":\"/oauth2/get_token_info\",\"count\":1,$4}" >/dev/null
	exits "$1" "$2" g account check weibo-main --json
	is "$1: what to do is told" "$(cat "$rig/out")" ".alive == false and .advice == \"$3\""
	sim DELETE /sim/fault >/dev/null
}
asked "a platform that does not answer is asked later" 75 retry '"effect":"html-500"'
asked "one that is asked too often as well" 10 wait '"effect":"error","error_code":10023'
is "the account is what it was" "$(g account show weibo-main --json)" '.state == "ready"'
is "an account that is well needs no advice" "$(g account check weibo-main --json)" '.alive and (has("advice") | not)'

# the token dies: the account is parked, not the posts
sim POST /sim/account '{"account":"weibo-main","kill_token":true}' >/dev/null
id=$(g post new -q -m "口令失效 $link" --to weibo-main --at now)
ok "the account is parked" wait_event account.park
ok "the post is held, not lost" timeout 20 sh -c 'until gazette -s "$1" post show "$2" --json | grep -q "account_parked"; do :; done' sh "$rig/control" "$id"
later=$(g post new -q -m "之后的 $link" --to weibo-main --at now)
has "a later post is held as well" "$(g post show "$later" --json)" parked
exits "status --ok says something is wrong" 3 g status --ok
exits "asked about, it needs a login" 4 g account check weibo-main --json
is "as programs are told" "$(cat "$rig/out")" '.advice == "reauth"'
sim POST /sim/fault '{"path":"/oauth2/get_token_info","count":1,"effect":"html-500"}' >/dev/null
exits "also when the platform does not answer" 4 g account check weibo-main
sim DELETE /sim/fault >/dev/null
exits "of several the one that needs a person counts" 4 g account check weibo-east weibo-main
same "nothing reached the platform" "$(ledger length)" 0

# login: open the address, paste where it led
url=$(g account login weibo-main --json </dev/null | jq -r 'select(.url) | .url')
has "login shows where to give consent" "$url" /oauth2/authorize
landed=$(curl -s -o /dev/null -w '%{redirect_url}' "$url")
has "consent leads back with a code" "$landed" code=
ok "the pasted address logs in" sh -c 'printf "%s\n" "$1" | gazette -s "$2" account login weibo-main --code -' sh "$landed" "$rig/control"
ok "what was held goes" g post wait "$id"
ok "all of it" g post wait "$later"
same "once each" "$(ledger length)" 2
exits "a code works once" 4 sh -c 'printf "%s\n" "$1" | gazette -s "$2" account login weibo-main --code -' sh "$landed" "$rig/control"
same "the token stands in no log" "$(grep -c '2\.00rehearsal' "$rig/daemon.log")" 0

# pause and resume
ok "pause" g account pause weibo-east --reason "系统演练"
id=$(g post new -q -m "暂停中" --to weibo-east --at now 2>"$rig/warned")
has "who hands one in is told, also in a pipe" "$(cat "$rig/warned")" "weibo-east: the account is paused"
printf 'accounts,at,text\nweibo-east,+1h,一\nweibo-east,+1h,二\n' >"$rig/paused.csv"
g post import "$rig/paused.csv" 2>"$rig/warned"
same "a batch is told once" "$(grep -c 'account is paused' "$rig/warned")" 1
has "before it is handed in, too" "$(g post check -m "暂停中" --to weibo-east 2>&1)" "account is paused"
has "a paused account holds its posts" "$(g post show "$id" --json)" paused
sim POST /sim/citizen '{"account":"weibo-east","kind":"mention","as":"小林","text":"@平安东区 我不想活了"}' >/dev/null
ok "and hears citizens all the same" wait_event ticket.alarm
ok "also when asked to" g account poll weibo-east
ok "resume" g account resume weibo-east
ok "and lets them go" g post wait "$id"
exits "an account nobody has" 3 g account show weibo-nord

# a limit of the platform: waits, does not fail
sim POST /sim/fault '{"method":"POST","path":"/2/statuses/update.json","nth":1,"count":1,"effect":"error","error_code":20016}' >/dev/null
id=$(g post new -q -m "发得太快" --to weibo-east --at now)
ok "a limit puts it back in the queue" timeout 20 sh -c 'until gazette -s "$1" queue list --json | grep -q 20016; do :; done' sh "$rig/control"
has "queued, not failed" "$(g post show "$id" --json | jq -r '.deliveries[0].state')" queued

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
