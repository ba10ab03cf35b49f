# The tree looks as it is described: the top level, headers and their guards, comments, sizes, lists, shell files.
set -u
. "$(dirname "$0")/lib.sh"

allowed='
.ci
.clang-format
.clang-tidy
.editorconfig
.git-blame-ignore-revs
.gitignore
LICENSE
README.md
accounts.yaml
include
man
meson.build
src
tests
'
max_lines=800

# What git ignores anyhow: build directories, the rehearsal's state, editors' leavings.
check "the top level holds exactly what belongs there" "$(
	for path in * .[!.]*; do
		case $path in
		.git | build* | state | *.o | *.swp | __pycache__) continue ;;
		esac
		echo "$allowed" | grep -qxF "$path" || echo "$path is not expected there"
	done
	for path in $allowed; do
		[ -e "$path" ] || echo "$path is missing"
	done)"

# Our text files; not what others wrote (fixtures), nor what is meant to be odd (corpora).
texts=$(find .ci man include src tests README.md accounts.yaml meson.build -type f \
	! -path 'tests/fixtures/*' ! -path 'tests/fuzz/corpus/*' ! -path 'tests/golden/*' 2>/dev/null | sort)
sources=$(echo "$texts" | grep '\.[ch]$')

check "no trailing blanks" "$(echo "$texts" | xargs grep -nE '[[:blank:]]+$' | cut -c 1-160)"
check "every file ends with a line end" "$(echo "$texts" | xargs grep -LzP '\n\z')"

# Strings, characters and block comments are stepped over; what is left of // is scratch.
check "comments are /* */" "$(echo "$sources" | xargs awk '
	FNR == 1 { inside = 0 }
	{
		rest = $0
		while (rest != "") {
			if (inside) {
				at = index(rest, "*/")
				if (!at) break
				rest = substr(rest, at + 2)
				inside = 0
			} else if (match(rest, /"([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)*'\''|\/\*|\/\//)) {
				token = substr(rest, RSTART, 2)
				if (token == "//") {
					print FILENAME ":" FNR ": " $0
					break
				}
				inside = token == "/*"
				rest = substr(rest, RSTART + (inside ? 2 : RLENGTH))
			} else {
				break
			}
		}
	}')"

check "header guards are the path" "$(echo "$sources" | grep '\.h$' | xargs awk '
	function judge() {
		if (file == "") return
		guard = file
		if (file !~ /^tests/) sub(/^[a-z]*\//, "", guard)
		gsub(/[\/.]/, "_", guard)
		guard = toupper(guard)
		if (asked != guard || given != guard)
			print file ": guard \"" asked "\" / \"" given "\", expected \"" guard "\""
	}
	FNR == 1 { judge(); file = FILENAME; asked = given = "" }
	asked == "" && /^#ifndef / { asked = $2 }
	given == "" && /^#define / { given = $2 }
	END { judge() }')"

check "a public header begins with what it is for" "$(for file in include/*/*.h; do
	case $(head -c 2 "$file") in
	"/*") ;;
	*) echo "$file" ;;
	esac
done)"

check "no file in src/ is longer than $max_lines lines" "$(find src include -name '*.[ch]' -exec wc -l {} + |
	awk -v max=$max_lines '$2 != "total" && $1 > max { print $2 ": " $1 " lines" }')"

check "lists that say so are alphabetical" "$(find . -name meson.build ! -path "./build*" | sort | xargs awk '
	FNR == 1 { marked = listing = 0 }
	/^#.*alphabetical/ { marked = 1; next }
	marked && /= \[$/ { listing = 1; marked = 0; last = ""; n++; next }
	listing && /^\]/ { listing = 0 }
	listing {
		name = $1
		gsub(/[^a-z0-9_.-]/, "", name)
		if (name <= last) print FILENAME ":" FNR ": " name " after " last
		last = name
	}
	END { if (n == 0) print "no such list was found" }')"

# A file nobody builds is a file nobody tests. A name in a list stands for cmd_NAME.c, verb_NAME.c, test_NAME.c, fuzz_NAME.c.
check "every C file is named in a meson.build" "$({
	find src tests -name meson.build -exec awk -F "'" '
		{ dir = FILENAME; sub(/\/[^\/]*$/, "", dir); for (i = 2; i <= NF; i += 2) print dir, $i }' {} +
	echo
	find src tests -name '*.c' | sort
} | awk '
	/^$/ { files = 1; next }
	!files { named[$1 "/" $2] = 1; next }
	{
		dir = name = $0
		sub(/\/[^\/]*$/, "", dir)
		sub(/.*\//, "", name)
		stem = name
		sub(/\.c$/, "", stem)
		word = stem
		sub(/^[a-z]*_/, "", word)
		if (!named[dir "/" name] && !named[dir "/" stem] && !named[dir "/" word]) print
	}')"

check "shell files parse" "$({
	find . -name '*.sh' ! -path './build*' -exec sh -n {} \;
	bash -n .ci/run
} 2>&1)"

check "no tabs in YAML" "$(find . -name '*.yaml' ! -path './build*' ! -path './tests/fuzz/corpus/*' -exec grep -nH "$(printf '\t')" {} +)"

finish
