#include "fhir-mappings/runtime/convert.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "handoff/v1/exchange.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::StatusIs;

struct Result {
  std::string out;
  absl::Status status;
  ConvertSummary summary;
};

// Gives a text in pieces.
ConvertSource SourceOf(const std::string& text, std::size_t piece) {
  return [&text, piece, at = std::size_t{0}](
             char* buffer, std::size_t size) mutable -> absl::StatusOr<std::size_t> {
    const std::size_t n = std::min({piece, size, text.size() - at});
    text.copy(buffer, n, at);
    at += n;
    return n;
  };
}

Result Translate(const std::string& input,
                 const ConvertOptions& options,
                 std::size_t piece = 1 << 20) {
  Result result;
  result.status = Convert(
      SourceOf(input, piece),
      [&](std::string_view bytes) {
        result.out += bytes;
        return absl::OkStatus();
      },
      options,
      &result.summary);
  return result;
}

Result Translate(const std::string& input,
                 ConvertFormat from,
                 ConvertFormat to,
                 std::size_t max_bytes = 1 << 20) {
  ConvertOptions options;
  options.from = from;
  options.to = to;
  options.limits.max_bytes = max_bytes;
  return Translate(input, options);
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
  HANDOFF_ASSERT_OK(result.status);
  EXPECT_EQ(result.summary.converted, 2u);
  EXPECT_EQ(result.summary.rejected, 2u);
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
  HANDOFF_ASSERT_OK(proto.status);
  EXPECT_EQ(Translate(proto.out, ConvertFormat::kProto, ConvertFormat::kR4).out, json);
  EXPECT_EQ(Translate(proto.out, ConvertFormat::kProto, ConvertFormat::kProto).out, proto.out);
}

TEST(ConvertTest, WritesTheJsonOfProtobuf) {
  const Result result = Translate("{\"resourceType\":\"Patient\",\"birthDate\":\"1970\"}\n",
                                  ConvertFormat::kR4,
                                  ConvertFormat::kProtoJson);
  EXPECT_EQ(result.out, "{\"patient\":{\"birthDate\":{\"year\":1970}}}\n");
}

TEST(ConvertTest, WritesJsonThatProtobufReads) {
  const std::string json =
      R"({"resourceType":"Observation","id":"1","status":"final","code":{"text":"w\"\u00e9"},"valueQuantity":{"value":1.00},)"
      R"("effectiveDateTime":"2024-03-01T08:15:30.120+01:00","extension":[{"url":"urn:x","valueDecimal":2.50}],)"
      R"("contained":[{"resourceType":"Patient","id":"p"},{"resourceType":"Account","id":"g"}]})"
      "\n";
  const Result proto = Translate(json, ConvertFormat::kR4, ConvertFormat::kProto);
  const Result proto_json = Translate(json, ConvertFormat::kR4, ConvertFormat::kProtoJson);
  EXPECT_EQ(proto_json.summary.converted, 1u);
  v1::Resource resource;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(proto_json.out, &resource).ok());
  std::string delimited;
  {
    google::protobuf::io::StringOutputStream out(&delimited);
    ASSERT_TRUE(google::protobuf::util::SerializeDelimitedToZeroCopyStream(resource, &out));
  }
  EXPECT_EQ(Translate(delimited, ConvertFormat::kProto, ConvertFormat::kR4).out,
            Translate(json, ConvertFormat::kR4, ConvertFormat::kR4).out);
  google::protobuf::io::ArrayInputStream in(proto.out.data(), static_cast<int>(proto.out.size()));
  v1::Resource read;
  bool clean_eof = false;
  ASSERT_TRUE(google::protobuf::util::ParseDelimitedFromZeroCopyStream(&read, &in, &clean_eof));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read, resource));
}

TEST(ConvertTest, ValidatesProtoAsItValidatesJson) {
  v1::Resource resource;
  resource.mutable_encounter()->set_id("not an id");
  const std::string wire = resource.SerializeAsString();
  const std::string input =
      std::string(1, static_cast<char>(wire.size())) + wire + std::string("\x02\xff\xff", 3);
  const Result result = Translate(input, ConvertFormat::kProto, ConvertFormat::kR4);
  HANDOFF_ASSERT_OK(result.status);
  EXPECT_EQ(result.summary.rejected, 2u);
  EXPECT_THAT(result.out, HasSubstr("Encounter.id: not an id"));
}

TEST(ConvertTest, RejectsRecordsBeyondTheLimitAndGoesOn) {
  const std::string json = R"({"resourceType":"Patient","id":"1"})";
  const Result result = Translate(json + "\n" + json + " \n" + json + "\n",
                                  ConvertFormat::kR4,
                                  ConvertFormat::kR4,
                                  json.size());
  HANDOFF_ASSERT_OK(result.status);
  EXPECT_EQ(result.summary.converted, 2u);
  EXPECT_EQ(result.summary.rejected, 1u);
  EXPECT_EQ(Lines(result.out).size(), 3u);
  const std::string long_record =
      std::string("\x40") + std::string(64, 'x') + std::string("\x02\x0a\x00", 3);
  const Result proto = Translate(long_record, ConvertFormat::kProto, ConvertFormat::kR4, 63);
  EXPECT_EQ(proto.summary.rejected, 1u);
  EXPECT_THAT(proto.out, EndsWith("{\"resourceType\":\"Patient\"}\n"));
}

