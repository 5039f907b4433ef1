#include "gateway/store/ledger_chain.h"

#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace handoff::store {
namespace {

using ::handoff::testing::StatusIs;

v1::LedgerEntry Entry(const std::string& message_id, const std::string& text) {
  v1::LedgerEntry entry;
  entry.set_message_id(message_id);
  entry.set_text(text);
  return entry;
}

class LedgerChainTest : public ::testing::Test {
 protected:
  void Append(const std::vector<v1::LedgerEntry>& entries) {
    ++commit_;
    for (auto& [message_id, encoded] : EncodeEntries(entries)) {
      ASSERT_TRUE(
          records_.emplace_back().ParseFromString(chain_.Append(std::move(encoded), commit_)));
    }
  }
  absl::Status Verify(const std::string& head) const {
    LedgerVerifier verifier;
    for (const v1::LedgerRecord& record : records_) {
      if (absl::Status status = verifier.Add(record); !status.ok()) return status;
    }
    return verifier.Finish(head);
  }

  LedgerChain chain_;
  std::uint64_t commit_ = 0;
  std::vector<v1::LedgerRecord> records_;
};

TEST_F(LedgerChainTest, VerifiesWhatItWroteInAnyOrder) {
  HANDOFF_EXPECT_OK(Verify(chain_.head()));
  Append({Entry("m1", "a"), Entry("m2", "b"), Entry("m1", "c")});
  Append({Entry("m2", "d")});
  ASSERT_EQ(records_.size(), 3u);
  EXPECT_EQ(records_[0].entries_size(), 2);
  EXPECT_EQ(records_[1].previous(), records_[0].hash());
  EXPECT_EQ(records_[2].hash(), chain_.head());
  EXPECT_EQ(records_[2].commit(), 2u);
  HANDOFF_EXPECT_OK(Verify(chain_.head()));
  std::swap(records_[0], records_[2]);
  HANDOFF_EXPECT_OK(Verify(chain_.head()));
}

TEST_F(LedgerChainTest, GoesOnBehindAHead) {
  Append({Entry("m1", "a")});
  chain_ = LedgerChain(chain_.head());
  Append({Entry("m1", "b")});
  HANDOFF_EXPECT_OK(Verify(chain_.head()));
}

TEST_F(LedgerChainTest, ShowsEveryChange) {
  for (int i = 0; i < 4; ++i) Append({Entry("m" + std::to_string(i), "text")});
  const auto whole = records_;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    records_ = whole;
    records_[i].mutable_entries(0)->set_text("other");
    EXPECT_THAT(Verify(chain_.head()), StatusIs(absl::StatusCode::kDataLoss, "not what"));
    records_ = whole;
    records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(Verify(chain_.head()), StatusIs(absl::StatusCode::kDataLoss, "missing"));
    records_ = whole;
    records_.push_back(whole[i]);
    EXPECT_THAT(Verify(chain_.head()), StatusIs(absl::StatusCode::kDataLoss, "added"));
    records_ = whole;
    (*records_[i].mutable_hash())[0] ^= 1;
    EXPECT_THAT(Verify(chain_.head()), StatusIs(absl::StatusCode::kDataLoss, ""));
  }
  records_ = whole;
  EXPECT_THAT(Verify(LedgerChain().head()), StatusIs(absl::StatusCode::kDataLoss, ""));
  EXPECT_THAT(Verify("short"), StatusIs(absl::StatusCode::kDataLoss, "head"));
}

}  // namespace
}  // namespace handoff::store
