#include "gateway/base/config_node.h"

#include <chrono>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace handoff {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

ConfigNode Parsed(std::string_view text) {
  auto node = ConfigNode::Parse(text, "x.yaml");
  EXPECT_THAT(node, IsOk());
  return node.ok() ? *node : ConfigNode();
}

TEST(ConfigNodeTest, KnowsWhereEveryValueStands) {
  const ConfigNode doc = Parsed("store:\n  kind: rocksdb\n  path: [a, b]\n");
  EXPECT_EQ(doc["store"]["kind"].Where(), "x.yaml:2:9");
  EXPECT_EQ(doc["store"]["path"].Items()[1].Where(), "x.yaml:3:13");
  EXPECT_TRUE(doc.IsMap());
  EXPECT_TRUE(doc["store"]["path"].IsSequence());
  EXPECT_TRUE(doc["store"]["kind"].IsScalar());
  EXPECT_FALSE(doc["store"]["gone"].present());
  EXPECT_FALSE(doc["gone"]["deeper"].present());
}

TEST(ConfigNodeTest, ReadsEachType) {
  const ConfigNode doc = Parsed(
      "s: hello\nzip: 01234\nquoted: 'null'\nb: false\ni: -5\nd: 15min\nz: 8MiB\nraw: 100\nl: [a, "
      "'b']\none: a\n");
  ConfigErrors errors;
  EXPECT_EQ(doc["s"].String(errors), "hello");
  EXPECT_EQ(doc["zip"].String(errors), "01234");
  EXPECT_EQ(doc["quoted"].String(errors), "null");
  EXPECT_EQ(doc["s"].RequiredString(errors), "hello");
  EXPECT_FALSE(doc["b"].Bool(errors, true));
  EXPECT_EQ(doc["i"].Integer(errors, 0, -10, 10), -5);
  EXPECT_EQ(doc["d"].Duration(errors, 0ms), 15min);
  EXPECT_EQ(doc["z"].Bytes(errors, 0), 8u << 20);
  EXPECT_EQ(doc["raw"].Bytes(errors, 0), 100u);
  EXPECT_THAT(doc["l"].Strings(errors), ElementsAre("a", "b"));
  EXPECT_THAT(doc["one"].Strings(errors), ElementsAre("a"));
  EXPECT_THAT(errors.list(), IsEmpty());
}

TEST(ConfigNodeTest, ReadsEveryUnitOfTime) {
  ConfigErrors errors;
  EXPECT_EQ(Parsed("250ms").Duration(errors, 0ms), 250ms);
  EXPECT_EQ(Parsed("5s").Duration(errors, 0ms), 5s);
  EXPECT_EQ(Parsed("36h").Duration(errors, 0ms), 36h);
  EXPECT_EQ(Parsed("7d").Duration(errors, 0ms), 7 * 24h);
  EXPECT_THAT(errors.list(), IsEmpty());
}

TEST(ConfigNodeTest, AbsentYieldsTheFallback) {
  const ConfigNode doc = Parsed("empty:\nnothing: null\n");
  ConfigErrors errors;
  for (const char* key : {"empty", "nothing", "absent"}) {
    EXPECT_FALSE(doc[key].present());
    EXPECT_EQ(doc[key].String(errors, "f"), "f");
    EXPECT_TRUE(doc[key].Bool(errors, true));
    EXPECT_EQ(doc[key].Integer(errors, 7, 0, 10), 7);
    EXPECT_EQ(doc[key].Duration(errors, 3s), 3s);
    EXPECT_EQ(doc[key].Bytes(errors, 9), 9u);
    EXPECT_THAT(doc[key].Strings(errors), IsEmpty());
    EXPECT_THAT(doc[key].Items(), IsEmpty());
  }
  EXPECT_THAT(errors.list(), IsEmpty());
}

TEST(ConfigNodeTest, WrongTypeComplainsAndYieldsTheFallback) {
  const ConfigNode doc = Parsed("v: maybe\nm: {a: 1}\n");
  ConfigErrors errors;
  EXPECT_TRUE(doc["v"].Bool(errors, true));
  EXPECT_EQ(doc["v"].Integer(errors, 7, 0, 10), 7);
  EXPECT_EQ(doc["v"].Duration(errors, 3s), 3s);
  EXPECT_EQ(doc["v"].Bytes(errors, 9), 9u);
  EXPECT_EQ(doc["m"].String(errors, "f"), "f");
  EXPECT_THAT(doc["m"].Strings(errors), IsEmpty());
  EXPECT_THAT(
      errors.list(),
      ElementsAre(
          "x.yaml:1:4: expected true or false",
          "x.yaml:1:4: expected a whole number from 0 to 10",
          "x.yaml:1:4: expected a duration: a whole number with ms, s, min, h or d, as in 15min",
          "x.yaml:1:4: expected a size: a whole number of bytes, or one with KiB, MiB or GiB, as "
          "in 8MiB",
          "x.yaml:2:4: expected a text",
          "x.yaml:2:4: expected a text"));
}

