// The events of a JSON text as one line each: as the mappings' parser tells them, and as RapidJSON
// does. Both are the same for every text that is UTF-8.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/rapidjson.h"

namespace handoff::fhir {

// A handler of both.
class EventLog : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, EventLog> {
 public:
  std::string events;

  bool Null() { return Add("null"); }
  bool Bool(bool value) { return Add(value ? "true" : "false"); }
  bool Number(std::string_view text) { return Add("number ", text); }
  bool String(std::string_view text, bool plain) {
    const bool control = std::any_of(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return Add(plain && control ? "not plain " : "string ", text);
  }
  bool Key(std::string_view name) { return Add("key ", name); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return Add("number ", {text, length});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return Add("string ", {text, length});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    return Add("key ", {text, length});
  }
  bool StartObject() { return Add("{") && Open(); }
  bool StartArray() { return Add("[") && Open(); }
  bool EndObject(std::size_t members) { return Add("} ", std::to_string(members)) && Close(); }
  bool EndArray(std::size_t items) { return Add("] ", std::to_string(items)) && Close(); }

 private:
  static constexpr int kMaxDepth = 64;

  bool Add(std::string_view event, std::string_view text = {}) {
    events.append(event).append(text) += '\n';
    return true;
  }
  bool Open() { return ++depth_ <= kMaxDepth; }
  bool Close() {
    --depth_;
    return true;
  }

  int depth_ = 0;
};

inline std::string ParserEvents(std::string_view json) {
  internal::InsituCopy copy(json);
  EventLog log;
  internal::JsonParser<EventLog> parser(copy.data(), log);
  using Result = internal::JsonParser<EventLog>::Result;
  switch (parser.Parse()) {
    case Result::kParsed:
      return log.events + "end " + std::to_string(parser.offset());
    case Result::kStopped:
      return log.events + "stopped";
    case Result::kNotJson:
      break;
  }
  const internal::JsonError error = internal::FindJsonError(json);
  return log.events + error.why + " " + std::to_string(error.offset);
}

// RapidJSON writes the second half of a surrogate pair that stands alone as if UTF-8 could carry
// it.
inline void ReplaceHalfCharacters(std::string& text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '\xed' && static_cast<unsigned char>(text[i + 1]) >= 0xb0)
      text.replace(i, 3, "\xef\xbf\xbd");
  }
}

inline std::string RapidJsonEvents(std::string_view json) {
  internal::InsituCopy copy(json);
  EventLog log;
  ExactStream stream(copy.data());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse < rapidjson::kParseInsituFlag |
                                        rapidjson::kParseNumbersAsStringsFlag > (stream, log);
  ReplaceHalfCharacters(log.events);
  if (!result.IsError()) return log.events + "end " + std::to_string(stream.Tell());
  if (result.Code() == rapidjson::kParseErrorTermination) return log.events + "stopped";
  return log.events + rapidjson::GetParseError_En(result.Code()) + " " +
         std::to_string(result.Offset());
}

}  // namespace handoff::fhir
