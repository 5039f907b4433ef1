#include "gateway/delivery/notification.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/story.h"
#include "gateway/care/transition.h"
#include "gateway/delivery/hold.h"
#include "gateway/delivery/message_envelope.h"
#include "gateway/directory/party.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::delivery {
namespace {

using care::KeyOf;
using directory::Endpoint;
using directory::Format;
using directory::Party;
using policy::MessageProjection;
using policy::View;
using policy::Views;

// Task.statusReason.text: a cancelled referral has one (Gravity SDOH Clinical Care,
// SDOHCCTaskForReferralManagement).
constexpr char kGivenToAnother[] = "the requester asks another party instead";

// What the event is about first, then the rest of its story.
std::vector<const v1::ResourceName*> StoryOf(const v1::Event& event) {
  const v1::ResourceName& focus = event.focus();
  std::vector<const v1::ResourceName*> names{&focus};
  names.reserve(1 + static_cast<std::size_t>(event.resources_size()));
  for (const v1::ResourceName& name : event.resources()) {
    if (name.id() != focus.id() || name.type() != focus.type()) names.push_back(&name);
  }
  return names;
}

// The message that has the event with its story; null if the event has it itself.
absl::StatusOr<store::SharedMessage> MessageOf(store::Snapshot& snapshot, const v1::Event& event) {
  if (event.number() == 0) return nullptr;
  HANDOFF_ASSIGN_OR_RETURN(store::SharedMessage message,
                           snapshot.ReadMessage(MessageId(event.message_id())));
  if (message == nullptr || event.number() > static_cast<std::uint32_t>(message->events_size())) {
    return absl::DataLossError("the message of an event does not have it");
  }
  return message;
}

const v1::Event& EventIn(const store::SharedMessage& message, const v1::Event& event) {
  return message == nullptr ? event : message->events(static_cast<int>(event.number()) - 1);
}

// The story of an event, what was deleted in it left out.
struct Story {
  std::vector<store::SharedResource> told;  // the versions that the event names
  // The same with the current version of what has changed since; empty if nothing has. A newer
  // version that says the same is no change: senders repeat their staff and wards in each message.
  std::vector<store::SharedResource> changed;
  // What came in the same message and does not travel; as it is now, for a label that came later
  // counts.
  std::vector<store::SharedResource> beside;
};

absl::StatusOr<Story> ReadStory(store::Snapshot& snapshot,
                                const v1::Event& event,
                                const store::SharedPerson& person) {
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedMessage message, MessageOf(snapshot, event));
  const std::vector<const v1::ResourceName*> names = StoryOf(EventIn(message, event));
  std::vector<ResourceKey> keys;
  keys.reserve(names.size());
  for (const v1::ResourceName* name : names) keys.push_back(KeyOf(*name));
  // Most deliveries are made while what they tell is current: one read serves both.
  HANDOFF_ASSIGN_OR_RETURN(std::vector<store::SharedResource> current, snapshot.ReadMany(keys));
  Story story;
  // With their places in the story.
  std::vector<std::pair<std::size_t, store::SharedResource>> newer;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const store::SharedResource& now = current[i];
    const bool is_newer = now && now->version() != names[i]->version();
    store::SharedResource told;
    if (is_newer) {
      HANDOFF_ASSIGN_OR_RETURN(told, snapshot.ReadVersion(keys[i], names[i]->version()));
    } else {
      told = now;
    }
    if (!told) return absl::DataLossError("a resource of the event is not in the store");
    if (told->deleted()) continue;
    if (is_newer && !now->deleted() && now->resource() != told->resource()) {
      newer.emplace_back(story.told.size(), now);
    }
    story.told.push_back(std::move(told));
  }
  if (message != nullptr) {
    const std::uint64_t about = person == nullptr ? event.person_id() : person->id();
    HANDOFF_ASSIGN_OR_RETURN(story.beside, store::ReadBeside(snapshot, *message, about, keys));
  }
  if (!newer.empty()) story.changed = story.told;
  for (auto& [place, resource] : newer) story.changed[place] = std::move(resource);
  return story;
}

std::vector<std::string_view> EncodedOf(const std::vector<store::SharedResource>& resources) {
  std::vector<std::string_view> encoded;
  for (const store::SharedResource& resource : resources) encoded.push_back(resource->resource());
  return encoded;
}

void CountLeftOut(const MessageProjection& projection, std::map<ResourceKey, std::string>& all) {
  for (const policy::Withheld& one : projection.left_out) all.try_emplace(one.key, one.reason);
}

