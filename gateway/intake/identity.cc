#include "gateway/intake/identity.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/story.h"
#include "gateway/directory/attribution.h"
#include "gateway/directory/identity.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::intake {
namespace {

using fhir::Issue;
using fhir::Severity;

// Whom `reference` names as the one whom a resource is about: Patient/id, or a URI that may be of a
// patient. Empty for what is no one: a group, a device, a place.
std::string_view PatientNamed(std::string_view reference) {
  const bool is_relative = reference.find(':') == reference.npos && !reference.starts_with('#');
  return is_relative && !reference.starts_with("Patient/") ? std::string_view() : reference;
}

std::string_view PatientOf(std::string_view token) {
  for (const std::string_view name : {"patient=", "subject="}) {
    if (token.starts_with(name)) return PatientNamed(token.substr(name.size()));
  }
  return {};
}

// What the resource says of whom it is about; empty if nothing. Where no map declares it, the
// elements of that name tell.
std::string StatedPatient(std::string_view encoded, const fhir::SearchTokens& tokens) {
  for (const std::string_view token : tokens) {
    if (const std::string_view patient = PatientOf(token); !patient.empty())
      return std::string(patient);
  }
  const std::string type(fhir::ReadHead(encoded).type);
  if (fhir::IsSearchable(type, "patient") || care::IsDirectoryType(type)) return {};
  std::string stated;
  fhir::VisitReferences(
      encoded, [&](std::string_view element, const fhir::ReferenceView& reference) {
        if (!stated.empty() || (element != type + ".patient" && element != type + ".subject"))
          return;
        std::string text(reference.uri);
        if (reference.IsRelative()) text.append(reference.type).append(1, '/').append(reference.id);
        stated = PatientNamed(text);
      });
  return stated;
}

// The identifier by which the resource says whom it is about; null if by none.
const v1::Identifier* StatedIdentifier(const v1::Resource& resource) {
  const google::protobuf::FieldDescriptor* const type =
      resource.GetReflection()->GetOneofFieldDescriptor(resource,
                                                        resource.GetDescriptor()->oneof_decl(0));
  if (type == nullptr) return nullptr;
  const google::protobuf::Message& content = resource.GetReflection()->GetMessage(resource, type);
  for (const char* name : {"subject", "patient", "beneficiary"}) {
    const auto* const field = content.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr || field->is_repeated() ||
        field->message_type() != v1::Reference::descriptor())
      continue;
    const auto* const reference = google::protobuf::DynamicCastToGenerated<v1::Reference>(
        &content.GetReflection()->GetMessage(content, field));
    const bool is_patient = reference->type().empty() || reference->type() == "Patient";
    if (is_patient && !reference->identifier().value().empty()) return &reference->identifier();
  }
  return nullptr;
}

class Identifier {
 public:
  Identifier(store::Snapshot& snapshot,
             const directory::Directory& directory,
             const directory::Party& sender,
             std::int64_t now_us,
             Resolved* resolved)
      : snapshot_(snapshot),
        directory_(directory),
        sender_(sender),
        now_us_(now_us),
        resolved_(*resolved),
        patients_(snapshot, directory, sender, now_us, resolved),
        writes_(resolved->writes),
        issues_(resolved->issues) {}

  absl::StatusOr<Identified> Run() {
    for (Write& write : writes_) {
      if (!write.refused) fhir::AppendTokens(write.now(), &write.tokens);
    }
    for (Write& write : writes_) {
      if (!write.refused && write.key.type == "Patient")
        HANDOFF_RETURN_IF_ERROR(patients_.Identify(write));
    }
    for (Write& write : writes_) {
      if (!write.refused && write.key.type != "Patient")
        HANDOFF_RETURN_IF_ERROR(FollowSubject(write));
    }
    for (Write& write : writes_) {
      if (write.refused) continue;
      if (write.person == PersonId::kNone && !write.of_unknown &&
          !care::IsDirectoryType(write.key.type))
        FollowNeighbour(write);
      WriteIfOfAnother(write);
    }
    std::deque<Known>& persons = patients_.persons();
    return Identified{
        {std::make_move_iterator(persons.begin()), std::make_move_iterator(persons.end())},
        std::move(patients_.links())};
  }

