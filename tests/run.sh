#!/bin/sh
# Everything: installs what is missing, builds with gcc and clang, runs all tests, once more under the address and
# undefined-behaviour sanitizers and (but for the fuzz corpora) under the thread sanitizer; the unit tests, and the daemon in
# some end-to-end tests, under valgrind. The crash tests run in one build only: they kill by the hundred. The last line is
# "N passed, N failed".
#
#   sh tests/run.sh              all of it
#   sh tests/run.sh quick        one build, all tests
#   CRASH_ROUNDS=5000 sh tests/run.sh quick     more rounds of the crash test
set -u
cd "$(dirname "$0")/.."
. tests/packages.sh
mode=${1:-all}
need_packages test || exit 1

passed=0
failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# build NAME COMPILER [meson options]: one build directory; a failure counts as a failed test.
build() {
	name=$1
	compiler=$2
	shift 2
	echo "== build $name"
	if [ ! -f "build/$name/build.ninja" ]; then
		rm -rf "build/$name"
		if ! CC=$compiler meson setup "build/$name" "$@" >"$logs/$name.setup" 2>&1; then
			tail -n 30 "$logs/$name.setup"
			failed=$((failed + 1))
			return 1
		fi
	fi
	if ninja -C "build/$name" >"$logs/$name.ninja" 2>&1; then
		passed=$((passed + 1))
		return 0
	fi
	grep -E 'error|warning|FAILED' "$logs/$name.ninja" | head -n 40
	failed=$((failed + 1))
	return 1
}

# check NAME [meson test options]: run tests of a build and add up what came out.
check() {
	name=$1
	shift
	echo "== test $name $*"
	meson test -C "build/$name" --no-rebuild --print-errorlogs "$@" >"$logs/$name.test" 2>&1
	awk '/^ *[0-9]+\/[0-9]+ / && !/ OK / { print }' "$logs/$name.test"
	ok=$(awk '/^Ok:/ { n = $2 } /^Expected Fail:/ { n += $3 } END { print n + 0 }' "$logs/$name.test")
	bad=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$logs/$name.test")
	if [ "$bad" -gt 0 ] || [ "$ok" -eq 0 ]; then
		# meson keeps what TAP tests print, diagnostics and all, in its log only
		LC_ALL=C awk '/^test: / { test = $NF } /^result: / { bad = !/exit status 0/; if (bad) { print "-- " test } }
			bad && /^(not ok|#)|runtime error|Sanitizer|==[0-9]+==/' "build/$name/meson-logs/testlog.txt" | head -n 120
		[ "$ok" -gt 0 ] || bad=$((bad + 1))
	fi
	echo "   $ok passed, $bad failed"
	passed=$((passed + ok))
	failed=$((failed + bad))
}

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1

if build gcc gcc; then
	check gcc
fi
if [ "$mode" = all ]; then
	if build clang clang; then
		check clang --no-suite e2e --no-suite crash --no-suite campaign --no-suite lint
	fi
	if build asan gcc --native-file .ci/asan.ini; then
		check asan --no-suite crash --no-suite lint --timeout-multiplier 4
	fi
	if build tsan gcc --native-file .ci/tsan.ini; then
		check tsan --no-suite crash --no-suite lint --no-suite fuzz --timeout-multiplier 6
	fi
	if [ -f build/gcc/build.ninja ]; then
		# notify: posix_spawn() under valgrind says that a program started which did not. process: scripts.
		echo "== valgrind"
		check gcc --no-suite e2e --no-suite crash --no-suite campaign --no-suite lint --no-suite fuzz --no-suite cli \
			--no-suite process --no-suite notify --timeout-multiplier 20 \
			--wrapper 'valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'
		# Scripts whose course does not hang on how fast a daemon starts.
		RIG_VALGRIND=yes
		export RIG_VALGRIND
		check gcc --timeout-multiplier 4 e2e-accounts e2e-bad_input e2e-batch e2e-disk_full e2e-inbox e2e-monitor e2e-publish \
			e2e-reload e2e-writing
		unset RIG_VALGRIND
	fi
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
