// What a message says of its own way: who sends it to whom, what it is about, who wrote it first
// and that we put it together. Da Vinci Unsolicited Notifications, guidance for intermediaries: the
// header's sender is the intermediary, and a Provenance of the header names the author and the
// intermediary.
#pragma once

#include <string>
#include <vector>

#include "gateway/delivery/event_codes.h"
#include "gateway/directory/directory.h"
#include "gateway/policy/views.h"
#include "handoff/v1/model.pb.h"

namespace handoff::delivery {

struct Envelope {
  std::string header;                // an encoded MessageHeader
  std::vector<std::string> related;  // encoded: our Organization, the Provenance of the header
};

struct EnvelopeInputs {
  const directory::Directory& directory;
  const EventCodes& codes;
  const directory::Party& recipient;
  const directory::Endpoint& endpoint;
  const policy::View& view;  // the author is named to those whom it shows organizations
  const std::string& base_url;
};

// Ids come from the delivery: the same delivery gives the same bytes.
Envelope Enclose(const v1::Delivery& delivery, const EnvelopeInputs& inputs);

}  // namespace handoff::delivery
