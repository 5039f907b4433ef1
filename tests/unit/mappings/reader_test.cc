#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string Patient(std::string_view members) {
  return R"({"resourceType":"Patient",)" + std::string(members) + "}";
}
std::string Observation(std::string_view members) {
  return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" +
         std::string(members) + "}";
}

TEST(ReaderTest, ReadsIntoTheModel) {
  v1::Resource resource;
  ASSERT_TRUE(resource.ParseFromString(Encode(Patient(
      R"("id":"p1","active":false,"name":[{"family":"Example","given":["Ada","Maria"]}],"gender":"female",)"
      R"("birthDate":"1941-07","generalPractitioner":[{"reference":"Practitioner/gp1/_history/2"}],)"
      R"("managingOrganization":{"reference":"urn:uuid:0f0a7a3e-0000-4000-8000-000000000000"})"))));
  const v1::Patient& patient = resource.patient();
  EXPECT_EQ(patient.id(), "p1");
  EXPECT_TRUE(patient.has_active());
  EXPECT_FALSE(patient.active());
  EXPECT_EQ(patient.names(0).given(1), "Maria");
  EXPECT_EQ(patient.gender(), v1::ADMINISTRATIVE_GENDER_FEMALE);
  EXPECT_EQ(patient.birth_date().year(), 1941);
  EXPECT_EQ(patient.birth_date().month(), 7u);
  EXPECT_EQ(patient.birth_date().day(), 0u);
  EXPECT_EQ(patient.general_practitioners(0).resource_type(), "Practitioner");
  EXPECT_EQ(patient.general_practitioners(0).resource_id(), "gp1");
  EXPECT_EQ(patient.general_practitioners(0).version(), "2");
  EXPECT_EQ(patient.managing_organization().uri(), "urn:uuid:0f0a7a3e-0000-4000-8000-000000000000");
}

