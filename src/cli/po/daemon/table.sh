# Translations as C tables: table.sh LANGUAGE.po... > sentences.gen.h. Escapes in a po file are those of C.
echo '/* Made by src/cli/po/daemon/table.sh from what lies beside it. */'
for po; do
	language=${po##*/}
	echo "static const struct sentence sentences_${language%.po}[] = {"
	awk '
	/^msgid / { part = 1; head = $0 == "msgid \"\""; sub(/^msgid /, "\t{ "); text = $0; next }
	/^msgstr / { part = 2; sub(/^msgstr /, ",\n\t\t"); text = text $0; next }
	/^"/ && part { head = head && part == 2; text = text " " $0; next }
	part == 2 { if (!head) print text " },"; part = 0 }
	END { if (part == 2 && !head) print text " }," }
	' "$po"
	echo '};'
done
