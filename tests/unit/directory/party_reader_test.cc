#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "gateway/directory/directory.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/directory/parties.h"

namespace handoff::directory {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::StatusIs;

constexpr char kEveryKey[] = R"(
key: lfm
name: Lakeside Family Medicine
display: Lakeside, care coordination
kind: practice
operator: true
roles: [medical-home, care-team]
time_zone: America/New_York
identifier_system: urn:oid:2.999.11.1
identifiers: [{system: "urn:OID:2.16.840.1.113883.4.6", value: "9990000002"}]
practitioners: [{system: "http://hl7.org/fhir/sid/us-npi", value: "9990000011"}]
endpoints:
  push:
    kind: fhir_rest
    url: https://lfm.example/fhir
    format: transaction
    pretty: true
    bearer_token: {file: token.txt}
    headers: {X-Tenant: lakeside}
    ca_file: ca.pem
    client_cert_file: cert.pem
    client_key_file: key.pem
    timeout: 3s
    max_in_flight: 2
  hook:
    kind: webhook
    url: http://lfm.example/hook
    hmac_secret: {env: LFM_HMAC}
  stream: {kind: stream}
services:
  - {name: Rides, categories: [transportation-insecurity], types: [rides]}
area: {postal_codes: ["130*", "13120"], counties: [NY/Onondaga], states: [VT], everywhere: false}
clients:
  - {id: lfm-ehr, scopes: [system/Task.ru]}
  - id: lfm-desk
roster:
  - role: medical-home
    patient: {system: "urn:oid:2.999.10.1", value: "500117"}
    since: 2025-01-01
    until: 2026-12-31
accepts: {unknown: reject, codes: keep, forms: warn, missing: warn, rules: warn,
          profiles: ["http://example.org/profile"]}
)";

// A party that is complete, with `more` lines.
std::string Minimal(const std::string& more) { return "key: a\nname: A\nkind: community\n" + more; }

TEST(PartyReaderTest, ReadsEveryKey) {
  const auto directory = DirectoryOf(kEveryKey);
  const Party* party = directory->Find(PartyKey("lfm"));
  ASSERT_NE(party, nullptr);
  EXPECT_EQ(party->name, "Lakeside Family Medicine");
  EXPECT_EQ(party->display, "Lakeside, care coordination");
  EXPECT_EQ(party->kind, PartyKind::kPractice);
  EXPECT_TRUE(party->is_operator);
  EXPECT_THAT(party->roles, ElementsAre("medical-home", "care-team"));
  EXPECT_EQ(party->identifier_system, "urn:oid:2.999.11.1");
  ASSERT_EQ(party->identifiers.size(), 1u);
  EXPECT_EQ(party->identifiers[0].system, kNpi);
  EXPECT_EQ(party->services[0].types[0], "rides");
  EXPECT_THAT(party->area.postal_codes, ElementsAre("130*", "13120"));
  EXPECT_THAT(party->clients[0].scopes, ElementsAre("system/Task.ru"));
  EXPECT_THAT(party->clients[1].scopes, ElementsAre("system/*.cruds"));
  EXPECT_EQ(party->tolerances.unknown, fhir::Tolerance::kReject);
  EXPECT_EQ(party->tolerances.codes, fhir::Tolerance::kKeep);
  EXPECT_EQ(party->tolerances.forms, fhir::Tolerance::kWarn);
  EXPECT_EQ(party->tolerances.missing, fhir::Tolerance::kWarn);
  EXPECT_EQ(party->rules, fhir::Tolerance::kWarn);
  EXPECT_THAT(party->profiles, ElementsAre("http://example.org/profile"));
}

TEST(PartyReaderTest, ReadsEndpointsInTheirOrder) {
  const auto directory = DirectoryOf(kEveryKey);
  const Party& party = *directory->Find(PartyKey("lfm"));
  ASSERT_EQ(party.endpoints.size(), 3u);
  const Endpoint& push = party.endpoints[0];
  EXPECT_EQ(push.key, "push");
  EXPECT_EQ(push.kind, EndpointKind::kFhirRest);
  EXPECT_EQ(push.url, "https://lfm.example/fhir");
  EXPECT_EQ(push.format, Format::kTransaction);
  EXPECT_TRUE(push.pretty);
  EXPECT_EQ(push.bearer_token.file, "token.txt");
  EXPECT_THAT(push.headers, ElementsAre(Pair("X-Tenant", "lakeside")));
  EXPECT_EQ(push.ca_file, "ca.pem");
  EXPECT_EQ(push.client_cert_file, "cert.pem");
  EXPECT_EQ(push.client_key_file, "key.pem");
  EXPECT_EQ(push.timeout, 3s);
  EXPECT_EQ(push.max_in_flight, 2u);
  EXPECT_EQ(party.FindEndpoint("hook")->format, Format::kNotice);
  EXPECT_EQ(party.FindEndpoint("hook")->timeout, 10s);
  EXPECT_EQ(party.FindEndpoint("stream")->kind, EndpointKind::kStream);
  EXPECT_EQ(party.FindEndpoint("fax"), nullptr);
  EXPECT_EQ(party.DefaultEndpoint(), &push);
  EXPECT_EQ(DirectoryOf(Minimal(""))->parties()[0].DefaultEndpoint(), nullptr);
}

