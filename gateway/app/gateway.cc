#include "gateway/app/gateway.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "connectors/fhir_rest/fhir_rest.h"
#include "connectors/webhook/webhook.h"
#include "gateway/access/reader.h"
#include "gateway/access/sources.h"
#include "gateway/app/version.h"
#include "gateway/base/log.h"
#include "gateway/base/metrics.h"
#include "gateway/base/status_macros.h"
#include "gateway/base/worker_pool.h"
#include "gateway/delivery/dead_letters.h"
#include "gateway/delivery/engine.h"
#include "gateway/delivery/notification.h"
#include "gateway/delivery/notification_renderer.h"
#include "gateway/http/http_server.h"
#include "gateway/intake/held_persons.h"
#include "gateway/intake/intake.h"
#include "gateway/ops/ops_server.h"
#include "gateway/rest/fhir_service.h"
#include "gateway/rest/outcome.h"
#include "gateway/rpc/server.h"
#include "gateway/security/tls.h"
#include "gateway/security/token.h"
#include "gateway/store/memory/memory_store.h"
#include "gateway/store/rocksdb/rocks_store.h"
#include "gateway/store/streams.h"

namespace handoff::app {
namespace {

absl::Status Annotate(const absl::Status& status, const std::string& what) {
  if (status.ok()) return status;
  return absl::Status(status.code(), what + ": " + std::string(status.message()));
}

// What follows the configuration: swapped whole.
struct Current {
  std::shared_ptr<const intake::Rules> rules;
  std::shared_ptr<const policy::Views> views;
  std::shared_ptr<const delivery::EventCodes> codes;
};

// Thread safety: all methods may be called concurrently.
class CurrentRules {
 public:
  Current Get() const {
    absl::ReaderMutexLock lock(&mutex_);
    return current_;
  }
  void Set(Current current) {
    absl::MutexLock lock(&mutex_);
    current_ = std::move(current);
  }

 private:
  mutable absl::Mutex mutex_;
  Current current_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<std::unique_ptr<store::Store>> OpenStore(const StoreSettings& settings) {
  const store::StoreOptions options{settings.max_pending_deliveries,
                                    settings.max_dead_letters,
                                    settings.max_queued_commits,
                                    settings.max_stream_items,
                                    settings.commit_interval};
  if (settings.kind == StoreSettings::Kind::kMemory) return store::OpenMemoryStore(options);
  std::error_code error;
  std::filesystem::create_directories(settings.path, error);
  if (error) return absl::UnavailableError(settings.path + ": " + error.message());
  return store::OpenRocksStore(settings.path, options);
}

absl::StatusOr<std::optional<security::ServerTls>> LoadTls(const TlsSettings& settings,
                                                           Timestamp now) {
  if (!settings.enabled()) return std::nullopt;
  security::ServerTlsOptions options;
  options.certificate_file = settings.certificate_file;
  options.key_file = settings.key_file;
  options.client_ca_file = settings.client_ca_file;
  if (!settings.client_ca_file.empty()) {
    options.client_certificate = settings.require_client ? security::ClientCertificate::kRequired
                                                         : security::ClientCertificate::kOptional;
  }
  HANDOFF_ASSIGN_OR_RETURN(security::ServerTls tls, security::ServerTls::Load(options, now));
  for (const std::string& warning : tls.warnings())
    log::Warning("certificate", {{"problem", log::Safe(warning)}});
  return tls;
}

std::string HostPort(const std::string& host, std::uint16_t port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// The key that signs access tokens; made, with its folder, if it is not there.
absl::StatusOr<std::shared_ptr<const security::SigningKey>> LoadOrCreateKey(
    const std::string& path) {
  const std::filesystem::path file = path;
  std::error_code ignored;  // LoadOrCreate says what is wrong with the file
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  auto key = security::SigningKey::LoadOrCreate(path);
  if (key.ok()) return key;
  return absl::Status(key.status().code(),
                      "tokens.signing_key_file: " + std::string(key.status().message()));
}

}  // namespace

class Gateway::Impl {
 public:
  explicit Impl(const Configuration& configuration) : settings_(configuration.settings) {
    Take(configuration);
  }

  ~Impl() { Stop(std::chrono::milliseconds(0)); }

  absl::Status Start() {
    HANDOFF_ASSIGN_OR_RETURN(store_, OpenStore(settings_.store));
    HANDOFF_RETURN_IF_ERROR(StartRules());
    HANDOFF_RETURN_IF_ERROR(StartDelivery());
    HANDOFF_RETURN_IF_ERROR(Annotate(StartGrpc(), "listen.grpc"));
    WakeRecipients();
    HANDOFF_RETURN_IF_ERROR(Annotate(StartFhir(), "listen.fhir"));
    return Annotate(StartOps(), "listen.ops");
  }

