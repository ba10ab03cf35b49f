# What platforms and office say at the end, into files for the judge: collect.sh DIR PORT-OF-WEIBO PORT-OF-WECHAT
set -eu
dir=$1
curl -sS --noproxy '*' --fail "http://127.0.0.1:$2/sim/ledger" >"$dir/ledger-weibo.json"
curl -sS --noproxy '*' --fail "http://127.0.0.1:$3/sim/ledger" >"$dir/ledger-wechat.json"

# each LAST COMMAND...: COMMAND for the ids 1 to LAST, some thousand at a time
each() {
	last=$1
	shift
	from=1
	while [ "$from" -le "$last" ]; do
		to=$((from + 1999))
		[ "$to" -le "$last" ] || to=$last
		gazette -s "$dir/control" "$@" "$from-$to" --json
		from=$((to + 1))
	done
}

posts=$(gazette -s "$dir/control" post list -q --limit 1)
tickets=$(gazette -s "$dir/control" ticket list --state all -q | sort -n | tail -n 1)
each "${posts:-0}" post show >"$dir/posts.jsonl"
each "${tickets:-0}" ticket show >"$dir/tickets.jsonl"
