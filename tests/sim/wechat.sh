#!/bin/sh
# The simulated WeChat from outside: a real process, curl, and a server that its pushes go to. One section for each thing
# the platform does. The clock is frozen and moved by hand; nothing here sleeps.
set -u
build=${GAZETTE_BUILD:?the build directory}
rig=$(mktemp -d)
pids=
tap=0
bad=0

finish() {
	status=$?
	trap - EXIT
	for pid in $pids; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$rig"
	[ "$status" -eq 0 ] && [ "$bad" -ne 0 ] && status=1
	exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# is TITLE JSON FILTER: one TAP line; the filter must give something true.
is() {
	tap=$((tap + 1))
	if printf '%s' "$2" | jq -e "$3" >/dev/null 2>&1; then
		echo "ok $tap - $1"
	else
		bad=$((bad + 1))
		echo "not ok $tap - $1"
		printf '%s\n' "$2" | cut -c1-600 | sed "s/^/#   got /"
		echo "#   want $3"
	fi
}

# same TITLE GOT WANT
same() {
	tap=$((tap + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap - $1"
	else
		bad=$((bad + 1))
		echo "not ok $tap - $1"
		printf '%s\n' "$2" | cut -c1-600 | sed "s/^/#   got  /"
		printf '%s\n' "$3" | sed "s/^/#   want /"
	fi
}

# code TITLE JSON NUMBER: an errcode with a rid behind its text.
code() {
	is "$1" "$2" ".errcode == $3 and (.errmsg | test(\" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}\$\"))"
}

api() { curl -s -H 'Content-Type: application/json' "$base$1?access_token=$token" -d "$2"; }
get() { curl -s "$base$1?access_token=$token${2:+&$2}"; }
up() { curl -s "$base$1?access_token=$token&type=$2" -F "media=@$3${4:+;filename=$4}"; }
sim() { curl -s "$base/sim/$1" ${2:+-d "$2"}; }
set_main() { sim account "{\"account\":\"wx-main\",$1}" >/dev/null; }
advance() { sim clock "{\"advance\":\"$1\"}" >/dev/null; }
pick() { printf '%s' "$2" | jq -r "$1"; }
stable() { curl -s "$base/cgi-bin/stable_token" -d "{\"grant_type\":\"client_credential\",\"appid\":\"$1\",\"secret\":\"$2\"${3:+,$3}}"; }
plain_token() { curl -s "$base/cgi-bin/token?grant_type=client_credential&appid=$main_id&secret=rehearsal-secret-3"; }
ledger() { sim "ledger?account=wx-main${1:+&kind=$1}"; }
say() { sim citizen "{\"account\":\"wx-main\",\"kind\":\"message\",\"wait\":true${1:+,$1}}"; }
answer() { printf '%s' "$1" >"$rig/in/answer"; }

main_id=wx5a1b2c3d4e5f6071
service_id=wx5a1b2c3d4e5f6072
key=m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA
mkdir "$rig/in"
answer 'status 200 success'
cat >"$rig/accounts.yaml" <<YAML
office:
  name: 平安示例
  zone: Asia/Shanghai
platforms:
  wechat:
    base_url: http://127.0.0.1:8750
  weibo:
    base_url: http://127.0.0.1:8750
accounts:
  wx-main:
    platform: wechat
    kind: subscription
    appid: $main_id
    app_secret: rehearsal-secret-3
    original_id: gh_1a2b3c4d5e6f
    callback_token: GovDeskToken2026
    aes_key: $key
  wx-service:
    platform: wechat
    kind: service
    appid: $service_id
    app_secret: rehearsal-secret-4
  wx-small:
    platform: wechat
    kind: subscription
    verified: no
    appid: wx5a1b2c3d4e5f6073
    app_secret: rehearsal-secret-5
  weibo-main:
    platform: weibo
    uid: "1900000001"
    app_key: "1001"
    app_secret: rehearsal-secret-1
    safe_domain: www.city.gov.example
    rip: 203.0.113.7
    token: 2.00rehearsalmain
YAML
start() { # NAME PROGRAM...: run it and wait for its first line
	name=$1
	shift
	mkfifo "$rig/$name"
	"$@" >"$rig/$name" 2>"$rig/$name.log" &
	pids="$pids $!"
	exec 3<"$rig/$name"
	read -r line <&3 || { echo "Bail out! $name does not start"; cat "$rig/$name.log"; exit 1; }
}
start receiver "$build/tests/sim/receiver" "$rig/in" GovDeskToken2026 "$key" "$main_id"
receiver=$line
start simulator "$build/src/sim/gazette-sim" -c "$rig/accounts.yaml" --listen 127.0.0.1:0 --state "$rig/state"
base=${line#listening on }
simulator=$!
sim clock '{"freeze":true,"set":"2026-11-24T10:00:00+08:00"}' >/dev/null
set_main "\"callback_url\":\"http://127.0.0.1:$receiver/callback/wx-main\""
printf '\377\330\377\340\000\020JFIF\000\001' >"$rig/a.jpg"
printf 'no picture' >"$rig/fake.jpg"

# ---- 3, 4: tokens ----
t1=$(stable $main_id rehearsal-secret-3)
is "stable_token: no errcode, 7200 seconds" "$t1" '(has("errcode") | not) and .expires_in == 7200 and (.access_token | length) > 100'
token=$(pick .access_token "$t1")
advance 100m
is "the same token again, with what is left of it" "$(stable $main_id rehearsal-secret-3)" ".access_token == \"$token\" and .expires_in == 1200"
advance 16m
t2=$(stable $main_id rehearsal-secret-3)
is "a new one in the last five minutes" "$t2" ".access_token != \"$token\" and .expires_in == 7200"
is "the old one still works then" "$(get /cgi-bin/draft/count)" '.total_count == 0'
advance 5m
code "and is expired after its time" "$(get /cgi-bin/draft/count)" 42001
token=$(pick .access_token "$t2")
t3=$(pick .access_token "$(stable $main_id rehearsal-secret-3 '"force_refresh":true')")
code "force_refresh ends the one before at once" "$(get /cgi-bin/draft/count)" 40001
token=$t3
is "forced again within 30 s nothing happens" "$(stable $main_id rehearsal-secret-3 '"force_refresh":true')" ".access_token == \"$t3\""
p1=$(pick .access_token "$(plain_token)")
p2=$(pick .access_token "$(plain_token)")
token=$p1
is "/token: the one before stays for five minutes" "$(get /cgi-bin/draft/count)" '.total_count == 0'
advance 301s
code "and not longer" "$(get /cgi-bin/draft/count)" 40001
token=$p2
is "the newest one works" "$(get /cgi-bin/draft/count)" '.total_count == 0'
token=$t3
is "the families leave each other alone" "$(get /cgi-bin/draft/count)" '.total_count == 0'
set_main '"external_refresh":"stable_token"'
code "another system's forced refresh kills ours" "$(get /cgi-bin/draft/count)" 40001
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
set_main '"kill_token":true'
code "a token killed by a test" "$(get /cgi-bin/draft/count)" 40001
code "wrong secret" "$(stable $main_id wrong)" 40125
code "wrong appid" "$(stable wx0000000000000000 x)" 40013
code "bad grant_type" "$(curl -s "$base/cgi-bin/token?grant_type=x&appid=$main_id&secret=rehearsal-secret-3")" 40002
set_main '"secret_frozen":true'
code "frozen secret" "$(stable $main_id rehearsal-secret-3)" 40243
set_main '"secret_frozen":false,"account_frozen":true'
code "frozen account" "$(stable $main_id rehearsal-secret-3)" 50007
set_main '"account_frozen":false,"ip_allow":["203.0.113.7"]'
r=$(stable $main_id rehearsal-secret-3)
code "address not on the list" "$r" 40164
is "and the text names it" "$r" '.errmsg | startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist")'
set_main '"ip_allow":[],"token_refusal":89503'
code "waits for approval of the address" "$(stable $main_id rehearsal-secret-3)" 89503
set_main '"token_refusal":0'
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")

# ---- 1, 2: transport and errors ----
same "an unknown path is 404 and HTML" "$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "$base/cgi-bin/nothing")" "404 text/html"
same "an error is 200 and the platform's own type" "$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "$base/cgi-bin/draft/count")" "200 application/json; encoding=utf-8"
code "GET instead of POST" "$(get /cgi-bin/draft/add)" 43002
code "POST instead of GET" "$(api /cgi-bin/draft/count '{}')" 43001
code "no token" "$(curl -s "$base/cgi-bin/draft/count")" 41001
code "an unknown token" "$(curl -s "$base/cgi-bin/draft/count?access_token=70_$(printf '%0100d' 1)")" 40001
is "no JSON" "$(api /cgi-bin/draft/add '{"a":')" '.errcode == 47001'
code "an empty body" "$(curl -s -X POST "$base/cgi-bin/draft/add?access_token=$token")" 44002
r=$(api /cgi-bin/draft/get '{"media_id":"none"}')
code "an unknown draft" "$r" 40007
rid=$(pick '.errmsg | capture("rid: (?<r>.*)").r' "$r")
is "its rid can be looked up" "$(api /cgi-bin/openapi/rid/get "{\"rid\":\"$rid\"}")" '.errcode == 0 and .request.request_url == "/cgi-bin/draft/get" and (.request.request_body | contains("none"))'
code "a rid that was never given" "$(api /cgi-bin/openapi/rid/get '{"rid":"00000000-00000000-00000000"}')" 76001
code "a rid that is none" "$(api /cgi-bin/openapi/rid/get '{"rid":"x"}')" 76002

# ---- 5: profiles ----
mine=$token
token=$(pick .access_token "$(stable wx5a1b2c3d4e5f6073 rehearsal-secret-5)")
code "unverified: drafts work, publishing does not" "$(api /cgi-bin/freepublish/submit '{"media_id":"x"}')" 48001
is "drafts do" "$(get /cgi-bin/draft/count)" '.total_count == 0'
token=$(pick .access_token "$(stable $service_id rehearsal-secret-4)")
code "lists of openids are for service accounts" "$(api /cgi-bin/message/mass/send '{"touser":["a"]}')" 40130
token=$mine
code "and not for subscription accounts" "$(api /cgi-bin/message/mass/send '{"touser":["a"]}')" 48001
set_main '"verified_until":"2026-11-24T09:00:00+08:00"'
code "a verification that has lapsed" "$(api /cgi-bin/freepublish/get '{"publish_id":"1"}')" 48001
set_main '"verified_until":null'
set_main '"comments":false'
code "no comment privilege" "$(api /cgi-bin/comment/list '{"msg_data_id":1,"begin":0,"count":1,"type":0}')" 88000
set_main '"comments":true'

# ---- 6: quotas ----
set_main '"quotas":{"/cgi-bin/draft/count":3}'
sim clock '{"set":"2026-11-25T00:00:01+08:00"}' >/dev/null
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
for i in 1 2 3; do get /cgi-bin/draft/count >/dev/null; done
code "the day's calls are used up" "$(get /cgi-bin/draft/count)" 45009
is "quota/get agrees" "$(api /cgi-bin/openapi/quota/get '{"cgi_path":"/cgi-bin/draft/count"}')" '.quota == {daily_limit: 3, used: 3, remain: 0}'
code "quota/get of an unknown path" "$(api /cgi-bin/openapi/quota/get '{"cgi_path":"/cgi-bin/x"}')" 76021
is "clear_quota" "$(api /cgi-bin/clear_quota "{\"appid\":\"$main_id\"}")" '.errcode == 0 and .errmsg == "ok"'
is "calls are there again" "$(get /cgi-bin/draft/count)" '.total_count == 0'
for i in 1 2 3 4 5 6 7 8 9; do api /cgi-bin/clear_quota "{\"appid\":\"$main_id\"}" >/dev/null; done
code "ten times a month" "$(api /cgi-bin/clear_quota "{\"appid\":\"$main_id\"}")" 48006
for i in 1 2 3; do get /cgi-bin/draft/count >/dev/null; done
code "used up again" "$(get /cgi-bin/draft/count)" 45009
sim clock '{"set":"2026-11-26T00:00:01+08:00"}' >/dev/null
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
is "a new day at midnight +0800" "$(get /cgi-bin/draft/count)" '.total_count == 0'
set_main '"quotas":{"/cgi-bin/draft/count":-1},"calls_per_minute":1'
advance 60s
get /cgi-bin/draft/count >/dev/null
code "the minute's calls are used up" "$(get /cgi-bin/draft/count)" 45011
set_main '"calls_per_minute":0'

# ---- 7: media ----
r=$(up /cgi-bin/media/uploadimg "" "$rig/a.jpg")
is "uploadimg gives an address" "$r" '.errcode == 0 and (.url | test("^http://mmbiz.qpic.cn/mmbiz_jpg/[^/]+/0"))'
picture=$(pick .url "$r")
same "which the simulator serves" "$(curl -s "$base${picture#http://mmbiz.qpic.cn}" | cksum)" "$(cksum <"$rig/a.jpg")"
code "another extension" "$(up /cgi-bin/media/uploadimg "" "$rig/a.jpg" a.gif)" 40005
code "not what it says" "$(up /cgi-bin/media/uploadimg "" "$rig/fake.jpg")" 40137
{ cat "$rig/a.jpg"; head -c 1048576 /dev/zero; } >"$rig/big.jpg"
code "more than a megabyte" "$(up /cgi-bin/media/uploadimg "" "$rig/big.jpg")" 40009
code "no file" "$(curl -s "$base/cgi-bin/media/uploadimg?access_token=$token" -F x=1)" 41005
code "an unknown type" "$(up /cgi-bin/media/upload poster "$rig/a.jpg")" 40004
r=$(up /cgi-bin/media/upload image "$rig/a.jpg")
is "a temporary one" "$r" '.type == "image" and (.media_id | length) > 20 and .created_at > 0 and (has("errcode") | not)'
temporary=$(pick .media_id "$r")
same "can be downloaded" "$(get /cgi-bin/media/get "media_id=$temporary" | cksum)" "$(cksum <"$rig/a.jpg")"
same "with its type" "$(curl -s -o /dev/null -w '%{content_type}' "$base/cgi-bin/media/get?access_token=$token&media_id=$temporary")" image/jpeg
is "a thumb has an id of its own" "$(up /cgi-bin/media/upload thumb "$rig/a.jpg")" 'has("thumb_media_id") and (has("media_id") | not)'
r=$(up /cgi-bin/material/add_material image "$rig/a.jpg")
is "a permanent one" "$r" '(.media_id | length) > 20 and (.url | startswith("http"))'
cover=$(pick .media_id "$r")
is "is counted" "$(get /cgi-bin/material/get_materialcount)" '.image_count == 1 and .video_count == 0'
is "and listed" "$(api /cgi-bin/material/batchget_material '{"type":"image","offset":0,"count":20}')" ".total_count == 1 and .item[0].media_id == \"$cover\""
code "but not under media/get" "$(get /cgi-bin/media/get "media_id=$cover")" 40007

# ---- 8: drafts ----
draft() { # TITLE [MEMBERS]: the answer of draft/add
	api /cgi-bin/draft/add "{\"articles\":[{\"title\":\"$1\",\"content\":\"<p>正文</p>\",\"thumb_media_id\":\"$cover\"${2:+,$2}}]}"
}
chars() { i=0; while [ $i -lt "$1" ]; do printf '%s' "$2"; i=$((i + 1)); done; }
is "64 characters of raw UTF-8 fit" "$(draft "$(chars 64 字)")" 'has("media_id") and (has("errcode") | not)'
code "65 do not" "$(draft "$(chars 65 字)")" 45003
is "10 escaped characters fit" "$(draft "$(chars 10 '\u5b57')")" 'has("media_id")'
code "11 escaped ones do not" "$(draft "$(chars 11 '\u5b57')")" 45003
code "nor three escaped ones of an author" "$(draft 题 "\"author\":\"$(chars 3 '\u5b57')\"")" 45110
code "129 characters of digest" "$(draft 题 "\"digest\":\"$(chars 129 字)\"")" 45004
set_main '"strict_title":true'
code "33 characters under the documented limit" "$(draft "$(chars 33 字)")" 45003
set_main '"strict_title":false'
code "a temporary cover" "$(api /cgi-bin/draft/add "{\"articles\":[{\"title\":\"t\",\"content\":\"x\",\"thumb_media_id\":\"$temporary\"}]}")" 40007
code "no content" "$(api /cgi-bin/draft/add "{\"articles\":[{\"title\":\"t\",\"content\":\"\",\"thumb_media_id\":\"$cover\"}]}")" 44004
code "a source address that is none" "$(draft t '"content_source_url":"ftp://x"')" 41039
code "a whole page as content" "$(api /cgi-bin/draft/add "{\"articles\":[{\"title\":\"t\",\"content\":\"<html><title>x</title></html>\",\"thumb_media_id\":\"$cover\"}]}")" 45166
set_main '"comments":false'
code "comments without the privilege" "$(draft t '"need_open_comment":1')" 88000
set_main '"comments":true'
r=$(api /cgi-bin/draft/add "{\"articles\":[{\"title\":\"停水通知\",\"author\":\"海岚\",\"content\":\"<p>今晚停水</p><script>x()</script><img src=\\\"$picture\\\"/><img src=\\\"http://elsewhere/x.png\\\"/>\",\"thumb_media_id\":\"$cover\",\"need_open_comment\":1}]}")
media=$(pick .media_id "$r")
is "scripts and foreign pictures are gone, a digest is there" "$(api /cgi-bin/draft/get "{\"media_id\":\"$media\"}")" ".news_item[0] | .content == \"<p>今晚停水</p><img src=\\\"$picture\\\"/>\" and .digest == \"今晚停水\" and (.url | startswith(\"http\"))"
code "update takes one object, no list" "$(api /cgi-bin/draft/update "{\"media_id\":\"$media\",\"index\":0,\"articles\":[]}")" 47001
article="{\"title\":\"停水通知（更正）\",\"content\":\"<p>改</p>\",\"thumb_media_id\":\"$cover\",\"need_open_comment\":1}"
code "an index that is none" "$(api /cgi-bin/draft/update "{\"media_id\":\"$media\",\"index\":1,\"articles\":$article}")" 40114
is "update" "$(api /cgi-bin/draft/update "{\"media_id\":\"$media\",\"index\":0,\"articles\":$article}")" '.errcode == 0'
is "count and batchget agree" "$(api /cgi-bin/draft/batchget '{"offset":0,"count":20,"no_content":1}')" ".total_count == 3 and .item_count == 3 and .item[0].media_id == \"$media\" and (.item[0].content.news_item[0] | has(\"content\") | not)"
sim website "{\"account\":\"wx-main\",\"kind\":\"edit-draft\",\"draft\":\"$media\",\"title\":\"网站改的\"}" >/dev/null
is "an edit on the website shows" "$(api /cgi-bin/draft/get "{\"media_id\":\"$media\"}")" '.news_item[0].title == "网站改的"'
is "newspic" "$(api /cgi-bin/draft/add "{\"articles\":[{\"article_type\":\"newspic\",\"title\":\"图\",\"content\":\"文\",\"image_info\":{\"image_list\":[{\"image_media_id\":\"$cover\"}]}}]}")" 'has("media_id")'

# ---- 9: publishing ----
sim website "{\"account\":\"wx-main\",\"kind\":\"mark-draft\",\"draft\":\"$media\",\"code\":53503}" >/dev/null
code "a draft that fails the check" "$(api /cgi-bin/freepublish/submit "{\"media_id\":\"$media\"}")" 53503
sim website "{\"account\":\"wx-main\",\"kind\":\"mark-draft\",\"draft\":\"$media\",\"code\":0}" >/dev/null
set_main '"publish_event":"lost"'
r=$(api /cgi-bin/freepublish/submit "{\"media_id\":\"$media\"}")
is "submit is a job: publish_id as text, msg_data_id as number" "$r" '.errcode == 0 and (.publish_id | type) == "string" and (.msg_data_id | type) == "number"'
job=$(pick .publish_id "$r")
data_id=$(pick .msg_data_id "$r")
is "it runs" "$(api /cgi-bin/freepublish/get "{\"publish_id\":\"$job\"}")" '.publish_status == 1 and (has("errcode") | not)'
is "the draft is still there" "$(api /cgi-bin/draft/get "{\"media_id\":\"$media\"}")" 'has("news_item")'
is "nobody sees anything yet" "$(ledger article)" '.entries == []'
advance 2s
r=$(api /cgi-bin/freepublish/get "{\"publish_id\":\"$job\"}")
is "it is out" "$r" ".publish_status == 0 and (.article_id | length) == 43 and (.article_detail.item[0].article_url | contains(\"mid=$data_id\"))"
published=$(pick .article_id "$r")
code "and the draft is gone" "$(api /cgi-bin/draft/get "{\"media_id\":\"$media\"}")" 40007
is "the ledger has it once" "$(ledger article)" '.entries | length == 1 and .[0].title == "网站改的" and .[0].platform == "wechat"'
is "batchget lists it" "$(api /cgi-bin/freepublish/batchget '{"offset":0,"count":20,"no_content":1}')" ".total_count == 1 and .item[0].article_id == \"$published\" and .item[0].content.news_item[0].is_deleted == false"
is "getarticle shows it" "$(api /cgi-bin/freepublish/getarticle "{\"article_id\":\"$published\"}")" '.news_item[0].title == "网站改的"'
code "getarticle of none" "$(api /cgi-bin/freepublish/getarticle '{"article_id":"x"}')" 53600
is "getting a job that is none" "$(api /cgi-bin/freepublish/get '{"publish_id":"1"}')" '.errcode == 40002'

set_main '"publish_event":"delivered","publish_results":[2,{"status":4,"fail_idx":[1,2]}]'
publish() { pick .publish_id "$(api /cgi-bin/freepublish/submit "{\"media_id\":\"$1\"}")"; }
d2=$(pick .media_id "$(draft 原创)")
job=$(publish "$d2")
advance 2s
is "scripted: originality" "$(api /cgi-bin/freepublish/get "{\"publish_id\":\"$job\"}")" '.publish_status == 2 and .fail_idx == [1] and (has("article_id") | not)'
is "the draft stays" "$(api /cgi-bin/draft/get "{\"media_id\":\"$d2\"}")" 'has("news_item")'
job=$(publish "$d2")
advance 2s
is "scripted: review, with two articles" "$(api /cgi-bin/freepublish/get "{\"publish_id\":\"$job\"}")" '.publish_status == 4 and .fail_idx == [1,2]'
n=$(ls "$rig/in" | grep -c plain)
set_main '"publish_event":"early"'
job=$(publish "$d2")
same "an early event has arrived before the answer" "$(cat "$rig"/in/*.plain | grep -c "<publish_id>$job</publish_id>")" 1
same "with a line break in the article_id, as documented" "$(cat "$rig"/in/*.plain | grep -A1 '<article_id>' | grep -c '^\]\]></article_id>')" 1
set_main '"publish_event":"duplicated"'
d3=$(pick .media_id "$(draft 重复)")
job=$(publish "$d3")
advance 2s
say >/dev/null # whatever was pushed before it has arrived
say >/dev/null
same "a duplicated event arrives twice" "$(cat "$rig"/in/*.plain | grep -c "<publish_id>$job</publish_id>")" 2
set_main '"publish_event":"delivered"'
is "delete" "$(api /cgi-bin/freepublish/delete "{\"article_id\":\"$published\",\"index\":0}")" '.errcode == 0'
is "status 5 after that" "$(api /cgi-bin/freepublish/get "{\"publish_id\":\"2247503051\"}")" '.publish_status == 5'
is "the ledger knows" "$(ledger delete)" ".entries[0].remote_id == \"$published\""
code "delete takes no address" "$(api /cgi-bin/freepublish/delete '{"url":"http://x"}')" 47001

# ---- 10: broadcasts ----
sim citizen '{"account":"wx-main","kind":"look","as":"甲{n}","count":5}' >/dev/null
mass() { api /cgi-bin/message/mass/sendall "{\"filter\":{\"is_to_all\":true},\"msgtype\":\"$1\",\"$1\":$2${3:+,\"clientmsgid\":\"$3\"}}"; }
d4=$(pick .media_id "$(draft 群发 '"need_open_comment":1')")
set_main '"mass_event":"lost"'
r=$(mass mpnews "{\"media_id\":\"$d4\"}" job-1)
is "accepted, with both numbers" "$r" '.errcode == 0 and .errmsg == "send job submission success" and .msg_id > 2147483648 and .msg_data_id > 2147483648'
msg=$(pick .msg_id "$r")
mass_data=$(pick .msg_data_id "$r")
code "the same again within a minute" "$(mass mpnews "{\"media_id\":\"$d4\"}" job-1)" 45066
is "sending" "$(api /cgi-bin/message/mass/get "{\"msg_id\":$msg}")" '.msg_status == "SENDING"'
advance 61s
r=$(mass mpnews "{\"media_id\":\"$d4\"}" job-1)
code "the same again later" "$r" 45065
is "names the job that exists, and no msg_data_id" "$r" ".msg_id == $msg and (has(\"msg_data_id\") | not)"
is "sent" "$(api /cgi-bin/message/mass/get "{\"msg_id\":\"$msg\"}")" '.msg_status == "SEND_SUCCESS"'
is "followers saw it once" "$(ledger broadcast)" ".entries | length == 1 and .[0].title == \"群发\" and .[0].to == \"all\" and .[0].remote_id == \"$msg\""
is "so did a citizen" "$(sim citizen '{"account":"wx-main","kind":"look","as":"甲1"}')" '[.transcript[] | select(.kind == "broadcast")] | length == 1'
code "a broadcast a day" "$(mass text '{"content":"又"}' job-2)" 45028
code "a clientmsgid of 33 bytes" "$(mass text '{"content":"又"}' 123456789012345678901234567890123)" 45067
code "a link to elsewhere" "$(mass text '{"content":"<a href=\"https://x.example\">x</a>"}' job-3)" 40066
code "a tag that is none" "$(api /cgi-bin/message/mass/sendall '{"filter":{"is_to_all":false,"tag_id":999},"msgtype":"text","text":{"content":"x"}}')" 40152
code "an unknown type" "$(mass song '{}')" 40008
code "API video" "$(mass mpvideo '{"media_id":"x"}')" 48022
is "deleted" "$(api /cgi-bin/message/mass/delete "{\"msg_id\":$msg,\"article_idx\":0}")" '.errcode == 0'
is "and says so" "$(api /cgi-bin/message/mass/get "{\"msg_id\":$msg}")" '.msg_status == "DELETE"'
code "mass/get of none" "$(api /cgi-bin/message/mass/get '{"msg_id":1}')" 40059
is "batchget does not list it" "$(api /cgi-bin/freepublish/batchget '{"offset":0,"count":20,"no_content":1}')" "[.item[].content.news_item[].title] | index(\"群发\") == null"
next_day() {
	advance 24h
	token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
}
next_day
r=$(mass text '{"content":"无号"}')
is "text has no msg_data_id" "$r" '.errcode == 0 and (has("msg_data_id") | not)'
advance 2m
code "without a clientmsgid the content is what repeats" "$(mass text '{"content":"无号"}')" 45065
next_day
set_main '"mass_inner_retry":true,"mass_event":"delivered","mass_urls":"missing","mass_results":[30003]'
code "45065 on the first try" "$(mass text '{"content":"内部重试"}' job-4)" 45065
advance 2s
say >/dev/null
say >/dev/null
is "the event tells of a reprint" "$(cat "$rig"/in/*.plain | grep -A20 'err(30003)' | tr -d '\n' | jq -R .)" 'contains("err(30003)") and contains("<CheckState>3<") and (contains("ArticleUrlResult") | not)'
is "a failed one costs no quota" "$(mass text '{"content":"再来"}' job-5)" '.errcode == 0'
next_day
set_main '"mass_protection":true'
code "protection: waits for the administrator" "$(mass text '{"content":"保护"}' job-6)" 89505
code "and still does" "$(mass text '{"content":"保护"}' job-6)" 89504
sim website '{"account":"wx-main","kind":"confirm"}' >/dev/null
advance 2m
code "confirmed: it was sent" "$(mass text '{"content":"保护"}' job-6)" 45065
next_day
mass text '{"content":"沉默"}' job-7 >/dev/null
advance 31m
say >/dev/null
say >/dev/null
same "an administrator who is silent for half an hour" "$(cat "$rig"/in/*.plain | grep -c 'err(40002)')" 1
set_main '"mass_protection":false'
mine=$token
token=$(pick .access_token "$(stable $service_id rehearsal-secret-4)")
for i in 1 2 3 4; do mass text "{\"content\":\"月$i\"}" "m-$i" >/dev/null; done
code "service: four a month to all" "$(mass text '{"content":"月5"}' m-5)" 45028
token=$mine

# ---- 11: pushes ----
answer 'reply 您好 ]]> 🙏'
r=$(say '"text":"怎么办理]]>🙏","as":"乙"')
is "safe mode: the citizen sees the reply" "$r" '.outcome == "reply" and .saw == "您好 ]]> 🙏" and .deliveries == 1'
openid=$(pick .openid "$r")
last=$(ls "$rig/in" | sed -n 's/\.url$//p' | sort -n | tail -1)
same "safe mode: nothing readable in the body" "$(grep -c FromUserName "$rig/in/$last.body")" 0
same "and msg_signature in the address" "$(grep -c 'encrypt_type=aes&msg_signature=' "$rig/in/$last.url")" 1
is "the ledger has the automatic reply" "$(ledger auto-reply)" ".entries[-1].text == \"您好 ]]> 🙏\" and .entries[-1].to == \"$openid\""
answer 'plain 明文'
is "a plain reply in safe mode is a fault" "$(say)" '.outcome == "fault" and .saw == "该公众号提供的服务出现故障，请稍后再试" and .deliveries == 1'
is "which the ledger shows" "$(ledger fault)" '.entries[-1].text == "该公众号提供的服务出现故障，请稍后再试"'
answer 'other-key 错钥'
is "so is one under another key" "$(say)" '.outcome == "fault"'
answer "reply $(chars 683 字)"
is "2049 bytes are too many" "$(say)" '.outcome == "fault" and (.why | contains("2047"))'
answer 'status 200 {"errcode":0}'
is "JSON is no answer" "$(say)" '.outcome == "fault" and .deliveries == 1'
answer 'status 200 '
is "an empty body is" "$(say)" '.outcome == "empty" and .saw == null'
answer 'status 200 success'
is "success is" "$(say)" '.outcome == "success"'
set_main '"callback_mode":"compatible"'
answer 'plain 明文'
is "compatible mode: plain replies are fine" "$(say)" '.outcome == "reply" and .saw == "明文"'
last=$(ls "$rig/in" | sed -n 's/\.url$//p' | sort -n | tail -1)
same "compatible mode: both in the body" "$(grep -c -e FromUserName -e Encrypt "$rig/in/$last.body")" 2
set_main '"callback_mode":"plain"'
is "plain mode" "$(say)" '.outcome == "reply"'
last=$(ls "$rig/in" | sed -n 's/\.url$//p' | sort -n | tail -1)
is "plain mode: nothing encrypted to attack" "$(say '"attack":"tampered"')" '.error == "attack: nothing is encrypted in plain mode"'
same "plain mode: no encrypt_type" "$(grep -c encrypt_type "$rig/in/$last.url")" 0
set_main '"callback_mode":"safe"'
answer 'status 200 success'
for type in image voice video shortvideo location link unsupported unknown; do
	r=$(say "\"type\":\"$type\"")
	is "a message of type $type" "$r" '.outcome == "success"'
done
all=$(cat "$rig"/in/*.plain)
for word in PicUrl MediaId16K ThumbMediaId Location_X Description 暂无法显示 hologram; do
	same "with $word" "$(printf '%s' "$all" | grep -q "$word" && echo yes)" yes
done
photo=$(printf '%s' "$all" | sed -n 's/.*<MediaId><!\[CDATA\[\(.*\)\]\]><\/MediaId>.*/\1/p' | head -1)
same "what a citizen sent can be fetched" "$(curl -s -o /dev/null -w '%{content_type}' "$base/cgi-bin/media/get?access_token=$token&media_id=$photo")" image/jpeg
say '"shape":"shuffled","msg_id":"9223372036854775806"' >/dev/null
say '"shape":"extra"' >/dev/null
sim citizen '{"account":"wx-main","kind":"event","type":"future_event","xml":"<New>1</New>","wait":true}' >/dev/null
all=$(cat "$rig"/in/*.plain)
for word in 9223372036854775806 FutureElement future_event; do
	same "and $word" "$(printf '%s' "$all" | grep -q "$word" && echo yes)" yes
done
r=$(say '"copies":3')
is "three copies at the same time" "$r" '.answers | length == 3'
for attack in wrong-signature no-signature foreign-appid old-timestamp tampered foreign-account xxe bad-padding oversize replay; do
	answer 'status 403 '
	is "attack $attack is made and its answer told" "$(say "\"attack\":\"$attack\"")" '.outcome == "refused" and .http_status == 403 and .deliveries == 1 and .saw == null'
done
answer 'verify'
is "verification of the address" "$(sim website '{"account":"wx-main","kind":"verify-url"}')" '.outcome == "verified" and .why == null'
answer 'status 403 '
is "and its failure" "$(sim website '{"account":"wx-main","kind":"verify-url"}')" '.outcome == "refused"'

# Deliveries: the clock moves while a push waits.
answer 'status 500 '
say '"as":"丙","text":"三次"' >"$rig/waited" &
waiter=$!
pushes() { sim 'state?account=wx-main' | jq '.accounts[0].counts.pushes'; }
settled() { # N: until so many deliveries have been made
	while [ "$(pushes)" -lt "$1" ]; do :; done
}
while [ "$(sim state | jq .held_connections)" -lt 1 ]; do :; done
n=$(pushes)
while [ "$(grep -l 三次 "$rig"/in/*.plain | wc -l)" -lt 1 ]; do :; done
n=$(pushes)
advance 5s
settled $((n + 1))
while [ "$(grep -l 三次 "$rig"/in/*.plain | wc -l)" -lt 2 ]; do :; done
advance 5s
wait "$waiter"
is "three deliveries, five seconds apart, then the fault" "$(cat "$rig/waited")" '.deliveries == 3 and .outcome == "fault"'
first=$(grep -l 三次 "$rig"/in/*.plain | sed 's/\.plain$//' | sort -t/ -k99 | head -1)
same "the same MsgId in all of them" "$(grep -h -o '<MsgId>[0-9]*' "$(grep -l 三次 "$rig"/in/*.plain | head -1)" "$(grep -l 三次 "$rig"/in/*.plain | tail -1)" | sort -u | wc -l | tr -d ' ')" 1
same "with new nonces" "$(for f in $(grep -l 三次 "$rig"/in/*.plain); do sed 's/.*&nonce=\([0-9]*\).*/\1\n/' "${f%.plain}.url"; done | sort -u | grep -c .)" 3
[ -n "$first" ] || bad=1
set_main '"push_timeout_ms":50,"push_deliveries":1'
answer 'hang'
is "no answer in time: cut" "$(say)" '.outcome == "fault" and .answers[0].result == "timeout"'
set_main '"push_timeout_ms":5000'
answer 'close'
is "a connection that ends without an answer" "$(say)" '.outcome == "fault" and .answers[0].result == "reset"'
set_main '"markfail_after":2'
answer 'status 500 '
say >/dev/null
say >/dev/null
is "MarkFail" "$(sim 'state?account=wx-main')" '.accounts[0].markfail'
answer 'status 200 success'
is "what is said in that minute is lost" "$(say)" '.outcome == "lost" and .deliveries == 0'
advance 61s
is "and then it goes on" "$(say)" '.outcome == "success"'
set_main '"markfail_after":20,"push_deliveries":3'
set_main "\"aes_key_previous\":\"$key\",\"aes_key\":\"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ\""
answer 'reply 旧钥'
is "a push under the previous key is answered under it" "$(say '"previous_key":true')" '.outcome == "reply" and .saw == "旧钥"'
set_main "\"aes_key\":\"$key\""
answer 'status 200 success'

# ---- 12: customer messages ----
send() { api /cgi-bin/message/custom/send "{\"touser\":\"$openid\",\"msgtype\":\"text\",\"text\":{\"content\":\"$1\"}}"; }
advance 49h
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
code "the window is closed" "$(send 晚)" 45015
say '"as":"乙"' >/dev/null
for i in 1 2 3 4 5; do
	is "message $i of five" "$(send "答$i")" '.errcode == 0 and .errmsg == "ok"'
done
code "the sixth" "$(send 答6)" 45047
say '"as":"乙"' >/dev/null
code "2049 bytes" "$(send "$(chars 683 字)")" 45002
is "2048 bytes" "$(send "$(chars 682 字)ab")" '.errcode == 0'
is "the transcript" "$(sim citizen '{"account":"wx-main","kind":"look","as":"乙"}')" '.replies_left == 4 and ([.transcript[] | select(.kind == "reply")] | length) == 6'
is "the ledger" "$(ledger reply)" ".entries | length == 6 and .[0].to == \"$openid\" and .[0].text == \"答1\""
code "somebody unknown" "$(api /cgi-bin/message/custom/send '{"touser":"oX","msgtype":"text","text":{"content":"x"}}')" 40003
is "typing" "$(api /cgi-bin/message/custom/typing "{\"touser\":\"$openid\",\"command\":\"Typing\"}")" '.errcode == 0'
code "typing already" "$(api /cgi-bin/message/custom/typing "{\"touser\":\"$openid\",\"command\":\"Typing\"}")" 45081
advance 31s
code "typing long after" "$(api /cgi-bin/message/custom/typing "{\"touser\":\"$openid\",\"command\":\"Typing\"}")" 45080
code "a command that is none" "$(api /cgi-bin/message/custom/typing "{\"touser\":\"$openid\",\"command\":\"Sing\"}")" 45072
sim citizen '{"account":"wx-main","kind":"trait","as":"乙","type":"refuses"}' >/dev/null
code "he refuses messages" "$(send x)" 48002
sim citizen '{"account":"wx-main","kind":"trait","as":"乙","type":"refuses","value":false}' >/dev/null
code "two articles of news" "$(api /cgi-bin/message/custom/send "{\"touser\":\"$openid\",\"msgtype\":\"news\",\"news\":{\"articles\":[{},{}]}}")" 45008
sim citizen '{"account":"wx-main","kind":"unfollow","as":"乙","wait":true}' >/dev/null
code "he has unfollowed" "$(send x)" 45015
is "agents" "$(api /customservice/kfaccount/add '{"kf_account":"desk1@hailan_gov","nickname":"一号"}')" '.errcode == 0'
is "are listed" "$(get /cgi-bin/customservice/getkflist)" '.kf_list[0].kf_account == "desk1@hailan_gov"'
code "records need the agent desk" "$(api /customservice/msgrecord/getmsglist '{"starttime":1,"endtime":2,"msgid":1,"number":1}')" 65400

# ---- 13: comments ----
next_day
d5=$(pick .media_id "$(draft 评论 '"need_open_comment":1')")
r=$(mass mpnews "{\"media_id\":\"$d5\"}" job-c)
mass_data=$(pick .msg_data_id "$r")
advance 2s
sim citizen "{\"account\":\"wx-main\",\"kind\":\"comment\",\"msg_data_id\":$mass_data,\"as\":\"读者{n}\",\"text\":\"第{n}条\",\"count\":60}" >/dev/null
comments() { api /cgi-bin/comment/list "{\"msg_data_id\":$mass_data,\"index\":0,\"begin\":$1,\"count\":$2,\"type\":${3:-0}}"; }
r=$(comments 0 49)
is "newest first; total is the page, comment_cnt all" "$r" '.errcode == 0 and .total == 49 and .comment_cnt == 60 and .comment[0].content == "第60条" and (.comment[0].openid | length) == 28'
is "the second page" "$(comments 49 49)" '.total == 11 and .comment[-1].user_comment_id == 1'
code "fifty are too many" "$(comments 0 50)" 88010
set_main '"comment_total":"documented"'
is "total as documented" "$(comments 0 10)" '.total == 60 and (has("comment_cnt") | not)'
set_main '"comment_total":"page"'
sim citizen "{\"account\":\"wx-main\",\"kind\":\"comment\",\"msg_data_id\":$mass_data,\"anonymous\":true}" >/dev/null
is "somebody without identity" "$(comments 0 1)" '.comment[0] | has("openid") | not'
about() { api "/cgi-bin/comment/$1" "{\"msg_data_id\":$mass_data,\"index\":0,\"user_comment_id\":$2${3:+,\"content\":\"$3\"}}"; }
is "reply" "$(about reply/add 1 周六可以)" '.errcode == 0'
code "one reply only" "$(about reply/add 1 又)" 88005
is "the list shows it" "$(comments 60 1)" '.comment[0].reply.content == "周六可以"'
is "the ledger too" "$(ledger comment-reply)" ".entries[-1].text == \"周六可以\" and .entries[-1].msg_data_id == $mass_data"
is "withdrawn" "$(about reply/delete 1)" '.errcode == 0'
code "too long" "$(about reply/add 1 "$(chars 141 字)")" 88007
code "no such comment" "$(about reply/add 999 x)" 88008
sim citizen "{\"account\":\"wx-main\",\"kind\":\"comment-delete\",\"msg_data_id\":$mass_data,\"comment\":2}" >/dev/null
code "deleted by its author" "$(about reply/add 2 x)" 88004
set_main '"elected_max":1'
is "elected" "$(about markelect 3)" '.errcode == 0'
code "no more than allowed" "$(about markelect 4)" 88003
is "the elected ones" "$(comments 0 10 2)" '.comment_cnt == 1 and .comment[0].user_comment_id == 3 and .comment[0].comment_type == 1'
is "removed" "$(about delete 5)" '.errcode == 0'
code "an unknown article" "$(api /cgi-bin/comment/list '{"msg_data_id":1,"begin":0,"count":1,"type":0}')" 88001
set_main '"publish_comments":false'
code "articles that were only published" "$(api /cgi-bin/comment/list '{"msg_data_id":2247503052,"begin":0,"count":1,"type":0}')" 88001
api /cgi-bin/comment/close "{\"msg_data_id\":$mass_data,\"index\":0}" >/dev/null
is "closed" "$(sim citizen "{\"account\":\"wx-main\",\"kind\":\"comment\",\"msg_data_id\":$mass_data}")" '.error == "comments are closed there"'

# ---- 14: users ----
r=$(sim citizen '{"account":"wx-main","kind":"follow","as":"丁","scene":"hall_03","wait":true}')
openid=$(pick .openid "$r")
last=$(ls "$rig/in" | sed -n 's/\.url$//p' | sort -n | tail -1)
same "following by a code" "$(grep -c 'qrscene_hall_03' "$rig/in/$last.plain")" 1
is "user/info without names" "$(get /cgi-bin/user/info "openid=$openid&lang=zh_CN")" '.subscribe == 1 and .subscribe_scene == "ADD_SCENE_QR_CODE" and .qr_scene_str == "hall_03" and (has("nickname") | not)'
for i in 1 2 3; do send "迎$i" >/dev/null; done
code "three messages after following" "$(send 迎4)" 45047
code "a tag name of 31 bytes" "$(api /cgi-bin/tags/create '{"tag":{"name":"十个汉字就是三十字节吗x"}}')" 45158
tag=$(pick .tag.id "$(api /cgi-bin/tags/create '{"tag":{"name":"社区网格员"}}')")
is "tagging" "$(api /cgi-bin/tags/members/batchtagging "{\"openid_list\":[\"$openid\"],\"tagid\":$tag}")" '.errcode == 0'
is "counts" "$(get /cgi-bin/tags/get)" ".tags[] | select(.id == $tag) | .count == 1"
is "members" "$(api /cgi-bin/user/tag/get "{\"tagid\":$tag,\"next_openid\":\"\"}")" ".count == 1 and .data.openid == [\"$openid\"]"
code "system tags stay" "$(api /cgi-bin/tags/delete '{"tag":{"id":2}}')" 45058
set_main '"page_openids":5'
r=$(get /cgi-bin/user/get)
is "pages of openids" "$r" '.count == 5 and .total > 5 and .next_openid == .data.openid[4]'
is "the next page" "$(get /cgi-bin/user/get "next_openid=$(pick .next_openid "$r")")" ".data.openid[0] != \"$(pick '.data.openid[4]' "$r")\""
code "a menu with escapes" "$(api /cgi-bin/menu/create '{"button":[{"type":"click","name":"\u6211","key":"K"}]}')" 40033
code "a name of 17 bytes" "$(api /cgi-bin/menu/create '{"button":[{"type":"click","name":"一二三四五ab","key":"K"}]}')" 40018
is "a menu" "$(api /cgi-bin/menu/create '{"button":[{"type":"click","name":"留言","key":"LEAVE"}]}')" '.errcode == 0'
is "is there" "$(get /cgi-bin/menu/get)" '.menu.button[0].key == "LEAVE"'
sim citizen '{"account":"wx-main","kind":"click","as":"丁","key":"LEAVE","wait":true}' >/dev/null
last=$(ls "$rig/in" | sed -n 's/\.url$//p' | sort -n | tail -1)
same "a click" "$(grep -c -e CLICK -e LEAVE "$rig/in/$last.plain")" 2
mine=$token
token=$(pick .access_token "$(stable $service_id rehearsal-secret-4)")
is "a code of a service account" "$(api /cgi-bin/qrcode/create '{"expire_seconds":2592000,"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":"hall_03"}}}')" '.expire_seconds == 2592000 and (.ticket | length) > 20'
code "an action that is none" "$(api /cgi-bin/qrcode/create '{"action_name":"X"}')" 40052
token=$mine

# ---- 15: statistics ----
day=$(sim clock | jq -r '.now[0:10]')
stats() { api /datacube/getarticletotaldetail "{\"begin_date\":\"$1\",\"end_date\":\"${2:-$1}\"}"; }
code "today has no data" "$(stats "$day")" 61501
code "two days are too many" "$(stats 2026-11-20 2026-11-21)" 61501
code "a date that is none" "$(stats 2026-11)" 61500
sim clock "{\"set\":\"${day}T23:59:00+08:00\"}" >/dev/null
advance 1h
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
code "before eight o'clock" "$(stats "$day")" 61503
advance 8h
token=$(pick .access_token "$(stable $main_id rehearsal-secret-3)")
is "after it" "$(stats "$day")" ".is_delay == false and (.list[] | select(.msgid == \"${mass_data}_1\") | .publish_type == 0 and .title == \"评论\")"

# ---- 16: faults ----
fault() { sim fault "{\"account\":\"wx-main\",$1}" >/dev/null; }
fault '"path":"/cgi-bin/draft/count","effect":"error","error_code":-1'
code "system error" "$(get /cgi-bin/draft/count)" -1
fault '"path":"/cgi-bin/draft/count","effect":"html-502"'
same "a page of HTML" "$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "$base/cgi-bin/draft/count?access_token=$token")" "502 text/html"
fault '"path":"/cgi-bin/draft/count","effect":"empty"'
same "an empty body" "$(get /cgi-bin/draft/count)" ""
d6=$(pick .media_id "$(draft 丢失)")
fault '"path":"/cgi-bin/message/mass/sendall","effect":"reset-after"'
mass mpnews "{\"media_id\":\"$d6\"}" job-lost >/dev/null
advance 61s
code "an answer that was lost: the job exists" "$(mass mpnews "{\"media_id\":\"$d6\"}" job-lost)" 45065
is "once" "$(ledger broadcast)" '[.entries[] | select(.title == "丢失")] | length == 1'
fault '"path":"/cgi-bin/draft/count","effect":"truncated"'
same "half of the JSON" "$(get /cgi-bin/draft/count | jq . 2>/dev/null)" ""
set_main '"jitter":true'
seen=$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do get /cgi-bin/draft/count; done | jq -r '.total_count | type' | sort -u | tr '\n' ' ')
same "numbers as strings" "$seen" "number string "
set_main '"jitter":false'

# ---- 17: control ----
is "unknown switches are refused" "$(sim account '{"account":"wx-main","no_such":1}')" '.error == "no_such: no such switch"'
is "unknown members of citizens too" "$(sim citizen '{"account":"wx-main","kind":"message","txt":"x"}')" '.error == "txt: no such member"'
is "a push never leaves the machine" "$(sim account '{"account":"wx-main","callback_url":"http://192.0.2.1/"}')" '.error | startswith("callback_url")'
is "the state shows accounts, jobs and quotas, and no secret" "$(sim 'state?account=wx-main')" '.accounts[0] | .platform == "wechat" and (.jobs | length) > 5 and (.quotas | length) > 3 and (tojson | contains("GovDeskToken2026") | not)'
is "nothing in the ledger is numbered twice" "$(sim ledger)" '[.entries[].seq] == [range(1; .last + 1)]'
is "a post on the other platform" "$(curl -s "$base/2/statuses/share.json" -d 'access_token=2.00rehearsalmain&status=停水 https://www.city.gov.example/1&rip=203.0.113.7')" '.idstr'
kill "$simulator"
wait "$simulator"
same "it ends when it is told to, and leaks nothing" "$? $(grep -c -i -e sanitizer -e 'runtime error' "$rig/simulator.log")" "0 0"
start again "$build/src/sim/gazette-sim" -c "$rig/accounts.yaml" --listen 127.0.0.1:0 --state "$rig/state"
base=${line#listening on }
is "the state file has that post, and nothing of WeChat" "$(sim ledger)" '.last == 1 and .entries[0].platform == "weibo" and .entries[0].seq == 1'
echo "1..$tap"