  Listening listening() const {
    return {HostPort(settings_.fhir.host, fhir_->port()),
            HostPort(settings_.grpc.host, grpc_->port()),
            HostPort(settings_.ops.host, ops_->port())};
  }

  void Reload(const Configuration& configuration) {
    Take(configuration);
    verifier_->Flush();
    RenewCertificate();
    engine_->Wake();
  }

  void Stop(std::chrono::milliseconds drain) {
    if (stopped_) return;
    stopped_ = true;
    draining_ = true;
    if (grpc_) grpc_->SetServing(false);
    if (fhir_) fhir_->Stop(drain);
    if (grpc_) grpc_->Shutdown(drain);
    if (engine_) engine_->Stop(drain);
    if (blocking_) blocking_->Stop();
    if (store_) store_->SetListener(nullptr);
    if (ops_) ops_->Stop();
    // In the opposite order of their making, the store last: its destructor finishes what was
    // committed.
    ops_.reset();
    fhir_.reset();
    fhir_service_.reset();
    grpc_.reset();
    engine_.reset();
    intake_.reset();
    held_persons_.reset();
    reader_.reset();
    store_.reset();
  }

 private:
  void Take(const Configuration& configuration) {
    log::SetMinimum(configuration.settings.log_level);
    current_.Set({configuration.rules, configuration.views, configuration.codes});
  }

  // From now on at each commit; and once for what gRPC has taken since it listens.
  void WakeRecipients() {
    store_->SetListener([this](const store::Store::Notice& notice) {
      if (notice.deliveries) engine_->Wake();
      if (!notice.streams.empty()) grpc_->Notify(notice);
    });
    engine_->Wake();
    store::Store::Notice all;
    const Current current = current_.Get();  // a reload may come meanwhile
    for (const directory::Party& party : current.rules->directory->parties()) {
      for (const std::string_view topic : store::kTopics)
        all.streams.push_back(store::StreamName(party.key, topic));
    }
    grpc_->Notify(all);
  }

  absl::Status StartRules() {
    const TokenSettings& tokens = settings_.tokens;
    HANDOFF_ASSIGN_OR_RETURN(auto key, LoadOrCreateKey(tokens.signing_key_file));
    security::TokenVerifierOptions options;
    options.issuer = tokens.issuer;
    options.audience = tokens.audience;
    options.skew = std::chrono::duration_cast<std::chrono::seconds>(tokens.skew);
    verifier_ = std::make_unique<security::TokenVerifier>(
        options,
        std::vector{std::move(key)},
        [this](std::string_view client) -> std::optional<PartyKey> {
          const Current current = current_.Get();
          const directory::Party* party = current.rules->directory->FindByClient(client);
          if (party == nullptr) return std::nullopt;
          return party->key;
        });
    auto services = std::make_shared<intake::Services>();
    services->store = store_.get();
    services->clock = &clock_;
    services->metrics = &metrics_;
    services->rules = [this] { return current_.Get().rules; };
    services->limits = Limits();
    services->base_url = settings_.tokens.audience;
    held_persons_ = std::make_unique<intake::HeldPersons>(services);
    intake_ = std::make_unique<intake::Intake>(std::move(services));
    reader_ = std::make_unique<access::Reader>(std::make_shared<const access::Sources>(
        access::Sources{*store_, clock_, [this] {
                          const Current current = current_.Get();
                          return access::Rules{current.rules->directory, current.views};
                        }}));
    return absl::OkStatus();
  }

  // Its files may have been replaced. What does not load changes nothing.
  void RenewCertificate() {
    if (!fhir_tls_) return;
    auto renewed = LoadTls(settings_.fhir.tls, clock_.Now());
    if (!renewed.ok()) {
      log::Error("certificate_kept", {{"error", renewed.status()}});
      return;
    }
    fhir_tls_ = *std::move(renewed);
    fhir_->ReplaceTls(fhir_tls_->context());
  }

  fhir::ReadLimits Limits() const {
    fhir::ReadLimits limits;
    limits.max_bytes = settings_.limits.max_message_bytes;
    limits.max_depth = settings_.limits.max_depth;
    return limits;
  }

