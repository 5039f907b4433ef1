// Whatever a party sends, resolving it against what is stored ends: what is to be written can be
// written, under an id, and no write stands where another party's resource does. Nor does a sender
// that is not authoritative decide who a person is.
//
// The first byte says who sends.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/config_node.h"
#include "gateway/base/log.h"
#include "gateway/intake/identity.h"
#include "gateway/intake/intake.h"
#include "gateway/intake/pipeline.h"
#include "gateway/intake/request.h"
#include "gateway/intake/resolve.h"
#include "gateway/store/memory/memory_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/read_file.h"

namespace {

using namespace handoff;
using namespace handoff::intake;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// A store that has taken the messages of the demo.
class World {
 public:
  World() {
    log::SetMinimum(log::Level::kError);
    ConfigErrors errors;
    auto rules = std::make_shared<Rules>();
    rules->directory = directory::Directory::Load("config/demo/parties", {}, errors);
    rules->events =
        care::EventRules::Load(*ConfigNode::Load("fhir-mappings/terminology/events.yaml"),
                               *ConfigNode::Load("fhir-mappings/terminology/needs.yaml"),
                               errors);
    rules->routes = care::Routes::Load(*ConfigNode::Load("config/routes.yaml"), errors);
    Require(errors.empty(), "the demo's configuration");
    auto services = std::make_shared<Services>();
    services->store = store_.get();
    services->clock = &clock_;
    services->metrics = &metrics_;
    directory_ = rules->directory;
    services->rules = [rules = std::shared_ptr<const Rules>(std::move(rules))] { return rules; };
    services->max_entries = 100;
    Intake intake(std::move(services));
    for (const char* name : {"admit", "discharge", "referral"}) {
      Submission submission;
      submission.sender = PartyKey("mrmc");
      submission.content = testing::ReadFile(std::string("config/demo/messages/") + name + ".json");
      std::promise<bool> accepted;
      intake.Accept(std::move(submission), [&](absl::StatusOr<v1::Receipt> receipt) {
        accepted.set_value(receipt.ok() && receipt->accepted());
      });
      Require(accepted.get_future().get(), "the demo's message");
    }
  }

  std::shared_ptr<store::Snapshot> Snapshot() { return store_->GetSnapshot(); }
  const directory::Directory& directory() const { return *directory_; }
  std::int64_t now_us() const { return ToMicros(clock_.Now()); }

 private:
  std::shared_ptr<const directory::Directory> directory_;
  testing::FakeClock clock_;
  Metrics metrics_;
  std::unique_ptr<store::Store> store_ = store::OpenMemoryStore({});
};

void Check(const PartyKey& sender, const Resolved& resolved) {
  for (const Write& write : resolved.writes) {
    if (write.skip) continue;
    Require(!write.key.id.empty() && write.key.type == write.item->type, "a write has a key");
    std::string json;
    Require(fhir::WriteJson(write.encoded, {}, &json).ok(), "what is resolved can be written");
    Require(fhir::ReadHead(write.encoded).id == write.key.id, "it carries the id of its key");
    Require(!write.before || write.before->owner() == sender.value() || write.key.type == "Task",
            "nobody writes over what another party sent, but a Task that it was asked to do");
  }
}

// What a sender that is not authoritative says of persons.
void CheckPersons(const directory::Party& sender, const Identified& identified) {
  if (sender.is_authoritative) return;
  for (const Known& known : identified.persons)
    Require(known.doubt.empty(), "it puts nobody in doubt");
  for (const auto& [key, person] : identified.links)
    Require(sender.Assigns(key), "no number leads to a person but one that it assigns");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World& world = *new World;
  if (size == 0) return 0;
  constexpr std::array<const char*, 4> kSenders{"mrmc", "lfm", "htf", "llp"};
  const PartyKey sender(kSenders[data[0] % kSenders.size()]);
  Submission submission;
  submission.sender = sender;
  submission.content.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  Request request;
  fhir::Issues issues;
  int http_status = 0;
  if (!Decode(submission, {}, 100, &request, &issues, &http_status)) {
    Require(http_status >= 400 && fhir::HasErrors(issues), "a refusal says why");
    return 0;
  }
  const std::shared_ptr<store::Snapshot> snapshot = world.Snapshot();
  absl::StatusOr<Resolved> resolved = Resolve(*snapshot,
                                              world.directory(),
                                              sender,
                                              submission.interaction,
                                              request,
                                              world.now_us(),
                                              "https://gw/fhir");
  Require(resolved.ok(), "the store in memory does not fail");
  Require(resolved->writes.size() == request.items.size(), "a write for each item");
  if (resolved->http_status != 0) {
    Require(fhir::HasErrors(resolved->issues), "a refusal says why");
  } else {
    Check(sender, *resolved);
    const directory::Party& party = *world.directory().Find(sender);
    const auto identified =
        Identify(*snapshot, world.directory(), party, world.now_us(), &*resolved);
    Require(identified.ok(), "the store in memory does not fail");
    CheckPersons(party, *identified);
  }
  return 0;
}
