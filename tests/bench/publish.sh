# How many posts a second leave, every step durable, beside bare libcurl sending the same requests and remembering nothing.
#
#   BENCH_POSTS=10000 BENCH_IN_FLIGHT=64 BENCH_DELAY_MS=0 BENCH_ROUNDS=3
. "$(dirname "$0")/lib.sh"
posts=${BENCH_POSTS:-10000}
in_flight=${BENCH_IN_FLIGHT:-64}

# one DELAY: a round of both; rates in $ours and $bare, CPU microseconds a post in $ours_cpu and $bare_cpu
one() {
	bench_standin "$1"
	bare=$("$bare_curl" "$port" "$posts" "$in_flight")
	bare_cpu=$(printf '%s' "$bare" | jq .cpu_us)
	bare=$(printf '%s' "$bare" | jq .per_second)
	bench_standin_end
	bench_standin "$1" "$posts" $((in_flight * 4))
	bench_config "$in_flight"
	rm -rf "$rig/state"
	rig_daemon || exit 1
	# All are due at the same moment, some time after the import.
	due=$(($(date +%s) + 13 + posts / 1000)) # the first polls are spread over ten seconds
	posts "$posts" "$(date -d "@$due" +%Y-%m-%dT%H:%M:%S%:z)" "$in_flight" >"$rig/batch.csv"
	g post import "$rig/batch.csv" >/dev/null || exit 1
	[ "$(date +%s)" -lt $((due - 1)) ] || {
		echo "the import took longer than was thought" >&2
		exit 1
	}
	bench_seen requests # a question about each token, three first polls: before the posts are due nothing else is left
	before=$(cpu_ms)
	commits=$(g status --json | jq .store.commits)
	bench_seen posts
	bench_sent "$posts"
	commits=$(($(g status --json | jq .store.commits) - commits))
	ours_cpu=$(awk -v ms="$(($(cpu_ms) - before))" -v n="$posts" 'BEGIN { printf "%.1f", ms * 1000 / n }')
	sent=$(g status --json | jq .sends.sent)
	rig_stop
	bench_standin_end
	ours=$(printf '%s' "$said" | jq .per_second)
	[ "$(printf '%s' "$said" | jq .posts)" = "$posts" ] && [ "$sent" = "$posts" ] || {
		echo "not every post went once: $said, sent $sent" >&2
		exit 1
	}
}

for delay in ${BENCH_DELAY_MS:-0 20}; do
	all=
	cpus=
	for round in $(seq "$rounds"); do
		one "$delay"
		all="$all $(ratio "$ours" "$bare")"
		cpus="$cpus $(ratio "$ours_cpu" "$bare_cpu")"
		printf '# delay %s ms: ours %s/s, bare %s/s, CPU %s us and %s us, commits a post %s\n' "$delay" "$ours" "$bare" "$ours_cpu" \
			"$bare_cpu" "$(ratio "$commits" "$posts")"
	done
	jq -nc --arg d "$delay" --arg r "$(middle $all)" --arg c "$(middle $cpus)" --arg all "$all" --argjson n "$posts" --argjson f "$in_flight" \
		--argjson commits "$(ratio "$commits" "$posts")" \
		'{bench: "publish", delay_ms: ($d | tonumber), posts: $n, in_flight: $f, ratio: ($r | tonumber), cpu_ratio: ($c | tonumber),
		commits_per_post: $commits, rounds: ($all | split(" ") | map(select(. != "") | tonumber))}'
	echo "publish, $delay ms away, $in_flight in flight: $(middle $all) of bare libcurl, $(middle $cpus) times its CPU"
done
