#include "fhir-mappings/runtime/json_text.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/type_lookup.h"

namespace handoff::fhir::internal {
namespace {

constexpr bool NeedsEscape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The first character from `i` on that cannot stand in a JSON string as it is.
std::size_t FindEscape(std::string_view s, std::size_t i) {
#ifdef __SSE2__
  for (; i + kJsonBlock <= s.size(); i += kJsonBlock) {
    const unsigned stops = JsonStringStops(LoadJsonBlock(s.data() + i));
    if (stops != 0) return i + static_cast<std::size_t>(std::countr_zero(stops));
  }
#endif
  while (i < s.size() && !NeedsEscape(s[i])) ++i;
  return i;
}

// Copies `text` to `to`, or part of it where a character cannot stand in a JSON string as it is:
// false then.
bool CopyPlain(std::string_view text, char* to) {
  const char* from = text.data();
  const std::size_t n = text.size();
#ifdef __SSE2__
  if (n >= kJsonBlock) {
    const auto copy_block = [&](std::size_t at) {
      const __m128i block = LoadJsonBlock(from + at);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), block);
      return JsonStringStops(block) == 0;
    };
    for (std::size_t at = 0; at < n - kJsonBlock; at += kJsonBlock) {
      if (!copy_block(at)) return false;
    }
    return copy_block(n - kJsonBlock);
  }
  if (n >= 8) {
    const auto first = LoadWord<std::int64_t>(from);
    const auto last = LoadWord<std::int64_t>(from + n - 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + n - 8, &last, 8);
    return JsonStringStops(_mm_set_epi64x(last, first)) == 0;
  }
  if (n >= 4) {
    const auto first = LoadWord<std::int32_t>(from);
    const auto last = LoadWord<std::int32_t>(from + n - 4);
    std::memcpy(to, &first, 4);
    std::memcpy(to + n - 4, &last, 4);
    return JsonStringStops(_mm_set_epi32(last, first, last, first)) == 0;
  }
#endif
  for (std::size_t i = 0; i < n; ++i) {
    if (NeedsEscape(from[i])) return false;
    to[i] = from[i];
  }
  return true;
}

char* Escape(char c, char* p) {
  constexpr char kHex[] = "0123456789abcdef";
  *p++ = '\\';
  switch (c) {
    case '"':
    case '\\':
      *p++ = c;
      break;
    case '\b':
      *p++ = 'b';
      break;
    case '\f':
      *p++ = 'f';
      break;
    case '\n':
      *p++ = 'n';
      break;
    case '\r':
      *p++ = 'r';
      break;
    case '\t':
      *p++ = 't';
      break;
    default:
      std::memcpy(p, "u00", 3);
      p[3] = kHex[static_cast<unsigned char>(c) >> 4];
      p[4] = kHex[static_cast<unsigned char>(c) & 15];
      p += 5;
  }
  return p;
}

void Escape(std::string_view text, Sink& out) {
  std::size_t i = 0;
  while (true) {
    const std::size_t stop = FindEscape(text, i);
    char* p = out.Room(stop - i + 6);
    if (stop != i) std::memcpy(p, text.data() + i, stop - i);
    p += stop - i;
    out.Advance(stop - i);
    if (stop == text.size()) return;
    out.Advance(static_cast<std::size_t>(Escape(text[stop], p) - p));
    i = stop + 1;
  }
}

// A parser over text that may come from anywhere. Control characters are refused, so that kept JSON
// is one line and the parser's end mark, NUL, cannot hide what stands behind it.
template <class Handler>
bool ParseText(std::string_view text, Handler& handler) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return false;
  }
  InsituCopy copy(text);
  return JsonParser<Handler>(copy.data(), handler).Parse() == JsonParser<Handler>::Result::kParsed;
}

// Accepts one object of bounded depth.
struct ObjectCheck {
  unsigned depth = 0;
  bool Null() { return depth != 0; }
  bool Bool(bool) { return depth != 0; }
  bool Number(std::string_view) { return depth != 0; }
  bool String(std::string_view, bool) { return depth != 0; }
  bool Key(std::string_view) { return true; }
  bool StartObject() { return ++depth <= kMaxTextDepth; }
  bool EndObject(std::size_t) {
    --depth;
    return true;
  }
  bool StartArray() { return depth != 0 && ++depth <= kMaxTextDepth; }
  bool EndArray(std::size_t) {
    --depth;
    return true;
  }
};

