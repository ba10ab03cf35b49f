# The fault campaign: days of an office against real programs, with everything going wrong, and a judge at the end.
#
#   sh tests/campaign/run.sh [--seed S] [--rounds N] [--posts N] [--messages N] [--faults LIST] [--keep]
#
#   --faults   some of kill, point, stop, net, limit, lag, clock, disk, busy, sim, token, reload; default all
#   --keep     leave the directory with everything in it, and say where
#
# GAZETTE_BUILD names the build directory, build by default. The long one, an hour or so:
#
#   sh tests/campaign/run.sh --seed 1 --rounds 400 --posts 10000 --messages 100000
set -u
here=$(cd "$(dirname "$0")" && pwd)
GAZETTE_SOURCE=${GAZETTE_SOURCE:-$(cd "$here/../.." && pwd)}
GAZETTE_BUILD=${GAZETTE_BUILD:-$GAZETTE_SOURCE/build}
PATH=$GAZETTE_BUILD/src/cli:$GAZETTE_BUILD/src/daemon:$GAZETTE_BUILD/src/sim:$PATH
CAMPAIGN_SHIM=$GAZETTE_BUILD/tests/campaign/shim.so
LC_ALL=C.UTF-8
TZ=Asia/Shanghai
export GAZETTE_SOURCE GAZETTE_BUILD PATH CAMPAIGN_SHIM LC_ALL TZ

keep=
for word; do
	shift
	if [ "$word" = --keep ]; then keep=yes; else set -- "$@" "$word"; fi
done
dir=$(mktemp -d)
trap '[ -n "$keep" ] || rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
began=$(date +%s)
"$GAZETTE_BUILD/tests/campaign/office" --dir "$dir" --collect "sh '$here/collect.sh' '$dir' \$WEIBO_PORT \$WECHAT_PORT" "$@" >"$dir/table"
rested=$?
sed 's/^/# /' "$dir/table"
if [ "$rested" -ne 0 ]; then
	tail -n 20 "$dir/daemon.log" | sed 's/^/# /'
fi
if [ "$rested" -eq 0 ]; then echo "ok 1 - everything came to rest"; else echo "not ok 1 - everything came to rest"; fi
"$GAZETTE_BUILD/tests/campaign/judge" "$dir" >"$dir/verdict"
judged=$?
sed 's/^/# /' "$dir/verdict"
if [ "$judged" -eq 0 ]; then echo "ok 2 - nothing lost, doubled, early or late"; else echo "not ok 2 - nothing lost, doubled, early or late"; fi
echo "# $(($(date +%s) - began)) seconds${keep:+; everything is in $dir}"
echo "1..2"
[ "$rested" -eq 0 ] && [ "$judged" -eq 0 ]
