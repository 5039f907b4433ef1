#include "gateway/store/delivery_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::store {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

bool Anyone(const std::string&) { return true; }

class DeliveryBookTest : public ::testing::Test {
 protected:
  void Put(const std::string& id, std::uint64_t person, std::uint64_t sequence) {
    book_.Put(id, {.recipient = "a", .person = person, .sequence = sequence, .due_us = 0});
  }
  std::vector<std::string> Claim(const DeliveryBook::Load& load, seconds lease = seconds(30)) {
    std::vector<std::string> ids;
    for (const auto& claim : book_.ClaimDue(now_, lease, 10, Anyone, load)) {
      ids.push_back(claim.delivery.id());
    }
    return ids;
  }
  static std::optional<v1::Delivery> Readable(const std::string& id, const DeliveryPlace&) {
    v1::Delivery delivery;
    delivery.set_id(id);
    return delivery;
  }

  DeliveryBook book_;
  Timestamp now_{seconds(1000)};
};

TEST_F(DeliveryBookTest, PassesOverALaneWhoseRecordCannotBeRead) {
  Put("d1", 1, 1);
  Put("d2", 2, 2);
  int asked = 0;
  const auto claims = book_.ClaimDue(
      now_,
      seconds(30),
      10,
      [&](const std::string&) { return ++asked > 0; },
      [](const std::string& id, const DeliveryPlace& place) {
        return id == "d1" ? std::nullopt : Readable(id, place);
      });
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].delivery.id(), "d2");
  EXPECT_EQ(asked, 1);                      // nobody is told to expect what is not handed over
  EXPECT_THAT(Claim(Readable), IsEmpty());  // it rests
  now_ += seconds(30);
  EXPECT_THAT(Claim(Readable), ElementsAre("d1", "d2"));
}

TEST_F(DeliveryBookTest, LeaseOfNoLengthHandsOutEachLaneOnceACall) {
  Put("d1", 1, 1);
  EXPECT_THAT(Claim(Readable, seconds(0)), ElementsAre("d1"));
  EXPECT_THAT(Claim(Readable, seconds(0)), ElementsAre("d1"));
}

TEST_F(DeliveryBookTest, RemovalOfTheHeadFreesTheLane) {
  Put("d1", 1, 1);
  Put("d2", 1, 2);
  EXPECT_THAT(Claim(Readable), ElementsAre("d1"));
  book_.Remove("d1");
  EXPECT_THAT(Claim(Readable), ElementsAre("d2"));
  book_.Remove("d2");
  book_.Remove("d2");
  EXPECT_THAT(Claim(Readable), IsEmpty());
  EXPECT_EQ(book_.NextDue(Anyone), std::nullopt);
  EXPECT_EQ(book_.pending(), 0u);
}

TEST_F(DeliveryBookTest, PutMovesWhatIsThereAlready) {
  Put("d1", 1, 1);
  Put("d2", 1, 2);
  Put("d1", 1, 3);
  EXPECT_THAT(Claim(Readable), ElementsAre("d2"));
  EXPECT_EQ(book_.pending(), 2u);
  book_.Put("d2", {.state = v1::DELIVERY_STATE_DEAD, .recipient = "a", .person = 1});
  EXPECT_THAT(Claim(Readable), ElementsAre("d1"));
  EXPECT_EQ(book_.pending(), 1u);
  EXPECT_EQ(book_.dead(), 1u);
  EXPECT_THAT(book_.List(v1::DELIVERY_STATE_DEAD, "a", "", 10), ElementsAre("d2"));
}

}  // namespace
}  // namespace handoff::store
