#include "gateway/app/settings.h"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace handoff::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kDay = 24h;

// Reads values into the members that hold their defaults.
class Reader {
 public:
  explicit Reader(ConfigErrors& errors) : errors_(errors) {}

  void Text(const ConfigNode& node, std::string& value) { value = node.String(errors_, value); }

  void Required(const ConfigNode& node, std::string& value) {
    Text(node, value);
    if (value.empty()) errors_.Add(node.Where(), "must not be empty");
  }

  void Bool(const ConfigNode& node, bool& value) { value = node.Bool(errors_, value); }

  template <class Number>
  void Count(const ConfigNode& node, Number& value, std::int64_t min, std::int64_t max) {
    value = static_cast<Number>(node.Integer(errors_, static_cast<std::int64_t>(value), min, max));
  }

  void Time(const ConfigNode& node, milliseconds& value, milliseconds min, milliseconds max) {
    value = node.Duration(errors_, value);
    if (value >= min && value <= max) return;
    errors_.Add(node.Where(),
                fmt::format("expected a duration from {} to {} ms", min.count(), max.count()));
  }

  void Size(const ConfigNode& node, std::size_t& value, std::size_t min, std::size_t max) {
    value = node.Bytes(errors_, value);
    if (value >= min && value <= max) return;
    errors_.Add(node.Where(), fmt::format("expected a size from {} to {} bytes", min, max));
  }

  template <class T, std::size_t n>
  void Choice(const ConfigNode& node,
              T& value,
              const std::array<std::pair<std::string_view, T>, n>& choices) {
    const std::string text = node.String(errors_);
    if (!node.IsScalar()) return;
    std::string names;
    for (const auto& [name, choice] : choices) {
      if (name == text) {
        value = choice;
        return;
      }
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
    errors_.Add(node.Where(), "expected one of: " + names);
  }

  ConfigErrors& errors() { return errors_; }

 private:
  ConfigErrors& errors_;
};

void ReadTls(const ConfigNode& node, TlsSettings& tls, Reader& read) {
  node.UnknownKeys({"certificate_file", "key_file", "client_ca_file", "require_client"},
                   read.errors());
  read.Text(node["certificate_file"], tls.certificate_file);
  read.Text(node["key_file"], tls.key_file);
  read.Text(node["client_ca_file"], tls.client_ca_file);
  read.Bool(node["require_client"], tls.require_client);
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    read.errors().Add(node.Where(), "`certificate_file` and `key_file` go together");
  }
  if (!tls.client_ca_file.empty() && !tls.enabled()) {
    read.errors().Add(node["client_ca_file"].Where(),
                      "client certificates need TLS: set `certificate_file`");
  }
  if (tls.require_client && tls.client_ca_file.empty()) {
    read.errors().Add(node["require_client"].Where(),
                      "a certificate can be required only with a `client_ca_file`");
  }
}

bool IsLoopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

// A surface that carries patient data.
void ReadSurface(const ConfigNode& node, ListenSettings& surface, Reader& read) {
  node.UnknownKeys({"host", "port", "threads", "tls"}, read.errors());
  read.Required(node["host"], surface.host);
  read.Count(node["port"], surface.port, 0, 65535);
  read.Count(node["threads"], surface.threads, 1, 64);
  ReadTls(node["tls"], surface.tls, read);
  if (!IsLoopback(surface.host) && !surface.tls.enabled()) {
    read.errors().Add(node["host"].Where(),
                      "patient data leaves this machine only with TLS: set tls.certificate_file");
  }
}

void ReadListen(const ConfigNode& node, Settings& settings, Reader& read) {
  node.UnknownKeys({"fhir", "grpc", "ops"}, read.errors());
  ReadSurface(node["fhir"], settings.fhir, read);
  ReadSurface(node["grpc"], settings.grpc, read);
  const ConfigNode ops = node["ops"];
  ops.UnknownKeys({"host", "port"}, read.errors());
  read.Required(ops["host"], settings.ops.host);
  read.Count(ops["port"], settings.ops.port, 0, 65535);
  const auto same = [](std::uint16_t a, std::uint16_t b) { return a != 0 && a == b; };
  if (same(settings.fhir.port, settings.grpc.port) || same(settings.fhir.port, settings.ops.port) ||
      same(settings.grpc.port, settings.ops.port)) {
    read.errors().Add(node.Where(), "fhir, grpc and ops listen on ports of their own");
  }
}

