# Kill the daemon before and after every request of every path to WeChat, and at every commit and step of it.
#
# A round is one send on an account of its own: start the daemon with the order to die at one point's n-th passing, have it
# publish, broadcast, answer or take back; when it is dead (or done) start it again without the order, ask for the same
# thing again as cron or an impatient officer would, and wait until the send has come to rest. In some rounds the answer
# to the request that counts is lost as well, so that the request which looks for it is the one that dies.
#
# At the end the simulator's ledger must show each effect exactly once. An answer to a citizen is there at most once: where
# nobody can know, the question has gone to a person.
#
#   CRASH_ROUNDS   rounds in all (default: one pass over the matrix); later passes die at other commits
#   CRASH_SHARDS   rigs side by side (default: processors)
set -u
here=$(cd "$(dirname "$0")" && pwd)

# PATH REQUEST LOST: die before and after REQUEST; LOST as in wechat_drops.sh
requests='publish media/uploadimg -
publish material/add_material -
publish draft/add -
publish freepublish/submit -
publish freepublish/get -
publish draft/get freepublish/submit
publish freepublish/batchget freepublish/submit
broadcast media/uploadimg -
broadcast material/add_material -
broadcast draft/add -
broadcast message/mass/sendall -
broadcast message/mass/get -
text message/mass/sendall -
text message/mass/sendall:2 message/mass/sendall
message message/custom/send -
comment comment/reply/add -
comment comment/list comment/reply/add
withdraw freepublish/delete -
withdraw freepublish/getarticle freepublish/delete
unsend message/mass/delete -
unsend message/mass/get message/mass/delete'

visible() { # PATH: the request by which it becomes visible
	case $1 in publish) echo freepublish/submit ;; broadcast) echo message/mass/sendall ;; esac
}

# Lines "PATH POINT LOST": the matrix. The pass decides at which commits.
matrix() { # PASS
	echo "$requests" | while read -r path request lost; do
		n=${request##*:}
		[ "$n" != "$request" ] || n=1
		echo "$path before/cgi-bin/${request%:*}:$n $lost"
		echo "$path after/cgi-bin/${request%:*}:$n $lost"
	done
	for path in publish broadcast; do
		for point in before-request before-result after-result before-look after-verdict after-step:1 after-step:2 after-step:3 \
			before-step-request:1 before-step-request:2 before-step-request:3; do
			echo "$path $point -"
		done
		# The end told by a push, while the daemon dies over it.
		for point in before-push-answer begin:8 commit:8 committed:8; do
			echo "$path-pushed $point -"
		done
		# ... and told before the answer to the request that began it.
		for point in before-push-answer before-result "after/cgi-bin/$(visible "$path"):1"; do
			echo "$path-early $point -"
		done
		echo "$path-dead-token before/cgi-bin/stable_token:1 -"
		echo "$path-dead-token after/cgi-bin/stable_token:1 -"
	done
	for path in text message comment withdraw unsend; do
		for point in before-request before-result after-result before-answer; do
			echo "$path $point -"
		done
	done
	for path in publish broadcast text message comment withdraw unsend; do
		case $path in publish | broadcast) last=10 ;; *) last=5 ;; esac
		n=1
		while [ "$n" -le "$last" ]; do
			case $(((n + $1) % 3)) in
			0) echo "$path begin:$n -" ;;
			1) echo "$path commit:$n -" ;;
			2) echo "$path committed:$n -" ;;
			esac
			n=$((n + 1))
		done
	done
}

per_pass=$(matrix 0 | wc -l)
rounds=${CRASH_ROUNDS:-$per_pass}

send_of() { # ACCOUNT KIND: "ID STATE" of its last one
	sqlite3 -separator ' ' "$rig/state/store.db" "SELECT send.id, send.state FROM send JOIN account ON account.id = send.account_id
		WHERE account.name = '$1' AND send.kind = '$2' ORDER BY send.id DESC LIMIT 1"
}

