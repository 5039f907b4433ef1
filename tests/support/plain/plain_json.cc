#include "tests/support/plain/plain_json.h"

#include <algorithm>

namespace handoff::plain {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view json, std::size_t max_depth) : json_(json), max_depth_(max_depth) {}

  std::optional<Value> Run() {
    Value value;
    if (!Any(value)) return std::nullopt;
    SkipSpace();
    if (at_ != json_.size()) return std::nullopt;
    return value;
  }

 private:
  bool Take(char c) {
    if (at_ == json_.size() || json_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (json_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (at_ != json_.size() && std::string_view(" \t\r\n").find(json_[at_]) != json_.npos) ++at_;
  }

  bool Any(Value& value) {
    SkipSpace();
    if (at_ == json_.size()) return false;
    switch (json_[at_]) {
      case '{':
        return Object(value);
      case '[':
        return List(value);
      case '"':
        return String(value);
      case 'n':
        value.kind = Value::Kind::kNull;
        return TakeWord("null");
      case 't':
        value.kind = Value::Kind::kTrue;
        return TakeWord("true");
      case 'f':
        value.kind = Value::Kind::kFalse;
        return TakeWord("false");
      default:
        return Number(value);
    }
  }

  bool Object(Value& value) {
    value.kind = Value::Kind::kObject;
    if (++depth_ > max_depth_ || !Take('{')) return false;
    SkipSpace();
    if (Take('}')) return Close();
    do {
      auto& [name, member] = value.members.emplace_back();
      SkipSpace();
      if (!String(name)) return false;
      SkipSpace();
      if (!Take(':') || !Any(member)) return false;
      SkipSpace();
    } while (Take(','));
    return Take('}') && Close();
  }

  bool List(Value& value) {
    value.kind = Value::Kind::kList;
    if (++depth_ > max_depth_ || !Take('[')) return false;
    SkipSpace();
    if (Take(']')) return Close();
    do {
      if (!Any(value.items.emplace_back())) return false;
      SkipSpace();
    } while (Take(','));
    return Take(']') && Close();
  }

  bool Close() {
    --depth_;
    return true;
  }

  std::size_t Digits() {
    const std::size_t begin = at_;
    while (at_ != json_.size() && IsDigit(json_[at_])) ++at_;
    return at_ - begin;
  }

  bool Number(Value& value) {
    value.kind = Value::Kind::kNumber;
    const std::size_t begin = at_;
    Take('-');
    if (!Take('0') && Digits() == 0) return false;
    if (Take('.') && Digits() == 0) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (Digits() == 0) return false;
    }
    value.text = json_.substr(begin, at_ - begin);
    return true;
  }

  bool String(Value& value) {
    value.kind = Value::Kind::kString;
    if (!Take('"')) return false;
    while (at_ != json_.size()) {
      const char c = json_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        value.text += c;
      } else if (!Escape(value)) {
        return false;
      }
    }
    return false;
  }

  bool Escape(Value& value) {
    value.escaped = true;
    if (at_ == json_.size()) return false;
    const char c = json_[at_++];
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeans = "\"\\/\b\f\n\r\t";
    if (const std::size_t known = kNames.find(c); known != kNames.npos) {
      value.text += kMeans[known];
      return true;
    }
    unsigned code = 0;
    if (c != 'u' || !Hex(code)) return false;
    if (code >= 0xdc00 && code <= 0xdfff) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
      unsigned low = 0;
      if (!TakeWord("\\u") || !Hex(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    Encode(code, value.text);
    return true;
  }

  bool Hex(unsigned& code) {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      if (at_ == json_.size()) return false;
      constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
      const std::size_t digit = kDigits.find(json_[at_++]);
      if (digit == kDigits.npos) return false;
      code = code * 16 + static_cast<unsigned>(digit % 16);
    }
    return true;
  }

  static void Encode(unsigned code, std::string& text) {
    const auto put = [&](unsigned byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0 | (code >> 6));
      put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      put(0xe0 | (code >> 12));
      put(0x80 | ((code >> 6) & 0x3f));
      put(0x80 | (code & 0x3f));
    } else {
      put(0xf0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3f));
      put(0x80 | ((code >> 6) & 0x3f));
      put(0x80 | (code & 0x3f));
    }
  }

  const std::string_view json_;
  const std::size_t max_depth_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

std::vector<const Member*> ByName(const Value& object) {
  std::vector<const Member*> members;
  for (const auto& member : object.members) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) {
    return a->name.text < b->name.text;
  });
  return members;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80   ? 1
                               : byte < 0xc2 ? 0
                               : byte < 0xe0 ? 2
                               : byte < 0xf0 ? 3
                               : byte < 0xf5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) return false;
    unsigned code = length == 1 ? byte : byte & (0x7fu >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = (code << 6) | (next & 0x3f);
    }
    const unsigned least = length == 3 ? 0x800 : length == 4 ? 0x10000 : 0;
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

std::optional<Value> Parse(std::string_view json, std::size_t max_depth) {
  if (!IsUtf8(json)) return std::nullopt;
  return Parser(json, max_depth).Run();
}

std::string Text(const Value& value) {
  std::string text;
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kTrue:
      return "true";
    case Value::Kind::kFalse:
      return "false";
    case Value::Kind::kNumber:
      return value.text;
    case Value::Kind::kString:
      for (const char c : value.text) {
        if (c == '"' || c == '\\') text += '\\';
        if (static_cast<unsigned char>(c) >= 0x20) {
          text += c;
        } else {
          text += c < 0x10 ? "\\u000" : "\\u001";
          text += "0123456789abcdef"[c % 16];
        }
      }
      return '"' + text + '"';
    case Value::Kind::kList:
      for (const Value& item : value.items) text += (text.empty() ? "" : ",") + Text(item);
      return '[' + text + ']';
    case Value::Kind::kObject:
      for (const auto& [name, member] : value.members)
        text += (text.empty() ? "" : ",") + Text(name) + ':' + Text(member);
      return '{' + text + '}';
  }
  return text;
}

bool Same(const Value& a, const Value& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
      a.members.size() != b.members.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!Same(a.items[i], b.items[i])) return false;
  }
  const auto left = ByName(a);
  const auto right = ByName(b);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i]->name.text != right[i]->name.text || !Same(left[i]->value, right[i]->value))
      return false;
  }
  return true;
}

}  // namespace handoff::plain