TEST(ConfigNodeTest, IntegerHoldsItsRangeExactly) {
  ConfigErrors errors;
  EXPECT_EQ(Parsed("65535").Integer(errors, 1, 1, 65535), 65535);
  EXPECT_THAT(errors.list(), IsEmpty());
  EXPECT_EQ(Parsed("65536").Integer(errors, 1, 1, 65535), 1);
  EXPECT_EQ(Parsed("99999999999999999999").Integer(errors, 1, 1, 65535), 1);
  EXPECT_EQ(Parsed("12x").Integer(errors, 1, 1, 65535), 1);
  EXPECT_EQ(errors.list().size(), 3u);
}

TEST(ConfigNodeTest, QuantityThatOverflowsOrLacksItsUnitIsRefused) {
  ConfigErrors errors;
  for (const char* text : {"5", "-5s", "5 s", "1.5h", "9223372036854775807d", "s", "5m"}) {
    EXPECT_EQ(Parsed(text).Duration(errors, 1ms), 1ms) << text;
  }
  EXPECT_EQ(errors.list().size(), 7u);
}

TEST(ConfigNodeTest, RequiredStringNamesTheMissingKeyAndItsMap) {
  const ConfigNode doc = Parsed("store:\n  path: ''\n");
  ConfigErrors errors;
  doc["store"]["kind"].RequiredString(errors);
  doc["store"]["path"].RequiredString(errors);
  EXPECT_THAT(errors.list(),
              ElementsAre("x.yaml:2:3: `kind` is missing", "x.yaml:2:9: must not be empty"));
}

TEST(ConfigNodeTest, UnknownKeySuggestsTheNearestKnownOne) {
  const ConfigNode doc = Parsed("pth: x\nkind: y\nzzz: z\n");
  ConfigErrors errors;
  doc.UnknownKeys({"path", "kind"}, errors);
  EXPECT_THAT(errors.list(),
              ElementsAre("x.yaml:1:1: unknown key `pth`; did you mean `path`?",
                          "x.yaml:3:1: unknown key `zzz`; known here: path, kind"));
}

TEST(ConfigNodeTest, UnknownKeysWantsAMap) {
  ConfigErrors errors;
  Parsed("[a]").UnknownKeys({"path"}, errors);
  Parsed("").UnknownKeys({"path"}, errors);
  EXPECT_THAT(errors.list(), ElementsAre("x.yaml:1:1: expected a map with: path"));
}

TEST(ConfigNodeTest, DuplicateKeyIsAnErrorWithBothPositions) {
  EXPECT_THAT(ConfigNode::Parse("a:\n  k: 1\n  k: 2\n", "x.yaml"),
              StatusIs(kInvalid, "x.yaml:3:3: `k` stands twice; the first is at x.yaml:2:3"));
}

TEST(ConfigNodeTest, YamlErrorHasAPosition) {
  EXPECT_THAT(ConfigNode::Parse("a: [1, 2\nb: 3\n", "x.yaml"), StatusIs(kInvalid, "x.yaml:2:"));
  EXPECT_THAT(ConfigNode::Parse("a: *nowhere\n", "x.yaml"), StatusIs(kInvalid, "x.yaml:1:4"));
  EXPECT_THAT(ConfigNode::Parse("? [a, b]\n: c\n", "x.yaml"),
              StatusIs(kInvalid, "x.yaml:1:3: a key must be"));
  EXPECT_THAT(ConfigNode::Parse("a: 1\n---\nb: 2\n", "x.yaml"),
              StatusIs(kInvalid, "more than one YAML document"));
}

TEST(ConfigNodeTest, AliasRepeatsItsValueAndMayNotHoldItself) {
  const ConfigNode doc = Parsed("a: &x {k: v}\nb: *x\n");
  ConfigErrors errors;
  EXPECT_EQ(doc["b"]["k"].String(errors), "v");
  EXPECT_THAT(ConfigNode::Parse("a: &x [*x]\n", "x.yaml"),
              StatusIs(kInvalid, "alias inside the value"));
}

