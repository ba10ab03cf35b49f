# What an office does to a WeChat account apart from posting: the token for another program, the menu, QR codes, topics
# that followers choose, and forgetting who left.
. "$(dirname "$0")/lib.sh"

listen=127.0.0.1:0
topics="topics: [停水通知, 交通管制]"

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: $listen
platforms:
  weibo:
    base_url: http://127.0.0.1:$port
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
  wechat-main:
$(wechat_main)
    kind: service
    callback_mode: safe
    aes_key: m0lFs5W7eSqJ4mm2rHRGvdhfMSxGT9G71SBvMelJmyA
    $topics
  weibo-main:
$(weibo_account advanced 1900000002 east)
operators:
  - {user: $(id -un), name: 李管理, roles: [${roles:-leader, admin}]}
YAML
}

says() { # says AS TEXT: a follower writes; the answer tells what he saw
	sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"message\",\"as\":\"$1\",\"text\":\"$2\",\"wait\":true}"
}

clicks() { # clicks AS KEY
	sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"click\",\"as\":\"$1\",\"key\":\"$2\",\"wait\":true}"
}

told() { # told N: until the platform has been told N times in all
	timeout 60 sh -c 'until [ "$(grep -c topics.told "$1")" -ge "$2" ]; do :; done' sh "$rig/daemon.log" "$1"
}

platform() { # platform PATH [BODY]: as another program of the office, with the token it was lent
	curl -sS "http://127.0.0.1:$port$1?access_token=$(g account token wechat-main)" ${2:+-d "$2"}
}

topic_of() { # topic_of NAME: how many followers the platform counts; "none" when it has no such topic
	platform /cgi-bin/tags/get | jq -r --arg name "$1" '[.tags[] | select(.name == $name) | .count] | first // "none"'
}

rig_new
# ---- before there is a token ----
sim POST /sim/fault '{"path":"/cgi-bin/stable_token","count":1,"effect":"delay","delay_ms":600000}' >/dev/null
rig_daemon || exit 1
is "without its first token an account is starting" "$(g account show wechat-main --json)" '.state == "starting" and (.reason | not)'
is "which is nothing that needs a person" "$(g status --json)" \
	'.accounts == {ready: 1, paused: 0, parked: 0, starting: 1} and ((.problems // []) | length) == 0'
has "and is seen" "$(g status)" "1 starting"
exits "a call must wait for it" 75 g account menu show wechat-main
rig_stop
sim POST /sim/account '{"account":"wechat-main","token_refusal":89503}' >/dev/null
rig_daemon || exit 1
ok "when it must be allowed first, a person is called" timeout 60 sh -c 'until gazette -s "$1" account show wechat-main --json |
	jq -e ".state == \"parked\" and (.reason | test(\"administrator has to approve this machine\"))" >/dev/null; do :; done' sh "$rig/control"
rig_stop
sim POST /sim/account '{"account":"wechat-main","token_refusal":0}' >/dev/null
rig_daemon || exit 1
ok "with it, it is ready" timeout 60 sh -c 'until gazette -s "$1" account show wechat-main --json | grep -q "\"state\":\"ready\""; do :; done' \
	sh "$rig/control"
wechat_listens
sim POST /sim/account "{\"account\":\"wechat-main\",\"callback_url\":\"$callback/wechat-main\",\"push_gap_ms\":1000,\"markfail_after\":0}" >/dev/null
rig_monitor

