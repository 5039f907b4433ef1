#include "gateway/base/bytes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff {
namespace {

using testing::IsOk;
using testing::StatusIs;

TEST(BytesTest, Sha256AgreesWithFips180Examples) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(BytesTest, CompressedTextComesBack) {
  for (const std::string& text : {std::string(), std::string("x"), std::string(300'000, 'a')}) {
    const std::string packed = Compress(text);
    HANDOFF_ASSERT_OK_AND_ASSIGN(const std::string back, Decompress(packed, text.size()));
    EXPECT_EQ(back, text);
  }
}

TEST(BytesTest, DecompressHoldsTheLimitExactly) {
  const std::string packed = Compress(std::string(1000, 'a'));
  EXPECT_THAT(Decompress(packed, 1000), IsOk());
  EXPECT_THAT(Decompress(packed, 999),
              StatusIs(absl::StatusCode::kResourceExhausted, "too many bytes"));
}

TEST(BytesTest, DecompressNoticesEveryDamagedByte) {
  std::string packed =
      Compress("The quick brown fox jumps over the lazy dog, twice: the quick brown fox");
  for (char& byte : packed) {
    const char whole = byte;
    byte = static_cast<char>(byte ^ 0x5A);
    EXPECT_FALSE(Decompress(packed, 1 << 20).ok()) << "at offset " << &byte - packed.data();
    byte = whole;
  }
  EXPECT_THAT(Decompress(packed.substr(0, packed.size() - 1), 1 << 20),
              StatusIs(absl::StatusCode::kDataLoss, "damaged"));
  EXPECT_THAT(Decompress("", 1 << 20), StatusIs(absl::StatusCode::kDataLoss, "damaged"));
}

// The examples of protobuf.dev, Encoding, and the largest number.
TEST(BytesTest, AppendsFieldsAsProtobufEncodesThem) {
  std::string encoded;
  AppendField(1, 150, &encoded);
  EXPECT_EQ(HexEncode(encoded), "089601");
  AppendField(2, "testing", &encoded);
  EXPECT_EQ(HexEncode(encoded.substr(3)), "120774657374696e67");
  encoded.clear();
  AppendField(16, UINT64_MAX, &encoded);
  EXPECT_EQ(HexEncode(encoded), "8001ffffffffffffffffff01");
  encoded.clear();
  AppendFieldHead(5, 300, &encoded);
  EXPECT_EQ(HexEncode(encoded), "2aac02");
}

TEST(BytesTest, EncodesHexAndUrlSafeBase64WithoutPadding) {
  EXPECT_EQ(HexEncode(std::string("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(Base64UrlEncode("\xfb\xff"), "-_8");
}

TEST(BytesTest, ConstantTimeEqualComparesContentAndLength) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("token", "token"));
  EXPECT_FALSE(ConstantTimeEqual("token", "tokeN"));
  EXPECT_FALSE(ConstantTimeEqual("token", "token2"));
}

TEST(BytesTest, RandomBytesHaveTheLengthAndDiffer) {
  EXPECT_EQ(RandomBytes(0).size(), 0u);
  EXPECT_EQ(RandomBytes(16).size(), 16u);
  EXPECT_NE(RandomBytes(16), RandomBytes(16));
}

std::string FingerprintOf(const std::vector<std::string>& parts) {
  Fingerprint fingerprint;
  for (const std::string& part : parts) fingerprint.Add(part);
  return fingerprint.Finish();
}

TEST(FingerprintTest, IsTheSameEverywhereAndForEver) {
  EXPECT_EQ(HexEncode(FingerprintOf({"a", "bc"})), "f310f4d71be93bc46456c91685adede6");
}

TEST(FingerprintTest, TellsContentsAndTheirPartsApart) {
  EXPECT_NE(FingerprintOf({"ab", "c"}), FingerprintOf({"a", "bc"}));
  EXPECT_NE(FingerprintOf({"a", "", "b"}), FingerprintOf({"a", "b", ""}));
  EXPECT_NE(FingerprintOf({"a"}), FingerprintOf({"b"}));
}

}  // namespace
}  // namespace handoff
