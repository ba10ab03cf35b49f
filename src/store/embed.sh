#!/bin/sh
# Migrations as a C table: embed.sh FILE.sql... > migrations.gen.h
echo '/* Made by src/store/embed.sh from src/store/migrations/. */'
echo 'static const char *const migrations[] = {'
for file; do
	echo "	/* ${file##*/} */"
	sed -e 's/--.*$//' -e '/^[[:space:]]*$/d' -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^[[:space:]]*/	" /' -e 's/$/\\n"/' "$file"
	echo '	,'
done
echo '};'