TEST(ConfigNodeTest, DeepNestingIsRefusedNotOverflowed) {
  EXPECT_THAT(ConfigNode::Parse(std::string(100'000, '['), "x.yaml"), StatusIs(kInvalid, "x.yaml"));
}

TEST(ConfigNodeTest, DocumentHoldsItsLimitExactly) {
  std::string text = "# ";
  text.resize(ConfigNode::kMaxDocumentBytes, 'x');
  EXPECT_THAT(ConfigNode::Parse(text, "x.yaml"), IsOk());
  text += 'x';
  EXPECT_THAT(ConfigNode::Parse(text, "x.yaml"), StatusIs(kInvalid, "longer than 8388608 bytes"));
}

TEST(ConfigNodeTest, SetReplacesAndAddsAndSaysSo) {
  ConfigNode doc = Parsed("store:\n  kind: rocksdb\n  path: /var\n");
  const ConfigNode before = doc;
  HANDOFF_ASSERT_OK(doc.Set("store.path", "/tmp/x"));
  HANDOFF_ASSERT_OK(doc.Set("limits.bundle.bytes", "1MiB"));
  ConfigErrors errors;
  EXPECT_EQ(doc["store"]["path"].String(errors), "/tmp/x");
  EXPECT_EQ(doc["store"]["path"].Where(), "--set store.path");
  EXPECT_EQ(doc["store"]["kind"].String(errors), "rocksdb");
  EXPECT_EQ(doc["limits"]["bundle"]["bytes"].Bytes(errors, 0), 1u << 20);
  EXPECT_EQ(before["store"]["path"].String(errors), "/var");
  EXPECT_FALSE(before["limits"].present());
  doc.UnknownKeys({"store"}, errors);
  EXPECT_THAT(errors.list(),
              ElementsAre("--set limits.bundle.bytes: unknown key `limits`; known here: store"));
}

TEST(ConfigNodeTest, SetCanSayAnotherOption) {
  ConfigNode doc = Parsed("name: x\n");
  HANDOFF_ASSERT_OK(doc.Set("name", "y", "parties.x.name"));
  EXPECT_EQ(doc["name"].Where(), "--set parties.x.name");
  EXPECT_THAT(doc.Set("name.first", "y", "parties.x.name.first"),
              StatusIs(kInvalid, "--set parties.x.name.first: --set parties.x.name is no map"));
}

TEST(ConfigNodeTest, SetWorksOnAnEmptyDocumentAndOnANullKey) {
  ConfigNode empty;
  HANDOFF_ASSERT_OK(empty.Set("a.b", "1"));
  ConfigNode doc = Parsed("a:\n");
  HANDOFF_ASSERT_OK(doc.Set("a.b", "1"));
  ConfigErrors errors;
  EXPECT_EQ(empty["a"]["b"].Integer(errors, 0, 0, 9), 1);
  EXPECT_EQ(doc["a"]["b"].Integer(errors, 0, 0, 9), 1);
}

TEST(ConfigNodeTest, SetRefusesAPathThroughAScalarOrAnEmptyKey) {
  ConfigNode doc = Parsed("a: 1\nl: [x]\n");
  EXPECT_THAT(doc.Set("a.b", "2"),
              StatusIs(kInvalid, "--set a.b: x.yaml:1:4 is no map, so it has no `b`"));
  EXPECT_THAT(doc.Set("l.0", "2"), StatusIs(kInvalid, "x.yaml:2:4 is no map"));
  EXPECT_THAT(doc.Set("", "2"), StatusIs(kInvalid, "a key is empty"));
  EXPECT_THAT(doc.Set("a..b", "2"), StatusIs(kInvalid, ""));
  ConfigErrors errors;
  EXPECT_EQ(doc["a"].Integer(errors, 0, 0, 9), 1);
}

TEST(ConfigNodeTest, MembersKeepTheOrderOfTheDocument) {
  std::string keys;
  for (const auto& [key, value] : Parsed("z: 1\na: 2\nm: 3\n").Members()) keys += key;
  EXPECT_EQ(keys, "zam");
}

TEST(ConfigNodeTest, LoadsAFileAndNamesOneThatCannotBeRead) {
  const testing::TempDir dir;
  std::ofstream(dir / "a.yaml") << "k: v\n";
  HANDOFF_ASSERT_OK_AND_ASSIGN(const ConfigNode doc, ConfigNode::Load(dir / "a.yaml"));
  EXPECT_EQ(doc["k"].Where(), dir / "a.yaml" + ":1:4");
  EXPECT_THAT(ConfigNode::Load(dir / "none.yaml"),
              StatusIs(absl::StatusCode::kNotFound, "none.yaml: cannot be read"));
  EXPECT_THAT(ConfigNode::Load(dir.path()),
              StatusIs(absl::StatusCode::kNotFound, "cannot be read"));
}

}  // namespace
}  // namespace handoff
