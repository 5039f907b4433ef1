// What walks the wire form, on an invented transaction of about 30 kB as JSON.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/bench/mapping_documents.h"

namespace handoff::fhir {
namespace {

const std::string& Json() {
  static const std::string json = bench::MakeBundle(1);
  return json;
}

const std::string& Encoded() {
  static const std::string encoded = [] {
    std::string result;
    Issues issues;
    if (!ReadJson(Json(), {}, &result, &issues)) std::abort();
    return result;
  }();
  return encoded;
}

void Report(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(Json().size()));
}

void RewriteReferences(benchmark::State& state) {
  RewriteOptions options;
  options.id = "b1";
  options.version_id = "2";
  options.updated_us = 1'700'000'000'000'000;
  options.reference = [](const ReferenceView& view) {
    ReferenceEdit edit;
    if (view.type == "Patient") {
      edit.action = ReferenceEdit::Action::kReplace;
      edit.type = "Patient";
      edit.id = "our-id";
    }
    return edit;
  };
  std::string out;
  for (auto _ : state) {
    out.clear();
    if (!Rewrite(Encoded(), options, &out).ok()) std::abort();
    benchmark::DoNotOptimize(out.data());
  }
  Report(state);
}
BENCHMARK(RewriteReferences);

void Tokens(benchmark::State& state) {
  const std::optional<BundleView> bundle = ReadBundle(Encoded());
  SearchTokens tokens;
  for (auto _ : state) {
    tokens.clear();
    for (const BundleEntry& entry : bundle->entries) AppendTokens(entry.resource, &tokens);
    benchmark::DoNotOptimize(tokens.size());
  }
  Report(state);
}
BENCHMARK(Tokens);

void ProjectAllowList(benchmark::State& state) {
  const auto mask = Mask::Compile({"Patient.name",
                                   "Patient.birthDate",
                                   "Observation.code",
                                   "Observation.component",
                                   "Observation.subject",
                                   "CarePlan.title",
                                   "CarePlan.activity",
                                   "CarePlan.subject"});
  const std::optional<BundleView> bundle = ReadBundle(Encoded());
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const BundleEntry& entry : bundle->entries) {
      if (!mask->Project(entry.resource, {}, &out).ok()) std::abort();
    }
    benchmark::DoNotOptimize(out.data());
  }
  Report(state);
}
BENCHMARK(ProjectAllowList);

}  // namespace
}  // namespace handoff::fhir
