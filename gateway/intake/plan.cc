#include <algorithm>
#include <optional>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/events.h"
#include "gateway/care/referral.h"
#include "gateway/care/story.h"
#include "gateway/intake/facts.h"
#include "gateway/intake/identity.h"
#include "gateway/intake/pipeline.h"
#include "gateway/intake/resolve.h"
#include "gateway/intake/router.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::intake {
namespace {

// Of an encoded StoredResource, mostly: its name and whom it is from.
constexpr std::size_t kBesidesTheResource = 256;
constexpr std::size_t kFieldHead = 3;  // of a token: its length takes two bytes at most

using fhir::Issue;
using fhir::Severity;
using store::LinkKind;

v1::IssueSeverity ToModel(Severity severity) {
  switch (severity) {
    case Severity::kFatal:
      return v1::ISSUE_SEVERITY_FATAL;
    case Severity::kError:
      return v1::ISSUE_SEVERITY_ERROR;
    case Severity::kWarning:
      return v1::ISSUE_SEVERITY_WARNING;
    case Severity::kInformation:
      break;
  }
  return v1::ISSUE_SEVERITY_INFORMATION;
}

void AddIssues(const fhir::Issues& issues, v1::Receipt* receipt) {
  for (const Issue& issue : issues) {
    v1::Receipt::Issue* out = receipt->add_issues();
    out->set_severity(ToModel(issue.severity));
    out->set_code(std::string(issue.code));
    out->set_text(issue.text);
    out->set_expression(issue.expression);
  }
}

class Planner {
 public:
  Planner(const std::shared_ptr<store::Snapshot>& snapshot,
          const Rules& rules,
          const Arrival& arrival)
      : snapshot_(snapshot),
        rules_(rules),
        arrival_(arrival),
        received_us_(ToMicros(arrival.received)) {}

  absl::StatusOr<Plan> Run() {
    sender_ = rules_.directory->Find(arrival_.submission.sender);
    if (sender_ == nullptr)
      return MakeError(ErrorId::kForbidden, "this client's party is not configured");
    HANDOFF_ASSIGN_OR_RETURN(std::optional<Plan> repeat, FindRepeat());
    if (repeat) return *std::move(repeat);
    HANDOFF_ASSIGN_OR_RETURN(resolved_,
                             Resolve(*snapshot_,
                                     *rules_.directory,
                                     sender_->key,
                                     arrival_.submission.interaction,
                                     arrival_.request,
                                     received_us_,
                                     arrival_.base_url));
    if (resolved_.http_status != 0) return Refused(resolved_.issues, resolved_.http_status);
    HANDOFF_ASSIGN_OR_RETURN(
        identified_, Identify(*snapshot_, *rules_.directory, *sender_, received_us_, &resolved_));
    facts_.emplace(*snapshot_, *rules_.directory, *sender_, resolved_, arrival_.received);
    router_.emplace(
        rules_,
        arrival_.received,
        [this](std::string_view type, std::string_view id) { return facts_->Resolve(type, id); },
        &plan_.batch);
    ParseResources();
    if (damaged_) return Damaged();
    understanding_ = care::Understand(TheMessage(), rules_.events, *facts_);
    HANDOFF_RETURN_IF_ERROR(facts_->status());
    if (fhir::HasErrors(understanding_.issues)) return Refused(understanding_.issues, 422);
    Attribute();
    if (damaged_) return Damaged();
    Remember();
    for (const Known& known : identified_.persons) TellSteward(known);
    for (v1::Event& event : understanding_.events) Route(&event);
    plan_.receipt.set_deliveries(router_->deliveries());
    HANDOFF_RETURN_IF_ERROR(facts_->status());
    return Assemble();
  }

 private:
  Plan Refused(const fhir::Issues& more, int http_status) {
    fhir::Issues issues = arrival_.warnings;
    issues.insert(issues.end(), more.begin(), more.end());
    return Refusal(sender_->key,
                   arrival_.id,
                   arrival_.received,
                   arrival_.request.kind,
                   arrival_.submission.content,
                   issues,
                   http_status);
  }

  std::string Scoped(const std::string& sender_key) const {
    return sender_->key.value() + "|" + sender_key;
  }

