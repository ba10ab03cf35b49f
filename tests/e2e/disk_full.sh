# The disk runs full: the caller hears "again later", reads go on, what happened on the platform is not forgotten, and when
# there is room again everything goes on by itself.
. "$(dirname "$0")/lib.sh"
rig_new
mkdir -p "$rig/state"
if ! mount -t tmpfs -o size=3m,mode=0700 tmpfs "$rig/state" 2>/dev/null; then
	echo "1..0 # SKIP a small tmpfs cannot be mounted here"
	exit 0
fi
trap 'kill "$daemon_pid" 2>/dev/null; wait "$daemon_pid" 2>/dev/null; umount "$rig/state"; daemon_pid=; rig_end' EXIT
rig_daemon || exit 1
link='https://www.city.gov.example/n/1 '

first=$(g post new -q -m "磁盘还有空间 $link" --to weibo-main --at now)
ok "with room it works" g post wait "$first"
dd if=/dev/zero of="$rig/state/filler" bs=4k 2>/dev/null
code=0
for i in $(seq 1 40); do
	g post new -m "磁盘满了 $i $link" --to weibo-main --at +1h >"$rig/out" 2>&1 || { code=$?; break; }
done
same "without room the caller hears: again later" "$code" 75
has "in words" "$(cat "$rig/out")" store
ok "reads go on" g post show "$first"
# The daemon's own small writes may still find room, and with each that does all is well again.
for i in $(seq 1 20); do
	g post new -m "还是满的 $i $link" --to weibo-main --at +1h >/dev/null 2>&1
	g status --ok --json >"$rig/out" 2>&1
	code=$?
	[ "$code" -eq 0 ] || break
done
same "status --ok is false" "$code" 3
has "status says degraded" "$(cat "$rig/out")" '"degraded":true'
rm "$rig/state/filler"
ok "with room again it goes on" timeout 60 sh -c 'until gazette -s "$1" post new -m "又有空间了 $2" --to weibo-main --at now >/dev/null 2>&1; do :; done' sh "$rig/control" "$link"
ok "and it is published" timeout 60 sh -c 'until curl -s "http://127.0.0.1:$1/sim/ledger" | grep -q 又有空间了; do :; done' sh "$port"
same "once" "$(ledger '[.[] | select(.text | startswith("又有空间了"))] | length')" 1
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
