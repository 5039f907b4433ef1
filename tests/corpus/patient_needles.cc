#include "tests/corpus/patient_needles.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "tests/corpus/json_value.h"

namespace handoff::testing {
namespace {

using fhir::JsonValue;

constexpr std::size_t kShortest = 4;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return lower;
}

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool IsDigits(std::string_view text) {
  return std::all_of(
      text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool Occurs(std::string_view needle, std::string_view text) {
  const bool whole = IsDigits(needle);
  for (std::size_t at = text.find(needle); at != std::string_view::npos;
       at = text.find(needle, at + 1)) {
    const std::size_t end = at + needle.size();
    if (!whole || ((at == 0 || !IsWordCharacter(text[at - 1])) &&
                   (end == text.size() || !IsWordCharacter(text[end])))) {
      return true;
    }
  }
  return false;
}

// Calls `take` with every text at `path` below `value`, through all arrays.
template <class Take>
void ForEachText(const JsonValue& value, std::vector<std::string_view> path, const Take& take) {
  for (const JsonValue& item : value.items) ForEachText(item, path, take);
  if (path.empty()) {
    if (value.kind == JsonValue::Kind::kString) take(value.text);
    return;
  }
  const auto member = value.members.find(std::string(path.front()));
  if (member == value.members.end()) return;
  path.erase(path.begin());
  ForEachText(member->second, std::move(path), take);
}

std::string TypeOf(const JsonValue& value) {
  const auto type = value.members.find("resourceType");
  return type == value.members.end() ? std::string() : type->second.text;
}

void Collect(const JsonValue& value, PatientNeedles* needles) {
  const auto add = [needles](const std::string& text) { needles->Add(text); };
  const auto add_words = [needles](const std::string& text) {
    std::istringstream words(text);
    for (std::string word; words >> word;) needles->Add(word);
  };
  const std::string type = TypeOf(value);
  if (type == "Patient") {
    for (const std::string_view part : {"family", "given", "text"}) {
      ForEachText(value, {"name", part}, add_words);
      ForEachText(value, {"contact", "name", part}, add_words);
    }
    ForEachText(value, {"extension", "valueString"}, add_words);  // the mother's maiden name
    ForEachText(value, {"birthDate"}, add);
    ForEachText(value, {"identifier", "value"}, add);
    ForEachText(value, {"address", "line"}, add);
    ForEachText(value, {"telecom", "value"}, add);
  } else if (type == "Coverage") {
    ForEachText(value, {"subscriberId"}, add);
    ForEachText(value, {"identifier", "value"}, add);
  }
  for (const JsonValue& item : value.items) Collect(item, needles);
  for (const auto& [name, member] : value.members) Collect(member, needles);
}

}  // namespace

bool PatientNeedles::AddFrom(std::string_view json) {
  JsonValue value;
  if (!fhir::ParseValue(json, value)) return false;
  Collect(value, this);
  return true;
}

void PatientNeedles::Add(std::string_view text) {
  if (text.size() >= kShortest) needles_.insert(Lower(text));
}

void PatientNeedles::Exclude(std::string_view text) {
  const std::string lower = Lower(text);
  std::erase_if(needles_, [&](const std::string& needle) { return Occurs(needle, lower); });
}

std::vector<std::string> PatientNeedles::FoundIn(std::string_view text) const {
  const std::string lower = Lower(text);
  std::vector<std::string> found;
  for (const std::string& needle : needles_) {
    if (Occurs(needle, lower)) found.push_back(needle);
  }
  return found;
}

}  // namespace handoff::testing
