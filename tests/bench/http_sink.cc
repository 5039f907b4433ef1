// What the gateway is measured against (`handoff load --baseline`): its HTTP server, with some of
// what any store of messages does behind it.
//
//   /           reads the body and answers
//   /translate  also translates it to the internal model
//   /store      also keeps the translation: ten values and twelve keys that lead to them, in one
//               synced commit with what comes at the same time
//   /pack       as /store, but with body and translation compressed as one value
//
//   http_sink DIRECTORY [CERTIFICATE KEY]    the store's directory; without a certificate, without
//   TLS. Prints its port, ends with its standard input.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/write_batch.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"
#include "gateway/http/http_server.h"
#include "gateway/security/tls.h"
#include "gateway/store/commit_queue.h"
#include "gateway/store/keys.h"
#include "gateway/store/options.h"
#include "gateway/store/rocksdb/rocks_db.h"

namespace handoff {
namespace {

constexpr std::size_t kValues = 10;
constexpr std::size_t kKeys = 12;

http::Response Answer(int status) { return {status, "application/fhir+json", {}, "{}"}; }

// Keeps what it is given and understands nothing of it.
class Keeper {
 public:
  explicit Keeper(store::RocksDb& db)
      : db_(db),
        queue_({.interval = store::StoreOptions().commit_interval},
               [this](std::span<Queue::Item> group) { Commit(group); }) {}

  void Keep(const std::vector<std::string_view>& values, http::Respond respond) {
    const std::uint64_t message = ++messages_;
    Records records;
    for (std::size_t i = 0; i < values.size(); ++i) {
      records.emplace_back(Key('V', message, i), values[i]);
    }
    for (std::size_t i = 0; i < kKeys; ++i) {
      records.emplace_back(Key(static_cast<char>('a' + i), message, i), Key('V', message, i));
    }
    queue_.Push(std::move(records),
                [respond = std::move(respond)](absl::StatusOr<store::Committed> kept) mutable {
                  std::move(respond)(Answer(kept.ok() ? 200 : 503));
                });
  }

 private:
  using Records = std::vector<std::pair<std::string, std::string>>;
  using Queue = store::CommitQueue<Records>;

  static std::string Key(char table, std::uint64_t message, std::uint64_t index) {
    std::string key(1, table);
    store::key::AppendNumber(key, message);
    store::key::AppendNumber(key, index);
    return key;
  }

  void Commit(std::span<Queue::Item> group) {
    batch_.Clear();
    for (const Queue::Item& item : group) {
      for (const auto& [key, value] : item.work) batch_.Put(key, value);
    }
    const absl::Status status = db_.Write(batch_, store::Durability::kOnDisk);
    for (Queue::Item& item : group) {
      if (status.ok()) {
        item.done(store::Committed{});
      } else {
        item.done(status);
      }
    }
  }

  store::RocksDb& db_;
  std::atomic<std::uint64_t> messages_{0};
  rocksdb::WriteBatch batch_;  // of the committer
  Queue queue_;
};

void Serve(Keeper& keeper, const http::Request& request, http::Respond respond) {
  const std::string_view path = request.path();
  if (path == "/") return std::move(respond)(Answer(200));
  std::string encoded;
  fhir::Issues issues;
  if (!fhir::ReadJson(request.body, {}, &encoded, &issues)) {
    return std::move(respond)(Answer(400));
  }
  if (path == "/store") {
    std::vector<std::string_view> values;
    const std::size_t size = encoded.size() / kValues + 1;
    for (std::string_view rest = encoded; !rest.empty();) {
      values.push_back(rest.substr(0, size));
      rest.remove_prefix(values.back().size());
    }
    keeper.Keep(values, std::move(respond));
  } else if (path == "/pack") {
    keeper.Keep({Compress(request.body + encoded)}, std::move(respond));
  } else {
    std::move(respond)(Answer(200));
  }
}

absl::Status Run(const std::vector<std::string>& arguments) {
  http::HttpServerOptions options;
  if (arguments.size() == 3) {
    security::ServerTlsOptions files;
    files.certificate_file = arguments[1];
    files.key_file = arguments[2];
    HANDOFF_ASSIGN_OR_RETURN(const auto tls, security::ServerTls::Load(files, SystemClock().Now()));
    options.tls = tls.context();
  }
  HANDOFF_ASSIGN_OR_RETURN(const auto db, store::RocksDb::Open(arguments.at(0)));
  Keeper keeper(*db);
  HANDOFF_ASSIGN_OR_RETURN(
      const auto server,
      http::HttpServer::Start(options, [&keeper](http::Request request, http::Respond respond) {
        Serve(keeper, request, std::move(respond));
      }));
  std::printf("%d\n", server->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace handoff

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 1 && arguments.size() != 3) {
    std::cerr << "usage: http_sink DIRECTORY [CERTIFICATE KEY]\n";
    return 2;
  }
  const absl::Status status = handoff::Run(arguments);
  if (!status.ok()) std::cerr << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
