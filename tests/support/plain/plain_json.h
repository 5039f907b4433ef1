// JSON (RFC 8259) read one character at a time: slow, and plain to see that it is right. What the
// fast reader is held against.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::plain {

struct Member;

struct Value {
  enum class Kind { kNull, kTrue, kFalse, kNumber, kString, kList, kObject } kind = Kind::kNull;
  std::string text;      // a number as it is written, a string decoded
  bool escaped = false;  // the string is written with an escape
  std::vector<Value> items;
  std::vector<Member> members;  // as written: a name may stand twice

  bool IsList() const { return kind == Kind::kList; }
  bool IsObject() const { return kind == Kind::kObject; }
  bool IsString() const { return kind == Kind::kString; }
};

struct Member {
  Value name;
  Value value;
};

// nullopt if `json` is not one value in UTF-8, or is nested deeper than `max_depth`.
std::optional<Value> Parse(std::string_view json, std::size_t max_depth);

// `value` as JSON, members in their order.
std::string Text(const Value& value);

// Whether both say the same: the order of members does not count, numbers count as written.
bool Same(const Value& a, const Value& b);

bool IsUtf8(std::string_view text);

}  // namespace handoff::plain
