# Under zh_CN whatever the daemon says is read in Chinese: errors, findings, reasons, warnings. What programs read stays.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
rig_monitor
link='https://www.city.gov.example/n/1 '

# The language is set as on a machine where that locale was never generated.
zh() {
	LC_ALL=zh_CN.UTF-8 LANGUAGE='' GAZETTE_LOCALE_DIR=$build/src/cli/po g "$@"
}

# What is left when commands to type (gazette post show, `queue settle`), what the platform said (in brackets) and names
# are taken out must hold no two English words in a row.
english() {
	sed -e 's/^gazette: //' -e 's/^weibo-[a-z]*  weibo$//' -e 's/`[^`]*`//g' -e 's/gazette \([a-z][a-z]* \)*[a-z-]*//g' -e 's|https*:[^ ：；，（]*||g' -e 's/（[^）]*）//g' -e 's|/[^ ：；，（]*||g' |
		grep -E "[A-Za-z][a-z']+[,;:.]? +[a-z][a-z']+"
}

# reads TITLE EXIT PART COMMAND...: what people read has PART and is Chinese; under --json it is what it is in English.
reads() {
	title=$1
	want=$2
	part=$3
	shift 3
	exits "$title" "$want" zh "$@"
	cp "$rig/out" "$rig/chinese"
	has "$title: in Chinese" "$(cat "$rig/chinese")" "$part"
	same "$title: and nothing else" "$(english <"$rig/chinese")" ""
}

# same_json TITLE COMMAND...
same_json() {
	title=$1
	shift
	zh "$@" --json >"$rig/zh.json" 2>&1
	g "$@" --json >"$rig/en.json" 2>&1
	same "$title: the same for programs" "$(cat "$rig/zh.json")" "$(cat "$rig/en.json")"
	ok "$title: which is English" grep -qE '"(error|message|reason)":"[^"]*[a-z]+ [a-z]+' "$rig/zh.json"
}

# ---- what is not there, and what is not meant ----

reads "a post that is not there" 3 "没有编号为 4711 的稿件" post show 4711
same_json "a post that is not there" post show 4711
reads "a ticket that is not there" 3 "没有编号为 4711 的工单" ticket show 4711
reads "an account that is not there" 3 "没有“weibo-mian”这个账号；是不是想写“weibo-main”？" account show weibo-mian
same_json "an account that is not there" account show weibo-mian
reads "nothing to retry" 3 "没有编号为 4711 的稿件" queue retry 4711

# ---- what a post may not be ----

reads "a text without its link" 6 "正文须含有以 https://www.city.gov.example 开头的链接" post check -m "停水通知" --to weibo-main
same_json "a text without its link" post check -m "停水通知" --to weibo-main
long=$(printf '停水通知%.0s' $(seq 600))
reads "a text that is too long" 6 "字" post check -m "$long $link" --to weibo-main
reads "a number that is nobody's business" 0 "疑似手机号码" post check -m "联系人 13800138000 $link" --to weibo-main
reads "a time that is over" 2 "时间已过" post new -m "早 $link" --to weibo-main --at "2020-01-01 08:00"
same_json "a time that is over" post new -m "早 $link" --to weibo-main --at "2020-01-01 08:00"
reads "an unknown account" 3 "没有“weibo-nord”这个账号或分组" post new -m "早 $link" --to weibo-nord --at now
g post new -m "一 $link" --to weibo-main --key k1 -q >/dev/null
reads "a key that is taken" 5 "键“k1”已用于内容不同的稿件" post new -m "二 $link" --to weibo-main --key k1
printf -- '---\naccounts: [weibo-main\nat: now\n---\nx\n' >"$rig/bad.md"
reads "front matter that is no YAML" 2 "缺少应有的逗号或 ]" post new "$rig/bad.md"
printf 'accounts,at,text\nweibo-nord,now,早\nweibo-main,now,没有链接\n' >"$rig/bad.csv"
reads "a batch with mistakes" 8 "没有“weibo-nord”这个账号或分组" post import --partial "$rig/bad.csv"

cp "$rig/accounts.yaml" "$rig/weibo.yaml"
sed -e "s|^groups:|  wechat-main:\n$(wechat_main | sed 's/$/\\n/' | tr -d '\n')    kind: subscription\n    callback_mode: plain\ngroups:|" \
	-e "s|^accounts:|  wechat:\n    base_url: http://127.0.0.1:$port\naccounts:|" "$rig/weibo.yaml" >"$rig/accounts.yaml"