# ---- topics ----
same "there is no topic yet" "$(topic_of 停水通知)" none
r=$(says 王 "订阅 停水通知")
is "a follower chooses a topic by a message" "$r" '.outcome == "reply" and .saw == "【平安示例】已为您订阅“停水通知”。不再需要时，请发送“退订 停水通知”。"'
same "that is no case for the desk" "$(g inbox --json | wc -l)" 0
ok "the platform is told" told 1
same "the topic was made there, with him on it" "$(topic_of 停水通知)" 1
is "another one by a button of the menu" "$(clicks 赵 topic:停水通知)" '.saw | startswith("【平安示例】已为您订阅")'
ok "the platform is told" told 2
same "both are on it" "$(topic_of 停水通知)" 2
is "who has chosen sees it" "$(says 王 我的订阅)" '.saw == "【平安示例】您订阅了：停水通知。可以订阅：交通管制。发送“订阅 交通管制”即可订阅；发送“退订 停水通知”退订该主题，发送“退订”退订全部。"'
is "and by a button" "$(clicks 钱 topics)" '.saw | startswith("【平安示例】您还没有订阅主题。可以订阅：停水通知、交通管制。")'
is "what only begins like it is a message" "$(says 孙 "订阅不了停水通知怎么办")" '.saw | contains("编号")'
same "for the desk" "$(g inbox --json | jq -r .excerpt)" 订阅不了停水通知怎么办
is "an unknown key is nothing" "$(clicks 孙 topic:别的)" '.outcome == "success"'
is "he leaves" "$(says 王 "退订：“停水通知”。")" '.saw == "【平安示例】已退订“停水通知”。"'
ok "the platform is told" told 3
same "one is left" "$(topic_of 停水通知)" 1
same "nothing of him is kept" "$(sql "SELECT count(*) FROM topic_choice")" 1
says 赵 "订阅交通管制" >/dev/null
ok "the platform is told" told 4
is "all at once" "$(says 赵 退订)" '.saw == "【平安示例】已退订全部主题。"'
ok "the platform is told of both" told 6
same "nobody is left" "$(topic_of 停水通知) $(topic_of 交通管制)" "0 0"
says 钱 "订阅停水通知" >/dev/null
ok "the platform is told" told 7
sim POST /sim/citizen '{"account":"wechat-main","kind":"unfollow","as":"钱","wait":true}' >/dev/null
ok "who unfollows leaves all topics" timeout 60 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM topic_choice")" = 0 ]; do :; done' sh "$rig/state/store.db"


# ---- the platform is out of order ----
says_pids=
fault() { # fault NTH EFFECT [CODE]: of the calls that put followers on a topic
	sim POST /sim/fault "{\"method\":\"POST\",\"path\":\"/cgi-bin/tags/members/batchtagging\",\"nth\":$1,\"effect\":\"$2\"${3:+,\"error_code\":$3}}" >/dev/null
}
fault 1 reset-after
says 冯 "订阅 停水通知" >/dev/null
ok "what nobody answered is told again" told 9
same "he is on it" "$(topic_of 停水通知)" 1
fault 1 error -1
fault 2 error 40003
for who in 陈 褚 卫; do # all three before the platform is asked again, in two seconds
	says "$who" "订阅 停水通知" >/dev/null &
	says_pids="$says_pids $!"
done
wait $says_pids
ok "a batch that is refused for one of them is told one by one" told 12
same "they are on it" "$(topic_of 停水通知)" 4
fault 1 error 45059
says 蒋 "订阅 停水通知" >/dev/null
ok "what is refused for good is written down" wait_event account.topic-refused
same "once, without the person" "$(sql "SELECT count(*) || ' ' || sum(detail LIKE '%oSIM%') FROM event WHERE action = 'account.topic-refused'")" "1 0"
is "and is seen" "$(g account topics wechat-main --json | jq -s .)" 'map(select(.name == "停水通知"))[0].refused == 1'
says 蒋 "订阅 停水通知" >/dev/null
ok "he asks again: at once" told 13
same "he is on it" "$(topic_of 停水通知)" 5
for who in 冯 陈 褚 卫 蒋; do
	says "$who" 退订 >/dev/null
done
ok "they leave" timeout 60 sh -c 'until [ "$(sqlite3 "$1" "SELECT count(*) FROM topic_choice")" = 0 ]; do :; done' sh "$rig/state/store.db"
same "all of them" "$(topic_of 停水通知)" 0
tells=$(grep -c topics.told "$rig/daemon.log")

# ---- topics, from the office's side ----
is "topics are counted, the offered ones too" "$(g account topics wechat-main --json | jq -s .)" \
	'map({(.name): .offered}) | add == {"停水通知": "yes", "交通管制": "yes"}'
