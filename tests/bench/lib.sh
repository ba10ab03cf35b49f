# A daemon of its own before a stand-in for the platform, for the benchmarks.
#
#   bench_config ACCOUNTS    accounts.yaml with so many Weibo accounts
#   bench_standin [MS [POSTS [REQUESTS]]]   start the stand-in, its port in $port
#   bench_seen WORD          block until it has seen all its "posts" or "requests"
#   bench_standin_end        end it; its line of JSON in $said
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
