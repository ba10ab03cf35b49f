# The first page of every list, the counts, and a search for two characters, at two sizes of the store: what they take must
# not grow with it. The rows are put into the file by SQL, the index is fed by the daemon as always.
#
#   BENCH_SMALL=10000 BENCH_LARGE=1000000 BENCH_TIMES=200
. "$(dirname "$0")/lib.sh"
ask=$3
small=${BENCH_SMALL:-10000}
large=${BENCH_LARGE:-1000000}
times=${BENCH_TIMES:-200}

# A thousand tickets are open and a hundred posts failed, as in an office of any age; a hundred messages speak of 路灯.
fill() { # fill ROWS
	sqlite3 "$rig/state/store.db" >/dev/null <<SQL
PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO post (id, digest, text, class, late_ms, author_uid, author, created_at, due_at)
SELECT i, hex(i), '第' || i || '号通知', 'service', 0, 0, 'root', 1700000000000 + i * 1000, 1700000000000 + i * 1000 FROM n;
INSERT INTO send (kind, account_id, post_id, text, state, due_at, late_ms, attempts, remote_id, author_uid, author, created_at, sent_at)
SELECT 'publish', id % 8 + 1, id, text, CASE WHEN id > $1 - 100 THEN 'failed' ELSE 'sent' END, due_at, 0, 1, id, 0, 'root', created_at,
	created_at FROM post;
INSERT INTO ticket (id, account_id, author_id, author_name, thread, state, priority, class, opened_at, clock_at, updated_at, reply_at,
	next_due_at, last_message_id, closed_at)
SELECT id, id % 8 + 1, 'a' || id % 5000, '市民' || id % 5000, id, CASE WHEN id > $1 - 1000 THEN 'new' ELSE 'closed' END, id % 10, 'enquiry',
	created_at, created_at, created_at, created_at + 86400000, created_at + 86400000, id, CASE WHEN id <= $1 - 1000 THEN created_at END
FROM post;
INSERT INTO message (id, account_id, kind, remote_id, ticket_id, author_id, author_name, text, status_id, priority, class, created_at,
	received_at)
SELECT id, id % 8 + 1, 'comment', id, id, 'a' || id % 5000, '市民' || id % 5000,
	CASE WHEN id % ($1 / 100) = 1 THEN '东环路的路灯坏了' ELSE '请问第' || id || '件事怎么办理' END, id, id % 10, 'enquiry', created_at, created_at
FROM post;
INSERT INTO event (at, actor_uid, actor, action, object, object_id) SELECT created_at, 0, 'root', 'ticket.open', 'ticket', id FROM post;
DELETE FROM counter;
INSERT INTO counter SELECT 'send', account_id || '/' || state, count(*) FROM send GROUP BY 2;
INSERT INTO counter SELECT 'ticket', state || '/' || priority, count(*) FROM ticket GROUP BY 2;
COMMIT;
SQL
}

indexed() { # until the index knows the last message
	timeout 1500 sh -c 'until gazette -s "$1" search 第$2件 --json 2>/dev/null | grep -q .; do :; done' sh "$rig/control" "$1"
}

took() { # took METHOD PARAMS: the median
	"$ask" "$rig/control" "$times" "$1" "$2" | jq .p50_us
}

# measure ROWS: into $figures, a word each
measure() {
	port=1 # nobody is there: nothing is published or polled meanwhile
	bench_config 8
	rm -rf "$rig/state"
	rig_daemon || exit 1
	rig_stop
	fill "$1"
	rig_daemon || exit 1
	indexed "$1"
	resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$daemon_pid/status")
	figures="$(took ticket.list '{}') $(took post.list '{}') $(took queue.list '{"state":"failed"}') $(took status '{}') $(took search '{"query":"路灯"}')"
	found=$("$ask" "$rig/control" 1 search '{"query":"路灯","limit":500}' | jq .rows)
	wanted=$(sqlite3 "$rig/state/store.db" "SELECT min(count(*), 500) FROM message WHERE instr(text, '路灯')")
	p99=$("$ask" "$rig/control" "$times" search '{"query":"路灯"}' | jq .p99_us)
	rig_stop
	[ "$found" = "$wanted" ] || {
		echo "the search finds $found, instr() $wanted" >&2
		exit 1
	}
	printf '# %d rows: inbox %s, posts %s, queue %s, status %s, search %s us; resident %s KiB\n' "$1" $figures "$resident"
}

measure "$small"
small_figures=$figures
measure "$large"
set -- $figures
for name in inbox posts queue status search; do
	before=${small_figures%% *}
	small_figures=${small_figures#* }
	after=$1
	shift
	jq -nc --arg n "$name" --argjson a "$before" --argjson b "$after" --argjson s "$small" --argjson l "$large" --argjson r "$(ratio "$after" "$before")" \
		'{bench: "lists", list: $n, rows: [$s, $l], us: [$a, $b], ratio: $r}'
	echo "$name: $before us at $small rows, $after us at $large: $(ratio "$after" "$before") times"
done
echo "search at $large rows: 99 in 100 within $p99 us, the same hits as instr()"
