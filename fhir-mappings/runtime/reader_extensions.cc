// The part of the reader that finds the fields of known extensions, once their object is complete.
#include <string>
#include <string_view>
#include <utility>

#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/reader.h"
#include "fhir-mappings/runtime/wire.h"

namespace handoff::fhir::internal {

// Puts the known extensions of `object`, JSON that belongs to the innermost frame, into their
// fields, and what is left into its extra. False stops the parser.
bool Reader::PutExtensions(std::string_view object) {
  const Type& type = *frames_.back().type;
  std::string rest;
  const auto keep = [&](std::string_view name, std::string_view value) {
    rest += rest.empty() ? "{\"" : ",\"";
    rest.append(name).append("\":").append(value);
  };
  JsonSteps members(object);
  std::string_view name;
  for (std::string_view value; members.Next(name, value);) {
    if (type.is_extension && name == "url") continue;
    if (name != "extension") {
      keep(name, value);
      continue;
    }
    ExtensionPlaces places(type);
    for (JsonSteps items(value); const auto item = items.NextItem();) {
      const KnownExtension known = FindExtension(type, *item);
      const bool free =
          !known.value.empty() && (known.member->repeated || places.Placed(*known.member) == 0);
      bool placed = false;
      if (free && !PutExtension(known, places.Seen(*known.member), placed)) return false;
      places.Add(known.member, *item, placed);
    }
    if (const std::string list = places.Rest(); !list.empty()) keep(name, list);
  }
  if (!rest.empty()) PutBytes(out_, type.extra_field, rest + '}');
  return true;
}

// Not `placed` if it stays in the list: its value does not have the form of its type. `before`: how
// many have the same url.
bool Reader::PutExtension(const KnownExtension& known, std::uint32_t before, bool& placed) {
  const Member& member = *known.member;
  const std::size_t owner = frames_.size() - 1;
  const std::size_t wire = out_.size();
  // What is read again was counted when it was read as text.
  const std::size_t values = std::exchange(values_left_, limits_.max_members);
  frames_[owner].member = &member;
  frames_[owner].in_array = member.repeated;
  frames_[owner].items = before;
  if (ExtensionOf(*frames_[owner].type, member)->value.empty()) {
    ++frames_[owner].items;
    StartMessage(member);
    if (!PutExtensions(known.value)) return false;
    CloseFrame();
  } else if (!Parse(known.value)) {
    return false;
  }
  values_left_ = values;
  frames_[owner].in_array = false;
  placed = !std::exchange(frames_[owner].list_displaced, false);
  if (!placed) out_.Truncate(wire);
  return true;
}

}  // namespace handoff::fhir::internal
