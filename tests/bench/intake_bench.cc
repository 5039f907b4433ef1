// What accepting one discharge costs: ten resources, 30 kB of JSON, each of a person of its own, to
// the parties of the demo. The store is the one in memory, so the time of this thread is that of
// intake alone: read, identify, understand, plan, compress.
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "gateway/app/load/synthetic.h"
#include "gateway/base/config_node.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/intake/pipeline.h"
#include "gateway/store/memory/memory_store.h"
#include "tests/support/fake_clock.h"

namespace handoff::intake {
namespace {

std::shared_ptr<const Rules> DemoRules() {
  ConfigErrors errors;
  auto rules = std::make_shared<Rules>();
  rules->directory = directory::Directory::Load("config/demo/parties", {}, errors);
  rules->events = care::EventRules::Load(*ConfigNode::Load("fhir-mappings/terminology/events.yaml"),
                                         *ConfigNode::Load("fhir-mappings/terminology/needs.yaml"),
                                         errors);
  rules->routes = care::Routes::Load(*ConfigNode::Load("config/routes.yaml"), errors);
  HANDOFF_CHECK(errors.empty());
  return rules;
}

load::SyntheticOptions Demo(Timestamp now) {
  load::SyntheticOptions options;
  options.now = now - std::chrono::minutes(1);
  options.hospital = {"http://hl7.org/fhir/sid/us-npi", "9990000001"};
  options.practice = {"http://hl7.org/fhir/sid/us-npi", "9990000002"};
  options.payer = {"https://northbrook.example/payer-id", "NHA"};
  return options;
}

void AcceptDischarge(benchmark::State& state) {
  log::SetMinimum(log::Level::kWarning);
  testing::FakeClock clock;
  Metrics metrics;
  const std::unique_ptr<store::Store> store = store::OpenMemoryStore({});
  auto services = std::make_shared<Services>();
  services->store = store.get();
  services->clock = &clock;
  services->metrics = &metrics;
  services->rules = [rules = DemoRules()] { return rules; };
  Intake intake(std::move(services));
  const load::Discharges discharges(Demo(clock.Now()));

  std::uint64_t number = 0;
  std::int64_t deliveries = 0;
  for (auto _ : state) {
    Submission submission;
    submission.sender = PartyKey("mrmc");
    submission.content = discharges.text();
    discharges.Stamp(number++, submission.content.data());
    std::promise<absl::StatusOr<v1::Receipt>> answered;
    intake.Accept(std::move(submission), [&answered](absl::StatusOr<v1::Receipt> receipt) {
      answered.set_value(std::move(receipt));
    });
    const absl::StatusOr<v1::Receipt> receipt = answered.get_future().get();
    HANDOFF_CHECK(receipt.ok() && receipt->accepted());
    deliveries += receipt->deliveries();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["deliveries"] =
      benchmark::Counter(static_cast<double>(deliveries), benchmark::Counter::kAvgIterations);
}
BENCHMARK(AcceptDischarge);

}  // namespace
}  // namespace handoff::intake

BENCHMARK_MAIN();
