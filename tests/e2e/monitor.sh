# A monitor that stands open: it sees everything once, also what happened while the daemon was away, and rings for alarms.
. "$(dirname "$0")/lib.sh"
rig_new
rig_daemon || exit 1
rig_monitor
link='https://www.city.gov.example/n/1 '

id=$(g post new -q -m "断线之前 $link" --to weibo-main --at now)
ok "a post is seen leaving" wait_event '"action":"send.sent"'

rig_kill
ok "the monitor says that the daemon is gone" follow "$rig/monitor.log" "$monitor_pid" 'the daemon is gone'
rig_daemon || exit 1
later=$(g post new -q -m "断线之后 $link" --to weibo-main --at now)
g post wait "$later" >/dev/null
ok "it is back, and what happened since is there" wait_event "\"delivery\":\"$later/weibo-main\",.*\"state_to\":\"sent\""
same "each event once" "$(jq -r .seq "$rig/events" | sort | uniq -d)" ""
same "and in order" "$(jq -r .seq "$rig/events")" "$(jq -r .seq "$rig/events" | sort -n)"

# the past
has "without -f it shows the last day and ends" "$(g monitor --json)" "\"delivery\":\"$id/weibo-main\""
same "from a time on" "$(g monitor --since 0s --json | wc -l)" 0
has "a time of day as everywhere" "$(g monitor --since '2020-01-01 08:00' --json | head -n 1)" '"seq":1,'
exits "what is no time is named" 2 g monitor --since yesterdy
has "with its option" "$(cat "$rig/out")" since

# alarms only
sim POST /sim/citizen '{"account":"weibo-main","kind":"comment","as":"小林","text":"我不想活了，已经站在桥上"}' >/dev/null
g account poll weibo-main >/dev/null
wait_event ticket.alarm
same "--alarms leaves the rest out" "$(g monitor --alarms --json | jq -r .action)" ticket.alarm

# a reader that has seen enough
ok "a closed pipe ends it" timeout 20 sh -c 'gazette -s "$1" monitor --since "2020-01-01 08:00" | head -n 1' sh "$rig/control"

rig_stop
same "clean stop" "$daemon_status" 0

# who may not see what happened in between still sees what came after it, however much that was
sql "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20100) INSERT INTO event (at, actor_uid, actor,
	action, object, object_id) SELECT unixepoch() * 1000, -1, 'gazetted', 'ticket.note', 'ticket', 1 FROM n"
RIG_EXTRA="operators:
  - {user: $(id -un), name: 编辑, roles: [editor]}"
rig_config
rig_daemon || exit 1
last=$(g post new -q -m "很久以后 $link" --to weibo-main --at now)
g post wait "$last" >/dev/null
has "a page with little in it is not the last" "$(g monitor --since '2020-01-01 08:00' --json)" "\"delivery\":\"$last/weibo-main\""
same "and nothing comes twice" "$(g monitor --since '2020-01-01 08:00' --json | jq -r .seq | sort | uniq -d)" ""
rig_stop
done_testing
