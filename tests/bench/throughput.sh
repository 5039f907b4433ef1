#!/usr/bin/env bash
# What the gateway reaches of what its HTTP server reaches alone, and of what that reaches when it also translates the body,
# keeps it, or keeps it compressed (http_sink.cc): TLS, 32 connections, 30 kB messages of 10 resources, the load generator on
# the same cores. All in one run, so that only ratios count. Of what is delivered while it is timed, the first second is not.
#
#   tests/bench/throughput.sh [SECONDS] [BUILD]      default: 8 seconds a measurement, .build/bench
set -euo pipefail
seconds=${1:-8}
build=${2:-.build/bench}
handoff=$build/gateway/app/handoff
work=$(mktemp -d)
trap 'exec 9>&- || true; kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
mkfifo "$work/hold"
"$build/tests/bench/http_sink" "$work/kept" "$work/cert.pem" "$work/key.pem" <"$work/hold" >"$work/sink" &
sink=$!
exec 9>"$work/hold"
while [[ ! -s $work/sink ]]; do sleep 0.1; done

# Both recipients pull, so that what is measured is the gateway and not a partner's server on the same cores.
cp -r config/demo/parties "$work/parties"
sed -i '/^endpoints:/,/^clients:/{/^clients:/!d}; s/^clients:/endpoints: {pull: {kind: stream}}\nclients:/' "$work/parties/lfm.yaml"
set -- --config config/demo/handoff.yaml --set tokens.signing_key_file="$work/signing.pem" --set rules.parties="$work/parties"
"$handoff" serve "$@" --set store.kind=rocksdb --set store.path="$work/store" --set log.level=warning \
  --set listen.fhir.tls.certificate_file="$work/cert.pem" --set listen.fhir.tls.key_file="$work/key.pem" \
  --set listen.grpc.tls.certificate_file="$work/cert.pem" --set listen.grpc.tls.key_file="$work/key.pem" \
  >"$work/serve" 2>"$work/log" 9>&- &
gateway=$!
until grep -qs '^ready' "$work/serve"; do
  kill -0 "$gateway" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
address() { awk -v s="$1" '$2 == s {print $3}' "$work/serve"; }
sender=$("$handoff" token "$@" --client mrmc-adt --lifetime 3600)
payer=$("$handoff" token "$@" --client nha-plan --lifetime 3600)
practice=$("$handoff" token "$@" --client lfm-ehr --lifetime 3600)

load() { "$handoff" load --ca "$work/cert.pem" --connections 32 --json "$@" 2>>"$work/progress"; }

for part in baseline translate store pack; do
  path=${part#baseline}
  load --baseline --url "https://localhost:$(cat "$work/sink")/$path" --seconds "$seconds" >"$work/$part.json"
done
# What the sink has kept is still being written and merged; the gateway would share cores and disk with that.
exec 9>&-
wait "$sink"
rm -rf "$work/kept"
sync
post() { load --url "https://localhost:$(address fhir | sed 's/.*://')/fhir" --token "$sender" --ops-url "http://$(address ops)" "$@"; }
deliver() { post --grpc "localhost:$(address grpc | sed 's/.*://')" --watch "$payer" --watch "$practice" "$@"; }
half() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["accepted_per_second"]/2)' "$1"; }

# As fast as it goes while the recipients are away, and while they are there; then half of either, with them there. Between
# the first two, what waits for them is pulled: it must not stand before what is timed.
post --seconds "$seconds" --drain 1 >"$work/away.json"
deliver --count 1 --seed 2 --drain 120 >"$work/drain.json"
deliver --seconds "$seconds" --warm-up 1 --seed 3 --drain 120 >"$work/there.json"
deliver --seconds "$seconds" --warm-up 1 --seed 4 --rate "$(half "$work/there.json")" >"$work/half_there.json"
deliver --seconds "$seconds" --warm-up 1 --seed 5 --rate "$(half "$work/away.json")" >"$work/half_away.json"
python3 - "$work" <<'P'
import json, sys
references = {
    "baseline": "reads and answers",
    "translate": "reads, translates and answers",
    "store": "reads, translates and keeps it under twelve keys",
    "pack": "reads, translates and keeps it compressed",
}
names = (*references, "away", "there", "half_there", "half_away")
runs = {n: json.load(open(f"{sys.argv[1]}/{n}.json")) for n in names}
print(json.dumps(runs, indent=1))
rate = {n: runs[n]["accepted_per_second"] for n in names}
print(f"accepted {rate['away']:.0f}/s while the recipients are away, {rate['there']:.0f}/s while they are there:")
for name, what in references.items():
    away, there = (100 * rate[n] / rate[name] for n in ("away", "there"))
    print(f"  {away:.0f} and {there:.0f} % of {rate[name]:.0f}/s of a server that only {what}")
print("event to delivery, while they are there:")
for name, what in (
    ("there", "as many as it accepts"),
    ("half_there", "half of that"),
    ("half_away", "half of what it accepts without them"),
):
    delay = runs[name]["event_to_delivery_ms"]
    print(f"  {rate[name]:.0f}/s, {what}: p50 {delay['p50']} ms, p99 {delay['p99']} ms")
P
