// A reader over what the demo's messages left in the store, with the shipped views.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "tests/unit/intake/intake_fixture.h"

namespace handoff::access {

class ReaderTest : public intake::IntakeTest {
 protected:
  void SetUp() override {
    IntakeTest::SetUp();
    ConfigErrors errors;
    views_ = std::make_shared<const policy::Views>(
        policy::Views::Load(*ConfigNode::Load("config/views.yaml"), errors));
    ASSERT_TRUE(errors.empty()) << errors.list().front();
    reader_ = std::make_unique<Reader>(std::make_shared<const Sources>(
        Sources{*store_, clock_, [this] { return Rules{rules_->directory, views_}; }}));
  }

  // Admission, discharge with a plan, and a referral for food.
  void LoadDemo() {
    for (const char* name : {"admit", "discharge", "referral"}) {
      const v1::Receipt receipt = Accept(Bundle(intake::DemoMessage(name)));
      ASSERT_TRUE(receipt.accepted()) << receipt.ShortDebugString();
    }
  }

  absl::StatusOr<std::string> ReadJsonAs(const char* party, const ResourceKey& key) {
    const absl::StatusOr<Visible> visible = reader_->Read(PartyKey(party), key);
    if (!visible.ok()) return visible.status();
    return JsonOf(visible->encoded);
  }

  static std::string JsonOf(std::string_view encoded) {
    std::string json;
    EXPECT_THAT(fhir::WriteJson(encoded, {}, &json), testing::IsOk());
    return json;
  }

  absl::StatusOr<SearchPage> SearchAs(
      const char* party,
      std::string_view type,
      const std::vector<std::pair<std::string, std::string>>& parameters) {
    absl::StatusOr<SearchRequest> request = ParseSearch(type, parameters, {});
    if (!request.ok()) return request.status();
    return reader_->Search(PartyKey(party), *request);
  }

  // "Type/id" of what a search finds.
  std::vector<std::string> Found(
      const char* party,
      std::string_view type,
      const std::vector<std::pair<std::string, std::string>>& parameters) {
    const absl::StatusOr<SearchPage> page = SearchAs(party, type, parameters);
    EXPECT_THAT(page, testing::IsOk());
    std::vector<std::string> found;
    if (!page.ok()) return found;
    for (const Visible& item : page->items)
      found.push_back(item.name.type() + "/" + item.name.id());
    return found;
  }

  std::shared_ptr<const policy::Views> views_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace handoff::access
