// The HTTP server alone: reads a body and answers, so that `handoff load --baseline` can tell what
// the rest costs. Under /translate it also translates the body to the internal model.
//
//   http_sink CERTIFICATE KEY    (or no arguments: without TLS) prints its port, ends with its
//   standard input
#include <cstdio>
#include <iostream>
#include <string>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/clock.h"
#include "gateway/http/http_server.h"
#include "gateway/security/tls.h"

int main(int argc, char** argv) {
  handoff::http::HttpServerOptions options;
  if (argc == 3) {
    handoff::security::ServerTlsOptions files;
    files.certificate_file = argv[1];
    files.key_file = argv[2];
    const auto tls = handoff::security::ServerTls::Load(files, handoff::SystemClock().Now());
    if (!tls.ok()) {
      std::cerr << tls.status().message() << "\n";
      return 1;
    }
    options.tls = tls->context();
  }
  const auto server = handoff::http::HttpServer::Start(
      options, [](handoff::http::Request request, handoff::http::Respond respond) {
        int status = 200;
        if (request.path() == "/translate") {
          std::string encoded;
          handoff::fhir::Issues issues;
          if (!handoff::fhir::ReadJson(request.body, {}, &encoded, &issues)) status = 400;
        }
        std::move(respond)(handoff::http::Response{status, "application/fhir+json", {}, "{}"});
      });
  if (!server.ok()) {
    std::cerr << server.status().message() << "\n";
    return 1;
  }
  std::printf("%d\n", (*server)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
