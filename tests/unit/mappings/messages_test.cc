// Message objects are filled and written as protobuf and the writer of wire bytes would do it.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::HasSubstr;

std::string Written(const v1::Resource& resource) {
  std::string json;
  const absl::Status status = WriteJson(resource, {}, &json);
  return status.ok() ? json : "not written: " + std::string(status.message());
}

// What both ways to write `resource` say; a failure if they differ.
std::string WrittenBothWays(const v1::Resource& resource) {
  std::string by_wire;
  const absl::Status status = WriteJson(resource.SerializeAsString(), {}, &by_wire);
  const std::string written = Written(resource);
  EXPECT_EQ(status.ok(), !written.starts_with("not written")) << status << "\n" << written;
  if (status.ok()) EXPECT_EQ(written, by_wire);
  return written;
}

TEST(MessagesTest, AResourceOfEveryFormIsFilledAsByProtobuf) {
  for (
      const std::string_view json : {
          R"({"resourceType":"Patient","id":"x","gender":"male","birthDate":"1950-02","deceasedBoolean":false})",
          R"({"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],
               "managingOrganization":{"reference":"#o"}})",
          R"({"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"i"}]}]})",
          R"({"resourceType":"Patient","extension":[{"url":"u","valueCode":"x"}],"x":[1.0]})",
          R"({"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"\u00e9\u4e2d"},
               "subject":{"reference":"Patient/1/_history/2","display":"d"},"startDate":"2026-11-22"})",
          R"({"resourceType":"Bundle","type":"collection","timestamp":"2026-11-22T10:00:00.250+01:00",
               "entry":[{"resource":{"resourceType":"Slot","schedule":{"reference":"Schedule/1"},
               "status":"free","start":"2026-11-22T10:00:00Z","end":"2026-11-22T23:59:60Z"}},
               {"resource":{"resourceType":"Medication","id":"m"}}]})",
          R"({"resourceType":"Medication","id":"m","meta":{"versionId":"1"}})",
      }) {
    SCOPED_TRACE(json);
    const std::string encoded = Encode(json);
    v1::Resource expected;
    ASSERT_TRUE(expected.ParseFromString(encoded));
    for (const Utf8 utf8 : {Utf8::kCheck, Utf8::kKnown}) {
      v1::Resource resource;
      resource.mutable_patient()->set_language("left over");
      ASSERT_TRUE(ParseResource(encoded, &resource, utf8));
      EXPECT_EQ(resource.DebugString(), expected.DebugString());
      EXPECT_EQ(WrittenBothWays(resource), Decode(encoded));
    }
  }
}

TEST(MessagesTest, WhatAnotherVersionWroteIsKeptAndNotWrittenAsJson) {
  // Patient { id: "x", field 2000: 1 }
  const std::string encoded("\x0a\x06\x0a\x01x\x80\x7d\x01", 8);
  v1::Resource resource;
  ASSERT_TRUE(ParseResource(encoded, &resource));
  EXPECT_EQ(resource.SerializeAsString(), encoded);
  EXPECT_THAT(WrittenBothWays(resource), HasSubstr("unknown field"));
}

TEST(MessagesTest, DamageIsRefusedAsByProtobuf) {
  v1::Resource resource;
  EXPECT_FALSE(ParseResource(std::string_view("\x0a\x05\x0a\x09x", 5), &resource));  // cut short
  const std::string_view not_utf8("\x0a\x03\x0a\x01\xff", 5);                        // Patient.id
  EXPECT_FALSE(ParseResource(not_utf8, &resource));
  EXPECT_FALSE(ParseResource("\xff", &resource));
  // A length of six bytes, which protobuf does not take.
  EXPECT_FALSE(ParseResource(std::string_view("\x0a\x80\x80\x80\x80\x80\x00", 7), &resource));
  v1::Resource deep;
  v1::Resource* inner = &deep;
  for (int i = 0; i < 40; ++i) inner = inner->mutable_bundle()->add_entries()->mutable_resource();
  EXPECT_FALSE(resource.ParseFromString(deep.SerializeAsString()));
  EXPECT_FALSE(ParseResource(deep.SerializeAsString(), &resource));
  EXPECT_TRUE(ParseResource("", &resource));
  EXPECT_THAT(WrittenBothWays(resource), HasSubstr("not written"));
}

