# What the simulator takes: posts a second over 64 kept connections, the processor time of one post, and its memory
# after 100000 of them. One JSON line.
#
#   load.sh LOAD-PROGRAM [REQUESTS]
load=$1
requests=${2:-100000}
. "$(dirname "$0")/lib.sh"
new_platform
switches '"ip_per_hour":0,"posts_per_hour":0,"calls_per_day":0' weibo-east
control POST /sim/clock '{"freeze":false}'
"$load" "$port" "$east" 64 "$requests" >"$rig/load" || exit 1
# Fields of proc(5): the 14th and 15th are the ticks in user and kernel mode.
ticks=$(awk '{ print $14 + $15 }' "/proc/$sim_pid/stat")
memory_kb=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$sim_pid/status")
jq -c --argjson ticks "$ticks" --argjson hz "$(getconf CLK_TCK)" --argjson memory_kb "$memory_kb" \
	'. + {cpu_us: ($ticks * 1e6 / $hz / .requests | round), per_core_second: (.requests * $hz / $ticks | round),
	memory_kb: $memory_kb}' "$rig/load"
