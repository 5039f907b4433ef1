#include "tests/scenarios/verdict.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <grpcpp/client_context.h>

#include "gateway/app/demo/partners.h"
#include "handoff/v1/services.grpc.pb.h"

namespace handoff::scenario {
namespace {

constexpr std::size_t kMaxExamples = 20;

void Note(Tally* tally, std::string example) {
  if (tally->examples.size() < kMaxExamples) tally->examples.push_back(std::move(example));
}

bool IsFor(Audience audience, const SentPatient& patient) {
  return audience == Audience::kAll || patient.has_second_practice;
}

std::vector<MessageNumber> NumbersOf(const SentPatient& patient) {
  std::vector<MessageNumber> numbers;
  for (const Acknowledged& message : patient.acknowledged) numbers.push_back(message.number);
  return numbers;
}

void CheckOrder(const std::vector<MessageNumber>& sent,
                const std::vector<MessageNumber>& arrived,
                const std::string& what,
                Tally* tally) {
  if (sent == arrived) return;
  const std::set<MessageNumber> wanted(sent.begin(), sent.end());
  const std::set<MessageNumber> got(arrived.begin(), arrived.end());
  const auto missing = static_cast<std::size_t>(
      std::count_if(sent.begin(), sent.end(), [&](MessageNumber n) { return !got.contains(n); }));
  const auto surplus = static_cast<std::size_t>(std::count_if(
      arrived.begin(), arrived.end(), [&](MessageNumber n) { return !wanted.contains(n); }));
  tally->lost += missing;
  tally->foreign += surplus;
  if (missing + surplus == 0) ++tally->out_of_order;
  Note(tally,
       fmt::format(
           "{}: acknowledged {}, arrived {}", what, fmt::join(sent, " "), fmt::join(arrived, " ")));
}

// Messages `from` .. of one stay.
void CheckStay(const v1::Transition& stay,
               const std::vector<MessageNumber>& numbers,
               const Stays& stays,
               Tally* tally) {
  const auto count = static_cast<std::uint64_t>(numbers.size());
  bool same = stay.version() == count && stay.encounter().version() == count &&
              static_cast<std::size_t>(stay.steps_size()) == numbers.size();
  for (std::size_t i = 0; same && i < numbers.size(); ++i)
    same = stay.steps(static_cast<int>(i)).occurred_us() == stays.OccurredUs(numbers[i]);
  if (same) return;
  ++tally->doubled;
  Note(tally,
       fmt::format("stay {} of messages {}: version {}, encounter version {}, {} steps",
                   stay.id(),
                   fmt::join(numbers, " "),
                   stay.version(),
                   stay.encounter().version(),
                   stay.steps_size()));
}

absl::Status ToStatus(const char* what, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnknownError(std::string(what) + ": " + status.error_message());
}

}  // namespace

void CheckArrivals(const std::vector<SentPatient>& patients,
                   const Arrivals& arrivals,
                   Audience audience,
                   const std::string& who,
                   Tally* tally) {
  for (const SentPatient& patient : patients) {
    const std::string what = fmt::format("{}, patient {}", who, patient.number);
    const std::vector<MessageNumber> sent =
        IsFor(audience, patient) ? NumbersOf(patient) : std::vector<MessageNumber>();
    const std::vector<MessageNumber> arrived = arrivals.OrderOf(patient.number);
    CheckOrder(sent, arrived, what, tally);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const std::optional<Arrival> arrival = arrivals.Find(sent[i]);
      if (!arrival || arrival->encounter_version == i % kSteps + 1) continue;
      ++tally->doubled;
      Note(tally,
           fmt::format("{}: message {} is version {} of its Encounter, not {}",
                       what,
                       sent[i],
                       arrival->encounter_version,
                       i % kSteps + 1));
    }
  }
  for (const std::string& fault : arrivals.faults()) {
    ++tally->doubled;
    Note(tally, who + ": " + fault);
  }
}

absl::Status CheckTransitions(const std::vector<SentPatient>& patients,
                              const Payer& payer,
                              const Stays& stays,
                              const std::shared_ptr<grpc::Channel>& channel,
                              const std::string& token,
                              Tally* tally) {
  const auto stub = v1::Transitions::NewStub(channel);
  for (const SentPatient& patient : patients) {
    const std::vector<MessageNumber> numbers = NumbersOf(patient);
    for (std::size_t first = 0; first < numbers.size(); first += kSteps) {
      const std::size_t end = std::min(numbers.size(), first + kSteps);
      const std::vector<MessageNumber> of_stay(numbers.begin() + first, numbers.begin() + end);
      std::set<std::string> ids;
      for (const MessageNumber number : of_stay) ids.insert(payer.TransitionOf(number));
      if (ids.size() != 1) {
        ++tally->doubled;
        Note(tally, fmt::format("messages {} made {} stays", fmt::join(of_stay, " "), ids.size()));
        continue;
      }
      v1::GetTransitionRequest request;
      request.set_transition_id(*ids.begin());
      v1::TransitionItem item;
      grpc::ClientContext call;
      demo::Authorize(token, &call);
      if (const grpc::Status status = stub->Get(&call, request, &item); !status.ok())
        return ToStatus("Transitions.Get", status);
      CheckStay(item.transition(), of_stay, stays, tally);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> CountDeliveries(const std::shared_ptr<grpc::Channel>& channel,
                                            const std::string& token,
                                            v1::DeliveryState state,
                                            const std::string& recipient) {
  const auto stub = v1::Admin::NewStub(channel);
  v1::ListDeliveriesRequest request;
  request.set_state(state);
  request.set_recipient(recipient);
  request.set_page_size(200);
  std::size_t count = 0;
  do {
    v1::ListDeliveriesResponse page;
    grpc::ClientContext call;
    demo::Authorize(token, &call);
    if (const grpc::Status status = stub->ListDeliveries(&call, request, &page); !status.ok())
      return ToStatus("Admin.ListDeliveries", status);
    count += static_cast<std::size_t>(page.deliveries_size());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return count;
}

std::vector<std::chrono::milliseconds> DeliveryTimes(const std::vector<SentPatient>& patients,
                                                     const Arrivals& arrivals,
                                                     Audience audience) {
  std::vector<std::chrono::milliseconds> times;
  for (const SentPatient& patient : patients) {
    if (!IsFor(audience, patient)) continue;
    for (const Acknowledged& message : patient.acknowledged) {
      const std::optional<Arrival> arrival = arrivals.Find(message.number);
      if (!arrival) continue;
      const auto took = arrival->at - message.at;
      times.push_back(std::max(std::chrono::milliseconds(0),
                               std::chrono::duration_cast<std::chrono::milliseconds>(took)));
    }
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace handoff::scenario
