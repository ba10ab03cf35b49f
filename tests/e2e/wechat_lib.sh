# What the scripts about publishing in WeChat share: an account that is quick to ask, pictures, and what the platform shows.
# Sourced after lib.sh.

listen=127.0.0.1:0

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
office:
  name: 平安示例
  zone: Asia/Shanghai
state: $rig/state
socket: $rig/control
triage: $source/src/dist/triage.yaml
wording: $source/src/dist/wording.yaml
callback_listen: $listen
platforms:
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
  wechat-main:
    platform: wechat
    kind: ${kind:-service}
    appid: wx5a1b2c3d4e5f6071
    app_secret: rehearsal-secret-3
    original_id: gh_1a2b3c4d5e6f
    callback_token: GovDeskToken2026
    callback_mode: safe
    aes_key: m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA
    poll_min: 100ms
    find_after: 100ms
    settle_lag: 200ms
    job_after: 100ms
    comment_calls_per_day: 100000
    topics: [停水通知, 交通管制]
operators:
  - {user: $(id -un), name: 李主任, roles: [editor, duty, leader, admin]}
YAML
}

is() { # is TITLE JSON FILTER
	tap=$((tap + 1))
	if printf '%s' "$2" | jq -e "$3" >/dev/null 2>&1; then
		echo "ok $tap - $1"
	else
		echo "not ok $tap - $1"
		printf '# %s\n# is not: %s\n' "$2" "$3"
		bad=$((bad + 1))
	fi
}

sql() { sqlite3 "$rig/state/store.db" "$1"; }

account() { # account JSON-MEMBERS: what stands in the platform's console, and how it behaves
	sim POST /sim/account "{\"account\":\"wechat-main\",$1}" >/dev/null
}

website() { # website KIND [JSON-MEMBERS]: what somebody does on the platform's website
	sim POST /sim/website "{\"account\":\"wechat-main\",\"kind\":\"$1\"${2:+,$2}}" >/dev/null
}

citizen() { # citizen AS KIND [JSON-MEMBERS]
	sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"$2\",\"as\":\"$1\"${3:+,$3}}"
}

fault() { # fault PATH JSON-MEMBERS: the next call of this path
	sim POST /sim/fault "{\"path\":\"$1\",\"count\":1,$2}" >/dev/null
}

calls() { # calls PATH: how many of them the platform counted today
	sim GET /sim/state | jq -r --arg path "$1" '[.accounts[] | select(.account == "wechat-main") | .quotas[$path].used // 0] | add'
}

noted() { # noted JQ-CONDITION: how many entries of the platform's ledger there are
	ledger "[.[] | select($1)] | length"
}

# Until JQ-FILTER holds of what COMMAND prints; the daemon's log paces it. At most 20 seconds.
until_is() { # until_is [-s] FILTER COMMAND...; -s: its lines as one list
	how=-e
	[ "$1" = -s ] && how=-es && shift
	wanted=$1
	shift
	for step in $(seq 200); do
		if "$@" 2>/dev/null | jq "$how" "$wanted" >/dev/null 2>&1; then
			return 0
		fi
		timeout 0.1 tail -n 0 -f "$rig/daemon.log" 2>/dev/null | head -n 1 >/dev/null
	done
	echo "still after $step looks: not $wanted"
	return 1
}

picture() { # picture FILE R G B: a PNG of one colour
	python3 - "$@" <<'PY'
import struct, sys, zlib
path, rgb = sys.argv[1], bytes(int(v) for v in sys.argv[2:5])
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = (b"\0" + rgb * 64) * 64
open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PY
}

wechat_start() {
	rig_new
	rig_daemon || exit 1
	wait_log push.listening
	listen=127.0.0.1:$(sed -n 's/.*push\.listening .*port=\([0-9]*\).*/\1/p' "$rig/daemon.log") # from now on the same one
	rig_config
	account "\"callback_url\":\"http://$listen/callback/wechat-main\",\"picture_base\":\"http://127.0.0.1:$port\",\"push_gap_ms\":1000,\"markfail_after\":0,\"publish_delay_ms\":200,\"mass_delay_ms\":200"
	picture "$rig/cover.png" 200 30 30
	picture "$rig/map.png" 30 30 200
}
