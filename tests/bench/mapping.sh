#!/usr/bin/env bash
# How fast the mappings are beside parsers that make nothing of a document, and beside protobuf's own JSON. All in one run,
# in random order, so that ratios count: of each measurement the fastest third of the rounds, since what disturbs only slows.
# Writes the plot that gateway/docs/mapping-speed.md shows.
#
#   tests/bench/mapping.sh [BUILD] [ROUNDS]      default: .build/bench, 15 rounds
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-.build/bench}
rounds=${2:-15}
result=$(mktemp)
trap 'rm -f "$result"' EXIT
"$build/tests/bench/mapping_bench" --benchmark_filter=/ --benchmark_min_time=0.03 --benchmark_repetitions="$rounds" \
  --benchmark_enable_random_interleaving=true --benchmark_format=json >"$result" 2>/dev/null
python3 tests/bench/mapping_report.py "$result" gateway/docs/mapping-speed.svg
