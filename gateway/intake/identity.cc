#include "gateway/intake/identity.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/status_macros.h"
#include "gateway/directory/identity.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::intake {
namespace {

using fhir::Issue;
using fhir::Severity;

std::string Decimal(PersonId id) { return std::to_string(static_cast<std::uint64_t>(id)); }

// Sorts by time of first sight, so that the records of a busy hour lie together in the store.
PersonId MintPerson(std::int64_t now_us) {
  const std::string id = MintId('p', now_us);
  std::uint64_t value = 0;
  for (const char c : std::string_view(id).substr(1)) {
    static constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
    value = (value << 5) | (kDigits.find(c) & 31U);
  }
  return PersonId{value == 0 ? 1 : value};
}

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
  if (fhir::IsSearchable(type, "patient") || IsAboutNoOne(type)) return {};
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
             const directory::Party& sender,
             std::int64_t now_us,
             Resolved* resolved)
      : snapshot_(snapshot),
        sender_(sender),
        now_us_(now_us),
        resolved_(*resolved),
        writes_(resolved->writes),
        issues_(resolved->issues) {}

  absl::StatusOr<Identified> Run() {
    for (Write& write : writes_) {
      if (!write.refused) fhir::AppendTokens(write.now(), &write.tokens);
    }
    for (Write& write : writes_) {
      if (!write.refused && write.key.type == "Patient")
        HANDOFF_RETURN_IF_ERROR(IdentifyPatient(write));
    }
    for (Write& write : writes_) {
      if (!write.refused && write.key.type != "Patient")
        HANDOFF_RETURN_IF_ERROR(FollowSubject(write));
    }
    for (Write& write : writes_) {
      if (write.refused) continue;
      if (write.person == PersonId::kNone && !write.of_unknown && !IsAboutNoOne(write.key.type))
        FollowNeighbour(write);
      WriteIfOfAnother(write);
    }
    return Identified{
        {std::make_move_iterator(persons_.begin()), std::make_move_iterator(persons_.end())},
        std::move(links_)};
  }

 private:
  absl::StatusOr<Known*> Load(PersonId id) {
    for (Known& known : persons_) {
      if (known.person.id() == static_cast<std::uint64_t>(id)) return &known;
    }
    HANDOFF_ASSIGN_OR_RETURN(auto stored, snapshot_.ReadPerson(id));
    Known& known = persons_.emplace_back();
    if (stored) {
      known.person = *stored;
    } else {
      known.person.set_id(static_cast<std::uint64_t>(id));
      known.is_new = true;
    }
    return &known;
  }

  // As the message leaves it so far.
  absl::StatusOr<std::optional<v1::Person>> PersonNow(PersonId id) {
    for (const Known& known : persons_) {
      if (known.person.id() == static_cast<std::uint64_t>(id)) return known.person;
    }
    HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.ReadPerson(id));
    return stored ? std::optional(*stored) : std::nullopt;
  }

  absl::Status IdentifyPatient(Write& write) {
    const v1::Resource* resource = resolved_.Object(write);
    if (resource == nullptr)
      return absl::DataLossError("a Patient does not parse after translation");
    const v1::Patient& patient = resource->patient();
    std::vector<std::string> keys;
    absl::flat_hash_set<PersonId> found;
    for (const v1::Identifier& identifier : patient.identifiers()) {
      const std::optional<std::string> key = directory::LinkKey(identifier, sender_);
      if (!key) continue;
      keys.push_back(*key);
      HANDOFF_ASSIGN_OR_RETURN(const PersonId person, PersonOf(*key));
      if (person != PersonId::kNone) found.insert(person);
    }
    const PersonId before = write.before ? PersonId{write.before->person_id()} : PersonId::kNone;
    if (before != PersonId::kNone) found.insert(before);
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<std::string> doubt,
                             Doubt(write, patient, before, &found));
    PersonId person = before;
    if (person == PersonId::kNone)
      person = found.size() == 1 && !doubt ? *found.begin() : MintPerson(now_us_);
    HANDOFF_ASSIGN_OR_RETURN(Known * known, Load(person));
    if (doubt) {
      known->person.set_held(true);
      known->doubt = *doubt;
      issues_.push_back(Issue{
          Severity::kWarning,
          "conflict",
          "identifiers and demographics do not agree on one person: stored, and held for a steward",
          write.item->path});
    } else {
      for (const std::string& key : keys) Link(key, person);
    }
    Describe(&known->person, write, patient);
    write.person = person;
    return absl::OkStatus();
  }

  absl::StatusOr<PersonId> PersonOf(const std::string& key) {
    if (const auto it = linked_.find(key); it != linked_.end()) return it->second;
    HANDOFF_ASSIGN_OR_RETURN(const PersonId person, store::PersonByIdentifier(snapshot_, key));
    linked_.emplace(key, person);
    return person;
  }

  // What leads to somebody stays there: who else has it is, as a steward decided, somebody else.
  void Link(const std::string& key, PersonId person) {
    PersonId& current = linked_[key];
    if (current != PersonId::kNone) return;
    current = person;
    links_.emplace_back(key, Decimal(person));
  }

  // Why it is not sure whose record it is, nullopt if it is. Several persons, those set aside of
  // whom a steward decided that they are somebody else; or birth date and name that both disagree
  // with what the record had, or with another record of the person with which it agreed so far.
  absl::StatusOr<std::optional<std::string>> Doubt(const Write& write,
                                                   const v1::Patient& patient,
                                                   PersonId before,
                                                   absl::flat_hash_set<PersonId>* found) {
    HANDOFF_RETURN_IF_ERROR(RemoveDistinct(before, found));
    if (found->size() > 1) return "its identifiers are those of" + Listed(*found);
    if (found->empty()) return std::nullopt;
    const v1::Patient* was = nullptr;
    if (write.before && !write.before->deleted()) {
      const v1::Resource* const resource = resolved_.Parse(write.before->resource());
      if (resource != nullptr) was = &resource->patient();
      if (was != nullptr && Conflict(*was, patient))
        return "birth date and name are others than its record had";
    }
    // A candidate only: loaded, it would be a person of the message.
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> candidate, PersonNow(*found->begin()));
    if (!candidate) return std::nullopt;
    HANDOFF_ASSIGN_OR_RETURN(const std::vector<const v1::Patient*> others,
                             RecordsOf(*candidate, write.key));
    for (const v1::Patient* other : others) {
      if (!Conflict(*other, patient)) continue;
      const bool accepted = was != nullptr && Conflict(*other, *was);
      if (!accepted && !AgreesWithRivalOf(*other, patient, others))
        return "an identifier is that of" + Listed(*found) + ", birth date and name are others";
    }
    return std::nullopt;
  }

  // A steward united records that disagree: then a new one has to agree with either.
  static bool AgreesWithRivalOf(const v1::Patient& other,
                                const v1::Patient& patient,
                                const std::vector<const v1::Patient*>& records) {
    return std::any_of(records.begin(), records.end(), [&](const v1::Patient* record) {
      return Conflict(*record, other) && !Conflict(*record, patient);
    });
  }

  // The records of a person but `except`, as the message leaves them.
  absl::StatusOr<std::vector<const v1::Patient*>> RecordsOf(const v1::Person& person,
                                                            const ResourceKey& except) {
    std::vector<const v1::Patient*> records;
    for (const v1::ResourceName& name : person.patients()) {
      if (name.type() == except.type && name.id() == except.id) continue;
      const v1::Resource* resource = nullptr;
      if (Write* const write = resolved_.index.Find(name.type(), name.id())) {
        resource = resolved_.Object(*write);
      } else {
        HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.Read({name.type(), name.id()}));
        if (stored && !stored->deleted()) resource = resolved_.Parse(stored->resource());
      }
      if (resource != nullptr) records.push_back(&resource->patient());
    }
    return records;
  }

  absl::Status RemoveDistinct(PersonId before, absl::flat_hash_set<PersonId>* found) {
    if (before == PersonId::kNone || found->size() < 2) return absl::OkStatus();
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> person, PersonNow(before));
    if (!person) return absl::OkStatus();
    for (const std::uint64_t other : person->distinct_from()) found->erase(PersonId{other});
    return absl::OkStatus();
  }

  static std::string Listed(const absl::flat_hash_set<PersonId>& persons) {
    std::vector<PersonId> sorted(persons.begin(), persons.end());
    std::sort(sorted.begin(), sorted.end());
    std::string text;
    for (const PersonId person : sorted) text += " person " + Decimal(person);
    return text;
  }

  static bool Conflict(const v1::Patient& a, const v1::Patient& b) {
    return directory::CheckPlausible(a, b) == directory::Plausibility::kConflict;
  }

  static void Describe(v1::Person* person, const Write& write, const v1::Patient& patient) {
    for (const v1::Identifier& identifier : patient.identifiers()) {
      if (!HasIdentifier(*person, identifier)) *person->add_identifiers() = identifier;
    }
    for (v1::ResourceName& name : *person->mutable_patients()) {
      if (name.id() != write.key.id) continue;
      name.set_version(write.version());
      return;
    }
    v1::ResourceName* name = person->add_patients();
    name->set_type(write.key.type);
    name->set_id(write.key.id);
    name->set_version(write.version());
  }

  // By the patient or subject that the resource itself names.
  absl::Status FollowSubject(Write& write) {
    if (write.before && write.before->person_id() != 0) {
      write.person = PersonId{write.before->person_id()};
      // A performer reports on the requester's Task; whom it is about is not the performer's to
      // say.
      if (write.before->owner() != sender_.key.value()) return Load(write.person).status();
    }
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<PersonId> stated, StatedPerson(write));
    const PersonId before = write.person;
    const bool moves =
        before != PersonId::kNone && stated && *stated != PersonId::kNone && *stated != before;
    // Who loses it is a person of the message too: what was told of it is taken back.
    if (moves) HANDOFF_RETURN_IF_ERROR(Load(before).status());
    if (stated) write.person = *stated;
    write.of_unknown = stated == PersonId::kNone;
    if (write.of_unknown) {
      issues_.push_back(
          Issue{Severity::kWarning,
                "not-found",
                "names a patient who is not known from this sender: stored, and told to no one",
                write.item->path});
    }
    if (write.person != PersonId::kNone) return Load(write.person).status();
    return absl::OkStatus();
  }

  // Whom the resource says that it is about: nullopt if no one, kNone if someone who is not known
  // from this sender.
  absl::StatusOr<std::optional<PersonId>> StatedPerson(Write& write) {
    const std::string patient = StatedPatient(write.now(), write.tokens);
    if (!patient.empty()) return PersonOfPatient(patient);
    if (IsAboutNoOne(write.key.type)) return std::nullopt;
    const v1::Resource* const resource = resolved_.Object(write);
    if (resource == nullptr) return absl::DataLossError("a resource does not parse");
    const v1::Identifier* const identifier = StatedIdentifier(*resource);
    if (identifier == nullptr) return std::nullopt;
    return PersonOfIdentifier(*identifier);
  }

  // One of the message by any identifier, another by those that link.
  absl::StatusOr<PersonId> PersonOfIdentifier(const v1::Identifier& identifier) {
    for (const Known& known : persons_) {
      if (HasIdentifier(known.person, identifier)) return PersonId{known.person.id()};
    }
    const std::optional<std::string> key = directory::LinkKey(identifier, sender_);
    if (!key) return PersonId::kNone;
    HANDOFF_ASSIGN_OR_RETURN(const PersonId id, PersonOf(*key));
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
    HANDOFF_ASSIGN_OR_RETURN(const bool may, MayKnow(snapshot_, sender_.key, *stored));
    return may ? PersonId{stored->person_id()} : PersonId::kNone;
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
    if (write.person == PersonId::kNone && persons_.size() == 1) {
      write.person = PersonId{persons_.front().person.id()};
    }
  }

  store::Snapshot& snapshot_;
  const directory::Party& sender_;
  const std::int64_t now_us_;
  Resolved& resolved_;
  std::vector<Write>& writes_;
  fhir::Issues& issues_;
  std::deque<Known> persons_;
  absl::flat_hash_map<std::string, PersonId> linked_;
  std::vector<std::pair<std::string, std::string>> links_;
};

}  // namespace

absl::StatusOr<Identified> Identify(store::Snapshot& snapshot,
                                    const directory::Party& sender,
                                    std::int64_t now_us,
                                    Resolved* resolved) {
  return Identifier(snapshot, sender, now_us, resolved).Run();
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

bool IsAboutNoOne(std::string_view type) {
  static constexpr std::array<std::string_view, 6> kTypes = {"Organization",
                                                             "Practitioner",
                                                             "PractitionerRole",
                                                             "HealthcareService",
                                                             "Location",
                                                             "Endpoint"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace handoff::intake
