#include "gateway/http/query.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <simdjson.h>

#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::http {

namespace {

enum class Plus { kIsPlus, kIsSpace };

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status BadEscape() {
  return MakeError(ErrorId::kInvalidRequest, "the URL has a malformed percent escape");
}

absl::StatusOr<std::string> Decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::kIsSpace) {
      c = ' ';
    } else if (c == '%') {
      if (text.size() - i < 3) return BadEscape();
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return BadEscape();
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return MakeError(ErrorId::kInvalidRequest, "the URL has a NUL character");
    out.push_back(c);
  }
  if (!simdjson::validate_utf8(out)) {
    return MakeError(ErrorId::kInvalidRequest, "the URL is not UTF-8");
  }
  return out;
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

absl::StatusOr<std::string> PercentDecode(std::string_view text) {
  return Decode(text, Plus::kIsPlus);
}

std::string PercentEncode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

absl::StatusOr<std::vector<std::string>> PathSegments(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return segments;
  if (path.ends_with('/')) path.remove_suffix(1);
  for (;;) {
    const std::size_t slash = path.find('/');
    HANDOFF_ASSIGN_OR_RETURN(std::string segment, PercentDecode(path.substr(0, slash)));
    if (segment.empty() || segment == "." || segment == "..") {
      return MakeError(ErrorId::kInvalidRequest, "the path has an empty or relative segment");
    }
    segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

absl::StatusOr<QueryParams> QueryParams::Parse(std::string_view query) {
  QueryParams out;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    if (out.params_.size() == kMaxParams) {
      return MakeError(ErrorId::kTooLarge, "the URL has too many parameters");
    }
    const std::size_t equals = pair.find('=');
    HANDOFF_ASSIGN_OR_RETURN(std::string name, Decode(pair.substr(0, equals), Plus::kIsSpace));
    std::string value;
    if (equals != std::string_view::npos) {
      HANDOFF_ASSIGN_OR_RETURN(value, Decode(pair.substr(equals + 1), Plus::kIsSpace));
    }
    out.params_.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

std::string_view QueryParams::Get(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return {};
}

bool QueryParams::Has(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return true;
  }
  return false;
}

std::vector<std::string_view> QueryParams::All(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : params_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

}  // namespace handoff::http