TEST(ReaderTest, KeepsWhatTheModelHasNoFieldFor) {
  v1::Resource resource;
  ASSERT_TRUE(resource.ParseFromString(Encode(Patient(
      R"("extension":[{"url":"http://x","valueDecimal":1.00}],"birthDate":"1941-07-09",)"
      R"("_birthDate":{"extension":[{"url":"http://y","valueString":"a\"b"}]},"name":[{"id":"n","family":"E"}])"))));
  EXPECT_EQ(resource.patient().extra(),
            R"({"extension":[{"url":"http://x","valueDecimal":1.00}],)"
            R"("_birthDate":{"extension":[{"url":"http://y","valueString":"a\"b"}]}})");
  EXPECT_EQ(resource.patient().names(0).extra(), R"({"id":"n"})");
}

TEST(ReaderTest, TakesResourceTypeAnywhere) {
  EXPECT_EQ(RoundTrip(R"({"id":"a","name":[{"text":"resourceType"}],"resourceType":"Patient"})"),
            R"({"resourceType":"Patient","id":"a","name":[{"text":"resourceType"}]})");
  EXPECT_EQ(
      RoundTrip(
          R"({"id":"a","subject":{"reference":"Patient/1"},"resourceType":"ClinicalImpression"})"),
      R"({"id":"a","subject":{"reference":"Patient/1"},"resourceType":"ClinicalImpression"})");
}

TEST(ReaderTest, CarriesTypesWithoutAMapWhole) {
  v1::Resource resource;
  ASSERT_TRUE(resource.ParseFromString(Encode(
      R"({ "resourceType": "ClinicalImpression", "id": "x", "meta": {"versionId": "3", "extension": [{"url": "u"}]}, "n": 1.50 })")));
  EXPECT_EQ(resource.opaque().type(), "ClinicalImpression");
  EXPECT_EQ(resource.opaque().id(), "x");
  EXPECT_EQ(resource.opaque().meta().version_id(), "3");
  EXPECT_EQ(
      resource.opaque().json(),
      R"({"resourceType":"ClinicalImpression","id":"x","meta":{"versionId":"3","extension":[{"url":"u"}]},"n":1.50})");
}

TEST(ReaderTest, RefusesWhatIsNoResource) {
  EXPECT_THAT(IssuesOf("[]"), HasIssue("structure", ""));
  EXPECT_THAT(IssuesOf("\"x\""), HasIssue("structure", ""));
  EXPECT_THAT(IssuesOf(""), HasIssue("structure", ""));
  EXPECT_THAT(IssuesOf(R"({"id":"a"})"), HasIssue("structure", ""));
  EXPECT_THAT(IssuesOf(R"({"resourceType":"Nothing"})"), HasIssue("structure", ""));
  EXPECT_THAT(IssuesOf(R"({"resourceType":5})"), HasIssue("structure", ""));
}

TEST(ReaderTest, SaysWhereMalformedJsonBreaks) {
  const Issues issues = IssuesOf("{\"resourceType\":\"Patient\",\n \"active\":tru}");
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(issues[0].severity, Severity::kFatal);
  EXPECT_EQ(issues[0].code, "structure");
  EXPECT_THAT(issues[0].text, HasSubstr("line 2, column 1"));
  EXPECT_THAT(IssuesOf(R"({"resourceType":"Patient"}x)"), SizeIs(1));
  EXPECT_THAT(IssuesOf(std::string_view("{\"resourceType\":\"Patient\"}\0x", 28)), SizeIs(1));
}

TEST(ReaderTest, RefusesWhatIsNotUtf8) {
  EXPECT_THAT(IssuesOf(Patient("\"language\":\"\xc3\x28\"")), HasIssue("structure", ""));
}

TEST(ReaderTest, WarnsOfUnknownMembersAndKeepsThem) {
  const Issues issues = IssuesOf(Patient(R"("shoeSize":43)"));
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(issues[0].severity, Severity::kWarning);
  EXPECT_THAT(issues[0].text, HasSubstr("shoeSize"));
  EXPECT_EQ(RoundTrip(Patient(R"("shoeSize":43)")), Patient(R"("shoeSize":43)"));
}

TEST(ReaderTest, NamesNoUnknownMemberThatCouldBeContent) {
  EXPECT_THAT(IssuesOf(Patient(R"("Jane Doe, 555-0100":1)"))[0].text, Not(HasSubstr("Jane")));
}

TEST(ReaderTest, ReportsMissingElementsWithTheirPath) {
  const Issues issues = IssuesOf(
      R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Encounter","status":"planned"}}]})");
  EXPECT_THAT(issues, HasIssue("required", "Bundle.entry[0].resource.class"));
}

TEST(ReaderTest, TakesAnElementWithOnlyItsExtensionForPresent) {
  EXPECT_THAT(IssuesOf(R"({"resourceType":"CareTeam","name":"x"})"), IsEmpty());
  EXPECT_THAT(
      IssuesOf(
          R"({"resourceType":"Observation","_status":{"extension":[{"url":"u"}]},"code":{"text":"x"}})"),
      IsEmpty());
}

TEST(ReaderTest, RefusesTheSameMemberTwice) {
  EXPECT_THAT(IssuesOf(Patient(R"("active":true,"active":true)")),
              HasIssue("structure", "Patient.active"));
  EXPECT_THAT(IssuesOf(Patient(R"("x":1,"x":1)")), HasIssue("structure", "Patient"));
  EXPECT_THAT(IssuesOf(Patient(R"("extension":[{"url":"u","url":"u"}])")),
              HasIssue("structure", "Patient.extension"));
  EXPECT_THAT(IssuesOf(Patient(R"("resourceType":"Patient")")),
              HasIssue("structure", "Patient.resourceType"));
  EXPECT_THAT(IssuesOf(R"({"resourceType":"ClinicalImpression","a":1,"a":2})"),
              HasIssue("structure", "ClinicalImpression"));
}

TEST(ReaderTest, RefusesTwoTypesOfOneChoice) {
  EXPECT_THAT(IssuesOf(Patient(R"("deceasedBoolean":true,"deceasedDateTime":"2020")")),
              HasIssue("structure", "Patient.deceased"));
  EXPECT_THAT(IssuesOf(Patient(R"("deceasedBoolean":true,"_deceasedDateTime":{"id":"x"})")),
              HasIssue("structure", "Patient.deceased"));
  EXPECT_THAT(IssuesOf(Patient(R"("deceasedBoolean":true,"_deceasedBoolean":{"id":"x"})")),
              IsEmpty());
}

TEST(ReaderTest, KeepsAllowedChoiceTypesThatTheModelLacks) {
  const std::string task =
      R"({"resourceType":"Task","status":"draft","intent":"order","input":[{"type":{"text":"x"},"valueExpression":{"language":"l"}}]})";
  EXPECT_THAT(IssuesOf(task), IsEmpty());
  EXPECT_EQ(RoundTrip(task), task);
}

TEST(ReaderTest, RefusesAnUnknownCodeOfARequiredBinding) {
  const Issues issues = IssuesOf(Patient(R"("gender":"Female")"));
  EXPECT_THAT(issues, HasIssue("code-invalid", "Patient.gender"));
  EXPECT_THAT(issues[0].text, HasSubstr("male female other unknown"));
  EXPECT_THAT(issues[0].text, Not(HasSubstr("Female")));
}

TEST(ReaderTest, ChecksListAgainstSingle) {
  EXPECT_THAT(IssuesOf(Patient(R"("name":{"text":"x"})")), HasIssue("structure", "Patient.name"));
  EXPECT_THAT(IssuesOf(Patient(R"("birthDate":["1970"])")),
              HasIssue("structure", "Patient.birthDate"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":[[{"text":"x"}]])")),
              HasIssue("structure", "Patient.name[0]"));
  EXPECT_THAT(IssuesOf(Patient(R"("extension":{"url":"u"})")),
              HasIssue("structure", "Patient.extension"));
  EXPECT_THAT(IssuesOf(Patient(R"("_birthDate":[{"id":"u"}])")),
              HasIssue("structure", "Patient.birthDate"));
}

TEST(ReaderTest, ChecksTheJsonTypeOfEachKind) {
  EXPECT_THAT(IssuesOf(Patient(R"("active":"true")")), HasIssue("structure", "Patient.active"));
  EXPECT_THAT(IssuesOf(Patient(R"("language":1)")), HasIssue("structure", "Patient.language"));
  EXPECT_THAT(IssuesOf(Patient(R"("language":true)")), HasIssue("structure", "Patient.language"));
  EXPECT_THAT(IssuesOf(Patient(R"("language":{"a":[{"b":1}]},"active":1)")),
              HasIssue("structure", "Patient.active"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":["x"])")), HasIssue("structure", "Patient.name[0]"));
  EXPECT_THAT(IssuesOf(Observation(R"("valueQuantity":{"value":"1"})")),
              HasIssue("structure", "Observation.value.value"));
}

TEST(ReaderTest, RefusesEmptyThings) {
  EXPECT_THAT(IssuesOf(Patient(R"("language":"")")), HasIssue("value", "Patient.language"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":[])")), HasIssue("structure", "Patient.name"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":[{}])")), HasIssue("structure", "Patient.name[0]"));
  EXPECT_THAT(IssuesOf(Patient(R"("extension":[])")), HasIssue("structure", "Patient.extension"));
  EXPECT_THAT(IssuesOf(Patient(R"("extension":[{"url":""}])")),
              HasIssue("value", "Patient.extension"));
}

TEST(ReaderTest, TakesNullForGapsInListsOfPrimitivesOnly) {
  const std::string gap = Patient(R"("name":[{"given":["A",null],"_given":[null,{"id":"x"}]}])");
  EXPECT_EQ(RoundTrip(gap), gap);
  const std::string codes =
      R"({"resourceType":"PractitionerRole","availableTime":[{"daysOfWeek":["mon",null],"_daysOfWeek":[null,{"id":"x"}]}]})";
  EXPECT_EQ(RoundTrip(codes), codes);
  const std::string numbers =
      R"({"resourceType":"CoverageEligibilityRequest","status":"active","purpose":["benefits"],"patient":{"reference":"Patient/1"},)"
      R"("created":"2026-03-01","insurer":{"reference":"Organization/1"},)"
      R"("item":[{"supportingInfoSequence":[1,null,3],"_supportingInfoSequence":[null,{"id":"x"},null]}]})";
  EXPECT_EQ(RoundTrip(numbers), numbers);
  EXPECT_THAT(IssuesOf(Patient(R"("active":null)")), HasIssue("structure", "Patient.active"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":[null])")), HasIssue("structure", "Patient.name[0]"));
  EXPECT_THAT(IssuesOf(Patient(R"("name":[{"given":["A",null]}])")),
              HasIssue("structure", "Patient.name[0].given"));
  EXPECT_THAT(IssuesOf(Patient(R"("extension":[{"url":null}])")),
              HasIssue("structure", "Patient.extension"));
}

