# What an office publishes in WeChat, from a file to the reader: articles with pictures and picture posts, drafts that
# vanish, lost answers; and taking back and correcting what is out.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"

wechat_start

# ---- an article ----
cat >"$rig/water.md" <<'MD'
---
title: 城东停水通知
accounts: [wechat-main]
at: now
digest: 今晚停水
author: 水务办
source_url: https://www.city.gov.example/n/1
comments: yes
cover: cover.png
media:
  - {file: cover.png, alt: 红色封面}
  - {file: map.png, alt: 停水范围图}
---
# 停水范围

**城东**今晚停水，见下图。

![停水范围图](map.png)

再看一次：

![停水范围图](map.png)
MD
ok "the article is accepted" g post check "$rig/water.md"
has "and said to be published, not broadcast" "$(g post new --dry-run "$rig/water.md")" "published; followers are not told"
same "a dry run leaves nothing" "$(g post list --json | wc -l)" 0
post=$(g post new -q "$rig/water.md")
exits "it is published" 0 g post wait --timeout 60s "$post"
same "once" "$(noted '.kind == "article" and .title == "城东停水通知"')" 1
article=$(ledger '[.[] | select(.kind == "article")][0].text')
has "its Markdown is HTML" "$article" "停水范围</h"
has "its picture is the platform's" "$article" "mmbiz"
same "twice in the text" "$(printf '%s' "$article" | grep -o '<img' | wc -l)" 2
same "but uploaded once" "$(calls /cgi-bin/media/uploadimg)" 1
same "the cover once" "$(calls /cgi-bin/material/add_material)" 1
r=$(g post show "$post" --json)
is "the delivery knows its address and its mode" "$r" '.deliveries[0] | .state == "sent" and .mode == "publish" and (.url | startswith("http"))'
is "and what belongs to an article" "$r" '.digest == "今晚停水" and .byline == "水务办" and .comments == "yes"'
is "the list says how it goes out" "$(g post list --json)" '.mode == "publish"'

# ---- the same pictures again ----
sed -e 's/^title: .*/title: 城东恢复供水/' -e 's/今晚停水，见下图/已恢复供水/' "$rig/water.md" >"$rig/back.md"
exits "another article with the same pictures" 0 g post wait --timeout 60s "$(g post new -q "$rig/back.md")"
same "uploads nothing again" "$(calls /cgi-bin/media/uploadimg) $(calls /cgi-bin/material/add_material)" "1 1"

# ---- a picture post ----
exits "a picture post" 0 g post wait --timeout 60s "$(g post new -q -m '雨后的城东公园' --to wechat-main --at now --title 雨后公园 --media "$rig/map.png|公园" --media "$rig/cover.png|红花")"
same "is there once" "$(noted '.kind == "article" and .title == "雨后公园"')" 1

# ---- the platform wants a person: another token does not help, and nothing is tried until somebody says so ----
fault /cgi-bin/freepublish/submit '"effect":"error","error_code":48004'
id=$(g post new -q -m '雨后的城西公园' --to wechat-main --at now --title 城西公园 --media "$rig/map.png|公园")
ok "the platform has closed the interface" wait_log 'account\.state account=wechat-main state=parked reason=.*48004'
ok "somebody has had it opened" g account resume wechat-main
ok "and it goes" g post wait "$id"
same "at the second attempt" "$(sql "SELECT attempts FROM send WHERE post_id = $id")" 2

# ---- the token is refused while no other is to be had: what was refused waits for the next ----
fault /cgi-bin/freepublish/submit '"effect":"error","error_code":40001'
fault /cgi-bin/stable_token '"effect":"error","error_code":-1'
id=$(g post new -q -m '雨后的城南公园' --to wechat-main --at now --title 城南公园 --media "$rig/map.png|公园")
ok "a post meets a dead token and a silent platform" g post wait --timeout 60s "$id"
same "and leaves when there is another" "$(sed -n 's/.*\(token\.unrenewed\|token\.renewed.*forced=1\|send\.pend\).*/\1/p' "$rig/daemon.log" | tail -n 3 | cut -d ' ' -f 1 | tr '\n' ' ')" "token.unrenewed token.renewed send.pend "
same "at its second attempt" "$(sql "SELECT attempts FROM send WHERE post_id = $id")" 2

