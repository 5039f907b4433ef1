// FHIR over HTTP on a real intake, reader, verifier and in-memory store; only the socket is
// missing.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

#include "gateway/rest/fhir_service.h"
#include "gateway/security/signing_key.h"
#include "gateway/security/token.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/access/reader_fixture.h"

namespace handoff::rest {

// One thread that runs tasks in order.
class TaskThread {
 public:
  TaskThread() : thread_([this] { Run(); }) {}
  ~TaskThread() {
    Post(nullptr);
    thread_.join();
  }
  void Post(Task task) {
    absl::MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }

 private:
  void Run() {
    while (true) {
      Task task;
      {
        const auto ready = [this] { return !tasks_.empty(); };
        absl::MutexLock lock(&mutex_, absl::Condition(&ready));
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      if (task == nullptr) return;
      task();
    }
  }

  absl::Mutex mutex_;
  std::deque<Task> tasks_;
  std::thread thread_;
};

inline std::string HeaderOf(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

class FhirServiceTest : public access::ReaderTest {
 protected:
  static constexpr char kBase[] = "https://gw.example/fhir";

  void SetUp() override {
    ReaderTest::SetUp();
    HANDOFF_ASSERT_OK_AND_ASSIGN(auto key, security::SigningKey::LoadOrCreate(dir_ / "key.pem"));
    signer_ = std::make_unique<security::TokenSigner>(key, "issuer", "audience");
    security::TokenVerifierOptions options;
    options.issuer = "issuer";
    options.audience = "audience";
    verifier_ = std::make_unique<security::TokenVerifier>(
        options,
        std::vector<std::shared_ptr<const security::SigningKey>>{key},
        [](std::string_view client) { return PartyKey(client); });
    service_ = std::make_unique<FhirService>(
        FhirServiceOptions{kBase, "1.2.3", {}},
        FhirServiceParts{*intake_,
                         *reader_,
                         *verifier_,
                         clock_,
                         metrics_,
                         {[this](Task task) {
                            if (full_) return false;
                            executor_.Post(std::move(task));
                            return true;
                          },
                          [this](Task task) { executor_.Post(std::move(task)); }},
                         [this] { return rules_->profiles; }});
  }

  std::string TokenOf(const std::string& party, std::vector<std::string> scopes) {
    return *signer_->Sign(
        party, PartyKey(party), std::move(scopes), std::chrono::seconds(300), clock_.Now());
  }

  // A request of `party`; none if empty.
  http::Request As(const std::string& party, http::Verb verb, std::string target) {
    http::Request request;
    request.verb = verb;
    request.target = std::move(target);
    if (!party.empty()) {
      request.headers.Add("Authorization", "Bearer " + TokenOf(party, {"system/*.cruds"}));
    }
    return request;
  }

  http::Response Send(http::Request request) {
    std::promise<http::Response> answered;
    service_->Handle(std::move(request),
                     [&](http::Response response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }

  http::Response Get(const std::string& party, std::string target) {
    return Send(As(party, http::Verb::kGet, std::move(target)));
  }

  http::Response Write(const std::string& party,
                       http::Verb verb,
                       std::string target,
                       std::string body,
                       const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    http::Request request = As(party, verb, std::move(target));
    request.headers.Add("Content-Type", "application/fhir+json");
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    request.body = std::move(body);
    return Send(std::move(request));
  }

  testing::TempDir dir_;
  bool full_ = false;
  std::unique_ptr<security::TokenSigner> signer_;
  std::unique_ptr<security::TokenVerifier> verifier_;
  TaskThread executor_;
  std::unique_ptr<FhirService> service_;
};

}  // namespace handoff::rest
