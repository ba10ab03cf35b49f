# A rig with many WeChat accounts, w1 to w$accounts, one for each round or cell of a matrix: a broadcast is scarce, and what
# went wrong in one must not help or hinder the next. Sourced after e2e/lib.sh by wechat.sh and wechat_drops.sh.
#
#   wechat_rig N              simulator and accounts.yaml; not the daemon
#   article ACCOUNT TEXT MODE KEY        hand in an article with a cover and a picture in its text; $post is its number
#   article_file ACCOUNT TEXT MODE KEY   only write it, to $rig/ACCOUNT.md
#   withdraw "DELIVERY..."    take them back
#   message ACCOUNT TEXT      a citizen writes to it; needs push_to_us before
#   comment ACCOUNT TEXT      a citizen comments its newest article, and the daemon fetches it
#   reply ACCOUNT TEXT        claim the account's ticket and answer it
#   sim_all                   lines "PATH JSON" on standard input: orders to the simulator
#   sql STATEMENT
#
# Waits are short, because the simulator hurries: jobs end at once, absence is believed after a fraction of a second.

wechat_accounts() {
	i=1
	while [ "$i" -le "$accounts" ]; do
		cat <<YAML
  w$i:
    platform: wechat
    kind: service
    appid: wx$(printf '%016x' "$i")
    app_secret: rehearsal-secret-$i
    original_id: gh_$(printf '%012x' "$i")
    callback_token: GovDeskToken2026
    callback_mode: plain
    poll_min: 1h
    find_after: ${RIG_FIND:-10ms}
    settle_lag: ${RIG_LAG:-100ms}
    job_max: ${RIG_JOB_MAX:-500ms}
    job_after: ${RIG_JOB:-50ms}
YAML
		i=$((i + 1))
	done
}

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: ${listen:-127.0.0.1:0}
platforms:
  wechat:
    base_url: http://127.0.0.1:$port
accounts:
$(wechat_accounts)
YAML
}

# Pictures that are no two alike, so that none is known from before: a PNG of one pixel and a comment.
picture() {
	printf 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' | base64 -d >"$1"
	printf '%s' "$1" >>"$1"
}

wechat_rig() {
	accounts=$1
	rig_new
	i=1
	while [ "$i" -le "$accounts" ]; do
		printf '/sim/account {"account":"w%s","publish_delay_ms":0,"mass_delay_ms":0,"publish_event":"lost","mass_event":"lost","push_on":false}\n' "$i"
		i=$((i + 1))
	done | sim_all
}

# Lines "PATH JSON": posted to the simulator by one curl.
sim_all() {
	sed 's/["\\]/\\&/g' | while read -r path json; do
		printf 'url = "http://127.0.0.1:%s%s"\ndata = "%s"\noutput = "%s"\nfail-with-body\nsilent\nshow-error\nnext\n' \
			"$port" "$path" "$json" "$rig/sim.answer"
	done | sed '$d' | curl -K - || { cat "$rig/sim.answer"; return 1; }
}

article_file() { # article_file ACCOUNT TEXT MODE KEY
	picture "$rig/$1-a.png"
	picture "$rig/$1-b.png"
	cat >"$rig/$1.md" <<MD
---
title: $2
accounts: [$1]
at: now
form: article
mode: $3
key: $4
cover: $1-a.png
media:
  - {file: $1-a.png, alt: 封面}
  - {file: $1-b.png, alt: 示意图}
---
正文：$2。

![示意图]($1-b.png)
MD
}

article() {
	article_file "$@" && post=$(g post new -q "$rig/$1.md")
}

withdraw() {
	# shellcheck disable=SC2086 # a list of words
	g post withdraw $1 --reason 演练 --yes >/dev/null
}

push_to_us() { # push_to_us ACCOUNT: what its citizens write comes to the daemon
	sim POST /sim/account "{\"account\":\"$1\",\"push_on\":true,\"callback_mode\":\"plain\",\"push_gap_ms\":200,\"push_deliveries\":10,\"callback_url\":\"$callback/$1\"}" >/dev/null
}

message() {
	sim POST /sim/citizen "{\"account\":\"$1\",\"kind\":\"message\",\"as\":\"市民\",\"text\":\"$2\",\"wait\":true}" >/dev/null
}

comment() {
	sim POST /sim/citizen "{\"account\":\"$1\",\"kind\":\"comment\",\"as\":\"市民\",\"text\":\"$2\"}" >/dev/null
	g account poll "$1" >/dev/null
}

ticket_of() {
	sql "SELECT max(ticket_id) FROM message WHERE from_us = 0 AND account_id = (SELECT id FROM account WHERE name = '$1')"
}

reply() {
	ticket=$(ticket_of "$1")
	g ticket claim "$ticket" >/dev/null && g ticket reply "$ticket" -m "$2" >/dev/null
}
