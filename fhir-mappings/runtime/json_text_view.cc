#include "fhir-mappings/runtime/json_text_view.h"

#include <charconv>
#include <cstdint>

namespace handoff::fhir::internal {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

void AppendUtf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The escape behind a backslash at `at`; steps over it. The reader writes characters above U+FFFF
// as they are.
void AppendEscape(std::string_view text, std::size_t& at, std::string& out) {
  const char c = text[at++];
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  if (const std::size_t which = kNames.find(c); which != kNames.npos) {
    out += kMeanings[which];
  } else if (c == 'u' && at + 4 <= text.size()) {
    std::uint32_t code = 0;
    std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
    AppendUtf8(code, out);
    at += 4;
  } else {
    out += c;
  }
}

}  // namespace

JsonSteps::JsonSteps(std::string_view text) : text_(text) {
  SkipSpace();
  object_ = at_ < text_.size() && text_[at_] == '{';
  if (object_ || (at_ < text_.size() && text_[at_] == '[')) {
    ++at_;
  } else {
    at_ = text_.size();
  }
}

void JsonSteps::SkipSpace() {
  while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
}

bool JsonSteps::TakeString(std::string_view& text) {
  if (at_ >= text_.size() || text_[at_] != '"') return false;
  const std::size_t begin = ++at_;
  // Most strings have no escape: look for the quote first.
  at_ = text_.find('"', begin);
  if (at_ != text_.npos && text_.substr(begin, at_ - begin).find('\\') != text_.npos) {
    at_ = begin;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
  }
  if (at_ >= text_.size()) {
    at_ = text_.size();
    return false;
  }
  text = text_.substr(begin, at_++ - begin);
  return true;
}

std::string_view JsonSteps::TakeValue() {
  SkipSpace();
  const std::size_t begin = at_;
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      std::string_view ignored;
      if (!TakeString(ignored)) {
        at_ = text_.size();
        return {};
      }
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at_;
  }
  std::size_t end = at_;
  while (end > begin && IsSpace(text_[end - 1])) --end;
  return text_.substr(begin, end - begin);
}

bool JsonSteps::Next(std::string_view& name, std::string_view& value) {
  SkipSpace();
  if (at_ < text_.size() && text_[at_] == ',') ++at_;
  SkipSpace();
  if (at_ >= text_.size() || text_[at_] == '}' || text_[at_] == ']') return false;
  name = {};
  if (object_) {
    if (!TakeString(name)) return false;
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != ':') return false;
    ++at_;
  }
  value = TakeValue();
  return !value.empty();
}

std::string_view JsonMember(std::string_view object, std::string_view name) {
  JsonSteps steps(object);
  std::string_view here;
  for (std::string_view value; steps.Next(here, value);) {
    if (here == name) return value;
  }
  return {};
}

bool IsJsonList(std::string_view value) { return value.starts_with('['); }
bool IsJsonObjectText(std::string_view value) { return value.starts_with('{'); }
bool IsJsonString(std::string_view value) { return value.starts_with('"'); }

std::string_view JsonStringText(std::string_view value, std::string& scratch) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  const std::string_view text = value.substr(1, value.size() - 2);
  if (text.find('\\') == text.npos) return text;
  scratch.clear();
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '\\' && at < text.size()) {
      AppendEscape(text, at, scratch);
    } else {
      scratch += c;
    }
  }
  return scratch;
}

}  // namespace handoff::fhir::internal
