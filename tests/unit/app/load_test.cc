#include "gateway/app/load/load.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/app/load/measure.h"
#include "gateway/app/load/synthetic.h"
#include "gateway/http/http_server.h"
#include "tests/support/status_matchers.h"

namespace handoff::load {
namespace {

using ::handoff::testing::StatusIs;
using ::testing::HasSubstr;

SyntheticOptions Options(std::uint32_t seed) {
  SyntheticOptions options;
  options.seed = seed;
  options.now = FromMicros(1'783'005'600'000'000);
  options.hospital = {"urn:h", "1"};
  options.practice = {"urn:p", "2"};
  options.payer = {"urn:q", "3"};
  return options;
}

std::string Message(const Discharges& discharges, std::uint64_t number) {
  std::string text = discharges.text();
  discharges.Stamp(number, text.data());
  return text;
}

TEST(DischargesTest, AreMessagesOfTenResourcesOfTheSizeAskedFor) {
  const Discharges discharges(Options(1));
  EXPECT_GE(discharges.text().size(), 29'000u);
  EXPECT_LE(discharges.text().size(), 32'000u);
  std::string encoded;
  fhir::Issues issues;
  ASSERT_TRUE(fhir::ReadJson(Message(discharges, 7), {}, &encoded, &issues))
      << issues.front().text << " at " << issues.front().expression;
  EXPECT_TRUE(issues.empty()) << issues.front().text << " at " << issues.front().expression;
  const auto bundle = fhir::ReadBundle(encoded);
  ASSERT_TRUE(bundle.has_value());
  EXPECT_EQ(bundle->type, "message");
  EXPECT_EQ(bundle->entries.size(), 10u);
}

TEST(DischargesTest, DifferByNumberAndSeedAndAreOtherwiseTheSame) {
  const Discharges discharges(Options(1));
  const Discharges others(Options(2));
  EXPECT_EQ(Message(discharges, 7), Message(Discharges(Options(1)), 7));
  std::set<std::string> distinct;
  for (std::uint64_t number = 0; number < 100; ++number) {
    distinct.insert(Message(discharges, number));
    distinct.insert(Message(others, number));
  }
  EXPECT_EQ(distinct.size(), 200u);
}

TEST(DischargesTest, AreRecognisedByTheirNumber) {
  const Discharges discharges(Options(1));
  EXPECT_EQ(discharges.NumberIn(Message(discharges, 123'456'789)), 123'456'789u);
  EXPECT_EQ(Discharges(Options(2)).NumberIn(Message(discharges, 7)), std::nullopt);
  EXPECT_EQ(discharges.NumberIn("00000003-0000-4001-8000-000000000007"), 7u);
  EXPECT_EQ(discharges.NumberIn("00000003-0000-4001-8000-12"), std::nullopt);
}

TEST(LatenciesTest, GiveQuantilesWithinThreePerCent) {
  Latencies latencies;
  for (int us = 1; us <= 100'000; ++us) latencies.Add(std::chrono::microseconds(us));
  EXPECT_NEAR(static_cast<double>(latencies.Quantile(0.5).count()), 50'000, 1'600);
  EXPECT_NEAR(static_cast<double>(latencies.Quantile(0.99).count()), 99'000, 3'200);
  EXPECT_EQ(Latencies().Quantile(0.5).count(), 0);
}

TEST(PaceTest, DatesMessagesByTheRateWhateverBecameOfThoseBefore) {
  Pace pace(std::chrono::hours(1), 3, 10);
  EXPECT_EQ(pace.start(), std::nullopt);
  const Steady::time_point start = Steady::now();
  pace.Begin(start);
  pace.Begin(start + std::chrono::minutes(1));  // it has begun
  EXPECT_EQ(pace.start(), start);
  for (int n = 0; n < 3; ++n) {
    const auto turn = pace.Next();
    ASSERT_TRUE(turn.has_value());
    EXPECT_EQ(turn->number, static_cast<std::uint64_t>(n));
    EXPECT_EQ(turn->due - start, std::chrono::milliseconds(100 * n));
  }
  EXPECT_FALSE(pace.Next().has_value());
}

TEST(TallyTest, TimesNothingThatIsDueWithinTheWarmUp) {
  Pace pace(std::chrono::hours(1), 3, 10, std::chrono::milliseconds(150));
  pace.Begin(Steady::now());
  Tally tally(3, pace);
  for (int n = 0; n < 3; ++n) {
    const auto turn = pace.Next();
    ASSERT_TRUE(turn.has_value());
    tally.Sending(*turn);
    tally.Accepted(*turn);
    tally.Delivered(turn->number);
  }
  EXPECT_EQ(tally.accepted, 3u);
  EXPECT_EQ(tally.delivered, 3u);
  EXPECT_EQ(tally.acknowledgements.count(), 1u);
  EXPECT_EQ(tally.deliveries.count(), 1u);
}

TEST(OptionsTest, RefuseWhatIsOutOfBounds) {
  const auto refused = [](auto change, const char* text) {
    LoadOptions options;
    change(options);
    EXPECT_THAT(Complete(&options), StatusIs(absl::StatusCode::kInvalidArgument, text));
  };
  refused([](LoadOptions& o) { o.connections = 0; }, "--connections");
  refused([](LoadOptions& o) { o.seconds = 3'601; }, "--seconds");
  refused([](LoadOptions& o) { o.warm_up_seconds = 10; }, "--warm-up");
  refused([](LoadOptions& o) { o.count = 10'000'001; }, "--count");
  refused([](LoadOptions& o) { o.rate = -1; }, "--rate");
  refused([](LoadOptions& o) { o.payer = "no bar"; }, "--payer");
  refused([](LoadOptions& o) { o.practice = "a|b\""; }, "--practice");
}

// A server that answers every POST with `status`.
class RunLoadTest : public ::testing::Test {
 protected:
  std::string Serve(int status) {
    auto server =
        http::HttpServer::Start({}, [this, status](http::Request request, http::Respond respond) {
          absl::MutexLock lock(&mutex_);
          bodies_.insert(std::move(request.body));
          last_target_ = request.target;
          http::Response response;
          response.status = status;
          response.body = "an answer";
          respond(std::move(response));
        });
    EXPECT_THAT(server, ::handoff::testing::IsOk());
    server_ = *std::move(server);
    return "http://127.0.0.1:" + std::to_string(server_->port());
  }

  absl::Mutex mutex_;
  std::set<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
  std::string last_target_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<http::HttpServer> server_;
  std::ostringstream out_;
  std::ostringstream progress_;
};

TEST_F(RunLoadTest, SendsEachMessageOnceAndReportsThem) {
  LoadOptions options;
  options.url = Serve(200) + "/fhir";
  options.count = 200;
  options.connections = 4;
  options.json = true;
  EXPECT_EQ(RunLoad(options, out_, progress_), 0) << progress_.str() << out_.str();
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(bodies_.size(), 200u);
  EXPECT_EQ(last_target_, "/fhir/$process-message");
  EXPECT_THAT(out_.str(), HasSubstr("\"accepted\":200,\"refused\":0,\"failed\":0"));
}

TEST_F(RunLoadTest, FailsIfAnythingIsRefused) {
  LoadOptions options;
  options.url = Serve(422);
  options.count = 3;
  EXPECT_EQ(RunLoad(options, out_, progress_), 1);
  EXPECT_THAT(out_.str(), HasSubstr("422 an answer"));
}

TEST_F(RunLoadTest, PostsToTheUrlItselfAsBaseline) {
  LoadOptions options;
  options.url = Serve(202) + "/echo";
  options.baseline = true;
  options.count = 10;
  options.rate = 1'000;
  EXPECT_EQ(RunLoad(options, out_, progress_), 0) << progress_.str() << out_.str();
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(last_target_, "/echo");
}

TEST_F(RunLoadTest, FailsWhereNobodyAnswers) {
  LoadOptions options;
  options.url = Serve(200);
  server_->Stop(std::chrono::milliseconds(0));
  options.count = 10;
  options.connections = 1;
  EXPECT_EQ(RunLoad(options, out_, progress_), 1);
}

}  // namespace
}  // namespace handoff::load
