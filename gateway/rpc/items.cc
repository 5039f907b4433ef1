#include "gateway/rpc/items.h"

#include <string_view>
#include <utility>
#include <variant>

#include "gateway/base/status_macros.h"
#include "gateway/rpc/context.h"

namespace handoff::rpc {
namespace {

constexpr char kNoRelation[] = "the recipient has no relation to it any more";

using Withheld = std::optional<std::string>;

// The notification of `delivery` as policy allows it now.
absl::StatusOr<Withheld> Compose(Context& context,
                                 const v1::Delivery& delivery,
                                 v1::Resource* bundle) {
  const absl::StatusOr<Composed> composed = context.Compose(delivery);
  if (absl::IsFailedPrecondition(composed.status())) {
    // A view or an identity has to be put right first; the item waits for it, as a push would.
    return MakeError(ErrorId::kUnavailable,
                     "the next item cannot be sent now; resume later",
                     std::string(composed.status().message()));
  }
  HANDOFF_RETURN_IF_ERROR(composed.status());
  if (const auto* withheld = std::get_if<delivery::Withheld>(&*composed)) return withheld->reason;
  if (!bundle->ParseFromString(std::get<std::string>(*composed)) || !bundle->has_bundle()) {
    return absl::DataLossError("a notification cannot be read");
  }
  return std::nullopt;
}

// What the reader answered to a recipient: absent means that it is not for this recipient now.
template <class T>
absl::StatusOr<Withheld> Take(absl::StatusOr<T> read, T* out) {
  if (absl::IsNotFound(read.status())) return kNoRelation;
  HANDOFF_ASSIGN_OR_RETURN(*out, std::move(read));
  return std::nullopt;
}

std::string_view PlanOf(const v1::Event& event) {
  if (event.focus().type() == "CarePlan") return event.focus().id();
  for (const v1::ResourceName& name : event.resources()) {
    if (name.type() == "CarePlan") return name.id();
  }
  return {};
}

}  // namespace

absl::StatusOr<Withheld> MakeTransitionItem(Context& context,
                                            const PartyKey& party,
                                            const v1::Delivery& delivery,
                                            v1::TransitionItem* item) {
  v1::Resource bundle;
  HANDOFF_ASSIGN_OR_RETURN(Withheld withheld, Compose(context, delivery, &bundle));
  if (withheld) return withheld;
  access::TransitionStory story;
  HANDOFF_ASSIGN_OR_RETURN(
      withheld,
      Take(context.reader().GetTransition(party, delivery.event().transition_id()), &story));
  if (withheld) return withheld;
  item->set_event(delivery.event().kind());
  *item->mutable_transition() = std::move(story.transition);
  item->mutable_bundle()->Swap(bundle.mutable_bundle());
  return std::nullopt;
}

absl::StatusOr<Withheld> MakeReferralItem(Context& context,
                                          const PartyKey& party,
                                          const v1::Delivery& delivery,
                                          v1::ReferralItem* item) {
  v1::Resource bundle;
  HANDOFF_ASSIGN_OR_RETURN(Withheld withheld, Compose(context, delivery, &bundle));
  if (withheld) return withheld;
  access::ReferralStory story;
  HANDOFF_ASSIGN_OR_RETURN(
      withheld, Take(context.reader().GetReferral(party, delivery.event().referral_id()), &story));
  if (withheld) return withheld;
  item->set_event(delivery.event().kind());
  *item->mutable_referral() = std::move(story.referral);
  for (v1::Bundle::Entry& entry : *bundle.mutable_bundle()->mutable_entries()) {
    if (entry.resource().has_message_header()) continue;
    item->add_resources()->Swap(entry.mutable_resource());
  }
  return std::nullopt;
}

absl::StatusOr<Withheld> MakePlanStatusUpdate(Context& context,
                                              const PartyKey& party,
                                              const v1::Delivery& delivery,
                                              v1::PlanStatusUpdate* item) {
  v1::Resource bundle;
  HANDOFF_ASSIGN_OR_RETURN(Withheld withheld, Compose(context, delivery, &bundle));
  if (withheld) return withheld;
  HANDOFF_ASSIGN_OR_RETURN(
      withheld,
      Take(context.reader().GetPlanStatus(party, PlanOf(delivery.event())), item->mutable_plan()));
  if (withheld) return withheld;
  item->set_event(delivery.event().kind());
  return std::nullopt;
}

}  // namespace handoff::rpc
