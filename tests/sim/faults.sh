# Every fault that can be ordered, on the wire: what the client sees, and what the platform has done meanwhile.
. "$(dirname "$0")/lib.sh"
new_platform
switches '"duplicate_minutes":0'

written() { # how many entries the ledger has gained since the last time
	control GET "/sim/ledger?since=${ledger_seen:-0}"
	ledger_seen=$(one .last)
	gained=$(one '.entries | length')
}
held() { # held N: so many connections wait; asked again until it is true, for ten seconds at most
	for try in $(seq 1000); do
		control GET /sim/state
		[ "$(one .held_connections)" = "$1" ] && return 0
	done
	echo "held: $(one .held_connections), want $1"
	return 1
}

# fault EFFECT PROCESSED EXIT CODE [MEMBERS]: what curl says and how many writes it makes; then all is well again
fault() {
	control POST /sim/fault "{\"path\":\"/2/statuses/share.json\",\"effect\":\"$1\"${5:-}}"
	wait_s=1 share
	seen="$curl_exit $code"
	fault_body=$body
	written
	same "$1${5:+ with ${5#,}}: curl's exit, status, writes" "$seen $gained" "$3 $4 $2"
	control DELETE /sim/fault
}
fault timeout-before 0 28 000
fault timeout-after 1 28 000
ok "clients that give up are noticed" held 0
fault timeout-after 1 52 000 ',"delay_ms":10'
fault reset-before 0 56 000
fault reset-after 1 56 000
fault reset-body 1 56 200
fault html-500 0 0 500
has "a page of a front server" "$fault_body" '<html>'
fault html-502 0 0 502
fault html-503 0 0 503
fault empty 0 0 200
same "empty indeed" "$fault_body" ''
fault redirect 0 0 302
fault truncated 1 0 200
ok "half of the JSON" sh -c 'printf %s "$1" | grep -q "^{" && ! printf %s "$1" | jq .' sh "$fault_body"
fault drip 1 0 200 ',"chunk":512,"delay_ms":1'
ok "all of the JSON, drop by drop" sh -c 'printf %s "$1" | jq -e .idstr' sh "$fault_body"
fault delay 1 0 200 ',"delay_ms":1'
fault error 0 0 500 ',"error_code":10001'
fault error 0 0 403 ',"error_code":20016'
fault error 0 0 400 ',"error_code":20031'
for effect in html-500 empty redirect reset-before error; do
	case $effect in
	html-500) seen='0 500' extra= ;;
	empty) seen='0 200' extra= ;;
	redirect) seen='0 302' extra= ;;
	reset-before) seen='56 000' extra= ;;
	error) seen='0 500' extra=',"error_code":10001' ;;
	esac
	# shellcheck disable=SC2086 # two words
	fault $effect 1 $seen "$extra,\"after_effect\":true"
done

# gzip: whether it was asked for or not
control POST /sim/fault '{"effect":"gzip","count":2}'
next_text
curl -sS -d "access_token=$main" -d rip=203.0.113.7 --data-urlencode "status=$text" \
	"http://127.0.0.1:$port/2/statuses/share.json" | gunzip >"$rig/plain"
ok "gzip is gzip" jq -e .idstr "$rig/plain"
get /2/statuses/user_timeline.json
ok "and only it" test "$(printf '%s' "$body" | head -c 1 | od -An -tx1)" = " 1f"
written

# a redirect leads to a login page
control POST /sim/fault '{"effect":"redirect"}'
same "to where one logs in" "$(curl -sS -o /dev/null -w '%{redirect_url}' "http://127.0.0.1:$port/2/emotions.json" |
	cut -d/ -f3)" passport.weibo.com

