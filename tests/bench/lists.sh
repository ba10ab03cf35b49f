# The first page of every list, the counts, and a search for two characters, at two sizes of the store: what they take must
# not grow with it. The rows are put into the file by SQL, the index is fed by the daemon as always.
#
#   BENCH_SMALL=10000 BENCH_LARGE=1000000 BENCH_TIMES=200
. "$(dirname "$0")/lib.sh"
ask=$3
small=${BENCH_SMALL:-10000}
large=${BENCH_LARGE:-1000000}
times=${BENCH_TIMES:-200}

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
	bench_fill "$1"
	rig_daemon || exit 1
	bench_indexed "$1"
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
