#include "tests/corpus/real_input.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "tests/corpus/corpus_files.h"
#include "tests/support/status_matchers.h"

namespace handoff::testing {
namespace {

std::string Text(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : "; ") + name + " " + std::to_string(count);
  return text.empty() ? "-" : text;
}

}  // namespace

std::string Identifier(const std::string& system, const std::string& value) {
  return "  - {system: \"" + system + "\", value: \"" + value + "\"}\n";
}

std::string RosterRow(const std::string& role,
                      const std::string& system,
                      const std::string& value) {
  return "  - {role: " + role + ", patient: {system: \"" + system + "\", value: \"" + value +
         "\"}}\n";
}

void RealInputTest::SetUp() {
  if (CorpusFolder().empty())
    GTEST_SKIP() << "the corpora are not beside the source (../shared/corpora): nothing was tested";
}

void RealInputTest::TearDown() {
  if (!network_) return;
  TakeNotes();
  const std::size_t all = needles_.size();
  needles_.Exclude(own_words_);
  EXPECT_GT(needles_.size(), 4U);
  EXPECT_FALSE(written_["log"].empty());
  EXPECT_FALSE(written_["metrics"].empty());
  std::printf("Searched for %zu words of patients (%zu left out as words of ours):",
              needles_.size(),
              all - needles_.size());
  for (const auto& [place, text] : written_) {
    std::printf(" %s %zu bytes;", place.c_str(), text.size());
    for (const std::string& found : needles_.FoundIn(text))
      ADD_FAILURE() << "'" << found << "' of a patient is in the " << place;
  }
  std::printf("\n");
}

void RealInputTest::StartNetwork(std::vector<PartySpec> parties) {
  TakeNotes();
  network_.reset();
  told_.clear();
  absl::StatusOr<std::unique_ptr<Network>> network = Network::Start(std::move(parties));
  HANDOFF_ASSERT_OK(network);
  network_ = *std::move(network);
  own_words_ += network_->Log() + network_->Metrics();
}

void RealInputTest::TakeNotes() {
  if (!network_) return;
  written_["log"] += network_->Log();
  written_["metrics"] += network_->Metrics();
  written_["webhooks"] += network_->Notices();
}

void RealInputTest::PrintHead() {
  std::printf(
      "| file | bytes | resources | HTTP | ms | events | told | not told |\n"
      "|---|--:|--:|--:|--:|---|---|---|\n");
}

Story RealInputTest::Send(const std::string& from,
                          const std::string& method,
                          const std::string& path,
                          const std::string& name,
                          const std::string& body) {
  EXPECT_TRUE(needles_.AddFrom(body)) << name;
  const auto start = std::chrono::steady_clock::now();
  const HttpAnswer answer = network_->Call(from, {method, path, body, {}});
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  EXPECT_TRUE(answer.status == 200 || answer.status == 201)
      << name << " was answered " << answer.status << ": " << answer.body;
  absl::StatusOr<Story> story = network_->LastStory();
  EXPECT_THAT(story, IsOk()) << name;
  if (!story.ok()) return {};
  for (const auto& [party, count] : story->told) told_[party] += count;
  EXPECT_TRUE(network_->WaitForAll(told_)) << name << ": not what was planned was delivered\n"
                                           << network_->Log();
  std::printf("| %s | %zu | %d | %d | %.0f | %s | %s | %s |\n",
              name.c_str(),
              body.size(),
              story->receipt.entries_size(),
              answer.status,
              took.count(),
              Text(story->events).c_str(),
              Text(story->told).c_str(),
              Text(story->withheld).c_str());
  return *std::move(story);
}

}  // namespace handoff::testing
