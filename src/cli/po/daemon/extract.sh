# What the daemon says to people, taken out of the sources as a template (pot) on standard output: the formats of
# errors, findings and reasons, and every other text of more than one word that is not listed in unshown.txt.
# Conversions are made alike, since the command line sees only what came of them: %d is a number, %s a text, and
# several in a row are one; what stands before a colon ("%s: ") is left out, since it may stand before any of them.
# tests/lint/said.sh compares it with the translations. To bring those up to date:
#   sh src/cli/po/daemon/extract.sh >/tmp/daemon.pot &&
#   msgmerge --no-fuzzy-matching --no-location --no-wrap -U src/cli/po/daemon/zh_CN.po /tmp/daemon.pot
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../../../.." || exit 1
lists=src/cli/po/daemon

here=$(mktemp -d) || exit 1
trap 'rm -rf "$here"' EXIT

rooms="core text codec model proto store net config platform platform/* notify newsroom desk daemon"
for room in $rooms; do
	for file in src/$room/*.c src/$room/*.h include/$room/*.h; do
		case $file in
		*'*'* | src/daemon/main.c) continue ;;
		esac
		[ -f "$file" ] || continue
		mkdir -p "$here/${file%/*}"
		# xgettext knows neither our macros, nor that an escaped byte need not be a character; and what goes into
		# the log is nothing that it shall see.
		sed -e 's/STR_FMT/"%.*s"/g' -e 's/\\x[0-9a-fA-F][0-9a-fA-F]*/?/g' \
			-e '/^\t*log_[a-z]*(.*);$/s/.*//' -e '/^\t*log_[a-z]*(/,/);$/s/.*//' "$file" >"$here/$file"
		echo "$file"
	done
done | sort -u >"$here/files"
cp src/cli/sentence.c "$here/sentence.c"

take() {
	(cd "$here" && xgettext -L C --from-code=UTF-8 --no-wrap "$@" 2>>"$here/log")
}
take -k -kerror_set:5 -kerror_set_errno:2 -kerror_prefix:2 -kfinding_add:7 -koutcome_fail:5 -o keyed.pot -f files &&
	take -k -kP_ -o pieces.pot sentence.c && take -a -o all.pot -f files || {
	cat "$here/log" >&2
	exit 1
}

# One line per text: its place, and the normalised msgid as it stands between the quotes.
list() {
	awk '
	function flush() {
		if (id != "" && id !~ /\\n/) {
			gsub(/%<PRI[a-z0-9A-Z]+>/, "%d", id)
			gsub(/%[-+ #0-9.*]*[hlzjt]*[diuxXo]/, "%d", id)
			gsub(/%[-0-9.*]*s/, "%s", id)
			gsub(/%c/, "%s", id)
			while (sub(/%s%s/, "%s", id)) {
			}
			while (sub(/^%s(:[%d0-9]+)*: /, "", id)) {
			}
			print place "\t" id
		}
		id = ""
		place = ""
	}
	/^#: / { if (place == "") place = $2; next }
	/^msgid / { id = substr($0, 8, length($0) - 8); within = 1; next }
	/^msgstr / { within = 0; flush(); next }
	within && /^"/ { id = id substr($0, 2, length($0) - 2) }
	' "$here/$1"
}
{
	list keyed.pot
	list pieces.pot
	# Of all the others: what reads as words, and is neither SQL nor a line of the log nor markup.
	list all.pot | awk -F '\t' '
		$2 !~ /[A-Za-z]+[a-z,.:;)]* [A-Za-z]/ && $2 !~ /[a-z]+[:;,]? %/ && $2 !~ /% ?[sd] [a-z][a-z]/ { next }
		$2 ~ /SELECT |INSERT |UPDATE |DELETE |PRAGMA |CREATE |ORDER BY|GROUP BY|WHERE | FROM |^BEGIN|^SAVEPOINT|^RELEASE|^ROLLBACK|^ATTACH| AND | AS [a-z]/ { next }
		$2 ~ /^[a-z.-]+ [a-z_]+=/ || $2 ~ /[<>{}]/ || $2 ~ /^[a-z]+:[0-9a-z]/ || $2 ~ /[;:][a-z-]+:/ { next }
		{ print }'
} | awk -F '\t' -v unshown="$lists/unshown.txt" '
	BEGIN {
		while ((getline line <unshown) > 0) {
			if (line ~ /^"/) {
				skip[substr(line, 2, length(line) - 2)] = 1
			}
		}
		print "msgid \"\""
		print "msgstr \"\""
		print "\"Content-Type: text/plain; charset=UTF-8\\n\""
	}
	{
		words = $2
		gsub(/%[sd%]/, "", words)
		if ($2 in skip) {
			skip[$2] = 2
			next
		}
		if (words !~ /[A-Za-z][A-Za-z]/ || $2 in seen) {
			next
		}
		seen[$2] = 1
		print ""
		print "#: " $1
		if ($2 ~ /%/) {
			print "#, c-format"
		}
		print "msgid \"" $2 "\""
		print "msgstr \"\""
	}
	END {
		for (line in skip) {
			if (skip[line] == 1) {
				print "unshown.txt: nowhere in the sources: " line >"/dev/stderr"
			}
		}
	}'
