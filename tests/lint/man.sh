# Manual pages against themselves and against the code: mandoc finds nothing, and whatever a reader may look for (a verb, a
# parameter, a member of an answer, an event, a key, an option, a command) stands in its page.
set -u
. "$(dirname "$0")/lib.sh"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# C as one line per file, blanks squeezed: tables are read across line ends.
flat() {
	for file in "$@"; do
		tr -s '\n\t ' ' ' <"$file"
		echo
	done
}

# The words a page sets in a macro's type, in running text or as the head of a list item.
words_of() {
	grep -E "^\.(It |Pq |Ns |Oo |Op )*$2 " "man/$1" | tr -c 'A-Za-z0-9_.\n-' ' ' | tr ' ' '\n' | sort -u
}

# missing WORDS-FILE PAGE-WORDS-FILE: those that the page lacks, "WORD is not in it".
missing() {
	sort -u "$1" | grep -vxF -f "$2" | sed 's/$/ is not in it/'
}

# ---- mandoc ----

if command -v mandoc >/dev/null; then
	for page in man/*.[0-9]; do
		check "${page#man/} is clean" "$(mandoc -T lint -W warning "$page" 2>/dev/null)"
	done
else
	skip "the pages are clean" "no mandoc"
fi
ls man | grep '\.[0-9]$' >"$here/pages"
sed -n "s/^	'\(.*\)',$/\1/p" man/meson.build >"$here/installed"
check "every page is installed" "$(diff "$here/pages" "$here/installed")"
check "pages name pages there are" "$(
	grep -nE '^\.Xr gazet' man/*.[0-9] | while IFS=' ' read -r at name section rest; do
		[ -f "man/$name.$section" ] || echo "$at $name $section: no such page"
	done)"

# ---- gazette-control(7) ----

control=gazette-control.7
words_of $control Ic >"$here/control"
flat src/daemon/verb_*.c >"$here/verbs.c"

# Each verb has a subsection that begins with who may call it, in the words the daemon uses itself.
grep -oE '\{ "[a-z.]+", VERB_[A-Z]+, PERMIT_[A-Z_]+, [a-z_]+ \}' "$here/verbs.c" |
	sed -E 's/\{ "([a-z.]+)", VERB_[A-Z]+, (PERMIT_[A-Z_]+), .*/\1 \2/' | sort >"$here/verbs"
flat src/model/role.c | grep -oE '\[PERMIT_[A-Z_]+\] = \{ [^}]*, "[a-z, ]+" \}' |
	sed -E 's/\[(PERMIT_[A-Z_]+)\].*"([a-z, ]+)" \}/\1 For \2./' >"$here/holders"
check "$control has every verb, with who may call it" "$(
	[ -s "$here/verbs" ] || echo "no verbs were found in src/daemon/verb_*.c"
	while read -r verb permission; do
		who=$(sed -n "s/^$permission //p" "$here/holders")
		found=$(grep -xA1 "\.Ss $verb" man/$control | tail -n 1)
		[ -n "$who" ] && [ "$found" = "$who" ] || echo "$verb: expected .Ss $verb and \"$who\", found \"$found\""
	done <"$here/verbs")"
sed -n '/^\.Sh VERBS/,/^\.Sh EVENTS/s/^\.Ss //p' man/$control | sort >"$here/described"
check "$control has no verb that does not exist" "$(cut -d ' ' -f 1 "$here/verbs" | diff - "$here/described" | grep '^>')"

grep -oE 'names\[\] = \{[^}]*\}' "$here/verbs.c" | grep -oE '"[a-z_]+"' | tr -d '"' >"$here/parameters"
flat src/daemon/post_params.c | grep -oE 'members\[\] = \{[^}]*\}' | grep -oE '"[a-z_]+"' | tr -d '"' >>"$here/parameters"
check "$control has every parameter" "$(missing "$here/parameters" "$here/control")"

flat src/daemon/verb_*.c src/daemon/control.c src/daemon/post_params.c src/daemon/waits.c src/store/view*.c src/store/search.c \
	src/proto/frame.c | grep -oE 'json_add(_[a-z0-9]+)?\([^,"]+, "[a-z_]+"' | sed -E 's/.*"([a-z_]+)"/\1/' >"$here/members"
check "$control has every member of an answer" "$(missing "$here/members" "$here/control")"

flat src/core/error.c | grep -oE '\[(ADVISE|ERROR)_[A-Z]+\] = "[a-z]+"' | grep -v '_NONE\]' |
	sed -E 's/.*"(.*)"/\1/' >"$here/errors"
