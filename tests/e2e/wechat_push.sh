# What citizens say in WeChat is pushed to us: each push is in the store before it is answered, none is lost or doubled,
# and nobody but the platform gets in.
. "$(dirname "$0")/lib.sh"

key=m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA
new_key=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ
mode=safe
keys="aes_key: $key"
listen=127.0.0.1:0

rig_config() {
	cat >"$rig/hook" <<SH
#!/bin/sh
cat >>$rig/rang
if [ -p $rig/gate ]; then read -r go <$rig/gate; fi
SH
	chmod 700 "$rig/hook"
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
hooks: {alarm: [$rig/hook]}
callback_listen: $listen
platforms:
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
  wechat-main:
$(wechat_main)
    kind: service
    callback_mode: $mode
    $keys
  wechat-quiet:
    platform: wechat
    kind: subscription
    appid: wx5a1b2c3d4e5f6072
    app_secret: rehearsal-secret-4
YAML
}

switch() { # switch JSON-MEMBERS: what stands in the platform's console
	sim POST /sim/account "{\"account\":\"wechat-main\",$1}" >/dev/null
}

say() { # say AS JSON-MEMBERS: a citizen writes; the answer tells what he saw
	sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"message\",\"as\":\"$1\",\"wait\":true${2:+,$2}}"
}

does() { # does AS KIND JSON-MEMBERS
	sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"$2\",\"as\":\"$1\",\"wait\":true${3:+,$3}}"
}

messages() { sql 'SELECT count(*) FROM message WHERE from_us = 0'; }
code_of() { printf '%s' "$1" | jq -r .saw | sed -n 's/.*编号 \([0-9]*\).*/\1/p'; }

reloaded() { # after rig_config: apply it
	rig_config
	g reload >/dev/null
}

rig_new
rig_daemon || exit 1
wechat_listens
switch "\"callback_url\":\"$callback/wechat-main\",\"picture_base\":\"http://127.0.0.1:$port\",\"push_deliveries\":4,\"push_gap_ms\":1000,\"markfail_after\":0"

# ---- the address ----
is "the address is verified" "$(sim POST /sim/website '{"account":"wechat-main","kind":"verify-url"}')" '.outcome == "verified"'
same "an account without a token takes nothing" "$(curl -s -o /dev/null -w '%{http_code}' "$callback/wechat-quiet?echostr=1")" 403
same "nor does one that is not there" "$(curl -s -o /dev/null -w '%{http_code}' "$callback/nobody?echostr=1")" 403
same "nor is there anything else" "$(curl -s -o /dev/null -w '%{http_code}' "http://$listen/")" 404
same "and none but GET and POST" "$(curl -s -o /dev/null -w '%{http_code}' -X PUT "$callback/wechat-main")" 405

# ---- a message, its code, and how it stands ----
r=$(say 王 '"text":"请问居住证怎么办理 ]]> 🙏"')
is "the first message is answered at once" "$r" '.outcome == "reply" and .deliveries == 1 and (.saw | startswith("【平安示例】已收到您的留言，编号 "))'
code=$(code_of "$r")
is "the code is the ticket's" "$(g ticket show "$code" --json)" '[.thread[] | select(.text == "请问居住证怎么办理 ]]> 🙏")] | length == 1'
is "the next one joins it and gets no second answer" "$(say 王 '"text":"周六上班吗"')" '.outcome == "success" and .saw == null'
same "in the same ticket" "$(g ticket show "$code" --json | jq '[.thread[] | select(.from_us | not)] | length')" 2
is "how it stands" "$(say 王 "\"text\":\"进度 $code\"")" ".outcome == \"reply\" and .saw == \"【平安示例】编号 $code：已收到，等待处理。\""
is "not for anybody else" "$(say 赵 "\"text\":\"进度 $code\"")" ".saw == \"【平安示例】没有找到编号 $code，请核对您收到的编号。\""
is "an unknown number is told just the same" "$(say 王 '"text":"进度 99999999"')" '.saw == "【平安示例】没有找到编号 99999999，请核对您收到的编号。"'
same "asking opens nothing" "$(messages)" 2
ok "it is claimed" g take "$code"
is "and then stands otherwise" "$(say 王 "\"text\":\"进度$code\"")" '.saw | contains("正在处理")'

