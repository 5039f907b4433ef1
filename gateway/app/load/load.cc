#include "gateway/app/load/load.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "gateway/app/load/driver.h"
#include "gateway/app/load/measure.h"
#include "gateway/app/load/report.h"
#include "gateway/app/load/synthetic.h"
#include "gateway/app/load/watcher.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"

namespace handoff::load {
namespace {

// What is under way when the time is over may still be answered for so long.
constexpr std::chrono::seconds kLastAnswers{30};
// Connections that do not stand after so long are not waited for.
constexpr std::chrono::seconds kConnect{10};
// No delivery for so long after the last answer: there will be no more.
constexpr std::chrono::seconds kQuiet{2};

Identifier Split(const std::string& text) {
  const std::size_t bar = text.find('|');
  return {text.substr(0, bar), text.substr(bar + 1)};
}

SyntheticOptions Synthetic(const LoadOptions& options) {
  SyntheticOptions synthetic;
  synthetic.seed = options.seed;
  synthetic.bytes = options.message_bytes;
  synthetic.now = SystemClock().Now() - std::chrono::minutes(1);
  synthetic.hospital = Split(options.hospital);
  synthetic.practice = Split(options.practice);
  synthetic.payer = Split(options.payer);
  return synthetic;
}

std::chrono::microseconds CpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

double SecondsSince(std::optional<Steady::time_point> start, Steady::rep until) {
  if (!start || until == 0) return 0;
  return std::chrono::duration<double>(Steady::time_point(Steady::duration(until)) - *start)
      .count();
}

// One run, from its start to its report.
class Run {
 public:
  Run(const LoadOptions& options, std::ostream& progress)
      : options_(options),
        progress_(progress),
        discharges_(Synthetic(options)),
        pace_(std::chrono::seconds(options.seconds),
              options.count,
              options.rate,
              std::chrono::seconds(options.warm_up_seconds)),
        tally_(options.count, pace_) {}

  absl::StatusOr<Report> Execute() {
    HANDOFF_RETURN_IF_ERROR(Watch());
    std::optional<StoreCounters> before;
    if (!options_.ops_url.empty()) {
      HANDOFF_ASSIGN_OR_RETURN(before, ReadStoreCounters(options_.ops_url));
    }
    const std::chrono::microseconds cpu_before = CpuTime();
    HANDOFF_RETURN_IF_ERROR(Send());
    Report report;
    report.cpu_time = CpuTime() - cpu_before;
    if (!watchers_.empty()) AwaitDeliveries();
    for (const auto& watcher : watchers_) watcher->Stop();
    report.seconds = SecondsSince(pace_.start(), tally_.last_answer);
    report.delivery_seconds = SecondsSince(pace_.start(), tally_.last_delivery);
    report.message_bytes = discharges_.text().size();
    report.watching = !watchers_.empty();
    if (before) {
      HANDOFF_ASSIGN_OR_RETURN(const StoreCounters after, ReadStoreCounters(options_.ops_url));
      report.store =
          StoreCounters{after.commits - before->commits, after.disk_syncs - before->disk_syncs};
    }
    return report;
  }

  const Tally& tally() const { return tally_; }

 private:
  absl::Status Watch() {
    for (const std::string& token : options_.watch_tokens) {
      HANDOFF_ASSIGN_OR_RETURN(watchers_.emplace_back(),
                               WatchTransitions(options_, token, discharges_, tally_));
    }
    if (options_.receive_port >= 0) {
      HANDOFF_ASSIGN_OR_RETURN(
          watchers_.emplace_back(),
          ReceiveOverHttp(static_cast<std::uint16_t>(options_.receive_port), discharges_, tally_));
    }
    return absl::OkStatus();
  }

  absl::Status Send() {
    const DriverParts parts{options_, discharges_, pace_, tally_};
    HANDOFF_ASSIGN_OR_RETURN(
        const std::unique_ptr<Driver> driver,
        options_.protocol == Protocol::kGrpc ? StartGrpcDriver(parts) : StartFhirDriver(parts));
    const Steady::time_point begin = Steady::now() + kConnect;
    while (!driver->Done() && Steady::now() < LastAnswer()) {
      Tick();
      if (!pace_.start() && Steady::now() >= begin) driver->Begin();
    }
    driver->Stop();
    return absl::OkStatus();
  }

  Steady::time_point LastAnswer() const {
    const std::optional<Steady::time_point> start = pace_.start();
    if (!start) return Steady::time_point::max();
    return *start + std::chrono::seconds(options_.seconds) + kLastAnswers;
  }

  void AwaitDeliveries() {
    const Steady::time_point latest = Steady::now() + std::chrono::seconds(options_.drain_seconds);
    const auto arrived = [this] { return tally_.delivered + tally_.delivered_of_others; };
    std::uint64_t seen = arrived();
    Steady::time_point quiet_since = Steady::now();
    while (Steady::now() < std::min(latest, quiet_since + kQuiet)) {
      Tick();
      if (const std::uint64_t now_arrived = arrived(); now_arrived != seen) {
        seen = now_arrived;
        quiet_since = Steady::now();
      }
    }
  }

  // Sleeps a little; once a second, says how it goes.
  void Tick() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const Steady::time_point now = Steady::now();
    if (now < next_line_) return;
    next_line_ = now + std::chrono::seconds(1);
    const std::uint64_t accepted = tally_.accepted;
    progress_ << fmt::format(
        "{:>5.0f} s  accepted {:>9}  {:>7}/s  refused {}  failed {}  delivered {}\n",
        SecondsSince(pace_.start(), now.time_since_epoch().count()),
        accepted,
        accepted - told_,
        tally_.refused.load(),
        tally_.failed.load(),
        tally_.delivered.load());
    told_ = accepted;
    progress_.flush();
  }

  const LoadOptions& options_;
  std::ostream& progress_;
  const Discharges discharges_;
  Pace pace_;
  Tally tally_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  Steady::time_point next_line_ = Steady::now() + std::chrono::seconds(1);
  std::uint64_t told_ = 0;
};

}  // namespace

int RunLoad(const LoadOptions& given, std::ostream& out, std::ostream& progress) {
  LoadOptions options = given;
  if (const absl::Status complete = Complete(&options); !complete.ok()) {
    progress << "handoff load: " << complete.message() << "\n";
    return 2;
  }
  Run run(options, progress);
  const absl::StatusOr<Report> report = run.Execute();
  if (!report.ok()) {
    progress << "handoff load: " << report.status().message() << "\n";
    return report.status().code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
  }
  if (options.json) {
    WriteJson(*report, run.tally(), out);
  } else {
    WriteTable(*report, run.tally(), out);
  }
  out.flush();
  const Tally& tally = run.tally();
  return tally.accepted > 0 && tally.refused == 0 && tally.failed == 0 ? 0 : 1;
}

}  // namespace handoff::load
