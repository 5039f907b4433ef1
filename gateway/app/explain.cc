#include "gateway/app/explain.h"

#include <algorithm>
#include <array>
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

// False, and why on `err`, if the gateway refuses or is not there.
template <class Service, class Request, class Response>
bool Ask(const Connection& connection,
         grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
         const Request& request,
         Response* response,
         std::ostream& err) {
  const auto stub = Service::NewStub(connection.channel);
  grpc::ClientContext context;
  connection.Prepare(&context);
  const grpc::Status status = ((*stub).*method)(&context, request, response);
  if (!status.ok()) err << "error: " << status.error_message() << "\n";
  return status.ok();
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
  out << delivery.attempts() << " attempts, ";
  if (delivery.due_us() > ToMicros(SystemClock().Now())) {
    out << "next " << Time(delivery.due_us());
  } else {
    out << "due: behind others of its person, or its recipient is given a rest";
  }
  if (!delivery.last_error().empty()) out << ", last: " << delivery.last_error();
  out << "\n";
}

// "2 d 3 h", "5 min 7 s": the two greatest units.
std::string Span(std::int64_t us) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{{{86'400, " d"}, {3'600, " h"}, {60, " min"}, {1, " s"}}};
  const std::int64_t seconds = std::max<std::int64_t>(us, 0) / 1'000'000;
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    if (seconds < kUnits[i].seconds) continue;
    return std::to_string(seconds / kUnits[i].seconds) + kUnits[i].name + " " +
           std::to_string(seconds % kUnits[i].seconds / kUnits[i + 1].seconds) + kUnits[i + 1].name;
  }
  return std::to_string(seconds) + " s";
}

void PrintBacklog(const v1::GatewayStatus::Backlog& backlog,
                  std::int64_t now_us,
                  std::ostream& out) {
  const std::string state = backlog.topic().empty()
                                ? Plain(v1::DeliveryState_Name(backlog.state()), "DELIVERY_STATE_")
                                : "on its stream " + backlog.topic();
  out << std::left << std::setw(12) << (backlog.party().empty() ? "-" : backlog.party())
      << std::setw(28) << state << std::right << std::setw(8) << backlog.count();
  if (backlog.oldest_us() != 0) out << "  oldest " << Span(now_us - backlog.oldest_us());
  if (backlog.due_us() > now_us) out << ", next in " << Span(backlog.due_us() - now_us);
  if (!backlog.last_error().empty()) out << ", last: " << backlog.last_error();
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

int ShowStatus(const Connection& connection, std::ostream& out, std::ostream& err) {
  v1::GatewayStatus status;
  if (!Ask<v1::Admin>(connection,
                      &v1::Admin::Stub::GetGatewayStatus,
                      v1::GetGatewayStatusRequest(),
                      &status,
                      err))
    return 1;
  out << "handoff " << status.version() << ", "
      << (status.ready() ? "ready" : "not ready: the store takes no writes") << ", up "
      << Span(status.now_us() - status.started_us()) << "\n";
  for (const v1::GatewayStatus::Backlog& one : status.backlogs())
    PrintBacklog(one, status.now_us(), out);
  if (status.backlogs().empty()) out << "nothing waits\n";
  return status.ready() ? 0 : 1;
}

int Explain(const Connection& connection,
            const std::string& message_id,
            std::ostream& out,
            std::ostream& err) {
  v1::ExplainRequest request;
  request.set_message_id(message_id);
  v1::ExplainResponse response;
  if (!Ask<v1::Ledger>(connection, &v1::Ledger::Stub::Explain, request, &response, err)) return 1;
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
  v1::ListDeliveriesRequest request;
  request.set_state(options.state);
  request.set_recipient(options.recipient);
  std::size_t count = 0;
  do {
    v1::ListDeliveriesResponse page;
    if (!Ask<v1::Admin>(connection, &v1::Admin::Stub::ListDeliveries, request, &page, err))
      return 1;
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
  if (!Ask<v1::Admin>(connection, &v1::Admin::Stub::Replay, request, &delivery, err)) return 1;
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
  if (!Ask<v1::Admin>(connection, &v1::Admin::Stub::Discard, request, &delivery, err)) return 1;
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
  if (!Ask<v1::Admin>(connection, &v1::Admin::Stub::ReleasePerson, request, &response, err))
    return 1;
  out << "person " << options.person << " released, "
      << (options.merge_into == 0 ? "somebody of its own"
                                  : "is person " + std::to_string(options.merge_into))
      << ": " << response.released() << " held, " << response.deliveries()
      << " deliveries go out\n";
  return 0;
}

}  // namespace handoff::app