# ---- modes and keys ----
switch '"callback_mode":"compatible"'
is "compatible mode" "$(say 钱 '"text":"兼容"')" '.outcome == "reply"'
switch '"callback_mode":"plain"'
is "plain is refused while we are told safe" "$(say 孙 '"text":"明文"')" '.outcome == "fault" and .http_status == 403'
mode=plain
reloaded
is "plain mode" "$(say 孙 '"text":"明文"')" '.outcome == "reply" and (.saw | contains("编号"))'
switch '"callback_mode":"safe"'
is "the console went back to safe first" "$(say 李 '"text":"又是安全"')" '.outcome == "reply"'
mode=safe
reloaded
switch "\"aes_key_previous\":\"$key\",\"aes_key\":\"$new_key\""
is "a new key we have not got" "$(say 周 '"text":"新钥"')" '.http_status == 403'
keys="aes_key: $new_key
    aes_key_previous: $key"
reloaded
is "the new key" "$(say 周 '"text":"新钥"')" '.outcome == "reply"'
is "and the one before, answered under it" "$(say 吴 '"text":"旧钥","previous_key":true')" '.outcome == "reply"'

# ---- again and again ----
before=$(messages)
r=$(say 郑 '"text":"三份同时","copies":5')
is "five deliveries at the same time are all answered alike" "$r" '.outcome == "reply" and (.answers | length == 5) and ([.answers[].http_status] | unique == [200])'
same "and are one message" "$(messages)" $((before + 1))
same "in one ticket" "$(sql "SELECT count(*) FROM ticket WHERE id = $(code_of "$r")")" 1

before=$(messages)
seq 200 | xargs -P 50 -I{} curl -sS -X POST -d '{"account":"wechat-main","kind":"message","as":"群众{}","text":"第{}个","wait":true}' \
	"http://127.0.0.1:$port/sim/citizen" -o "$rig/many.{}"
cat "$rig"/many.* | jq -s . >"$rig/many"
is "two hundred at the same time are all answered" "$(cat "$rig/many")" '[.[] | select(.outcome == "reply" and .deliveries == 1)] | length == 200'
is "each with a code of its own" "$(cat "$rig/many")" '[.[].saw] | unique | length == 200'
same "two hundred messages" "$(messages)" $((before + 200))
same "each in one ticket of its own" \
	"$(sql "SELECT count(*) || ' ' || count(DISTINCT ticket_id) FROM message WHERE text LIKE '第%个'")" "200 200"

before=$(messages)
seq 200 | xargs -P 50 -I{} curl -sS -X POST -d '{"account":"wechat-main","kind":"message","as":"急者{}","text":"急件第{}","copies":3,"wait":true}' \
	"http://127.0.0.1:$port/sim/citizen" -o "$rig/urgent.{}"
cat "$rig"/urgent.* | jq -s . >"$rig/urgent"
is "two hundred at the same time, each of them three times, are all answered" "$(cat "$rig/urgent")" \
	'[.[] | select(.outcome == "reply" and (.answers | length == 3) and ([.answers[].http_status] | unique == [200]))] | length == 200'
is "each with a code of its own, as before" "$(cat "$rig/urgent")" '[.[].saw] | unique | length == 200'
same "two hundred messages more" "$(messages)" $((before + 200))
same "each in exactly one ticket" \
	"$(sql "SELECT count(*) || ' ' || count(DISTINCT ticket_id) FROM message WHERE text LIKE '急件第%'")" "200 200"

# ---- who is not the platform ----
before=$(messages)
for attack in wrong-signature no-signature foreign-appid old-timestamp tampered foreign-account xxe bad-padding; do
	is "$attack is refused without a word" "$(say 冯 "\"text\":\"攻击\",\"attack\":\"$attack\"")" \
		'.outcome == "refused" and .http_status == 403 and .answers[0].body == ""'