 private:
  // By the patient or subject that the resource itself names.
  absl::Status FollowSubject(Write& write) {
    if (write.before && write.before->person_id() != 0) {
      write.person = PersonId{write.before->person_id()};
      // A performer reports on the requester's Task; whom it is about is not the performer's to
      // say.
      if (write.before->owner() != sender_.key.value())
        return patients_.Load(write.person).status();
    }
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<PersonId> stated, StatedPerson(write));
    const PersonId before = write.person;
    const bool moves =
        before != PersonId::kNone && stated && *stated != PersonId::kNone && *stated != before;
    // Who loses it is a person of the message too: what was told of it is taken back.
    if (moves) HANDOFF_RETURN_IF_ERROR(patients_.Load(before).status());
    if (stated) write.person = *stated;
    write.of_unknown = stated == PersonId::kNone;
    if (write.of_unknown) {
      issues_.push_back(
          Issue{Severity::kWarning,
                "not-found",
                "names a patient who is not known from this sender: stored, and told to no one",
                write.item->path});
    }
    if (write.person != PersonId::kNone) return patients_.Load(write.person).status();
    return absl::OkStatus();
  }

  // Whom the resource says that it is about: nullopt if no one, kNone if someone who is not known
  // from this sender.
  absl::StatusOr<std::optional<PersonId>> StatedPerson(Write& write) {
    const std::string patient = StatedPatient(write.now(), write.tokens);
    if (!patient.empty()) return PersonOfPatient(patient);
    if (care::IsDirectoryType(write.key.type)) return std::nullopt;
    const v1::Resource* const resource = resolved_.Object(write);
    if (resource == nullptr) return absl::DataLossError("a resource does not parse");
    const v1::Identifier* const identifier = StatedIdentifier(*resource);
    if (identifier == nullptr) return std::nullopt;
    return PersonOfIdentifier(*identifier);
  }

  // One of the message by any identifier, another by those that link.
  absl::StatusOr<PersonId> PersonOfIdentifier(const v1::Identifier& identifier) {
    for (const Known& known : patients_.persons()) {
      if (HasIdentifier(known.person, identifier)) return PersonId{known.person.id()};
    }
    const std::optional<std::string> key = directory::LinkKey(identifier, sender_);
    if (!key) return PersonId::kNone;
    HANDOFF_ASSIGN_OR_RETURN(const PersonId id, patients_.PersonOf(*key));
    if (id == PersonId::kNone) return id;
    HANDOFF_ASSIGN_OR_RETURN(const auto person, snapshot_.ReadPerson(id));
    return person && IsKnownTo(*person, sender_.key) ? id : PersonId::kNone;
  }

  // kNone: not known from this sender.
  absl::StatusOr<PersonId> PersonOfPatient(std::string_view reference) {
    constexpr std::string_view kPatient = "Patient/";
    if (!reference.starts_with(kPatient)) return PersonId::kNone;
    const std::string_view id = reference.substr(kPatient.size());
    if (const Write* const patient = resolved_.index.Find("Patient", id)) return patient->person;
    HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.Read({"Patient", std::string(id)}));
    if (!stored) return PersonId::kNone;
    HANDOFF_ASSIGN_OR_RETURN(const bool may, MayWriteAbout(*stored));
    return may ? PersonId{stored->person_id()} : PersonId::kNone;
  }

  // Who may name another's Patient as the one whom a resource is about: from then on whoever is
  // asked to do something for them is told who they are.
  absl::StatusOr<bool> MayWriteAbout(const store::ResourceVersion& patient) {
    if (sender_.is_authoritative) return MayKnow(snapshot_, sender_.key, patient);
    if (patient.owner() == sender_.key.value()) return true;
    HANDOFF_ASSIGN_OR_RETURN(const store::SharedPerson person,
                             store::ReadSurvivor(snapshot_, PersonId{patient.person_id()}));
    if (!person) return false;
    if (!directory::OpeningRoles(directory_, *person, sender_.key, FromMicros(now_us_)).empty())
      return true;
    for (const std::string& id : person->referrals()) {
      HANDOFF_ASSIGN_OR_RETURN(const bool told, WasToldBy(id, patient.key()));
      if (told) return true;
    }
    return false;
  }

  // Whether another asked the sender, by this referral, to do something for that Patient, and did
  // not take it back nor was turned down.
  absl::StatusOr<bool> WasToldBy(const std::string& referral_id, const ResourceKey& patient) {
    HANDOFF_ASSIGN_OR_RETURN(const store::SharedReferral referral,
                             snapshot_.ReadReferral(referral_id));
    if (!referral || referral->performer() != sender_.key.value()) return false;
    if (referral->state() == v1::REFERRAL_STATE_REJECTED ||
        referral->state() == v1::REFERRAL_STATE_CANCELLED ||
        referral->state() == v1::REFERRAL_STATE_ENTERED_IN_ERROR)
      return false;
    for (const v1::ResourceName* name : {&referral->service_request(), &referral->task()}) {
      HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.Read({name->type(), name->id()}));
      if (!stored || stored->deleted() || stored->owner() == sender_.key.value()) continue;
      bool names = false;
      fhir::VisitReferences(
          stored->resource(), [&](std::string_view element, const fhir::ReferenceView& reference) {
            names = names || ((element == "ServiceRequest.subject" || element == "Task.for") &&
                              reference.type == patient.type && reference.id == patient.id);
          });
      if (names) return true;
    }
    return false;
  }

  // A patient who was unknown may be known by now.
  static void WriteIfOfAnother(Write& write) {
    const bool is_same = write.skip && write.before && !write.encoded.empty();
    if (is_same && static_cast<std::uint64_t>(write.person) != write.before->person_id())
      write.skip = false;
  }

  // Provenance and the like: the person of what it points to, else the only person of the message.
  void FollowNeighbour(Write& write) {
    fhir::VisitReferences(write.now(), [&](std::string_view, const fhir::ReferenceView& reference) {
      if (write.person != PersonId::kNone || !reference.IsRelative()) return;
      const Write* const neighbour = resolved_.index.Find(reference.type, reference.id);
      if (neighbour != nullptr) write.person = neighbour->person;
    });
    if (write.person == PersonId::kNone && patients_.persons().size() == 1) {
      write.person = PersonId{patients_.persons().front().person.id()};
    }
  }

  store::Snapshot& snapshot_;
  const directory::Directory& directory_;
  const directory::Party& sender_;
  const std::int64_t now_us_;
  Resolved& resolved_;
  Patients patients_;
  std::vector<Write>& writes_;
  fhir::Issues& issues_;
};

}  // namespace

absl::StatusOr<Identified> Identify(store::Snapshot& snapshot,
                                    const directory::Directory& directory,
                                    const directory::Party& sender,
                                    std::int64_t now_us,
                                    Resolved* resolved) {
  return Identifier(snapshot, directory, sender, now_us, resolved).Run();
}

bool HasIdentifier(const v1::Person& person, const v1::Identifier& identifier) {
  return std::any_of(
      person.identifiers().begin(), person.identifiers().end(), [&](const v1::Identifier& i) {
        return i.system() == identifier.system() && i.value() == identifier.value();
      });
}

bool NamesPatient(std::string_view encoded) {
  fhir::SearchTokens tokens;
  fhir::AppendTokens(encoded, &tokens);
  if (!StatedPatient(encoded, tokens).empty()) return true;
  v1::Resource resource;
  return fhir::ParseResource(encoded, &resource) && StatedIdentifier(resource) != nullptr;
}

}  // namespace handoff::intake
