#!/bin/sh
# Fuzz every target for some seconds, one after the other, and say what came of it.
#
#   tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# Builds into build/fuzz (GAZETTE_FUZZ_BUILD names another folder). What a run learns stays there in found/<target>/ and
# is where the next one goes on; an input that breaks a property is in findings/. Exit 1 when there is any.
#
# A finding becomes a seed: make it small (fuzz_<target> -minimize_crash=1 FILE), give it a name that says what it is,
# put it into corpus/<target>/.
set -eu

seconds=${1:-60}
[ $# -eq 0 ] || shift
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
build=${GAZETTE_FUZZ_BUILD:-$source/build/fuzz}
found=$build/found
findings=$build/findings

[ -f "$build/build.ninja" ] || meson setup "$build" "$source" --native-file "$source/.ci/fuzz.ini" >/dev/null
if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046 # names without blanks
	set -- $(sed -n "s/^\t'\([a-z0-9_]*\)': \[.*/\1/p" "$here/meson.build")
fi
# shellcheck disable=SC2046
nice ninja -C "$build" $(printf 'tests/fuzz/fuzz_%s ' "$@") >/dev/null
export GAZETTE_SOURCE="$source" TZ=Asia/Shanghai

stat() {
	sed -n "s/^stat::$1: *//p" "$log"
}

failed=0
printf '%-14s %10s %8s %8s %8s  %s\n' target runs runs/s coverage inputs result
for name in "$@"; do
	log=$build/fuzz_$name.log
	dictionary=$here/dict/$name.dict
	[ -f "$dictionary" ] || dictionary=
	result=ok
	mkdir -p "$found/$name" "$findings"
	nice "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1500 \
		-print_final_stats=1 ${dictionary:+"-dict=$dictionary"} "-artifact_prefix=$findings/$name-" \
		"$found/$name" "$here/corpus/$name" >"$log" 2>&1 || {
		result="BROKEN: $(sed -n 's/^.*\(broken: .*\|ERROR: .*\|runtime error: .*\)$/\1/p' "$log" | head -1); see $log"
		failed=1
	}
	printf '%-14s %10s %8s %8s %8s  %s\n' "$name" "$(stat number_of_executed_units)" \
		"$(stat average_exec_per_sec)" "$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)" \
		"$(find "$found/$name" -type f | wc -l)" "$result"
done
exit $failed
