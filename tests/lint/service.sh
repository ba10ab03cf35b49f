# The units: what systemd says of them, how tight the sandbox is, and that what they name is what the daemon has.
set -u
. "$(dirname "$0")/lib.sh"

# Of 10, as `systemd-analyze security` counts, times 10.
most_exposed=15

here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
mkdir -p "$here/units" "$here/root/etc"

# A program that exists stands for the daemon, so that a build directory is not needed.
sed "s,@SBINDIR@/gazetted,$(command -v true)," src/dist/gazetted.service.in >"$here/units/gazetted.service"
cp src/dist/gazetted.socket "$here/units"

if command -v systemd-analyze >/dev/null; then
	check "systemd understands the units" "$(
		systemd-analyze verify --man=no "$here/units/gazetted.service" "$here/units/gazetted.socket" 2>&1 |
			grep -F gazetted)"
	check "the sandbox is tight" "$(
		systemd-analyze security --offline=true --no-pager --threshold=$most_exposed \
			"$here/units/gazetted.service" >"$here/security" 2>&1 || grep -aE '^.{0,4}Overall' "$here/security")"
else
	skip "systemd understands the units" "no systemd-analyze"
	skip "the sandbox is tight" "no systemd-analyze"
fi

if command -v systemd-sysusers >/dev/null && [ "$(id -u)" -eq 0 ]; then
	check "the user can be made" "$(systemd-sysusers --root="$here/root" "$PWD/src/dist/gazette.sysusers" 2>&1 |
		grep -v '^Creating' || grep -q '^gazette:' "$here/root/etc/passwd" || echo "there is no user gazette")"
	check "the directories can be made" "$({
		systemd-tmpfiles --root="$here/root" --create "$PWD/src/dist/gazette.tmpfiles" 2>&1
		stat -c '%a %n' "$here/root/etc/gazette" "$here/root/var/lib/gazette" "$here/root/run/gazette" 2>&1 |
			sed "s,$here/root,," | diff - - <<-'END'
				750 /etc/gazette
				700 /var/lib/gazette
				755 /run/gazette
			END
	})"
else
	skip "the user can be made" "not root, or no systemd-sysusers"
	skip "the directories can be made" "not root, or no systemd-tmpfiles"
fi

# How long the daemon takes to stop, in milliseconds, against what the service manager waits.
stop_s=$(sed -n 's/^TimeoutStopSec=\([0-9]*\)s$/\1/p' src/dist/gazetted.service.in)
needs_s=$(awk '/^#define (STOP_MS|CLOSE_MS) / { gsub(/[^0-9]/, "", $3); n += $3 } END { print n }' src/daemon/daemon.c)
check "the manager waits longer than a stop takes" "$(
	[ "${stop_s:-0}" -gt "${needs_s:-999}" ] || echo "TimeoutStopSec is $stop_s s, stopping takes $needs_s s")"

config=$(sed -n 's/^#define DEFAULT_CONFIG "\(.*\)"/\1/p' src/daemon/main.c)
check "unit, socket and daemon agree on paths" "$(
	grep -qF -- "-c $config" src/dist/gazetted.service.in || echo "gazetted.service does not start with $config"
	socket=$(sed -n 's/^ListenStream=//p' src/dist/gazetted.socket)
	grep -rqF "\"$socket\"" src/config src/proto || echo "no room has \"$socket\" as its default")"

finish
