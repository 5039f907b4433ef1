#include "gateway/base/metrics.h"

#include <utility>

namespace handoff {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

// Acceptance is a matter of a disk sync; a delivery may wait for a peer that is down for days.
const Histogram::BucketBoundaries kAcceptSeconds{
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
const Histogram::BucketBoundaries kDeliverySeconds{
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400, 86400, 604800};

Counter& OneCounter(Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

Gauge& OneGauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

Histogram& OneHistogram(Registry& registry,
                        const char* name,
                        const char* help,
                        const Histogram::BucketBoundaries& buckets) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

}  // namespace

struct Metrics::Families {
  explicit Families(Registry& registry)
      : messages(BuildCounter()
                     .Name("handoff_messages_total")
                     .Help("Messages received, by surface and outcome")
                     .Register(registry)),
        events(
            BuildCounter().Name("handoff_events_total").Help("Events, by kind").Register(registry)),
        deliveries(BuildCounter()
                       .Name("handoff_deliveries_total")
                       .Help("Delivery attempts, by recipient and outcome")
                       .Register(registry)),
        stream_waiting(BuildGauge()
                           .Name("handoff_stream_items_waiting")
                           .Help("Items of a recipient's stream that it has not acknowledged")
                           .Register(registry)),
        requests(BuildCounter()
                     .Name("handoff_requests_total")
                     .Help("Requests answered, by surface, operation and status")
                     .Register(registry)) {}

  Family<Counter>& messages;
  Family<Counter>& events;
  Family<Counter>& deliveries;
  Family<Gauge>& stream_waiting;
  Family<Counter>& requests;
};

Metrics::Metrics() : Metrics(std::make_shared<Registry>()) {}

Metrics::Metrics(std::shared_ptr<Registry> r)
    : accept_seconds(OneHistogram(*r,
                                  "handoff_accept_seconds",
                                  "From the last byte of a message to its acknowledgement",
                                  kAcceptSeconds)),
      delivery_seconds(OneHistogram(*r,
                                    "handoff_delivery_seconds",
                                    "From acknowledgement to a settled delivery",
                                    kDeliverySeconds)),
      messages_untold(OneCounter(*r,
                                 "handoff_messages_untold_total",
                                 "Accepted messages with events of which nobody is told")),
      commits(OneCounter(*r, "handoff_commits_total", "Commits asked of the store")),
      disk_syncs(OneCounter(*r, "handoff_disk_syncs_total", "Disk syncs that carried commits")),
      commit_conflicts(OneCounter(*r, "handoff_commit_conflicts_total", "Commits planned again")),
      deliveries_pending(OneGauge(*r, "handoff_deliveries_pending", "Deliveries not yet settled")),
      deliveries_dead(OneGauge(*r, "handoff_deliveries_dead", "Deliveries in dead letters")),
      deliveries_held(OneGauge(*r, "handoff_deliveries_held", "Deliveries held for a steward")),
      oldest_pending(OneGauge(*r,
                              "handoff_deliveries_pending_oldest_seconds",
                              "Age of the oldest delivery not yet settled")),
      oldest_held(OneGauge(*r,
                           "handoff_deliveries_held_oldest_seconds",
                           "Age of the oldest delivery held for a steward")),
      streams_open(OneGauge(*r, "handoff_streams_open", "Recipient streams that are open")),
      registry(r),
      families_(std::make_shared<Families>(*r)) {}

Counter& Metrics::Messages(const char* surface, const char* outcome) {
  return families_->messages.Add({{"surface", surface}, {"outcome", outcome}});
}

Counter& Metrics::Events(const std::string& kind) {
  return families_->events.Add({{"kind", kind}});
}

Counter& Metrics::Deliveries(const std::string& party, const char* outcome) {
  return families_->deliveries.Add({{"party", party}, {"outcome", outcome}});
}

Gauge& Metrics::StreamWaiting(const std::string& party, const std::string& topic) {
  return families_->stream_waiting.Add({{"party", party}, {"topic", topic}});
}

Counter& Metrics::Requests(const char* surface, const std::string& operation, int status) {
  return families_->requests.Add(
      {{"surface", surface}, {"operation", operation}, {"status", std::to_string(status)}});
}

}  // namespace handoff
