# The cron path: files in, all rows or none, the same file twice publishes once.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
link='https://www.city.gov.example/n/1'

printf '\357\273\277accounts,at,text,key,class\r\nweibo-main,now,"晨间提示, 注意防滑 %s ",tip-1,service\r\nweibo-main;weibo-east,+1s,第二条 %s ,tip-2,service\r\n' \
	"$link" "$link" >"$rig/tips.csv"
ok "a CSV file with BOM and CR LF" g post import "$rig/tips.csv"
ok "its first post goes" g post wait 1
ok "its second goes to both" g post wait 2
same "three on the ledger" "$(ledger length)" 3
out=$(g post import "$rig/tips.csv")
same "the same file again is quiet" "$out" ""
same "and publishes nothing" "$(ledger length)" 3

iconv -f UTF-8 -t GB18030 >"$rig/gb.csv" <<CSV
accounts,at,text,key
weibo-east,now,国标编码的一条 $link ,gb-1
CSV
ok "GB18030 is recognised" g post import "$rig/gb.csv"
ok "and published" g post wait 3
has "with its text right" "$(ledger '.[-1].text')" 国标编码的一条

printf '{"accounts":["weibo-east"],"at":"now","text":"第一行","key":"l-1"}\n{"accounts":["weibo-north"],"at":"now","text":"第二行","key":"l-2"}\n{"accounts":["weibo-east"],"at":"now","text":"第三行","key":"l-3"}\n' >"$rig/lines.jsonl"
before=$(ledger length)
exits "one wrong row stops all" 3 g post import "$rig/lines.jsonl"
has "naming the row and the account" "$(cat "$rig/out")" weibo-north
same "nothing of it was taken" "$(g post list --json | grep -c '第一行')" 0
exits "--partial takes the others" 8 g post import --partial "$rig/lines.jsonl"
same "the others are there" "$(g post list --json | grep -c '第[一三]行')" 2

# what it corrects is not out: the row is wrong, and nothing of it stays
old=$(g post new -q -m "旧稿 $link " --to weibo-main --at +1h)
printf '{"accounts":["weibo-main"],"at":"now","text":"更正稿 %s ","key":"c-1","corrects":%s}\n{"accounts":["weibo-east"],"at":"now","text":"另一行","key":"c-2"}\n' \
	"$link" "$old" >"$rig/corrections.jsonl"
exits "--partial with a correction of what is not published" 8 g post import --partial "$rig/corrections.jsonl"
has "is told so" "$(cat "$rig/out")" "$old/weibo-main is not published"
same "a row that is an error is no post" "$(sql "SELECT count(*) FROM post WHERE key = 'c-1'")" 0
same "the other row is one" "$(sql "SELECT count(*) FROM post WHERE key = 'c-2'")" 1
ok "and goes" g post wait "$(sql "SELECT id FROM post WHERE key = 'c-2'")"
same "nothing of the first went out" "$(ledger '[.[] | select(.text | startswith("更正稿"))] | length')" 0

mkdir "$rig/folder"
for i in 1 2 3; do
	printf -- '---\naccounts: [weibo-east]\nat: now\nkey: folder-%s\n---\n文件夹第 %s 篇\n' "$i" "$i" >"$rig/folder/$i.md"
done
ok "a folder of Markdown" g post import "$rig/folder"
for id in $(g post list --json | jq -r 'select(.key // "" | startswith("folder-")) | .id'); do
	g post wait "$id" >/dev/null
done
same "each once" "$(ledger '[.[] | select(.text | startswith("文件夹第"))] | length')" 3
ok "again" g post import "$rig/folder"
same "still once" "$(ledger '[.[] | select(.text | startswith("文件夹第"))] | length')" 3

# handed in again after its hour, as cron does when a machine was down
at=$(date -d '+2 seconds' '+%Y-%m-%d %H:%M:%S')
printf 'accounts,at,text,key\nweibo-main,%s,准点的一条 %s ,clock-1\n' "$at" "$link" >"$rig/clock.csv"
ok "a batch with a clock time" g post import "$rig/clock.csv"
ok "goes at its time" g post wait "$(g post list -q --limit 1)"
before=$(ledger length)
ok "handed in again when the time has passed: nothing new, no error" g post import "$rig/clock.csv"
same "and nothing went out" "$(ledger length)" "$before"

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
