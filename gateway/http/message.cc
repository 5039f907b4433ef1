#include "gateway/http/message.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace handoff::http {

namespace {

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

}  // namespace

void Headers::Add(std::string_view name, std::string_view value) {
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

std::string_view Headers::NameOf(const Field& field) const {
  return std::string_view(text_).substr(field.name_begin, field.name_size);
}

std::string_view Headers::ValueOf(const Field& field) const {
  return std::string_view(text_).substr(field.name_begin + field.name_size, field.value_size);
}

std::string_view Headers::Get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (SameName(NameOf(field), name)) return ValueOf(field);
  }
  return {};
}

std::size_t Headers::Count(std::string_view name) const {
  std::size_t count = 0;
  for (const Field& field : fields_) {
    if (SameName(NameOf(field), name)) ++count;
  }
  return count;
}

std::vector<std::string_view> Headers::All(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (SameName(NameOf(field), name)) values.push_back(ValueOf(field));
  }
  return values;
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return std::string_view(target).substr(mark + 1);
}

}  // namespace handoff::http
