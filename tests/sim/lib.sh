# A simulator of its own on a free port, and what its tests share. Sourced after GAZETTE_SOURCE and GAZETTE_BUILD are set.
#
#   get PATH [NAME=VALUE...]     ask the platform; $code and $body are the answer. Sent as $token unless that is empty
#   post PATH [NAME=VALUE...]    likewise, as a form
#   form PATH [NAME=VALUE...]    likewise, as multipart; NAME=@FILE sends a file
#   control METHOD PATH [JSON]   the control interface; $code and $body again
#   is FILTER                    what jq makes of $body is true; $code and $path are variables in it
#   refused CODE STATUS          the answer is this error of the platform, in the documented form
#   forbids TEXT                 the answer is an error of the control interface that says TEXT
#   one FILTER                   what jq makes of $body, as text
#
# The clock stands still at a Monday morning, so that nothing here depends on when it runs.
. "$GAZETTE_SOURCE/tests/e2e/lib.sh"

# With the sanitizers an undefined step ends the simulator, and with it the test.
UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1}
export UBSAN_OPTIONS

main=2.00rehearsalmain
east=2.00rehearsaleast
morning=2026-01-05T09:00:00+08:00
link=https://www.city.gov.example/n/1

new_platform() {
	rig_new
	rig_state=$rig/sim.state
	token=$main
	still
}

# The clock stands at that Monday morning.
still() {
	control POST /sim/clock "{\"set\":\"$morning\",\"freeze\":true}"
}

# ask ARGS...: curl; an answer that never came leaves code 000.
ask() {
	answer=$(curl -sS --max-time "${wait_s:-30}" -w '%{http_code}' "$@" 2>"$rig/curl.log")
	curl_exit=$?
	body=${answer%???}
	code=${answer#"$body"}
}

# send HOW OPTION PATH FIELDS...: every field behind an option of its own
send() {
	how=$1
	option=$2
	path=$3
	shift 3
	[ -z "$token" ] || set -- "access_token=$token" "$@"
	fields=$#
	while [ "$fields" -gt 0 ]; do
		set -- "$@" "$option" "$1"
		shift
		fields=$((fields - 1))
	done
	ask "$how" "$@" "http://127.0.0.1:$port$path"
}

get() {
	send -G --data-urlencode "$@"
}

post() {
	send -XPOST --data-urlencode "$@"
}

form() {
	send -XPOST -F "$@"
}

control() {
	path=$2
	if [ $# -gt 2 ]; then
		ask -X "$1" --data-binary "$3" "http://127.0.0.1:$port$2"
	else
		ask -X "$1" "http://127.0.0.1:$port$2"
	fi
}

is() {
	printf '%s' "$body" | jq -e --argjson code "$((1$code - 1000))" --arg path "$path" "$1" >/dev/null && return 0
	printf '%s %s\n' "$code" "$body"
	return 1
}

refused() {
	is "\$code == $2 and .error_code == $1 and (.error | type) == \"string\" and .request == \$path"
}

forbids() {
	case $code$body in
	4??*'{"error":"'*"$1"*) return 0 ;;
	esac
	printf '%s %s\n' "$code" "$body"
	return 1
}

one() {
	printf '%s' "$body" | jq -r "$1"
}

# switches JSON-MEMBERS [ACCOUNT]
switches() {
	control POST /sim/account "{\"account\":\"${2:-weibo-main}\",$1}"
}

advance() {
	control POST /sim/clock "{\"advance\":\"$1\"}"
}

# next_text: another text than any before, with the link that shares need
next_text() {
	texts=$((${texts:-0} + 1))
	text="第$texts号通知 $link "
}

# share [FIELDS...]: publish another text
share() {
	next_text
	post /2/statuses/share.json rip=203.0.113.7 "status=$text" "$@"
}
