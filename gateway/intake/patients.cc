#include "gateway/intake/patients.h"

#include <algorithm>

#include "gateway/base/status_macros.h"
#include "gateway/directory/identity.h"
#include "gateway/intake/identity.h"

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

std::string Listed(const absl::flat_hash_set<PersonId>& persons) {
  std::vector<PersonId> sorted(persons.begin(), persons.end());
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const PersonId person : sorted) text += " person " + Decimal(person);
  return text;
}

bool Conflict(const v1::Patient& a, const v1::Patient& b) {
  return directory::CheckPlausible(a, b) == directory::Plausibility::kConflict;
}

void List(v1::Person* person, const Write& write) {
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

void Describe(v1::Person* person, const Write& write, const v1::Patient& patient) {
  for (const v1::Identifier& identifier : patient.identifiers()) {
    if (!HasIdentifier(*person, identifier)) *person->add_identifiers() = identifier;
  }
  List(person, write);
}

}  // namespace

Patients::Patients(store::Snapshot& snapshot,
                   const directory::Directory& directory,
                   const directory::Party& sender,
                   std::int64_t now_us,
                   Resolved* resolved)
    : snapshot_(snapshot),
      directory_(directory),
      sender_(sender),
      now_us_(now_us),
      resolved_(*resolved),
      issues_(resolved->issues) {}

bool Patients::IsProven(const std::vector<Record>& records) const {
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return IsAuthoritative(record.owner);
  });
}

absl::StatusOr<Known*> Patients::Load(PersonId id) {
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
absl::StatusOr<std::optional<v1::Person>> Patients::PersonNow(PersonId id) {
  for (const Known& known : persons_) {
    if (known.person.id() == static_cast<std::uint64_t>(id)) return known.person;
  }
  HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.ReadPerson(id));
  return stored ? std::optional(*stored) : std::nullopt;
}

absl::Status Patients::Identify(Write& write) {
  const v1::Resource* resource = resolved_.Object(write);
  if (resource == nullptr) return absl::DataLossError("a Patient does not parse after translation");
  const v1::Patient& patient = resource->patient();
  const std::vector<std::string> keys = KeysOf(patient);
  absl::flat_hash_set<PersonId> found;
  absl::flat_hash_set<PersonId> assigned;  // by the sender's own numbers
  for (const std::string& key : keys) {
    HANDOFF_ASSIGN_OR_RETURN(const PersonId person, PersonOf(key));
    if (person == PersonId::kNone) continue;
    found.insert(person);
    if (sender_.Assigns(key)) assigned.insert(person);
  }
  const PersonId before = write.before ? PersonId{write.before->person_id()} : PersonId::kNone;
  if (!sender_.is_authoritative) return Join(write, patient, keys, found, before);
  if (before != PersonId::kNone) found.insert(before);
  HANDOFF_RETURN_IF_ERROR(KeepApart(write, patient, before, assigned, &found));
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
    LinkAll(write, patient, keys, person);
  }
  Describe(&known->person, write, patient);
  write.person = person;
  return absl::OkStatus();
}

std::vector<std::string> Patients::KeysOf(const v1::Patient& patient) const {
  std::vector<std::string> keys;
  for (const v1::Identifier& identifier : patient.identifiers()) {
    if (std::optional<std::string> key = directory::LinkKey(identifier, sender_))
      keys.push_back(*std::move(key));
  }
  return keys;
}

// A number that another party assigned leads to nobody if nothing else says who they are.
void Patients::LinkAll(const Write& write,
                       const v1::Patient& patient,
                       const std::vector<std::string>& keys,
                       PersonId person) {
  const bool says_who = directory::SaysWho(patient);
  bool alone = false;
  for (const std::string& key : keys) {
    if (says_who || sender_.Assigns(key)) {
      Link(key, person);
    } else if (linked_[key] != person) {
      alone = true;
    }
  }
  if (!alone || write.before) return;
  issues_.push_back(Issue{Severity::kInformation,
                          "incomplete",
                          "without a birth date or a name, identifiers that another party assigned "
                          "lead to nobody",
                          write.item->path});
}

