// The message that tells a recipient of an event: the resources of its story, by the exact version
// that the event named, as the recipient's view shows them now, behind a MessageHeader of our own.
//
// The same delivery yields the same bytes at every attempt as long as policy stays the same: ids
// come from the delivery, times from the event and the resources.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"

#include "gateway/delivery/event_codes.h"
#include "gateway/delivery/renderer.h"
#include "gateway/directory/directory.h"
#include "gateway/policy/views.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

// The configured rules of one moment, none null.
struct NotificationRules {
  std::shared_ptr<const directory::Directory> directory;
  std::shared_ptr<const policy::Views> views;
  std::shared_ptr<const EventCodes> codes;
};

struct Notification {
  std::string bundle;  // an encoded resource: a Bundle
  Carried carried;
};

// The event of a delivery with its story, which stands with the message that brought it. Holds as
// long as `event`, which it is if it has a story of its own.
//
// Errors: kDataLoss the message has no such event; as the store.
absl::StatusOr<std::shared_ptr<const v1::Event>> WithStory(store::Snapshot& snapshot,
                                                           const v1::Event& event);

// Thread safety: all methods may be called concurrently.
class Notifications {
 public:
  // `base_url` is that of our FHIR surface, without a slash at the end: what the fullUrls begin
  // with and what the header names as source. `store` must outlive it. `rules` is called from any
  // thread.
  Notifications(store::Store& store,
                std::string base_url,
                std::function<NotificationRules()> rules);

  // Withheld if a label keeps the whole message from the recipient, or the resource that it is
  // about does not leave. A label counts whether it is on the version that is sent or on a later
  // one.
  //
  // Errors: kFailedPrecondition the recipient, endpoint or view is not configured (any more), or
  // the person's identity is in doubt; kDataLoss, kUnavailable as the store. Reads the disk.
  absl::StatusOr<std::variant<Notification, Withheld>> Compose(const v1::Delivery& delivery) const;
  // The same as of `snapshot`, which is to be of this moment.
  absl::StatusOr<std::variant<Notification, Withheld>> Compose(const v1::Delivery& delivery,
                                                               store::Snapshot& snapshot) const;

  NotificationRules rules() const { return rules_(); }

 private:
  store::Store& store_;
  const std::string base_url_;
  const std::function<NotificationRules()> rules_;
};

}  // namespace handoff::delivery