ok "a topic is made" g account topics wechat-main add 社区网格
same "the platform has it" "$(topic_of 社区网格)" 0
is "it is not offered" "$(g account topics wechat-main --json | jq -s .)" 'map(select(.name == "社区网格"))[0] | .offered == "no" and .followers == 0'
says 李 "订阅 停水通知" >/dev/null
ok "the platform is told" told $((tells + 1))
exits "nobody is asked in a script" 2 g account topics wechat-main remove 停水通知
g account topics wechat-main remove 停水通知 --yes 2>"$rig/warned"
has "that it is still offered is said" "$(cat "$rig/warned")" "accounts.yaml still offers it"
same "the platform has it no more" "$(topic_of 停水通知)" none
is "nor does he" "$(says 李 我的订阅)" '.saw | startswith("【平安示例】您还没有订阅主题")'
says 李 "订阅 停水通知" >/dev/null
ok "the platform is told" told $((tells + 2))
same "who chooses it next makes it anew" "$(topic_of 停水通知)" 1
exits "no such topic" 1 g account topics wechat-main remove 没有的 --yes
exits "nobody is put on one by hand" 2 g account topics wechat-main put 停水通知
same "no verb of the protocol does it" "$(grep -c 'topic\.add\|topic\.remove' "$source/src/daemon/verb_call.c")" 1 # the comment that says so

# ---- the token ----
token=$(g account token wechat-main)
same "a token, alone" "$(printf '%s' "$token" | wc -l)" 0
is "it works" "$(curl -sS "http://127.0.0.1:$port/cgi-bin/getcallbackip?access_token=$token")" '.ip_list'
is "and says until when" "$(g account token wechat-main --json)" '.token and (.token_expires_at | test("T"))'
same "who took it is written down" "$(sql "SELECT count(DISTINCT actor) || ' ' || max(actor) FROM event WHERE action = 'account.token'")" "1 李管理"
exits "a person's token is lent to nobody" 5 g account token weibo-main
has "saying why" "$(cat "$rig/out")" "handed to no other program"
same "it stands in no log" "$(grep -c -F "$token" "$rig/daemon.log")" 0

# ---- the menu ----
ok "there is no menu" sh -c 'test "$(gazette -s "$1" account menu show wechat-main)" = "menu: []"' sh "$rig/control"
cat >"$rig/menu.yaml" <<YAML
menu:
  - label: 办事
    buttons:
      - label: 网上大厅
        url: https://www.city.gov.example/hall
      - label: 订阅停水通知
        key: topic:停水通知
  - label: 预约
    miniprogram: wx0123456789abcdef
    page: pages/index
    url: https://www.city.gov.example/booking
YAML
ok "a dry run" sh -c 'gazette -s "$1" account menu push wechat-main "$2" -n | cmp - "$2"' sh "$rig/control" "$rig/menu.yaml"
exits "pushes nothing: they differ" 3 g account menu diff wechat-main "$rig/menu.yaml"
has "line by line" "$(cat "$rig/out")" "+  - label: 办事"
ok "push" g account menu push wechat-main "$rig/menu.yaml"
ok "what is shown is what was pushed" sh -c 'gazette -s "$1" account menu show wechat-main | cmp - "$2"' sh "$rig/control" "$rig/menu.yaml"
ok "they are the same" g account menu diff wechat-main "$rig/menu.yaml"
sed 's/预约/预约办理/' "$rig/menu.yaml" >"$rig/other.yaml"
exits "one label differs" 3 g account menu diff wechat-main - <"$rig/other.yaml"
same "and only it" "$(grep '^[-+] ' "$rig/out")" "$(printf -- '-  - label: 预约\n+  - label: 预约办理')"
sed 's/label: 预约/label: 预约预约预约/' "$rig/menu.yaml" >"$rig/wrong.yaml"
exits "a mistake is refused before anything is asked" 2 g account menu push wechat-main "$rig/wrong.yaml"
has "with its place" "$(cat "$rig/out")" "wrong.yaml:8:12: label: \"预约预约预约\" has 18 bytes, at most 16"
sed 's/topic:停水通知/topic:停电通知/' "$rig/menu.yaml" >"$rig/odd.yaml"
has "a button for a topic that is not offered is warned of" "$(g account menu push -n wechat-main "$rig/odd.yaml" 2>&1 >/dev/null)" \
	"odd.yaml: warning: topic:停电通知: accounts.yaml does not offer this topic"
ok "without a daemon a file is checked all the same" gazette -s "$rig/nothing" account menu push -n wechat-main "$rig/menu.yaml"
ok "it is still the old one" g account menu diff wechat-main "$rig/menu.yaml"
is "its button works" "$(clicks 周 topic:停水通知)" '.saw | startswith("【平安示例】已为您订阅")'
printf 'menu: []\n' >"$rig/none.yaml"
ok "an empty one takes it away" g account menu push wechat-main "$rig/none.yaml"
same "it is gone" "$(g account menu show wechat-main)" "menu: []"
exits "Weibo has no menu" 2 g account menu show weibo-main

