#!/usr/bin/env bash
# Runs every Go test. RACE=pure (the default) uses the race detector where it
# does not force a second compile of Caddy; RACE=all uses it everywhere, and
# for the gateway that the black-box tests start.
set -euo pipefail
cd "$(dirname "$0")/.."

# One line per package: its path, and "caddy" when its tests pull Caddy in.
list() {
	go list -test -f '{{.ImportPath}} {{join .Deps " "}}' ./... |
		awk '$1 ~ /\.test$/ {
			sub(/\.test$/, "", $1)
			print $1, (index($0, " github.com/caddyserver/caddy/v2 ") ? "caddy" : "pure")
		}'
}

listed=$(list)
mapfile -t pure < <(awk '$2 == "pure" {print $1}' <<<"$listed")
mapfile -t heavy < <(awk '$2 == "caddy" {print $1}' <<<"$listed")

# Packages without tests still have to compile.
go build ./...

race=()
case "${RACE:-pure}" in
pure) ;;
all)
	race=(-race)
	export DCR_TEST_RACE=1
	;;
*)
	echo "RACE: got ${RACE}, want pure or all" >&2
	exit 2
	;;
esac

status=0
[ "${#pure[@]}" -eq 0 ] || go test -race -timeout 15m "${pure[@]}" </dev/null || status=1
[ "${#heavy[@]}" -eq 0 ] || go test "${race[@]}" -timeout 15m "${heavy[@]}" </dev/null || status=1
exit "$status"
