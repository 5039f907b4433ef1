// The metrics of Handoff, named in one place (gateway/docs/operating.md lists them; a test
// compares).
//
// Labels are party keys, event kinds, surfaces and outcomes: never anything from a message.
#pragma once

#include <memory>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace handoff {

// Thread safety: all members may be used concurrently. Lives as long as the process.
class Metrics {
 public:
  Metrics();

  prometheus::Counter& Messages(const char* surface,
                                const char* outcome);    // handoff_messages_total
  prometheus::Counter& Events(const std::string& kind);  // handoff_events_total
  prometheus::Counter& Deliveries(const std::string& party,
                                  const char* outcome);  // handoff_deliveries_total
  prometheus::Gauge& StreamWaiting(const std::string& party,
                                   const std::string& topic);  // handoff_stream_items_waiting
  prometheus::Counter& Requests(const char* surface,
                                const std::string& operation,
                                int status);  // handoff_requests_total

  prometheus::Histogram& accept_seconds;    // receipt of the last byte to acknowledgement
  prometheus::Histogram& delivery_seconds;  // acknowledgement to settled
  prometheus::Counter& messages_untold;     // accepted, with events of which no one is told
  prometheus::Counter& commits;             // commits asked of the store
  prometheus::Counter& disk_syncs;          // disk syncs that carried them
  prometheus::Counter& commit_conflicts;    // commits planned again
  prometheus::Gauge& deliveries_pending;
  prometheus::Gauge& deliveries_dead;
  prometheus::Gauge& deliveries_held;
  // Since what is oldest of them was first to be told, in seconds; 0: there are none.
  prometheus::Gauge& oldest_pending;
  prometheus::Gauge& oldest_held;
  prometheus::Gauge& streams_open;

  std::shared_ptr<prometheus::Registry> registry;

 private:
  struct Families;
  explicit Metrics(std::shared_ptr<prometheus::Registry> registry);
  std::shared_ptr<Families> families_;
};

}  // namespace handoff
