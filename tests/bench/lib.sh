# A daemon of its own before a stand-in for the platform, for the benchmarks.
#
#   bench_config ACCOUNTS    accounts.yaml with so many Weibo accounts
#   bench_standin [MS [POSTS [REQUESTS [COMMENTS]]]]   start the stand-in, its port in $port
#   bench_seen WORD          block until it has seen all its "posts" or "requests"
#   bench_standin_end        end it; its line of JSON in $said
#   bench_pushed             accounts.yaml with the WeChat account that push_load pushes to
#   bench_fill ROWS          an office of any age: so many posts, sends, tickets, messages and events
#   bench_indexed N          block until 第N件 is found
#   ratio A B                A / B, two decimals
#   middle N...              the median
. "$(dirname "$0")/../e2e/lib.sh"
standin=$1
bare_curl=$2
rounds=${BENCH_ROUNDS:-3}
rig=$(mktemp -d)
trap rig_end EXIT
trap 'exit 1' INT TERM HUP

bench_config() {
	{
		cat <<YAML
$(rig_office)
platforms:
  weibo:
    base_url: http://127.0.0.1:$port
accounts:
YAML
		awk -v n="$1" 'BEGIN {
			for (i = 1; i <= n; i++) {
				printf "  weibo-%05d: {platform: weibo, tier: share, uid: \"%d\", app_key: \"1001\", ", i, 1900000000 + i
				printf "app_secret: s, redirect_uri: \"https://www.city.gov.example/cb\", "
				printf "safe_domain: www.city.gov.example, rip: 203.0.113.7, token: 2.00rehearsal%05d, ", i
				printf "calls_per_day: 1000000, posts_per_hour: 100000, reserve: 28, poll_min: 1h}\n"
			}
		}'
	} >"$rig/accounts.yaml"
}

bench_standin() {
	: >"$rig/standin.out"
	"$standin" "$@" >"$rig/standin.out" &
	sim_pid=$!
	follow "$rig/standin.out" "$sim_pid" '^port' || exit 1
	port=$(sed -n 's/^port //p' "$rig/standin.out")
}

bench_seen() {
	timeout 900 tail -n +1 -f --pid="$sim_pid" "$rig/standin.out" 2>/dev/null | grep -q -m1 "^$1"
}

# Every answer is in the store, too.
bench_sent() { # bench_sent N
	timeout 60 sh -c 'until [ "$(gazette -s "$1" status --json | jq ".sends.sent // 0")" = "$2" ]; do :; done' sh "$rig/control" "$1"
}

bench_standin_end() {
	kill -TERM "$sim_pid"
	wait "$sim_pid"
	sim_pid=
	said=$(sed -n 's/^{/{/p' "$rig/standin.out")
}

cpu_ms() { # of the daemon, so far
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' "/proc/$daemon_pid/stat"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b ? a / b : 0 }'
}

middle() {
	printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# posts N AT: so many posts, spread over the accounts in turn, as CSV
posts() {
	awk -v n="$1" -v at="$2" -v m="$3" 'BEGIN {
		print "accounts,at,text"
		for (i = 0; i < n; i++) {
			printf "weibo-%05d,%s,停水通知%d https://www.city.gov.example/n/1 \n", i % m + 1, at, i
		}
	}'
}

bench_pushed() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: 127.0.0.1:0
platforms:
  wechat:
    base_url: http://127.0.0.1:1
accounts:
  wechat-main:
    platform: wechat
    kind: service
    appid: wx5a1b2c3d4e5f6071
    app_secret: rehearsal-secret-3
    original_id: gh_0123456789ab
    callback_token: GovDeskToken2026
    callback_mode: plain
YAML
}

bench_listening() { # the port for pushes, in $port
	wait_log push.listening || exit 1
	port=$(sed -n 's/.*push\.listening .*port=\([0-9]*\).*/\1/p' "$rig/daemon.log")
}

# Each message is there once, and opened a ticket of its own.
bench_stored() { # bench_stored N
	stored=$(sql "SELECT count(*) || ' ' || count(DISTINCT account_id || '/' || remote_id) || ' ' || count(DISTINCT ticket_id)
		FROM message WHERE from_us = 0 AND ticket_id IS NOT NULL")
	[ "$stored" = "$1 $1 $1" ] || {
		echo "not every message is in exactly one ticket: $stored of $1" >&2
		exit 1
	}
}

# A thousand tickets are open and a hundred posts failed, as in an office of any age; a hundred messages speak of 路灯.
bench_fill() { # bench_fill ROWS
	sqlite3 "$rig/state/store.db" >/dev/null <<SQL
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -500000;
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

bench_indexed() { # until the index knows the last message
	timeout 1500 sh -c 'until gazette -s "$1" search 第$2件 --json 2>/dev/null | grep -q .; do :; done' sh "$rig/control" "$1"
}