// The record of a sender that is not authoritative.
absl::Status Patients::Join(Write& write,
                            const v1::Patient& patient,
                            const std::vector<std::string>& keys,
                            const absl::flat_hash_set<PersonId>& found,
                            PersonId before) {
  using directory::Plausibility;
  PersonId person = before;
  if (before != PersonId::kNone) {
    HANDOFF_ASSIGN_OR_RETURN(const auto match, Compare(before, write.key, patient));
    const v1::Patient* const was = Earlier(write);
    if (match == Plausibility::kConflict || (was != nullptr && Conflict(*was, patient))) {
      HANDOFF_RETURN_IF_ERROR(Leave(before, write.key));
      person = PersonId::kNone;
    }
  } else if (found.size() == 1) {
    HANDOFF_ASSIGN_OR_RETURN(const auto match, Compare(*found.begin(), write.key, patient));
    if (!match || match == Plausibility::kConfirmed) person = *found.begin();
  }
  if (person == PersonId::kNone) person = MintPerson(now_us_);
  HANDOFF_ASSIGN_OR_RETURN(Known * known, Load(person));
  HANDOFF_ASSIGN_OR_RETURN(const auto match, Compare(person, write.key, patient));
  if (!match) {
    for (const std::string& key : keys) {
      if (sender_.Assigns(key)) Link(key, person);
    }
    Describe(&known->person, write, patient);
  } else {
    List(&known->person, write);
  }
  write.person = person;
  return absl::OkStatus();
}

// How the sender's record agrees with those that others have of the person: with the
// authoritative ones, if there are any. Nullopt if nobody else has one.
absl::StatusOr<std::optional<directory::Plausibility>> Patients::Compare(
    PersonId id, const ResourceKey& key, const v1::Patient& patient) {
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> person, PersonNow(id));
  if (!person) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(std::vector<Record> records, RecordsOf(*person, key));
  const bool is_own = std::all_of(records.begin(), records.end(), [&](const Record& record) {
    return record.owner == sender_.key.value();
  });
  if (is_own && ConflictsWithAny(records, patient)) return directory::Plausibility::kConflict;
  if (is_own) return std::nullopt;
  std::erase_if(records, [&](const Record& r) { return r.owner == sender_.key.value(); });
  if (IsProven(records))
    std::erase_if(records, [&](const Record& r) { return !IsAuthoritative(r.owner); });
  return Best(records, patient);
}

// The record is not of this person any more.
absl::Status Patients::Leave(PersonId id, const ResourceKey& key) {
  HANDOFF_ASSIGN_OR_RETURN(Known * known, Load(id));
  auto* const records = known->person.mutable_patients();
  records->erase(std::remove_if(records->begin(),
                                records->end(),
                                [&](const v1::ResourceName& name) { return name.id() == key.id; }),
                 records->end());
  return absl::OkStatus();
}

// Sets persons aside to whom a number leads that the sender does not assign, where nothing else
// agrees and the sender has no other record of them; and those of whom no authoritative party has a
// record, for one of whom one has and where birth date and name disagree.
absl::Status Patients::KeepApart(const Write& write,
                                 const v1::Patient& patient,
                                 PersonId before,
                                 const absl::flat_hash_set<PersonId>& assigned,
                                 absl::flat_hash_set<PersonId>* found) {
  const std::vector<PersonId> candidates(found->begin(), found->end());
  for (const PersonId id : candidates) {
    if (id == before) continue;
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> person, PersonNow(id));
    if (!person) continue;
    HANDOFF_ASSIGN_OR_RETURN(std::vector<Record> records, RecordsOf(*person, write.key));
    if (records.empty()) continue;
    const bool proven = IsProven(records);
    const bool is_known = std::any_of(records.begin(), records.end(), [&](const Record& record) {
      return record.owner == sender_.key.value();
    });
    if (proven) std::erase_if(records, [&](const Record& r) { return !IsAuthoritative(r.owner); });
    const bool conflicts = ConflictsWithAny(records, patient);
    const bool tells_nothing = Best(records, patient) == directory::Plausibility::kPlausible &&
                               !conflicts && !is_known && !assigned.contains(id);
    if (!proven && (conflicts || tells_nothing || candidates.size() > 1)) {
      found->erase(id);
      passed_over_.insert(id);
    } else if (proven && tells_nothing) {
      found->erase(id);
      issues_.push_back(Issue{Severity::kWarning,
                              "conflict",
                              "neither birth date nor name agrees with what is known of whom an "
                              "identifier leads to: kept apart",
                              write.item->path});
    }
  }
  return absl::OkStatus();
}

bool Patients::IsAuthoritative(const std::string& party) const {
  const directory::Party* const found = directory_.Find(PartyKey(party));
  return found != nullptr && found->is_authoritative;
}

