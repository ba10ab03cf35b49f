# What citizens say becomes tickets: gathered without gaps or doubles, ranked, claimed, answered, escalated, closed.
. "$(dirname "$0")/lib.sh"
hook=$(mktemp)
cat >"$hook" <<SH
#!/bin/sh
printf '%s\n' "\$*" >>"$hook.args"
cat >>"$hook.json"
case \$2 in crash) kill -KILL \$\$ ;; esac
SH
chmod 700 "$hook"
RIG_EXTRA="hooks:
  alarm: [$hook]
  escalated: [$hook]
limits:
  P4: {ack: 2s, answer: 5d, office_hours: no}
ladder:
  - {priorities: [P4], ack: 100%, tell: leader}
claim_lease: 30m"
rig_new
rig_daemon || exit 1
rig_monitor

# a post to comment on, and more comments than one page holds
id=$(g post new -q -m "欢迎留言 https://www.city.gov.example/n/1 " --to weibo-main --at now)
g post wait "$id" >/dev/null
g account poll weibo-main >/dev/null
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"市民","text":"第几个留言","count":230}' >/dev/null
g account poll weibo-main >/dev/null
g account poll weibo-main >/dev/null
same "two hundred and thirty comments, none twice, none missing" \
	"$(sqlite3 "$rig/state/store.db" "SELECT count(*) || ' ' || count(DISTINCT remote_id) FROM message WHERE from_us = 0")" "230 230"
same "each in exactly one ticket" \
	"$(sqlite3 "$rig/state/store.db" 'SELECT count(*) FROM message WHERE from_us = 0 AND ticket_id IS NULL')" 0

# ranked: life safety on top, within a second of intake, on every monitor and by the hook
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"小林","text":"我不想活了，已经站在桥上"}' >/dev/null
g account poll weibo-main >/dev/null
ok "the monitor rings" wait_event ticket.alarm
first=$(g inbox --json | head -n 1)
has "the life is on top of the inbox" "$first" '"P0"'
ok "the hook ran" timeout 20 sh -c 'until [ -s "$1" ]; do :; done' sh "$hook.args"
has "told which ticket" "$(cat "$hook.args")" alarm
p0=$(printf '%s\n' "$first" | jq -r .id)
has "the page shows why it alarmed" "$(g ticket show "$p0")" '不想活了'

# claim, answer, the citizen hears it
ok "take" g take "$p0"
ok "reply" g reply "$p0" -m "我看到你的话了，我是值班员王警官，你现在安全吗？"
ok "the answer left" wait_event ticket.reply-sent
has "it is on the platform" "$(ledger '.[-1].text')" '你现在安全吗'
has "under the citizen's comment" "$(ledger '.[-1].kind')" reply

# written again: a stale answer stops
version_before=$(g ticket show "$p0" --json | jq -r .version)
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"小林","text":"你们能来吗"}' >/dev/null
g account poll weibo-main >/dev/null
same "the second message joined the ticket" "$(g ticket show "$p0" --json | jq '[.thread[] | select(.from_us | not)] | length')" 2
same "and moved its version" "$([ "$(g ticket show "$p0" --json | jq -r .version)" -gt "$version_before" ] && echo yes)" yes

# escalate, note, transfer, close, history
ok "escalate" g escalate "$p0" --to duty-leader --reason "人在桥上，需要 110"
ok "the escalation hook ran" timeout 20 sh -c 'until grep -q escalated "$1"; do :; done' sh "$hook.args"
ok "escalate to somebody whose hook is killed" g escalate "$p0" --to crash --reason "没有人接"
ok "is told" wait_log 'hook.failed kind=escalated'
ok "and counts as a try" timeout 20 sh -c 'until [ "$(sqlite3 "$1" "SELECT tries FROM notice WHERE target = '"'crash'"'")" = 1 ]; do :; done' sh "$rig/state/store.db"
ok "note" g ticket note "$p0" -m "已电话通知 110"
ok "transfer" g ticket transfer "$p0" --to 110 --receipt 2026-0001 --reason "出警"
ok "close" g ticket close "$p0" --result transferred --reason "已由 110 处置，人安全"
history=$(g ticket show "$p0" --json | jq -r '.history[].action' | tr '\n' ' ')
for action in ticket.open ticket.alarm ticket.claim ticket.reply ticket.escalate ticket.note ticket.transfer ticket.close; do
	has "history has $action" "$history" "$action"
done
ok "reopen" g ticket reopen "$p0" --reason "回访"

# a ladder rung by itself
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"老周","text":"我要投诉你们窗口态度恶劣"}' >/dev/null
g account poll weibo-main >/dev/null
complaint=$(g inbox --json | jq -r 'select(.excerpt | contains("投诉")) | .id')
ok "what nobody claims escalates by itself" wait_event "ticket.ladder"
has "to the leader" "$(g ticket show "$complaint" --json | jq -r .target)" leader

# another ladder: who was told already is not told again, and nobody is passed over
rungs() { sql "SELECT rungs_done FROM ticket WHERE id = $complaint"; }
told() { grep -c "escalated leader $complaint " "$hook.args"; }
ok "and is told" timeout 20 sh -c 'until grep -q "escalated leader $1 " "$2"; do :; done' sh "$complaint" "$hook.args"
same "it has climbed the first rung" "$(rungs) $(told)" "1 1"
sed -i 's/^ladder:/&\n  - {priorities: [P4], answer: 100%, tell: duty-leader}/' "$rig/accounts.yaml"
ok "a rung is put in before it" g reload
same "which is the second now" "$(rungs)" 2
rig_stop
sed -i '/tell: duty-leader/d' "$rig/accounts.yaml"
rig_daemon || exit 1
rig_monitor
same "and the first again, when that is taken out while the daemon is away" "$(rungs) $(told)" "1 1"

# mentions, and a comment that is also a mention, once
sim POST /sim/citizen '{"account":"weibo-main","kind":"mention","as":"路人","text":"@平安示例 这个路口的灯坏了"}' >/dev/null
g account poll weibo-main >/dev/null
has "a mention opens a ticket" "$(g inbox --json)" '路口的灯坏了'

# hostile text stays text
sim POST /sim/citizen "$(jq -nc '{account:"weibo-main",kind:"comment",as:"\u001b[31mEvil\u202e",text:"\u001b]0;owned\u0007 =cmd|calc \u202egnp.exe"}')" >/dev/null
g account poll weibo-main >/dev/null
same "no escape reaches the terminal" "$(g inbox | LC_ALL=C grep -c "$(printf '\033')")" 0
same "nor a bidi override" "$(g inbox --json | LC_ALL=C grep -c "$(printf '\342\200\256')")" 0
same "nor JSON" "$(g inbox --json | LC_ALL=C grep -c "$(printf '\033')")" 0

# search finds two-character words
ok "search" timeout 20 sh -c 'until gazette -s "$1" search 投诉 --json | grep -q 态度恶劣; do :; done' sh "$rig/control"
same "what is not there is not found" "$(g search 不存在的词 -q | wc -l)" 0

rig_stop
same "clean stop" "$daemon_status" 0
rm -f "$hook" "$hook.args" "$hook.json"
done_testing
