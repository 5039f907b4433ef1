"""The rules of this repository that a compiler does not check. One line per finding: file:line: what."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
    "config", "connectors", "fhir-mappings", "gateway", "proto", "tests",
}
# What product code does not use, and the files that may.
BANNED = {
    r"\bstd::regex\b": ("it backtracks without bound", ()),
    # gRPC takes a deadline as an instant of this clock: the other three compute one, and read no time of day.
    r"\bsystem_clock::now\b": ("time is injected: gateway/base/clock.h", (
        "gateway/base/clock.cc", "gateway/rpc/server.cc", "gateway/app/load/", "gateway/app/demo/")),
    r"\bs?rand\(": ("use a seeded engine that is passed in", ()),
    r"\bstd::cout\b": ("write to the stream that the caller gives", ("gateway/app/",)),
    r"\bsleep_for\b": ("wait for what is awaited", ("gateway/app/load/", "gateway/app/demo")),
    r"\bDebugString\(": ("it prints patient data", ()),
    r"\bthrow\b(?!\(\))": ("errors are absl::Status", ()),
    r"\bMessageToJsonString\b": ("FHIR is written by fhir-mappings", ("fhir-mappings/runtime/convert.cc", "gateway/app/")),
    r"\bGTEST_SKIP\b": ("a test runs", ("tests/",)),
}
MAX_LINES = 600


def files(*patterns):
    out = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in out.stdout.split("\n") if f]


def code_of(line):
    """The line without string literals and comments, so that prose about a name is no use of it."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    return line.split("//")[0]


def check_top_level():
    for name in {f.split("/")[0] for f in files()}:
        if not name.startswith(".") and name not in TOP_LEVEL:
            yield f"{name}:1: not one of the names of the top level"


def check_banned():
    for f in files("gateway/*.h", "gateway/*.cc", "fhir-mappings/*.h", "fhir-mappings/*.cc", "connectors/*.h",
                   "connectors/*.cc"):
        for number, line in enumerate((ROOT / f).read_text().split("\n"), 1):
            for pattern, (why, allowed) in BANNED.items():
                if re.search(pattern, code_of(line)) and not f.startswith(allowed or ("\0",)):
                    yield f"{f}:{number}: {pattern}: {why}"


def check_sizes():
    for f in files("*.h", "*.cc"):
        lines = (ROOT / f).read_text().count("\n")
        if lines > MAX_LINES:
            yield f"{f}:{lines}: {lines} lines: should it be two?"


def check_readmes():
    """A folder has a README.md, or stands in that of the folder above it."""
    folders = {Path(f).parent for f in files("gateway/*", "connectors/*", "fhir-mappings/*", "config/*", "tests/*",
                                             "proto/*") if len(Path(f).parts) > 1}
    for folder in sorted({Path(*f.parts[:2]) for f in folders} | {Path(f.parts[0]) for f in folders}):
        if not (ROOT / folder).is_dir() or (ROOT / folder / "README.md").exists() or folder.name == "docs":
            continue
        above = ROOT / folder.parent / "README.md"
        if folder.parent == Path() or not above.exists() or f"`{folder.name}/" not in above.read_text():
            yield f"{folder}:1: no README.md"


def libraries():
    """name -> (folder, headers, deps) from every handoff_library() call."""
    found = {}
    for f in files("*CMakeLists.txt"):
        text = (ROOT / f).read_text()
        for call in re.finditer(r"handoff_library\(\s*(\w+)([^)]*)\)", text):
            words = re.sub(r"#.*", "", call.group(2)).split()
            groups, key = {}, None
            for word in words:
                if word in ("LAYER", "SOURCES", "HEADERS", "DEPS", "PRIVATE_DEPS", "EXTERNAL", "PRIVATE_EXTERNAL"):
                    key = word
                elif key:
                    groups.setdefault(key, []).append(word)
            folder = Path(f).parent
            mine = [str(folder / w) for w in groups.get("SOURCES", []) + groups.get("HEADERS", []) if "$" not in w]
            found[call.group(1)] = (mine, groups.get("DEPS", []) + groups.get("PRIVATE_DEPS", []))
    return found


def check_includes():
    libs = libraries()
    owner = {f: name for name, (mine, _) in libs.items() for f in mine}

    def reachable(name, seen):
        for dep in libs.get(name, ([], []))[1]:
            if dep not in seen:
                seen.add(dep)
                reachable(dep, seen)
        return seen

    for f, name in sorted(owner.items()):
        if not (ROOT / f).exists():
            continue
        allowed = reachable(name, {name})
        for number, line in enumerate((ROOT / f).read_text().split("\n"), 1):
            match = re.match(r'#include "((?:gateway|fhir-mappings|connectors)/[^"]+)"', line)
            if match and owner.get(match.group(1), name) not in allowed:
                yield f"{f}:{number}: includes {match.group(1)} of {owner[match.group(1)]}, which {name} does not list"


def check_unfinished():
    # Marks are in capitals; "xxx" is also what a test fills a line with.
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|(?i:not implemented)")
    for f in files("*.h", "*.cc", "*.md", "*.yaml", "*.map", "*.proto", "*.txt"):
        for number, line in enumerate((ROOT / f).read_text(errors="replace").split("\n"), 1):
            if words.search(line):
                yield f"{f}:{number}: unfinished: {line.strip()[:80]}"


def check_metrics_documented():
    source = (ROOT / "gateway/base/metrics.cc").read_text()
    page = ROOT / "gateway/docs/operating.md"
    text = page.read_text() if page.exists() else ""
    for name in sorted(set(re.findall(r'"(handoff_[a-z_]+)"', source))):
        if name not in text:
            yield f"gateway/docs/operating.md:1: metric {name} is not described"


def main():
    checks = [check_top_level, check_banned, check_sizes, check_readmes, check_includes, check_unfinished,
              check_metrics_documented]
    findings = [finding for check in checks for finding in check()]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
