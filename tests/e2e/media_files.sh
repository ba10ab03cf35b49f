# Files of what citizens send and the rows that name them: neither is ever there without the other, whatever comes between.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wechat_lib.sh"
wechat_start
shelf() { printf '%s/state/media/%.2s' "$rig" "$1"; }
fetched() { sql "SELECT count(*) FROM message_media WHERE state = 'fetched'"; }
wait_fetched() { # wait_fetched N: a minute at most
	last=$(($(date +%s) + 60))
	until [ "$(fetched)" = "$1" ] || [ "$(date +%s)" -gt "$last" ]; do :; done
}

# ---- what a crash has left without a row ----
citizen 王 message '"type":"voice","wait":true' >/dev/null
citizen 王 message '"type":"image","wait":true' >/dev/null
wait_fetched 2
voice=$(sql "SELECT message_media.sha256 FROM message_media WHERE type = 'voice'")
image=$(sql "SELECT message_media.sha256 FROM message_media WHERE type = 'image'")
rig_stop
lost=$(printf '%s' "$voice" | tr 0-9a-f 1-9a-f0)
mkdir -p "$(shelf "$lost")"
for n in $(seq 100 400); do
	: >"$(shelf "$lost")/$(printf '%.61s' "$lost")$n"
done
: >"$(shelf "$lost")/$lost.new"
: >"$(shelf "$voice")/$voice.new"
: >"$(shelf "$voice")/note.txt"
rig_daemon || exit 1
ok "what nobody has is deleted at the start" wait_log 'media.swept files=303'
same "all of it" "$(find "$rig/state/media" -type f | sort)" "$(printf '%s\n' "$(shelf "$voice")/$voice" "$(shelf "$image")/$image" "$(shelf "$voice")/note.txt" | sort)"
rig_stop
rm "$(shelf "$voice")/note.txt"
rig_daemon || exit 1
citizen 赵 message '"type":"video","wait":true' >/dev/null
wait_fetched 3
same "with nothing to delete it goes on as ever" "$(fetched)" 3
rig_stop

strace -D -f --seccomp-bpf -qq -e trace=execve -o "$rig/probe" true 2>/dev/null
if ! grep -q execve "$rig/probe" 2>/dev/null; then
	echo "# strace may not trace here: the rest is left out"
	same "clean stop" "$daemon_status" 0
	done_testing
	exit
fi

# ---- the same file of two citizens: one is forgotten while that of the other is on its way to its row ----
traced() { # traced INJECT: the daemon, with a system call that takes long
	rig_daemon ASAN_OPTIONS=detect_leaks=0 strace -D -f --seccomp-bpf -qq -y -e trace=rename,fsync -e inject="$1" -o "$rig/trace"
}
openid=$(sql "SELECT DISTINCT author_id FROM message WHERE id = (SELECT message_id FROM message_media WHERE type = 'voice')")
traced rename:delay_enter=3000000 || exit 1
citizen 王 unfollow '"wait":true' >/dev/null
citizen 李 message '"type":"voice","wait":true' >/dev/null
last=$(($(date +%s) + 60))
until [ -e "$(shelf "$voice")/$voice.new" ] || [ "$(date +%s)" -gt "$last" ]; do :; done
is "one is forgotten while a file is written" "$(g account purge wechat-main --follower "$openid" --yes --json)" '.citizens == 1 and .media == 2'
ok "what only he had is deleted" wait_log media.deleted
wait_fetched 2
same "the other's is there" "$(sql "SELECT sha256 FROM message_media WHERE type = 'voice' AND state = 'fetched'")" "$voice"
ok "and so is its file" test -f "$(shelf "$voice")/$voice"
ok "whose name is on disk, too" sh -c 'sed -n "/rename(.*$2/,\$p" "$1" | grep -q "fsync([0-9]*<[^>]*/media/$(printf %.2s "$2")>)"' sh "$rig/trace" "$voice"

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
