# How soon a push of WeChat is answered, stored and triaged in its ticket first, two hundred at a time, one in ten of them a
# repeat; beside bare libmicrohttpd that answers the same pushes and remembers nothing.
#
#   push.sh PUSH_LOAD BARE_HTTPD
#   BENCH_PUSHES=20000 BENCH_PARALLEL=200 BENCH_ROUNDS=3
load=$1
bare_httpd=$2
. "$(dirname "$0")/lib.sh"
pushes=${BENCH_PUSHES:-20000}
parallel=${BENCH_PARALLEL:-200}

bench_pushed
mkfifo "$rig/bare.in"
ratios=
for round in $(seq "$rounds"); do
	"$bare_httpd" <"$rig/bare.in" >"$rig/bare.out" &
	bare_pid=$!
	exec 3>"$rig/bare.in"
	follow "$rig/bare.out" "$bare_pid" 'listening on' || exit 1
	"$load" "$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$rig/bare.out")" wechat-main GovDeskToken2026 "$pushes" "$parallel" 10 >"$rig/bare.$round" || exit 1
	exec 3>&-
	wait "$bare_pid"
	rm -rf "$rig/state"
	rig_daemon || exit 1
	bench_listening
	"$load" "$port" wechat-main GovDeskToken2026 "$pushes" "$parallel" 10 >"$rig/ours.$round" || exit 1
	memory_kb=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$daemon_pid/status")
	rig_stop
	bench_stored "$(jq .messages "$rig/ours.$round")"
	ratios="$ratios $(jq -s '.[0].p99_us / .[1].p99_us * 100 | round / 100' "$rig/ours.$round" "$rig/bare.$round")"
done
# shellcheck disable=SC2086 # numbers
ratio=$(middle $ratios)
# The round whose ratio is the median stands for all.
n=1
for one in $ratios; do
	[ "$one" = "$ratio" ] && break
	n=$((n + 1))
done
spread=$(printf '%s\n' $ratios | sort -n | sed -n '1p;$p' | tr '\n' ' ' | sed 's/ $//; s/ /-/')
jq -cn --slurpfile ours "$rig/ours.$n" --slurpfile bare "$rig/bare.$n" --argjson ratio "$ratio" --arg spread "$spread" \
	--argjson parallel "$parallel" --argjson memory_kb "$memory_kb" --arg machine "$(nproc) processors" '{bench: "push",
	pushes: $ours[0].pushes, messages: $ours[0].messages, parallel: $parallel, p50_us: $ours[0].p50_us, p99_us: $ours[0].p99_us,
	max_us: $ours[0].max_us, per_second: $ours[0].per_second, bare_p99_us: $bare[0].p99_us, bare_per_second: $bare[0].per_second,
	p99_ratio: $ratio, spread: $spread, memory_kb: $memory_kb, machine: $machine}' | tee "$rig/line"
jq -r '"a push is answered within \(.p99_us / 1000) ms (99 of 100; \(.parallel) at a time, each message in exactly one ticket), \(.p99_ratio) times bare libmicrohttpd (\(.spread) over the rounds)"' "$rig/line"
