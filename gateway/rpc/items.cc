#include "gateway/rpc/items.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/delivery/notification.h"
#include "gateway/rpc/context.h"
#include "handoff/v1/exchange.pb.h"
#include "handoff/v1/services.pb.h"

namespace handoff::rpc {
namespace {

using delivery::Withheld;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

absl::Status Unreadable() { return absl::DataLossError("a notification cannot be read"); }

// The notification of a delivery, an encoded Resource, as policy allows it now.
absl::StatusOr<Rendered> Compose(Context& context, const ItemRequest& request) {
  absl::StatusOr<Rendered> composed = context.Compose(request.delivery, *request.snapshot);
  if (absl::IsFailedPrecondition(composed.status())) {
    // The configuration has to be put right first; the item waits for it, as a push would.
    return MakeError(ErrorId::kUnavailable,
                     "the next item cannot be sent now; resume later",
                     std::string(composed.status().message()));
  }
  return composed;
}

// What the reader answered to a recipient: absent means that it is not for this recipient now.
template <class T>
absl::StatusOr<std::optional<Withheld>> Take(absl::StatusOr<T> read, T* out) {
  if (absl::IsNotFound(read.status())) {
    return Withheld{"the recipient has no relation to it any more"};
  }
  HANDOFF_ASSIGN_OR_RETURN(*out, std::move(read));
  return std::nullopt;
}

// The Bundle within an encoded Resource.
absl::StatusOr<std::string_view> BundleIn(std::string_view encoded) {
  constexpr std::uint32_t kTag = WireFormatLite::MakeTag(v1::Resource::kBundleFieldNumber,
                                                         WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(encoded.data()),
                      static_cast<int>(encoded.size()));
  std::uint32_t length = 0;
  if (in.ReadTag() != kTag || !in.ReadVarint32(&length)) return Unreadable();
  const std::string_view bundle = encoded.substr(static_cast<std::size_t>(in.CurrentPosition()));
  if (bundle.size() != length) return Unreadable();
  return bundle;
}

absl::StatusOr<std::string> PlanOf(store::Snapshot& snapshot, const v1::Event& event) {
  if (event.focus().type() == "CarePlan") return event.focus().id();
  HANDOFF_ASSIGN_OR_RETURN(const auto full_event, delivery::WithStory(snapshot, event));
  for (const v1::ResourceName& name : full_event->resources()) {
    if (name.type() == "CarePlan") return name.id();
  }
  return std::string();
}

}  // namespace

absl::StatusOr<Rendered> MakeTransitionItem(Context& context, ItemRequest request) {
  HANDOFF_ASSIGN_OR_RETURN(Rendered composed, Compose(context, request));
  if (std::holds_alternative<Withheld>(composed)) return composed;
  v1::TransitionItem item;
  HANDOFF_ASSIGN_OR_RETURN(
      const std::optional<Withheld> withheld,
      Take(context.reader().GetTransitionAlone(
               request.party, request.delivery.event().transition_id(), request.snapshot),
           item.mutable_transition()));
  if (withheld) {
    // What was told is taken back even from who has nothing to do with the person any more.
    if (request.delivery.event().kind() != v1::EVENT_KIND_ENCOUNTER_UPDATE) return *withheld;
    item.mutable_transition()->set_id(request.delivery.event().transition_id());
  }
  item.set_resume_token(std::move(request.resume_token));
  item.set_event(request.delivery.event().kind());
  HANDOFF_ASSIGN_OR_RETURN(const std::string_view bundle,
                           BundleIn(std::get<std::string>(composed)));
  std::string encoded;
  encoded.reserve(item.ByteSizeLong() + bundle.size() + 16);
  item.AppendToString(&encoded);
  AppendField(v1::TransitionItem::kBundleFieldNumber, bundle, &encoded);
  return encoded;
}

absl::StatusOr<Rendered> MakeReferralItem(Context& context, ItemRequest request) {
  HANDOFF_ASSIGN_OR_RETURN(Rendered composed, Compose(context, request));
  if (std::holds_alternative<Withheld>(composed)) return composed;
  v1::ReferralItem item;
  HANDOFF_ASSIGN_OR_RETURN(
      const std::optional<Withheld> withheld,
      Take(context.reader().GetReferralAlone(
               request.party, request.delivery.event().referral_id(), *request.snapshot),
           item.mutable_referral()));
  if (withheld) {
    // Who is not asked any more hears just that.
    if (request.delivery.event().kind() != v1::EVENT_KIND_RETRACTION) return *withheld;
    item.mutable_referral()->set_id(request.delivery.event().referral_id());
    item.mutable_referral()->set_state(v1::REFERRAL_STATE_CANCELLED);
  }
  item.set_resume_token(std::move(request.resume_token));
  item.set_event(request.delivery.event().kind());
  const std::optional<fhir::BundleView> bundle = fhir::ReadBundle(std::get<std::string>(composed));
  if (!bundle) return Unreadable();
  std::string encoded;
  item.AppendToString(&encoded);
  for (const fhir::BundleEntry& entry : bundle->entries) {
    if (fhir::ReadHead(entry.resource).type == "MessageHeader") continue;
    AppendField(v1::ReferralItem::kResourcesFieldNumber, entry.resource, &encoded);
  }
  return encoded;
}

absl::StatusOr<Rendered> MakePlanStatusUpdate(Context& context, ItemRequest request) {
  HANDOFF_ASSIGN_OR_RETURN(Rendered composed, Compose(context, request));
  if (std::holds_alternative<Withheld>(composed)) return composed;
  HANDOFF_ASSIGN_OR_RETURN(const std::string plan,
                           PlanOf(*request.snapshot, request.delivery.event()));
  v1::PlanStatusUpdate item;
  HANDOFF_ASSIGN_OR_RETURN(
      const std::optional<Withheld> withheld,
      Take(context.reader().GetPlanStatus(request.party, plan, request.snapshot),
           item.mutable_plan()));
  if (withheld) return *withheld;
  item.set_resume_token(std::move(request.resume_token));
  item.set_event(request.delivery.event().kind());
  std::string encoded;
  item.AppendToString(&encoded);
  return encoded;
}

}  // namespace handoff::rpc
