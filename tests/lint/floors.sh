# Who may know whom. Dependencies point down, and rooms on one floor do not know each other; this table, the order of
# src/meson.build, what each room links and what its files include have to agree.
set -u
. "$(dirname "$0")/lib.sh"

# floor room: the rooms it may include. Exceptions to the floors, each with its reason:
#   codec may use text       JSON, CSV and times are checked UTF-8; splitting and cutting exist once
#   desk, platform → config  for the values of settings, not for reading files
#   sim → one file of a driver: the key table, so that one accounts.yaml serves both; never a driver's code
table='
0 core:
1 text: core
1 codec: core text
1 model: core
2 store: core text codec model
2 net: core codec
2 config: core text codec model
2 proto: core codec
3 platform: core text codec model config
3 newsroom: core text codec model
3 desk: core text codec model config
3 notify: core net
4 daemon: core text codec model store net config proto platform newsroom desk notify
4 cli: core text codec model proto
4 sim: core text codec model config
'
# Libraries that only these rooms may see.
libraries='
cmark.h codec platform
curl/ net
ev.h net
microhttpd.h net sim
openssl/ codec
qrencode.h codec
sqlite3.h store
systemd/ daemon
yaml.h codec
'

rooms=$(echo "$table" | awk 'NF { sub(":", "", $2); print $2 }')

may_use() {
	echo "$table" | sed -n "s/^[0-9] $1: *//p"
}

# The table itself: nothing points up or sideways, but for what is excepted above.
check "the table points down" "$(echo "$table" | awk '
	NF { floor = $1; room = $2; sub(":", "", room); at[room] = floor; uses[room] = $0 }
	END {
		for (room in uses) {
			n = split(uses[room], word, " ")
			for (i = 3; i <= n; i++) {
				if (!(word[i] in at)) print room " names " word[i] ", which is no room"
				else if (at[word[i]] >= at[room] && !(room == "codec" && word[i] == "text"))
					print room " (floor " at[room] ") may not use " word[i] " (floor " at[word[i]] ")"
			}
		}
	}')"

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
echo "$rooms" >"$here/table"
sed -n "s/^subdir('\([a-z]*\)').*/\1/p" src/meson.build | grep -v '^dist$' >"$here/meson"
check "src/meson.build visits the rooms in this order" "$(diff "$here/table" "$here/meson")"

# Every folder is a room.
check "src/ and include/ hold rooms and nothing else" "$(
	for path in src/* include/*; do
		name=${path#*/}
		case " $(echo $rooms) dist meson.build " in
		*" $name "*) ;;
		*) echo "$path" ;;
		esac
	done)"

# "from-file to-header" for every include of ours.
grep -rnE '^[[:space:]]*#[[:space:]]*include "[a-z_]+/[^"]+"' src include tests --include='*.[ch]' |
	sed -E 's/^([^:]+):([0-9]+):[^"]*"([^"]+)".*/\1 \2 \3/' >"$here/includes"

for room in $rooms; do
	allowed=$(may_use "$room")
	linked=$(sed -n -e '/^[a-z_]*deps = \[/p' -e '/^	dependencies: \[/p' "src/$room/meson.build" | tr -c 'a-z_\n' ' ' |
		tr ' ' '\n' | sort -u | grep -xF "$rooms" | sort | tr '\n' ' ')
	wanted=$(echo "$allowed" | tr ' ' '\n' | sed '/^$/d' | sort | tr '\n' ' ')
	[ "$linked" = "$wanted" ] && wrong= || wrong="src/$room/meson.build links \"$linked\", expected \"$wanted\""
	check "$room links what it may use" "$wrong"

	check "$room includes what it may use" "$(awk -v room="$room" -v allowed="$allowed" '
		BEGIN { n = split(allowed, word, " "); for (i = 1; i <= n; i++) ok[word[i]] = 1; ok[room] = 1 }
		index($1, "src/" room "/") == 1 || index($1, "include/" room "/") == 1 || index($1, "tests/" room "/") == 1 {
			to = $3
			sub("/.*", "", to)
			if (!(to in ok) && !(room == "sim" && $3 ~ /^platform\/(weibo|wechat)\/settings.h$/))
				print $1 ":" $2 ": " room " may not include " $3
		}' "$here/includes")"
done

check "headers in src/ stay in their room" "$(
	while read -r from line header; do
		room=${header%%/*}
		case $from in
		src/"$room"/* | include/"$room"/* | tests/"$room"/* | tests/fuzz/*) continue ;;
		esac
		case $header in platform/weibo/settings.h | platform/wechat/settings.h) continue ;; esac
		[ -f "include/$header" ] || echo "$from:$line: $header is private to src/$room"
	done <"$here/includes")"

check "libraries stay in their room" "$(
	echo "$libraries" | while read -r library owners; do
		[ -n "$library" ] || continue
		grep -rnF "#include <$library" src include --include='*.[ch]' | while read -r hit; do
			file=${hit%%:*}
			room=$(echo "$file" | cut -d/ -f2)
			case " $owners " in
			*" $room "*) ;;
			*) echo "$hit: for $owners only" ;;
			esac
		done
	done)"

finish
