// What every store promises (store.h), as tests over all of them.
//
// A backend joins by a line in Backends(); what survives a reopening is asked of durable ones only.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/base/clock.h"
#include "gateway/store/options.h"
#include "gateway/store/store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace handoff::store::testing {

struct Backend {
  std::string name;
  bool durable = false;
  std::function<absl::StatusOr<std::unique_ptr<Store>>(const std::string& directory,
                                                       StoreOptions options)>
      open;
};

inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

std::vector<Backend> Backends();

constexpr std::chrono::seconds kLease(30);
inline bool AnyRecipient(const std::string&) { return true; }

v1::StoredResource MakeResource(const std::string& type,
                                const std::string& id,
                                std::uint64_t version,
                                std::uint64_t person,
                                std::vector<std::string> tokens = {});
v1::Delivery MakeDelivery(const std::string& id,
                          const std::string& recipient,
                          std::uint64_t person,
                          Timestamp due = {});
v1::Delivery WithState(v1::Delivery delivery, v1::DeliveryState state);
v1::LedgerEntry MakeEntry(const std::string& message_id, const std::string& text);

class StoreContract : public ::testing::TestWithParam<Backend> {
 protected:
  void SetUp() override { Open(); }

  // Closes the store of before, if there is one.
  void Open(StoreOptions options = {}) {
    store_.reset();
    auto store = GetParam().open(directory_.path(), options);
    HANDOFF_ASSERT_OK(store);
    store_ = *std::move(store);
  }

  absl::StatusOr<Committed> Commit(std::initializer_list<v1::StoredResource> resources,
                                   std::shared_ptr<Snapshot> planned_on = nullptr);
  // Ids of what is claimed.
  std::vector<std::string> Claim(Timestamp now,
                                 std::size_t limit = 100,
                                 const Store::Wanted& wanted = AnyRecipient);
  void Enqueue(std::vector<v1::Delivery> deliveries);
  void Settle(const v1::Delivery& delivery, v1::DeliveryState state);
  std::vector<std::string> List(v1::DeliveryState state,
                                const std::string& recipient = "",
                                const std::string& after = "",
                                std::size_t limit = 100);

  handoff::testing::FakeClock clock_;
  handoff::testing::TempDir directory_;
  std::unique_ptr<Store> store_;
};

}  // namespace handoff::store::testing
