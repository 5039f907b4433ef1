#include <chrono>
#include <utility>

#include "gateway/app/load/watcher.h"
#include "gateway/base/status_macros.h"
#include "gateway/http/http_server.h"

namespace handoff::load {
namespace {

class HttpReceiver final : public Watcher {
 public:
  explicit HttpReceiver(std::unique_ptr<http::HttpServer> server) : server_(std::move(server)) {}
  void Stop() override { server_->Stop(std::chrono::seconds(1)); }

 private:
  const std::unique_ptr<http::HttpServer> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Watcher>> ReceiveOverHttp(std::uint16_t port,
                                                         const Discharges& discharges,
                                                         Tally& tally) {
  http::HttpServerOptions options;
  options.port = port;
  HANDOFF_ASSIGN_OR_RETURN(
      auto server,
      http::HttpServer::Start(
          options, [&discharges, &tally](http::Request request, http::Respond respond) {
            tally.Delivered(discharges.NumberIn(request.body));
            respond(http::Response{.status = 200, .content_type = {}, .headers = {}, .body = {}});
          }));
  return std::make_unique<HttpReceiver>(std::move(server));
}

}  // namespace handoff::load