TEST(PartyReaderTest, RosterDaysAreThoseOfTheParty) {
  const auto directory = DirectoryOf(kEveryKey);
  const RosterRow& row = directory->Find(PartyKey("lfm"))->roster[0];
  using std::chrono::sys_days;
  // Midnight in New York is 05:00 UTC in winter; the last day belongs to the roster.
  EXPECT_EQ(FromMicros(row.since_us), sys_days(2025y / 1 / 1) + 5h);
  EXPECT_EQ(FromMicros(row.until_us), sys_days(2027y / 1 / 1) + 5h);
}

TEST(PartyReaderTest, RolesFollowFromTheKindUnlessTold) {
  const auto directory =
      DirectoryOf("[{key: h, name: H, kind: hospital}, {key: p, name: P, kind: payer}]");
  EXPECT_THAT(directory->Find(PartyKey("h"))->roles, ElementsAre("treating", "care-team"));
  EXPECT_THAT(directory->Find(PartyKey("p"))->roles, ElementsAre("payer"));
  EXPECT_FALSE(directory->Find(PartyKey("p"))->MayHold("treating"));
}

TEST(PartyReaderTest, AuthorityFollowsFromTheRolesUnlessTold) {
  const auto directory = DirectoryOf(R"(
      - {key: a, name: A, kind: payer}
      - {key: b, name: B, kind: community}
      - {key: c, name: C, kind: other}
      - {key: d, name: D, kind: other, authoritative: true}
      - {key: e, name: E, kind: practice, authoritative: false})");
  std::string authoritative;
  for (const Party& party : directory->parties()) {
    if (party.is_authoritative) authoritative += party.key.value();
  }
  EXPECT_EQ(authoritative, "ad");
}

TEST(PartyReaderTest, AssignsTheNumbersOfItsOwnSystemAlone) {
  Party party;
  party.identifier_system = "urn:oid:2.999.10.1";
  EXPECT_TRUE(party.Assigns("urn:oid:2.999.10.1|500117"));
  EXPECT_TRUE(party.Assigns("urn:oid:2.999.10.1#AN|500117"));
  EXPECT_FALSE(party.Assigns("urn:oid:2.999.10.10|500117"));
}

TEST(PartyReaderTest, DisplayAndIdentifierSystemHaveDefaults) {
  const auto directory = DirectoryOf(Minimal(""));
  EXPECT_EQ(directory->parties()[0].display, "A");
  EXPECT_EQ(directory->parties()[0].identifier_system, "urn:handoff:party:a");
}

TEST(PartyReaderTest, NamesWhatIsMissing) {
  EXPECT_THAT(ErrorsOf("{}"),
              ElementsAre("p.yaml:1:1: `key` is missing",
                          "p.yaml:1:1: `name` is missing",
                          "p.yaml:1:1: `kind` is missing"));
}

struct Fault {
  std::string yaml;
  std::string complaint;
};

class PartyFaultTest : public ::testing::TestWithParam<Fault> {};

