# The control socket: bad frames, roles, a second daemon, a store of a newer version.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1

# say LINES...: what the socket answers to raw lines
say() {
	printf '%s\n' "$@" | timeout 10 python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
while True:
    b = s.recv(65536)
    if not b:
        break
    sys.stdout.buffer.write(b)
' "$rig/control"
}
hello='{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":1,"client":"test"}}'
has "hello is answered" "$(say "$hello")" '"daemon"'
has "a verb before hello is refused" "$(say '{"jsonrpc":"2.0","id":1,"method":"status"}')" 'first call must be hello'
has "an old client is told" "$(say '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"version":99}}')" 'version'
has "what is no JSON ends the connection" "$(say "$hello" 'rubbish')" '-32700'
has "an unknown verb is named with the nearest" "$(say "$hello" '{"jsonrpc":"2.0","id":2,"method":"post.lst"}')" 'post.list'
has "an unknown parameter too" "$(say "$hello" '{"jsonrpc":"2.0","id":2,"method":"post.list","params":{"acount":"x"}}')" 'account'
head -c 100000 /dev/zero | tr '\0' x >"$rig/long"
same "an endless line before hello is cut off" "$(say "$(cat "$rig/long")" | grep -c result)" 0
ok "and the daemon serves on" g status

exits "a second daemon on the same store is refused" 1 timeout 20 gazetted -c "$rig/accounts.yaml" --socket "$rig/other"
has "naming the first" "$(cat "$rig/out")" "$daemon_pid"
rig_stop
same "clean stop" "$daemon_status" 0

# roles: this user is only an editor
printf 'operators:\n  - {user: %s, name: 小编, roles: [editor]}\n' "$(id -un)" >>"$rig/accounts.yaml"
rig_daemon || exit 1
ok "an editor lists posts" g post list
exits "but does not read the inbox" 4 g inbox
has "and is told which role does" "$(cat "$rig/out")" duty
exits "nor reloads" 4 g reload
rig_stop

# a store of a newer version is left alone
sqlite3 "$rig/state/store.db" 'PRAGMA user_version = 9999'
before=$(sha256sum "$rig/state/store.db")
exits "a newer store is refused" 1 timeout 20 gazetted -c "$rig/accounts.yaml"
has "with both versions" "$(cat "$rig/out")" 9999
same "and not touched" "$(sha256sum "$rig/state/store.db")" "$before"
exits "without a daemon the command line says so" 7 g status
done_testing
