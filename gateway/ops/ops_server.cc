#include "gateway/ops/ops_server.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/text_serializer.h>

#include "gateway/base/status_macros.h"

namespace handoff::ops {

namespace {

using http::Request;
using http::Response;
using http::Verb;

// Long enough for a scrape under way.
constexpr std::chrono::milliseconds kDrain = std::chrono::seconds(2);

Response Json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

// Check names are ours and plain, so they need no escapes.
Response Ready(const std::vector<ReadinessCheck>& checks) {
  bool all = true;
  std::string list;
  for (const ReadinessCheck& check : checks) {
    const bool ready = check.ready();
    all = all && ready;
    list.append(list.empty() ? "\"" : ",\"").append(check.name).append("\":\"");
    list.append(ready ? "ready" : "not ready").append("\"");
  }
  return Json(all ? 200 : 503,
              std::string(R"({"status":")")
                  .append(all ? "ready" : "not ready")
                  .append(R"(","checks":{)")
                  .append(list)
                  .append("}}\n"));
}

Response MetricsText(const prometheus::Registry& registry) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = prometheus::TextSerializer().Serialize(registry.Collect());
  return response;
}

Response Answer(const Request& request,
                const OpsServerOptions& options,
                const prometheus::Registry& registry) {
  const std::string_view path = request.path();
  const bool known = path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!known) return Json(404, "{\"status\":\"not found\"}\n");
  if (request.verb != Verb::kGet && request.verb != Verb::kHead) {
    Response response = Json(405, "{\"status\":\"method not allowed\"}\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  if (path == "/healthz") return Json(200, "{\"status\":\"alive\"}\n");
  if (path == "/readyz") return Ready(options.checks);
  if (options.refresh) options.refresh();
  return MetricsText(registry);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpsServer>> OpsServer::Start(OpsServerOptions options,
                                                            const Metrics& metrics) {
  http::HttpServerOptions server_options;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.max_body_bytes = 1024;
  server_options.max_connections = 64;
  HANDOFF_ASSIGN_OR_RETURN(
      auto server,
      http::HttpServer::Start(std::move(server_options),
                              [options = std::move(options), registry = metrics.registry](
                                  const Request& request, http::Respond respond) {
                                respond(Answer(request, options, *registry));
                              }));
  return std::unique_ptr<OpsServer>(new OpsServer(std::move(server)));
}

void OpsServer::Stop() { server_->Stop(kDrain); }

}  // namespace handoff::ops
