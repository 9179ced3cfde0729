#!/usr/bin/env bash
# Prints the commands of the README's tour, so that there is one copy of them.
set -euo pipefail
cd "$(dirname "$0")/.."

awk '
	/^## / { inside = ($0 == "## The five-minute tour") }
	inside && /^```sh$/ { printing = 1; next }
	/^```$/ { if (printing) print ""; printing = 0 }
	printing
' README.md
