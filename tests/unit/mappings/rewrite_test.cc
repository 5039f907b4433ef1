#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using testing::StatusIs;

std::string Rewritten(std::string_view json, const RewriteOptions& options) {
  std::string out;
  const absl::Status status = Rewrite(Encode(json), options, &out);
  EXPECT_TRUE(status.ok()) << status.message();
  return Decode(out);
}

RewriteOptions Editing(ReferenceEdit::Action action, std::string_view only_id = {}) {
  RewriteOptions options;
  options.reference = [=](const ReferenceView& view) {
    ReferenceEdit edit;
    if (!only_id.empty() && view.id != only_id) return edit;
    edit.action = action;
    edit.type = "Patient";
    edit.id = "ours";
    return edit;
  };
  return options;
}

TEST(RewriteTest, SetsIdVersionAndTime) {
  RewriteOptions options;
  options.id = "new";
  options.version_id = "7";
  options.updated_us = 1'700'000'000'123'456;
  EXPECT_EQ(
      Rewritten(
          R"({"resourceType":"Patient","id":"old","meta":{"versionId":"1","source":"urn:x","id":"m"},"active":true})",
          options),
      R"({"resourceType":"Patient","id":"new","meta":{"versionId":"7","lastUpdated":"2023-11-14T22:13:20.123Z",)"
      R"("source":"urn:x","id":"m"},"active":true})");
  EXPECT_EQ(
      Rewritten(R"({"resourceType":"Patient","active":true})", options),
      R"({"resourceType":"Patient","id":"new","meta":{"versionId":"7","lastUpdated":"2023-11-14T22:13:20.123Z"},"active":true})");
}

TEST(RewriteTest, ChangesOnlyWhatIsAsked) {
  const std::string json =
      R"({"resourceType":"Patient","id":"old","meta":{"versionId":"1"},"active":true})";
  RewriteOptions options;
  EXPECT_EQ(Rewritten(json, options), json);
  options.id = "new";
  EXPECT_EQ(Rewritten(json, options),
            R"({"resourceType":"Patient","id":"new","meta":{"versionId":"1"},"active":true})");
}

TEST(RewriteTest, LeavesResourcesInsideABundleTheirIds) {
  RewriteOptions options;
  options.id = "b";
  EXPECT_EQ(
      Rewritten(
          R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]})",
          options),
      R"({"resourceType":"Bundle","id":"b","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]})");
}

TEST(RewriteTest, ReplacesReferencesAndKeepsTheirOtherMembers) {
  EXPECT_EQ(
      Rewritten(
          R"({"resourceType":"CareTeam","subject":{"reference":"urn:uuid:1","type":"Patient","display":"x","id":"i"}})",
          Editing(ReferenceEdit::Action::kReplace)),
      R"({"resourceType":"CareTeam","subject":{"reference":"Patient/ours","type":"Patient","display":"x","id":"i"}})");
  RewriteOptions to_uri;
  to_uri.reference = [](const ReferenceView&) {
    ReferenceEdit edit;
    edit.action = ReferenceEdit::Action::kReplace;
    edit.uri = "http://x/Patient/1";
    return edit;
  };
  EXPECT_EQ(Rewritten(R"({"resourceType":"CareTeam","subject":{"reference":"Patient/1"}})", to_uri),
            R"({"resourceType":"CareTeam","subject":{"reference":"http://x/Patient/1"}})");
}

TEST(RewriteTest, DropsWholeReferencesAndWhatBecomesEmpty) {
  EXPECT_EQ(
      Rewritten(
          R"({"resourceType":"CareTeam","name":"x","subject":{"reference":"Patient/1","display":"y"},)"
          R"("participant":[{"member":{"reference":"Patient/1"}},{"member":{"reference":"Patient/2"}}]})",
          Editing(ReferenceEdit::Action::kDrop, "1")),
      R"({"resourceType":"CareTeam","name":"x","participant":[{"member":{"reference":"Patient/2"}}]})");
}

TEST(RewriteTest, ReachesContainedResourcesExtensionsAndTypesWithoutAMap) {
  EXPECT_EQ(
      Rewritten(
          R"({"resourceType":"CareTeam","contained":[{"resourceType":"ClinicalImpression","subject":{"reference":"Patient/1"}}],)"
          R"("extension":[{"url":"u","valueReference":{"reference":"Patient/1"}}]})",
          Editing(ReferenceEdit::Action::kReplace)),
      R"({"resourceType":"CareTeam","contained":[{"resourceType":"ClinicalImpression","subject":{"reference":"Patient/ours"}}],)"
      R"("extension":[{"url":"u","valueReference":{"reference":"Patient/ours"}}]})");
}

TEST(RewriteTest, KeepsTheJsonOfATypeWithoutAMapInStep) {
  RewriteOptions options = Editing(ReferenceEdit::Action::kReplace);
  options.id = "new";
  options.version_id = "2";
  std::string out;
  HANDOFF_ASSERT_OK(Rewrite(
      Encode(
          R"({"resourceType":"ClinicalImpression","id":"old","subject":{"reference":"Patient/1"}})"),
      options,
      &out));
  EXPECT_EQ(
      Decode(out),
      R"({"resourceType":"ClinicalImpression","id":"new","meta":{"versionId":"2"},"subject":{"reference":"Patient/ours"}})");
  EXPECT_EQ(ReadHead(out).id, "new");
}

TEST(RewriteTest, Appends) {
  std::string out = "x";
  HANDOFF_ASSERT_OK(Rewrite(Encode(R"({"resourceType":"Patient"})"), {}, &out));
  EXPECT_EQ(Decode(out.substr(1)), R"({"resourceType":"Patient"})");
}

TEST(RewriteTest, RefusesDamage) {
  std::string out;
  EXPECT_THAT(Rewrite("", {}, &out), StatusIs(absl::StatusCode::kDataLoss, "damaged"));
  EXPECT_THAT(Rewrite("\x0a\x05x", {}, &out), StatusIs(absl::StatusCode::kDataLoss, "damaged"));
}

}  // namespace
}  // namespace handoff::fhir
