#include "fhir-mappings/runtime/json_parser.h"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "tests/support/json_events.h"

namespace handoff::fhir {
namespace {

TEST(JsonParserTest, TellsWhatStandsInTheText) {
  EXPECT_EQ(
      ParserEvents(R"( {"a":[1,-0.50e+1,true,false,null], "b\n":{"c":"\u00e9\ud83d\ude00"}} )"),
      "{\nkey a\n[\nnumber 1\nnumber -0.50e+1\ntrue\nfalse\nnull\n] 5\nkey b\n\n{\n"
      "key c\nstring é😀\n} 1\n} 2\nend 70");
}

TEST(JsonParserTest, NotesHalfASurrogatePair) {
  internal::InsituCopy copy(R"({"a":"\udc00"})");
  EventLog log;
  internal::JsonParser<EventLog> parser(copy.data(), log);
  EXPECT_EQ(parser.Parse(), internal::JsonParser<EventLog>::Result::kParsed);
  EXPECT_EQ(parser.half_character(), 12u);
}

TEST(JsonParserTest, AgreesWithRapidJsonOnTextsOfOneKind) {
  for (const std::string_view json : {
           "",
           " ",
           "x",
           "{",
           "}",
           "[",
           "]",
           "[]",
           "{}",
           "[1",
           "[1,",
           "[1,]",
           "{\"a\"",
           "{\"a\":",
           "{\"a\":1,}",
           "{a:1}",
           "{\"a\" 1}",
           "nul",
           "tru",
           "fals",
           "nulll",
           "-",
           "-a",
           ".5",
           "-.5",
           "01",
           "1.",
           "1.e1",
           "1e",
           "1e+",
           "1e400",
           "-1E400",
           "1e-400",
           "0e0",
           "1.5E-3",
           "\"",
           "\"a",
           "\"\\",
           "\"\\x\"",
           "\"\\u12\"",
           "\"\\u123g\"",
           "\"\\ud800\"",
           "\"\\ud800\\u0041\"",
           "\"\\udc00\"",
           "\"\\ud83d\\ude00\"",
           "\"\\u0000\"",
           "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
           "\"\t\"",
           "\"\x1f\"",
           "\"\x7f\"",
           "[1 2]",
           "[1]x",
           "[1] \n\r\t",
           "\v1",
           "[[[[1]]],{}]",
           "[\"0123456789abcdef\\n0123456789abcdef\\u00e9 0123456789abcdef\"]",
       }) {
    EXPECT_EQ(ParserEvents(json), RapidJsonEvents(json)) << json;
  }
  for (const std::size_t digits : {18u, 299u, 300u, 308u, 309u, 310u, 400u}) {
    const std::string number(digits, '9');
    for (const std::string& json :
         {number, "-" + number, "0." + number, number + "." + number, number + "e-400"})
      EXPECT_EQ(ParserEvents(json), RapidJsonEvents(json)) << json;
  }
  EXPECT_EQ(ParserEvents(std::string(100, '[')), RapidJsonEvents(std::string(100, '[')));
}

TEST(JsonParserTest, AgreesWithRapidJsonOnDamagedTexts) {
  const std::string sound =
      R"({"resourceType":"Patient", "n":[-12.5e3,0,1E9],"s":"a\"b\\c\/d\n\u00fc\ud834\udd1e and a longer text",)"
      R"("o":{"t":true,"f":false,"z":null,"e":[],"m":{}},)"
      "\n   \t \"ä\":[[1],[\"\"]]}";
  const std::string_view characters = "{}[]\",:\\u0d8ce19.-+truefalsn \n\x01\x1a\x1f";
  std::mt19937 random(1);
  const auto draw = [&](std::size_t n) { return random() % n; };
  int parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string json = sound;
    for (std::size_t changes = draw(3); changes != 0; --changes) {
      const std::size_t at = draw(json.size());
      switch (draw(3)) {
        case 0:
          json[at] = characters[draw(characters.size())];
          break;
        case 1:
          json.erase(at, 1 + draw(4));
          break;
        default:
          json.insert(at, 1, characters[draw(characters.size())]);
      }
    }
    if (!simdjson::validate_utf8(json.data(), json.size())) continue;
    const std::string events = ParserEvents(json);
    ASSERT_EQ(events, RapidJsonEvents(json)) << json;
    if (events.find("\nend ") != events.npos) ++parsed;
  }
  EXPECT_GT(parsed, 5'000);
}

}  // namespace
}  // namespace handoff::fhir
