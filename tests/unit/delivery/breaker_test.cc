#include "gateway/delivery/breaker.h"

#include <chrono>
#include <optional>

#include <gmock/gmock.h>

#include "tests/support/fake_clock.h"

namespace handoff::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class BreakerTest : public ::testing::Test {
 protected:
  bool Fail(bool probe = false, std::optional<seconds> retry_after = std::nullopt) {
    return breaker_.OnFailure(clock_.Now(), probe, retry_after);
  }
  void Open() {
    for (std::uint32_t i = 0; i < options_.failures; ++i) {
      breaker_.Begin();
      Fail();
    }
  }

  handoff::testing::FakeClock clock_;
  const BreakerOptions options_{.failures = 3, .open = seconds(5), .max_open = seconds(15)};
  Breaker breaker_{options_};
};

TEST_F(BreakerTest, OpensAfterFailuresInARow) {
  EXPECT_FALSE(Fail());
  EXPECT_FALSE(Fail());
  EXPECT_TRUE(breaker_.Allows(clock_.Now()));
  EXPECT_TRUE(Fail());
  EXPECT_FALSE(breaker_.Allows(clock_.Now()));
  EXPECT_EQ(breaker_.ProbeAt(), clock_.Now() + seconds(5));
}

TEST_F(BreakerTest, ASuccessStartsTheCountAgain) {
  Fail();
  Fail();
  EXPECT_FALSE(breaker_.OnSuccess());
  Fail();
  Fail();
  EXPECT_TRUE(breaker_.closed());
}

TEST_F(BreakerTest, LetsOneProbeThroughWhenTheTimeHasCome) {
  Open();
  clock_.Advance(seconds(5));
  ASSERT_TRUE(breaker_.Allows(clock_.Now()));
  EXPECT_TRUE(breaker_.Begin());
  EXPECT_FALSE(breaker_.Allows(clock_.Now()));
  EXPECT_EQ(breaker_.ProbeAt(), std::nullopt);
}

TEST_F(BreakerTest, AProbeThatSucceedsClosesIt) {
  Open();
  clock_.Advance(seconds(5));
  breaker_.Begin();
  EXPECT_TRUE(breaker_.OnSuccess());
  EXPECT_TRUE(breaker_.closed());
  EXPECT_FALSE(breaker_.Begin());
}

TEST_F(BreakerTest, FailedProbesWaitLongerUpToTheMaximum) {
  Open();
  for (const seconds expected : {seconds(10), seconds(15), seconds(15)}) {
    clock_.Advance(minutes(1));
    const bool probe = breaker_.Begin();
    EXPECT_FALSE(Fail(probe));
    EXPECT_EQ(breaker_.ProbeAt(), clock_.Now() + expected);
  }
}

TEST_F(BreakerTest, ProbesNoSoonerThanTheRecipientAsked) {
  Fail();
  Fail();
  Fail(false, seconds(600));
  EXPECT_EQ(breaker_.ProbeAt(), clock_.Now() + seconds(600));
}

TEST_F(BreakerTest, AFailureFromBeforeItOpenedChangesNothing) {
  Open();
  const std::optional<Timestamp> before = breaker_.ProbeAt();
  clock_.Advance(seconds(1));
  EXPECT_FALSE(Fail());
  EXPECT_EQ(breaker_.ProbeAt(), before);
}

TEST_F(BreakerTest, ACancelledProbeMayBeMadeAgain) {
  Open();
  clock_.Advance(seconds(5));
  breaker_.Begin();
  breaker_.CancelProbe();
  EXPECT_TRUE(breaker_.Allows(clock_.Now()));
}

}  // namespace
}  // namespace handoff::delivery