TEST(MessagesTest, AFieldThatStandsTwiceIsMerged) {
  // Patient { marital_status { text } } and { marital_status { codings } }, one behind the other.
  v1::Resource first;
  first.mutable_patient()->mutable_marital_status()->set_text("a");
  v1::Resource second;
  second.mutable_patient()->mutable_marital_status()->add_codings()->set_code("b");
  const std::string both = first.SerializeAsString() + second.SerializeAsString();
  v1::Resource resource;
  ASSERT_TRUE(ParseResource(both, &resource));
  EXPECT_EQ(resource.patient().marital_status().text(), "a");
  EXPECT_EQ(resource.patient().marital_status().codings_size(), 1);
}

TEST(MessagesTest, WhatIsEmptyIsLeftOut) {
  v1::Resource resource;
  resource.mutable_patient()->mutable_marital_status();
  resource.mutable_patient()->mutable_birth_date();
  resource.mutable_patient()->mutable_deceased_date_time();
  resource.mutable_patient()->add_names()->mutable_period();
  EXPECT_EQ(WrittenBothWays(resource), R"({"resourceType":"Patient","name":[{}]})");
}

TEST(MessagesTest, WhatJsonCannotSayIsNotWritten) {
  const auto observation = [](auto&& change) {
    v1::Resource resource;
    change(*resource.mutable_observation());
    return WrittenBothWays(resource);
  };
  EXPECT_THAT(observation([](auto& o) { o.set_status(static_cast<v1::ObservationStatus>(99)); }),
              HasSubstr("not written"));
  EXPECT_THAT(observation([](auto& o) { o.set_status(static_cast<v1::ObservationStatus>(-1)); }),
              HasSubstr("not written"));
  EXPECT_THAT(observation([](auto& o) { o.mutable_value_quantity()->set_value("1.x"); }),
              HasSubstr("a decimal"));
  EXPECT_THAT(observation([](auto& o) { o.mutable_effective_date_time()->set_text("soon"); }),
              HasSubstr("a dateTime"));
  EXPECT_THAT(
      observation([](auto& o) {
        o.mutable_effective_date_time()->set_precision(static_cast<v1::DateTime::Precision>(9));
      }),
      HasSubstr("a dateTime"));
  EXPECT_THAT(observation([](auto& o) { o.mutable_subject()->set_resource_type("Patient"); }),
              HasSubstr("Reference"));
  EXPECT_THAT(observation([](auto& o) { o.set_extra("{"); }), HasSubstr("Observation"));
  EXPECT_THAT(observation([](auto& o) { o.mutable_code()->set_extra("{"); }), HasSubstr("extra"));
  v1::Resource resource;
  resource.mutable_patient()->mutable_birth_date()->set_year(-4);
  EXPECT_THAT(WrittenBothWays(resource), HasSubstr("a date"));
  resource.Clear();
  resource.mutable_patient()->add_contained("\xff");
  EXPECT_THAT(WrittenBothWays(resource), HasSubstr("a resource"));
}

TEST(MessagesTest, KnownExtensionsKeepTheirPlaceAmongTheOthers) {
  const std::string json =
      R"({"resourceType":"Patient","extension":[{"url":"http://example.org/a","valueCode":"x"},)"
      R"({"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex","valueCode":"F"},)"
      R"({"url":"http://example.org/b","valueCode":"y"}],"gender":"female"})";
  v1::Resource resource;
  ASSERT_TRUE(ParseResource(Encode(json), &resource));
  ASSERT_EQ(resource.patient().birth_sex(), "F");
  EXPECT_EQ(WrittenBothWays(resource), Decode(Encode(json)));
}

}  // namespace
}  // namespace handoff::fhir
