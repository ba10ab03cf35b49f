# Every request of every path to WeChat meets every fault, once: the answer is lost before the platform acted or after it,
# cut off, empty, a page of HTML, a redirection, "busy", a dead token, a used-up limit.
#
# Each cell of the matrix (path, request, fault) is one send on an account of its own; all are under way together. In the
# end the simulator's ledger must show each effect exactly once, or, where nobody can know (an answer to a citizen), at most
# once and the question put to a person. Nothing may be left without either.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../e2e/lib.sh"
. "$here/wechat_rig.sh"

# NAME EFFECT MEMBERS: what the fault is
faults='reset-before reset-before
reset-after reset-after
reset-body reset-body
cut-before timeout-before ,"delay_ms":50
cut-after timeout-after ,"delay_ms":50
html-500 html-500
html-502-after html-502 ,"after_effect":true
empty empty
empty-after empty ,"after_effect":true
redirect redirect
truncated truncated
busy error ,"error_code":-1
busy-after error ,"error_code":-1,"after_effect":true
dead-token error ,"error_code":40001
old-token error ,"error_code":42001
used-up error ,"error_code":45009
too-fast error ,"error_code":45011
forbidden error ,"error_code":48001'

# PATH REQUEST LOST: the fault meets REQUEST. LOST: this request's answer is lost before that, so that REQUEST is one of
# those that look for what became of it.
requests='publish media/uploadimg -
publish material/add_material -
publish draft/add -
publish freepublish/submit -
publish freepublish/get -
publish draft/get freepublish/submit
publish freepublish/batchget freepublish/submit
broadcast draft/add -
broadcast message/mass/sendall -
broadcast message/mass/get -
text message/mass/sendall -
message message/custom/send -
comment comment/reply/add -
comment comment/list comment/reply/add
withdraw freepublish/delete -
withdraw freepublish/getarticle freepublish/delete
unsend message/mass/delete -
unsend message/mass/get message/mass/delete'

# What a cell must come to: sent, once on the ledger; or waits (for a limit), or person, with so many on the ledger.
expected() { # PATH REQUEST FAULT
	case $3 in
	never-ends) echo "person 0" ;;
	used-up | too-fast)
		case $2 in
		freepublish/get | draft/get | freepublish/batchget | message/mass/get | comment/list | freepublish/getarticle)
			echo "looks 0-1" ;; # asked again when the limit is over
		*) if [ "$3" = used-up ]; then echo "waits 0"; else echo "waits 0-1"; fi ;;
		esac
		;;
	forbidden)
		case $2 in
		freepublish/get | draft/get | freepublish/batchget | message/mass/get | comment/list | freepublish/getarticle)
			echo "sent 1" ;; # it is asked again
		*) echo "person 0" ;;
		esac
		;;
	*-token) echo "sent 1" ;;
	*)
		if [ "$1" != message ]; then
			echo "sent 1"
		else
			case $3 in
			reset-after | reset-body | *-after | truncated) echo "person 1" ;;
			*) echo "person 0" ;;
			esac
		fi
		;;
	esac
}

n=0
table=
while read -r path request lost; do
	while read -r fault effect members; do
		n=$((n + 1))
		table="$table$n $path $request $lost $fault $effect ${members:--}
"
	done <<FAULTS
$faults
FAULTS
done <<REQUESTS
$requests
REQUESTS

# One more, of no fault: a publication on which the platform works for ever. A person has to be told of that, too.
n=$((n + 1))
table="$table$n stuck freepublish/get - never-ends -
"

cells() { # PATH...: the accounts of these paths
	for path; do
		printf '%s' "$table" | awk -v path="$path" '$2 == path { print "w" $1 }'
	done
}

joined() { tr '\n' ',' | sed 's/,$//; s/,/, /g'; }

RIG_LAG=5s RIG_FIND=10ms RIG_JOB=10ms RIG_JOB_MAX=25s
wechat_rig "$n"
rig_daemon || exit 1
wechat_listens

# ---- what has to be there before: articles and broadcasts to be taken back and commented, citizens' messages ----
published() { # MODE ACCOUNTS
	picture "$rig/cover.png"
	printf -- '---\ntitle: 先前的文章\naccounts: [%s]\nat: now\nform: article\nmode: %s\ncomments: yes\ncover: cover.png\nmedia:\n  - {file: cover.png, alt: 封面}\n---\n先前的正文。\n' \
		"$(echo "$2" | joined)" "$1" >"$rig/before.md"
	g post new -q "$rig/before.md"
}
articles=$(published publish "$(cells withdraw comment)")
broadcasts=$(published broadcast "$(cells unsend)")
g post wait --timeout 60s "$articles" "$broadcasts" >/dev/null || { echo "Bail out! the rig cannot publish"; exit 1; }
for account in $(cells comment); do
	comment "$account" "留言 $account"
done
for account in $(cells message); do
	push_to_us "$account"
	message "$account" "来信 $account"
done
for account in $(cells comment message); do
	g ticket claim "$(ticket_of "$account")" >/dev/null
done
first=$(sql 'SELECT max(id) FROM send')
rig_monitor

