#!/usr/bin/env bash
# Starts bin/caddy with Caddyfile.example and says what to try. State and log
# stay in .cache/tour, apart from any other Caddy of yours.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/.cache/tour
log=$folder/caddy.log
mkdir -p "$folder"

XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder \
	bin/caddy run --config Caddyfile.example --adapter caddyfile >"$log" 2>&1 </dev/null &
caddy=$!
trap 'kill "$caddy" 2>/dev/null || true; wait "$caddy" 2>/dev/null || true' EXIT
trap 'exit 0' INT TERM

for _ in $(seq 150); do
	if ! kill -0 "$caddy" 2>/dev/null; then
		tail -n 5 "$log" >&2
		echo "the gateway did not start; its log is $log" >&2
		exit 1
	fi
	if (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; then
		break
	fi
	sleep 0.2
done

cat <<TXT
The gateway listens on http://localhost:8080, its metrics on http://localhost:9180/metrics, and its console on
http://localhost:8081: sign in as operator, demo (a programmer's admin), ref30 (a channel's) or reader, password tour.
Its log is $log; Ctrl-C ends it. Try, in another terminal, in $PWD:

TXT
scripts/tour.sh
wait "$caddy"
