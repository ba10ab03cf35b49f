# The ledger counts what left and nothing else, and a limit stops what it is about and nothing else.
. "$(dirname "$0")/lib.sh"
RIG_POLL=500ms
link='https://www.city.gov.example/n/1 '
rig_new
fault() { # fault PATH COUNT JSON-MEMBERS
	sim POST /sim/fault "{\"path\":\"$1\",\"count\":$2,$3}" >/dev/null
}

# the comments are asked for too often: that is no reason not to publish
fault /2/comments/timeline.json 2 '"effect":"error","error_code":10024'
rig_daemon || exit 1
ok "a limit on reading comments" wait_log 'poll\.failed.*feed=comments'
for account in weibo-main weibo-east; do
	id=$(g post new -q -m "汛情预警 $link" --to $account --at now)
	ok "does not keep $account from publishing" g post wait --timeout 20s "$id"
done
same "is no limit of the account" "$(sql 'SELECT count(*) FROM quota WHERE blocked_until_at > 0')" 0

# nothing answers: what never left the house is not counted
RIG_POLL=24h
rig_config
ok "asked only when told to" g reload
kill "$sim_pid"
wait "$sim_pid" 2>/dev/null
sim_pid=
used() { g account show weibo-main --json | jq .calls_used; }
before=$(used)
exits "the platform cannot be reached" 75 g account poll weibo-main
id=$(g post new -q -m "断网 $link" --to weibo-main --at now)
ok "for a post neither" wait_log 'send\.defer'
ok "which goes on waiting" sh -c '[ "$(sqlite3 "$1/state/store.db" "SELECT state FROM send ORDER BY id DESC LIMIT 1")" = queued ]' sh "$rig"
same "and no call was spent" "$(used)" "$before"
rig_sim
ok "it goes when the platform is back" g post wait --timeout 60s "$id"
rig_stop

done_testing
