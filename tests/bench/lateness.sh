# How long after its time a post is on the wire: so many posts, due evenly over a minute. Never early.
#
#   BENCH_POSTS=10000 BENCH_SPREAD_S=60 BENCH_ACCOUNTS=64
. "$(dirname "$0")/lib.sh"
posts=${BENCH_POSTS:-10000}
spread=${BENCH_SPREAD_S:-60}
accounts=${BENCH_ACCOUNTS:-64}

bench_standin 0 "$posts"
bench_config "$accounts"
rig_daemon || exit 1
# The import itself takes a while: the first post is due after it.
begin=$(($(date +%s) + 10 + posts / 2000))
awk -v n="$posts" -v m="$accounts" -v begin="$begin" -v spread="$spread" 'BEGIN {
	print "accounts,at,text"
	for (i = 0; i < n; i++) {
		ms = int(i * spread * 1000 / n)
		at = strftime("%Y-%m-%dT%H:%M:%S", begin + int(ms / 1000), 1)
		printf "weibo-%05d,%s.%03dZ,停水通知%d due-%d%03d- https://www.city.gov.example/n/1 \n", i % m + 1, at, ms % 1000, i,
			begin + int(ms / 1000), ms % 1000
	}
}' >"$rig/batch.csv"
g post import "$rig/batch.csv" >/dev/null || exit 1
[ "$(date +%s)" -lt "$begin" ] || {
	echo "the import took longer than was thought" >&2
	exit 1
}
bench_seen posts
bench_sent "$posts"
rig_stop
bench_standin_end
[ "$(printf '%s' "$said" | jq .posts)" = "$posts" ] || {
	echo "not every post went once: $said" >&2
	exit 1
}
printf '%s' "$said" | jq -e '.late_us.min >= 0' >/dev/null || {
	echo "a post was early: $said" >&2
	exit 1
}
printf '%s' "$said" | jq -c --argjson s "$spread" '{bench: "lateness", posts: .posts, spread_s: $s} + (.late_us | {min_us: .min, p50_us: .p50, p99_us: .p99, max_us: .max})'
printf '%s' "$said" | jq -r '.late_us | "lateness: half within \(.p50 / 1000) ms, 99 in 100 within \(.p99 / 1000) ms, the last \(.max / 1000) ms; the earliest \(.min / 1000) ms after its time"'
