# How often the disk is waited for: for each post when many are due at once, for one alone, and for a poll without news.
# Counted by strace over the whole process.
#
#   BENCH_POSTS=5000 BENCH_IN_FLIGHT=64 BENCH_ROUNDS=3
. "$(dirname "$0")/lib.sh"
posts=${BENCH_POSTS:-5000}
accounts=${BENCH_IN_FLIGHT:-64}

bench_standin 0 0 $((accounts * 4))
bench_config "$accounts"
rig_daemon_counted || exit 1
bench_seen requests
# Not the first one: the index has made its log.
id=$(g post new -q -m '开门通知 https://www.city.gov.example/n/1 ' --to weibo-00001 --at now)
g post wait "$id" >/dev/null || exit 1
timeout 60 sh -c 'until gazette -s "$1" search 开门 --json | grep -q .; do :; done' sh "$rig/control" || exit 1
id=$(g post new -q -m '停电通知 https://www.city.gov.example/n/1 ' --to weibo-00001 --at +4s)
before=$(syncs)
g post wait "$id" >/dev/null || exit 1
lone=$(($(syncs) - before))
before=$(syncs)
g account poll weibo-00001 >/dev/null || exit 1
poll=$(($(syncs) - before))
all=
for round in $(seq "$rounds"); do
	due=$(($(date +%s) + 4 + posts / 500))
	posts "$posts" "$(date -d "@$due" +%Y-%m-%dT%H:%M:%S%:z)" "$accounts" | sed "s/停水/第${round}次停水/" >"$rig/batch.csv"
	g post import "$rig/batch.csv" >/dev/null || exit 1
	[ "$(date +%s)" -lt $((due - 1)) ] || {
		echo "the import took longer than was thought" >&2
		exit 1
	}
	before=$(syncs)
	bench_sent $((2 + posts * round))
	all="$all $(ratio $(($(syncs) - before)) "$posts")"
done
rig_stop
bench_standin_end
# shellcheck disable=SC2086 # numbers
jq -nc --argjson n "$posts" --argjson s "$(middle $all)" --arg all "$all" --argjson l "$lone" --argjson p "$poll" \
	'{bench: "syncs", posts: $n, syncs_per_post: $s, lone_post: $l, poll: $p,
	rounds: ($all | split(" ") | map(select(. != "") | tonumber))}'
# shellcheck disable=SC2086 # numbers
echo "syncs: $(middle $all) a post when $posts are due at once, $lone for one alone, $poll for a poll without news"
