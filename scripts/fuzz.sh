#!/usr/bin/env bash
# Finds every fuzz target of the module and runs each for FUZZ_SECONDS, or only
# those whose folder and name match FUZZ. What makes a target fail is written
# beside it, under testdata/fuzz, to be kept. What merely leads somewhere new is
# kept in .cache/fuzz. In CI nothing is: it is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-10}
if [ "$seconds" = 0 ]; then
	exit 0
fi

# grep fails when there is nothing to find; that is no failure of ours.
targets=$({ grep -rEoH --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' caddymodule internal plugins tests || true; } |
	sed -E 's|^(.*)/[^/]*:func (Fuzz.*)$|\1 \2|' | { grep -E "${FUZZ:-.}" || true; } | sort)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grown=$PWD/.cache/fuzz
if [ -n "${CI:-}" ]; then
	grown=$scratch/grown
fi

# new lists what failing targets have left since they began.
new() { find caddymodule internal plugins tests -path '*/testdata/fuzz/*' -type f -newer "$scratch/begun"; }

# run fuzzes one target, with two workers on every machine.
run() {
	# Minimising by count: by time it can take a minute for each find.
	go test -run '^$' -fuzz "^$2\$" -fuzztime "${seconds}s" -fuzzminimizetime 10x -parallel 2 "./$1" \
		-args -test.fuzzcachedir="$grown/$1" </dev/null 2>&1 | tee "$scratch/log"
}

status=0
while read -r folder name; do
	[ -n "$folder" ] || continue
	touch "$scratch/begun"
	sleep 0.01 # until a file can be newer
	run "$folder" "$name" && continue
	# A worker that is in the middle of something when the time is up can make
	# the run fail with nothing found (https://go.dev/issue/75804).
	if [ -z "$(new)" ] && grep -q 'context deadline exceeded' "$scratch/log"; then
		continue
	fi
	status=1
	if [ -n "${CI:-}" ]; then
		new | while read -r file; do
			echo "--- $file"
			cat "$file"
			rm "$file"
		done
	fi
done <<<"$targets"
exit "$status"
