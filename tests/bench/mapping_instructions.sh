#!/usr/bin/env bash
# How many instructions each benchmark of mapping_bench takes for one document, counted by valgrind: a figure that does not
# depend on what else the machine does.
#
#   tests/bench/mapping_instructions.sh [BUILD] [DOCUMENT] [BENCHMARK...]      default: .build/bench, "30 kB compact", all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-.build/bench}
document=${2:-30 kB compact}
shift $(($# < 2 ? $# : 2))
benchmarks=("$@")
if [ ${#benchmarks[@]} = 0 ]; then
  benchmarks=(RapidJsonIntoNothing SimdjsonDom SimdjsonOnDemand JsonToWire JsonToWireAndTokens JsonToMessage WireToJson MessageToJson
    ProtobufJsonToMessage ProtobufMessageToJson)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strip --strip-debug -o "$work/mapping_bench" "$build/tests/bench/mapping_bench"  # valgrind 3.19 cannot read clang's

count() {
  MAPPING_BENCH_ITERATIONS=$2 valgrind --tool=callgrind --callgrind-out-file="$work/out" "$work/mapping_bench" \
    --benchmark_filter="^$document/$1/" >/dev/null 2>&1
  awk '/^(summary|totals):/ {print $2; exit}' "$work/out"
}

for benchmark in "${benchmarks[@]}"; do
  printf '%-22s %10d\n' "$benchmark" $((($(count "$benchmark" 70) - $(count "$benchmark" 20)) / 50))
done