absl::StatusOr<PersonId> Patients::PersonOf(const std::string& key) {
  if (const auto it = linked_.find(key); it != linked_.end()) return it->second;
  HANDOFF_ASSIGN_OR_RETURN(const PersonId person, store::PersonByIdentifier(snapshot_, key));
  linked_.emplace(key, person);
  return person;
}

// What leads to somebody stays there: who else has it is, as a steward decided, somebody else.
void Patients::Link(const std::string& key, PersonId person) {
  PersonId& current = linked_[key];
  if (current != PersonId::kNone && !passed_over_.contains(current)) return;
  current = person;
  links_.emplace_back(key, Decimal(person));
}

// Why it is not sure whose record it is, nullopt if it is. Several persons, those set aside of
// whom a steward decided that they are somebody else; or birth date and name that both disagree
// with what the record had, or with another record of the person with which it agreed so far.
absl::StatusOr<std::optional<std::string>> Patients::Doubt(const Write& write,
                                                           const v1::Patient& patient,
                                                           PersonId before,
                                                           absl::flat_hash_set<PersonId>* found) {
  HANDOFF_RETURN_IF_ERROR(RemoveDistinct(before, found));
  if (found->size() > 1) return "its identifiers are those of" + Listed(*found);
  if (found->empty()) return std::nullopt;
  const v1::Patient* const was = Earlier(write);
  if (was != nullptr && Conflict(*was, patient))
    return "birth date and name are others than its record had";
  // A candidate only: loaded, it would be a person of the message.
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> candidate, PersonNow(*found->begin()));
  if (!candidate) return std::nullopt;
  HANDOFF_ASSIGN_OR_RETURN(std::vector<Record> others, RecordsOf(*candidate, write.key));
  std::erase_if(others, [&](const Record& other) { return !IsAuthoritative(other.owner); });
  for (const Record& other : others) {
    if (!Conflict(*other.patient, patient)) continue;
    const bool accepted = was != nullptr && Conflict(*other.patient, *was);
    if (!accepted && !AgreesWithRivalOf(*other.patient, patient, others))
      return "an identifier is that of" + Listed(*found) + ", birth date and name are others";
  }
  return std::nullopt;
}

directory::Plausibility Patients::Best(const std::vector<Record>& records,
                                       const v1::Patient& patient) {
  directory::Plausibility best = directory::Plausibility::kConflict;
  for (const Record& record : records)
    best = std::max(best, directory::CheckPlausible(*record.patient, patient));
  return best;
}

bool Patients::ConflictsWithAny(const std::vector<Record>& records, const v1::Patient& patient) {
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return Conflict(*record.patient, patient);
  });
}

// Null if there was none.
const v1::Patient* Patients::Earlier(const Write& write) {
  if (!write.before || write.before->deleted()) return nullptr;
  const v1::Resource* const resource = resolved_.Parse(write.before->resource());
  return resource == nullptr ? nullptr : &resource->patient();
}

// A steward united records that disagree: then a new one has to agree with either.
bool Patients::AgreesWithRivalOf(const v1::Patient& other,
                                 const v1::Patient& patient,
                                 const std::vector<Record>& records) {
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return Conflict(*record.patient, other) && !Conflict(*record.patient, patient);
  });
}

// The records of a person but `except`, as the message leaves them.
absl::StatusOr<std::vector<Patients::Record>> Patients::RecordsOf(const v1::Person& person,
                                                                  const ResourceKey& except) {
  std::vector<Record> records;
  for (const v1::ResourceName& name : person.patients()) {
    if (name.type() == except.type && name.id() == except.id) continue;
    const v1::Resource* resource = nullptr;
    std::string owner = sender_.key.value();
    if (Write* const write = resolved_.index.Find(name.type(), name.id())) {
      resource = resolved_.Object(*write);
    } else {
      HANDOFF_ASSIGN_OR_RETURN(const auto stored, snapshot_.Read({name.type(), name.id()}));
      if (!stored || stored->deleted()) continue;
      resource = resolved_.Parse(stored->resource());
      owner = stored->owner();
    }
    if (resource != nullptr) records.push_back({&resource->patient(), std::move(owner)});
  }
  return records;
}

absl::Status Patients::RemoveDistinct(PersonId before, absl::flat_hash_set<PersonId>* found) {
  if (before == PersonId::kNone || found->size() < 2) return absl::OkStatus();
  HANDOFF_ASSIGN_OR_RETURN(const std::optional<v1::Person> person, PersonNow(before));
  if (!person) return absl::OkStatus();
  for (const std::uint64_t other : person->distinct_from()) found->erase(PersonId{other});
  return absl::OkStatus();
}

}  // namespace handoff::intake
