#!/usr/bin/env bash
# Makes sure that the programs named as arguments are there: installs the
# Debian or Ubuntu package of what is missing where it may, else says exactly
# what to install, and fails. Tests never skip for want of a program.
set -euo pipefail

package_of() {
	case "$1" in
	gcc) echo "gcc libc6-dev" ;; # the race detector needs a C compiler
	ps) echo procps ;;
	chromium) echo "chromium fonts-inter" ;; # in which pictures are taken
	promtool) echo prometheus ;; # which brings both
	*) echo "$1" ;;
	esac
}

# there says whether a program is to be had, by whichever of its names.
there() {
	local names=("$1") name
	case "$1" in
	# Ubuntu has none as a package of its own: any that the tests find will do.
	chromium)
		names+=(chromium-browser headless-shell google-chrome google-chrome-stable /snap/bin/chromium
			"/Applications/Chromium.app/Contents/MacOS/Chromium" "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
		;;
	esac
	for name in "${names[@]}"; do
		! command -v "$name" >/dev/null 2>&1 || return 0
	done
	return 1
}

missing=()
packages=()
for program in "$@"; do
	if ! there "$program"; then
		missing+=("$program")
		read -r -a names <<<"$(package_of "$program")"
		packages+=("${names[@]}")
	fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	as_root=(sudo -n)
fi
export DEBIAN_FRONTEND=noninteractive
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
	echo "installing ${packages[*]}" >&2
	# The tests need programs, not the services that packages of Debian start.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap '"${as_root[@]}" rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
	fi
	"${as_root[@]}" apt-get update -qq </dev/null >&2 &&
		"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >&2 || true
fi

for program in "${missing[@]}"; do
	if ! there "$program"; then
		echo "the tests need ${missing[*]}, which could not be installed from here." >&2
		echo "on Debian or Ubuntu: sudo apt-get install ${packages[*]}" >&2
		echo "elsewhere: install a Redis server 7 or newer, Prometheus 2.40 or newer with promtool, Chromium or Chrome, a C compiler, curl, ps and openssl 3, and put them on PATH" >&2
		exit 1
	fi
done
