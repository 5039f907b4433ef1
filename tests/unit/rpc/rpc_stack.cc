#include "tests/unit/rpc/rpc_stack.h"

#include <future>
#include <optional>
#include <utility>

#include "absl/strings/str_replace.h"
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "gateway/base/config_node.h"
#include "gateway/security/signing_key.h"
#include "gateway/store/memory/memory_store.h"
#include "tests/support/read_file.h"

namespace handoff::testing {
namespace {

constexpr char kIssuer[] = "https://handoff.test";
constexpr char kAudience[] = "https://handoff.test/fhir";

ConfigNode LoadNode(const std::string& path, ConfigErrors& errors) {
  absl::StatusOr<ConfigNode> node = ConfigNode::Load(path);
  if (!node.ok()) {
    errors.Add(std::string(node.status().message()));
    return {};
  }
  return *std::move(node);
}

std::shared_ptr<const intake::Rules> LoadRules(ConfigErrors& errors) {
  auto rules = std::make_shared<intake::Rules>();
  rules->directory = directory::Directory::Load(std::string("config/demo/parties"), {}, errors);
  rules->events = care::EventRules::Load(LoadNode("fhir-mappings/terminology/events.yaml", errors),
                                         LoadNode("fhir-mappings/terminology/needs.yaml", errors),
                                         errors);
  rules->routes = care::Routes::Load(LoadNode("config/routes.yaml", errors), errors);
  return rules;
}

std::shared_ptr<const security::SigningKey> NewKey() {
  static const std::string path =
      ::testing::TempDir() + "rpc-signing-" + std::to_string(::getpid()) + ".pem";
  return *security::SigningKey::LoadOrCreate(path);
}

}  // namespace

RpcStack::RpcStack() : store(store::OpenMemoryStore()) {
  clock.Set(Timestamp(std::chrono::sys_days(std::chrono::July / 2 / 2026)) +
            std::chrono::hours(20));
  ConfigErrors errors;
  rules_ = LoadRules(errors);
  views_ = std::make_shared<const policy::Views>(
      policy::Views::Load(LoadNode("config/views.yaml", errors), errors));
  for (const std::string& error : errors.list()) ADD_FAILURE() << error;

  auto services = std::make_shared<intake::Services>();
  services->store = store.get();
  services->clock = &clock;
  services->metrics = &metrics;
  services->rules = [this] { return rules_; };
  held_persons_ = std::make_unique<intake::HeldPersons>(services);
  intake_ = std::make_unique<intake::Intake>(std::move(services));
  reader_ = std::make_unique<access::Reader>(std::make_shared<access::Sources>(
      access::Sources{*store, clock, [this] { return access::Rules{rules_->directory, views_}; }}));
  dead_letters_ = std::make_unique<delivery::DeadLetters>(*store, clock);

  const std::shared_ptr<const security::SigningKey> key = NewKey();
  signer_ = std::make_unique<security::TokenSigner>(key, kIssuer, kAudience);
  security::TokenVerifierOptions options;
  options.issuer = kIssuer;
  options.audience = kAudience;
  verifier_ = std::make_unique<security::TokenVerifier>(
      options, std::vector{key}, [this](std::string_view client) -> std::optional<PartyKey> {
        const directory::Party* const party =
            rules_->directory->Find(PartyKey(client.substr(0, client.find('@'))));
        if (party == nullptr) return std::nullopt;
        return party->key;
      });
}

RpcStack::~RpcStack() {
  store->SetListener({});
  server_.reset();
}

rpc::ServerParts RpcStack::Parts() {
  return {*store,
          *intake_,
          *reader_,
          [this](const v1::Delivery& delivery, store::Snapshot&) { return Compose(delivery); },
          *dead_letters_,
          *held_persons_,
          *verifier_,
          [this] { return rules_->directory; },
          clock,
          metrics};
}

absl::Status RpcStack::TryStart(const rpc::ServerOptions& options) {
  return rpc::Server::Start(options, Parts()).status();
}

void RpcStack::Start(const rpc::ServerOptions& options) {
  store->SetListener({});
  server_.reset();
  auto server = rpc::Server::Start(options, Parts());
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  store->SetListener([this](const store::Store::Notice& notice) { server_->Notify(notice); });
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                       grpc::InsecureChannelCredentials(),
                                       arguments);
}