done
is "what is too long is not even read" "$(say 冯 '"text":"攻击","attack":"oversize"')" '.outcome == "refused" and .http_status == 413'
is "the very same again is known" "$(say 冯 '"text":"攻击","attack":"replay"')" '.http_status == 200'
same "nothing of it was stored" "$(messages)" "$before"
has "the log says why" "$(cat "$rig/daemon.log")" 'push.refused account="wechat-main" peer=127.0.0.1 why='
same "and not what" "$(grep -c 攻击 "$rig/daemon.log")" 0

# ---- everything there is ----
for type in image voice video shortvideo location link unsupported unknown; do
	is "a message of type $type" "$(say 陈 "\"type\":\"$type\",\"text\":\"看 $type\"")" '.http_status == 200 and .deliveries == 1'
done
thread=$(sql "SELECT group_concat(text, '|') FROM message WHERE text LIKE '[%' ORDER BY id")
for text in '[image]' '[voice]' '[video]' '[location] 示例市示例路1号 (23.134521, 113.358803)' '[link] 示例页面' '[unsupported] 【收到' '[unknown type hologram] Blob=看 unknown'; do
	has "is kept as $text" "$thread" "$text"
done
ok "what came with them is fetched" timeout 60 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM message_media WHERE state = '"'fetched'"'")" -ge 4 ]; do :; done' sh "$rig/state/store.db"
token=$(curl -sS "http://127.0.0.1:$port/cgi-bin/stable_token" -d '{"grant_type":"client_credential","appid":"wx5a1b2c3d4e5f6071","secret":"rehearsal-secret-3"}' | jq -r .access_token)
for type in image voice; do
	medium=$(sql "SELECT remote_id FROM message_media WHERE type = '$type' LIMIT 1")
	want=$(curl -sS "http://127.0.0.1:$port/cgi-bin/media/get?access_token=$token&media_id=$medium" | sha256sum | cut -c 1-64)
	same "$type: its hash is that of what the platform has" "$(sql "SELECT sha256 FROM message_media WHERE remote_id = '$medium'")" "$want"
	same "$type: and of the file" "$(sha256sum <"$rig/state/media/$(printf '%.2s' "$want")/$want" | cut -c 1-64)" "$want"
done
same "nobody else may read it" "$(stat -c %a "$rig/state/media/$(printf '%.2s' "$want")/$want")" 600

# ---- a life waits for nobody ----
file=$rig/state/media/$(printf '%.2s' "$want")/$want.new
mkfifo "$file" # whoever writes the next voice down, which is the same, stops there
gets() { sim GET /sim/state | jq -r '[.accounts[] | select(.account == "wechat-main") | .quotas["/cgi-bin/media/get"].used // 0] | add'; }
before=$(gets)
is "a voice whose file cannot be written yet" "$(say 陈 '"type":"voice"')" '.http_status == 200'
until [ "$(gets)" -gt "$before" ]; do :; done
is "then a life is in danger, and no program answers" "$(say 许 '"text":"我不想活了，已经站在桥上"')" \
	'.http_status == 200 and .outcome == "success" and .saw == null'
ok "the alarm rings all the same" timeout 20 sh -c 'until grep -q 不想活了 "$1" 2>/dev/null; do :; done' sh "$rig/rang"
timeout 20 cat "$file" >/dev/null

# one who writes without end must not keep the telephone busy: the case rings, and once more for all that came meanwhile
ok "that call has ended" timeout 20 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM notice WHERE state = '"'open'"'")" = 0 ]; do :; done' sh "$rig/state/store.db"
mkfifo "$rig/gate"
rang=$(grep -c '"hook":"alarm"' "$rig/rang")
for n in 1 2 3 4 5 6; do
	say 许 "\"text\":\"我不想活了 $n\"" >/dev/null
