# Every text that the command line marks for translation is there in Chinese, and nothing else is.
set -u
. "$(dirname "$0")/lib.sh"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

if ! command -v xgettext >/dev/null; then
	skip "messages are translated" "no gettext"
	finish
fi
xgettext --from-code=UTF-8 -k_ -kN_ --no-wrap -o "$here/gazette.pot" src/cli/*.c 2>"$here/log"
check "texts can be taken out of the sources" "$(cat "$here/log")"
check "there are texts" "$([ "$(grep -c '^msgid' "$here/gazette.pot")" -gt 300 ] || echo "hardly any were found in src/cli")"
for po in src/cli/po/*.po; do
	check "${po##*/} has every text" "$(msgcmp --no-fuzzy-matching "$po" "$here/gazette.pot" 2>&1 | grep -v 'found . fatal error')"
	check "${po##*/} has no text twice, nor a broken format" "$(msgfmt --check-format --check-domain -o /dev/null "$po" 2>&1)"
	msgattrib --no-obsolete --no-wrap "$po" | grep '^msgid' | sort >"$here/translated"
	check "${po##*/} has nothing that is gone" "$(
		msgattrib --only-obsolete --no-wrap "$po" | grep '^#~ msgid'
		grep '^msgid' "$here/gazette.pot" | sort | comm -13 - "$here/translated")"
done

# What a program reads stays English: words in a pipe, field names. They are in no table of texts.
check "field names are not marked for translation" "$(grep -nE 'fields\[\] = .*N_\(' src/cli/*.c)"
finish
