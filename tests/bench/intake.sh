# How many messages of citizens a second are taken in, each on the disk and in a ticket of its own: by asking a platform
# for them (poll), and by being told (push). Beside bare SQLite that inserts the same rows into the same tables, as many
# to a commit. And how far search lags behind a steady stream.
#
#   intake.sh STANDIN BARE_CURL ASK PUSH_LOAD BARE_STORE FRESH
#   BENCH_ACCOUNTS=16 BENCH_COMMENTS=2500 BENCH_PUSHES=40000 BENCH_PARALLEL=200 BENCH_ROUNDS=3
#   BENCH_STREAM=1000 BENCH_STREAM_S=30
. "$(dirname "$0")/lib.sh"
ask=$3
load=$4
bare_store=$5
fresh=$6
accounts=${BENCH_ACCOUNTS:-16}
comments=${BENCH_COMMENTS:-2500}
pushes=${BENCH_PUSHES:-40000}
parallel=${BENCH_PARALLEL:-200}
stream=${BENCH_STREAM:-1000}
stream_s=${BENCH_STREAM_S:-30}

commits_now() {
	g status --json | jq .store.commits
}

# Until the last message is found; how long that took in $found_ms. Messages speak of "第 N 号窗口".
until_found() {
	last=$(sql 'SELECT text FROM message ORDER BY id DESC LIMIT 1')
	last=${last#请问}
	began=$(date +%s%N)
	timeout 600 sh -c 'until gazette -s "$1" search "$2" --json | grep -q .; do :; done' sh "$rig/control" "${last%几点*}" || exit 1
	found_ms=$((($(date +%s%N) - began) / 1000000))
}

# poll: all there is, of every account; seconds in $took_s, how many in $messages
take_poll() {
	bench_standin 0 0 $((accounts * 4)) "$comments"
	bench_config "$accounts"
	rm -rf "$rig/state"
	rig_daemon || exit 1
	bench_seen requests # a question about each token, three first polls
	commits=$(commits_now)
	before=$(cpu_ms)
	took_s=$("$ask" "$rig/control" 1 account.poll '{"name":"ALL"}' | jq '.p50_us / 1e6')
	messages=$((accounts * comments))
}

take_push() {
	bench_pushed
	rm -rf "$rig/state"
	rig_daemon || exit 1
	bench_listening
	commits=$(commits_now)
	before=$(cpu_ms)
	"$load" "$port" wechat-main GovDeskToken2026 "$pushes" "$parallel" 0 >"$rig/load" || exit 1
	took_s=$(jq '.pushes / .per_second' "$rig/load")
	messages=$pushes
}

# one HOW: a round of both; rates in $ours and $bare
one() {
	"take_$1"
	ours_cpu=$(awk -v ms="$(($(cpu_ms) - before))" -v n="$messages" 'BEGIN { printf "%.1f", ms * 1000 / n }')
	commits=$(($(commits_now) - commits))
	batch=$(((messages + commits - 1) / commits))
	until_found
	rig_stop
	[ "$1" = push ] || bench_standin_end
	bench_stored "$messages"
	ours=$(awk -v n="$messages" -v s="$took_s" 'BEGIN { printf "%.0f", n / s }')
	rm -f "$rig"/bare.db*
	"$bare_store" "$rig/state/store.db" "$rig/bare.db" "$batch" >"$rig/bare" || exit 1
	bare=$(jq .per_second "$rig/bare")
	rm -f "$rig"/bare.db*
}

for how in poll push; do
	all=
	for round in $(seq "$rounds"); do
		one "$how"
		all="$all $(ratio "$ours" "$bare")"
		printf '# %s: ours %s/s, bare %s/s, %s messages a commit, CPU %s us and %s us, the last one found %s ms later\n' "$how" "$ours" \
			"$bare" "$batch" "$ours_cpu" "$(jq .cpu_us "$rig/bare")" "$found_ms"
	done
	# shellcheck disable=SC2086 # numbers
	jq -nc --arg how "$how" --argjson r "$(middle $all)" --arg all "$all" --argjson n "$messages" --argjson ours "$ours" --argjson bare "$bare" \
		--argjson batch "$batch" --argjson cpu "$ours_cpu" --argjson found "$found_ms" --slurpfile b "$rig/bare" \
		'{bench: "intake", how: $how, messages: $n, ratio: $r, per_second: $ours, bare_per_second: $bare, messages_per_commit: $batch,
		cpu_us: $cpu, bare_cpu_us: $b[0].cpu_us, found_after_ms: $found,
		rounds: ($all | split(" ") | map(select(. != "") | tonumber))}'
	# shellcheck disable=SC2086 # numbers
	echo "intake by $how: $(middle $all) of bare SQLite ($ours and $bare messages a second in the last round, $batch to a commit)"
done

# The stream: how old the newest hit is, ten times a second.
bench_pushed
rm -rf "$rig/state"
rig_daemon || exit 1
bench_listening
"$load" "$port" wechat-main GovDeskToken2026 $((stream * stream_s)) "$parallel" 0 "$stream" >"$rig/load" &
load_pid=$!
watch_pids=$load_pid
timeout 60 sh -c 'until gazette -s "$1" search 窗口 --json | grep -q .; do :; done' sh "$rig/control" || exit 1
"$fresh" "$rig/control" 窗口 100 $((stream_s * 5)) >"$rig/fresh" || exit 1
kill -0 "$load_pid" || {
	echo "the stream ended before the watch did" >&2
	exit 1
}
wait "$load_pid" || exit 1
watch_pids=
rig_stop
jq -nc --argjson n "$stream" --slurpfile f "$rig/fresh" --slurpfile l "$rig/load" \
	'{bench: "search-lag", per_second: $l[0].per_second, p50_ms: $f[0].p50_ms, p99_ms: $f[0].p99_ms, max_ms: $f[0].max_ms}'
jq -r --argjson n "$stream" '"search at \($n) messages a second: what came \(.max_ms) ms ago is found, mostly \(.p50_ms) ms"' "$rig/fresh"
