#include "gateway/app/load/report.h"

#include <charconv>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string_view>

#include <curl/curl.h>
#include <fmt/format.h>

#include "gateway/base/status_macros.h"

namespace handoff::load {
namespace {

constexpr std::size_t kMaxMetricsBytes = 8 << 20;

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.size() + size * count > kMaxMetricsBytes) return 0;
  text.append(data, size * count);
  return size * count;
}

absl::StatusOr<std::string> Get(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  if (curl == nullptr) return absl::UnavailableError("libcurl cannot be used");
  std::string text;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 5'000L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Collect);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &text);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) return absl::UnavailableError(url + ": " + curl_easy_strerror(code));
  return text;
}

// The sum over all label sets of a metric in the text format of Prometheus.
absl::StatusOr<double> SumOf(std::string_view text, std::string_view metric) {
  double sum = 0;
  bool found = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!line.starts_with(metric)) continue;
    const std::string_view rest = line.substr(metric.size());
    if (!rest.starts_with(' ') && !rest.starts_with('{')) continue;
    const std::string_view value = line.substr(line.rfind(' ') + 1);
    double number = 0;
    if (std::from_chars(value.begin(), value.end(), number).ec != std::errc()) continue;
    sum += number;
    found = true;
  }
  if (!found) return absl::UnavailableError(std::string(metric) + " is not among the metrics");
  return sum;
}

double PerSecond(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double Milliseconds(std::chrono::microseconds us) {
  return static_cast<double>(us.count()) / 1'000;
}

double PerSync(const StoreCounters& store, std::uint64_t messages) {
  return store.disk_syncs > 0 ? static_cast<double>(messages) / store.disk_syncs : 0;
}

double CpuPerMessage(const Report& report, const Tally& tally) {
  return tally.accepted > 0
             ? static_cast<double>(report.cpu_time.count()) / static_cast<double>(tally.accepted)
             : 0;
}

// As a JSON string, quotes included.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

absl::StatusOr<StoreCounters> ReadStoreCounters(const std::string& ops_url) {
  HANDOFF_ASSIGN_OR_RETURN(const std::string text, Get(ops_url + "/metrics"));
  StoreCounters counters;
  HANDOFF_ASSIGN_OR_RETURN(counters.commits, SumOf(text, "handoff_commits_total"));
  HANDOFF_ASSIGN_OR_RETURN(counters.disk_syncs, SumOf(text, "handoff_disk_syncs_total"));
  return counters;
}

void WriteTable(const Report& report, const Tally& tally, std::ostream& out) {
  const auto row = [&](std::string_view name, const std::string& value) {
    out << fmt::format("{:<32}{:>16}\n", name, value);
  };
  const auto latency = [&](std::string_view name, const Latencies& of, double q) {
    row(name, fmt::format("{:.2f} ms", Milliseconds(of.Quantile(q))));
  };
  row("message size", fmt::format("{} bytes", report.message_bytes));
  row("accepted", fmt::format("{}", tally.accepted.load()));
  row("refused", fmt::format("{}", tally.refused.load()));
  row("failed", fmt::format("{}", tally.failed.load()));
  row("accepted/s", fmt::format("{:.0f}", PerSecond(tally.accepted, report.seconds)));
  row("timed", fmt::format("{}", tally.acknowledgements.count()));
  latency("acknowledgement p50", tally.acknowledgements, 0.5);
  latency("acknowledgement p99", tally.acknowledgements, 0.99);
  if (report.watching) {
    row("delivered", fmt::format("{}", tally.delivered.load()));
    row("delivered/s", fmt::format("{:.0f}", PerSecond(tally.delivered, report.delivery_seconds)));
    latency("event to delivery p50", tally.deliveries, 0.5);
    latency("event to delivery p99", tally.deliveries, 0.99);
    row("other deliveries", fmt::format("{}", tally.delivered_of_others.load()));
  }
  if (report.store) {
    row("commits", fmt::format("{:.0f}", report.store->commits));
    row("disk syncs", fmt::format("{:.0f}", report.store->disk_syncs));
    row("messages per disk sync", fmt::format("{:.2f}", PerSync(*report.store, tally.accepted)));
  }
  row("generator CPU per message", fmt::format("{:.1f} us", CpuPerMessage(report, tally)));
  if (const std::string trouble = tally.FirstTrouble(); !trouble.empty()) {
    out << "first refusal or failure: " << trouble << "\n";
  }
}

void WriteJson(const Report& report, const Tally& tally, std::ostream& out) {
  const auto latency = [](const Latencies& of) {
    return fmt::format(R"({{"p50":{:.3f},"p99":{:.3f}}})",
                       Milliseconds(of.Quantile(0.5)),
                       Milliseconds(of.Quantile(0.99)));
  };
  out << fmt::format(
      R"({{"message_bytes":{},"seconds":{:.3f},"accepted":{},"refused":{},"failed":{},)"
      R"("accepted_per_second":{:.1f},"timed":{},"acknowledgement_ms":{},"generator_cpu_us":{:.1f})",
      report.message_bytes,
      report.seconds,
      tally.accepted.load(),
      tally.refused.load(),
      tally.failed.load(),
      PerSecond(tally.accepted, report.seconds),
      tally.acknowledgements.count(),
      latency(tally.acknowledgements),
      CpuPerMessage(report, tally));
  if (report.watching) {
    out << fmt::format(R"(,"delivered":{},"delivered_per_second":{:.1f},"event_to_delivery_ms":{},)"
                       R"("delivered_of_others":{})",
                       tally.delivered.load(),
                       PerSecond(tally.delivered, report.delivery_seconds),
                       latency(tally.deliveries),
                       tally.delivered_of_others.load());
  }
  if (report.store) {
    out << fmt::format(R"(,"commits":{:.0f},"disk_syncs":{:.0f},"messages_per_disk_sync":{:.2f})",
                       report.store->commits,
                       report.store->disk_syncs,
                       PerSync(*report.store, tally.accepted));
  }
  if (const std::string trouble = tally.FirstTrouble(); !trouble.empty()) {
    out << R"(,"first_trouble":)" << Quoted(trouble);
  }
  out << "}\n";
}

}  // namespace handoff::load
