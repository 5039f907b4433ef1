#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using testing::StatusIs;

absl::Status WriteStatus(std::string_view encoded) {
  std::string json;
  return WriteJson(encoded, {}, &json);
}

std::string WriteMessage(const v1::Resource& resource) {
  return Decode(resource.SerializeAsString());
}

TEST(WriterTest, PutsMembersInTheOrderOfTheMap) {
  EXPECT_EQ(
      RoundTrip(
          R"({"name":[{"given":["A"],"family":"B"}],"active":true,"id":"x","resourceType":"Patient"})"),
      R"({"resourceType":"Patient","id":"x","active":true,"name":[{"family":"B","given":["A"]}]})");
}

TEST(WriterTest, WritesMessagesOfProtobuf) {
  v1::Resource resource;
  v1::Observation& observation = *resource.mutable_observation();
  observation.set_status(v1::OBSERVATION_STATUS_FINAL);
  observation.mutable_code()->set_text("x");
  observation.mutable_value_quantity()->set_value("1.50");
  observation.mutable_value_quantity()->set_comparator(v1::QUANTITY_COMPARATOR_LESS_OR_EQUAL);
  observation.mutable_subject()->set_resource_type("Patient");
  observation.mutable_subject()->set_resource_id("1");
  EXPECT_EQ(
      WriteMessage(resource),
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"},)"
      R"("valueQuantity":{"value":1.50,"comparator":"<="}})");
}

TEST(WriterTest, ReadsListsOfCodesPackedAndUnpacked) {
  const std::string packed = Encode(
      R"({"resourceType":"PractitionerRole","availableTime":[{"daysOfWeek":["mon","sun"]}]})");
  v1::Resource resource;
  ASSERT_TRUE(resource.ParseFromString(packed));
  EXPECT_EQ(resource.practitioner_role().available_times(0).days_of_week_size(), 2);
  EXPECT_EQ(resource.SerializeAsString(), packed);
  // PractitionerRole (4) { available_times (18) { days_of_week (1): 1, 7 } }, unpacked.
  const std::string unpacked("\x22\x07\x92\x01\x04\x08\x01\x08\x07", 9);
  EXPECT_EQ(Decode(unpacked), Decode(packed));
}

TEST(WriterTest, LeavesOutDefaultsThatWereWrittenOut) {
  // Patient { id: "", gender: 0, period-like empty marital_status }
  EXPECT_EQ(Decode(std::string_view("\x0a\x07\x0a\x00\x60\x00\x8a\x01\x00", 9)),
            R"({"resourceType":"Patient"})");
}

TEST(WriterTest, EscapesWhatJsonDemands) {
  v1::Resource resource;
  resource.mutable_patient()->set_language("a\"b\\c\n\x01 more than sixteen bytes \xc3\xa9\t");
  EXPECT_EQ(WriteMessage(resource),
            "{\"resourceType\":\"Patient\",\"language\":\"a\\\"b\\\\c\\n\\u0001 more than sixteen "
            "bytes \xc3\xa9\\t\"}");
}

TEST(WriterTest, IndentsOnRequest) {
  std::string json;
  HANDOFF_ASSERT_OK(WriteJson(
      Encode(R"({"resourceType":"Patient","active":true,"x":[1.0]})"), {.pretty = true}, &json));
  EXPECT_EQ(
      json,
      "{\n  \"resourceType\": \"Patient\",\n  \"active\": true,\n  \"x\": [\n    1.0\n  ]\n}");
}

TEST(WriterTest, Appends) {
  std::string json = "before ";
  HANDOFF_ASSERT_OK(WriteJson(Encode(R"({"resourceType":"Patient"})"), {}, &json));
  EXPECT_EQ(json, R"(before {"resourceType":"Patient"})");
}