# ---- stopped between two steps: the last one, which makes it visible, is not taken ----
stopped() { # stopped TITLE COMMAND...: while the draft is on its way
	title=$1
	shift
	fault /cgi-bin/draft/add '"effect":"delay","delay_ms":2000'
	id=$(sed "s/^title: .*/title: $title/" "$rig/water.md" | (cd "$rig" && g post new -q -))
	ok "$title: the draft is on its way" until_is 'any(.faults[]; .effect == "delay" and .hits > 0)' sim GET /sim/fault
	ok "$title: stopped" "$@"
	sim DELETE /sim/fault >/dev/null
}
before=$(calls /cgi-bin/freepublish/submit)
stopped 账号停用 g account pause wechat-main --reason 核实
ok "a pause holds it" until_is '.deliveries[0] | .state == "held" and .hold == "account_paused"' g post show "$id" --json
same "nothing was submitted" "$(calls /cgi-bin/freepublish/submit)" "$before"
ok "resumed" g account resume wechat-main
exits "it is published" 0 g post wait --timeout 60s "$id"
same "once" "$(noted '.kind == "article" and .title == "账号停用"')" 1
before=$(calls /cgi-bin/freepublish/submit)
stopped 撤销稿件 sh -c 'gazette -s "$1" post cancel "$(gazette -s "$1" post list -q --limit 1)"' sh "$rig/control"
exits "a cancellation ends it" 3 g post wait --timeout 60s "$id"
is "for good" "$(g post show "$id" --json)" '.deliveries[0].state == "cancelled"'
stopped 暂留稿件 sh -c 'gazette -s "$1" post hold "$(gazette -s "$1" post list -q --limit 1)"' sh "$rig/control"
exits "a hold holds it" 3 g post wait --timeout 60s "$id"
is "until a person lets it go" "$(g post show "$id" --json)" '.deliveries[0].hold == "operator"'
same "nothing was submitted" "$(calls /cgi-bin/freepublish/submit)" "$before"

# ---- what cannot be ----
exits "a text alone is no publication" 6 g post new -m '只有一句话' --to wechat-main --at now
has "and says what to do" "$(cat "$rig/out")" "give it a title"
exits "an article wants a cover" 6 g post new -m '没有封面' --title 没有封面 --to wechat-main --at now

# ---- the draft vanishes between making and publishing ----
fault /cgi-bin/freepublish/submit '"effect":"error","error_code":40007'
exits "a draft that is gone is made anew" 0 g post wait --timeout 60s "$(sed 's/^title: .*/title: 草稿消失/' "$rig/water.md" | (cd "$rig" && g post new -q -))"
same "and published once" "$(noted '.title == "草稿消失" and .kind == "article"')" 1

# ---- the answer is lost ----
fault /cgi-bin/freepublish/submit '"effect":"reset-after"'
exits "of a lost answer the article is found" 0 g post wait --timeout 60s "$(sed 's/^title: .*/title: 回信丢失/' "$rig/water.md" | (cd "$rig" && g post new -q -))"
same "and never published twice" "$(noted '.title == "回信丢失" and .kind == "article"')" 1
is "what the looks said is not said any more" "$(g queue list --state sent --json | head -n 1)" '.post and (.note | not)'

# ---- the platform works on it for long ----
account '"publish_delay_ms":3600000'
submitted=$(calls /cgi-bin/freepublish/submit)
long=$(sed 's/^title: .*/title: 审核很久/' "$rig/water.md" | (cd "$rig" && g post new -q -))
ok "a publication that takes longer than any lag is asked about" timeout 60 sh -c '
	until [ "$(sqlite3 -cmd ".timeout 10000" "$1" "SELECT finds FROM send WHERE post_id = $2")" -ge 3 ]; do :; done' \
	sh "$rig/state/store.db" "$long"
rig_stop
rig_daemon || exit 1
is "also after a restart" "$(g post show "$long" --json)" '.deliveries[0] | .state == "pending" and .attempts == 1 and .look_at'
same "and never handed in again, though its draft still stands" "$(calls /cgi-bin/freepublish/submit)" $((submitted + 1))
ok "called off, it goes on" g post cancel "$long"
sim POST /sim/clock '{"advance":"2h"}' >/dev/null
exits "until it ends" 0 g post wait --timeout 60s "$long"
same "published once" "$(noted '.title == "审核很久" and .kind == "article"')" 1

