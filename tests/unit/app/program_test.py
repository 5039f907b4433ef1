"""`handoff convert`, `doc` and `token` as others run them: pipes, exit statuses, memory, and what protobuf's own tools make
of what is written.

    program_test.py HANDOFF PROTOC
"""

import base64
import json
import re
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HANDOFF, PROTOC = sys.argv[1:3]
DISCHARGE = "config/demo/messages/discharge.json"
PATIENT = b'{"resourceType":"Patient","id":"p1","name":[{"family":"Example"}],"multipleBirthInteger":2}\n'


def convert(*arguments, stdin=b""):
    return subprocess.run([HANDOFF, "convert", *arguments], input=stdin, capture_output=True, timeout=120)


def records(stream):
    """Splits a stream of length-delimited records."""
    while stream:
        length = shift = used = 0
        while True:
            byte = stream[used]
            length |= (byte & 0x7F) << shift
            used, shift = used + 1, shift + 7
            if byte < 0x80:
                break
        yield stream[used:used + length]
        stream = stream[used + length:]


class TokenProgramTest(unittest.TestCase):
    def token(self, key, *arguments):
        return subprocess.run([HANDOFF, "token", "--config", "config/demo/handoff.yaml", "--client", "mrmc-adt",
                               "--set", f"tokens.signing_key_file={key}", *arguments],
                              capture_output=True, timeout=60)

    def test_makes_no_key(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.token(f"{folder}/none/key.pem")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"the gateway makes it when it starts", done.stderr)
            self.assertEqual(list(Path(folder).iterdir()), [])

    def test_takes_a_lifetime_as_the_configuration_has_it(self):
        with tempfile.TemporaryDirectory() as folder:
            key = Path(folder, "key.pem")
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                            "-out", key], check=True, capture_output=True, timeout=60)
            key.chmod(0o600)
            for lifetime, seconds in (("2h", 7200), ("90", 90)):
                body = self.token(key, "--lifetime", lifetime).stdout.split(b".")[1]
                claims = json.loads(base64.urlsafe_b64decode(body + b"=="))
                self.assertEqual(claims["exp"] - claims["iat"], seconds)
            self.assertEqual(self.token(key, "--lifetime", "25h").returncode, 2)


