# What citizens send must not fill the disk that their words need: files wait while there is little room, words do not.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"
rig_new
mkdir -p "$rig/state"
if ! mount -t tmpfs -o size=64m,mode=0700 tmpfs "$rig/state" 2>/dev/null; then
	echo "1..0 # SKIP a small tmpfs cannot be mounted here"
	exit 0
fi
trap 'kill "$daemon_pid" 2>/dev/null; wait "$daemon_pid" 2>/dev/null; umount "$rig/state"; daemon_pid=; rig_end' EXIT
rig_daemon || exit 1
wechat_listens
account "\"callback_url\":\"$callback/wechat-main\",\"picture_base\":\"http://127.0.0.1:$port\",\"markfail_after\":0"
fetched() { sql "SELECT count(*) FROM message_media WHERE state = 'fetched'"; }
all_fetched() { [ "$(fetched)" = 2 ]; }

head -c 45m /dev/zero >"$rig/state/filler"
is "a picture comes while there is little room" "$(citizen 王 message '"type":"image","wait":true')" '.http_status == 200'
ok "its file waits" wait_log media.waits
is "words do not wait" "$(citizen 赵 message '"text":"请问几点开门","wait":true')" '.http_status == 200'
same "they are kept" "$(sql "SELECT count(*) FROM message WHERE text = '请问几点开门'")" 1
same "nothing was fetched, nothing given up" "$(sql "SELECT state || ' ' || tries FROM message_media")" "open 0"

rm "$rig/state/filler"
rig_stop
rig_daemon || exit 1
is "with room again another comes" "$(citizen 王 message '"type":"voice","wait":true')" '.http_status == 200'
last=$(($(date +%s) + 60))
until all_fetched || [ "$(date +%s)" -gt "$last" ]; do :; done
same "and both are there" "$(fetched)" 2

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