// Tells each reference with the names of the members that lead to it.
class ReferenceFinder {
 public:
  using Visit = std::function<void(std::string_view, std::string_view)>;
  explicit ReferenceFinder(const Visit& visit) : visit_(visit) {}

  bool Null() { return !lengths_.empty(); }
  bool Bool(bool) { return !lengths_.empty(); }
  bool Number(std::string_view) { return !lengths_.empty(); }
  bool String(std::string_view text, bool) {
    if (reference_ && lengths_.size() > 1) visit_(members_, text);
    return !lengths_.empty();
  }
  bool Key(std::string_view name) {
    key_ = name;
    reference_ = key_ == "reference";
    return true;
  }
  bool StartObject() {
    if (!Open()) return false;
    reference_ = false;
    return true;
  }
  bool EndObject(std::size_t) { return Close(); }
  bool StartArray() {
    reference_ = false;
    return !lengths_.empty() && Open();
  }
  bool EndArray(std::size_t) { return Close(); }

 private:
  bool Open() {
    lengths_.push_back(members_.size());
    if (!key_.empty()) (members_ += '.') += std::exchange(key_, {});
    return lengths_.size() <= kMaxTextDepth;
  }
  bool Close() {
    members_.resize(lengths_.back());
    lengths_.pop_back();
    reference_ = false;
    return true;
  }

  const Visit& visit_;
  std::string members_;
  std::string key_;  // whose value comes next
  std::vector<std::size_t> lengths_;
  bool reference_ = false;
};

// Copies events to text, with the edit on the way.
class Editor {
 public:
  Editor(const JsonEdit& edit, Sink& out) : edit_(edit), out_(out) {}

  bool left() const { return !gone_; }

  bool Null() { return Scalar("null"); }
  bool Bool(bool value) { return Scalar(value ? "true" : "false"); }
  bool Number(std::string_view number) { return Scalar(number); }

  bool String(std::string_view value, bool) {
    if (frames_.empty()) return false;
    if (skip_) return Skipped();
    if (key_ == Key::kReference && edit_.reference) {
      replacement_.clear();
      const JsonEdit::Action action = edit_.reference(value, &replacement_);
      if (action == JsonEdit::Action::kDrop) frames_.back().dropped = true;
      BeginValue();
      AppendJsonString(
          action == JsonEdit::Action::kReplace ? std::string_view(replacement_) : value, out_);
      return true;
    }
    BeginValue();
    AppendJsonString(value, out_);
    if (key_ == Key::kResourceType) AppendNewMembers();
    return true;
  }

  bool Key(std::string_view name) {
    if (skip_depth_ != 0) return true;
    const bool top = frames_.size() == 1;
    key_ = !top && name == "reference"     ? Key::kReference
           : top && name == "resourceType" ? Key::kResourceType
                                           : Key::kOther;
    if (top && ((name == "id" && !edit_.id.empty()) || (name == "meta" && !edit_.meta.empty()))) {
      skip_ = true;
      return true;
    }
    member_begin_ = out_.size();
    Separate();
    AppendJsonString(name, out_);
    out_.Put(':');
    return true;
  }

  bool StartObject() { return Start('{'); }
  bool EndObject(std::size_t) { return End('}'); }
  bool StartArray() { return !frames_.empty() && Start('['); }
  bool EndArray(std::size_t) { return End(']'); }

 private:
  enum class Key { kOther, kReference, kResourceType };
  struct Frame {
    std::size_t begin;  // where the value's separator or key stands
    bool dropped = false;
    bool lost = false;  // something below was dropped
  };

