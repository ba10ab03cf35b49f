# Whatever people and files hand in: an error that names what, where and what to do, and nothing lost or half done.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
link='https://www.city.gov.example/n/1 '

# file TEXT EXIT PART TITLE
file() {
	printf '%b' "$1" >"$rig/bad.md"
	exits "$4" "$2" g post new "$rig/bad.md"
	has "$4: says where" "$(cat "$rig/out")" "$3"
}
file '---\naccounts: [weibo-main\nat: now\n---\nx\n' 2 'bad.md:' "front matter that is no YAML"
file '---\naccounts: [weibo-main]\nat: now\nx\n' 2 'bad.md:' "front matter without an end"
file '---\nacounts: [weibo-main]\nat: now\n---\nx\n' 2 'accounts' "a misspelt key"
file '---\naccounts: [weibo-main]\nat: 2026-02-30 08:00\n---\nx\n' 2 '2026-02-30' "a day that does not exist"
file '---\naccounts: [weibo-main]\nat: now\nclass: gossip\n---\nx\n' 2 'gossip' "a class that does not exist"
file '---\naccounts: [weibo-main]\nat: now\n---\n\n' 2 'empty' "an empty text"
file '---\naccounts: [weibo-main]\nat: now\n---\n没有链接\n' 6 'safe-domain' "a text without the link the platform asks for"
file '---\naccounts: [weibo-main]\nat: now\n---\n\0377\0376\0200 broken\n' 2 'UTF-8' "bytes that are no text"

for name in csv jsonl; do
	case $name in
	csv) printf 'accounts,at,text\nweibo-main,now,"open quote\n' >"$rig/bad.csv" ;;
	jsonl) printf '{"accounts":["weibo-main"],"at":"now","text":"ok %s"}\n{"accounts":[\n' "$link" >"$rig/bad.jsonl" ;;
	esac
	exits "malformed $name" 2 g post import "$rig/bad.$name"
	has "malformed $name: the line is named" "$(cat "$rig/out")" "bad.$name:2"
done
exits "a file that is not there" 1 g post import "$rig/nothing.csv"
exits "an unknown noun" 2 g psot list
has "with the nearest" "$(cat "$rig/out")" post
exits "a ticket that is not there" 3 g ticket show 4711
exits "a post that is not there" 3 g post show 4711
exits "a word where a number belongs" 2 g ticket show abc

# whatever the platform answers
for effect in truncated empty html-500 redirect; do
	sim POST /sim/fault "{\"method\":\"GET\",\"path\":\"/2/comments/timeline.json\",\"nth\":1,\"count\":1,\"effect\":\"$effect\"}" >/dev/null
	g account poll weibo-main >/dev/null 2>&1
	ok "a poll that is answered with $effect does no harm" g status
done
same "nothing was accepted" "$(ledger length)" 0
same "nothing was stored" "$(g post list -q | wc -l)" 0
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