  // The same id with the same content gets the earlier answer; with other content it is a new
  // message, and says so.
  absl::StatusOr<std::optional<Plan>> FindRepeat() {
    if (arrival_.request.sender_keys.empty()) return std::nullopt;
    HANDOFF_ASSIGN_OR_RETURN(
        const auto earlier,
        snapshot_->Lookup(LinkKind::kSenderMessage, Scoped(arrival_.request.sender_keys.front())));
    if (!earlier) return std::nullopt;
    HANDOFF_ASSIGN_OR_RETURN(auto stored, snapshot_->ReadMessage(MessageId(*earlier)));
    if (!stored || !stored->receipt().accepted()) return std::nullopt;
    if (stored->digest() != arrival_.request.digest) {
      notes_.push_back(
          Issue{Severity::kWarning,
                "duplicate",
                "this message id was used before with other content: taken as a new message",
                ""});
      return std::nullopt;
    }
    Plan plan;
    plan.repeat = true;
    plan.receipt = stored->receipt();
    plan.receipt.set_repeated_message(true);
    return plan;
  }

  void ParseResources() {
    written_.reserve(resolved_.writes.size());
    for (Write& write : resolved_.writes) {
      if (write.refused) continue;
      care::Written& written = written_.emplace_back();
      written.name.set_type(write.key.type);
      written.name.set_id(write.key.id);
      written.name.set_version(write.version());
      written.encoded = write.now();
      written.owner = write.before ? write.before->owner() : std::string_view(sender_->key.value());
      written.person_id = static_cast<std::uint64_t>(write.person);
      written.of_unknown = write.of_unknown;
      if (arrival_.request.is_bundle) written.expression = write.item->path;
      if (!care::ReadsType(write.key.type)) continue;
      written.now = Object(write);
      if (write.before && !write.before->deleted())
        written.before = Checked(resolved_.Parse(write.before->resource()));
    }
  }

  // Types from which directory::Attribute reads claims.
  static bool HasClaims(std::string_view type) {
    return type == "Patient" || type == "Coverage" || type == "CareTeam" || type == "Encounter";
  }

  static absl::Status Damaged() {
    return absl::DataLossError("a stored or translated resource does not parse");
  }

  const v1::Resource* Object(Write& write) { return Checked(resolved_.Object(write)); }

  const v1::Resource* Checked(const v1::Resource* parsed) {
    damaged_ = damaged_ || parsed == nullptr;
    return parsed;
  }

  // Takes `written_`.
  care::Message TheMessage() {
    care::Message message;
    message.sender = sender_->key;
    message.sender_is_authoritative = sender_->is_authoritative;
    message.id = arrival_.id;
    message.received = arrival_.received;
    message.header = resolved_.header;
    message.resources = std::move(written_);
    return message;
  }

  void Attribute() {
    for (Known& known : identified_.persons) {
      std::vector<const v1::Resource*> resources;
      for (Write& write : resolved_.writes) {
        if (write.refused || static_cast<std::uint64_t>(write.person) != known.person.id())
          continue;
        if (!HasClaims(write.key.type)) continue;
        if (const v1::Resource* resource = Object(write)) resources.push_back(resource);
      }
      const directory::ResourceResolver resolve =
          [this](std::string_view type, std::string_view id) { return facts_->Resolve(type, id); };
      directory::AttributionResult result =
          directory::Attribute(directory::AttributionInput{*rules_.directory,
                                                           *sender_,
                                                           arrival_.id,
                                                           arrival_.received,
                                                           resources,
                                                           known.person,
                                                           resolve,
                                                           rules_.attribution});
      for (const v1::Attribution& started : result.started) {
        Log(v1::LedgerEntry::ATTRIBUTED,
            started.party(),
            started.role() + " by " + std::string(directory::SourceElement(started)));
        router_->MakeKnown(&known.person, PartyKey(started.party()));
      }
      known.person.mutable_attributions()->Assign(result.attributions.begin(),
                                                  result.attributions.end());
      router_->MakeKnown(&known.person, sender_->key);
    }
  }

  Known* Find(std::uint64_t person_id) {
    for (Known& known : identified_.persons) {
      if (known.person.id() == person_id) return &known;
    }
    return nullptr;
  }

