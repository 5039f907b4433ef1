// Stream items from deliveries: what the recipient may see of each at the moment it is sent.
//
// Items are made as they go over the wire: a notification is composed in the protobuf wire form,
// and is put into its item as it is.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/base/ids.h"
#include "gateway/rpc/stream_pump.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::rpc {

class Context;

struct ItemRequest {
  const PartyKey& party;
  const v1::Delivery& delivery;
  std::string resume_token;
  const std::shared_ptr<store::Snapshot>& snapshot;  // of this moment
};

using MakeItem = std::function<absl::StatusOr<Rendered>(Context& context, ItemRequest request)>;

// Each yields an encoded message of the type that it names.
absl::StatusOr<Rendered> MakeTransitionItem(Context& context, ItemRequest request);
absl::StatusOr<Rendered> MakeReferralItem(Context& context, ItemRequest request);
absl::StatusOr<Rendered> MakePlanStatusUpdate(Context& context, ItemRequest request);

}  // namespace handoff::rpc