class ConvertProgramTest(unittest.TestCase):
    def test_stands_in_a_pipe(self):
        done = convert("--to", "proto", stdin=PATIENT + b"nonsense\n" + PATIENT)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"3 records of 1 files: 2 converted", done.stderr)
        back = convert("--from", "proto", "--to", "r4", stdin=done.stdout)
        self.assertEqual(back.returncode, 0)
        lines = back.stdout.splitlines(keepends=True)
        self.assertEqual([lines[0], lines[2]], [PATIENT, PATIENT])
        self.assertEqual(json.loads(lines[1])["id"], "rejected")

    def test_tells_by_its_exit_status(self):
        self.assertEqual(convert("--validate", DISCHARGE).returncode, 0)
        self.assertEqual(convert("--validate", stdin=b"{}").returncode, 1)
        self.assertEqual(convert("--validate", stdin=b'{"resourceType":"Patient","x":1}').returncode, 0)
        self.assertEqual(convert("--validate", "--strict", stdin=b'{"resourceType":"Patient","x":1}').returncode, 1)
        self.assertEqual(convert().returncode, 2)
        self.assertEqual(convert("--no-such-option").returncode, 2)
        profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
        self.assertEqual(convert("--profile", profile, DISCHARGE).returncode, 0)
        self.assertEqual(convert("--profile", profile, stdin=b'{"resourceType":"Patient"}').returncode, 1)
        self.assertEqual(convert("--help").returncode, 0)
        self.assertEqual(convert("--validate", "no/such/file").returncode, 3)

    def test_answers_each_record_as_it_comes(self):
        with subprocess.Popen([HANDOFF, "convert", "--to", "r4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as program:
            program.stdin.write(PATIENT)
            program.stdin.flush()
            self.assertEqual(program.stdout.readline(), PATIENT)
            program.communicate()

    def test_protoc_reads_proto(self):
        proto = convert("--to", "proto", DISCHARGE).stdout
        for record in records(proto):
            decode = subprocess.run([PROTOC, "-Iproto", "--decode=handoff.v1.Resource", "handoff/v1/exchange.proto"],
                                    input=record, capture_output=True, check=True, timeout=60)
            self.assertIn(b"message_header {", decode.stdout)
            encode = subprocess.run([PROTOC, "-Iproto", "--encode=handoff.v1.Resource", "handoff/v1/exchange.proto"],
                                    input=decode.stdout, capture_output=True, check=True, timeout=60)
            length, size = b"", len(encode.stdout)
            while size >= 0x80:
                length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
            back = convert("--from", "proto", "--to", "r4", stdin=length + bytes([size]) + encode.stdout)
            self.assertEqual(json.loads(back.stdout), json.loads(Path(DISCHARGE).read_text()))

    def test_proto_json_has_the_fields_of_the_proto_files(self):
        message = json.loads(convert("--to", "proto-json", DISCHARGE).stdout)
        types = [next(iter(entry["resource"])) for entry in message["bundle"]["entries"]]
        self.assertEqual(types[0], "messageHeader")

    def test_issues_name_file_and_line(self):
        with tempfile.TemporaryDirectory() as folder:
            bad = Path(folder) / "in" / "bad.ndjson"
            bad.parent.mkdir()
            bad.write_bytes(PATIENT + b'{"resourceType":"Patient","gender":"Kowalski"}\n')
            issues = Path(folder) / "issues.ndjson"
            done = convert("--validate", "--issues", str(issues), str(bad.parent))
            self.assertEqual(done.returncode, 1)
            [outcome] = map(json.loads, issues.read_text().splitlines())
            self.assertEqual(outcome["extension"][0]["valueString"], str(bad))
            self.assertEqual(outcome["issue"][0]["extension"][0]["valueInteger"], 2)
            self.assertEqual(outcome["issue"][0]["expression"], ["Patient.gender"])
            # The issues are resources themselves.
            self.assertEqual(convert("--validate", str(issues)).returncode, 0)
            self.assertNotIn("Kowalski", issues.read_text() + done.stderr.decode())

    def test_memory_does_not_grow_with_the_stream(self):
        line = json.dumps({"resourceType": "Patient", "text": {
            "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + "x" * 30_000 + "</div>"}})
        block = (line + "\n").encode() * 32
        with subprocess.Popen([HANDOFF, "convert", "--to", "r4", "--out", "/dev/null", "--progress"],
                              stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            for _ in range(150):
                program.stdin.write(block)
            program.stdin.close()
            self.assertEqual(program.wait(timeout=120), 0)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        self.assertLess(peak_mb, 100)


class DocProgramTest(unittest.TestCase):
    def doc(self, *arguments):
        return subprocess.run([HANDOFF, "doc", "mappings", *arguments], capture_output=True, text=True, timeout=60)

    def test_has_a_section_for_every_map(self):
        page = self.doc().stdout
        names = [path.stem for path in Path("fhir-mappings/r4").glob("*.map") if path.stem[0].isupper()]
        names += re.findall(r"^datatype (\w+)", Path("fhir-mappings/r4/datatypes.map").read_text(), re.MULTILINE)
        self.assertGreater(len(names), 40)
        for name in names:
            self.assertIn(f"\n## {name}\n\n`handoff.v1.", page)
        self.assertIn("| birthDate | `birth_date` | date | 0..1 |", page)
        self.assertIn("| TaskStatus | ", page)

    def test_limits_itself_to_one(self):
        page = self.doc("--resource", "Task")
        self.assertEqual(page.returncode, 0)
        self.assertEqual(re.findall(r"^## (.*)", page.stdout, re.MULTILINE), ["Task", "Codes"])
        self.assertEqual(self.doc("--resource", "Nothing").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
