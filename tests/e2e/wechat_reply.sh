# Answering a citizen who wrote privately: as long and as often as the platform lets us, once, and never again when nobody
# knows whether it arrived.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"

wechat_start
rig_monitor
says() { # says AS TEXT: gives the ticket's number
	citizen "$1" message "\"text\":\"$2\",\"wait\":true" | jq -r .saw | sed -n 's/.*编号 \([0-9]*\).*/\1/p'
}
sent() { # sent TICKET N: until N replies of it are out
	until_is "[.thread[] | select(.send_state == \"sent\")] | length == $2" g ticket show "$1" --json
}

# ---- inside the window ----
ticket=$(says 王 请问居住证怎么办理)
r=$(g inbox --json)
is "the inbox says how long and how often we may answer" "$r" \
	'.replies_left == 5 and ((.window_until | sub("\\.[0-9]+";"") | sub("\\+08:00";"Z") | fromdate) - (.opened_at | sub("\\.[0-9]+";"") | sub("\\+08:00";"Z") | fromdate) == 48 * 3600)'
has "the page too" "$(g ticket show "$ticket")" "may be answered 5 times more, until"
g take "$ticket" >/dev/null
ok "a reply" g reply "$ticket" -m '请携带身份证到派出所办理。'
ok "goes out" sent "$ticket" 1
same "once, to the citizen" "$(noted '.kind == "reply" and .text == "请携带身份证到派出所办理。"')" 1
is "one less is left" "$(g ticket show "$ticket" --json)" '.replies_left == 4'

# ---- used up ----
for n in 2 3 4 5; do
	g reply "$ticket" -m "补充说明 $n" >/dev/null
done
ok "four more go out" sent "$ticket" 5
exits "a sixth is refused" 5 g reply "$ticket" -m '第六次'
has "with what remains" "$(cat "$rig/out")" "gazette ticket transfer $ticket"
cat >"$rig/editor" <<'SH'
#!/bin/sh
echo opened >>"$0.log"
printf 'written\n' >"$1"
SH
chmod +x "$rig/editor"
exits "also before the editor opens" 5 env GAZETTE_EDITOR="$rig/editor" gazette -s "$rig/control" reply "$ticket"
same "which it does not" "$(cat "$rig/editor.log" 2>/dev/null)" ""
has "the page says so" "$(g ticket show "$ticket")" "used up: the platform takes no more answers"
same "nothing more reached the citizen" "$(noted '.kind == "reply"')" 5
says 王 那需要多少天 >/dev/null
is "when he writes again there are five" "$(g ticket show "$ticket" --json)" '.replies_left == 5'
g take "$ticket" >/dev/null
ok "and he is answered" g reply "$ticket" -m '三个工作日。'
ok "that goes out" sent "$ticket" 6

# ---- too long for a message ----
exits "what is longer than a message holds is refused" 6 g reply "$ticket" -m "$(printf '长%.0s' $(seq 700))"
has "with its limit" "$(cat "$rig/out")" "an answer holds 2048"

# ---- closed ----
late=$(says 赵 你们周末上班吗)
g take "$late" >/dev/null
rig_stop
sql "UPDATE contact SET window_until_at = window_until_at - 173400000 WHERE author_id = (SELECT author_id FROM ticket WHERE id = $late);
	UPDATE ticket SET window_until_at = window_until_at - 173400000 WHERE id = $late"
rig_daemon || exit 1
rig_monitor
exits "a closed window is said before anything is written" 5 env GAZETTE_EDITOR="$rig/editor" gazette -s "$rig/control" reply "$late"
has "with what remains" "$(cat "$rig/out")" "the telephone, or gazette ticket transfer $late"
same "the editor stays shut" "$(cat "$rig/editor.log" 2>/dev/null)" ""
exits "nor by -m" 5 g reply "$late" -m '上班'
has "the page says so" "$(g ticket show "$late")" "closed: the platform takes no answer"
is "the inbox counts it as overdue" "$(g inbox --overdue --json)" ".id == $late and .replies_left == 0"
same "nothing left" "$(noted '.text == "上班"')" 0
ok "it is handed over instead" g ticket transfer "$late" --to 12345 --reason 答复期限已过