  absl::Status StartDelivery() {
    connectors::HttpSenderOptions sender;
    HANDOFF_ASSIGN_OR_RETURN(fhir_rest_, connectors::CreateFhirRest(sender));
    HANDOFF_ASSIGN_OR_RETURN(webhook_, connectors::CreateWebhook(sender, clock_));
    notifications_ =
        std::make_unique<delivery::Notifications>(*store_, settings_.tokens.audience, [this] {
          const Current current = current_.Get();
          return delivery::NotificationRules{
              current.rules->directory, current.views, current.codes};
        });
    renderer_ = std::make_unique<delivery::NotificationRenderer>(*notifications_);
    const DeliverySettings& delivery = settings_.delivery;
    delivery::EngineOptions options;
    options.backoff.first = delivery.first_backoff;
    options.backoff.max = delivery.max_backoff;
    options.breaker.failures = delivery.breaker_failures;
    options.breaker.open = delivery.breaker_open;
    options.breaker.max_open = delivery.breaker_max_open;
    options.give_up = delivery.give_up_after;
    options.max_in_flight = delivery.max_in_flight;
    dead_letters_ = std::make_unique<delivery::DeadLetters>(*store_, clock_);
    engine_ = std::make_unique<delivery::Engine>(
        delivery::EngineParts{*store_,
                              clock_,
                              *renderer_,
                              metrics_,
                              {{"fhir_rest", fhir_rest_.get()}, {"webhook", webhook_.get()}}},
        options,
        std::mt19937_64(std::random_device()()));
    return absl::OkStatus();
  }

  absl::StatusOr<rpc::Rendered> Compose(const v1::Delivery& delivery,
                                        store::Snapshot& snapshot) const {
    HANDOFF_ASSIGN_OR_RETURN(auto composed, notifications_->Compose(delivery, snapshot));
    if (auto* withheld = std::get_if<delivery::Withheld>(&composed)) return std::move(*withheld);
    return std::move(std::get<delivery::Notification>(composed).bundle);
  }

  absl::Status StartGrpc() {
    rpc::ServerOptions options;
    options.address = settings_.grpc.host;
    options.port = settings_.grpc.port;
    options.max_message_bytes = settings_.limits.max_message_bytes;
    options.workers.threads = settings_.grpc.threads;
    options.version = kVersion;
    HANDOFF_ASSIGN_OR_RETURN(options.tls, LoadTls(settings_.grpc.tls, clock_.Now()));
    rpc::ServerParts parts{*store_,
                           *intake_,
                           *reader_,
                           [this](const v1::Delivery& delivery, store::Snapshot& snapshot) {
                             return Compose(delivery, snapshot);
                           },
                           *dead_letters_,
                           *held_persons_,
                           *verifier_,
                           [this] { return current_.Get().rules->directory; },
                           clock_,
                           metrics_};
    HANDOFF_ASSIGN_OR_RETURN(grpc_, rpc::Server::Start(options, std::move(parts)));
    return absl::OkStatus();
  }

  absl::Status StartFhir() {
    // More than there are cores only get in each other's caches.
    blocking_ = std::make_unique<WorkerPool>(WorkerPoolOptions{
        .name = "rest", .threads = std::max(2U, std::thread::hardware_concurrency())});
    const rest::Executor executor{
        [this](rest::Task task) { return blocking_->Submit(std::move(task)); },
        [this](rest::Task task) { blocking_->Continue(std::move(task)); }};
    fhir_service_ = std::make_unique<rest::FhirService>(
        rest::FhirServiceOptions{settings_.tokens.audience, kVersion, Limits()},
        rest::FhirServiceParts{*intake_, *reader_, *verifier_, clock_, metrics_, executor, [this] {
                                 return current_.Get().rules->profiles;
                               }});
    http::HttpServerOptions options;
    options.address = settings_.fhir.host;
    options.port = settings_.fhir.port;
    options.threads = settings_.fhir.threads;
    options.max_header_bytes = settings_.limits.max_header_bytes;
    options.max_body_bytes = settings_.limits.max_message_bytes;
    options.max_connections = settings_.limits.max_connections;
    options.header_timeout = settings_.limits.header_timeout;
    options.body_timeout = settings_.limits.body_timeout;
    options.idle_timeout = settings_.limits.idle_timeout;
    options.error_response = &rest::ServerErrorResponse;
    options.admit = [this](const http::Request& head) { return fhir_service_->Admit(head); };
    HANDOFF_ASSIGN_OR_RETURN(fhir_tls_, LoadTls(settings_.fhir.tls, clock_.Now()));
    if (fhir_tls_) options.tls = fhir_tls_->context();
    HANDOFF_ASSIGN_OR_RETURN(
        fhir_,
        http::HttpServer::Start(std::move(options),
                                [this](http::Request request, http::Respond respond) {
                                  fhir_service_->Handle(std::move(request), std::move(respond));
                                }));
    return absl::OkStatus();
  }

