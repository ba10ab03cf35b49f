# How often the disk is waited for, exactly: what nothing depends on is not waited for, and what leaves the process is.
. "$(dirname "$0")/lib.sh"
rig=$(mktemp -d)
strace -D -f --seccomp-bpf -qq -e trace=execve -o "$rig/probe" true 2>/dev/null
if ! grep -q execve "$rig/probe" 2>/dev/null; then
	echo "1..0 # SKIP strace may not trace here"
	rm -rf "$rig"
	exit 0
fi
rm -rf "$rig"
RIG_POLL=1h
rig_new
rig_daemon_counted || exit 1

# Until every feed has its cursor and the index its log.
g account poll ALL >/dev/null
id=$(g post new -q -m "停水通知 https://www.city.gov.example/n/1 " --to weibo-main --at now)
ok "a first post is published" g post wait "$id"
timeout 60 sh -c 'until gazette -s "$1" search 停水 --json | grep -q .; do :; done' sh "$rig/control"

before=$(syncs)
id=$(g post new -q -m "停电通知 https://www.city.gov.example/n/2 " --to weibo-main --at +4s)
same "a post that is handed in: one" $(($(syncs) - before)) 1
before=$(syncs)
ok "it is published at its time" g post wait "$id"
same "a post that leaves alone: one before the request and one after the answer" $(($(syncs) - before)) 2

before=$(syncs)
ok "a poll finds nothing new" g account poll weibo-main
same "a poll without news: none" $(($(syncs) - before)) 0
ok "nor does asking" g status
ok "nor does searching" g search 停电
same "looking: none" $(($(syncs) - before)) 0

rig_stop
done_testing
