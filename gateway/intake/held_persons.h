// Persons in doubt, and the decision that ends the doubt: whose records are these?
//
// While a person is held, everything that would tell of them is kept (DELIVERY_STATE_HELD): events
// that no route was asked for yet, and deliveries that were pending when the doubt came. A steward
// decides that the person is somebody of its own, or that it is another person whom we know; then
// what was held is told, in the order in which it came, to whom routes and roles lead by now.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "gateway/base/ids.h"
#include "gateway/intake/pipeline.h"
#include "gateway/store/store.h"

namespace handoff::intake {

struct Decision {
  PersonId person = PersonId::kNone;
  PersonId merge_into = PersonId::kNone;  // kNone: somebody of its own
  std::string by;                         // party of the operator; 1..100 bytes
  std::string reason;                     // plain words without patient data; 1..500 bytes
};

struct Released {
  std::uint32_t held = 0;        // what was held and is no more
  std::uint32_t deliveries = 0;  // that go out for it
};

// Thread safety: all methods may be called concurrently.
class HeldPersons {
 public:
  // `services` as Intake has them.
  explicit HeldPersons(std::shared_ptr<const Services> services) : services_(std::move(services)) {}

  // On disk when it returns, with a ledger entry for each message that was held. Merged, all
  // records of the person are of the other from then on, under the same names; decided otherwise,
  // the same conflict is no doubt again. A crash in between leaves the person held, or what is left
  // to be told by the same call again.
  //
  // Errors: kNotFound there is no such person; kIllegalMove the person is not held, or the other is
  // held or merged itself; kInvalidRequest; kTooLarge more records than one commit moves;
  // kCommitConflict; those of the store.
  absl::StatusOr<Released> Release(const Decision& decision);

 private:
  absl::StatusOr<Released> ReleaseOnce(const Decision& decision,
                                       const std::vector<v1::Delivery>& held);
  absl::StatusOr<std::vector<v1::Delivery>> HeldOf(PersonId person) const;

  const std::shared_ptr<const Services> services_;
  absl::Mutex one_at_a_time_;
};

}  // namespace handoff::intake