  // What the store counts, as of this scrape.
  void RefreshMetrics() {
    absl::MutexLock lock(&refresh_);
    const store::Statistics now = store_->GetStatistics();
    metrics_.commits.Increment(static_cast<double>(now.commits - seen_.commits));
    metrics_.disk_syncs.Increment(static_cast<double>(now.disk_syncs - seen_.disk_syncs));
    metrics_.deliveries_pending.Set(static_cast<double>(now.deliveries_pending));
    metrics_.deliveries_dead.Set(static_cast<double>(now.deliveries_dead));
    metrics_.deliveries_held.Set(static_cast<double>(now.deliveries_held));
    metrics_.oldest_pending.Set(OldestSeconds(now, v1::DELIVERY_STATE_PENDING));
    metrics_.oldest_held.Set(OldestSeconds(now, v1::DELIVERY_STATE_HELD));
    seen_ = now;
    const Current current = current_.Get();  // a reload may come meanwhile
    for (const directory::Party& party : current.rules->directory->parties()) {
      for (const std::string_view topic : store::kTopics) RefreshStream(party, topic);
    }
  }

  double OldestSeconds(const store::Statistics& now, v1::DeliveryState state) const {
    std::int64_t oldest_us = ToMicros(clock_.Now());
    const std::int64_t now_us = oldest_us;
    for (const store::Backlog& one : now.backlogs) {
      if (one.state == state)
        oldest_us = std::min(oldest_us, MintedUs(one.oldest).value_or(now_us));
    }
    return static_cast<double>(now_us - oldest_us) / 1e6;
  }

  // Of streams that have, or had, items.
  void RefreshStream(const directory::Party& party, std::string_view topic) {
    const std::string stream = store::StreamName(party.key, topic);
    const absl::StatusOr<std::uint64_t> end = store_->StreamEnd(stream);
    const absl::StatusOr<std::uint64_t> position = store_->StreamPosition(stream);
    if (!end.ok() || !position.ok() || *end == 0) return;
    metrics_.StreamWaiting(party.key.value(), std::string(topic))
        .Set(static_cast<double>(*end - *position));
  }

  absl::Status StartOps() {
    ops::OpsServerOptions options;
    options.address = settings_.ops.host;
    options.port = settings_.ops.port;
    options.checks.push_back({"store", [this] { return store_->Health().ok(); }});
    options.refresh = [this] { RefreshMetrics(); };
    options.checks.push_back({"serving", [this] { return !draining_.load(); }});
    HANDOFF_ASSIGN_OR_RETURN(ops_, ops::OpsServer::Start(std::move(options), metrics_));
    return absl::OkStatus();
  }

  const Settings settings_;
  const SystemClock clock_;
  Metrics metrics_;
  CurrentRules current_;
  std::atomic<bool> draining_{false};
  bool stopped_ = false;

  absl::Mutex refresh_;
  store::Statistics seen_ ABSL_GUARDED_BY(refresh_);

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<security::TokenVerifier> verifier_;
  std::unique_ptr<access::Reader> reader_;
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<intake::HeldPersons> held_persons_;
  std::unique_ptr<connectors::Connector> fhir_rest_;
  std::unique_ptr<connectors::Connector> webhook_;
  std::unique_ptr<delivery::Notifications> notifications_;
  std::unique_ptr<delivery::NotificationRenderer> renderer_;
  std::unique_ptr<delivery::DeadLetters> dead_letters_;
  std::unique_ptr<delivery::Engine> engine_;
  std::unique_ptr<WorkerPool> blocking_;
  std::optional<security::ServerTls> fhir_tls_;
  std::unique_ptr<rest::FhirService> fhir_service_;
  std::unique_ptr<rpc::Server> grpc_;
  std::unique_ptr<http::HttpServer> fhir_;
  std::unique_ptr<ops::OpsServer> ops_;
};

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(const Configuration& configuration) {
  auto impl = std::make_unique<Impl>(configuration);
  HANDOFF_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Listening Gateway::listening() const { return impl_->listening(); }
void Gateway::Reload(const Configuration& configuration) { impl_->Reload(configuration); }
void Gateway::Stop(std::chrono::milliseconds drain) { impl_->Stop(drain); }

}  // namespace handoff::app
