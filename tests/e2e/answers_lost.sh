# The platform acted and its answer was lost, or it never acted: in both cases one post, and nobody has to guess.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
link='https://www.city.gov.example/n/1 '
n=0

# lost EFFECT TITLE: the first request of a new post meets the fault
lost() {
	n=$((n + 1))
	sim POST /sim/fault "{\"method\":\"POST\",\"path\":\"/2/statuses/$2.json\",\"nth\":1,\"count\":1,\"effect\":\"$1\"${4:-}}" >/dev/null
	id=$(g post new -q -m "第 $n 号 $1 $link" --to "$3" --at now)
	ok "$1 on $2: settled" g post wait "$id"
	has "$1 on $2: sent" "$(g post show "$id" --json)" '"sent"'
	same "$1 on $2: exactly once on the ledger" "$(ledger "[.[] | select(.text | startswith(\"第 $n 号 \"))] | length")" 1
	sim DELETE /sim/fault >/dev/null
}

for effect in reset-after reset-before reset-body html-502 empty redirect truncated; do
	lost "$effect" share weibo-main
done
lost reset-after update weibo-east
lost reset-before update weibo-east
lost html-500 update weibo-east ',"after_effect":true'

# refused for a moment
lost error share weibo-main ',"error_code":10001'
lost error share weibo-main ',"error_code":10009,"count":1'

ok "where nothing failed there is nothing to retry, and that is well" g queue retry ALL
# refused for good: a person decides, and retry works when the cause is gone
sim POST /sim/fault '{"method":"POST","path":"/2/statuses/share.json","nth":1,"count":1,"effect":"error","error_code":20021}' >/dev/null
id=$(g post new -q -m "被拒绝的 $link" --to weibo-main --at now)
exits "a refusal is a failure to the waiting caller" 1 g post wait "$id"
has "with the platform's code" "$(g post show "$id" --json)" 20021
ok "a person retries it" g queue retry "$id/weibo-main"
ok "and it goes" g post wait "$id"

# in doubt anew while the look after the first doubt is on its way: it is looked for all the same
sim POST /sim/fault '{"path":"/2/statuses/share.json","nth":1,"count":1,"effect":"reset-before"}' >/dev/null
sim POST /sim/fault '{"path":"/2/statuses/share.json","nth":2,"count":1,"effect":"reset-after"}' >/dev/null
sim POST /sim/fault '{"path":"/2/statuses/user_timeline.json","nth":1,"count":1,"effect":"delay","delay_ms":4000}' >/dev/null
id=$(g post new -q -m "两次存疑 $link" --to weibo-main --at now)
ok "the first look is out" timeout 20 sh -c 'until curl -s "http://127.0.0.1:$1/sim/fault" |
	jq -e "any(.faults[]; .effect == \"delay\" and .hits > 0)"; do :; done' sh "$port"
ok "a person sends it once more meanwhile" g queue settle "$id/weibo-main" again
ok "and that is settled" g post wait --timeout 40s "$id"
same "exactly once on the ledger" "$(ledger '[.[] | select(.text | startswith("两次存疑"))] | length')" 1
has "what the first look saw counted for nothing" "$(cat "$rig/daemon.log")" look.stale
sim DELETE /sim/fault >/dev/null

# a reply whose answer is lost
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"市民甲","text":"请问几点恢复供水"}' >/dev/null
g account poll weibo-main >/dev/null
ticket=$(g inbox -q | head -n 1)
g ticket claim "$ticket" >/dev/null
sim POST /sim/fault '{"method":"POST","path":"/2/comments/reply.json","nth":1,"count":1,"effect":"reset-after"}' >/dev/null
rig_monitor
ok "reply" g ticket reply "$ticket" -m "预计二十点恢复"
wait_event 'ticket.reply-sent'
same "the reply is there once" "$(ledger '[.[] | select(.text | contains("预计二十点恢复"))] | length')" 1

# nothing is left in doubt
same "nothing is unsure" "$(g queue list --state unsure -q | wc -l)" 0
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
