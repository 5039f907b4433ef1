// Notifications as the engine sends them: composed now, as JSON, to the recipient's endpoint as it
// is configured now.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "connectors/api/connector.h"
#include "gateway/delivery/notification.h"
#include "gateway/delivery/renderer.h"
#include "gateway/directory/directory.h"

namespace handoff::delivery {

// Secrets are read when an endpoint is first used after a reload.
class NotificationRenderer final : public Renderer {
 public:
  // `notifications` must outlive it.
  explicit NotificationRenderer(const Notifications& notifications)
      : notifications_(notifications) {}

  absl::StatusOr<Rendering> Render(const v1::Delivery& delivery, Timestamp now) override;
  std::size_t MaxInFlight(const std::string& recipient) override;

 private:
  absl::StatusOr<connectors::Target> TargetOf(const directory::Party& party,
                                              const directory::Endpoint& endpoint);

  const Notifications& notifications_;
  // Of one directory, by party and endpoint.
  std::shared_ptr<const directory::Directory> directory_;
  std::map<std::pair<std::string, std::string>, connectors::Target> targets_;
};

}  // namespace handoff::delivery
