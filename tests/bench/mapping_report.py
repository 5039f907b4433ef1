"""Makes a table and a plot of what mapping_bench measured.

    mapping_report.py RESULT.json PLOT.svg
"""

import collections
import datetime
import json
import statistics
import sys

FLOOR = "RapidJsonIntoNothing"
OURS = ["JsonToWire", "JsonToWireAndTokens", "JsonToMessage", "WireToJson", "MessageToJson"]
PROTOBUF = {"JsonToWire": "ProtobufJsonToMessage", "JsonToWireAndTokens": "ProtobufJsonToMessage",
            "JsonToMessage": "ProtobufJsonToMessage", "WireToJson": "ProtobufMessageToJson",
            "MessageToJson": "ProtobufMessageToJson"}
VALIDATION = "ValidateWire"
ORDER = [FLOOR, "SimdjsonDom", "SimdjsonOnDemand", *OURS, VALIDATION, "ProtobufJsonToMessage", "ProtobufMessageToJson"]
LABELS = {FLOOR: "RapidJSON into nothing", "SimdjsonDom": "simdjson DOM", "SimdjsonOnDemand": "simdjson on demand",
          "JsonToWire": "JSON to wire", "JsonToWireAndTokens": "JSON to wire and index", "JsonToMessage": "JSON to message",
          VALIDATION: "base rules of the wire", "WireToJson": "wire to JSON", "MessageToJson": "message to JSON",
          "ProtobufJsonToMessage": "protobuf JSON to message", "ProtobufMessageToJson": "protobuf message to JSON"}


def read(path):
    """document -> benchmark -> (microseconds, bytes), and what the run says of itself."""
    result = json.load(open(path))
    rounds = collections.defaultdict(list)
    for run in result["benchmarks"]:
        if run["run_type"] == "iteration":
            rounds[run["name"]].append((run["cpu_time"] / 1000, run["bytes_per_second"] * run["cpu_time"] / 1e9))
    times = collections.defaultdict(dict)
    for name, runs in rounds.items():
        document, benchmark = name.split("/")
        best = sorted(runs)[:max(1, len(runs) // 3)]
        times[document][benchmark] = (statistics.mean(t for t, _ in best), best[0][1])
    by_size = sorted(times, key=lambda document: (times[document][FLOOR][1], document))
    compact_first = sorted(by_size, key=lambda document: not document.endswith("compact"))
    return {document: times[document] for document in compact_first}, result["context"]


def machine(context):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    day = datetime.date.fromisoformat(context["date"][:10])
    return (f"{day}, one core of {model} at {context['mhz_per_cpu'] / 1000:.1f} GHz, clang 19 -O2, "
            f"load {context['load_avg'][0]:.1f}, simdjson {context['simdjson']}")


def table(times):
    print(f"{'':15} {'us':>9} {'MB/s':>6}   of RapidJSON  of protobuf")
    for document, row in times.items():
        floor = row[FLOOR][0]
        print(f"\n{document}, {row[FLOOR][1] / 1000:.0f} kB")
        for benchmark in ORDER:
            us, size = row[benchmark]
            line = f"  {LABELS[benchmark]:26} {us:10.1f} {size / us:7.0f}   {floor / us:8.2f}"
            if benchmark in PROTOBUF:
                line += f"   {row[PROTOBUF[benchmark]][0] / us:8.1f} x"
            print(line)


def plot(times, caption, path):
    """Bars of MB/s, a panel for each compact document."""
    documents = [d for d in times if d.endswith("compact")]
    most = max(times[d][b][1] / times[d][b][0] for d in documents for b in ORDER)
    bar, left, width, gap = 17, 190, 360, 34
    height = len(ORDER) * bar + gap
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (left + width + 70)} {2 * height + 40}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for i, document in enumerate(documents):
        x, y = (i % 2) * (left + width + 70), (i // 2) * height + 16
        out.append(f'<text x="{x + left}" y="{y}" font-weight="bold">{document} FHIR JSON, MB/s of its text</text>')
        for j, benchmark in enumerate(ORDER):
            us, size = times[document][benchmark]
            rate, top = size / us, y + 8 + j * bar
            colour = "#2a6f97" if benchmark in OURS else "#b0b0b0"
            out.append(f'<text x="{x + left - 6}" y="{top + 12}" text-anchor="end">{LABELS[benchmark]}</text>')
            out.append(f'<rect x="{x + left}" y="{top + 2}" width="{width * rate / most:.1f}" height="{bar - 4}" '
                       f'fill="{colour}"/>')
            out.append(f'<text x="{x + left + 5 + width * rate / most:.1f}" y="{top + 12}">{rate:.0f}</text>')
    out.append(f'<text x="10" y="{2 * height + 24}" fill="#555">{caption}</text></svg>')
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")


def main():
    times, context = read(sys.argv[1])
    caption = machine(context)
    print(caption + "\n")
    table(times)
    plot(times, caption, sys.argv[2])


if __name__ == "__main__":
    main()
