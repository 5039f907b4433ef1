// JSON text: escaping, and reading members out of JSON that is kept as text (`extra`, opaque
// resources).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// Deepest nesting in JSON that is kept as text. Above every ReadLimits::max_depth.
inline constexpr unsigned kMaxTextDepth = 600;

// Appends `text` in quotes, escaped. `text` is UTF-8.
void AppendJsonString(std::string_view text, Sink& out);
// The same without quotes.
void AppendEscaped(std::string_view text, Sink& out);

// Appends the code of a number in quotes; false if `codes` has none.
bool AppendCode(const Enum& codes, std::uint64_t number, Sink& out);

// Appends the members of `object`, which is one JSON object, to the open object that `out` ends
// with.
void AppendMembers(std::string_view object, Sink& out);

// Whether `text` is one JSON object on one line, within kMaxTextDepth.
bool IsJsonObject(std::string_view text);

// `json`, which is sound, with two spaces a level, as people read it; numbers stay as they are
// written.
std::string Indented(std::string_view json);

// Calls `visit` for each string member `reference` below the top of `json`. `members` names the
// members on the way down to the object that holds it: ".subject", ".extension.valueReference".
// Nothing is visited if `json` is not one JSON object.
void VisitJsonReferences(
    std::string_view json,
    const std::function<void(std::string_view members, std::string_view reference)>& visit);

// How to copy a JSON object that is kept as text. Every function may be empty.
struct JsonEdit {
  enum class Action { kKeep, kReplace, kDrop };
  // Asked for every string member `reference` below the top; `replacement` is the new text for
  // kReplace.
  std::function<Action(std::string_view reference, std::string* replacement)> reference;
  std::string_view id;    // not empty: sets the top member `id`
  std::string_view meta;  // not empty: an object that replaces the top member `meta`
};

enum class JsonResult {
  kWritten,
  kNothingLeft,  // everything was dropped; nothing is appended
  kDamaged,      // `text` is not one JSON object; nothing is appended
};

// Appends `text` with the edit applied. kDrop removes the object that holds the reference, and what
// becomes empty by it.
JsonResult AppendEditedJson(std::string_view text, const JsonEdit& edit, Sink& out);

}  // namespace handoff::fhir::internal