std::string DescribeLeftOut(const std::map<ResourceKey, std::string>& left_out) {
  if (left_out.empty()) return {};
  std::set<std::string_view> reasons;
  for (const auto& [key, reason] : left_out) reasons.insert(reason);
  std::string text = std::to_string(left_out.size()) + " left out";
  const char* separator = ": ";
  for (const std::string_view reason : reasons) {
    text.append(separator).append(reason);
    separator = ", ";
  }
  return text;
}

// What of the story may leave, in its order.
struct Leaving {
  std::vector<std::string> encoded;
  Carried carried;
};

absl::StatusOr<std::variant<Leaving, Withheld>> Project(const Views& views,
                                                        const View& view,
                                                        Story story) {
  std::map<ResourceKey, std::string> left_out;
  HANDOFF_ASSIGN_OR_RETURN(std::string why, views.WhyNotBeside(view, EncodedOf(story.beside)));
  if (!why.empty()) return Withheld{std::move(why)};
  if (!story.changed.empty()) {
    // A label that came later counts too: what is known to be sensitive now does not leave.
    HANDOFF_ASSIGN_OR_RETURN(const MessageProjection now,
                             views.ProjectMessage(view, EncodedOf(story.changed)));
    if (!now.withheld.empty()) return Withheld{now.withheld};
    CountLeftOut(now, left_out);
    std::erase_if(story.told, [&](const store::SharedResource& resource) {
      return left_out.contains(resource->key());
    });
  }
  HANDOFF_ASSIGN_OR_RETURN(MessageProjection shown,
                           views.ProjectMessage(view, EncodedOf(story.told)));
  if (!shown.withheld.empty()) return Withheld{shown.withheld};
  CountLeftOut(shown, left_out);

  Leaving leaving;
  leaving.carried.left_out = DescribeLeftOut(left_out);
  auto next = story.told.begin();
  for (const std::string& encoded : shown.resources) {
    const fhir::Head head = fhir::ReadHead(encoded);
    next = std::find_if(next, story.told.end(), [&](const store::SharedResource& resource) {
      return resource->type() == head.type && resource->id() == head.id;
    });
    if (next == story.told.end()) return absl::DataLossError("a stored resource has another name");
    fhir::RewriteOptions meta;
    meta.version_id = std::to_string((*next)->version());
    meta.updated_us = (*next)->updated_us();
    HANDOFF_RETURN_IF_ERROR(fhir::Rewrite(encoded, meta, &leaving.encoded.emplace_back()));
    leaving.carried.resources.push_back((*next)->name());
  }
  return leaving;
}

bool IsTakenBack(const v1::Event& event) {
  return event.kind() == v1::EVENT_KIND_RETRACTION ||
         (event.kind() == v1::EVENT_KIND_ENCOUNTER_UPDATE && event.status() == care::kCancelled);
}

// What is taken back is told as void, also where the last version of who is told does not say so:
// the Encounter is another's by now, the request is for another.
absl::Status TellAsVoid(std::string* encoded) {
  v1::Resource resource;
  if (!fhir::ParseResource(*encoded, &resource)) {
    return absl::DataLossError("a stored resource cannot be read");
  }
  if (resource.has_encounter()) {
    v1::Encounter& encounter = *resource.mutable_encounter();
    if (encounter.status() == v1::ENCOUNTER_STATUS_CANCELLED) return absl::OkStatus();
    encounter.set_status(v1::ENCOUNTER_STATUS_ENTERED_IN_ERROR);
  } else if (resource.has_task()) {
    resource.mutable_task()->set_status(v1::TASK_STATUS_CANCELLED);
    resource.mutable_task()->mutable_status_reason()->set_text(kGivenToAnother);
  } else if (resource.has_service_request()) {
    resource.mutable_service_request()->set_status(v1::REQUEST_STATUS_REVOKED);
  }
  *encoded = resource.SerializeAsString();
  return absl::OkStatus();
}

std::string FullUrl(const std::string& base_url, std::string_view encoded) {
  const fhir::Head head = fhir::ReadHead(encoded);
  std::string url = base_url;
  return url.append(1, '/').append(head.type).append(1, '/').append(head.id);
}

// A FHIR message: the header, what leaves, and what the message says of its own way.
std::string MessageBundle(const v1::Delivery& delivery,
                          const Envelope& envelope,
                          const Leaving& leaving,
                          const std::string& base_url) {
  fhir::NewBundle bundle;
  bundle.type = "message";
  bundle.id = delivery.id();
  bundle.timestamp_us = delivery.event().occurred_us();
  const auto add = [&](std::string_view encoded) {
    fhir::NewEntry& entry = bundle.entries.emplace_back();
    entry.full_url = FullUrl(base_url, encoded);
    entry.encoded = encoded;
  };
  add(envelope.header);
  for (const std::string& encoded : leaving.encoded) add(encoded);
  for (const std::string& encoded : envelope.related) add(encoded);
  std::string out;
  fhir::AppendBundle(bundle, &out);
  return out;
}