# 20032: stored, and hidden for two minutes
control POST /sim/fault '{"effect":"error","error_code":20032,"path":"/2/statuses/*"}'
share
ok "20032 is an error" refused 20032 400
written
same "that means success" "$gained" 1
id=$(one '.entries[0].remote_id')
get /2/statuses/show.json "id=$id"
ok "nobody sees it yet" refused 20101 400
advance 119s
get /2/statuses/user_timeline.json
ok "not on the timeline either" is "[.statuses[].idstr] | index(\"$id\") | not"
advance 1s
get /2/statuses/user_timeline.json
ok "two minutes later it is there" is ".statuses[0].idstr == \"$id\""
control POST /sim/fault '{"effect":"error","error_code":20032}'
post /2/statuses/share.json rip=203.0.113.7 status=x
ok "what is refused anyway is refused as always" is '.error_code == 10017'

# every error of the platform's table, in its form and with its status
wrong=
for pair in 10001:500 10002:503 10003:503 10004:400 10005:403 10007:400 10008:400 10009:503 10010:500 10011:500 \
	10012:400 10013:403 10014:403 10016:400 10017:400 10018:400 10020:404 10021:400 10022:403 10023:403 10024:403 \
	10025:400 10032:403 20001:400 20002:400 20003:400 20005:400 20006:400 20007:400 20008:400 20009:400 20012:400 \
	20013:400 20014:400 20015:400 20016:403 20017:400 20018:400 20019:400 20020:400 20021:400 20022:400 20023:400 \
	20031:400 20032:400 20033:400 20049:400 20101:400 20102:400 20103:400 20104:400 20109:400 20111:400 20112:400 \
	20120:400 20121:400 20201:400 20202:400 20203:400 20204:400 20206:400 20207:400 20301:403 20306:400 20505:403 \
	20508:400 20521:403 21301:403 21314:403 21315:403 21316:403 21317:403 21319:403 21321:403 21322:400 21323:400 \
	21324:400 21325:400 21327:403 21328:400 21329:400 21330:403 21331:403 21332:403 21335:403 21602:400 21901:400; do
	control POST /sim/fault "{\"effect\":\"error\",\"error_code\":${pair%:*}}"
	get /2/account/get_uid.json
	if ! refused "${pair%:*}" "${pair#*:}" >"$rig/out" || [ "$(one .error)" = 'unknown error' ]; then
		echo "# $pair: $(cat "$rig/out")"
		wrong="$wrong $pair"
	fi
done
same "every documented error has its status and its text" "$wrong" ''
control POST /sim/fault '{"effect":"error","error_code":10006}'
get /2/account/get_uid.json
same "10006 is a string, and has no request" "$code $body" \
	'400 {"error_code":"10006","error":"source paramter(appkey) is missing"}'

# which requests are hit
control DELETE /sim/fault
control POST /sim/fault '{"method":"POST","path":"/2/statuses/*.json","account":"weibo-main","nth":2,"count":2,"effect":"empty"}'
fault_id=$(one .id)
hits=
for round in 1 2 3 4; do
	get /2/statuses/user_timeline.json
	[ -n "$body" ] || hits="${hits}another method,"
	token=$east
	share
	[ -n "$body" ] || hits="${hits}another account,"
	token=$main
	post /2/comments/create.json rip=203.0.113.7 "id=$id" "comment=第$round条"
	[ -n "$body" ] || hits="${hits}another path,"
	share
	[ -n "$body" ] || hits="$hits$round,"