  // Persons keep a list of their stays and referrals; resources lead to them.
  void Remember() {
    auto& links = plan_.batch.links;
    const auto link = [&links](LinkKind kind, const v1::ResourceName& name, const std::string& id) {
      if (!name.id().empty()) links.push_back({{kind, name.type() + "/" + name.id()}, id});
    };
    for (const v1::Transition& stay : understanding_.transitions) {
      if (Known* known = Find(stay.person_id()))
        AddOnce(stay.id(), known->person.mutable_transitions());
      if (stay.version() == 1) link(LinkKind::kResourceToTransition, stay.encounter(), stay.id());
    }
    for (const v1::Referral& referral : understanding_.referrals) {
      if (Known* known = Find(referral.person_id()))
        AddOnce(referral.id(), known->person.mutable_referrals());
      link(LinkKind::kResourceToReferral, referral.service_request(), referral.id());
      link(LinkKind::kResourceToReferral, referral.task(), referral.id());
    }
    for (const auto& [key, person] : identified_.links)
      links.push_back({{LinkKind::kIdentifierToPerson, key}, person});
    for (const std::string& key : arrival_.request.sender_keys) {
      links.push_back({{LinkKind::kSenderMessage, Scoped(key)}, arrival_.id.value()});
    }
    for (const Write& write : resolved_.writes) LinkConditional(write);
  }

  // So that a later conditional create or reference of this sender finds what it wrote.
  void LinkConditional(const Write& write) {
    if (write.skip) return;
    const auto link = [&](std::string_view query) {
      plan_.batch.links.push_back(
          {{LinkKind::kConditionalKey, ConditionalKey(sender_->key, write.key.type, query)},
           write.key.type + "/" + write.key.id});
    };
    if (!write.item->if_none_exist.empty()) link(write.item->if_none_exist);
    if (!care::IsDirectoryType(write.key.type) || write.before) return;
    for (const std::string_view token : write.tokens) {
      if (token.starts_with("identifier=") && token != write.item->if_none_exist) link(token);
    }
  }