# ---- nearly closed: somebody is told ----
near=$(says 钱 能网上办理吗)
rig_stop
sql "UPDATE contact SET window_until_at = window_until_at - 133000000 WHERE author_id = (SELECT author_id FROM ticket WHERE id = $near);
	UPDATE ticket SET window_until_at = window_until_at - 133000000, clock_at = clock_at - 133000000, rung_at = clock_at WHERE id = $near"
rig_daemon || exit 1
ok "after 36 hours the ladder says so" until_is '[.history[] | select(.action == "ticket.ladder" and .why == "soon the platform takes no answer any more")] | length == 1' \
	g ticket show "$near" --json
is "to the shift's leader" "$(g ticket show "$near" --json)" '[.history[] | select(.action == "ticket.ladder")][0].target == "leader"'
rig_stop
sql "UPDATE contact SET window_until_at = window_until_at - 28800000 WHERE author_id = (SELECT author_id FROM ticket WHERE id = $near);
	UPDATE ticket SET window_until_at = window_until_at - 28800000, rung_at = rung_at - 28800000 WHERE id = $near"
rig_daemon || exit 1
ok "and again after 44 hours" until_is '[.history[] | select(.action == "ticket.ladder" and .why == "soon the platform takes no answer any more")] | length == 2' \
	g ticket show "$near" --json
is "to the duty leader" "$(g ticket show "$near" --json)" '[.history[] | select(.action == "ticket.ladder" and .target == "duty-leader" and .why == "soon the platform takes no answer any more")] | length == 1'

# ---- nobody knows whether it arrived ----
rig_monitor
unsure=$(says 孙 我的申请到哪一步了)
g take "$unsure" >/dev/null
fault /cgi-bin/message/custom/send '"effect":"reset-after"'
ok "a reply" g reply "$unsure" -m '已受理。'
ok "whose answer is lost is put to a person" wait_event 'send.question'
is "as a question" "$(g queue list --state unsure --json)" '.kind == "reply" and (.look_at | not)'
same "the citizen has it once" "$(noted '.text == "已受理。"')" 1
rig_stop
rig_daemon || exit 1
is "a restart changes nothing" "$(g queue list --state unsure --json)" '.kind == "reply"'
same "and sends nothing" "$(noted '.text == "已受理。"')" 1
send=$(g queue list --state unsure -q)
ok "the person has seen it in the chat" g queue settle "$send" sent
same "and it is not sent again" "$(noted '.text == "已受理。"')" 1

# ---- what does not go out is no answer ----
held=$(says 周 楼道灯坏了)
g take "$held" >/dev/null
g account pause wechat-main --reason 演练 >/dev/null
ok "a reply on a paused account" g reply "$held" -m '已报修。'
has "is said to be held" "$(cat "$rig/out")" "the reply is held until its account is resumed"
is "and the ticket waits as before" "$(g ticket show "$held" --json)" '.state == "claimed"'
ok "the account goes on" g account resume wechat-main
ok "and so does the answer" until_is '.state == "replied" and ([.history[] | select(.action == "ticket.reply-sent")] | length == 1)' g ticket show "$held" --json
refused=$(says 吴 煤气味很大)
g take "$refused" >/dev/null
fault /cgi-bin/message/custom/send '"effect":"error","error_code":45015'
ok "a reply that the platform refuses" g reply "$refused" -m '请立即关阀。'
ok "gives the ticket back" until_is '.state == "claimed" and ([.history[] | select(.action == "ticket.bounced")] | length == 1)' g ticket show "$refused" --json

# ---- files of citizens ----
photo=$(citizen 李 message '"type":"image","wait":true' | jq -r .saw | sed -n 's/.*编号 \([0-9]*\).*/\1/p')
ok "a picture is fetched" until_is '[.thread[].media[]? | select(.state == "fetched")] | length == 1' g ticket show "$photo" --json
r=$(g ticket show "$photo")
path=$(g ticket show "$photo" --json | jq -r '[.thread[].media[]?][0].path')
has "the page names its file" "$r" "$path"
has "and its digest" "$r" "$(sha256sum <"$path" | cut -c 1-64)"
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
