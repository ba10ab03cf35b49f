#!/bin/sh
# The main job, end to end, with real programs: schedule, publish, hear citizens, claim, answer, escalate. Every step's effect is
# checked on the simulator's ledger; the exit status is 0 only when all of them were there.
#
#   sh tests/demo.sh           installs what is missing, builds, plays, cleans up
#   sh tests/demo.sh --stay    leaves simulator and daemon running and says how to talk to them
set -u
cd "$(dirname "$0")/.."
stay=
case ${1:-} in
--stay) stay=yes ;;
'') ;;
*)
	echo "usage: sh tests/demo.sh [--stay]" >&2
	exit 2
	;;
esac
. tests/packages.sh
need_packages build || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if [ ! -f build/demo/build.ninja ]; then
	echo "== building (build/demo)"
	meson setup build/demo --buildtype=release -Dauto_features=disabled >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log"; exit 1; }
fi
ninja -C build/demo >"$dir/build.log" 2>&1 || { tail -n 30 "$dir/build.log"; exit 1; }

root=$PWD
PATH=$root/build/demo/src/cli:$root/build/demo/src/daemon:$root/build/demo/src/sim:$PATH
TZ=Asia/Shanghai
GAZETTE_LOCALE_DIR=$root/build/demo/src/cli/po # not installed: LANG=zh_CN.UTF-8 finds its language here
export PATH TZ GAZETTE_LOCALE_DIR
export GAZETTE_SOCKET="$dir/control"
sim=http://127.0.0.1:8750
daemon_pid=
sim_pid=
monitor_pid=
failures=0

