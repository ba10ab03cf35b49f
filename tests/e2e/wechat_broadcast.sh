# Broadcasts: what they cost is known before, reserved when they are given their time, and spent once; to all or to those
# who chose a topic; with the administrator's word; and taken back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"

wechat_start
cast() { # cast TEXT [OPTION...]
	text=$1
	shift
	g post new -q -m "$text" --to wechat-main --mode broadcast "$@"
}

# ---- what it costs ----
r=$(g post new --dry-run -m '今晚停水' --to wechat-main --mode broadcast --at now)
has "a dry run says to whom it goes" "$r" "broadcast to all followers"
has "and what is left" "$r" "0 of 4 broadcasts of that month are promised so far"
is "also for scripts" "$(g post new --dry-run --json -m '今晚停水' --to wechat-main --mode broadcast --at now)" \
	'.modes == [{account: "wechat-main", mode: "broadcast"}] and .broadcasts[0].limit == 4 and .broadcasts[0].promised == 0'
has "post check says it too" "$(g post check -v -m '今晚停水' --to wechat-main --mode broadcast --topic 停水通知 --at now)" \
	'broadcast to who chose the topic "停水通知"'

# ---- to all ----
first=$(cast '今晚20时起停水' --at now)
exits "a text goes to all followers" 0 g post wait --timeout 60s "$first"
same "once" "$(noted '.kind == "broadcast" and .text == "今晚20时起停水" and .to == "all"')" 1
is "the post says so" "$(g post show "$first" --json)" '.deliveries[0].mode == "broadcast"'
is "the list says so" "$(g post list --json)" '.mode == "broadcast"'
has "and a person sees it" "$(g post show "$first")" "broadcast"

# ---- counted when it may have been taken ----
counted() {
	sql "SELECT used FROM quota WHERE scope = 'broadcasts'"
}
same "it is one of the four of the month" "$(counted)" 1
cat >"$rig/refused.md" <<'MD'
---
title: 发不出去的
accounts: [wechat-main]
mode: broadcast
at: now
cover: cover.png
media: [{file: cover.png, alt: 红色封面}]
---
**城西**停水。
MD
fault /cgi-bin/draft/add '"effect":"error","error_code":45003'
refused=$(g post new -q "$rig/refused.md")
exits "one whose draft is refused" 1 g post wait --timeout 60s "$refused"
same "is none of them" "$(counted)" 1
fault /cgi-bin/message/mass/sendall '"effect":"error","error_code":45110'
ok "tried again" g queue retry "$refused/wechat-main"
exits "it is refused at the last step" 1 g post wait --timeout 60s "$refused"
same "and still none" "$(counted)" 1
same "nobody has got it" "$(noted '.kind == "broadcast" and .title == "发不出去的"')" 0
g post cancel "$refused" >/dev/null

# ---- reserved when it is given its time ----
second=$(cast '第二次' --at +20d)
held=$(cast '没有时间')
is "the queue says that it is a broadcast" "$(g queue list --json --state queued)" '.mode == "broadcast"'
for n in 1 2 3; do
	cast "已安排 $n" --at "$(date -d 'next month' +%Y-%m)-2$n 08:00" >/dev/null
done
cast "已安排 4" --at "$(date -d 'next month' +%Y-%m)-24 08:00" >"$rig/fourth" 2>&1
exits "a fifth of one month is refused" 10 g post new -m '第五次' --to wechat-main --mode broadcast --at "$(date -d 'next month' +%Y-%m)-25 08:00"
has "with the month's end" "$(cat "$rig/out")" "all 4 broadcasts of this month are promised already"
exits "so is giving a held one its time there" 10 g post schedule "$held" --at "$(date -d 'next month' +%Y-%m)-26 08:00"
ok "what is given up is free again" g post cancel "$(g queue list --state queued --json | jq -r 'select(.text == "已安排 3") | .post')"
ok "for another" g post schedule "$held" --at "$(date -d 'next month' +%Y-%m)-26 08:00"
g post cancel ALL >/dev/null

# ---- by topic ----
sim POST /sim/citizen '{"account":"wechat-main","kind":"message","as":"王","text":"订阅 停水通知","wait":true}' >/dev/null
ok "a follower chooses a topic" timeout 60 sh -c 'until grep -q topics.told "$1"; do :; done' sh "$rig/daemon.log"
cat >"$rig/topic.md" <<'MD'
---
title: 停水提醒
accounts: [wechat-main]
mode: broadcast
topic: 停水通知
at: now
cover: cover.png
media: [{file: cover.png, alt: 红色封面}]
---
**城东**停水。
MD
# ---- shown to one person first ----
sed 's/^at: now/at: +20d/; s/停水提醒/预览的/' "$rig/topic.md" >"$rig/preview.md"
planned=$(g post new -q "$rig/preview.md")
follower=$(ledger 'last(.[] | select(.kind == "reply" or .kind == "answer")).to')
r=$(g post preview "$planned" --to "$follower" --dry-run)
has "a dry run says who would see it" "$r" "$planned/wechat-main would be shown to $follower, and to nobody else"
has "and what it costs" "$r" "0 of 100 previews of this day are used"
same "and does nothing" "$(noted '.kind == "preview"')" 0
ok "a post is shown to one follower" g post preview "$planned/wechat-main" --to "$follower"
is "as the platform will show it" "$(ledger '[.[] | select(.kind == "preview")]')" \
	"length == 1 and .[0].title == \"预览的\" and .[0].to == \"$follower\""
