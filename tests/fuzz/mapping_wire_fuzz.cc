// No bytes that claim to be an encoded resource may harm the code that walks them.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/resource.h"

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
  if (sound && !rewritten) {
    std::fprintf(stderr, "broken: what can be written can be rewritten\n");
    std::abort();
  }
  json.clear();
  if (sound && !WriteJson(out, {}, &json).ok()) {
    std::fprintf(stderr, "broken: what was rewritten can be written\n");
    std::abort();
  }
  out.clear();
  const auto projected =
      mask.Project(wire, [](const ReferenceView& view) { return view.id.size() % 2 == 0; }, &out);
  json.clear();
  if (sound && projected.ok() && *projected && !WriteJson(out, {}, &json).ok()) {
    std::fprintf(stderr, "broken: what was projected can be written\n");
    std::abort();
  }
  return 0;
}
