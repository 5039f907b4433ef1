#include "gateway/app/explain.h"

#include <algorithm>
#include <iomanip>
#include <string_view>

#include <date/date.h>

#include "gateway/base/clock.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::app {
namespace {

std::string Time(std::int64_t us) { return date::format("%F %T", FromMicros(us)) + "Z"; }

// "EVENT_KIND_REFERRAL_STATUS" -> "referral-status".
std::string Plain(const std::string& name, std::string_view prefix) {
  std::string plain = name.substr(std::min(prefix.size(), name.size()));
  std::transform(plain.begin(), plain.end(), plain.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return plain;
}

int Fail(const grpc::Status& status, std::ostream& err) {
  err << "error: " << status.error_message() << "\n";
  return 1;
}

void Print(const v1::LedgerEntry& entry, std::ostream& out) {
  out << "  " << Time(entry.at_us()) << "  " << std::left << std::setw(13)
      << Plain(v1::LedgerEntry::Kind_Name(entry.kind()), "") << std::setw(12) << entry.party();
  if (entry.event() != v1::EVENT_KIND_UNSPECIFIED && entry.kind() != v1::LedgerEntry::UNDERSTOOD) {
    out << Plain(v1::EventKind_Name(entry.event()), "EVENT_KIND_") << ", ";
  }
  out << entry.text();
  if (!entry.view().empty()) out << " (view " << entry.view() << ")";
  out << "\n";
}

// What is not at its end.
void PrintOpen(const v1::Delivery& delivery, std::ostream& out) {
  if (delivery.state() == v1::DELIVERY_STATE_HELD) {
    out << "  held: " << delivery.id() << ", person " << delivery.person_id()
        << ", for `handoff persons release`\n";
    return;
  }
  out << "  pending: " << delivery.id() << " to " << delivery.recipient() << ", ";
  if (delivery.due_us() == 0) {
    out << "on its stream, not acknowledged\n";
    return;
  }
  out << delivery.attempts() << " attempts, next " << Time(delivery.due_us());
  if (!delivery.last_error().empty()) out << ", last: " << delivery.last_error();
  out << "\n";
}

void PrintListed(const v1::Delivery& delivery, std::ostream& out) {
  const bool is_doubt = delivery.event().kind() == v1::EVENT_KIND_UNSPECIFIED;
  out << std::left << std::setw(16) << delivery.id() << std::setw(12)
      << (delivery.recipient().empty() ? "-" : delivery.recipient()) << std::setw(20)
      << (is_doubt ? "identity" : Plain(v1::EventKind_Name(delivery.event().kind()), "EVENT_KIND_"))
      << "message " << delivery.event().message_id();
  if (delivery.state() == v1::DELIVERY_STATE_HELD) {
    out << "  person " << delivery.person_id() << "  created " << Time(delivery.created_us())
        << (is_doubt ? "  " + delivery.last_error() : "") << "\n";
    return;
  }
  out << "  attempts " << delivery.attempts() << "  created " << Time(delivery.created_us()) << "  "
      << delivery.last_error() << "\n";
}

const char* NounFor(v1::DeliveryState state) {
  switch (state) {
    case v1::DELIVERY_STATE_DEAD:
      return "dead letters";
    case v1::DELIVERY_STATE_HELD:
      return "held for a steward";
    default:
      return "pending deliveries";
  }
}

}  // namespace

int Explain(const Connection& connection,
            const std::string& message_id,
            std::ostream& out,
            std::ostream& err) {
  v1::ExplainRequest request;
  request.set_message_id(message_id);
  v1::ExplainResponse response;
  grpc::ClientContext context;
  connection.Prepare(&context);
  const grpc::Status status =
      v1::Ledger::NewStub(connection.channel)->Explain(&context, request, &response);
  if (!status.ok()) return Fail(status, err);
  const v1::Receipt& receipt = response.receipt();
  out << "message " << receipt.message_id() << ", received " << Time(receipt.received_us()) << ", "
      << (receipt.accepted() ? "accepted" : "refused") << " with HTTP " << receipt.http_status()
      << ", " << receipt.entries_size() << " resources, " << receipt.deliveries()
      << " deliveries\n";
  for (const v1::Receipt::Issue& issue : receipt.issues()) {
    out << "  " << Plain(v1::IssueSeverity_Name(issue.severity()), "ISSUE_SEVERITY_") << " "
        << issue.expression() << ": " << issue.text() << "\n";
  }
  for (const v1::LedgerEntry& entry : response.entries()) Print(entry, out);
  for (const v1::Delivery& delivery : response.pending()) PrintOpen(delivery, out);
  return 0;
}

int ListDeliveries(const Connection& connection,
                   const ListOptions& options,
                   std::ostream& out,
                   std::ostream& err) {
  const auto stub = v1::Admin::NewStub(connection.channel);
  v1::ListDeliveriesRequest request;
  request.set_state(options.state);
  request.set_recipient(options.recipient);
  std::size_t count = 0;
  do {
    v1::ListDeliveriesResponse page;
    grpc::ClientContext context;
    connection.Prepare(&context);
    if (const grpc::Status status = stub->ListDeliveries(&context, request, &page); !status.ok()) {
      return Fail(status, err);
    }
    for (const v1::Delivery& delivery : page.deliveries()) PrintListed(delivery, out);
    count += static_cast<std::size_t>(page.deliveries_size());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  out << count << " " << NounFor(options.state) << "\n";
  return 0;
}

int Replay(const Connection& connection,
           const std::string& delivery_id,
           std::ostream& out,
           std::ostream& err) {
  v1::ReplayRequest request;
  request.set_delivery_id(delivery_id);
  v1::Delivery delivery;
  grpc::ClientContext context;
  connection.Prepare(&context);
  const grpc::Status status =
      v1::Admin::NewStub(connection.channel)->Replay(&context, request, &delivery);
  if (!status.ok()) return Fail(status, err);
  out << delivery.id() << " is due again, at the end of its lane\n";
  return 0;
}

int Discard(const Connection& connection,
            const std::string& delivery_id,
            const std::string& reason,
            std::ostream& out,
            std::ostream& err) {
  v1::DiscardRequest request;
  request.set_delivery_id(delivery_id);
  request.set_reason(reason);
  v1::Delivery delivery;
  grpc::ClientContext context;
  connection.Prepare(&context);
  const grpc::Status status =
      v1::Admin::NewStub(connection.channel)->Discard(&context, request, &delivery);
  if (!status.ok()) return Fail(status, err);
  out << delivery.id() << " is given up\n";
  return 0;
}

int ReleasePerson(const Connection& connection,
                  const ReleaseOptions& options,
                  std::ostream& out,
                  std::ostream& err) {
  v1::ReleasePersonRequest request;
  request.set_person_id(options.person);
  request.set_merge_into(options.merge_into);
  request.set_reason(options.reason);
  v1::ReleasePersonResponse response;
  grpc::ClientContext context;
  connection.Prepare(&context);
  const grpc::Status status =
      v1::Admin::NewStub(connection.channel)->ReleasePerson(&context, request, &response);
  if (!status.ok()) return Fail(status, err);
  out << "person " << options.person << " released, "
      << (options.merge_into == 0 ? "somebody of its own"
                                  : "is person " + std::to_string(options.merge_into))
      << ": " << response.released() << " held, " << response.deliveries()
      << " deliveries go out\n";
  return 0;
}

}  // namespace handoff::app
