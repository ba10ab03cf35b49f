# Can the judge fail? A small office in which all is well, and then one thing after another that is not.
set -u
judge=$GAZETTE_BUILD/tests/campaign/judge
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tap=0
bad=0

# An office: p1 sent on both platforms, p2 cancelled, p3 held, p4 due later and sent, p5 unsure with a question,
# p6 never acknowledged and not taken; two comments, a message, an answer. Times begin at 1000000 s.
well() {
	cat >"$dir/intents" <<'JSON'
{"what":"clock","at":999999000,"wrong_ms":0}
{"what":"post","key":"p1","accounts":["weibo-1","wechat-1"],"due_at":0,"late_ms":30000,"asked_at":1000000000,"answer":"yes","post":1,"at":1000000010}
{"what":"post","key":"p2","accounts":["weibo-1"],"due_at":1000060000,"late_ms":30000,"asked_at":1000000100,"answer":"yes","post":2,"at":1000000110}
{"what":"post","key":"p3","accounts":["weibo-1"],"due_at":1000060000,"late_ms":30000,"asked_at":1000000200,"answer":"yes","post":3,"at":1000000210}
{"what":"post","key":"p4","accounts":["weibo-2"],"due_at":1000060000,"late_ms":30000,"asked_at":1000000300,"answer":"yes","post":4,"at":1000000310}
{"what":"post","key":"p5","accounts":["weibo-2"],"due_at":0,"late_ms":30000,"asked_at":1000000400,"answer":"yes","post":5,"at":1000000410}
{"what":"post","key":"p6","accounts":["weibo-2"],"due_at":0,"late_ms":30000,"asked_at":1000000500,"answer":"unknown","at":1000000510}
{"what":"steer","op":"cancel","delivery":"2/weibo-1","asked_at":1000001000,"answer":"yes","at":1000001010}
{"what":"steer","op":"hold","delivery":"3/weibo-1","asked_at":1000001000,"answer":"yes","at":1000001010}
{"what":"comments","burst":0,"account":"weibo-1","n":2,"answer":"yes","at":1000002000}
{"what":"message","text":"[w1.0]","account":"wechat-1","outcome":"reply","at":1000002000}
{"what":"reply","reply":1,"ticket":1,"account":"weibo-1","asked_at":1000003000,"answer":"yes","at":1000003010}
JSON
	cat >"$dir/ledger-weibo.json" <<'JSON'
{"entries":[{"kind":"post","account":"weibo-1","text":"a [p1] b","at_ms":1000000020},
{"kind":"post","account":"weibo-2","text":"a [p4] b","at_ms":1000060005},
{"kind":"reply","account":"weibo-1","text":"a [r1]","at_ms":1000003020}]}
JSON
	cat >"$dir/ledger-wechat.json" <<'JSON'
{"entries":[{"kind":"article","account":"wechat-1","title":"a [p1]","text":"b","at_ms":1000000030},
{"kind":"auto-reply","account":"wechat-1","text":"a [w1.0]","at_ms":1000002000}]}
JSON
	cat >"$dir/posts.jsonl" <<'JSON'
{"id":1,"key":"p1","deliveries":[{"delivery":"1/weibo-1","account":"weibo-1","state":"sent"},{"delivery":"1/wechat-1","account":"wechat-1","state":"sent"}],"history":[{"at":"2026-01-05T09:00:00+08:00","delivery":"1/weibo-1","state_from":"queued","state_to":"sending"},{"at":"2026-01-05T09:00:01+08:00","delivery":"1/weibo-1","state_from":"sending","state_to":"sent"}]}
{"id":2,"key":"p2","deliveries":[{"delivery":"2/weibo-1","account":"weibo-1","state":"cancelled"}],"history":[]}
{"id":3,"key":"p3","deliveries":[{"delivery":"3/weibo-1","account":"weibo-1","state":"held"}],"history":[]}
{"id":4,"key":"p4","deliveries":[{"delivery":"4/weibo-2","account":"weibo-2","state":"sent"}],"history":[]}
{"id":5,"key":"p5","deliveries":[{"delivery":"5/weibo-2","account":"weibo-2","state":"unsure"}],"history":[]}
JSON
	cat >"$dir/tickets.jsonl" <<'JSON'
{"id":1,"thread":[{"kind":"comment","from_us":false,"text":"a [c0.1]"},{"kind":"reply","from_us":true,"text":"a [r1]","send_state":"sent"}]}
{"id":2,"thread":[{"kind":"comment","from_us":false,"text":"a [c0.2]"}]}
{"id":3,"thread":[{"kind":"direct","from_us":false,"text":"a [w1.0]"}]}
JSON
}

verdict() { # verdict TITLE EXIT PATTERN
	tap=$((tap + 1))
	"$judge" "$dir" >"$dir/out" 2>&1
	got=$?
	if [ "$got" -eq "$2" ] && grep -q "$3" "$dir/out"; then
		echo "ok $tap - $1"
	else
		echo "not ok $tap - $1"
		echo "# exit $got, want $2 and a line like: $3"
		sed 's/^/# /' "$dir/out" | head -n 20
		bad=$((bad + 1))
	fi
}

wrong() { # wrong RULE TITLE FILE SED-EXPRESSION
	well
	cp "$dir/$3" "$dir/before"
	sed -i "$4" "$dir/$3"
	if cmp -s "$dir/before" "$dir/$3"; then
		echo "Bail out! '$4' changes nothing"
		exit 1
	fi
	verdict "$2" 1 "^$1 [prcw]"
}