  void Separate() {
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':') out_.Put(',');
  }
  void BeginValue() {
    if (out_.size() != 0 && out_.back() != ':') Separate();
  }
  bool Skipped() {
    if (skip_depth_ == 0) skip_ = false;
    return true;
  }
  bool Scalar(std::string_view text) {
    if (frames_.empty()) return false;
    if (skip_) return Skipped();
    BeginValue();
    out_.Append(text);
    return true;
  }

  bool Start(char bracket) {
    if (skip_) {
      ++skip_depth_;
      return frames_.size() + skip_depth_ <= kMaxTextDepth;
    }
    const bool member = !frames_.empty() && out_.back() == ':';
    frames_.push_back({member ? member_begin_ : out_.size()});
    if (frames_.size() > 1) Separate();
    out_.Put(bracket);
    key_ = Key::kOther;
    return frames_.size() <= kMaxTextDepth;
  }

  bool End(char bracket) {
    if (skip_) {
      --skip_depth_;
      return Skipped();
    }
    const Frame frame = frames_.back();
    frames_.pop_back();
    const bool empty = out_.back() == '{' || out_.back() == '[';
    out_.Put(bracket);
    key_ = Key::kOther;
    if (!frame.dropped && !(frame.lost && empty)) return true;
    out_.Truncate(frame.begin);
    if (frames_.empty()) {
      gone_ = true;
    } else {
      frames_.back().lost = true;
    }
    return true;
  }

  void AppendNewMembers() {
    if (!edit_.id.empty()) {
      out_.Append(",\"id\":");
      AppendJsonString(edit_.id, out_);
    }
    if (!edit_.meta.empty()) {
      out_.Append(",\"meta\":");
      out_.Append(edit_.meta);
    }
  }

  const JsonEdit& edit_;
  Sink& out_;
  std::vector<Frame> frames_;
  std::string replacement_;
  enum Key key_ = Key::kOther;
  std::size_t member_begin_ = 0;
  bool skip_ = false;
  unsigned skip_depth_ = 0;
  bool gone_ = false;
};

}  // namespace

void AppendEscaped(std::string_view text, Sink& out) {
  // Nearly every text needs no escape: it is copied and looked through at once.
  if (CopyPlain(text, out.Room(text.size()))) return out.Advance(text.size());
  Escape(text, out);
}

void AppendJsonString(std::string_view text, Sink& out) {
  char* const p = out.Room(text.size() + 2);
  p[0] = '"';
  if (CopyPlain(text, p + 1)) {
    p[text.size() + 1] = '"';
    return out.Advance(text.size() + 2);
  }
  out.Advance(1);
  Escape(text, out);
  out.Put('"');
}

bool AppendCode(const Enum& codes, std::uint64_t number, Sink& out) {
  const EnumCode* const code = FindCode(codes, number);
  if (code == nullptr) return false;
  char* const begin = out.Room(code->code.size() + 2);
  *begin = '"';
  char* const end = CopyBytes(begin + 1, code->code);
  *end = '"';
  out.End(end + 1);
  return true;
}

void AppendMembers(std::string_view object, Sink& out) {
  const std::string_view inside = object.substr(std::min(object.find('{') + 1, object.size()));
  if (inside.find_first_not_of(' ') == inside.find('}')) return;
  if (out.back() != '{') out.Put(',');
  out.Append(inside.substr(0, inside.rfind('}')));
}

bool IsJsonObject(std::string_view text) {
  ObjectCheck check;
  return ParseText(text, check);
}

void VisitJsonReferences(std::string_view json, const ReferenceFinder::Visit& visit) {
  if (json.find("\"reference\"") == json.npos) return;
  ReferenceFinder finder(visit);
  ParseText(json, finder);
}

std::string Indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  const auto new_line = [&] { out.append(1, '\n').append(2 * depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    switch (c) {
      case '"': {
        std::size_t end = i + 1;
        while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
        out += json.substr(i, end + 1 - i);
        i = end;
        break;
      }
      case '{':
      case '[':
        out += c;
        ++depth;
        if (i + 1 < json.size() && json[i + 1] != '}' && json[i + 1] != ']') new_line();
        break;
      case '}':
      case ']':
        --depth;
        if (json[i - 1] != '{' && json[i - 1] != '[') new_line();
        out += c;
        break;
      case ',':
        out += c;
        new_line();
        break;
      case ':':
        out += ": ";
        break;
      case ' ':
        break;
      default:
        out += c;
    }
  }
  return out;
}

JsonResult AppendEditedJson(std::string_view text, const JsonEdit& edit, Sink& out) {
  const std::size_t begin = out.size();
  Editor editor(edit, out);
  const bool parsed = ParseText(text, editor);
  if (parsed && editor.left()) return JsonResult::kWritten;
  out.Truncate(begin);
  return parsed ? JsonResult::kNothingLeft : JsonResult::kDamaged;
}

}  // namespace handoff::fhir::internal