TEST(ReaderTest, SaysWhichFormAValueShouldHave) {
  const Issues issues = IssuesOf(
      R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a"},{"fullUrl":"urn:b"},)"
      R"({"resource":{"resourceType":"Encounter","status":"planned","class":{"code":"x"},"period":{"start":"1/2/2024"}}}]})");
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(
      issues[0].text,
      "Bundle.entry[2].resource.period.start: not a dateTime (FHIR R4 datatypes.html#dateTime)");
  EXPECT_EQ(issues[0].expression, "Bundle.entry[2].resource.period.start");
}

TEST(ReaderTest, ReadsContainedResourcesWithTheirOwnType) {
  const std::string json = Patient(
      R"("contained":[{"resourceType":"Organization","id":"o","name":"x"},{"resourceType":"Medication","id":"m"}])");
  EXPECT_EQ(RoundTrip(json), json);
  EXPECT_THAT(IssuesOf(Patient(R"("contained":[{"id":"a"}])")),
              HasIssue("structure", "Patient.contained[0]"));
  EXPECT_THAT(IssuesOf(Patient(R"("contained":[{"resourceType":"Organization","name":1}])")),
              HasIssue("structure", "Patient.contained[0].name"));
}

// The scanner works in blocks of 16 bytes: whatever stands at the edge of one is decoded the same.
TEST(ReaderTest, DecodesEscapesWhereverTheyStand) {
  for (std::size_t before = 0; before < 36; ++before) {
    for (std::size_t between = 0; between < 36; ++between) {
      const std::string head(before, 'a');
      const std::string tail(between, 'b');
      v1::Resource resource;
      ASSERT_TRUE(resource.ParseFromString(
          Encode(Patient("\"name\" :\n                    [\t{\"text\":\"" + head + "\\u00e4" +
                         tail + "\\\"" + tail + "\\nz\"}],\"active\":true"))));
      EXPECT_EQ(resource.patient().names(0).text(), head + "\u00e4" + tail + "\"" + tail + "\nz");
      EXPECT_TRUE(resource.patient().active());
    }
  }
}

