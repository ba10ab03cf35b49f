# Comments below an article: read by asking for them, listed, selected, answered once, the answer taken away; closed and
# opened again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"

wechat_start
cat >"$rig/article.md" <<'MD'
---
title: 周末办事指南
accounts: [wechat-main]
at: now
comments: yes
cover: cover.png
media: [{file: cover.png, alt: 红色封面}]
---
**周末**照常办理。
MD
post=$(g post new -q "$rig/article.md")
exits "an article with comments is out" 0 g post wait --timeout 60s "$post"
article=$(ledger '[.[] | select(.kind == "article")][0].remote_id')
comments() { g comment list "$post/wechat-main" --json; }
writes() { citizen "$1" comment "\"article\":\"$article\",\"text\":\"$2\"" >/dev/null; }

# ---- read ----
writes 王 周六几点开门
writes 赵 请问要预约吗
ok "comments are read" until_is -s 'length == 2' comments
exits "an account is asked for" 0 g account poll wechat-main
r=$(comments)
is "newest first, each with its ticket" "$(printf '%s' "$r" | jq -s .)" '(.[0].id > .[1].id) and all(.ticket > 0)'
one=$(printf '%s' "$r" | jq -r 'select(.text == "周六几点开门") | .id')
two=$(printf '%s' "$r" | jq -r 'select(.text == "请问要预约吗") | .id')
ticket=$(printf '%s' "$r" | jq -r "select(.id == $one) | .ticket")
has "a person sees it" "$(g comment show "$one")" "周六几点开门"
is "and a script" "$(g comment show "$one" --json)" ".ticket == $ticket and .account == \"wechat-main\""
exits "one that is not there" 3 g comment show 99999
exits "a post without comments of its own" 3 g comment list 999/wechat-main

# ---- selected ----
ok "one is selected" g comment elect "$one"
same "there" "$(noted '.kind == "comment-elected" or (.endpoint | endswith("/markelect"))')" 1
ok "and no more" g comment unelect "$one"
same "there too" "$(noted '.endpoint | endswith("/unmarkelect")')" 1

# ---- answered ----
exits "an answer needs a claim" 5 g comment reply "$one" -m '九点。'
g take "$ticket" >/dev/null
exits "one longer than a comment holds is refused" 6 g comment reply "$one" -m "$(printf '长%.0s' $(seq 141))"
has "with its limit" "$(cat "$rig/out")" "an answer to a comment holds 140"
ok "an answer" g comment reply "$one" -m '周六九点开门。'
ok "goes out" until_is '[.thread[] | select(.send_state == "sent")] | length == 1' g ticket show "$ticket" --json
same "once" "$(noted '.text == "周六九点开门。" and (.endpoint | endswith("/reply/add"))')" 1

# ---- taken away ----
exits "somebody must agree to it" 2 g comment delete-reply "$one"
ok "our reply is taken away" g comment delete-reply "$one" --yes
same "once" "$(noted '.endpoint | endswith("/reply/delete")')" 1

# ---- closed and opened ----
ok "comments are closed" g comment close "$post/wechat-main"
exits "readers cannot write" 22 citizen 钱 comment "\"article\":\"$article\",\"text\":\"写不了\""
ok "and opened" g comment open "$post/wechat-main"
writes 孙 又能写了
ok "what comes then is read" until_is -s 'any(.text == "又能写了")' comments

# ---- removed ----
ok "a comment is removed" g comment delete "$two" --yes
same "there" "$(noted '.endpoint | endswith("/comment/delete")')" 1

# ---- what the history knows ----
is "who ordered what is written down" "$(sql "SELECT json_group_array(json_extract(detail, '\$.call')) FROM event WHERE action = 'account.call'")" \
	'. == ["comment.elect","comment.unelect","comment.reply-delete","comments.close","comments.open","comment.delete"]'
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
