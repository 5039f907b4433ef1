#!/usr/bin/env bash
# Runs every command of README.md that is marked `sh`, with the program of this build. The blocks marked `console` are
# run by others: gateway/run by hand and by the demo test, tests/run is what runs this.
#
#   tests/unit/app/readme_test.sh FOLDER-OF-HANDOFF
set -euo pipefail
programs=$1
root=$(pwd)
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cp -r "$root/config" "$root/fhir-mappings" "$work/"
awk '/^```sh$/{on=1;next} /^```$/{on=0} on' README.md | grep -v '^export PATH=' >"$work/commands.sh"
lines=$(grep -c . "$work/commands.sh")
((lines >= 10)) || { echo "README.md has only $lines commands" >&2; exit 1; }
cd "$work"
PATH="$programs:$PATH" bash -eu -o pipefail commands.sh >out.txt 2>err.txt || {
  cat out.txt err.txt >&2
  exit 1
}
grep -q '"resourceType":"Encounter"' out.txt
grep -q 'routed .*lfm .*discharge' out.txt
grep -q 'ready, up ' out.txt
grep -q '^lfm  *pending  *3  oldest ' out.txt
grep -q '3 pending deliveries' out.txt
grep -q '^handoff_messages_total.*accepted' out.txt
grep -q '"messageHeader"' out.txt
echo "$lines lines of README.md ran"
