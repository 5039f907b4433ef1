// Intake: accepting one message. Authenticated sender in, receipt out; in between translate,
// validate, identify, understand, plan, commit. FHIR over HTTP, gRPC and (later) HL7 v2 all come
// through here.
//
// An accepted message is on disk, with its resources, state, deliveries and ledger, before the
// answer is given; a crash before that leaves nothing, a crash after it loses nothing. A refused
// message is recorded with its issues.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "gateway/base/clock.h"
#include "gateway/base/ids.h"
#include "gateway/base/metrics.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::intake {

enum class Interaction {
  kProcessMessage,  // Bundle of type message
  kBundle,          // Bundle of type transaction or batch
  kSubmit,          // any of the above, or one resource to create: what it is decides
  kCreate,          // one resource; `if_none_exist` makes it conditional
  kUpdate,          // one resource at type/id; `if_match` guards it
  kMove,            // a referral changes state: `id` names it, `move` says where to
};

struct Submission {
  PartyKey sender;
  Interaction interaction = Interaction::kSubmit;
  const char* surface = "rest";  // for metrics: rest, rpc
  std::string content;           // FHIR JSON, or an encoded handoff.v1.Resource if `encoded`
  bool encoded = false;
  std::string type;           // kCreate, kUpdate: from the URL
  std::string id;             // kUpdate
  std::string if_match;       // version id without quotes and W/; empty: none
  std::string if_none_exist;  // query; empty: none
  struct Move {
    v1::ReferralState to = v1::REFERRAL_STATE_UNSPECIFIED;
    std::string reason;
    std::uint64_t expected_version = 0;  // of the Referral; 0: whatever is current
    std::vector<std::string> outputs;    // encoded resources: what was done
  };
  Move move;  // kMove
  // Hears of the receipt before the disk has the message, on the thread that planned it, so that
  // what an answer says is made by then. No answer yet: a plan that lost a race is made again, and
  // heard of again, and a commit can fail. Must not throw.
  std::function<void(const v1::Receipt&)> prepare = nullptr;
};

// OK with a receipt: `receipt.accepted` tells whether it was taken or refused for its content
// (issues say why, and `receipt.http_status` is what FHIR over HTTP answers). Not OK: we could not
// finish, nothing was written, repeat.
using Answer = absl::AnyInvocable<void(absl::StatusOr<v1::Receipt>)>;

class Pipeline;
struct Services;  // what intake works with: store, directory, rules, clock, metrics (pipeline.h)

// Thread safety: all methods may be called concurrently.
class Intake {
 public:
  explicit Intake(std::shared_ptr<const Services> services);
  // All answers must have been given: stop the surfaces and the store's commits first.
  ~Intake();

  // Runs translate to plan on the calling thread (about 0.2 ms for 30 kB), then returns; `answer`
  // runs once, on the store's committer thread, or on the calling thread for what is refused early:
  // it must not block.
  void Accept(Submission submission, Answer answer);

 private:
  const std::shared_ptr<Pipeline> pipeline_;
};

}  // namespace handoff::intake