end() {
	trap - EXIT
	for pid in $monitor_pid $daemon_pid $sim_pid; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

follow() { # block until FILE has a line with PATTERN, or PID has ended
	timeout 60 tail -n +1 -f --pid="$2" "$1" 2>/dev/null | grep -q -m1 -e "$3"
}
say() {
	printf '\n\033[1m%s\033[0m\n' "$*"
}
run() { # show a command as a person would type it, then run it
	printf '\033[36m$ %s\033[0m\n' "$*"
	"$@"
}
citizen() { # ACCOUNT NAME TEXT
	printf '\033[33m  (on the platform, %s writes: %s)\033[0m\n' "$2" "$3"
	jq -nc --arg a "$1" --arg n "$2" --arg t "$3" '{account: $a, kind: "comment", as: $n, text: $t}' |
		curl -sS --fail -o /dev/null -d @- "$sim/sim/citizen"
}
follower() { # NAME KIND TEXT [MORE]: a follower of the WeChat account; what he sees at once is printed
	printf '\033[33m  (in WeChat, %s: %s)\033[0m\n' "$1" "$3"
	jq -nc --arg n "$1" --arg k "$2" --arg t "$3" --argjson more "${4:-{\}}" \
		'{account: "wechat-main", kind: $k, as: $n, text: $t} + $more' |
		curl -sS --fail -d @- "$sim/sim/citizen" | jq -r '.saw // empty' | sed 's/^/  sees: /'
}
expect() { # TITLE COUNT JQ: how many ledger entries must match
	got=$(curl -sS "$sim/sim/ledger" | jq "(.entries // .) | [.[] | select($3)] | length")
	if [ "$got" = "$2" ]; then
		printf '  \033[32m✓\033[0m ledger: %s\n' "$1"
	else
		printf '  \033[31m✗\033[0m ledger: %s: %s entries, want %s\n' "$1" "$got" "$2"
		failures=$((failures + 1))
	fi
}
must() { # TITLE COMMAND...
	what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		printf '  \033[32m✓\033[0m %s\n' "$what"
	else
		printf '  \033[31m✗\033[0m %s\n' "$what"
		failures=$((failures + 1))
	fi
}

say "== The platforms (simulated) and the daemon, on loopback, in $dir"
gazette-sim -c accounts.yaml >"$dir/sim.out" 2>"$dir/sim.log" &
sim_pid=$!
follow "$dir/sim.out" "$sim_pid" 'listening on' || { cat "$dir/sim.log"; exit 1; }
gazetted -c accounts.yaml --state "$dir/state" --socket "$dir/control" 2>"$dir/daemon.log" &
daemon_pid=$!
follow "$dir/daemon.log" "$daemon_pid" 'daemon\.ready' || { cat "$dir/daemon.log"; exit 1; }
gazette monitor -f >"$dir/monitor" 2>&1 &
monitor_pid=$!
run gazette account list

say "== A press officer schedules two posts: one line now, and a file to two accounts in three seconds"
run gazette post new -m '今晚20时至22时城东停水检修，请提前储水。 https://www.city.gov.example/n/1 ' --to weibo-main --at now
cat >"$dir/road.md" <<'MD'
---
title: 道路施工
accounts: [all]
at: +3s
class: service
key: road-2026-11
---
**东环路**明日起施工 🚧，请绕行北环。详见 https://www.city.gov.example/n/2
MD
printf '\033[36m$ cat road.md\033[0m\n'
cat "$dir/road.md"
run gazette post check "$dir/road.md"
run gazette post new "$dir/road.md"
run gazette post list
run gazette post wait 1
expect "the first post, once" 1 '.kind == "post" and (.text | contains("停水检修"))'
run gazette post wait 2
expect "the file's post on both accounts, once each" 2 '.kind == "post" and (.text | contains("🚧"))'
printf '  handing the same file in again, as cron would:\n'
run gazette post new "$dir/road.md"
expect "still once each" 2 '.kind == "post" and (.text | contains("🚧"))'
run gazette post show 2

say "== Citizens answer"
citizen weibo-main 市民小陈 '请问北环晚上通车吗？'
citizen weibo-main 小林 '我不想活了，已经站在桥上'
citizen weibo-main 老周 '我要投诉，施工噪音整夜不停'
run gazette account poll weibo-main
run gazette inbox
follow "$dir/monitor" "$daemon_pid" 'P0' && printf '  \033[32m✓\033[0m the monitor rang\n' || failures=$((failures + 1))

say "== The duty officer takes the most urgent one"
urgent=$(gazette inbox -q | head -n 1)
run gazette take "$urgent"
run gazette ticket show "$urgent"
run gazette reply "$urgent" -m '我看到你的话了，我是值班员王警官。你现在安全吗？身边有人吗？'
run gazette escalate "$urgent" --to duty-leader --reason '有人在桥上，请联系110'
follow "$dir/monitor" "$daemon_pid" 'reply-sent\|reply sent\|answered'
must "the answer is recorded as sent" timeout 30 sh -c \
	'until gazette ticket show "$1" --json | grep -q "\"sent\""; do :; done' sh "$urgent"
expect "the answer, once, under the citizen's comment" 1 '.kind == "reply" and (.text | contains("王警官"))'

say "== What happened to this ticket"
run gazette ticket show "$urgent"
must "it is escalated to the duty leader" sh -c \
	'gazette ticket show "$1" --json | jq -e ".target == \"duty-leader\" and .level >= 1"' sh "$urgent"
must "its history is complete" sh -c \
	'gazette ticket show "$1" --json | jq -e "[.history[].action] | contains([\"ticket.open\", \"ticket.claim\", \"ticket.reply\", \"ticket.escalate\"])"' \
	sh "$urgent"

say "== An article in WeChat, with a picture, and a broadcast that tells followers"
curl -sS -o /dev/null -d '{"account":"wechat-main","callback_url":"http://127.0.0.1:8751/callback/wechat-main","publish_delay_ms":300,"mass_delay_ms":300}' \
	"$sim/sim/account"
base64 -d >"$dir/cover.png" <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGM4ISeHFTEMLQkAkL9BAbKfPiIAAAAASUVORK5CYII=
PNG
cat >"$dir/guide.md" <<'MD'
---
title: 周末办事指南
accounts: [wechat-main]
at: now
comments: yes
media: [{file: cover.png, alt: 红色封面}]
---
# 周末办事指南

**周六**上午九点至十二点照常办理。

![红色封面](cover.png)
MD
run gazette post new "$dir/guide.md"
article=$(gazette post list --limit 1 -q)
run gazette post wait "$article"
expect "the article, once" 1 '.kind == "article" and .title == "周末办事指南"'
run gazette post new --dry-run -m '今晚20时起城东停水，请提前储水。' --to wechat-main --mode broadcast --at now
run gazette post new -m '今晚20时起城东停水，请提前储水。' --to wechat-main --mode broadcast --at now
run gazette post wait "$(gazette post list --limit 1 -q)"
expect "the broadcast, once, to all followers" 1 '.kind == "broadcast" and .to == "all" and (.text | contains("储水"))'

say "== A follower writes; a reader comments"
follower 王大爷 message '停水到几点？' '{"wait": true}'
ticket=$(gazette inbox --account wechat-main -q | head -n 1)
run gazette take "$ticket"
run gazette ticket show "$ticket"
run gazette reply "$ticket" -m '今晚22时恢复供水。'
must "the answer is out" timeout 30 sh -c 'until gazette ticket show "$1" --json | grep -q "\"sent\""; do :; done' sh "$ticket"
expect "the answer, once, to the follower" 1 '.kind == "reply" and .text == "今晚22时恢复供水。"'
remote=$(curl -sS "$sim/sim/ledger" | jq -r '[(.entries // .)[] | select(.kind == "article")][0].remote_id')
follower 读者小李 comment '需要预约吗？' "{\"article\": \"$remote\"}"
run gazette account poll wechat-main
run gazette comment list "$article/wechat-main"
comment=$(gazette comment list "$article/wechat-main" -q | head -n 1)
ticket=$(gazette comment show "$comment" --json | jq -r .ticket)
run gazette take "$ticket"
run gazette comment reply "$comment" -m '不用预约，带身份证即可。'
run gazette comment elect "$comment"
must "the answer is out" timeout 30 sh -c 'until gazette ticket show "$1" --json | grep -q "\"sent\""; do :; done' sh "$ticket"
expect "the answer below the article, once" 1 '(.endpoint | endswith("/comment/reply/add")) and (.text | contains("不用预约"))'
expect "the comment selected, once" 1 '.endpoint | endswith("/comment/markelect")'

say "== How the account stands"
run gazette account show weibo-main
run gazette queue shape
run gazette status
run gazette search 施工

say "== What the monitor said meanwhile"
cat "$dir/monitor"

if [ "$failures" -ne 0 ]; then
	say "== $failures checks failed. The daemon's log:"
	tail -n 40 "$dir/daemon.log"
	exit 1
fi
say "== Every step was found on the platform's ledger."
if [ -n "$stay" ]; then
	cat <<TEXT

Both programs keep running. From another shell:

  export GAZETTE_SOCKET=$dir/control PATH=$root/build/demo/src/cli:\$PATH GAZETTE_LOCALE_DIR=$GAZETTE_LOCALE_DIR
  gazette inbox
  curl -d '{"account":"weibo-main","kind":"comment","as":"市民","text":"你好"}' $sim/sim/citizen
  curl $sim/sim/ledger

Ctrl-C here ends them and removes $dir.
TEXT
	wait "$daemon_pid"
fi
exit 0