TEST(ReaderTest, RefusesHalfACharacterWhereverItStands) {
  for (const char* half : {R"(\ud83d)", R"(\udd80)", R"(\ude00\ud83d)", R"(\ud83d\ud83d)"}) {
    const std::string text(half);
    for (const std::string& members : {"\"language\":\"" + text + "\"",
                                       "\"unknown\":\"" + text + "\"",
                                       "\"unknown\":{\"" + text + "\":1}",
                                       "\"name\":[{\"family\":\"a" + text + "b\"}]"}) {
      EXPECT_THAT(IssuesOf("{" + members + R"(,"resourceType":"Patient"})"),
                  Contains(Field(&Issue::code, "structure")))
          << members;
    }
  }
  EXPECT_THAT(IssuesOf(Patient(R"("name":[{"family":"\ud83d\ude00"}])")), IsEmpty());
}

TEST(ReaderTest, RefusesControlCharactersInStringsWhereverTheyStand) {
  for (std::size_t before = 0; before < 36; ++before) {
    const std::string text(before, 'a');
    EXPECT_THAT(IssuesOf(Patient("\"name\":[{\"text\":\"" + text + "\n\"}]")),
                HasIssue("structure", "Patient.name[0].text"));
  }
}

TEST(ReaderTest, KeepsDecimalsAsWritten) {
  for (const std::string number :
       {"1.00", "-0.0", "1e3", "1.5E-7", "0", "12345678901234567890.123456789"}) {
    const std::string json = Observation(R"("valueQuantity":{"value":)" + number + "}");
    EXPECT_EQ(RoundTrip(json), json);
  }
}