check "$control has every domain and advice" "$(missing "$here/errors" "$here/control")"

{
	grep -hvE 'log_|error_set' src/store/*.c src/daemon/tokens.c |
		grep -oE '"(post|send|ticket|account|notice)\.[a-z-]+"' | tr -d '"'
	flat src/model/send.c | grep -oE 'state_names\[\] = \{[^}]*\}' | grep -oE '"[a-z]+"' | tr -d '"' | sed 's/^/send./'
} >"$here/events"
check "$control has every event" "$(missing "$here/events" "$here/control")"

version=$(sed -n 's/^#define PROTO_VERSION \([0-9]*\)$/\1/p' include/proto/frame.h)
check "$control describes the protocol's version" "$(
	grep -q "^This page describes version $version\.$" man/$control || echo "the code speaks version $version")"

# ---- gazette-accounts(5) ----

accounts=gazette-accounts.5
words_of $accounts '[A-Z][a-z]' >"$here/accounts"
flat src/config/*.c src/platform/weibo/settings.c |
	grep -oE '\{ \.name = "[a-z_]+", \.(type = CONFIG_|doc =)|LATE\("[a-z_]+", POST_' | sed -E 's/[^"]*"([a-z_]+)".*/\1/' >"$here/keys"
check "$accounts has every key" "$(
	[ "$(wc -l <"$here/keys")" -gt 30 ] || echo "hardly any keys were found in src/config"
	missing "$here/keys" "$here/accounts")"

# ---- gazette(1) ----

# "noun verb" of every command, its short words, its options. A command without verbs has one whose name is empty.
for file in src/cli/cmd_*.c; do
	noun=${file#*/cmd_}
	noun=${noun%.c}
	flat "$file" >"$here/command.c"
	grep -oE 'struct verb [a-z_]+\[\] = \{.*' "$here/command.c" | grep -oE '\{ "[a-z-]*", "[^"]*", N_\(' |
		sed -E "s/[^\"]*\"([a-z-]*)\".*/$noun \1/" >>"$here/commands"
	[ -s "$here/command.c" ] && grep -q "^$noun " "$here/commands" || echo "$file: no verbs were found" >>"$here/blind"
	grep -oE 'struct short_word [a-z_]+\[\] = \{[^;]*' "$here/command.c" | grep -oE '\{ "[a-z-]+", "' |
		sed -E 's/[^"]*"([a-z-]+)".*/\1/' >>"$here/short"
done
flat src/cli/*.c | grep -oE "\{ ('.'|0), \"[a-z-]+\", " | sed -E "s/\{ '?(.)'?, \"([a-z-]+)\".*/\1 -\2/" | sort -u >"$here/options"
grep '^\.' man/gazette.1 >"$here/macros"
check "gazette.1 has every command" "$(
	cat "$here/blind" 2>/dev/null
	while read -r noun verb; do
		# "post hold", or "post cancel | hold"
		grep -qE -- "[ .]$noun${verb:+ ([a-z-]+ [|,] )*$verb}( |$)" "$here/macros" || echo "$noun${verb:+ $verb} is not in it"
	done <"$here/commands"
	while read -r word; do
		grep -qE -- " $word( |$)" "$here/macros" || echo "$word is not in it"
	done <"$here/short")"
# By their name or by their letter.
grep -oE '(Fl|,) (-[a-z-]+|[A-Za-z])( |$)' "$here/macros" | awk '{ print $2 }' | sort -u >"$here/found"
check "gazette.1 has every option" "$(
	[ -s "$here/options" ] || echo "no options were found in src/cli"
	while read -r letter name; do
		grep -qxF -e "$name" -e "$letter" "$here/found" || echo "-$name is not in it"
	done <"$here/options")"

# ---- options of the daemons ----

for program in 'gazetted.8 src/daemon/main.c' 'gazette-sim.1 src/sim/main.c'; do
	page=${program% *}
	flat "${program#* }" | grep -oE '\{ "[a-z-]+", (no|required|optional)_argument' | sed -E 's/[^"]*"([a-z-]+)".*/-\1/' >"$here/options"
	grep '^\.It Fl' "man/$page" | tr ' ' '\n' | grep '^-' | sort -u >"$here/found"
	grep -E '^\.(It Fl|Nm|Fl|Op Fl)|^\.Fl h \|' "man/$page" | tr ' ' '\n' | grep '^-' | sort -u >>"$here/found"
	check "$page has every option" "$(
		[ -s "$here/options" ] || echo "no options were found in ${program#* }"
		missing "$here/options" "$here/found")"
done

finish
