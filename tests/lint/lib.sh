# What the lint scripts share. Sourced; the working directory becomes the source tree.
#
#   check NAME FINDINGS    one TAP line: passed when FINDINGS (a text, one finding per line) is empty
#   skip NAME WHY          one TAP line: not tried
#   finish                 the plan; ends with 1 when something was found

cd "${GAZETTE_SOURCE:-$(dirname "$0")/../..}" || exit 99
LC_ALL=C
export LC_ALL
tap=0
bad=0

check() {
	tap=$((tap + 1))
	if [ -z "$2" ]; then
		echo "ok $tap - $1"
	else
		bad=$((bad + 1))
		echo "not ok $tap - $1"
		printf '%s\n' "$2" | head -n 50 | sed 's/^/# /'
	fi
}

skip() {
	tap=$((tap + 1))
	echo "ok $tap - $1 # SKIP $2"
}

finish() {
	echo "1..$tap"
	[ "$bad" -eq 0 ]
	exit
}