TEST(WriterTest, RefusesDamage) {
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  const auto patient = [](auto set) {
    v1::Resource resource;
    set(*resource.mutable_patient());
    return resource.SerializeAsString();
  };
  EXPECT_THAT(WriteStatus(""), StatusIs(kDataLoss, "no resource"));
  EXPECT_THAT(WriteStatus("\x0a\x7f"), StatusIs(kDataLoss, "no resource"));
  const std::string one = Encode(R"({"resourceType":"Patient"})");
  EXPECT_THAT(WriteStatus(one + one), StatusIs(kDataLoss, "more than one"));
  EXPECT_THAT(WriteStatus(std::string_view("\x9a\x06\x00", 3)),
              StatusIs(kDataLoss, "unknown resource type"));
  EXPECT_THAT(WriteStatus(std::string_view("\x0a\x03\xfa\x7f\x00", 5)),
              StatusIs(kDataLoss, "Patient"));
  EXPECT_THAT(WriteStatus(patient(
                  [](auto& p) { p.set_gender(static_cast<v1::AdministrativeGender>(77)); })),
              StatusIs(kDataLoss, "gender"));
  EXPECT_THAT(WriteStatus(patient([](auto& p) { p.mutable_birth_date()->set_month(13); })),
              StatusIs(kDataLoss, "birthDate"));
  EXPECT_THAT(WriteStatus(patient([](auto& p) { p.set_extra("{\"a\":"); })),
              StatusIs(kDataLoss, "extra"));
  EXPECT_THAT(WriteStatus(patient([](auto& p) { p.set_extra("{}{}"); })),
              StatusIs(kDataLoss, "extra"));
  EXPECT_THAT(WriteStatus(patient([](auto& p) { p.set_extra("{\"a\":\n1}"); })),
              StatusIs(kDataLoss, "extra"));
  EXPECT_THAT(WriteStatus(patient([](auto& p) { p.set_extra("{\"a\":\"\xc3\x28\"}"); })),
              StatusIs(kDataLoss, "UTF-8"));
  EXPECT_THAT(WriteStatus(patient(
                  [](auto& p) { p.add_links()->mutable_other()->set_resource_type("Patient"); })),
              StatusIs(kDataLoss, "reference"));
}

TEST(WriterTest, RefusesAnOpaqueResourceThatIsNotWhatItSays) {
  for (const char* json :
       {R"({"resourceType":"Patient"})", R"({"resourceType":"Device"})", R"({"id":"x"})", "[]"}) {
    v1::Resource resource;
    resource.mutable_opaque()->set_type("ClinicalImpression");
    resource.mutable_opaque()->set_json(json);
    EXPECT_THAT(WriteStatus(resource.SerializeAsString()),
                StatusIs(absl::StatusCode::kDataLoss, "OpaqueResource"));
    resource.mutable_opaque()->set_type("Patient");
    EXPECT_THAT(WriteStatus(resource.SerializeAsString()),
                StatusIs(absl::StatusCode::kDataLoss, "OpaqueResource"));
  }
}

TEST(WriterTest, RefusesASingleElementThatStandsTwice) {
  // Patient { language: "a", language: "b" } and both types of deceased[x].
  EXPECT_THAT(WriteStatus(std::string_view("\x0a\x06\x22\x01"
                                           "a"
                                           "\x22\x01"
                                           "b",
                                           8)),
              StatusIs(absl::StatusCode::kDataLoss, "language stands twice"));
  EXPECT_THAT(WriteStatus(std::string_view("\x0a\x06\x70\x01\x7a\x02\x30\x01", 8)),
              StatusIs(absl::StatusCode::kDataLoss, "deceased"));
}

TEST(WriterTest, FollowsNestingOnlySoFar) {
  std::string wire = Encode(R"({"resourceType":"Patient","id":"a"})");
  for (int i = 0; i < 1000; ++i) {
    v1::Resource outer;
    outer.mutable_patient()->add_contained(wire);
    wire = outer.SerializeAsString();
  }
  EXPECT_THAT(WriteStatus(wire), StatusIs(absl::StatusCode::kDataLoss, "too deeply"));
}

}  // namespace
}  // namespace handoff::fhir
