#!/usr/bin/env bash
# Finds every fuzz target of the module and runs each for FUZZ_SECONDS. What a
# run finds is written beside the target, under testdata/fuzz, to be kept.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-10}
if [ "$seconds" = 0 ]; then
	exit 0
fi

# grep fails when there is nothing to find; that is no failure of ours.
targets=$({ grep -rEoH --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' caddymodule internal plugins tests || true; } |
	sed -E 's|^(.*)/[^/]*:func (Fuzz.*)$|\1 \2|' | sort)

status=0
while read -r folder name; do
	[ -n "$folder" ] || continue
	# Minimising by count: by time it can take a minute for each find.
	go test -run '^$' -fuzz "^${name}\$" -fuzztime "${seconds}s" -fuzzminimizetime 10x "./$folder" </dev/null || status=1
done <<<"$targets"
exit "$status"