TEST(ReaderTest, BoundsIntegers) {
  const auto task = [](const std::string& member) {
    return R"({"resourceType":"Task","status":"draft","intent":"order","input":[{"type":{"text":"x"},)" +
           member + "}]}";
  };
  EXPECT_EQ(RoundTrip(task(R"("valueInteger":-2147483648)")),
            task(R"("valueInteger":-2147483648)"));
  EXPECT_EQ(RoundTrip(task(R"("valueUnsignedInt":0)")), task(R"("valueUnsignedInt":0)"));
  for (const char* bad : {R"("valueInteger":2147483648)",
                          R"("valueInteger":1.0)",
                          R"("valueInteger":1e3)",
                          R"("valuePositiveInt":0)",
                          R"("valueUnsignedInt":-1)",
                          R"("valueInteger":-0)"}) {
    EXPECT_THAT(IssuesOf(task(bad)), HasIssue("value", "Task.input[0].value")) << bad;
  }
}

TEST(ReaderTest, HoldsItsLimitOfBytes) {
  const std::string json = Patient(R"("id":"a")");
  ReadOptions options;
  options.limits.max_bytes = json.size();
  EXPECT_THAT(IssuesOf(json, options), IsEmpty());
  options.limits.max_bytes = json.size() - 1;
  EXPECT_THAT(IssuesOf(json, options), HasIssue("too-long", ""));
}

TEST(ReaderTest, HoldsItsLimitOfDepth) {
  const std::string json = Patient(R"("contact":[{"name":{"given":["A"]}}])");  // 5 deep
  ReadOptions options;
  options.limits.max_depth = 5;
  EXPECT_THAT(IssuesOf(json, options), IsEmpty());
  options.limits.max_depth = 4;
  const Issues issues = IssuesOf(json, options);
  ASSERT_THAT(issues, SizeIs(1));
  EXPECT_EQ(issues[0].code, "too-costly");
  EXPECT_EQ(issues[0].severity, Severity::kFatal);
}

TEST(ReaderTest, HoldsItsLimitOfMembers) {
  const std::string json =
      Patient(R"("name":[{"given":["A","B"]}])");  // resourceType, name, [0], given, [0], [1]
  ReadOptions options;
  options.limits.max_members = 6;
  EXPECT_THAT(IssuesOf(json, options), IsEmpty());
  options.limits.max_members = 5;
  EXPECT_THAT(IssuesOf(json, options), SizeIs(1));
}

TEST(ReaderTest, ListsNoMoreIssuesThanItsLimitAndCountsTheRest) {
  ReadOptions options;
  options.limits.max_issues = 2;
  const std::string two = Patient(R"("active":1,"gender":"x")");
  EXPECT_THAT(IssuesOf(two, options), SizeIs(2));
  const Issues issues = IssuesOf(Patient(R"("active":1,"gender":"x","birthDate":"x")"), options);
  ASSERT_THAT(issues, SizeIs(3));
  EXPECT_EQ(issues[2].severity, Severity::kError);
  EXPECT_EQ(issues[2].text, "1 more problems are not listed");
}

TEST(ReaderTest, OverwritesWhatEncodedHeld) {
  std::string encoded = "before";
  Issues issues;
  ASSERT_TRUE(ReadJson(Patient(R"("id":"a")"), {}, &encoded, &issues));
  EXPECT_EQ(Decode(encoded), Patient(R"("id":"a")"));
}

}  // namespace
}  // namespace handoff::fhir