# ---- QR codes ----
same "of a page" "$(g account qr weibo-main --json=url)" '{"url":"https://weibo.com/u/1900000002"}'
ok "as PNG" g account qr weibo-main -o "$rig/page.png"
ok "as SVG" g account qr weibo-main -o "$rig/page.svg"
same "a reader reads the PNG" "$(zbarimg -q --raw "$rig/page.png" 2>/dev/null)" "https://weibo.com/u/1900000002"
url=$(g account qr wechat-main --scene hall_03 --json -o "$rig/hall.png" | jq -r .url)
same "and that of a scene" "$(zbarimg -q --raw "$rig/hall.png" 2>/dev/null)" "$url"
is "for a time" "$(g account qr wechat-main --scene fair --temporary 2h --json)" '.expires_at and (.url | startswith("http://weixin.qq.com/q/"))'
is "without a scene it is one of its own" "$(g account qr wechat-main --json)" '.scene == "account" and .expires_at == null'
exits "too long" 2 g account qr wechat-main --scene fair --temporary 31d
exits "the account does not end" 2 g account qr wechat-main --temporary 3d
exits "an unknown kind of picture" 2 g account qr weibo-main -o "$rig/page.gif"

# screen TEXT: the modules that a terminal shows for what script(1) has caught, as a picture
screen() { # light: drawn is light
	python3 - "$1" "$rig/screen.pbm" "${2:-dark}" <<'PY'
import re, sys
rows = []
for line in open(sys.argv[1], encoding="utf-8"):
    line = re.sub(r"\x1b\[[0-9;]*m|\r|\n", "", line)
    if line and not set(line) - set(" ▄▀█"):
        rows.append([c in "▀█" for c in line])
        rows.append([c in "▄█" for c in line])
if sys.argv[3] == "light":
    rows = [[not on for on in row] for row in rows]
quiet, scale = 2, 6
width = len(rows[0]) + 2 * quiet
rows = [[False] * width] * quiet + [[False] * quiet + r + [False] * quiet for r in rows] + [[False] * width] * quiet
with open(sys.argv[2], "w") as f:
    f.write("P1\n%d %d\n" % (width * scale, len(rows) * scale))
    for r in rows:
        line = " ".join("1" if on else "0" for on in r for _ in range(scale))
        f.write((line + "\n") * scale)
PY
	zbarimg -q --raw "$rig/screen.pbm" 2>/dev/null
}
typed() { # typed COMMAND: on a terminal of 80 columns
	TERM=xterm-256color GAZETTE_PAGER=cat script -qec "stty cols 80 rows 24; gazette -s $rig/control $1" "$rig/typed" >/dev/null </dev/null
}
typed "account qr weibo-main"
same "on the terminal" "$(screen "$rig/typed")" "https://weibo.com/u/1900000002"
typed "account qr wechat-main --scene hall_03"
same "a scene's too" "$(screen "$rig/typed" | cut -c 1-23)" "http://weixin.qq.com/q/"
same "with its caption on 24 lines" "$([ "$(grep -c . "$rig/typed")" -le 24 ] && echo yes)" yes

NO_COLOR=1 typed "account qr weibo-main --light"
same "without colours on a light terminal" "$(screen "$rig/typed")" "https://weibo.com/u/1900000002"
NO_COLOR=1 typed "account qr weibo-main"
same "and on a dark one, where what is drawn is light" "$(screen "$rig/typed" light)" "https://weibo.com/u/1900000002"

TERM=xterm-256color script -qec "stty cols 30 rows 24; gazette -s $rig/control account qr weibo-main" "$rig/typed" >/dev/null </dev/null
has "a screen that is too narrow is told" "$(cat "$rig/typed")" "columns wide, the screen 30"

# ---- a broadcast to a topic ----
says 周 "订阅 交通管制" >/dev/null
ok "the platform is told" told $((tells + 4))
printf -- '---\naccounts: [wechat-main]\nat: now\nform: text\nmode: broadcast\ntopic: 交通管制\n---\n今晚东环路封闭，请绕行。\n' >"$rig/road.md"
id=$(g post new -q "$rig/road.md")
ok "is sent" g post wait "$id"
seen() { sim POST /sim/citizen "{\"account\":\"wechat-main\",\"kind\":\"look\",\"as\":\"$1\"}" | grep -c 东环路封闭; }
same "to who chose it, and to nobody else" "$(seen 周) $(seen 李) $(seen 赵)" "1 0 0"