TEST_P(PartyFaultTest, IsToldWithItsPlace) {
  EXPECT_THAT(ErrorsOf(Minimal(GetParam().yaml)), ElementsAre(HasSubstr(GetParam().complaint)));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    PartyFaultTest,
    ::testing::Values(
        Fault{"endpoint: {}\n", "p.yaml:4:1: unknown key `endpoint`; did you mean `endpoints`?"},
        Fault{"roles: [friend]\n", "p.yaml:4:8: no role `friend`; there are: medical-home, payer"},
        Fault{"time_zone: Mars/Olympus\n", "p.yaml:4:12: no such time zone"},
        Fault{"identifiers: [{value: x}]\n", "p.yaml:4:15: `system` is missing"},
        Fault{"identifiers: [{system: 'http://hl7.org/fhir/sid/us-ssn', value: x}]\n",
              "social security"},
        Fault{"endpoints: [a]\n", "p.yaml:4:12: expected a map from endpoint key"},
        Fault{"endpoints: {Push: {kind: stream}}\n", "p.yaml:4:19: a key is 1 to 32 lower-case"},
        Fault{"endpoints: {p: {url: 'http://x'}}\n", "p.yaml:4:16: `kind` is missing"},
        Fault{"endpoints: {p: {kind: fax}}\n",
              "p.yaml:4:23: expected one of: fhir_rest, webhook, stream"},
        Fault{"endpoints: {p: {kind: fhir_rest}}\n", "`url` is missing"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'ftp://x'}}\n",
              "p.yaml:4:39: expected an http or https URL"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', format: notice}}\n",
              "only a webhook"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'http://10.1.2.3/fhir'}}\n",
              "p.yaml:4:39: patient data leaves this machine only with TLS"},
        Fault{"endpoints: {p: {kind: webhook, url: 'http://x'}}\n",
              "a webhook needs an `hmac_secret`"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', bearer_token: {file: a, env: "
              "b}}}\n",
              "one of them"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', bearer_token: hunter2}}\n",
              "expected a map with: file, env"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', headers: {'a b': c}}}\n",
              "a header has a name"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', headers: {a: \"c\\r\\nd\"}}}\n",
              "a value on one line"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', client_cert_file: c}}\n",
              "go together"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', timeout: 6min}}\n",
              "100ms to 5min"},
        Fault{"endpoints: {p: {kind: fhir_rest, url: 'https://x', max_in_flight: 0}}\n",
              "from 1 to 1000"},
        Fault{"endpoints: {p: {kind: stream, url: 'http://x'}}\n", "a stream has no `url`"},
        Fault{"services: [{name: x, categories: []}]\narea: {states: [NY]}\n",
              "a service needs `categories`"},
        Fault{"services: [{name: x, categories: [food]}]\n", "services need an `area`"},
        Fault{"area: {postal_codes: ['1*3']}\n", "a postal code is written whole"},
        Fault{"area: {counties: [Onondaga]}\n", "a county is written with its state"},
        Fault{"clients: [{id: x, scopes: [system/Task.ur]}]\n", "a scope is system/TYPE.LETTERS"},
        Fault{"clients: [{id: x, scopes: [patient/Task.r]}]\n", "a scope is system/TYPE.LETTERS"},
        Fault{"roster: [{role: payer, patient: {system: s, value: v}}]\n",
              "`a` may not be payer; its roles: performer"},
        Fault{"roster: [{role: performer, patient: {system: s, value: v}, since: 2026-02-30}]\n",
              "expected a day"},
        Fault{"roster: [{role: performer, patient: {system: s, value: v}, since: soon}]\n",
              "expected a day"},
        Fault{"roster: [{role: performer, patient: {system: s, value: v}, since: 2026-02-02, "
              "until: 2026-02-01}]\n",
              "ends before it begins"}));

TEST(PartyReaderTest, KeyHoldsItsLengthExactly) {
  const auto with_key = [](std::size_t n) {
    return "key: " + std::string(n, 'a') + "\nname: A\nkind: other\n";
  };
  EXPECT_THAT(ErrorsOf(with_key(32)), IsEmpty());
  EXPECT_THAT(ErrorsOf(with_key(33)), ElementsAre(HasSubstr("p.yaml:1:6: a key is 1 to 32")));
}

TEST(SecretTest, IsReadWhenNeededAndWithoutWhiteSpace) {
  const testing::TempDir dir;
  std::ofstream(dir / "s.txt") << "  hunter2\n";
  EXPECT_EQ(*(Secret{dir / "s.txt", ""}.Read()), "hunter2");
  EXPECT_EQ(*Secret{}.Read(), "");
  ASSERT_EQ(::setenv("HANDOFF_TEST_SECRET", "fromenv", 1), 0);
  EXPECT_EQ(*(Secret{"", "HANDOFF_TEST_SECRET"}.Read()), "fromenv");
}

TEST(SecretTest, OneThatIsMissingOrEmptyIsAnError) {
  const testing::TempDir dir;
  std::ofstream(dir / "empty.txt") << " \n";
  constexpr auto kCode = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT((Secret{dir / "none.txt", ""}.Read()),
              StatusIs(kCode, "cannot read the secret file"));
  EXPECT_THAT((Secret{dir / "empty.txt", ""}.Read()), StatusIs(kCode, "holds nothing"));
  EXPECT_THAT((Secret{"", "HANDOFF_TEST_NO_SUCH_SECRET"}.Read()), StatusIs(kCode, "is not set"));
}

}  // namespace
}  // namespace handoff::directory
