#include "fhir-mappings/runtime/type_lookup.h"

#include <algorithm>

namespace handoff::fhir::internal {
namespace {

// Steps over JSON tokens without reading them; what is malformed the parser will find.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

  void SkipSpace() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) ++p_;
  }
  bool Take(char c) {
    SkipSpace();
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  // A string as written, without quotes; stands behind it then.
  bool TakeString(std::string_view& text) {
    if (!Take('"')) return false;
    const char* const begin = p_;
    while (p_ != end_ && *p_ != '"') p_ += *p_ == '\\' && p_ + 1 != end_ ? 2 : 1;
    if (p_ == end_) return false;
    text = {begin, static_cast<std::size_t>(p_ - begin)};
    ++p_;
    return true;
  }
  // Up to the `,` or `}` that ends a member value.
  void SkipValue() {
    std::size_t depth = 0;
    while (p_ != end_) {
      const char c = *p_;
      if (c == '"') {
        std::string_view ignored;
        if (!TakeString(ignored)) return;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
      if (c == '}' || c == ']') --depth;
      ++p_;
    }
  }

 private:
  const char* p_;
  const char* end_;
};

bool FindValue(std::string_view text, std::string_view& value) {
  Scanner scanner(text);
  std::string_view name;
  do {
    if (!scanner.TakeString(name) || !scanner.Take(':')) return false;
    if (name == "resourceType") return scanner.TakeString(value);
    scanner.SkipValue();
  } while (scanner.Take(','));
  return false;
}

}  // namespace

const Type* FindResource(std::string_view name) {
  const auto less = [](std::uint8_t index, std::string_view wanted) {
    return kTables.types[index].name < wanted;
  };
  const auto it = std::lower_bound(kTables.resources.begin(), kTables.resources.end(), name, less);
  if (it == kTables.resources.end() || kTables.types[*it].name != name) return nullptr;
  return &kTables.types[*it];
}

const Type* FindResource(std::uint32_t field) {
  if (field >= kTables.resource_by_field.size() || kTables.resource_by_field[field] == kNoName)
    return nullptr;
  return &kTables.types[kTables.resource_by_field[field]];
}

ResourceName FindResourceType(std::string_view text) {
  ResourceName result;
  std::string_view value;
  result.stated = FindValue(text, value);
  if (!result.stated) return result;
  if (const Type* type = FindResource(value)) {
    result.found = true;
    result.type = type;
    result.name = type->name;
    return result;
  }
  const auto it = std::lower_bound(kTables.opaque.begin(), kTables.opaque.end(), value);
  if (it != kTables.opaque.end() && *it == value) {
    result.found = true;
    result.name = *it;
  }
  return result;
}

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace handoff::fhir::internal