done
same "the second and third of this method, path and account" "$hits" 2,3,
control GET /sim/fault
same "and counted" "$body" "{\"faults\":[{\"id\":$fault_id,\"method\":\"POST\",\"path\":\"/2/statuses/*.json\",\"account\":\"weibo-main\",\"effect\":\"empty\",\"nth\":2,\"count\":2,\"percent\":100,\"after_effect\":false,\"seen\":4,\"hits\":2}]}"
control POST /sim/fault '{"effect":"html-503","path":"/2/emotions.json","count":0}'
second=$(one .id)
control POST /sim/fault '{"effect":"empty","path":"/2/emotions.json","count":0}'
get /2/emotions.json
get /2/emotions.json
ok "of several the first decides, for ever with count 0" test "$code" = 503
control GET /sim/fault
ok "all count" is '[.faults[1:][] | [.seen, .hits]] == [[2, 2], [2, 0]]'
control DELETE "/sim/fault?id=$second"
same "one is taken away" "$body" '{"removed":1}'
get /2/emotions.json
same "and the next decides" "$code$body" 200
control DELETE "/sim/fault?id=$second"
same "it was there once" "$body" '{"removed":0}'
control DELETE /sim/fault
same "all are taken away" "$body" '{"removed":2}'
control POST /sim/fault '{"effect":"empty","path":"/2/emotions.json","count":0,"percent":30}'
for round in $(seq 60); do
	get /2/emotions.json
done
control GET /sim/fault
ok "a percentage hits some" is '.faults[0] | .seen == 60 and .hits > 5 and .hits < 35'
control POST /sim/fault '{"path":"/sim/*","effect":"empty"}'
control GET /sim/clock
ok "the control interface meets no faults" is '.frozen'
control DELETE /sim/fault
control POST /sim/fault '{"path":"/oauth2/access_token","account":"weibo-east","effect":"empty"}'
token=
location=$(curl -sS -o /dev/null -w '%{redirect_url}' -G -d client_id=1001 -d as=weibo-east \
	--data-urlencode redirect_uri=https://www.city.gov.example/weibo/callback "http://127.0.0.1:$port/oauth2/authorize")
post /oauth2/access_token "code=${location##*code=}"
same "a login code tells the account" "$code$body" 200
token=$main

# a request that is not processed costs nothing
control DELETE /sim/fault
get /2/account/rate_limit_status.json
left=$(one .remaining_user_hits)
control POST /sim/fault '{"effect":"html-500"}'
get /2/statuses/user_timeline.json
get /2/account/rate_limit_status.json
same "no limit is touched" "$(one .remaining_user_hits)" "$left"

# bad orders
for pair in 'effect {}' 'effect {"effect":"explode"}' 'effect {"effect":5}' 'error_code {"effect":"error"}' \
	'error_code {"effect":"error","error_code":0}' 'error_code {"effect":"error","error_code":"many"}' \
	'method {"effect":"empty","method":"PATCH"}' 'path {"effect":"empty","path":5}' \
	'account {"effect":"empty","account":"nobody"}' 'nth {"effect":"empty","nth":0}' 'nth {"effect":"empty","nth":-1}' \
	'count {"effect":"empty","count":"all"}' 'percent {"effect":"empty","percent":101}' \
	'after_effect {"effect":"empty","after_effect":1}' 'after_effect {"effect":"drip","after_effect":false}' \
	'delay_ms {"effect":"delay","delay_ms":-1}' 'chunk {"effect":"drip","chunk":0}' \
	'efect {"effect":"empty","efect":1}' 'JSON nonsense'; do
	control POST /sim/fault "${pair#* }"
	ok "refused: ${pair#* }" forbids "${pair%% *}"
done
control GET /sim/fault?id=1
ok "refused: a parameter that does not exist" forbids 'id: no such parameter'
control DELETE /sim/fault?id=x
ok "refused: an id that is none" forbids 'id: '
control GET /sim/fault
ok "none of them is there" is '.faults | length == 1'

# held connections do not keep the simulator from ending
control DELETE /sim/fault
control POST /sim/fault '{"effect":"timeout-before","count":3}'
waiting=
for round in 1 2 3; do
	curl -s --max-time 60 "http://127.0.0.1:$port/2/emotions.json" >"$rig/waiting.$round" &
	waiting="$waiting $!"
done
ok "three connections are held" held 3
get /2/emotions.json "access_token=$main"
ok "others are served meanwhile" is '$code == 200'
kill -TERM "$sim_pid"
wait "$sim_pid"
same "SIGTERM ends it at once" "$?" 0
wait $waiting
done_testing
