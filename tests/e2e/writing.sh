# Texts written in an editor are never lost, a reply is never sent past what the citizen has written since, and the rows of a
# batch come back so that they can be handed in again.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
XDG_STATE_HOME=$rig/home
export XDG_STATE_HOME
drafts=$rig/home/gazette/drafts
link='https://www.city.gov.example/n/1 '

# editor SHELL...: the next text is written by these commands; $1 is the file.
editor() {
	printf '#!/bin/sh\ncp "$1" %s/seen\n%s\n' "$rig" "$*" >"$rig/editor"
	chmod 700 "$rig/editor"
	GAZETTE_EDITOR=$rig/editor
	export GAZETTE_EDITOR
}

# a post
editor 'printf -- "---\naccounts: [weibo-main]\nat: now\n---\n写在编辑器里 %s" "https://www.city.gov.example/n/1 " >"$1"'
id=$(g post new -q)
ok "a post written in the editor is handed in" g post wait "$id"
has "the editor showed the accounts there are" "$(cat "$rig/seen")" weibo-east
same "its draft is gone" "$(ls "$drafts")" ""
editor 'printf -- "---\naccounts: [weibo-main]\nat: nwo\n---\n差一点丢了 %s" "https://www.city.gov.example/n/1 " >"$1"'
exits "a mistake in the editor" 2 g post new
has "names the draft, line and column" "$(cat "$rig/out")" ".md:3:5: at: "
draft=$(ls "$drafts"/post-*.md)
has "the text is kept" "$(cat "$draft")" 差一点丢了
has "and said where" "$(cat "$rig/out")" "$draft"
sed -i 's/nwo/now/' "$draft"
ok "corrected, the draft is handed in as a file" g post new "$draft"
rm "$draft"
editor 'true'
exits "nothing written, nothing handed in" 1 g post new
same "and no draft is left" "$(ls "$drafts")" ""
editor 'printf -- "---\naccounts: [weibo-main]\nat: now\n---\n编辑器坏了" >"$1"; exit 3'
exits "an editor that fails hands in nothing" 1 g post new
has "its text is kept as well" "$(cat "$drafts"/post-*.md)" 编辑器坏了
rm "$drafts"/post-*.md

# what is found has its place in the file
printf -- '---\naccounts: [weibo-main]\nat: now\n---\n# 通知\n\n没有**链接**\n' >"$rig/found.md"
exits "post check finds what is missing" 6 g post check "$rig/found.md"
has "as a compiler says it" "$(cat "$rig/out")" "found.md"
has "and as JSON" "$(g post check --json "$rig/found.md" 2>&1)" '"rule":"weibo.safe-domain"'
printf -- '---\naccounts: [weibo-main]\nat: now\n---\n好的 %s\n' "$link" >"$rig/good.md"
same "a good post is no word in a pipe" "$(g post check "$rig/good.md" 2>&1)" ""
has "--dry-run shows text, time and length" "$(g post new --dry-run "$rig/good.md")" 好的
same "and hands in nothing" "$(g post list --json | grep -c 好的)" 0

# a reply
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"市民甲","text":"请问几点恢复供水"}' >/dev/null
g account poll weibo-main >/dev/null
ticket=$(g inbox -q | head -n 1)
editor 'printf "二十点" >"$1"'
rm -f "$rig/seen"
exits "no reply without a claim" 5 g reply "$ticket"
has "which says how to get one" "$(cat "$rig/out")" "gazette take $ticket"
same "before anybody wrote in vain" "$(cat "$rig/seen" 2>/dev/null)" ""
ok "take" g take "$ticket"
# while it is being written, the citizen writes again
editor 'sed -i "1s/^/预计二十点恢复\n/" "$1"
curl -sS -d "{\"account\":\"weibo-main\",\"kind\":\"comment\",\"as\":\"市民甲\",\"text\":\"已经来水了\"}" http://127.0.0.1:'"$port"'/sim/citizen
gazette -s '"$rig"'/control account poll weibo-main'
exits "the citizen wrote meanwhile: the reply stops" 5 g reply "$ticket"
has "saying why" "$(cat "$rig/out")" "citizen wrote again"
has "the thread stood there as comments" "$(cat "$rig/seen")" '# 请问几点恢复供水'
has "the draft is kept" "$(cat "$drafts/reply-$ticket.txt")" 预计二十点恢复
same "nothing was sent" "$(ledger '[.[] | select(.kind == "reply")] | length')" 0
rig_monitor
editor 'sed -i "s/预计二十点恢复/好的，感谢反馈/" "$1"'
ok "the next reply opens the draft" g reply "$ticket"
has "with what the citizen wrote since" "$(cat "$rig/seen")" '# 已经来水了'
wait_event ticket.reply-sent
has "and it is sent" "$(ledger '.[-1].text')" 好的，感谢反馈
same "without the comments" "$(ledger '.[-1].text' | grep -c '#')" 0
same "the draft is gone" "$(ls "$drafts")" ""
exits "an old version is refused" 5 g reply "$ticket" --version 1 -m 过时的
ok "release" g ticket release "$ticket"

# rows come back
printf '{"accounts":["weibo-east"],"at":"now","text":"第一行"}\n{"accounts":["weibo-east"],"at":"noww","text":"第二行"}\n' >"$rig/rows.jsonl"
g post import --json "$rig/rows.jsonl" >"$rig/back.jsonl" 2>"$rig/err"
same "a batch that was refused says so of each row" "$(jq -r .result "$rig/back.jsonl" | tr '\n' ' ')" "checked error "
has "with the place of the mistake" "$(cat "$rig/back.jsonl")" "rows.jsonl:2: at: "
exits "--partial takes the first" 8 g post import --partial --json "$rig/back.jsonl"
sed 's/noww/now/g' "$rig/out" | grep '^{"row"' >"$rig/again.jsonl"
ok "corrected, it is handed in again" g post import --csv "$rig/again.jsonl"
cp "$rig/out" "$rig/again.csv"
ok "and once more, as CSV" g post import "$rig/again.csv"
same "each row is one post" "$(g post list --json | grep -c '第[一二]行')" 2

# many at once
ids=$(for i in 1 2 3; do g post new -q -m "一批 $i" --to weibo-east --at +1h; done)
first=$(printf '%s\n' "$ids" | head -n 1)
ok "a range" g post hold "$first-$((first + 2))"
has "ids on standard input" "$(printf '%s\n' "$ids" | g post release - --json | jq -r .state | sort -u)" queued
ok "ALL" g post cancel ALL
same "all are cancelled" "$(g queue list --state queued -q | wc -l)" 0

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
