// No bytes that claim to be an encoded resource may harm the code that walks them.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/stubs/logging.h>

#include "fhir-mappings/runtime/resource.h"
#include "handoff/v1/exchange.pb.h"

namespace {

void Broken(const char* promise) {
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

// Message objects are filled as protobuf fills them, and written as their wire form is.
void CheckMessages(std::string_view wire) {
  using namespace handoff;
  v1::Resource expected;
  const bool parsed = expected.ParseFromArray(wire.data(), static_cast<int>(wire.size()));
  v1::Resource resource;
  if (fhir::ParseResource(wire, &resource) != parsed) Broken("the same is a message");
  if (!parsed) return;
  const std::string encoded = expected.SerializeAsString();
  if (resource.SerializeAsString() != encoded) Broken("messages are the same");
  std::string by_wire;
  std::string json;
  const bool written = fhir::WriteJson(resource, {}, &json).ok();
  if (fhir::WriteJson(encoded, {}, &by_wire).ok() != written) Broken("both can be written");
  if (written && json != by_wire) Broken("both are written alike");
}

// protobuf tells every text that is not UTF-8.
[[maybe_unused]] auto* const kBefore = google::protobuf::SetLogHandler(nullptr);

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace handoff::fhir;
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  static const Mask mask = [] {
    std::vector<std::string> paths = {"Patient.name",
                                      "Patient.contact.organization.display",
                                      "Encounter.*",
                                      "Bundle.entry",
                                      "Observation.value[x]",
                                      "CarePlan.contained",
                                      "Consent.*",
                                      "Procedure.*",
                                      "Task.input",
                                      "Medication",
                                      "Goal.target.detail[x].coding"};
    auto compiled = Mask::Compile(paths);
    if (!compiled.ok()) std::abort();
    return *compiled;
  }();

  std::string json;
  const bool sound = WriteJson(wire, {}, &json).ok();
  json.clear();
  if (WriteJson(wire, WriteOptions{.pretty = true}, &json).ok() != sound) std::abort();

  CheckMessages(wire);
  (void)ReadHead(wire);
  if (const auto bundle = ReadBundle(wire)) {
    for (const BundleEntry& entry : bundle->entries) (void)ReadHead(entry.resource);
  }
  std::size_t references = 0;
  VisitReferences(wire, [&](std::string_view, const ReferenceView&) { ++references; });
  SearchTokens tokens;
  AppendTokens(wire, &tokens);

  RewriteOptions options;
  options.id = "x";
  options.version_id = "7";
  options.updated_us = 1;
  options.reference = [&](const ReferenceView& view) {
    ReferenceEdit edit;
    edit.action = static_cast<ReferenceEdit::Action>((view.id.size() + view.uri.size()) % 3);
    edit.type = "Patient";
    edit.id = "1";
    return edit;
  };
  std::string out;
  const bool rewritten = Rewrite(wire, options, &out).ok();
  if (sound && !rewritten) Broken("what can be written can be rewritten");
  json.clear();
  if (sound && !WriteJson(out, {}, &json).ok()) Broken("what was rewritten can be written");
  out.clear();
  const auto projected =
      mask.Project(wire, [](const ReferenceView& view) { return view.id.size() % 2 == 0; }, &out);
  json.clear();
  if (sound && projected.ok() && *projected && !WriteJson(out, {}, &json).ok())
    Broken("what was projected can be written");
  return 0;
}
