# The clock is set while nobody knows what became of a post: that a minute has passed says the clock, and it is not so.
RIG_FIND=100ms RIG_LAG=5s RIG_POLL=1h
. "$GAZETTE_SOURCE/tests/e2e/lib.sh"
rig_new
mkdir -p "$rig/state"
clock=$build/tests/campaign/clock
"$clock" "$rig/page" 0
link='https://www.city.gov.example/n/1 '
rig_daemon "LD_PRELOAD=$build/tests/campaign/shim.so" "CAMPAIGN_PAGE=$rig/page" "CAMPAIGN_STATE=$rig/state" || exit 1

# The platform shows what is new after three seconds, and has nothing against the same text twice.
sim POST /sim/account '{"account":"weibo-main","lag_seconds":3,"duplicate_minutes":0}' >/dev/null

stepped() { # stepped TEXT MS: the answer is lost, the clock is set by so much, and it comes to rest
	sim POST /sim/fault '{"path":"/2/statuses/share.json","effect":"reset-after"}' >/dev/null
	id=$(g post new -q -m "$1 $link" --to weibo-main --at now)
	wait_log "look.again send=$id "
	"$clock" "$rig/page" "$2"
	wait_log clock.step
	ok "$1: it comes to rest" g post wait --timeout 60s "$id"
	has "$1: it is known to be there" "$(g post show "$id" --json)" '"state":"sent"'
	same "$1: once" "$(ledger "[.[] | select(.text | startswith(\"$1\"))] | length")" 1
}

stepped 时钟拨快 300000
"$clock" "$rig/page" 0
stepped 时钟拨慢 -60000
rig_stop
same "clean stop" "$daemon_status" 0
done_testing
