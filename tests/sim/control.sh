# The control interface: ledger, citizens, clock, accounts, state, the state file, what is refused, and the command
# line of the simulator. Faults have a script of their own.
. "$(dirname "$0")/lib.sh"
new_platform
restart() { # restart SIGNAL: and go on with what was there
	kill "-$1" "$sim_pid"
	wait "$sim_pid" 2>/dev/null
	sim_status=$?
	rig_sim --state "$rig_state"
}
restart TERM
still

# ledger
control GET /sim/ledger
same "nothing written: an empty ledger" "$body" '{"last":0,"entries":[]}'
share
first=$(one .idstr)
post /2/statuses/share.json rip=203.0.113.7 "status=$text"
control GET /sim/ledger
ok "an accepted write, and no refused one" is ".last == 1 and (.entries | length) == 1 and (.entries[0] |
	.seq == 1 and .at == \"2026-01-05T09:00:00.000+08:00\" and .at_ms == 1767574800000 and .platform == \"weibo\" and
	.account == \"weibo-main\" and .kind == \"post\" and .endpoint == \"/2/statuses/share.json\" and
	.remote_id == \"$first\" and .text == \"$text\" and (.stored_text | startswith(\"第1号通知 http://t.cn/\")) and
	.reply_to == null and (has(\"media\") | not))"
printf '\211PNG\r\n\032\n0123456789' >"$rig/a.png"
next_text
form /2/statuses/share.json rip=203.0.113.7 "status=$text" "pic=@$rig/a.png"
control GET '/sim/ledger?since=1'
ok "a picture is known by its hash" is "(.entries | length) == 1 and (.entries[0].media[0] |
	.sha256 == \"$(sha256sum "$rig/a.png" | cut -d' ' -f1)\" and .type == \"image/png\" and .bytes == 18 and
	(.pic_id | type) == \"string\")"
control POST /sim/citizen "{\"account\":\"weibo-main\",\"kind\":\"comment\",\"on\":\"$first\",\"text\":\"请问\"}"
comment=$(one '.ids[0]')
post /2/comments/reply.json rip=203.0.113.7 "id=$first" "cid=$comment" "comment=您好"
post /2/comments/create.json rip=203.0.113.7 "id=$first" "comment=补充"
mine=$(one .idstr)
post /2/comments/destroy.json "cid=$mine"
token=$east
post /2/statuses/repost.json rip=203.0.113.7 "id=$first" "status=转发"
control GET /sim/ledger
same "citizens do not stand in it" "$(one '[.entries[] | .kind] | join(" ")')" "post post reply comment delete repost"
ok "what was answered, commented on, reposted" is "[.entries[].reply_to] ==
	[null, null, \"$comment\", \"$first\", null, \"$first\"]"
ok "a deletion has no text" is '.entries[4] | .text == "" and .stored_text == ""'
control GET '/sim/ledger?kind=post&limit=1'
ok "a kind, and so many" is '.last == 6 and [.entries[].seq] == [1]'
control GET '/sim/ledger?account=weibo-east'
ok "an account" is '[.entries[].seq] == [6]'
control GET '/sim/ledger?since=6'
ok "nothing new" is '.entries == []'
for question in since=x since=-1 limit=1.5 account=nobody kind=posts snice=1; do
	control GET "/sim/ledger?$question"
	ok "refused: ledger?$question" forbids "${question%%=*}: "
done

# citizens
control POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"市民{n}","text":"第{n}个问题","count":3}'
ok "count numbers names and texts" is '.ids | length == 3 and (map(type == "string") | all)'
token=$main
get /2/comments/to_me.json count=3
ok "in that order" is '[.comments[] | .user.screen_name + .text] == ["市民3第3个问题", "市民2第2个问题", "市民1第1个问题"]'
ok "every one another person" is '[.comments[].user.id] | unique | length == 3'
control POST /sim/citizen "{\"account\":\"weibo-main\",\"kind\":\"like\",\"on\":\"$first\",\"count\":4}"
get /2/statuses/count.json "ids=$first"
ok "likes" is '.[0].attitudes == 4'
control POST /sim/citizen '{"account":"weibo-main","kind":"repost","as":"市民1"}'
get /2/statuses/mentions.json
ok "reposts name the account" is '.statuses[0] | (.text | startswith("@weibo-main ")) and .user.screen_name == "市民1" and
	(.retweeted_status | type) == "object"'
control POST /sim/citizen '{"account":"weibo-main","kind":"mention","text":"喂,@weibo-main 在吗"}'
get /2/statuses/mentions.json
ok "a mention that has the name keeps its text" is '.statuses[0].text == "喂,@weibo-main 在吗"'
control POST /sim/citizen '{"account":"weibo-main","kind":"reply"}'
get /2/comments/to_me.json count=1
ok "a reply goes to the newest comment of the account" is '.comments[0].reply_comment.text == "回复@示例市民:您好"'
control POST /sim/citizen '{"account":"weibo-east","kind":"comment"}'
ok "who never posted gets a post to comment on" is '.ids | length == 1'
refuses() { # refuses PATH WHAT JSON
	control POST "$1" "$3"
	ok "refused: $3" forbids "$2"
}
refuses /sim/citizen account '{"kind":"comment"}'
refuses /sim/citizen account '{"account":"nobody","kind":"comment"}'
refuses /sim/citizen account '{"account":5,"kind":"comment"}'
refuses /sim/citizen kind '{"account":"weibo-main"}'
refuses /sim/citizen kind '{"account":"weibo-main","kind":"dance"}'
refuses /sim/citizen count '{"account":"weibo-main","kind":"comment","count":0}'
refuses /sim/citizen count '{"account":"weibo-main","kind":"comment","count":10001}'
refuses /sim/citizen count '{"account":"weibo-main","kind":"comment","count":"many"}'
refuses /sim/citizen on '{"account":"weibo-main","kind":"comment","on":"x"}'
refuses /sim/citizen on '{"account":"weibo-main","kind":"comment","on":"77"}'
refuses /sim/citizen on '{"account":"weibo-main","kind":"delete"}'
refuses /sim/citizen text '{"account":"weibo-main","kind":"comment","text":""}'
refuses /sim/citizen text '{"account":"weibo-main","kind":"comment","text":7}'
refuses /sim/citizen as '{"account":"weibo-main","kind":"comment","as":""}'
refuses /sim/citizen 'who: no such member' '{"account":"weibo-main","kind":"comment","who":"x"}'
refuses /sim/citizen 'JSON' '{"account":'
refuses /sim/citizen 'JSON object' '[1]'
refuses /sim/citizen '' ''

# clock
control GET /sim/clock
same "the clock stands" "$body" \
	'{"now":"2026-01-05T09:00:00.000+08:00","now_ms":1767574800000,"offset_ms":0,"frozen":true}'
advance 1h30m
ok "a duration" is '.now == "2026-01-05T10:30:00.000+08:00"'
control POST /sim/clock '{"advance":-1800500}'
ok "milliseconds, back as well" is '.now == "2026-01-05T09:59:59.500+08:00"'
share
ok "dates follow" is '.created_at == "Mon Jan 05 09:59:59 +0800 2026"'
control POST /sim/clock '{"freeze":false}'
ok "it runs again, from there" is '.frozen == false and .now_ms >= 1767578399500 and .now_ms < 1767578459500 and
	.offset_ms < 0'
control POST /sim/clock '{"set":"2026-01-05T11:00:00+08:00","advance":"1m","freeze":true}'
ok "all at once" is '.frozen and .now == "2026-01-05T11:01:00.000+08:00"'
refuses /sim/clock expected '{}'
refuses /sim/clock advance '{"advance":"soon"}'
refuses /sim/clock advance '{"advance":1e300}'
refuses /sim/clock advance '{"advance":0.5}'
refuses /sim/clock advance '{"advance":true}'
refuses /sim/clock set '{"set":"never"}'
refuses /sim/clock set '{"set":5}'
refuses /sim/clock freeze '{"freeze":"yes"}'
refuses /sim/clock 1970 '{"advance":-1767600000000}'
refuses /sim/clock 9999 '{"set":"9999-12-31T23:00:00+08:00","advance":"2h"}'
refuses /sim/clock 'stop: no such member' '{"stop":true}'
control GET /sim/clock
ok "and nothing of that moved it" is '.frozen and .now == "2026-01-05T11:01:00.000+08:00"'

# accounts
switches '"lag_seconds":60,"forbidden_words":["甲","乙"],"tier":"biz","safe_domain":"a.example","jitter":false'
ok "the answer is the account with its switches" is '.account == "weibo-main" and .uid == "1900000001" and
	(.switches | .lag_seconds == 60 and .forbidden_words == ["甲", "乙"] and .tier == "biz" and
	.safe_domain == "a.example" and .jitter == false and .duplicate_minutes == 60 and .ip_per_hour == 15000 and
	.token_seconds == 2592000 and .expired_answer == 21327 and .rip_required and .test_listed)'
ok "tokens, quotas, counts" is '.tokens_alive == 1 and (.token_expires_at | type) == "string" and
	(.quotas.calls | .used > 0 and .limit == 100000 and .resets_at == "2026-01-06T00:00:00.000+08:00") and
	.counts.statuses == 3 and .counts.comments_written == 1'
refuses /sim/account account '{"lag_seconds":1}'
refuses /sim/account account '{"account":"nobody","lag_seconds":1}'
refuses /sim/account 'lag: no such switch' '{"account":"weibo-main","lag":1}'
refuses /sim/account lag_seconds '{"account":"weibo-main","lag_seconds":-1}'
refuses /sim/account lag_seconds '{"account":"weibo-main","lag_seconds":86401}'
refuses /sim/account lag_seconds '{"account":"weibo-main","lag_seconds":1.5}'
refuses /sim/account lag_seconds '{"account":"weibo-main","lag_seconds":"1"}'
refuses /sim/account jitter '{"account":"weibo-main","jitter":1}'
refuses /sim/account tier '{"account":"weibo-main","tier":"gold"}'
refuses /sim/account safe_domain '{"account":"weibo-main","safe_domain":null}'
refuses /sim/account forbidden_words '{"account":"weibo-main","forbidden_words":"甲"}'
refuses /sim/account forbidden_words '{"account":"weibo-main","forbidden_words":["甲",""]}'
refuses /sim/account screen_name '{"account":"weibo-main","screen_name":"a b"}'
refuses /sim/account screen_name '{"account":"weibo-main","screen_name":"weibo-east"}'
refuses /sim/account screen_name '{"account":"weibo-main","screen_name":""}'
refuses /sim/account kill_token '{"account":"weibo-main","kill_token":"now"}'
refuses /sim/account expire_token '{"account":"weibo-main","expire_token":21327}'
refuses /sim/account lag_seconds '{"account":"weibo-main","tier":"share","kill_token":true,"lag_seconds":-1}'
control GET '/sim/state?account=weibo-main'
ok "one error, and nothing is changed" is '.accounts | length == 1 and (.[0] | .switches.tier == "biz" and
	.switches.lag_seconds == 60 and .tokens_alive == 1)'
switches '"screen_name":"平安示例","lag_seconds":0,"tier":"share","safe_domain":"www.city.gov.example","forbidden_words":[]'
control POST /sim/citizen '{"account":"weibo-main","kind":"mention","text":"@平安示例 你好"}'
get /2/statuses/mentions.json
ok "a new name is the one that is mentioned" is '.statuses[0].text == "@平安示例 你好"'
get /2/users/show.json uid=1900000001
ok "and shown" is '.screen_name == "平安示例"'
switches '"expire_token":true'
ok "no token is alive" is '.tokens_alive == 0'
get /2/account/get_uid.json
ok "expired" refused 21327 403
token=$east
switches '"kill_token":21315' weibo-east
get /2/account/get_uid.json
ok "killed with a code" refused 21315 403
token=
post /oauth2/access_token client_id=1001 client_secret=rehearsal-secret-1
control GET /sim/state
ok "state counts what there is" is '(.clock.now | type) == "string" and .seed == 1 and .ledger == 7 and
	.held_connections == 0 and .unknown_paths == 0 and (.accounts | length) == 2 and
	([.statuses, .comments, .citizens] | map(. > 0) | all) and
	(.requests | map(select(.path == "/2/statuses/share.json"))[0] | .requests == 4 and .refused == 1)'
for question in account=nobody acount=weibo-main; do
	control GET "/sim/state?$question"
	ok "refused: state?$question" forbids "${question%%=*}"
done

# what does not exist
control GET /sim/nothing
ok "another path" is '$code == 404 and .error == "no such endpoint"'
for wrong in 'POST /sim/ledger' 'POST /sim/state' 'DELETE /sim/clock' 'GET /sim/account' 'GET /sim/citizen' 'PUT /sim/fault'; do
	control ${wrong}
	ok "not allowed: $wrong" is '$code == 405 and .error == "method not allowed"'
done

# 64-bit ids and jitter
switches '"jitter":true,"kill_token":false,"duplicate_minutes":0'
control POST /sim/clock '{"set":"2026-01-05T12:00:00+08:00"}'
token=
authorize=$(curl -sS -o /dev/null -w '%{redirect_url}' -G -d client_id=1001 -d as=weibo-main \
	--data-urlencode redirect_uri=https://www.city.gov.example/weibo/callback "http://127.0.0.1:$port/oauth2/authorize")
post /oauth2/access_token client_id=1001 client_secret=rehearsal-secret-1 grant_type=authorization_code \
	"code=${authorize##*code=}" redirect_uri=https://www.city.gov.example/weibo/callback
token=$(one .access_token)
: >"$rig/jitter"
while [ "$(wc -l <"$rig/jitter")" -lt 40 ]; do
	share
	printf '%s\n' "$body" >>"$rig/jitter"
done
jitter() { # jitter FILTER: over all the answers as a list
	jq -es "$1" "$rig/jitter" >/dev/null
}
ok "every answer is JSON, with an id as text above 2^53" jitter 'map(.idstr | length == 17 or length == 16) | all'
ok "numbers also as strings" jitter '[.[].id | type] | unique == ["number", "string"]'
ok "booleans in other forms" jitter '[.[].truncated | type] | unique | length > 1'
ok "optional members null, empty or absent" jitter '([.[] | has("visible")] | unique | length == 2) and
	([.[] | select(has("visible")) | .visible | type] | unique | length > 1)'
ok "members nobody documented" jitter '[.[] | has("x_future")] | any'
digits=$(tail -n 1 "$rig/jitter" | jq -r .idstr)
ok "ids are above 2^53" test "$digits" -gt 9007199254740992
control POST /sim/citizen '{"account":"weibo-main","kind":"comment"}'
ok "for all" test "$(one '.ids[0]')" -gt 9007199254740992
get /2/statuses/show.json "id=$digits"
ok "and are found to the last digit" is ".idstr == \"$digits\""
get /2/statuses/show.json "id=$((digits - 1))"
ok "which their neighbour is not" is '$code == 400 and (.error_code | tonumber) == 20101'
switches '"jitter":false'

# the state file
all() { # everything that is to survive, as text
	control GET /sim/ledger
	printf '%s\n' "$body"
	control GET /sim/clock
	printf '%s\n' "$body"
	control GET /sim/state
	one '[.accounts, .ledger, .statuses, .comments, .citizens]'
	for list in statuses/user_timeline statuses/mentions comments/to_me comments/by_me comments/mentions; do
		get /2/$list.json
		printf '%s\n' "$body"
	done
}
switches '"review_after_seconds":60'
share
reviewed=$(one .idstr)
all >"$rig/before"
restart TERM
same "SIGTERM ends it well" "$sim_status" 0
control GET /sim/state
ok "counts of requests are not kept" is '.requests == []'
# The questions themselves cost calls, so the second look counts from where the first began.
sed -i 's/"used": *[0-9]*/"used":0/g' "$rig/before"
all | sed 's/"used": *[0-9]*/"used":0/g' >"$rig/after"
ok "what was there is there after the restart, to the byte" cmp "$rig/before" "$rig/after"
control GET /sim/state
used=$(one '.accounts[0].quotas.calls.used')
ok "calls that were used stay used" test "$used" -gt 20
post /2/statuses/share.json rip=203.0.113.7 "status=$text"
ok "switches too" is '$code == 200'
all | sed 's/"used": *[0-9]*/"used":0/g' >"$rig/before"
restart KILL
all | sed 's/"used": *[0-9]*/"used":0/g' >"$rig/after"
ok "even when it was killed" cmp "$rig/before" "$rig/after"
control GET /sim/ledger
last=$(one .last)
share
control GET "/sim/ledger?since=$last"
ok "the ledger goes on" is ".entries | length == 1 and .[0].seq == $last + 1"
get /2/statuses/show.json "id=$reviewed"
ok "a review that is due later" is '$code == 200'
advance 60s
get /2/statuses/show.json "id=$reviewed"
ok "comes all the same" refused 20101 400
kill -TERM "$sim_pid"
wait "$sim_pid"
printf '{"t":"status","id":"5' >>"$rig_state"
rig_sim --state "$rig_state"
has "a line that was cut off is dropped" "$(cat "$rig/sim.log")" 'sim.state_cut'
exits "two simulators do not share a file" 78 timeout 20 gazette-sim -c "$rig/accounts.yaml" --listen 127.0.0.1:0 \
	--state "$rig_state"
has "and the second says why" "$(cat "$rig/out")" 'another simulator uses it'
echo '{"t":"status"}' >"$rig/bad"
exits "a file that is none" 78 timeout 20 gazette-sim -c "$rig/accounts.yaml" --listen 127.0.0.1:0 --state "$rig/bad"
has "is named with its line" "$(cat "$rig/out")" "$rig/bad:1: "
same "and left as it was" "$(cat "$rig/bad")" '{"t":"status"}'
exits "a file that cannot be" 78 timeout 20 gazette-sim -c "$rig/accounts.yaml" --listen 127.0.0.1:0 \
	--state "$rig/no/such/file"

# the same seed, clock and requests give the same bytes
script() {
	rig_sim "$@"
	still
	texts=0
	token=$main
	switches '"jitter":true,"filter_percent":30'
	for round in 1 2 3; do
		share
		printf '%s\n' "$body"
		control POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"市民{n}","text":"第{n}个","count":9}'
		printf '%s\n' "$body"
		get /2/comments/to_me.json count=5
		printf '%s\n' "$body"
	done
	kill -TERM "$sim_pid"
	wait "$sim_pid"
}
kill -TERM "$sim_pid"
wait "$sim_pid"
script --seed 7 >"$rig/one"
script --seed 7 >"$rig/two"
script --seed 8 >"$rig/three"
ok "the same seed: the same bytes" cmp "$rig/one" "$rig/two"
exits "another seed: others" 1 cmp -s "$rig/one" "$rig/three"

# the command line
exits "no configuration" 64 gazette-sim
exits "an unknown option" 64 gazette-sim -c "$rig/accounts.yaml" --frobnicate
exits "a seed that is none" 64 gazette-sim -c "$rig/accounts.yaml" --seed x
exits "a configuration that is not there" 78 gazette-sim -c "$rig/none.yaml"
exits "an address that is none" 78 gazette-sim -c "$rig/accounts.yaml" --listen here
exits "an address that others reach" 78 timeout 20 gazette-sim -c "$rig/accounts.yaml" --listen 0.0.0.0:0
has "names the way out" "$(cat "$rig/out")" '--allow-remote'
exits "help" 0 gazette-sim -h
exits "version" 0 gazette-sim --version
for address in '[::1]:0' localhost:0; do
	gazette-sim -c "$rig/accounts.yaml" --listen "$address" >"$rig/sim.out" 2>"$rig/sim.log" &
	sim_pid=$!
	ok "listens on $address" follow "$rig/sim.out" "$sim_pid" 'listening on http://'
	kill -TERM "$sim_pid"
	wait "$sim_pid"
done
port=0
rig_sim
exits "an address that is taken" 78 timeout 20 gazette-sim -c "$rig/accounts.yaml" --listen "127.0.0.1:$port"
done_testing