ok "with an account in WeChat" g reload
printf -- '---\ntitle: 停水\naccounts: [wechat-main]\nat: now\ncover: 没有.jpg\n---\n正文 <b>粗</b> ![图](https://example.org/1.jpg)\n' >"$rig/article.md"
reads "an article without its pictures" 2 "没有.jpg" post check "$rig/article.md"
printf -- '---\ntitle: %s\naccounts: [wechat-main]\nat: now\n---\n正文 ![图](https://example.org/1.jpg)\n' "$(printf '停水%.0s' $(seq 40))" >"$rig/article.md"
reads "an article that is too much" 6 "微信不显示站外图片" post check "$rig/article.md"
same_json "an article that is too much" post check "$rig/article.md"

# ---- what the platform refuses ----

refuse() { # refuse CODE
	sim DELETE /sim/fault >/dev/null
	sim POST /sim/fault "{\"method\":\"POST\",\"path\":\"/2/statuses/share.json\",\"nth\":1,\"count\":1,\"effect\":\"error\",\"error_code\":$1}" >/dev/null
}
refuse 20021
id=$(g post new -m "被拒 $link" --to weibo-main --at now -q)
reads "a refusal, waited for" 1 "微博 20021：内容不被允许" post wait "$id"
reads "a refusal, on the post's page" 0 "微博 20021：内容不被允许" post show "$id"
same_json "a refusal" queue list --state failed
reads "too late to hold" 5 "处于“失败”状态：不能变为“暂留”" post hold "$id/weibo-main"
same_json "too late to hold" post hold "$id/weibo-main"
ok "the monitor has it" wait_event send.failed
# On a terminal it is for people, in a pipe for programs.
same "the monitor's past in a pipe" "$(zh monitor --since 1h)" "$(g monitor --since 1h)"
chinese="env LC_ALL=zh_CN.UTF-8 LANGUAGE= GAZETTE_LOCALE_DIR=$build/src/cli/po GAZETTE_PAGER=cat gazette -s $rig/control"
screen=$(SHELL=/bin/sh script -qec "stty cols 200; $chinese monitor --since 1h; $chinese queue list" /dev/null)
has "on a terminal" "$screen" "失败 微博 20021：内容不被允许"
same "on a terminal nothing else" "$(printf '%s' "$screen" | english)" ""

ok "pause" g account pause weibo-main
reads "for a paused account" 0 "账号已暂停：稿件暂留，账号恢复后发送" post new -m "等 $link" --to weibo-main --at now
ok "resume" g account resume weibo-main

# ---- tickets ----

sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"小林","text":"我不想活了，已经站在桥上"}' >/dev/null
wait_event ticket.alarm
ticket=$(g inbox -q | head -n 1)
reads "an answer without a claim" 5 "无人签收" reply "$ticket" -m "您好"
reads "a claim given back that nobody has" 5 "无人签收" ticket release "$ticket"
same_json "a claim given back that nobody has" ticket release "$ticket"

# ---- the configuration, the token, the network, the daemon ----

cp "$rig/accounts.yaml" "$rig/good.yaml"
sed 's/tier: share/teir: share/' "$rig/good.yaml" >"$rig/accounts.yaml"
reads "a key that is misspelt" 1 "是不是想写 tier？" reload
sed 's/rip: 203.0.113.7/rip: 10.0.0.1/' "$rig/good.yaml" >"$rig/accounts.yaml"
reads "a value that is wrong" 1 "应为公网 IPv4 地址" reload
cp "$rig/good.yaml" "$rig/accounts.yaml"

sim POST /sim/account '{"account":"weibo-east","kill_token":true}' >/dev/null
reads "a dead token" 4 "微博 21332：令牌无效" account check weibo-east
same "what is to be done: the same for programs" "$(zh status --json | jq -c .problems)" "$(g status --json | jq -c .problems)"
has "in English" "$(zh status --json | jq -c .problems)" "accounts parked"
reads "the account's page" 0 "微博 21332：令牌无效" account show weibo-east
reads "for an account that needs a person" 0 "账号需要人工处理" post new -m "等 $link" --to weibo-east --at now

kill "$sim_pid"
wait "$sim_pid" 2>/dev/null
sim_pid=
reads "a platform that is away" 75 "无法连接" account check weibo-main

rig_stop
same "clean stop" "$daemon_status" 0
reads "no daemon" 7 "处没有守护进程应答（没有这个文件或目录）：gazetted 在运行吗？" status
same_json "no daemon" status
same_json "an option that is none" post list --json --bogus
done_testing