page() { # page KIND ACCOUNT TEXT AT: one more entry on Weibo's ledger, as a sed expression
	printf 's|^{"entries":\\[|&{"kind":"%s","account":"%s","text":"%s","at_ms":%s},|' "$@"
}

well
verdict "an office in which all is well" 0 'sent  *3$'
wrong doubled "a post twice on the page" ledger-weibo.json "$(page post weibo-1 'a [p1] b' 1000000090)"
wrong doubled "an article twice" ledger-wechat.json "$(page article wechat-1 'a [p1]' 1000000090)"
wrong doubled "a key that was accepted twice" posts.jsonl '1p'
wrong lost "called sent, and not there" ledger-weibo.json '/\[p1\]/s/p1/q1/'
wrong lost "acknowledged, and forgotten" posts.jsonl '/"p2"/d'
wrong early "published before its time" ledger-weibo.json 's/1000060005/1000059995/'
wrong late "published after its late rule" ledger-weibo.json 's/1000060005/1000101005/'
wrong late "by the daemon's own clock" intents '1s/"wrong_ms":0/"wrong_ms":60000/'
wrong after-cancel "published after it was cancelled" ledger-weibo.json "$(page post weibo-1 'a [p2] b' 1000060005)"
wrong after-cancel "published long after it was called off while it was on its way" intents '/"op":"cancel"/s|2/weibo-1\(.*\)}$|4/weibo-2\1,"wish":"cancel"}|'
wrong after-hold "published while it was held" ledger-weibo.json "$(page post weibo-1 'a [p3] b' 1000060005)"
wrong while-paused "published on a paused account" intents '$a{"what":"account","op":"pause","account":"weibo-2","asked_at":1000050000,"answer":"yes","at":1000050010}'
wrong unsettled "queued for ever" posts.jsonl 's/"state":"held"/"state":"queued"/'
wrong unsettled "in doubt, and nobody is asked" posts.jsonl 's/"state":"unsure"/&,"look_at":"2026-01-05T09:00:00+08:00"/'
wrong untrue "called failed, and there" posts.jsonl '/"p4"/s/"sent"/"failed"/'
wrong unasked "published, and asked for by nobody" ledger-weibo.json "$(page post weibo-1 'a [p9] b' 1000060005)"
wrong unasked "published, and unknown to the office" ledger-weibo.json "$(page post weibo-2 'a [p6] b' 1000060005)"
wrong message-lost "a comment in no ticket" tickets.jsonl '/c0.2/d'
wrong message-lost "a message taken over, and lost" tickets.jsonl '/w1.0/d'
wrong message-doubled "a comment in two tickets" tickets.jsonl '2p'
wrong reply-lost "an answer that is called sent" ledger-weibo.json '/\[r1\]/s/r1/q1/'
wrong reply-lost "an answer acknowledged, and forgotten" tickets.jsonl 's/\[r1\]/[q1]/'
wrong reply-doubled "an answer twice on the page" ledger-weibo.json "$(page reply weibo-1 'a [r1]' 1000003090)"
wrong history "a history with a gap" posts.jsonl 's/"state_from":"sending"/"state_from":"unsure"/'
wrong history "a history that ends elsewhere" posts.jsonl 's/"state_to":"sent"/"state_to":"held"/'
wrong overdue "in doubt for an hour, and nobody was asked" posts.jsonl 's|"state_to":"sent"}|"state_to":"unsure"},{"at":"2026-01-05T10:00:01+08:00","delivery":"1/weibo-1","state_from":"unsure","state_to":"sent"}|'

# What may be: released in between, a doubt that ended well, a post that nobody acknowledged and that is there once.
well
sed -i '/"hold"/a{"what":"steer","op":"release","delivery":"3/weibo-1","asked_at":1000050000,"answer":"unknown","at":1000050010}' "$dir/intents"
sed -i "$(page post weibo-1 'a [p3] b' 1000060005)" "$dir/ledger-weibo.json"
sed -i '/"p3"/s/"held"/"sent"/' "$dir/posts.jsonl"
verdict "what was released may go" 0 'sent  *4$'
well
sed -i "$(page post weibo-2 'a [p5] b' 1000000420)" "$dir/ledger-weibo.json"
sed -i '/"op":"cancel"/s|2/weibo-1\(.*\)}$|5/weibo-2\1,"wish":"cancel"}|' "$dir/intents"
verdict "what is in doubt may be there, also when it was called off meanwhile" 0 'unsure  *1$'
well
sed -i "$(page post weibo-2 'a [p6] b' 1000000520)" "$dir/ledger-weibo.json"
echo '{"id":6,"key":"p6","deliveries":[{"delivery":"6/weibo-2","account":"weibo-2","state":"sent"}],"history":[]}' >>"$dir/posts.jsonl"
verdict "what was perhaps taken may be there" 0 'sent  *4$'
well
sed -i '$a{"what":"forward","at":1000010000,"ms":600000}' "$dir/intents"
sed -i '/\[p1\]/s/1000000030/1000620000/' "$dir/ledger-wechat.json"
verdict "a job that only the office's own haste made late is late without word of it" 1 '^late p1/wechat-1'
sed -i '1s|"history":\[|&{"at":"1970-01-12T21:46:40+08:00","delivery":"1/wechat-1","state_from":"sending","state_to":"pending"},{"at":"1970-01-12T21:58:20+08:00","delivery":"1/wechat-1","state_from":"pending","state_to":"sent"},|' "$dir/posts.jsonl"
verdict "and not late when it was under way" 0 'sent  *3$'
echo "1..$tap"
[ "$bad" -eq 0 ]
