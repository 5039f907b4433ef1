#!/usr/bin/env bash
# What the gateway reaches of what its HTTP server reaches alone, and of what that reaches when it also translates the body,
# keeps it, or keeps it compressed (http_sink.cc): TLS, 32 connections, 30 kB messages of 10 resources, the load generator on
# the same cores. All in one run, so that only ratios count. Of what is timed at half the load, the first second is not.
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
load --url "https://localhost:$(address fhir | sed 's/.*://' )/fhir" --token "$sender" --seconds "$seconds" \
  --ops-url "http://$(address ops)" --drain 1 >"$work/full.json"
# What the recipients have not pulled yet must not stand before what is timed next.
load --url "https://localhost:$(address fhir | sed 's/.*://')/fhir" --token "$sender" --count 1 --seed 2 --drain 120 \
  --grpc "localhost:$(address grpc | sed 's/.*://')" --watch "$payer" --watch "$practice" >"$work/drain.json"
rate=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["accepted_per_second"]/2)' "$work/full.json")
load --url "https://localhost:$(address fhir | sed 's/.*://')/fhir" --token "$sender" --seconds "$seconds" --rate "$rate" --warm-up 1 \
  --grpc "localhost:$(address grpc | sed 's/.*://')" --watch "$payer" --watch "$practice" --ops-url "http://$(address ops)" >"$work/half.json"
python3 - "$work" <<'P'
import json, sys
names = ("baseline", "translate", "store", "pack", "full", "half")
runs = {n: json.load(open(f"{sys.argv[1]}/{n}.json")) for n in names}
print(json.dumps(runs, indent=1))
full = runs["full"]["accepted_per_second"]
for name, what in (
    ("baseline", "reads and answers"),
    ("translate", "reads, translates and answers"),
    ("store", "reads, translates and keeps it under twelve keys"),
    ("pack", "reads, translates and keeps it compressed"),
):
    rate = runs[name]["accepted_per_second"]
    print(f"accepted {full:.0f}/s, {100 * full / rate:.0f} % of {rate:.0f}/s of a server that only {what}")
delay = runs["half"]["event_to_delivery_ms"]
print(f"at half that load: event to delivery p50 {delay['p50']} ms, p99 {delay['p99']} ms")
P
