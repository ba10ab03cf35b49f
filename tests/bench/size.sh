# How long the daemon takes to be ready and how much memory it holds, by accounts; and how often it wakes when nothing
# happens.
#
#   BENCH_ACCOUNTS="100 10000"
. "$(dirname "$0")/lib.sh"
first=
# shellcheck disable=SC2013 # a list of numbers
for accounts in ${BENCH_ACCOUNTS:-100 10000}; do
	bench_standin
	bench_config "$accounts"
	rm -rf "$rig/state"
	rig_daemon || exit 1 # makes the store
	rig_stop
	bench_standin_end
	bench_standin 0 0 $((accounts * 4)) # a question about each token, three first polls
	bench_config "$accounts"
	began=$(date +%s%N)
	rig_daemon || exit 1
	ready_ms=$((($(date +%s%N) - began) / 1000000))
	bench_seen requests
	# What the last answers made it write is no idleness.
	was=
	until now=$(g status --json | jq .store.jobs) && [ "$now" = "$was" ]; do
		was=$now
	done
	anonymous=$(awk '/^RssAnon:/ { print $2 }' "/proc/$daemon_pid/status")
	switches() { awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }' "/proc/$daemon_pid/task"/*/status; }
	before=$(switches)
	sleep 10 # what is measured is that nothing happens
	wakes=$(($(switches) - before))
	rig_stop
	bench_standin_end
	per_account=
	if [ -n "$first" ]; then
		per_account=$(awk -v a="$anonymous" -v b="$first_kib" -v n="$accounts" -v m="$first" 'BEGIN { printf "%.2f", (a - b) / (n - m) }')
	else
		first=$accounts
		first_kib=$anonymous
	fi
	jq -nc --argjson a "$accounts" --argjson r "$ready_ms" --argjson k "$anonymous" --argjson w "$wakes" --arg p "$per_account" \
		'{bench: "size", accounts: $a, ready_ms: $r, memory_kib: $k, wakes_in_10_s: $w} + if $p == "" then {} else {kib_per_account: ($p | tonumber)} end'
	echo "$accounts accounts: ready after $ready_ms ms, $anonymous KiB${per_account:+, $per_account KiB for each further one}, $wakes wake-ups in 10 idle seconds"
done
