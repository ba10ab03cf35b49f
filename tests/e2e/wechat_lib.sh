# What the scripts about publishing in WeChat share: an account that is quick to ask, pictures, and what the platform shows.
# Sourced after lib.sh.

listen=127.0.0.1:0

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: $listen
platforms:
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
  wechat-main:
$(wechat_main)
    kind: ${kind:-service}
    callback_mode: safe
    aes_key: m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA
    poll_min: 100ms
    find_after: 100ms
    settle_lag: 200ms
    job_max: 1s
    job_after: 100ms
    comment_calls_per_day: 100000
    topics: [停水通知, 交通管制]
operators:
  - {user: $(id -un), name: 李主任, roles: [editor, duty, leader, admin]}
YAML
}

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

# Until JQ-FILTER holds of what COMMAND prints: a minute at most.
until_is() { # until_is [-s] FILTER COMMAND...; -s: its lines as one list
	how=-e
	[ "$1" = -s ] && how=-es && shift
	wanted=$1
	shift
	last=$(($(date +%s) + 60))
	until "$@" 2>/dev/null | jq "$how" "$wanted" >/dev/null 2>&1; do
		if [ "$(date +%s)" -gt "$last" ]; then
			echo "still not after a minute: $wanted"
			return 1
		fi
	done
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
	wechat_listens
	account "\"callback_url\":\"$callback/wechat-main\",\"picture_base\":\"http://127.0.0.1:$port\",\"push_gap_ms\":1000,\"markfail_after\":0,\"publish_delay_ms\":200,\"mass_delay_ms\":200"
	picture "$rig/cover.png" 200 30 30
	picture "$rig/map.png" 30 30 200
}