# ---- all cells ----
printf '%s' "$table" >"$rig/table"
mkdir "$rig/posts"
order() { # order ACCOUNT REQUEST EFFECT MEMBERS
	printf '/sim/fault {"account":"%s","path":"/cgi-bin/%s","effect":"%s"%s}\n' "$@"
}
sim POST /sim/account "{\"account\":\"$(cells stuck)\",\"publish_delay_ms\":86400000}" >/dev/null
while read -r cell path request lost fault effect members; do
	[ "$path" != stuck ] || continue
	[ "$members" != - ] || members=
	order "w$cell" "$request" "$effect" "$members"
	[ "$lost" = - ] || order "w$cell" "$lost" reset-after ''
done <"$rig/table" | sim_all || exit 1
while read -r cell path request lost fault effect members; do
	account=w$cell
	case $path in
	publish | broadcast | stuck)
		[ "$path" != stuck ] || path=publish
		article_file "$account" "$fault 遇 ${request##*/}" "$path" "cell-$cell"
		mv "$rig/$account"[.-]* "$rig/posts/"
		;;
	text)
		printf -- '---\naccounts: [%s]\nat: now\nform: text\nmode: broadcast\nkey: cell-%s\n---\n%s\n' "$account" "$cell" \
			"$fault 遇 ${request##*/}" >"$rig/posts/$account.md"
		;;
	message | comment) g ticket reply "$(ticket_of "$account")" -m "$fault 遇 ${request##*/}" >/dev/null || exit 1 ;;
	esac
done <"$rig/table"
deliveries() { # POST PATH
	cells "$2" | sed "s|^|$1/|"
}
g post import "$rig/posts" >"$rig/imported" || cat "$rig/imported"
withdraw "$(deliveries "$articles" withdraw)" >/dev/null || exit 1
withdraw "$(deliveries "$broadcasts" unsend)" >/dev/null || exit 1
# A broadcast is known again after a minute; until then the platform only says "too fast" (45066).
sim POST /sim/clock '{"advance":"2m"}' >/dev/null

# ---- until each has come to rest; but for those that look again when a limit is over, of which no event tells ----
awaited=' '
while read -r cell path request _ fault _; do
	case $(expected "$path" "$request" "$fault") in looks*) ;; *) awaited="${awaited}w$cell " ;; esac
done <"$rig/table"
timeout "${RIG_WAIT:-150}" tail -n +1 -f --pid="$daemon_pid" "$rig/events" | {
	while [ "$awaited" != ' ' ] && read -r event; do
		case $event in
		*'"action":"send.sent"'* | *'"action":"send.failed"'* | *'"action":"send.question"'*) ;;
		*'"action":"send.queued"'*'WeChat 45009'* | *'"action":"send.queued"'*'WeChat 45011'*) ;;
		*) continue ;;
		esac
		account=${event#*\"account\":\"}
		account=${account%%\"*}
		case $awaited in *" $account "*) awaited="${awaited%% "$account" *} ${awaited#* "$account" }" ;; esac
	done
	[ "$awaited" = ' ' ] || echo "# these did not come to rest:$awaited"
}

# ---- what became of them ----
ledger '.[] | [.account, .kind] | @tsv' >"$rig/ledger"
sqlite3 -separator ' ' "$rig/state/store.db" "SELECT account.name, send.state,
	EXISTS (SELECT 1 FROM event WHERE object = 'send' AND object_id = send.id AND action = 'send.question'),
	send.look_at IS NOT NULL, coalesce(nullif(send.error_message, ''), send.note, '')
	FROM send JOIN account ON account.id = send.account_id WHERE send.id > $first" >"$rig/states"
while read -r cell path request lost fault effect members; do
	case $path in
	publish | stuck) kind=article ;;
	broadcast | text) kind=broadcast ;;
	message) kind=reply ;;
	comment) kind=comment-reply ;;
	withdraw | unsend) kind=delete ;;
	esac
	expected=$(expected "$path" "$request" "$fault")
	grep "^w$cell " "$rig/states" | {
		read -r _ state question looks why
		seen=$(grep -c "^w$cell	$kind\$" "$rig/ledger")
		case $state in
		sent) end=sent ;;
		failed) end=person ;;
		queued) end=waits ;;
		*) if [ "$question" = 1 ]; then end=person; elif [ "$looks" = 1 ]; then end=looks; else end=$state; fi ;;
		esac
		[ "$lost" = - ] || request="$request after a lost $lost"
		echo "$cell	$path, $request	$fault	$expected	$end $seen	$state: $why"
	}
done <"$rig/table" >"$rig/cells"
while IFS='	' read -r cell what fault want got why; do
	tap=$((tap + 1))
	case "$want:$got" in
	"$got:$got" | "looks 0-1:looks "[01] | *" 0-1:sent 1" | "waits 0-1:waits 0") echo "ok $tap - $what: $fault: ${got% *}, ${got#* } on the ledger" ;;
	*)
		bad=$((bad + 1))
		echo "not ok $tap - $what: $fault"
		echo "# got $got, want $want ($why; account w$cell)"
		;;
	esac
done <"$rig/cells"
same "every cell has its answer" "$tap" "$n"
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
