# The first page of every list, the counts, and a search for two characters, at two sizes of the store: what they take must
# not grow with it. The rows are put into the file by SQL, the index is fed by the daemon as always. The two take turns.
#
#   BENCH_SMALL=10000 BENCH_LARGE=1000000 BENCH_TIMES=200 BENCH_ROUNDS=3 BENCH_SEARCH=yes
#
# With BENCH_SEARCH=no the index stays empty and is not asked: of ten million rows it takes most of the time.
. "$(dirname "$0")/lib.sh"
ask=$3
small=${BENCH_SMALL:-10000}
large=${BENCH_LARGE:-1000000}
times=${BENCH_TIMES:-200}
search=${BENCH_SEARCH:-yes}
lists="inbox posts queue status"
[ "$search" != yes ] || lists="$lists search"
port=1 # nobody is there: nothing is published or polled meanwhile
bench_config 8

# make ROWS: a store in a directory of that name
make() {
	rig_daemon || exit 1
	rig_stop
	bench_fill "$1"
	if [ "$search" = yes ]; then
		rig_daemon || exit 1
		bench_indexed "$1"
		found=$("$ask" "$rig/control" 1 search '{"query":"路灯","limit":500}' | jq .rows)
		rig_stop
		wanted=$(sql "SELECT min(count(*), 500) FROM message WHERE instr(text, '路灯')")
		[ "$found" = "$wanted" ] || {
			echo "the search finds $found, instr() $wanted" >&2
			exit 1
		}
	else
		sqlite3 "$rig/state/search.db" "INSERT OR REPLACE INTO mark SELECT value, $1 FROM json_each('[0, 1, 2, 3]')"
	fi
	mv "$rig/state" "$rig/$1"
}

asked() { # asked LIST
	case $1 in
	inbox) "$ask" "$rig/control" "$times" ticket.list '{}' ;;
	posts) "$ask" "$rig/control" "$times" post.list '{}' ;;
	queue) "$ask" "$rig/control" "$times" queue.list '{"state":"failed"}' ;;
	status) "$ask" "$rig/control" "$times" status '{}' ;;
	search) "$ask" "$rig/control" "$times" search '{"query":"路灯"}' ;;
	esac
}

# measure ROWS: the medians of each list, a line each, into $rig/ROWS.LIST
measure() {
	mv "$rig/$1" "$rig/state"
	rig_daemon || exit 1
	for list in $lists; do
		asked "$list" >"$rig/said" || exit 1
		jq .p50_us "$rig/said" >>"$rig/$1.$list"
		jq .p99_us "$rig/said" >>"$rig/$1.$list.p99"
	done
	resident=$(awk '/^VmRSS:/ { print $2 }' "/proc/$daemon_pid/status")
	rig_stop
	mv "$rig/state" "$rig/$1"
	echo "# $1 rows: $(for list in $lists; do printf '%s %s us, ' "$list" "$(tail -n 1 "$rig/$1.$list")"; done)resident $resident KiB"
}

make "$small"
make "$large"
for round in $(seq "$rounds"); do
	measure "$small"
	measure "$large"
done
for list in $lists; do
	before=$(middle $(cat "$rig/$small.$list"))
	after=$(middle $(cat "$rig/$large.$list"))
	all=$(paste -d ' ' "$rig/$large.$list" "$rig/$small.$list" | while read -r a b; do ratio "$a" "$b"; echo; done)
	# shellcheck disable=SC2086 # numbers
	r=$(middle $all)
	jq -nc --arg n "$list" --argjson a "$before" --argjson b "$after" --argjson s "$small" --argjson l "$large" --argjson r "$r" --arg all "$all" \
		'{bench: "lists", list: $n, rows: [$s, $l], us: [$a, $b], ratio: $r,
		rounds: ($all | split("\n") | map(select(. != "") | tonumber))}'
	echo "$list: $before us at $small rows, $after us at $large: $r times"
done
[ "$search" != yes ] ||
	echo "search at $large rows: 99 in 100 within $(middle $(cat "$rig/$large.search.p99")) us, the same hits as instr()"
