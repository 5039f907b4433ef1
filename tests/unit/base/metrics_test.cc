#include "gateway/base/metrics.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace handoff {
namespace {

TEST(MetricsTest, RegistersEveryFamilyUnderItsName) {
  Metrics metrics;
  metrics.Messages("fhir", "accepted").Increment();
  metrics.Events("ADMIT").Increment();
  metrics.Deliveries("lfm", "settled").Increment();
  metrics.Requests("fhir", "create", 201).Increment();
  metrics.StreamWaiting("nha", "plans").Set(1);
  std::vector<std::string> names;
  for (const auto& family : metrics.registry->Collect()) names.push_back(family.name);
  EXPECT_THAT(names,
              ::testing::UnorderedElementsAre("handoff_messages_total",
                                              "handoff_events_total",
                                              "handoff_deliveries_total",
                                              "handoff_requests_total",
                                              "handoff_accept_seconds",
                                              "handoff_delivery_seconds",
                                              "handoff_messages_untold_total",
                                              "handoff_commits_total",
                                              "handoff_disk_syncs_total",
                                              "handoff_commit_conflicts_total",
                                              "handoff_deliveries_pending",
                                              "handoff_deliveries_dead",
                                              "handoff_deliveries_held",
                                              "handoff_deliveries_held_oldest_seconds",
                                              "handoff_deliveries_pending_oldest_seconds",
                                              "handoff_stream_items_waiting",
                                              "handoff_streams_open"));
}

TEST(MetricsTest, SameLabelsMeanTheSameCounter) {
  Metrics metrics;
  metrics.Deliveries("lfm", "settled").Increment();
  metrics.Deliveries("lfm", "settled").Increment();
  metrics.Deliveries("nha", "settled").Increment();
  EXPECT_EQ(metrics.Deliveries("lfm", "settled").Value(), 2);
  EXPECT_EQ(&metrics.Requests("fhir", "read", 200), &metrics.Requests("fhir", "read", 200));
  EXPECT_NE(&metrics.Requests("fhir", "read", 200), &metrics.Requests("fhir", "read", 404));
}

}  // namespace
}  // namespace handoff
