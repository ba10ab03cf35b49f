# How long handing in a post takes, to its commit, while messages of citizens are taken in as fast as it goes, in a store
# of any age; and how long it takes when nothing else happens.
#
#   BENCH_LARGE=1000000 BENCH_ACCOUNTS=16 BENCH_COMMENTS=10000 BENCH_TIMES=1000 BENCH_ROUNDS=3
. "$(dirname "$0")/lib.sh"
ask=$3
large=${BENCH_LARGE:-1000000}
accounts=${BENCH_ACCOUNTS:-16}
comments=${BENCH_COMMENTS:-10000} # of one account; more than that one poll does not read
times=${BENCH_TIMES:-1000}

# hand_in WORD TIMES: posts, one after the other
hand_in() {
	exec "$ask" "$rig/control" "$2" post.create \
		"{\"post\":{\"text\":\"$1第#号通知 https://www.city.gov.example/n/1 \",\"accounts\":[\"weibo-00001\"],\"at\":\"+300d\"}}"
}

bench_standin
bench_config "$accounts"
rig_daemon || exit 1
rig_stop
bench_standin_end
bench_fill "$large"
bench_standin 0 0 $((accounts * 4)) "$comments"
bench_config "$accounts"
rig_daemon || exit 1
bench_seen requests
bench_indexed "$large"
for round in $(seq "$rounds"); do
	(hand_in "平时$round" "$times") >"$rig/quiet.$round" || exit 1
done
commits=$(g status --json | jq .store.commits)
hand_in 忙时 1000000 >"$rig/busy" &
post_pid=$!
watch_pids=$post_pid
"$ask" "$rig/control" 1 account.poll '{"name":"ALL"}' >"$rig/poll" || exit 1
kill -TERM "$post_pid"
wait "$post_pid" || exit 1
watch_pids=
commits=$(($(g status --json | jq .store.commits) - commits))
rig_stop
bench_standin_end
taken=$(sql "SELECT count(*) FROM message WHERE id > $large")
[ "$taken" = $((accounts * comments)) ] || {
	echo "$taken messages came in instead of $((accounts * comments))" >&2
	exit 1
}
quiet=$(middle $(jq -s '.[].p99_us' "$rig"/quiet.*))
jq -c --argjson q "$quiet" --argjson rows "$large" --argjson r "$(jq --argjson n "$taken" '$n * 1e6 / .p50_us | floor' "$rig/poll")" \
	--argjson c "$commits" \
	'{bench: "commit", rows: $rows, intake_per_second: $r, commits: $c, posts: .n, p50_us: .p50_us, p99_us: .p99_us, max_us: .max_us, quiet_p99_us: $q}' "$rig/busy"
jq -r --argjson q "$quiet" '"a post is committed within \(.p99_us / 1000) ms (99 in 100) while messages come in as fast as they can, \($q / 1000) ms when none do"' "$rig/busy"