  template <class T>
  static T* Find(std::vector<T>& all, const std::string& id) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const T& t) { return t.id() == id; });
    return found == all.end() ? nullptr : &*found;
  }

  // So that the doubt is found, though nothing happens to the person for now.
  void TellSteward(const Known& known) {
    if (known.doubt.empty()) return;
    v1::Event doubt;
    doubt.set_message_id(arrival_.id.value());
    doubt.set_person_id(known.person.id());
    router_->Hold(doubt, known.doubt);
  }

  void Route(v1::Event* full_event) {
    plan_.receipt.add_events(full_event->kind());
    full_event->set_number(static_cast<std::uint32_t>(plan_.receipt.events_size()));
    const v1::Event event = WithoutStory(full_event);
    Log(v1::LedgerEntry::UNDERSTOOD, "", std::string(care::KindCode(event.kind())))
        .set_event(event.kind());
    Known* const known = Find(event.person_id());
    router_->Route(event,
                   {.person = known == nullptr ? nullptr : &known->person,
                    .stay = Find(understanding_.transitions, event.transition_id()),
                    .referral = Find(understanding_.referrals, event.referral_id())});
  }

  // As its deliveries carry it: the message keeps the story once for all of them.
  static v1::Event WithoutStory(v1::Event* event) {
    google::protobuf::RepeatedPtrField<v1::ResourceName> story;
    story.Swap(event->mutable_resources());
    v1::Event bare = *event;
    story.Swap(event->mutable_resources());
    return bare;
  }

  v1::LedgerEntry& Log(v1::LedgerEntry::Kind kind, const std::string& party, std::string text) {
    v1::LedgerEntry& entry = router_->Log(arrival_.id.value(), kind, party);
    entry.set_text(std::move(text));
    return entry;
  }

  // Field by field: no StoredResource has to be built for it.
  store::ResourceRecord RecordOf(const Write& write, const v1::ResourceName& name) const {
    using Stored = v1::StoredResource;
    store::ResourceRecord record;
    record.key = write.key;
    record.version = name.version();
    record.person = static_cast<std::uint64_t>(write.person);
    std::string& encoded = record.encoded;
    std::size_t tokens = 0;
    for (const std::string_view token : write.tokens) tokens += token.size() + kFieldHead;
    encoded.reserve(write.encoded.size() + tokens + kBesidesTheResource);
    AppendField(Stored::kNameFieldNumber, name.SerializeAsString(), &encoded);
    AppendField(Stored::kUpdatedUsFieldNumber, static_cast<std::uint64_t>(received_us_), &encoded);
    if (record.person != 0) AppendField(Stored::kPersonIdFieldNumber, record.person, &encoded);
    AppendField(Stored::kOwnerFieldNumber,
                write.before ? std::string_view(write.before->owner()) : sender_->key.value(),
                &encoded);
    AppendField(Stored::kMessageIdFieldNumber, arrival_.id.value(), &encoded);
    for (const std::string_view token : write.tokens) {
      AppendField(Stored::kTokensFieldNumber, token, &encoded);
    }
    AppendField(Stored::kResourceFieldNumber, write.encoded, &encoded);
    return record;
  }

  void StoreResources() {
    plan_.batch.resources.reserve(resolved_.writes.size());
    for (Write& write : resolved_.writes) {
      v1::Receipt::Entry* entry = plan_.receipt.add_entries();
      entry->set_status(static_cast<std::uint32_t>(write.status));
      if (write.refused) continue;
      v1::ResourceName name;
      name.set_type(write.key.type);
      name.set_id(write.key.id);
      name.set_version(write.version());
      entry->set_last_modified_us(write.skip && write.before ? write.before->updated_us()
                                                             : received_us_);
      if (!write.skip) plan_.batch.resources.push_back(RecordOf(write, name));
      *entry->mutable_resource() = std::move(name);
    }
  }

  absl::StatusOr<Plan> Assemble() {
    store::Batch& batch = plan_.batch;
    batch.planned_on = snapshot_;
    v1::StoredMessage& message = batch.message.emplace();
    message.set_id(arrival_.id.value());
    message.set_source(sender_->key.value());
    message.set_kind(arrival_.request.kind);
    message.set_received_us(received_us_);
    batch.original = arrival_.submission.content;
    message.set_digest(arrival_.request.digest);
    StoreResources();
    for (Known& known : identified_.persons) {
      message.add_persons(known.person.id());
      known.person.set_version(known.person.version() + 1);
      batch.persons.push_back(std::move(known.person));
    }
    for (v1::Event& event : understanding_.events) *message.add_events() = std::move(event);
    batch.transitions = std::move(understanding_.transitions);
    batch.referrals = std::move(understanding_.referrals);
    Log(v1::LedgerEntry::RECEIVED, sender_->key.value(), arrival_.request.kind);
    std::rotate(batch.ledger.begin(), batch.ledger.end() - 1, batch.ledger.end());
    FillReceipt();
    *message.mutable_receipt() = plan_.receipt;
    return std::move(plan_);
  }

  void FillReceipt() {
    v1::Receipt& receipt = plan_.receipt;
    receipt.set_message_id(arrival_.id.value());
    receipt.set_received_us(received_us_);
    receipt.set_accepted(true);
    receipt.set_http_status(arrival_.request.is_bundle || receipt.entries().empty()
                                ? 200
                                : receipt.entries(0).status());
    AddIssues(notes_, &receipt);
    AddIssues(arrival_.warnings, &receipt);
    AddIssues(resolved_.issues, &receipt);
    AddIssues(understanding_.issues, &receipt);
  }

  const std::shared_ptr<store::Snapshot>& snapshot_;
  const Rules& rules_;
  const Arrival& arrival_;
  const std::int64_t received_us_;
  const directory::Party* sender_ = nullptr;

  fhir::Issues notes_;  // on the message as a whole
  Resolved resolved_;
  Identified identified_;
  std::optional<MessageFacts> facts_;
  bool damaged_ = false;
  std::vector<care::Written> written_;
  care::Understanding understanding_;
  Plan plan_;
  std::optional<Router> router_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(const std::shared_ptr<store::Snapshot>& snapshot,
                              const Rules& rules,
                              const Arrival& arrival) {
  return Planner(snapshot, rules, arrival).Run();
}

Plan Refusal(const PartyKey& sender,
             const MessageId& id,
             Timestamp received,
             std::string_view kind,
             const std::string& content,
             const fhir::Issues& issues,
             int http_status) {
  Plan plan;
  plan.receipt.set_message_id(id.value());
  plan.receipt.set_received_us(ToMicros(received));
  plan.receipt.set_accepted(false);
  plan.receipt.set_http_status(static_cast<std::uint32_t>(http_status));
  AddIssues(issues, &plan.receipt);
  v1::StoredMessage& message = plan.batch.message.emplace();
  message.set_id(id.value());
  message.set_source(sender.value());
  message.set_kind(std::string(kind));
  message.set_received_us(ToMicros(received));
  plan.batch.original = content;
  *message.mutable_receipt() = plan.receipt;
  v1::LedgerEntry& entry = plan.batch.ledger.emplace_back();
  entry.set_kind(v1::LedgerEntry::REJECTED);
  entry.set_at_us(ToMicros(received));
  entry.set_message_id(id.value());
  entry.set_party(sender.value());
  entry.set_text("refused with HTTP " + std::to_string(http_status));
  return plan;
}

}  // namespace handoff::intake
