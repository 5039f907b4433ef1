#include "fhir-mappings/runtime/convert.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handoff/v1/exchange.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::StatusIs;

struct Result {
  std::string out;
  absl::StatusOr<ConvertSummary> summary;
};

Result Translate(const std::string& input,
                 ConvertFormat from,
                 ConvertFormat to,
                 std::size_t max_bytes = 1 << 20) {
  std::istringstream in(input);
  std::ostringstream out;
  ConvertOptions options;
  options.from = from;
  options.to = to;
  options.limits.max_bytes = max_bytes;
  auto summary = Convert(in, out, options);
  return {out.str(), std::move(summary)};
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(ConvertTest, GivesOneLineForEachLineInOrder) {
  const Result result = Translate(
      "{\"resourceType\":\"Patient\",\"id\":\"1\"}\nnonsense\n\n{\"resourceType\":\"Patient\", "
      "\"id\":\"2\"}",
      ConvertFormat::kR4,
      ConvertFormat::kR4);
  ASSERT_TRUE(result.summary.ok());
  EXPECT_EQ(result.summary->converted, 2u);
  EXPECT_EQ(result.summary->rejected, 2u);
  const auto lines = Lines(result.out);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], R"({"resourceType":"Patient","id":"1"})");
  EXPECT_THAT(
      lines[1],
      StartsWith(
          R"({"resourceType":"OperationOutcome","id":"rejected","issue":[{"severity":"fatal")"));
  EXPECT_THAT(lines[2], HasSubstr("rejected"));
  EXPECT_EQ(lines[3], R"({"resourceType":"Patient","id":"2"})");
}

TEST(ConvertTest, GoesThroughProtoAndBack) {
  const std::string json =
      "{\"resourceType\":\"Patient\",\"id\":\"1\",\"x\":1.00}\n{\"resourceType\":"
      "\"ClinicalImpression\","
      "\"id\":\"2\"}\n";
  const Result proto = Translate(json, ConvertFormat::kR4, ConvertFormat::kProto);
  ASSERT_TRUE(proto.summary.ok());
  EXPECT_EQ(Translate(proto.out, ConvertFormat::kProto, ConvertFormat::kR4).out, json);
  EXPECT_EQ(Translate(proto.out, ConvertFormat::kProto, ConvertFormat::kProto).out, proto.out);
}

TEST(ConvertTest, WritesTheJsonOfProtobuf) {
  const Result result = Translate("{\"resourceType\":\"Patient\",\"birthDate\":\"1970\"}\n",
                                  ConvertFormat::kR4,
                                  ConvertFormat::kProtoJson);
  EXPECT_EQ(result.out, "{\"patient\":{\"birthDate\":{\"year\":1970}}}\n");
}

TEST(ConvertTest, ValidatesProtoAsItValidatesJson) {
  v1::Resource resource;
  resource.mutable_encounter()->set_id("not an id");
  const std::string wire = resource.SerializeAsString();
  const std::string input =
      std::string(1, static_cast<char>(wire.size())) + wire + std::string("\x02\xff\xff", 3);
  const Result result = Translate(input, ConvertFormat::kProto, ConvertFormat::kR4);
  ASSERT_TRUE(result.summary.ok());
  EXPECT_EQ(result.summary->rejected, 2u);
  EXPECT_THAT(result.out, HasSubstr("Encounter.id: not an id"));
}

TEST(ConvertTest, RejectsRecordsBeyondTheLimitAndGoesOn) {
  const std::string json = R"({"resourceType":"Patient","id":"1"})";
  const Result result = Translate(json + "\n" + json + " \n" + json + "\n",
                                  ConvertFormat::kR4,
                                  ConvertFormat::kR4,
                                  json.size());
  ASSERT_TRUE(result.summary.ok());
  EXPECT_EQ(result.summary->converted, 2u);
  EXPECT_EQ(result.summary->rejected, 1u);
  EXPECT_EQ(Lines(result.out).size(), 3u);
  const std::string long_record =
      std::string("\x40") + std::string(64, 'x') + std::string("\x02\x0a\x00", 3);
  const Result proto = Translate(long_record, ConvertFormat::kProto, ConvertFormat::kR4, 63);
  EXPECT_EQ(proto.summary->rejected, 1u);
  EXPECT_THAT(proto.out, EndsWith("{\"resourceType\":\"Patient\"}\n"));
}

TEST(ConvertTest, SaysWhenTheInputBreaksOff) {
  const Result result =
      Translate(std::string("\x02\x0a\x00\x09\x0a", 5), ConvertFormat::kProto, ConvertFormat::kR4);
  EXPECT_THAT(result.summary, StatusIs(absl::StatusCode::kDataLoss, "1 were converted"));
  EXPECT_EQ(result.out, "{\"resourceType\":\"Patient\"}\n");
  EXPECT_THAT(Translate("\xff", ConvertFormat::kProto, ConvertFormat::kR4).summary,
              StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST(ConvertTest, RefusesProtoJsonAsInput) {
  EXPECT_THAT(Translate("", ConvertFormat::kProtoJson, ConvertFormat::kR4).summary,
              StatusIs(absl::StatusCode::kInvalidArgument, "output"));
}

}  // namespace
}  // namespace handoff::fhir
