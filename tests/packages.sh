# What building and testing needs on Debian 12, installed when it is missing. Sourced by run.sh and demo.sh.
#
#   need_packages build    to build and to run
#   need_packages test     also to test

build_packages="gcc libc6-dev meson ninja-build pkg-config gettext
	libev-dev libcurl4-openssl-dev libcjson-dev libyaml-dev libsqlite3-dev libmicrohttpd-dev libutf8proc-dev
	libcmark-dev libssl-dev libexpat1-dev libqrencode-dev libsystemd-dev curl jq ca-certificates"
test_packages="$build_packages clang clang-format libclang-rt-14-dev libcmocka-dev valgrind mandoc openssl sqlite3 locales strace zbar-tools"

need_packages() {
	case $1 in
	build) wanted=$build_packages ;;
	*) wanted=$test_packages ;;
	esac
	missing=
	for package in $wanted; do
		if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
			missing="$missing $package"
		fi
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing packages:$missing" >&2
		echo "install them as root: apt-get install$missing" >&2
		return 1
	fi
	echo "== installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of words
	if ! apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1; then
		apt-get update -qq >/dev/null
		apt-get install -y -qq --no-install-recommends $missing >/dev/null
	fi
}
