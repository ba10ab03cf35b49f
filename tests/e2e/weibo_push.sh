# Private messages of the fan service are pushed to us: all of them are kept, also what looks like a question to the
# program, because here the program answers nobody.
. "$(dirname "$0")/lib.sh"
listen=127.0.0.1:0

rig_config() {
	cat >"$rig/accounts.yaml" <<YAML
$(rig_office)
callback_listen: $listen
platforms:
  weibo:
    base_url: http://127.0.0.1:$port
accounts:
  weibo-main:
$(weibo_account share 1900000001 main)
    messages: yes
YAML
}

# say TEXT [SECRET]: a citizen writes; prints status and answer
say() {
	at=$(date +%s)000
	signature=$(printf '%s\n' "${2:-rehearsal-secret-1}" "$at" 57155157 | LC_ALL=C sort | tr -d '\n' | sha1sum | cut -c 1-40)
	jq -nc --arg text "$1" '{type: "text", receiver_id: 1900000001, sender_id: 7912340001,
		created_at: "Mon Jan 05 16:00:01 +0800 2026", text: $text, data: {}}' >"$rig/body"
	curl -sS -w '%{http_code}' --data-binary "@$rig/body" \
		"$callback/weibo-main?signature=$signature&timestamp=$at&nonce=57155157"
}

rig_new
rig_daemon || exit 1
wechat_listens

same "a message is taken, and the answer is empty" "$(say 请问居住证怎么办理)" 200
same "the same again, too" "$(say 请问居住证怎么办理)" 200
same "and is one" "$(sql 'SELECT count(*) FROM message')" 1
same "who does not know the secret gets nothing in" "$(say 假的 another-secret)" 403
same "what looks like a question to the program is taken" "$(say '进度 1')" 200
same "and kept for a person, who can answer it" "$(sql "SELECT count(*) FROM message WHERE text = '进度 1' AND ticket_id = 1")" 1

rig_stop
same "clean stop" "$daemon_status" 0
done_testing
