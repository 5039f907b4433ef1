#include "gateway/store/keys.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/bytes.h"
#include "gateway/store/query.h"
#include "tests/support/status_matchers.h"

namespace handoff::store {
namespace {

using ::handoff::testing::StatusIs;

std::string Hex(const std::string& key) { return HexEncode(key); }

// The disk format: these bytes are in stores that exist.
TEST(KeysTest, EncodesAsTheDiskFormatSays) {
  EXPECT_EQ(key::Message("m1"), "Mm1");
  EXPECT_EQ(key::Resource("Goal", "g1"), "R\x04Goalg1");
  EXPECT_EQ(Hex(key::Block(5, 1)),
            "42"
            "0000000000000005"
            "0000000000000001");
  EXPECT_EQ(Hex(key::Version("Goal", "g1", 258)), Hex("V\x04Goal\x02g1") + "0000000000000102");
  EXPECT_EQ(Hex(key::Listing(7, 9)),
            "4e"
            "0000000000000007"
            "0000000000000009");
  EXPECT_EQ(Hex(key::Link(LinkKind::kSenderMessage, "a|b")), "4b02" + HexEncode("a|b"));
  EXPECT_EQ(Hex(key::Person(7)), "500000000000000007");
  EXPECT_EQ(key::Transition("t1"), "Tt1");
  EXPECT_EQ(key::Referral("r1"), "Fr1");
  EXPECT_EQ(Hex(key::Visible("mrmc", 7)), Hex("A\x04mrmc") + "0000000000000007");
  EXPECT_EQ(Hex(key::Pending("nha", 7, 65536)),
            Hex("D\x03nha") +
                "0000000000000007"
                "0000000000010000");
  EXPECT_EQ(key::Dead("d1"), "Xd1");
  EXPECT_EQ(key::Held("d1"), "Hd1");
  EXPECT_EQ(Hex(key::StreamItem("nha/t", 3)), Hex("S\x05nha/t") + "0000000000000003");
  EXPECT_EQ(key::StreamAck("nha/t"), "Onha/t");
  EXPECT_EQ(Hex(key::Ledger("m1", 5)), Hex("L\x02m1") + "0000000000000005");
  EXPECT_EQ(Hex(key::Meta()), "00");
}

TEST(KeysTest, AFamilyIsWrittenOneBehindTheOther) {
  EXPECT_EQ(key::Family(key::StreamItem("nha/t", 3)), key::StreamPrefix("nha/t"));
  EXPECT_EQ(key::Family(key::Visible("mrmc", 7)), key::VisiblePrefix("mrmc"));
  EXPECT_EQ(key::Family(key::Pending("nha", 7, 1)), "D\x03nha");
  EXPECT_EQ(key::Family(key::Resource("Goal", "g1")), "R\x04Goal");
  EXPECT_EQ(key::Family(key::Version("Goal", "g1", 1)), "V\x04Goal");
  EXPECT_EQ(key::Family(key::Link(LinkKind::kSenderMessage, "a|b")), "K\x02");
  EXPECT_EQ(key::Family(key::Message("m1")), "M");
  EXPECT_EQ(key::Family(key::Meta()), key::Meta());
  EXPECT_EQ(key::Family("R\x09Goal"), "R\x09Goal") << "cut short";
  EXPECT_EQ(key::Family(""), "");
}

TEST(KeysTest, NoTextIsMistakenForAnother) {
  const std::string nul(1, '\0');
  const std::set<std::string> keys = {
      key::Version("Goal", "a", 1),
      key::Version("Goal", "a" + nul, 1),
      key::Version("Goala", "", 1),
      key::Version("Goal" + nul, "a", 1),
      key::Version("", "Goala", 1),
      key::Version("Goal", std::string(200, 'a'), 1),
      key::Resource("Goal", "a"),
      key::Resource("Goala", ""),
      key::Resource("", "Goala"),
      key::Resource("Goal", std::string(300, 'a')),
      key::Ledger("m", 1),
      key::Ledger("m" + nul, 1),
  };
  EXPECT_EQ(keys.size(), 12u);
}

TEST(KeysTest, OrdersByNumber) {
  EXPECT_LT(key::Listing(1, 255), key::Listing(1, 256));
  EXPECT_LT(key::Listing(255, UINT64_MAX), key::Listing(256, 0));
}

TEST(KeysTest, TakesPiecesBackAndRefusesTornOnes) {
  for (const std::size_t length : {0u, 1u, 127u, 128u, 20'000u}) {
    const std::string text(length, 'x');
    std::string packed;
    key::AppendText(packed, text);
    key::AppendNumber(packed, 42);
    std::string_view rest = packed;
    EXPECT_EQ(key::TakeText(rest), text);
    EXPECT_EQ(key::TakeNumber(rest), 42u);
    EXPECT_TRUE(rest.empty());
    for (std::string_view torn : {std::string_view(packed).substr(0, packed.size() - 9)}) {
      if (length > 0) EXPECT_EQ(key::TakeText(torn), std::nullopt);
    }
  }
  for (std::string_view torn : {"",
                                "\x80",
                                "\xff\xff\xff\xff\xff\xff",
                                "\x05"
                                "four"}) {
    EXPECT_EQ(key::TakeText(torn), std::nullopt);
  }
  std::string_view seven = "1234567";
  EXPECT_EQ(key::TakeNumber(seven), std::nullopt);
}

TEST(PageTokenTest, LeadsBackToItsPosition) {
  const std::string token = EncodeResume({7, "goal.1"});
  HANDOFF_ASSERT_OK_AND_ASSIGN(const auto position, DecodeResume(token));
  ASSERT_TRUE(position.has_value());
  EXPECT_EQ(position->person, 7u);
  EXPECT_EQ(position->id, "goal.1");
  EXPECT_EQ(token.find_first_of("+/= "), std::string::npos);
  EXPECT_THAT(DecodeResume(token + " "), StatusIs(absl::StatusCode::kInvalidArgument, ""));
}

}  // namespace
}  // namespace handoff::store