std::unique_ptr<grpc::ClientContext> RpcStack::As(const std::string& party,
                                                  std::vector<std::string> scopes) const {
  const auto token = signer_->Sign(
      party + "@client", PartyKey(party), scopes, std::chrono::minutes(5), clock.Now());
  EXPECT_TRUE(token.ok()) << token.status();
  auto call = std::make_unique<grpc::ClientContext>();
  call->AddMetadata("authorization", "Bearer " + token.value_or(""));
  // A test that would hang fails instead.
  call->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  return call;
}

std::string RpcStack::Message(const std::string& name, int patient) {
  const std::string text = ReadFile("config/demo/messages/" + name + ".json");
  EXPECT_FALSE(text.empty()) << name;
  if (patient == 0) return text;
  const std::string n = std::to_string(1'000 + patient);
  return absl::StrReplaceAll(text,
                             {{"500117", "50" + n},
                              {"NHA-88120", "NHA-8" + n},
                              {"nha-88120", "nha-8" + n},
                              {"771203", "77" + n},
                              {"odalys-brightwater", "patient-" + n},
                              {"heart-failure", "condition-" + n},
                              {"steady-weight", "goal-" + n},
                              {"plan-77", "plan-" + n},
                              {"mrmc-", "mrmc-" + n + "-"},
                              {"7d1f0c52-0000", "7d1f0c52-" + n}});
}

v1::Receipt RpcStack::Submit(const std::string& name, int patient) {
  return SubmitContent(Message(name, patient));
}

v1::Receipt RpcStack::SubmitContent(std::string fhir_json) {
  intake::Submission submission;
  submission.sender = PartyKey("mrmc");
  submission.content = std::move(fhir_json);
  std::promise<absl::StatusOr<v1::Receipt>> promise;
  intake_->Accept(std::move(submission), [&](absl::StatusOr<v1::Receipt> receipt) {
    promise.set_value(std::move(receipt));
  });
  const absl::StatusOr<v1::Receipt> receipt = promise.get_future().get();
  EXPECT_TRUE(receipt.ok()) << receipt.status();
  if (!receipt.ok()) return {};
  EXPECT_TRUE(receipt->accepted()) << receipt->DebugString();
  return *receipt;
}

std::vector<v1::LedgerEntry::Kind> RpcStack::LedgerOf(const std::string& message_id,
                                                      const std::string& party) {
  std::vector<v1::LedgerEntry::Kind> kinds;
  const auto ledger = store->GetSnapshot()->Ledger(MessageId(message_id));
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  for (const v1::LedgerEntry& entry : *ledger) {
    if (entry.party() == party) kinds.push_back(entry.kind());
  }
  return kinds;
}

std::uint64_t RpcStack::Position(const std::string& stream) {
  const auto position = store->StreamPosition(stream);
  EXPECT_TRUE(position.ok()) << position.status();
  return position.value_or(0);
}

absl::StatusOr<rpc::Rendered> RpcStack::Compose(const v1::Delivery& delivery) const {
  if (std::string reason = withhold(delivery); !reason.empty()) {
    return delivery::Withheld{std::move(reason)};
  }
  v1::Resource resource;
  v1::Bundle& bundle = *resource.mutable_bundle();
  bundle.set_id(delivery.id());
  bundle.add_entries()->mutable_resource()->mutable_message_header();
  bundle.add_entries()->mutable_resource()->mutable_patient()->mutable_text()->set_div(
      std::string(narrative_bytes, 'x'));
  std::string encoded;
  resource.AppendToString(&encoded);
  return encoded;
}

}  // namespace handoff::testing
