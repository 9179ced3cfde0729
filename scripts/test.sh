#!/usr/bin/env bash
# Runs every Go test, with the race detector for all that runs in the test's own
# process. RACE=all uses it for the gateway that the black-box tests start as
# well, RACE=pure only where it does not force a second compile of Caddy.
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
mapfile -t pure < <(awk '$2 == "pure" && $1 !~ "/tests/" {print $1}' <<<"$listed")
mapfile -t heavy < <(awk '$2 == "caddy" {print $1}' <<<"$listed")
mapfile -t boxes < <(awk '$2 == "pure" && $1 ~ "/tests/" {print $1}' <<<"$listed")

# Packages without tests still have to compile.
go build ./...

inside=() outside=()
case "${RACE:-inside}" in
pure) ;;
inside) inside=(-race) ;;
all)
	inside=(-race) outside=(-race)
	export DCR_TEST_RACE=1
	;;
*)
	echo "RACE: got ${RACE}, want pure, inside or all" >&2
	exit 2
	;;
esac

status=0
[ "${#pure[@]}" -eq 0 ] || go test -race -timeout 15m "${pure[@]}" </dev/null || status=1
[ "${#heavy[@]}" -eq 0 ] || go test "${inside[@]}" -timeout 15m "${heavy[@]}" </dev/null || status=1
# Black boxes start servers and measure bounds: one package at a time.
[ "${#boxes[@]}" -eq 0 ] || go test "${outside[@]}" -p 1 -timeout 25m "${boxes[@]}" </dev/null || status=1
exit "$status"