# Ask for it; a second time nothing new may come of it.
ask() { # PATH ACCOUNT ROUND
	case $1 in
	publish* | broadcast* | text) g post import "$rig/$2.md" ;;
	message | comment) [ -n "$(send_of "$2" reply)" ] || g ticket reply "$(ticket_of "$2")" -m "第 $3 轮的答复" ;;
	withdraw | unsend) [ -n "$(send_of "$2" withdraw)" ] || withdraw "$(cat "$rig/$1")/$2" ;;
	esac >"$rig/out" 2>&1
}

# Block until the send is at rest or the daemon is dead; 60 seconds at most.
until_rest() { # ID
	timeout 60 tail -s 0.02 -n +1 -f --pid="$daemon_pid" "$rig/daemon.log" 2>/dev/null |
		grep -q -m1 -E " (send\.(accept|refuse)|look\.(find|refuse|person)) send=$1 |push\.done"
}

shard() {
	first=$1
	RIG_FIND=10ms RIG_LAG=100ms RIG_JOB=50ms
	. "$here/../e2e/lib.sh"
	. "$here/wechat_rig.sh"
	mine=$(((rounds - first) / shards + 1))
	wechat_rig "$mine"
	rig_daemon || { echo "# the daemon does not start"; exit 1; }
	wechat_listens
	round=$first
	: >"$rig/rounds"
	while [ "$round" -le "$rounds" ]; do
		matrix $(((round - 1) / per_pass)) | sed -n "$(((round - 1) % per_pass + 1))p" |
			sed "s/^/w$(((round - first) / shards + 1)) $round /" >>"$rig/rounds"
		round=$((round + shards))
	done
	accounts_of() { awk -v path="^$1\$" '$3 ~ path { print $1 }' "$rig/rounds"; }
	joined() { tr '\n' ',' | sed 's/,$//; s/,/, /g'; }
	published() { # MODE ACCOUNTS
		[ -n "$2" ] || return 0
		picture "$rig/cover.png"
		printf -- '---\ntitle: 先前的文章\naccounts: [%s]\nat: now\nform: article\nmode: %s\ncomments: yes\ncover: cover.png\nmedia:\n  - {file: cover.png, alt: 封面}\n---\n先前的正文。\n' \
			"$(echo "$2" | joined)" "$1" >"$rig/before.md"
		g post new -q "$rig/before.md"
	}
	published publish "$(accounts_of withdraw; accounts_of comment)" >"$rig/withdraw"
	published broadcast "$(accounts_of unsend)" >"$rig/unsend"
	# shellcheck disable=SC2046 # numbers
	g post wait --timeout 60s $(cat "$rig/withdraw" "$rig/unsend") >/dev/null || { echo "# the rig cannot publish"; exit 1; }
	for account in $(accounts_of comment); do
		comment "$account" "留言 $account"
		g ticket claim "$(ticket_of "$account")" >/dev/null
	done
	for account in $(accounts_of '(message|.*-pushed|.*-early)'); do
		push_to_us "$account"
	done
	for account in $(accounts_of message); do
		message "$account" "来信 $account"
		g ticket claim "$(ticket_of "$account")" >/dev/null
	done
	for event in pushed/delivered early/early; do
		for account in $(accounts_of ".*-${event%/*}"); do
			echo "/sim/account {\"account\":\"$account\",\"publish_event\":\"${event#*/}\",\"mass_event\":\"${event#*/}\",\"publish_delay_ms\":100,\"mass_delay_ms\":100}"
		done
	done | sim_all
	rig_kill
	died=0
	while read -r account round path point lost; do
		case $path in
		text)
			printf -- '---\naccounts: [%s]\nat: now\nform: text\nmode: broadcast\nkey: round-%s\n---\n第 %s 轮的正文\n' \
				"$account" "$round" "$round" >"$rig/$account.md"
			;;
		publish*) article_file "$account" "第 $round 轮" publish "round-$round" ;;
		broadcast*) article_file "$account" "第 $round 轮" broadcast "round-$round" ;;
		esac
		case $path in
		message | comment) kind=reply ;;
		withdraw | unsend) kind=withdraw ;;
		*) kind=publish ;;
		esac
		if [ "$lost" != - ]; then
			sim POST /sim/fault "{\"account\":\"$account\",\"path\":\"/cgi-bin/$lost\",\"effect\":\"reset-after\"}" >/dev/null
		fi
		case $path in
		*-dead-token) sim POST /sim/account "{\"account\":\"$account\",\"kill_token\":true}" >/dev/null ;;
		esac
		if rig_daemon "GAZETTE_DIE_AT=$point"; then
			ask "$path" "$account" "$round"
			id=$(send_of "$account" "$kind")
			case $id in '' | *' sent') ;; *) until_rest "${id% *}" ;; esac
		fi
		if kill -0 "$daemon_pid" 2>/dev/null; then
			rig_kill
			echo "alive $path $point"
		else
			wait "$daemon_pid" 2>/dev/null
			died=$((died + 1))
		fi
		case $path in
		text | broadcast*) sim POST /sim/clock '{"advance":"2m"}' >/dev/null ;; # before, the same broadcast is "too fast"
		esac
		rig_daemon || { echo "# round $round: the daemon does not start after dying at $point ($path)"; exit 1; }
		ask "$path" "$account" "$round" || { echo "# round $round, $path, $point: $(cat "$rig/out")"; exit 1; }
		id=$(send_of "$account" "$kind")
		case $id in
		*' sent') ;;
		*)
			if ! until_rest "${id% *}"; then
				id=$(send_of "$account" "$kind")
				case $id in *' sent') ;; *) echo "# round $round, $path, $point: send $id does not come to rest"; exit 1 ;; esac
			fi
			;;
		esac
		rig_kill
	done <"$rig/rounds"
	sqlite3 "$rig/state/store.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check' | sed 's/^/integrity /'
	ledger '.[] | [.account, .kind] | @tsv' >"$rig/ledger"
	while read -r account round path point lost; do
		case $path in
		publish*) effect=article kind=publish ;;
		broadcast* | text) effect=broadcast kind=publish ;;
		message) effect=reply kind=reply ;;
		comment) effect=comment-reply kind=reply ;;
		withdraw | unsend) effect=delete kind=withdraw ;;
		esac
		id=$(send_of "$account" "$kind")
		asked=$(sql "SELECT count(*) FROM event WHERE object = 'send' AND object_id = ${id% *} AND action = 'send.question'")
		echo "round $round $path $point $lost ${id#* } $(grep -c "^$account	$effect\$" "$rig/ledger") $((asked > 0))"
	done <"$rig/rounds"
	echo "died $died"
}

. "$here/lib.sh"
crash_shards "$@"
check "every shard came to its end" "$bad" 0
check "$rounds rounds were played" "$(grep -c '^round ' "$results/all")" "$rounds"
# ROUND PATH POINT LOST STATE LEDGER ASKED
wrong=$(awk '/^round / {
	known = $6 == "sent" && $7 == 1
	person = $3 == "message" && $6 == "unsure" && $7 <= 1 && $8 == 1
	if (!known && !person) print
}' "$results/all")
check "each effect is on the ledger exactly once, or an answer at most once and a person is asked" "$wrong" ''
check "somebody was asked about an answer to a citizen" "$([ "$(grep -c '^round [0-9]* message .* unsure' "$results/all")" -gt 0 ] && echo yes)" yes
check "every store is whole" "$(grep '^integrity' "$results/all" | sort -u)" "integrity ok"
check "the daemon died at every request" "$(grep '^alive .*/cgi-bin/' "$results/all" | sort -u)" ''
grep '^alive' "$results/all" | sort | uniq -c | sed 's/^/# /'
check "and really died on the way (in more than nine rounds of ten)" "$([ "$died" -gt $((rounds * 9 / 10)) ] && echo yes)" yes
crash_end
