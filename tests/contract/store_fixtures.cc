#include "tests/contract/store_contract.h"

namespace handoff::store::testing {

v1::StoredResource MakeResource(const std::string& type,
                                const std::string& id,
                                std::uint64_t version,
                                std::uint64_t person,
                                std::vector<std::string> tokens) {
  v1::StoredResource resource;
  resource.mutable_name()->set_type(type);
  resource.mutable_name()->set_id(id);
  resource.mutable_name()->set_version(version);
  resource.set_person_id(person);
  resource.set_updated_us(static_cast<std::int64_t>(version) * 1000);
  for (std::string& token : tokens) resource.add_tokens(std::move(token));
  resource.set_resource("content of version " + std::to_string(version));
  return resource;
}

v1::Delivery MakeDelivery(const std::string& id,
                          const std::string& recipient,
                          std::uint64_t person,
                          Timestamp due) {
  v1::Delivery delivery;
  delivery.set_id(id);
  delivery.set_recipient(recipient);
  delivery.set_person_id(person);
  delivery.set_due_us(ToMicros(due));
  delivery.set_state(v1::DELIVERY_STATE_PENDING);
  return delivery;
}

v1::Delivery WithState(v1::Delivery delivery, v1::DeliveryState state) {
  delivery.set_state(state);
  return delivery;
}

v1::LedgerEntry MakeEntry(const std::string& message_id, const std::string& text) {
  v1::LedgerEntry entry;
  entry.set_message_id(message_id);
  entry.set_kind(v1::LedgerEntry::ROUTED);
  entry.set_text(text);
  return entry;
}

absl::StatusOr<Committed> StoreContract::Commit(std::initializer_list<v1::StoredResource> resources,
                                                std::shared_ptr<Snapshot> planned_on) {
  Batch batch;
  batch.planned_on = std::move(planned_on);
  batch.resources.assign(resources.begin(), resources.end());
  return store_->CommitAndWait(std::move(batch));
}

std::vector<std::string> StoreContract::Claim(Timestamp now,
                                              std::size_t limit,
                                              const Store::Wanted& wanted) {
  std::vector<std::string> ids;
  for (const auto& claim : store_->ClaimDue(now, kLease, limit, wanted)) {
    ids.push_back(claim.delivery.id());
  }
  return ids;
}

void StoreContract::Enqueue(std::vector<v1::Delivery> deliveries) {
  Batch batch;
  batch.enqueue = std::move(deliveries);
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
}

void StoreContract::Settle(const v1::Delivery& delivery, v1::DeliveryState state) {
  Batch batch;
  batch.settle.push_back(WithState(delivery, state));
  HANDOFF_ASSERT_OK(store_->CommitAndWait(std::move(batch)));
}

std::vector<std::string> StoreContract::List(v1::DeliveryState state,
                                             const std::string& recipient,
                                             const std::string& after,
                                             std::size_t limit) {
  std::vector<std::string> ids;
  const auto deliveries = store_->ListDeliveries(state, recipient, after, limit);
  EXPECT_THAT(deliveries, handoff::testing::IsOk());
  if (deliveries.ok()) {
    for (const v1::Delivery& delivery : *deliveries) ids.push_back(delivery.id());
  }
  return ids;
}

}  // namespace handoff::store::testing
