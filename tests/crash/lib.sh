# Rigs side by side, and their sums. Sourced by crash.sh and wechat.sh, which define shard N: its own simulator, store and
# daemon, rounds N, N + shards, ...; what it prints is counted at the end.
#
#   crash_shards "$@"   run them all; $results/all has what they printed, $died the daemon's deaths
#   check TITLE GOT WANT
#   crash_end
#
#   CRASH_SHARDS   rigs side by side (default: processors)

shards=${CRASH_SHARDS:-$(nproc)}
tap=0
bad=0

crash_shards() {
	if [ "${1:-}" = shard ]; then
		shard "$2"
		exit
	fi
	results=$(mktemp -d)
	trap 'rm -rf "$results"' EXIT
	pids=
	i=1
	while [ "$i" -le "$shards" ]; do
		sh "$0" shard "$i" >"$results/$i" 2>&1 &
		pids="$pids $!"
		i=$((i + 1))
	done
	for pid in $pids; do
		wait "$pid" || bad=$((bad + 1))
	done
	cat "$results"/* >"$results.all"
	mv "$results.all" "$results/all"
	grep '^#' "$results/all"
	died=$(awk '/^died/ { n += $2 } END { print n + 0 }' "$results/all")
}

check() { # TITLE GOT WANT
	tap=$((tap + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap - $1"
	else
		echo "not ok $tap - $1"
		echo "# got $2, want $3"
		bad=$((bad + 1))
	fi
}

crash_end() {
	echo "# the daemon died $died times"
	echo "1..$tap"
	[ "$bad" -eq 0 ]
}
