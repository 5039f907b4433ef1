// The parser tells what RapidJSON tells. What is read as FHIR comes back: JSON -> wire -> JSON ->
// wire gives the same wire twice, or the first reading refuses; by a reader that refuses what is
// wrong, and by one that keeps it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/support/json_events.h"

namespace {

using handoff::fhir::Issues;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// What is read comes back. `options` must not depend on the document.
void ComesBack(std::string_view json, const handoff::fhir::ReadOptions& options) {
  std::string encoded;
  Issues issues;
  const bool read = handoff::fhir::ReadJson(json, options, &encoded, &issues);
  Require(read != handoff::fhir::HasErrors(issues), "the result says what the issues say");
  if (!read) return;
  std::string first;
  Require(handoff::fhir::WriteJson(encoded, {}, &first).ok(), "what was read can be written");
  std::string second_wire;
  Require(handoff::fhir::ReadJson(first, options, &second_wire, &issues),
          "what was written can be read");
  std::string second;
  Require(handoff::fhir::WriteJson(second_wire, {}, &second).ok(), "and written");
  Require(first == second, "the JSON is stable");
  std::string third_wire;
  Require(handoff::fhir::ReadJson(second, options, &third_wire, &issues), "and read");
  Require(second_wire == third_wire, "the wire form is stable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using handoff::fhir::Tolerance;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (simdjson::validate_utf8(json.data(), json.size())) {
    Require(handoff::fhir::ParserEvents(json) == handoff::fhir::RapidJsonEvents(json),
            "the events are those of RapidJSON");
  }
  ComesBack(json, {});
  ComesBack(
      json,
      {.tolerances = {Tolerance::kKeep, Tolerance::kKeep, Tolerance::kKeep, Tolerance::kKeep}});
  // A limit may be met anywhere.
  std::string encoded;
  Issues issues;
  handoff::fhir::ReadJson(json, {.limits = {.max_depth = 6, .max_members = 12}}, &encoded, &issues);
  return 0;
}