TEST(ConvertTest, SaysWhenTheInputBreaksOff) {
  const Result result =
      Translate(std::string("\x02\x0a\x00\x09\x0a", 5), ConvertFormat::kProto, ConvertFormat::kR4);
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kDataLoss, "record 2"));
  EXPECT_EQ(result.summary.converted, 1u);
  EXPECT_EQ(result.out, "{\"resourceType\":\"Patient\"}\n");
  EXPECT_THAT(Translate("\xff", ConvertFormat::kProto, ConvertFormat::kR4).status,
              StatusIs(absl::StatusCode::kDataLoss, ""));
}

TEST(ConvertTest, RefusesProtoJsonAsInput) {
  EXPECT_THAT(Translate("", ConvertFormat::kProtoJson, ConvertFormat::kR4).status,
              StatusIs(absl::StatusCode::kInvalidArgument, "output"));
}

TEST(ConvertTest, ReadsTheSameHoweverTheStreamIsCut) {
  const std::string patient = R"({"resourceType":"Patient","id":"1"})";
  const std::string lines = patient + "\n\nnonsense\n" + std::string(200, 'x') + "\n" + patient;
  ConvertOptions options;
  options.to = ConvertFormat::kProto;
  options.limits.max_bytes = 100;
  const Result whole = Translate(lines, options);
  EXPECT_EQ(whole.summary.converted, 2u);
  EXPECT_EQ(whole.summary.rejected, 3u);
  ConvertOptions back;
  back.from = ConvertFormat::kProto;
  back.to = ConvertFormat::kR4;
  const Result whole_back = Translate(whole.out, back);
  EXPECT_EQ(Lines(whole_back.out).size(), 5u);
  for (std::size_t piece = 1; piece < 60; ++piece) {
    EXPECT_EQ(Translate(lines, options, piece).out, whole.out) << piece;
    EXPECT_EQ(Translate(whole.out, back, piece).out, whole_back.out) << piece;
  }
}

TEST(ConvertTest, ReadsOneResourceOverManyLines) {
  ConvertOptions options;
  options.framing = ConvertFraming::kDocument;
  options.to = ConvertFormat::kR4;
  const Result result =
      Translate("{\n \"resourceType\": \"Patient\",\n \"id\": \"1\"\n}\n", options);
  EXPECT_EQ(result.out, "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n");
  EXPECT_EQ(Translate("", options).summary.rejected, 1u);
  EXPECT_EQ(Translate("{\"resourceType\":\"Patient\"} {}", options).summary.rejected, 1u);
  options.limits.max_bytes = 26;
  EXPECT_EQ(Translate("{\"resourceType\":\"Patient\"}", options).summary.rejected, 0u);
  const Result too_long = Translate("{\"resourceType\":\"Patient\"}\n", options, 5);
  EXPECT_THAT(too_long.out, HasSubstr("too-long"));
  EXPECT_EQ(Lines(too_long.out).size(), 1u);
}

TEST(ConvertTest, ReportsEachRecordWithItsPlaceAndIssues) {
  ConvertOptions options;
  std::vector<std::string> told;
  options.report = [&](const ConvertRecord& record) {
    told.push_back(std::to_string(record.position) + " " + std::string(record.type) +
                   (record.rejected ? " rejected" : "") + " " +
                   std::to_string(record.issues.size()) + " " + std::to_string(record.bytes));
  };
  const Result result =
      Translate("{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Account\"}\n\n", options);
  EXPECT_THAT(told, ElementsAre("1 Patient 0 27", "2 Account 0 54", "3  rejected 1 55"));
  EXPECT_EQ(result.out, "") << "nothing is written without a format";
}

TEST(ConvertTest, RejectsWhatTheValidatorRefuses) {
  ConvertOptions options;
  options.to = ConvertFormat::kR4;
  options.validate = [](std::string_view encoded, Issues* issues) {
    const bool bad = ReadHead(encoded).id == "2";
    issues->push_back(
        {bad ? Severity::kError : Severity::kWarning, "invariant", "pat-1", "Patient"});
  };
  const Result result = Translate(
      "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n{\"resourceType\":\"Patient\",\"id\":\"2\"}"
      "\nx\n",
      options);
  EXPECT_EQ(result.summary.converted, 1u);
  EXPECT_EQ(result.summary.rejected, 2u);
  EXPECT_THAT(Lines(result.out)[1], HasSubstr(R"("code":"invariant","diagnostics":"pat-1")"));
  EXPECT_THAT(Lines(result.out)[2], Not(HasSubstr("invariant"))) << "it was not read";
}

TEST(ConvertTest, EndsWithTheErrorOfItsSourceOrSink) {
  const std::string text = "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}\n";
  ConvertOptions options;
  options.to = ConvertFormat::kR4;
  ConvertSummary summary;
  const ConvertSink full = [](std::string_view) { return absl::UnavailableError("full"); };
  EXPECT_THAT(Convert(SourceOf(text, 100), full, options, &summary),
              StatusIs(absl::StatusCode::kUnavailable, "full"));
  const ConvertSource gone = [](char*, std::size_t) -> absl::StatusOr<std::size_t> {
    return absl::UnavailableError("gone");
  };
  EXPECT_THAT(Convert(gone, full, options, &summary),
              StatusIs(absl::StatusCode::kUnavailable, "gone"));
}

}  // namespace
}  // namespace handoff::fhir
