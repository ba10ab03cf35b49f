# What .clang-format says. Releases of clang-format differ, so only the one the tree is formatted with is asked.
set -u
. "$(dirname "$0")/lib.sh"

wanted=14
format=
for candidate in "clang-format-$wanted" clang-format; do
	if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q "version $wanted\."; then
		format=$candidate
		break
	fi
done
if [ -z "$format" ]; then
	skip "the sources are formatted" "needs clang-format $wanted"
else
	check "the sources are formatted" "$(find src include tests -name '*.[ch]' | sort |
		xargs "$format" --dry-run -Werror 2>&1 | sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: error:.*/\1/p' | uniq)"
fi
finish
