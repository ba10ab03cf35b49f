# SIGTERM at any moment: what is out comes home or is recorded, the exit status is 0, and the next start finds everything.
RIG_POLL=100ms
export RIG_POLL
. "$(dirname "$0")/lib.sh"
rig_new
sim POST /sim/fault '{"method":"GET","path":"/2/comments/timeline.json","nth":1,"count":1000,"effect":"delay","delay_ms":30}' >/dev/null 2>&1
link='https://www.city.gov.example/n/1 '
round=0
while [ "$round" -lt 12 ]; do
	round=$((round + 1))
	rig_daemon || exit 1
	g post new -q -m "第 $round 号 $link" --to weibo-main --at now >/dev/null
	g account poll ALL >/dev/null 2>&1 &
	polls=$!
	g account check ALL >/dev/null 2>&1 &
	checks=$!
	rig_stop
	wait "$polls" "$checks"
	same "round $round: a clean stop" "$daemon_status" 0
done
rig_daemon || exit 1
for id in $(g post list -q); do
	ok "post $id went" g post wait "$id"
done
same "each once" "$(ledger '[.[] | select(.kind == "post")] | length')" 12
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
