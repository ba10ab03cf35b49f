# Every sentence that the daemon says to people has its translation for the command line, and nothing else has.
set -u
. "$(dirname "$0")/lib.sh"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

if ! command -v xgettext >/dev/null; then
	skip "sentences are translated" "no gettext"
	finish
fi
lists=src/cli/po/daemon
sh "$lists/extract.sh" >"$here/daemon.pot" 2>"$here/log"
check "sentences can be taken out of the sources" "$(cat "$here/log")"
check "there are sentences" "$([ "$(grep -c '^msgid' "$here/daemon.pot")" -gt 700 ] || echo "hardly any were found")"
check "arguments are numbers and texts" "$(sed -n 's/%%//g; /^msgid.*%[^sd]/p' "$here/daemon.pot")"
check "no argument touches the next" "$(grep -nE '^msgid.*%[sd]%[sd]' "$here/daemon.pot")"
check "there are at most nine arguments" "$(grep -nE '^msgid.*(%[sd].*){10}' "$here/daemon.pot")"
for po in "$lists"/*.po; do
	check "${po##*/} has every sentence (or $lists/unshown.txt says why not)" \
		"$(msgcmp --no-fuzzy-matching "$po" "$here/daemon.pot" 2>&1 | grep -v 'found . fatal error')"
	msgattrib --no-obsolete --no-wrap "$po" | grep '^msgid' | sort >"$here/translated"
	check "${po##*/} has nothing that is gone" "$(
		msgattrib --only-obsolete --no-wrap "$po" | grep '^#~ msgid'
		grep '^msgid' "$here/daemon.pot" | sort | comm -13 - "$here/translated")"
	check "${po##*/} is sure of everything" "$(msgattrib --only-fuzzy --no-wrap "$po" | grep '^msgid ".')"
	# All of them, whether marked or not: arguments agree in number and kind.
	sed -e '/^#, /d' -e 's/^msgid "..*/#, c-format\n&/' "$po" >"$here/checked.po"
	check "${po##*/} keeps the arguments" "$(msgfmt --check-format --check-domain -o /dev/null "$here/checked.po" 2>&1)"
done
finish