done
ok "what came in between is told with the last" timeout 20 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM notice WHERE kind = '"'alarm' AND why LIKE 'told with%'"'")" = 4 ]; do :; done' sh "$rig/state/store.db"
mv "$rig/gate" "$rig/gate.open" # the next one finds none
timeout 20 sh -c 'echo >"$1"' sh "$rig/gate.open"
ok "nothing is owed any more" timeout 20 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM notice WHERE state = '"'open'"'")" = 0 ]; do :; done' sh "$rig/state/store.db"
same "six messages, two calls" "$(grep -c '"hook":"alarm"' "$rig/rang")" $((rang + 2))
code=$(sql "SELECT ticket_id FROM message WHERE text LIKE '我不想活了%' ORDER BY id LIMIT 1")
is "nor does a program say how that case stands" "$(say 许 "\"text\":\"进度 $code\"")" \
	'.http_status == 200 and .outcome == "success" and .saw == null'
is "it is for who has the case to read" "$(g ticket show "$code" --json)" ".thread[-1].text == \"进度 $code\""

for shape in shuffled spaced extra; do
	is "a $shape one" "$(say 褚 "\"text\":\"形状 $shape\",\"shape\":\"$shape\"")" '.http_status == 200'
	same "is read the same" "$(sql "SELECT count(*) FROM message WHERE text = '形状 $shape'")" 1
done
is "a number near 2^63" "$(say 卫 '"text":"大数","msg_id":"9223372036854775806"')" '.outcome == "reply"'
is "the same number of another citizen" "$(say 蒋 '"text":"大数","msg_id":"9223372036854775806"')" '.outcome == "reply"'
same "are two messages" "$(sql "SELECT count(*) FROM message WHERE text = '大数'")" 2

rig_monitor
is "follow by a QR code" "$(does 沈 follow '"scene":"hall_03"')" '.http_status == 200'
ok "the scene is told" wait_event '"account.scan".*hall_03'
is "scan" "$(does 沈 scan '"scene":"hall_04"')" '.http_status == 200'
ok "is told" wait_event '"account.scan".*hall_04'
is "click" "$(does 沈 click '"key":"LEAVE"')" '.http_status == 200'
is "renewal is due" "$(does 沈 event '"type":"annual_renew","xml":"<ExpiredTime>1795536000</ExpiredTime>"')" '.http_status == 200'
ok "is an alert" wait_event '"account.alert".*must be renewed'
is "an unknown event" "$(does 沈 event '"type":"future_event","xml":"<New>1</New>"')" '.http_status == 200'
ok "is kept" wait_event '"account.push".*future_event'
is "unfollow" "$(does 王 unfollow)" '.http_status == 200'
same "is remembered" "$(sql 'SELECT count(*) FROM contact WHERE unfollowed_at IS NOT NULL')" 1

# ---- killed after the commit and before the answer ----
rig_stop
same "clean stop" "$daemon_status" 0
for round in 1 2 3; do
	before=$(messages)
	rig_daemon "GAZETTE_DIE_AT=before-push-answer:$round" || exit 1
	for n in 1 2 3; do
		say "韩$round$n" "\"text\":\"断电 $round $n\"" >"$rig/cut.$n" &
		eval "cut_$n=\$!"
	done
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
	rig_daemon || exit 1
	# shellcheck disable=SC2154
	wait "$cut_1" "$cut_2" "$cut_3"
	for n in 1 2 3; do
		is "round $round: citizen $n hears of it in the end" "$(cat "$rig/cut.$n")" '.outcome == "reply" and (.saw | contains("编号"))'
	done
	same "round $round: one was delivered again" "$(cat "$rig"/cut.[123] | jq -s '[.[] | select(.deliveries > 1)] | length > 0')" true
	same "round $round: three messages more" "$(messages)" $((before + 3))
	same "round $round: each in one ticket" "$(sql "SELECT count(DISTINCT ticket_id) FROM message WHERE text LIKE '断电 $round %'")" 3
	rig_stop
done
done_testing
