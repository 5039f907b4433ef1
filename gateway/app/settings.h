// handoff.yaml as the program sees it. The values that stand here are the defaults, and
// config/handoff.yaml repeats them with their units and ranges (a test compares).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/base/config_node.h"
#include "gateway/base/log.h"

namespace handoff::app {

struct TlsSettings {
  std::string certificate_file;  // empty: no TLS
  std::string key_file;
  std::string client_ca_file;
  bool require_client = false;

  bool enabled() const { return !certificate_file.empty(); }
  bool operator==(const TlsSettings&) const = default;
};

struct ListenSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system picks one
  unsigned threads = 1;
  TlsSettings tls;
  bool operator==(const ListenSettings&) const = default;
};

struct StoreSettings {
  enum class Kind { kRocksDb, kMemory } kind = Kind::kRocksDb;
  std::string path = "var/handoff";
  std::size_t max_pending_deliveries = 1'000'000;
  std::size_t max_dead_letters = 1'000'000;
  std::size_t max_queued_commits = 4096;
  std::size_t max_stream_items = 1'000'000;
  std::chrono::milliseconds commit_interval = std::chrono::milliseconds(2);
  bool operator==(const StoreSettings&) const = default;
};

struct LimitSettings {
  std::size_t max_message_bytes = std::size_t{16} << 20;
  std::size_t max_header_bytes = std::size_t{64} << 10;
  std::size_t max_connections = 10'000;
  std::size_t max_depth = 64;
  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);
  bool operator==(const LimitSettings&) const = default;
};

struct TokenSettings {
  std::string signing_key_file = "var/token-signing.pem";
  std::string issuer = "https://handoff.local";
  std::string audience = "https://handoff.local/fhir";
  std::chrono::milliseconds lifetime = std::chrono::minutes(5);
  std::chrono::milliseconds skew = std::chrono::seconds(60);
  bool operator==(const TokenSettings&) const = default;
};

struct DeliverySettings {
  std::chrono::milliseconds first_backoff = std::chrono::seconds(1);
  std::chrono::milliseconds max_backoff = std::chrono::minutes(15);
  std::chrono::milliseconds give_up_after = std::chrono::hours(7 * 24);
  std::size_t max_in_flight = 512;
  std::uint32_t breaker_failures = 5;
  std::chrono::milliseconds breaker_open = std::chrono::seconds(5);
  std::chrono::milliseconds breaker_max_open = std::chrono::minutes(5);
  bool operator==(const DeliverySettings&) const = default;
};

struct Settings {
  ListenSettings fhir{.port = 8080, .tls = {}};
  ListenSettings grpc{.port = 8443, .threads = 4, .tls = {}};
  ListenSettings ops{.port = 9090, .tls = {}};
  StoreSettings store;
  LimitSettings limits;
  TokenSettings tokens;
  DeliverySettings delivery;
  std::chrono::milliseconds treating_after_stay = std::chrono::hours(30 * 24);
  std::string parties_folder = "config/parties";
  std::string routes_file = "config/routes.yaml";
  std::string views_file = "config/views.yaml";
  std::string profiles_folder = "config/profiles";
  std::string terminology_folder = "fhir-mappings/terminology";
  log::Level log_level = log::Level::kInfo;
  bool operator==(const Settings&) const = default;
};

// What of `now` differs from what the gateway was started with and counts after a restart only:
// "listen.fhir", "store". The rest is taken at a reload.
std::vector<std::string> NeedRestart(const Settings& started, const Settings& now);

// Reads the document of handoff.yaml, with what `--set` changed. Every fault goes to `errors` with
// its place; the result is to be used only if there was none.
Settings LoadSettings(const ConfigNode& document, ConfigErrors& errors);

}  // namespace handoff::app