// For recipients that keep what they get under our ids: every resource is put.
absl::StatusOr<std::string> TransactionBundle(const v1::Delivery& delivery,
                                              const Leaving& leaving,
                                              const std::string& base_url) {
  v1::Resource resource;
  v1::Bundle& bundle = *resource.mutable_bundle();
  bundle.set_id(delivery.id());
  bundle.set_type(v1::BUNDLE_TYPE_TRANSACTION);
  for (const std::string& encoded : leaving.encoded) {
    v1::Bundle::Entry& entry = *bundle.add_entries();
    entry.set_full_url(FullUrl(base_url, encoded));
    if (!fhir::ParseResource(encoded, entry.mutable_resource())) {
      return absl::DataLossError("a stored resource cannot be read");
    }
    entry.mutable_request()->set_method(v1::HTTP_VERB_PUT);
    const fhir::Head head = fhir::ReadHead(encoded);
    entry.mutable_request()->set_url(std::string(head.type) + "/" + std::string(head.id));
  }
  return resource.SerializeAsString();
}

// A request that was given to somebody else since is not for who was asked first.
absl::StatusOr<bool> IsStillAsked(store::Snapshot& snapshot, const v1::Delivery& delivery) {
  const v1::Event& event = delivery.event();
  if (event.kind() != v1::EVENT_KIND_REFERRAL_REQUESTED || event.referral_id().empty()) return true;
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedReferral referral,
                           snapshot.ReadReferral(event.referral_id()));
  return !referral || delivery.role() != directory::role::kPerformer ||
         referral->performer() == delivery.recipient();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const v1::Event>> WithStory(store::Snapshot& snapshot,
                                                           const v1::Event& event) {
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedMessage message, MessageOf(snapshot, event));
  return std::shared_ptr<const v1::Event>(message, &EventIn(message, event));
}

Notifications::Notifications(store::Store& store,
                             std::string base_url,
                             std::function<NotificationRules()> rules)
    : store_(store), base_url_(std::move(base_url)), rules_(std::move(rules)) {}

absl::StatusOr<std::variant<Notification, Withheld>> Notifications::Compose(
    const v1::Delivery& delivery) const {
  return Compose(delivery, *store_.GetSnapshot());
}

absl::StatusOr<std::variant<Notification, Withheld>> Notifications::Compose(
    const v1::Delivery& delivery, store::Snapshot& snapshot) const {
  const NotificationRules rules = rules_();
  const Party* const recipient = rules.directory->Find(PartyKey(delivery.recipient()));
  if (recipient == nullptr) {
    return absl::FailedPreconditionError("the recipient is not configured");
  }
  const Endpoint* const endpoint = recipient->FindEndpoint(delivery.channel());
  if (endpoint == nullptr) {
    return absl::FailedPreconditionError("the recipient's endpoint is not configured");
  }
  const View* const view = rules.views->Find(delivery.view());
  if (view == nullptr) return absl::FailedPreconditionError("the view is not configured");

  HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person, PersonOf(snapshot, delivery));
  if (person && person->held())
    return Withheld{"for a steward: whom it is about is in doubt", true};
  HANDOFF_ASSIGN_OR_RETURN(const bool asked, IsStillAsked(snapshot, delivery));
  if (!asked) return Withheld{"the referral was given to another party"};
  HANDOFF_ASSIGN_OR_RETURN(Story story, ReadStory(snapshot, delivery.event(), person));
  if (story.told.empty() || story.told.front()->key() != KeyOf(delivery.event().focus())) {
    return Withheld{"what the event is about was deleted"};
  }
  HANDOFF_ASSIGN_OR_RETURN(auto projected, Project(*rules.views, *view, std::move(story)));
  if (Withheld* withheld = std::get_if<Withheld>(&projected)) return std::move(*withheld);
  Leaving& leaving = std::get<Leaving>(projected);
  if (IsTakenBack(delivery.event())) {
    HANDOFF_RETURN_IF_ERROR(TellAsVoid(&leaving.encoded.front()));
  }

  Notification notification;
  if (endpoint->format == Format::kTransaction) {
    HANDOFF_ASSIGN_OR_RETURN(notification.bundle, TransactionBundle(delivery, leaving, base_url_));
  } else {
    const Envelope envelope = Enclose(
        delivery, {*rules.directory, *rules.codes, *recipient, *endpoint, *view, base_url_});
    notification.bundle = MessageBundle(delivery, envelope, leaving, base_url_);
  }
  notification.carried = std::move(leaving.carried);
  return notification;
}

}  // namespace handoff::delivery