# ---- forgetting ----
says 郑 "我的身份证丢了" >/dev/null
openid=$(sql "SELECT author_id FROM message WHERE text = '我的身份证丢了'")
ok "it is found" sh -c 'timeout 60 sh -c "until gazette -s $1 search 身份证 --json | grep -q 身份证; do :; done"' sh "$rig/control"
exits "who still follows is kept" 3 g account purge wechat-main --follower "$openid" --yes
sim POST /sim/citizen '{"account":"wechat-main","kind":"unfollow","as":"郑","wait":true}' >/dev/null
exits "nobody is asked in a script" 2 g account purge wechat-main --follower "$openid"
exits "one of two is wanted" 2 g account purge wechat-main --yes
is "purge tells what it took" "$(g account purge wechat-main --follower "$openid" --yes --json)" \
	'.citizens == 1 and .messages == 1 and .tickets == 1'
same "the text is gone" "$(sql "SELECT count(*) FROM message WHERE text LIKE '%身份证%'")" 0
ok "and in no file of the store" timeout 60 sh -c 'while grep -aq "身份证" "$1/state/store.db" "$1/state/store.db-wal"; do :; done' sh "$rig"
ok "from the index as well" sh -c 'timeout 60 sh -c "while grep -q 身份 $1/state/search.db $1/state/search.db-wal 2>/dev/null; do :; done"' sh "$rig"
has "nothing is due yet" "$(g -v account purge wechat-main --expired --yes)" "there was nothing to forget"

# ---- how it stands ----
sim POST /sim/account '{"account":"wechat-main","verified":false}' >/dev/null
g account menu show wechat-main >/dev/null 2>&1
g account qr wechat-main --scene x >/dev/null 2>&1
page=$(g account show wechat-main)
for part in "Broadcasts   1 of 4 of this month promised or sent, reset in" "Pushes" "since the daemon started" "https://.../callback/wechat-main" "Topics" "停水通知 chosen by" \
	"Not allowed  qr (" "until the next reload): WeChat 48001"; do
	has "account show: $part" "$page" "$part"
done
exits "what was refused once is not asked for again" 5 g account qr wechat-main --scene x
has "until the next reload" "$(cat "$rig/out")" "qr is switched off until the next reload: WeChat 48001"
has "in Chinese" "$(LC_ALL=zh_CN.UTF-8 LANGUAGE=zh_CN GAZETTE_LOCALE_DIR=$build/src/cli/po g account show wechat-main)" "本月已排定或已发 1 / 4"

# ---- who may ----
roles="editor, duty"
rig_config
g reload >/dev/null
exits "an editor gets no token" 4 g account token wechat-main
exits "and pushes no menu" 4 g account menu push wechat-main "$rig/menu.yaml"
exits "nor makes a topic" 4 g account topics wechat-main add 别的
exits "nor forgets anybody" 4 g account purge wechat-main --expired --yes
ok "but sees how it stands" g account show wechat-main

# ---- pages ----
pages() { # the names on each page of one row
	python3 - "$rig/control" <<'PY'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile("rw")
def call(n, method, params):
    f.write(json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params}) + "\n")
    f.flush()
    return json.loads(f.readline())["result"]
call(1, "hello", {"version": 1, "client": "test"})
after = ""
for n in range(2, 9):
    page = call(n, "account.list", {"limit": 1, "after": after})
    print(*[row["name"] for row in page["rows"]])
    after = page["next"]
    if not after:
        break
PY
}
same "account.list comes in pages" "$(pages | tr '\n' '|')" "wechat-main|weibo-main|"
rig_stop
same "clean stop" "$daemon_status" 0

# ---- the power goes between the follower's answer and the platform ----
sim POST /sim/account '{"account":"wechat-main","verified":true}' >/dev/null
roles="leader, admin"
rig_config
rig_daemon GAZETTE_DIE_AT=before-topic-request || exit 1
wait_log push.listening
says 吴 "订阅 交通管制" >/dev/null # whether its answer still gets out is chance
wait "$daemon_pid" 2>/dev/null
daemon_pid=
rig_daemon || exit 1
ok "the next start tells the platform" told 1
same "he is on it, too" "$(topic_of 交通管制)" 2
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
