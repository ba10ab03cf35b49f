# From a file on the officer's disk to the platform's ledger: times, texts, pictures, two accounts, and every way to stop.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1

link='https://www.city.gov.example/n/1 '

# now, one account
id=$(g post new -q -m "停水通知 今晚八点 $link" --to weibo-main --at now)
ok "a post for now is published" g post wait "$id"
same "once on the ledger" "$(ledger '[.[] | select(.kind == "post")] | length')" 1
has "with its text" "$(ledger '.[0].text')" "停水通知 今晚八点"
has "its public address is shown" "$(g post show "$id" --json)" "https://weibo.com/1900000001/"

# a Markdown file to two accounts, in two seconds
cat >"$rig/notice.md" <<MD
---
title: Road works
accounts: [all]
at: +2s
class: service
key: road-works-1
per_account:
  weibo-east: "东区道路施工，请绕行 🚧 https://www.city.gov.example/n/2 "
---
**Road works** on the east ring 🚧, please take the north ring.

Details: $link
MD
due_from=$(date +%s)
id=$(g post new -q "$rig/notice.md")
ok "a file for two accounts is published" g post wait "$id"
same "twice on the ledger, once per account" \
	"$(ledger '[.[] | select(.text | contains("🚧"))] | map(.account) | sort | join(" ")')" "weibo-east weibo-main"
has "emphasis became plain text" "$(ledger '[.[] | select(.account == "weibo-main")][-1].text')" "Road works on the east ring"
has "the other account has its own text" "$(ledger '[.[] | select(.account == "weibo-east")][-1].text')" "东区道路施工"
at=$(ledger '[.[] | select(.text | contains("🚧"))][0].at')
same "not early" "$([ "$(date -d "$at" +%s)" -ge $((due_from + 2)) ] && echo yes)" yes

# the same file again, as cron would do: nothing new
before=$(ledger length)
has "the same key and content is a no-op" "$(g post new "$rig/notice.md" --json 2>&1)" unchanged
same "the ledger did not grow" "$(ledger length)" "$before"
sed 's/Road works/Other works/' "$rig/notice.md" >"$rig/other.md"
exits "the same key with other content is a conflict" 5 g post new "$rig/other.md"

# what Weibo cannot take back is said before anything is done
exits "no withdrawal from Weibo" 5 g post withdraw "$id/weibo-main" --reason 试验 --yes
has "with what to do instead" "$(cat "$rig/out")" "delete it in Weibo"
exits "nor a correction that would need one" 5 g post correct "$id" -m "更正 $link" --yes
same "nothing was begun" "$(sql "SELECT count(*) FROM send WHERE kind = 'withdraw'") $(ledger length)" "0 $before"

# long text on the advanced tier: 2000 characters
long=$(printf '长%.0s' $(seq 1 1990))
id=$(printf -- '---\naccounts: [weibo-east]\nat: now\n---\n%s 末尾十个字在这里' "$long" | g post new -q -)
ok "two thousand characters are published" g post wait "$id"
same "whole" "$(ledger '.[-1].text | length')" 1999
exits "and refused where the limit is 140" 6 sh -c 'printf -- "---\naccounts: [weibo-main]\nat: now\n---\n%s https://www.city.gov.example/ " "$1" |
	gazette -s "$2" post new -' sh "$long" "$rig/control"
has "naming the rule" "$(cat "$rig/out")" weibo.length

# a picture
printf 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' |
	base64 -d >"$rig/dot.png"
cat >"$rig/picture.md" <<MD
---
accounts: [weibo-main, weibo-east]
at: now
media:
  - file: dot.png
    alt: 一个点
---
看图 $link
MD
id=$(g post new -q "$rig/picture.md")
ok "a picture goes with the post" g post wait "$id"
same "on both tiers" "$(ledger '[.[] | select(.text | startswith("看图"))] | length')" 2
cp "$rig/dot.png" "$rig/broken.png"
printf 'not a picture' >"$rig/broken.png"
sed 's/dot.png/broken.png/; s/看图/坏图/' "$rig/picture.md" >"$rig/broken.md"
exits "a file that is no picture is refused" 6 g post new "$rig/broken.md"
sed 's/dot.png/missing.png/; s/看图/缺图/' "$rig/picture.md" >"$rig/missing.md"
exits "an unreadable one names the file" 1 g post new "$rig/missing.md"
has "by its name" "$(cat "$rig/out")" missing.png

# hold, release, cancel
id=$(g post new -q -m "先等等 $link" --to weibo-main --at +1h)
ok "hold" g post hold "$id"
has "is held" "$(g post show "$id" --json)" '"held"'
ok "release for now" g post release "$id" --at now
ok "is published" g post wait "$id"
id=$(g post new -q -m "不发了 $link" --to weibo-main --at +1h)
ok "cancel" g post cancel "$id"
exits "a cancelled delivery cannot be released" 5 g post release "$id/weibo-main"
exits "a time in the past is refused" 2 g post new -m "昨天 $link" --to weibo-main --at '2020-01-01 08:00'
has "saying so" "$(cat "$rig/out")" past
exits "an account that is not there is named" 3 g post new -m "hm $link" --to weibo-mian --at now
has "with the nearest name" "$(cat "$rig/out")" weibo-main
same "nothing of that reached the platform" "$(ledger '[.[] | select(.text | test("不发了|昨天|坏图|缺图"))] | length')" 0

# without a time it waits for one
id=$(g post new -q -m "定时再说 $link" --to weibo-main)
has "a post without a time is held" "$(g post show "$id" --json)" '"held"'
ok "post schedule gives it one" g post schedule "$id" --at +1s
ok "and it goes" g post wait "$id"

# late: the daemon was down at the promised time
id=$(g post new -q -m "迟到的 $link" --to weibo-main --at +1s)
late=$(printf -- '---\naccounts: [weibo-main]\nat: +1s\nlate: 0s\n---\n过时不候 %s' "$link" | g post new -q -)
rig_kill
due=$(($(date +%s) + 2))
while [ "$(date +%s)" -lt "$due" ]; do read -r _ <"$rig/accounts.yaml"; done
rig_daemon || exit 1
ok "a little late is published after all" g post wait "$id"
ok "too late is held for a decision" timeout 60 sh -c \
	'until gazette -s "$1" post show "$2" --json | grep -q "\"late\""; do :; done' sh "$rig/control" "$late"
same "and not sent" "$(ledger '[.[] | select(.text | startswith("过时不候"))] | length')" 0

rig_stop
same "the daemon stopped cleanly" "$daemon_status" 0
done_testing
