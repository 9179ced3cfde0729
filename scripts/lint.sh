#!/usr/bin/env bash
# Checks what a reviewer should not have to: vet, format, linters, shell syntax.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0

unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 -r gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'gofmt disagrees with:\n%s\n' "$unformatted" >&2
	status=1
fi

for script in .ci/run scripts/*.sh; do
	bash -n "$script" || status=1
	if [ ! -x "$script" ]; then
		echo "$script is not executable" >&2
		status=1
	fi
done

go vet ./... || status=1
"${GOLANGCI:?path of golangci-lint}" run ./... || status=1
exit "$status"
