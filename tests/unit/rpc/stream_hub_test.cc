#include "gateway/rpc/stream_hub.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/metrics.h"
#include "tests/support/status_matchers.h"

namespace handoff::rpc {
namespace {

using ::handoff::testing::StatusIs;

struct CountingListener final : StreamListener {
  void OnAppended() override { ++appended; }
  void OnShutdown() override { ++shutdown; }
  int appended = 0;
  int shutdown = 0;
};

class StreamHubTest : public ::testing::Test {
 protected:
  Metrics metrics_;
  StreamHub hub_{{.max_streams_per_party = 2}, metrics_.streams_open};
  const PartyKey nha_{"nha"};
  const std::shared_ptr<CountingListener> first_ = std::make_shared<CountingListener>();
  const std::shared_ptr<CountingListener> second_ = std::make_shared<CountingListener>();
};

TEST_F(StreamHubTest, WakesTheListenersOfAStream) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto plans, hub_.Open(nha_, "nha/plans", first_));
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto stays, hub_.Open(nha_, "nha/transitions", second_));
  hub_.Notify({"nha/transitions", "lfm/transitions"});
  EXPECT_EQ(first_->appended, 0);
  EXPECT_EQ(second_->appended, 1);
  stays.reset();
  hub_.Notify({"nha/transitions"});
  EXPECT_EQ(second_->appended, 1);
}

TEST_F(StreamHubTest, RefusesMoreStreamsThanAPartyMayOpen) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto one, hub_.Open(nha_, "nha/plans", first_));
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto two, hub_.Open(nha_, "", second_));
  EXPECT_EQ(metrics_.streams_open.Value(), 2);
  EXPECT_THAT(hub_.Open(nha_, "nha/plans", first_).status(),
              StatusIs(absl::StatusCode::kResourceExhausted, "too many streams"));
  HANDOFF_EXPECT_OK(hub_.Open(PartyKey("lfm"), "lfm/plans", first_));
  two.reset();
  HANDOFF_EXPECT_OK(hub_.Open(nha_, "nha/plans", first_));
}

TEST_F(StreamHubTest, TellsAllWhenItClosesAndOpensNoMore) {
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto one, hub_.Open(nha_, "nha/plans", first_));
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto two, hub_.Open(nha_, "", second_));
  hub_.Close();
  EXPECT_EQ(first_->shutdown, 1);
  EXPECT_EQ(second_->shutdown, 1);
  EXPECT_THAT(hub_.Open(PartyKey("lfm"), "lfm/plans", first_).status(),
              StatusIs(absl::StatusCode::kUnavailable, "shutting down"));
}

TEST_F(StreamHubTest, ForgetsListenersThatAreGone) {
  auto gone = std::make_shared<CountingListener>();
  HANDOFF_ASSERT_OK_AND_ASSIGN(auto one, hub_.Open(nha_, "nha/plans", gone));
  gone.reset();
  hub_.Notify({"nha/plans"});
  hub_.Close();
}

}  // namespace
}  // namespace handoff::rpc
