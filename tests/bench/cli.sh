# What a command costs: `gazette status` and `gazette inbox` beside `true`, and beside a bare connection to the socket.
#
#   BENCH_TIMES=200
. "$(dirname "$0")/lib.sh"
ask=$3
times=${BENCH_TIMES:-200}
port=1
bench_config 4
rig_daemon || exit 1

each_us() { # each_us COMMAND...: microseconds a run, the best of three series
	for series in 1 2 3; do
		began=$(date +%s%N)
		i=0
		while [ "$i" -lt "$times" ]; do
			i=$((i + 1))
			"$@" >/dev/null
		done
		echo $((($(date +%s%N) - began) / times / 1000))
	done | sort -n | head -n 1
}

nothing=$(each_us env true)
version=$(each_us env gazette --version)
status=$(each_us env gazette -s "$rig/control" status)
inbox=$(each_us env gazette -s "$rig/control" inbox)
connection=$("$ask" "$rig/control" "$times" hello | jq .p50_us)
rig_stop
jq -nc --argjson t "$nothing" --argjson v "$version" --argjson s "$status" --argjson i "$inbox" --argjson c "$connection" --argjson r "$(ratio "$status" "$nothing")" \
	--argjson l "$(ratio "$inbox" "$nothing")" \
	'{bench: "cli", true_us: $t, version_us: $v, status_us: $s, inbox_us: $i, connection_us: $c, status_ratio: $r, inbox_ratio: $l}'
echo "gazette status: $(ratio "$status" "$nothing") times true ($status us; a bare connection takes $connection us); gazette inbox: $(ratio "$inbox" "$nothing") times"