# ---- and its number was lost ----
rig_stop
sed -i 's/job_max: .*/job_max: 1h/' "$rig/accounts.yaml"
rig_daemon || exit 1
submitted=$(calls /cgi-bin/freepublish/submit)
fault /cgi-bin/freepublish/submit '"effect":"reset-after"'
blind=$(sed 's/^title: .*/title: 审核很久又丢了回信/' "$rig/water.md" | (cd "$rig" && g post new -q -))
for n in 1 2 3; do
	ok "look $n tells nothing" timeout 60 sh -c '
		until [ "$(sqlite3 -cmd ".timeout 10000" "$1" "SELECT finds FROM send WHERE post_id = $2")" -ge "$3" ]; do :; done' \
		sh "$rig/state/store.db" "$blind" "$n"
	rig_stop
	sql "UPDATE send SET look_at = 1 WHERE state = 'unsure'"
	is "it is in doubt, and why is said" "$(sql "SELECT json_object('state', state, 'note', note) FROM send WHERE post_id = $blind")" \
		'.state == "unsure" and (.note | test("its draft still stands"))'
	[ "$n" = 3 ] || rig_daemon || exit 1
done
same "it was handed in once" "$(calls /cgi-bin/freepublish/submit)" $((submitted + 1))
sim POST /sim/clock '{"advance":"61m"}' >/dev/null # the token is good for longer
rig_daemon || exit 1
exits "when it is out, it is found" 0 g post wait --timeout 60s "$blind"
same "and published once" "$(noted '.title == "审核很久又丢了回信" and .kind == "article"')" 1
account '"publish_delay_ms":200'

# ---- taking back ----
exits "why must be said" 2 g post withdraw "$post"
exits "somebody must agree" 2 g post withdraw "$post" --reason 数字有误
r=$(g post withdraw "$post" --reason 数字有误 --dry-run --json)
is "what it would cost" "$r" '.delivery == "'"$post"'/wechat-main" and .used == 0 and .limit == 10'
same "a dry run takes nothing back" "$(noted '.kind == "delete"')" 0
ok "it is taken back" g post withdraw "$post" --reason 数字有误 --yes
ok "the post says so" until_is '.deliveries[0].withdrawn_at' g post show "$post" --json
same "it is gone there, once" "$(noted '.kind == "delete"')" 1
exits "a second time there is nothing" 5 g post withdraw "$post/wechat-main" --reason 再来 --yes
has "and that is said" "$(cat "$rig/out")" "withdrawn already"
is "the list of withdrawals has it" "$(g queue list --kind withdraw --state sent --json)" '.kind == "withdraw" and .withdraws > 0'

# ---- correcting ----
wrong=$(sed 's/^title: .*/title: 更正前/' "$rig/water.md" | (cd "$rig" && g post new -q -))
exits "a post with a mistake" 0 g post wait --timeout 60s "$wrong"
sed -e 's/^title: .*/title: 更正后/' -e '/^accounts:/d' -e '/^at:/d' "$rig/water.md" >"$rig/right.md"
ok "what a correction would do" g post correct "$wrong" "$rig/right.md" --dry-run
same "does nothing yet" "$(noted '.title == "更正后"') $(noted '.kind == "delete"')" "0 1"
right=$(g post correct "$wrong" "$rig/right.md" --yes -q)
exits "the corrected one is out" 0 g post wait --timeout 60s "$right"
same "once" "$(noted '.kind == "article" and .title == "更正后"')" 1
ok "the old one is taken back" until_is '.deliveries[0].withdrawn_at' g post show "$wrong" --json
same "that is the second" "$(noted '.kind == "delete"')" 2
is "the new one names the old one" "$(g post show "$right" --json)" ".corrects == $wrong"
is "and the other way round" "$(g post show "$wrong" --json)" ".corrected_by == $right"
exits "what is taken back cannot be corrected" 5 g post correct "$wrong" "$rig/right.md" --yes

# ---- the answer to a withdrawal is lost ----
last=$(sed 's/^title: .*/title: 最后/' "$rig/water.md" | (cd "$rig" && g post new -q -))
exits "one more" 0 g post wait --timeout 60s "$last"
fault /cgi-bin/freepublish/delete '"effect":"reset-after"'
ok "is taken back, the answer lost" g post withdraw "$last" --reason 试验 --yes
ok "and found to be gone" until_is '.deliveries[0].withdrawn_at' g post show "$last" --json
same "withdrawn once" "$(noted '.kind == "delete"')" 3

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
