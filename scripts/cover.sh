#!/usr/bin/env bash
# Measures how much of the verifiers and parsers their own tests run, prints it
# by package and reader, and fails below COVER_LEAST percent. With PKG set, it
# measures and prints those packages, whatever comes of it.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p .cache
profile=.cache/cover.out

if [ -n "${PKG:-}" ]; then
	# shellcheck disable=SC2086 # it may be several
	go test -coverprofile="$profile" $PKG </dev/null
	go tool cover -func="$profile" | tail -1
	exit 0
fi

# Whole packages, and files of packages that do more than read.
whole=(jws strictjson statement token assertion bearer scope endpoint device identity)
readers=(oauth/request.go oauth/basic.go registration/request.go application/redirect.go state/codec.go)
least=${COVER_LEAST:-95}

packages=("${whole[@]/#/./internal/}")
for reader in "${readers[@]}"; do
	packages+=("./internal/${reader%/*}")
done
mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
go test -coverprofile="$profile" "${packages[@]}" </dev/null

awk -v least="$least" -v whole="${whole[*]}" -v readers="${readers[*]}" '
	NR > 1 {
		split($1, at, ":")
		file = at[1]
		sub(/^.*\/internal\//, "", file)
		room = file
		sub(/\/[^\/]*$/, "", room)
		count(file, $2, $3)
		count(room, $2, $3)
	}
	function count(name, statements, times) {
		all[name] += statements
		if (times > 0) run[name] += statements
	}
	END {
		print ""
		n = split(whole " " readers, names, " ")
		for (i = 1; i <= n; i++) {
			name = names[i]
			if (all[name] == 0) {
				printf "%-26s is not there\n", name
				bad = 1
				continue
			}
			percent = 100 * run[name] / all[name]
			printf "%-26s %5.1f %%%s\n", name, percent, percent < least ? "  wanted: " least " %" : ""
			if (percent < least) bad = 1
		}
		exit bad
	}' "$profile"
