# What a citizen writes to harm whoever reads it comes out harmless everywhere: on a terminal, in a pipe, as JSON, as CSV,
# in the log, in what a hook is given.
. "$(dirname "$0")/lib.sh"
hook=$(mktemp)
cat >"$hook" <<SH
#!/bin/sh
cat >>"$hook.json"
SH
chmod 700 "$hook"
RIG_EXTRA="hooks:
  alarm: [$hook]
  escalated: [$hook]"
rig_new
: >"$rig/daemon.log"
gazetted -c "$rig/accounts.yaml" -v >"$rig/daemon.out" 2>"$rig/daemon.log" &
daemon_pid=$!
follow "$rig/daemon.log" "$daemon_pid" 'daemon\.ready' || exit 1
rig_monitor
gazette -s "$rig/control" monitor -f >"$rig/monitor" 2>&1 &
watch_pids="$watch_pids $!"

# C0 and C1 controls, DEL, invalid UTF-8, direction overrides and isolates, zero width, tags, byte order mark, line and
# paragraph separators. LF ends lines; a carriage return only before it, where the terminal puts it.
controls='[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xf3\xa0[\x80-\x81]|\r(?!$)'
clean() { # clean TITLE FILE
	tap=$((tap + 1))
	LC_ALL=C grep -aobP "$controls" "$2" >"$rig/found" # what is found stays in the file: it is hostile
	if [ ! -s "$2" ]; then
		echo "not ok $tap - $1"
		echo "# nothing was written"
		bad=$((bad + 1))
	elif [ -s "$rig/found" ]; then
		echo "not ok $tap - $1"
		head -n 5 "$rig/found" | LC_ALL=C od -An -c | sed 's/^/# /' | head -n 10
		bad=$((bad + 1))
	elif ! iconv -f UTF-8 -t UTF-8 "$2" >/dev/null 2>&1; then
		echo "not ok $tap - $1"
		echo "# no valid UTF-8"
		bad=$((bad + 1))
	else
		echo "ok $tap - $1"
	fi
}
lines() { # lines TITLE FILE: as many lines as a citizen cannot change
	same "$1" "$(LC_ALL=C grep -ac '偷看' "$2")" "$(LC_ALL=C grep -ac . "$2")"
}

heap=$(printf 'e'; for i in 1 2 3 4 5 6 7 8; do printf '\\u0301\\u0316\\u0488'; done)
id=$(g post new -q -m "欢迎留言 https://www.city.gov.example/n/1 " --to weibo-main --at now)
g post wait "$id" >/dev/null
n=0
while IFS= read -r text; do
	n=$((n + 1))
	printf '{"account":"weibo-main","kind":"comment","as":"%s","text":"偷看%s %s"}' "$text" "$n" "$text" >"$rig/body"
	curl -sS --fail-with-body -H 'Content-Type: application/json' --data-binary "@$rig/body" "http://127.0.0.1:$port/sim/citizen" >/dev/null ||
		echo "# the simulator did not take number $n"
done <<TEXTS
\u001b[2J\u001b[31mred\u001b]0;title\u0007
\u009b2J\u0090q\u009c
\u001b]52;c;ZXZpbA==\u0007\u001b]8;;http://evil.example\u0007click\u001b]8;;\u0007
a\u0000b\u0008\u0008\u007f
line\r\nFrom: forged\r\nover\rwritten
\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e
zero\u200bwidth\u2060join\ufeffer
$heap
\udb40\udc41\udb40\udc42tags
\u2028line\u2029paragraph\u0085next
\ud800 lone \udfff
=HYPERLINK(\"http://evil.example\",\"x\")
+1+cmd|' /C calc'!A0
-2+3
@SUM(1+1)
\",\"forged\",\"column
\\\\u001b[2J already escaped \\\\x1b
\$(reboot) \`reboot\` ; rm -rf / | sh
%s%n%1\$s %08x
'; DROP TABLE message; --
<script>alert(1)</script>&amp;
{\"jsonrpc\":\"2.0\",\"method\":\"post.create\"}
--to=leader -rf --
我不想活了\u001b[2J站在桥上\u202e
TEXTS
g account poll weibo-main >/dev/null
wait_event 'ticket\.alarm'
same "every one of them is in a ticket" \
	"$(sqlite3 "$rig/state/store.db" 'SELECT count(*) FROM message WHERE from_us = 0 AND ticket_id IS NOT NULL')" "$n"

on_terminal() { # on_terminal FILE COMMAND...: what it writes to one of 80 columns, without colours
	out=$1
	shift
	NO_COLOR=1 GAZETTE_PAGER=cat TERM=xterm script -qec "stty cols 80; gazette -s $rig/control $*" /dev/null </dev/null >"$out"
}

g inbox >"$rig/out.pipe"
clean "the inbox in a pipe" "$rig/out.pipe"
lines "a line per ticket" "$rig/out.pipe"
g inbox --json >"$rig/out.json"
clean "as JSON" "$rig/out.json"
same "which is JSON" "$(jq -s length "$rig/out.json")" "$(grep -c . "$rig/out.json")"
g inbox --csv >"$rig/out.csv"
clean "as CSV" "$rig/out.csv"
same "no field of which a spreadsheet computes" "$(grep -cE '(^|,)"?[=+@-][^,0-9]' "$rig/out.csv")" 0
on_terminal "$rig/out.tty" inbox
clean "on a terminal" "$rig/out.tty"
g search 偷看 >"$rig/out.search"
clean "what a search finds" "$rig/out.search"
for ticket in $(g inbox -q); do
	g ticket show "$ticket"
done >"$rig/out.pages"
clean "the pages of tickets" "$rig/out.pages"
for ticket in $(g inbox -q); do
	g ticket show "$ticket" --json
done >"$rig/out.pages.json"
clean "the same as JSON" "$rig/out.pages.json"
same "which is JSON" "$(jq -s length "$rig/out.pages.json")" "$n"
on_terminal "$rig/out.tty" ticket show "$(g inbox -q | tr '\n' ' ')"
clean "the same on a terminal" "$rig/out.tty"

# an editor gets the thread quoted; what the citizen wrote stays behind the mark of a quotation
first=$(g inbox -q | head -n 1)
cat >"$rig/editor" <<SH
#!/bin/sh
cp "\$1" "$rig/out.draft"
exit 1
SH
chmod 700 "$rig/editor"
g take "$first" >/dev/null
GAZETTE_EDITOR=$rig/editor script -qec "gazette -s $rig/control reply $first" /dev/null </dev/null >"$rig/out.tty"
clean "what the editor is given" "$rig/out.draft"
same "is all quotation" "$(grep -c '偷看' "$rig/out.draft")" "$(grep -c '^#.*偷看' "$rig/out.draft")"

g escalate "$first" --to duty-leader --reason "请看" >/dev/null
ok "the hook ran twice" timeout 60 sh -c 'until [ "$(jq -s length "$1" 2>/dev/null || echo 0)" -ge 2 ]; do :; done' sh "$hook.json"
clean "what a hook is given" "$hook.json"
clean "the monitor's lines of JSON" "$rig/events"
follow "$rig/monitor" "$daemon_pid" escalate
tr -d '\007' <"$rig/monitor" >"$rig/out.monitor" # an alarm rings: that bell is ours
clean "the monitor" "$rig/out.monitor"
clean "the log, with all it can tell" "$rig/daemon.log"
rm -f "$hook" "$hook.json"
done_testing
