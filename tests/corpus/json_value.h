// JSON values compared as values: member order does not count, numbers count as they are written.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/rapidjson.h"

namespace handoff::fhir {

struct JsonValue {
  enum class Kind { kLiteral, kString, kObject, kArray } kind = Kind::kLiteral;
  std::string text;  // of a literal (a number, true, false, null) or a string
  std::vector<JsonValue> items;
  std::map<std::string, JsonValue> members;
};

// Builds a value from RapidJSON's events. RapidJSON's own document.h does not compile with
// clang 19.
class JsonValueBuilder {
 public:
  JsonValue value;

  bool Null() { return Add({JsonValue::Kind::kLiteral, "null", {}, {}}); }
  bool Bool(bool b) { return Add({JsonValue::Kind::kLiteral, b ? "true" : "false", {}, {}}); }
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return Add({JsonValue::Kind::kLiteral, std::string(text, length), {}, {}});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return Add({JsonValue::Kind::kString, std::string(text, length), {}, {}});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    open_.back().first.assign(text, length);
    return true;
  }
  bool StartObject() {
    open_.push_back({{}, {JsonValue::Kind::kObject, {}, {}, {}}});
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool StartArray() {
    open_.push_back({{}, {JsonValue::Kind::kArray, {}, {}, {}}});
    return true;
  }
  bool EndArray(rapidjson::SizeType) { return Close(); }

 private:
  bool Add(JsonValue added) {
    if (open_.empty()) {
      value = std::move(added);
    } else if (auto& [key, parent] = open_.back(); parent.kind == JsonValue::Kind::kArray) {
      parent.items.push_back(std::move(added));
    } else {
      return parent.members.emplace(key, std::move(added)).second;
    }
    return true;
  }
  bool Close() {
    JsonValue closed = std::move(open_.back().second);
    open_.pop_back();
    return Add(std::move(closed));
  }

  std::vector<std::pair<std::string, JsonValue>> open_;
};

// False if `json` is not JSON, or an object has a member twice.
inline bool ParseValue(std::string_view json, JsonValue& value) {
  internal::InsituCopy copy(json);
  ExactStream stream(copy.data());
  JsonValueBuilder builder;
  rapidjson::Reader reader;
  if (reader.Parse < rapidjson::kParseInsituFlag |
      rapidjson::kParseNumbersAsStringsFlag > (stream, builder).IsError())
    return false;
  value = std::move(builder.value);
  return true;
}

// Where two values first differ, as a JSON pointer; empty if they are equal.
inline std::string Difference(const JsonValue& a,
                              const JsonValue& b,
                              const std::string& path = "") {
  const std::string here = path.empty() ? "/" : path;
  if (a.kind != b.kind) return here + " (type)";
  if (a.text != b.text) return here;
  if (a.items.size() != b.items.size()) return here + " (size)";
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (std::string d = Difference(a.items[i], b.items[i], path + "/" + std::to_string(i));
        !d.empty())
      return d;
  }
  for (const auto& [name, member] : a.members) {
    const auto other = b.members.find(name);
    if (other == b.members.end()) return path + "/" + name + " (lost)";
    if (std::string d = Difference(member, other->second, path + "/" + name); !d.empty()) return d;
  }
  return a.members.size() == b.members.size() ? "" : here + " (members added)";
}

}  // namespace handoff::fhir