void ReadStore(const ConfigNode& node, StoreSettings& store, Reader& read) {
  using Kind = StoreSettings::Kind;
  node.UnknownKeys({"kind",
                    "path",
                    "max_pending_deliveries",
                    "max_dead_letters",
                    "max_queued_commits",
                    "max_stream_items",
                    "commit_interval"},
                   read.errors());
  read.Choice(node["kind"],
              store.kind,
              std::array{std::pair{std::string_view("rocksdb"), Kind::kRocksDb},
                         std::pair{std::string_view("memory"), Kind::kMemory}});
  read.Required(node["path"], store.path);
  read.Count(node["max_pending_deliveries"], store.max_pending_deliveries, 1, 100'000'000);
  read.Count(node["max_dead_letters"], store.max_dead_letters, 1, 100'000'000);
  read.Count(node["max_queued_commits"], store.max_queued_commits, 1, 1'000'000);
  read.Count(node["max_stream_items"], store.max_stream_items, 1, 1'000'000'000);
  read.Time(node["commit_interval"], store.commit_interval, 0ms, 100ms);
}

void ReadLimits(const ConfigNode& node, LimitSettings& limits, Reader& read) {
  node.UnknownKeys({"max_message_bytes",
                    "max_header_bytes",
                    "max_connections",
                    "max_depth",
                    "header_timeout",
                    "body_timeout",
                    "idle_timeout"},
                   read.errors());
  read.Size(node["max_message_bytes"], limits.max_message_bytes, 1 << 10, 1 << 30);
  read.Size(node["max_header_bytes"], limits.max_header_bytes, 1 << 10, 1 << 20);
  read.Count(node["max_connections"], limits.max_connections, 1, 1'000'000);
  read.Count(node["max_depth"], limits.max_depth, 8, 90);  // protobuf parses 100 levels
  read.Time(node["header_timeout"], limits.header_timeout, 100ms, 10min);
  read.Time(node["body_timeout"], limits.body_timeout, 100ms, 1h);
  read.Time(node["idle_timeout"], limits.idle_timeout, 100ms, 1h);
}

void ReadTokens(const ConfigNode& node, TokenSettings& tokens, Reader& read) {
  node.UnknownKeys({"signing_key_file", "issuer", "audience", "lifetime", "skew"}, read.errors());
  read.Required(node["signing_key_file"], tokens.signing_key_file);
  read.Required(node["issuer"], tokens.issuer);
  read.Required(node["audience"], tokens.audience);
  read.Time(node["lifetime"], tokens.lifetime, 1min, 24h);
  read.Time(node["skew"], tokens.skew, 0ms, 10min);
}

void ReadDelivery(const ConfigNode& node, DeliverySettings& delivery, Reader& read) {
  node.UnknownKeys({"first_backoff",
                    "max_backoff",
                    "give_up_after",
                    "max_in_flight",
                    "breaker_failures",
                    "breaker_open",
                    "breaker_max_open"},
                   read.errors());
  read.Time(node["first_backoff"], delivery.first_backoff, 10ms, 1h);
  read.Time(node["max_backoff"], delivery.max_backoff, 10ms, 24h);
  read.Time(node["give_up_after"], delivery.give_up_after, 1s, 90 * kDay);
  read.Count(node["max_in_flight"], delivery.max_in_flight, 1, 100'000);
  read.Count(node["breaker_failures"], delivery.breaker_failures, 1, 1000);
  read.Time(node["breaker_open"], delivery.breaker_open, 10ms, 1h);
  read.Time(node["breaker_max_open"], delivery.breaker_max_open, 10ms, 24h);
  if (delivery.max_backoff < delivery.first_backoff) {
    read.errors().Add(node["max_backoff"].Where(), "`max_backoff` is below `first_backoff`");
  }
  if (delivery.breaker_max_open < delivery.breaker_open) {
    read.errors().Add(node["breaker_max_open"].Where(),
                      "`breaker_max_open` is below `breaker_open`");
  }
}

void ReadRules(const ConfigNode& node, Settings& settings, Reader& read) {
  node.UnknownKeys({"parties", "routes", "views", "profiles", "terminology"}, read.errors());
  read.Required(node["parties"], settings.parties_folder);
  read.Required(node["routes"], settings.routes_file);
  read.Required(node["views"], settings.views_file);
  read.Required(node["profiles"], settings.profiles_folder);
  read.Required(node["terminology"], settings.terminology_folder);
}

void ReadLog(const ConfigNode& node, Settings& settings, Reader& read) {
  using log::Level;
  node.UnknownKeys({"level"}, read.errors());
  read.Choice(node["level"],
              settings.log_level,
              std::array{std::pair{std::string_view("debug"), Level::kDebug},
                         std::pair{std::string_view("info"), Level::kInfo},
                         std::pair{std::string_view("warning"), Level::kWarning},
                         std::pair{std::string_view("error"), Level::kError}});
}

}  // namespace

Settings LoadSettings(const ConfigNode& document, ConfigErrors& errors) {
  document.UnknownKeys(
      {"listen", "store", "limits", "tokens", "delivery", "attribution", "rules", "log"}, errors);
  Settings settings;
  Reader read(errors);
  ReadListen(document["listen"], settings, read);
  ReadStore(document["store"], settings.store, read);
  ReadLimits(document["limits"], settings.limits, read);
  ReadTokens(document["tokens"], settings.tokens, read);
  ReadDelivery(document["delivery"], settings.delivery, read);
  const ConfigNode attribution = document["attribution"];
  attribution.UnknownKeys({"treating_after_stay"}, errors);
  read.Time(attribution["treating_after_stay"], settings.treating_after_stay, 0ms, 365 * kDay);
  ReadRules(document["rules"], settings, read);
  ReadLog(document["log"], settings, read);
  return settings;
}

std::vector<std::string> NeedRestart(const Settings& started, const Settings& now) {
  std::vector<std::string> changed;
  const auto check = [&](bool is_same, const char* name) {
    if (!is_same) changed.emplace_back(name);
  };
  check(started.fhir == now.fhir, "listen.fhir");
  check(started.grpc == now.grpc, "listen.grpc");
  check(started.ops == now.ops, "listen.ops");
  check(started.store == now.store, "store");
  check(started.limits == now.limits, "limits");
  check(started.tokens == now.tokens, "tokens");
  check(started.delivery == now.delivery, "delivery");
  return changed;
}

}  // namespace handoff::app
