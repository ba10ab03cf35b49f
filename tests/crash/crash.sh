# Kill the daemon at every commit point and at every step around a request, again and again, and count afterwards.
#
# A round: start the daemon with the order to die at one point's n-th passing, give it work (a post through the cron path, a
# citizen's comment, a poll), wait until it is dead or has done it all; start it again without the order; the same batch is
# handed in again, as cron would; wait until its post has come to rest. In every third round the platform's answer is also lost.
#
# At the end the simulator's ledger must show each post exactly once, and the store each comment in exactly one ticket.
#
#   CRASH_ROUNDS   rounds in all (default 208)
#   CRASH_SHARDS   rigs side by side (default: processors)
set -u
here=$(cd "$(dirname "$0")" && pwd)
rounds=${CRASH_ROUNDS:-208}
link='https://www.city.gov.example/n/1 '

points='begin commit committed before-request before-result after-result before-look after-verdict
	before-cursor between-pages before-answer'

# One shard: its own simulator, store and daemon; rounds first, first + shards, ...
shard() {
	first=$1
	RIG_FIND=10ms RIG_LAG=1s RIG_POLL=1h
	export RIG_FIND RIG_LAG RIG_POLL
	. "$here/../e2e/lib.sh"
	rig_new
	rig_daemon || exit 1
	id=$(g post new -q -m "起点 $link" --to weibo-main --at now)
	g post wait "$id" >/dev/null
	g account poll weibo-main >/dev/null
	rig_kill
	round=$first
	died=0
	sent=1
	while [ "$round" -le "$rounds" ]; do
		# shellcheck disable=SC2086 # a list of words
		set -- $points
		shift $((round % $#))
		point=$1
		# A round commits about six times; every other point is passed once or twice.
		case $point in
		begin | commit | committed) nth=$((round / 11 % 6 + 1)) ;;
		before-answer) nth=$((round / 11 % 2 + 1)) ;;
		*) nth=1 ;;
		esac
		printf 'accounts,at,text,key\nweibo-main,now,第 %s 轮 %s ,round-%s\n' "$round" "$link" "$round" >"$rig/batch.csv"
		if [ $((round % 3)) -eq 0 ]; then
			sim POST /sim/fault '{"method":"POST","path":"/2/statuses/share.json","nth":1,"count":1,"effect":"reset-after"}' >/dev/null
		fi
		sim POST /sim/citizen "{\"account\":\"weibo-main\",\"kind\":\"comment\",\"as\":\"市民$round\",\"text\":\"第 $round 轮的留言\"}" >/dev/null
		if rig_daemon "GAZETTE_DIE_AT=$point:$nth"; then
			g post import "$rig/batch.csv" >/dev/null 2>&1
			g account poll weibo-main >/dev/null 2>&1
			g post wait --timeout 3s "$((round < 0 ? 0 : sent + 1))" >/dev/null 2>&1
		fi
		if kill -0 "$daemon_pid" 2>/dev/null; then
			rig_kill
		else
			wait "$daemon_pid" 2>/dev/null
			died=$((died + 1))
		fi
		rig_daemon || { echo "# round $round: the daemon does not start after dying at $point:$nth"; exit 1; }
		if ! g post import "$rig/batch.csv" >"$rig/out" 2>&1; then
			echo "# round $round, $point:$nth: $(cat "$rig/out")"
			exit 1
		fi
		id=$(g post list --json --limit 5 | jq -r "select(.key == \"round-$round\") | .id")
		sent=$id
		if ! g post wait --timeout 60s "$id" >"$rig/out" 2>&1; then
			echo "# round $round, $point:$nth: $(cat "$rig/out")"
			g post show "$id" | sed 's/^/# /'
			exit 1
		fi
		sim DELETE /sim/fault >/dev/null
		rig_kill
		round=$((round + shards))
	done
	rig_daemon || exit 1
	g account poll weibo-main >/dev/null
	sqlite3 "$rig/state/store.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check' | sed 's/^/integrity /'
	ledger '.[] | select(.kind == "post") | "post " + .text' | grep '第'
	sqlite3 "$rig/state/store.db" "SELECT 'comment ' || text || '|' || count(*) || '|' || count(DISTINCT ticket_id)
		FROM message WHERE from_us = 0 GROUP BY text"
	echo "died $died"
	rig_stop
	[ "$daemon_status" -eq 0 ]
}

. "$here/lib.sh"
crash_shards "$@"
posts=$(grep -c '^post ' "$results/all")
once=$(grep '^post ' "$results/all" | sort | uniq -c | awk '$1 == 1' | wc -l)
comments=$(grep -c '^comment .*|1|1$' "$results/all")
check "every shard came to its end" "$bad" 0
check "$rounds rounds: every post is on the ledger" "$posts" "$rounds"
check "exactly once" "$once" "$rounds"
check "every comment in exactly one ticket" "$comments" "$rounds"
check "every store is whole" "$(grep '^integrity' "$results/all" | sort -u)" "integrity ok"
check "the daemon really died on the way (in more than half of the rounds)" "$([ "$died" -gt $((rounds / 2)) ] && echo yes)" yes
crash_end
