// What every store promises, as tests over all of them: see store.h.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "gateway/store/options.h"
#include "gateway/store/store.h"
#include "tests/support/temp_dir.h"

namespace handoff::store::testing {

struct Backend {
  std::string name;
  bool durable = false;
  std::function<std::unique_ptr<Store>(const std::string& directory, StoreOptions options)> open;
};

inline void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }

class StoreContract : public ::testing::TestWithParam<Backend> {
 protected:
  // Closes the store of before, if there is one.
  void Open(StoreOptions options = {}) {
    store_.reset();
    store_ = GetParam().open(directory_.path(), options);
    ASSERT_NE(store_, nullptr);
  }
  void SetUp() override { Open(); }

  handoff::testing::TempDir directory_;
  std::unique_ptr<Store> store_;
};

v1::StoredResource MakeResource(const std::string& type,
                                const std::string& id,
                                std::uint64_t version,
                                std::uint64_t person,
                                std::vector<std::string> tokens = {});
v1::Delivery MakeDelivery(const std::string& id,
                          const std::string& recipient,
                          std::uint64_t person,
                          Timestamp due = {});
v1::LedgerEntry MakeEntry(const std::string& message_id, const std::string& text);

}  // namespace handoff::store::testing