is "also by a WeChat ID, for scripts" "$(g post preview "$planned" --to chief_2026 --json)" \
	".delivery == \"$planned/wechat-main\" and .to == \"chief_2026\" and .used == 1"
is "whose picture was there already" \
	"$(sim GET "/cgi-bin/material/get_materialcount?access_token=$(g account token wechat-main)")" '.image_count == 1'
is "the post is as it was" "$(g post show "$planned" --json)" '.deliveries[0] | .state == "queued" and .attempts == 0'
has "but says who saw it" "$(g post show "$planned" --json)" '"post.preview"'
exits "somebody unknown is refused by the platform" 1 g post preview "$planned" --to oNobody0123456789012345678
has "with its words" "$(cat "$rig/out")" "WeChat 40003"
exits "a name that is none, before anything leaves" 2 g post preview "$planned" --to 老王
exits "nobody at all is a mistake" 2 g post preview "$planned"
exits "what is out has no preview" 5 g post preview "$first" --to chief_2026
has "and says so" "$(cat "$rig/out")" "a preview is for what has not gone out yet"
g post cancel "$planned" >/dev/null

# ---- to who chose it ----
article=$(g post new -q "$rig/topic.md")
exits "an article goes to those who chose it" 0 g post wait --timeout 60s "$article"
is "and to nobody else" "$(ledger '[.[] | select(.kind == "broadcast" and .title == "停水提醒")] | {n: length, to: .[0].to}')" '.n == 1 and (.to | startswith("tag:") or startswith("tag "))'

# ---- the administrator's word ----
account '"mass_protection":true,"mass_protection_code":0'
third=$(cast '需要确认' --at now)
ok "a broadcast waits for the administrator" until_is '.deliveries[0].state == "pending"' g post show "$third" --json
same "nobody has it yet" "$(noted '.text == "需要确认"')" 0
website confirm
exits "it goes out when he agrees" 0 g post wait --timeout 60s "$third"
same "once" "$(noted '.kind == "broadcast" and .text == "需要确认"')" 1
declined=$(cast '不予确认' --at now)
ok "another waits" until_is '.deliveries[0].state == "pending"' g post show "$declined" --json
website decline
exits "it fails when he declines" 1 g post wait --timeout 60s "$declined"
same "and reached nobody" "$(noted '.text == "不予确认"')" 0
account '"mass_protection":false'

# ---- taken back ----
exits "a broadcast is taken back" 0 g post withdraw "$article" --reason 试验 --yes
ok "the post says so" until_is '.deliveries[0].withdrawn_at' g post show "$article" --json
same "and the platform was asked once" "$(noted '.kind == "delete"')" 1

exits "a text cannot be, and that is said before" 5 g post withdraw "$first" --reason 试验 --dry-run
has "with what to do" "$(cat "$rig/out")" "$first/wechat-main: of broadcasts WeChat deletes articles only: take it out of the history"
exits "nor corrected" 5 g post correct "$first" -m '今晚21时起停水' --yes
same "the platform was not asked" "$(noted '.kind == "delete"') $(calls /cgi-bin/message/mass/delete)" "1 1"
is "and it stays as it is" "$(g post show "$first" --json)" '.deliveries[0] | .state == "sent" and (.withdrawn_at | not)'

# ---- nothing is left ----
fifth=$(cast '额度用完' --at now)
ok "the fifth of a month waits for the next one" until_is '.deliveries[0] | .state == "queued" and (.next_at[8:10] == "01")' g post show "$fifth" --json
same "and was not tried" "$(noted '.text == "额度用完"')" 0

# ---- what may be out cannot be given up ----
g post cancel "$fifth" >/dev/null
rig_stop
sql "UPDATE quota SET used = 0 WHERE scope = 'broadcasts'"
sed -i 's/settle_lag: .*/settle_lag: 1h/' "$rig/accounts.yaml"
rig_daemon || exit 1
fault /cgi-bin/message/mass/sendall '"effect":"reset-after"'
lost=$(cast '回执丢失' --at now)
ok "a broadcast whose answer is lost is unsure" until_is '.deliveries[0] | .state == "unsure" and .look_at' g post show "$lost" --json
ok "the account is paused" g account pause wechat-main --reason 台风
sed -i 's/settle_lag: .*/settle_lag: 200ms/' "$rig/accounts.yaml"
look_now() {
	rig_stop
	sql "UPDATE send SET look_at = 1 WHERE state = 'unsure'"
	rig_daemon || exit 1
}
look_now
ok "meanwhile it is not sent again to find out" until_is '.deliveries[0].note | strings | test("sent again to find out when the account is ready")' \
	g post show "$lost" --json
is "but is no less unsure" "$(g post show "$lost" --json)" '.deliveries[0] | .state == "unsure" and .attempts == 1'
ok "it can be called off" g post cancel "$lost"
is "but is not cancelled for that" "$(g post show "$lost" --json)" '.deliveries[0] | .state == "unsure" and .wish == "cancel"'
ok "and that can be taken back" g post release "$lost"
ok "the account goes on" g account resume wechat-main
sim POST /sim/clock '{"advance":"2m"}' >/dev/null # any sooner the platform says only "too fast"
look_now
exits "under the same number it is known again" 0 g post wait --timeout 60s "$lost"
is "after two attempts" "$(g post show "$lost" --json)" '.deliveries[0] | .state == "sent" and .attempts == 2'
same "and the citizens have it once" "$(noted '.kind == "broadcast" and .text == "回执丢失"')" 1

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
