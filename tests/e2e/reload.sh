# Configuration: checked before it counts, applied as a whole or not at all, also while the daemon runs.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1

ok "--check likes a good file" gazetted --check -c "$rig/accounts.yaml"
cp "$rig/accounts.yaml" "$rig/good.yaml"
sed 's/tier: advanced/teir: advanced/' "$rig/good.yaml" >"$rig/accounts.yaml"
exits "--check refuses a misspelt key" 1 gazetted --check -c "$rig/accounts.yaml"
has "naming line and the nearest key" "$(cat "$rig/out")" tier
exits "reload refuses it as well" 1 g reload
has "with the same words" "$(cat "$rig/out")" tier
has "and the old configuration stays" "$(g account show weibo-east --json)" ready
kill -HUP "$daemon_pid"
wait_log config.kept
ok "SIGHUP with a bad file changes nothing" g account show weibo-east

# an account goes: its posts are held; it comes back: they go
id=$(g post new -q -m "东区的一条" --to weibo-east --at +1h)
sed '/^  weibo-east:/,/settle_lag/d; s/\[weibo-main, weibo-east\]/[weibo-main]/' "$rig/good.yaml" >"$rig/accounts.yaml"
ok "an account leaves the file" g reload
has "what that holds is told" "$(cat "$rig/out")" "weibo-east is not in accounts.yaml any more: 1 of its posts and replies are held"
exits "and is not well" 3 g status --ok
has "as the office's status says" "$(cat "$rig/out")" "their account is not in accounts.yaml"
has "its deliveries are held" "$(g post show "$id" --json)" removed
cp "$rig/good.yaml" "$rig/accounts.yaml"
kill -HUP "$daemon_pid"
wait_log config.reloaded
ok "it comes back" timeout 20 sh -c 'until gazette -s "$1" post show "$2" --json | grep -q "\"queued\""; do :; done' sh "$rig/control" "$id"

# a name stays with its platform
sed '/^  weibo-east:/,/settle_lag/d' "$rig/good.yaml" >"$rig/accounts.yaml"
sed -i "s#^platforms:#&\\n  wechat:\\n    base_url: http://127.0.0.1:$port#; s#^groups:#  weibo-east:\\n    platform: wechat\\n    appid: wx5a1b2c3d4e5f6071\\n    app_secret: s\\n    original_id: gh_1a2b3c4d5e6f\\n    callback_token: GovDeskToken2026\\n    kind: service\\n    callback_mode: plain\\n&#" "$rig/accounts.yaml"
exits "an account changes its platform under its name" 1 g reload
has "which is refused, with a way out" "$(cat "$rig/out")" "weibo-east has been an account of weibo: give the one of wechat another name"
cp "$rig/good.yaml" "$rig/accounts.yaml"

# while an account is being checked: the questions that follow belong to the new configuration
until_hit() { timeout 20 sh -c 'until [ "$(curl -sS "http://127.0.0.1:$1/sim/fault" | jq "[.faults[] | select(.path == \"$2\").hits] | add")" = 1 ]; do :; done' sh "$port" "$1"; }
sim POST /sim/fault '{"path":"/oauth2/get_token_info","count":1,"effect":"delay","delay_ms":500}' >/dev/null
sim POST /sim/fault '{"path":"/2/account/rate_limit_status.json","count":1,"effect":"delay","delay_ms":500}' >/dev/null
g account check weibo-main >"$rig/check" 2>&1 &
check=$!
ok "an account is checked" until_hit /oauth2/get_token_info
ok "and reloaded" g reload
ok "it is asked for its limits" until_hit /2/account/rate_limit_status.json
ok "and reloaded again" g reload
ok "the check ends well" wait "$check"

# who is no operator any more watches no longer
rig_monitor
g post new -q -m "给看的人" --to weibo-east --at +1h >/dev/null
ok "somebody watches" wait_event '"object":"post"'
sed 's/^accounts:/operators:\n  - {user: nobody, name: 别人, roles: [admin]}\n&/' "$rig/good.yaml" >"$rig/accounts.yaml"
ok "who takes his own role away is told that it is done" g reload
ok "who is no operator any more is sent away" timeout 20 sh -c 'until grep -q "daemon is gone" "$1"; do :; done' sh "$rig/monitor.log"
cp "$rig/good.yaml" "$rig/accounts.yaml"
kill -HUP "$daemon_pid"
ok "when he is one again" timeout 20 sh -c 'until gazette -s "$1" post new -q -m "给看的人二" --to weibo-east --at +1h; do :; done' sh "$rig/control"
ok "he sees what happens" timeout 20 sh -c 'until [ "$(grep -c post.created "$1")" = 2 ]; do :; done' sh "$rig/events"

# again and again while polls are due: nothing points into what was replaced
sed -i 's/poll_min: .*/poll_min: 100ms/' "$rig/accounts.yaml"
round=0
while [ "$round" -lt 15 ]; do
	round=$((round + 1))
	ok "reload $round" g reload
done
ok "and it still answers" g status

rig_stop
same "clean stop" "$daemon_status" 0

# the last day of a rule is the office's, not the machine's: these two are 26 hours apart
yesterday=$(TZ=Pacific/Kiritimati date -d yesterday +%F)
printf -- '- id: old\n  level: warn\n  any: [旧词]\n  reason: 旧\n  expires: %s\n' "$yesterday" >"$rig/wording.yaml"
sed "s#zone: .*#zone: Pacific/Kiritimati#; s#^wording: .*#wording: $rig/wording.yaml#" "$rig/good.yaml" >"$rig/accounts.yaml"
rig_daemon TZ=Etc/GMT+12 || exit 1
same "a rule ends with its day in the office's zone" "$(g post check -m 旧词 --to weibo-east 2>&1 | grep -c wording)" 0
rig_stop
done_testing
