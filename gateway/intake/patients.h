// Whose record each Patient of a message is. The rules stand in identity.h.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/issue.h"
#include "gateway/directory/directory.h"
#include "gateway/directory/identity.h"
#include "gateway/intake/resolve.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::intake {

struct Known {
  v1::Person person;
  bool is_new = false;
  // Why the message makes it held: person ids, no patient data. Empty: it does not.
  std::string doubt;
};

// Thread safety: one thread, for the length of one message. All that it is made from must outlive
// it.
class Patients {
 public:
  using Links = std::vector<std::pair<std::string, std::string>>;

  Patients(store::Snapshot& snapshot,
           const directory::Directory& directory,
           const directory::Party& sender,
           std::int64_t now_us,
           Resolved* resolved);

  // Sets Write::person of a Patient that is not refused.
  absl::Status Identify(Write& write);

  // Makes it a person of the message. Stays where it is.
  absl::StatusOr<Known*> Load(PersonId id);
  // Whom a link key leads to, as the message leaves it so far; kNone: nobody.
  absl::StatusOr<PersonId> PersonOf(const std::string& key);

  std::deque<Known>& persons() { return persons_; }  // of the message, each once
  Links& links() { return links_; }                  // new keys -> person id, decimal

 private:
  // One Patient of a person.
  struct Record {
    const v1::Patient* patient;
    std::string owner;
  };

  static directory::Plausibility Best(const std::vector<Record>& records,
                                      const v1::Patient& patient);
  static bool ConflictsWithAny(const std::vector<Record>& records, const v1::Patient& patient);
  static bool AgreesWithRivalOf(const v1::Patient& other,
                                const v1::Patient& patient,
                                const std::vector<Record>& records);

  absl::StatusOr<std::optional<v1::Person>> PersonNow(PersonId id);
  std::vector<std::string> KeysOf(const v1::Patient& patient) const;
  void LinkAll(const Write& write,
               const v1::Patient& patient,
               const std::vector<std::string>& keys,
               PersonId person);
  absl::Status Join(Write& write,
                    const v1::Patient& patient,
                    const std::vector<std::string>& keys,
                    const absl::flat_hash_set<PersonId>& found,
                    PersonId before);
  absl::StatusOr<std::optional<directory::Plausibility>> Compare(PersonId id,
                                                                 const ResourceKey& key,
                                                                 const v1::Patient& patient);
  absl::Status Leave(PersonId id, const ResourceKey& key);
  absl::Status KeepApart(const Write& write,
                         const v1::Patient& patient,
                         PersonId before,
                         const absl::flat_hash_set<PersonId>& assigned,
                         absl::flat_hash_set<PersonId>* found);
  bool IsAuthoritative(const std::string& party) const;
  bool IsProven(const std::vector<Record>& records) const;
  void Link(const std::string& key, PersonId person);
  absl::StatusOr<std::optional<std::string>> Doubt(const Write& write,
                                                   const v1::Patient& patient,
                                                   PersonId before,
                                                   absl::flat_hash_set<PersonId>* found);
  const v1::Patient* Earlier(const Write& write);
  absl::StatusOr<std::vector<Record>> RecordsOf(const v1::Person& person,
                                                const ResourceKey& except);
  absl::Status RemoveDistinct(PersonId before, absl::flat_hash_set<PersonId>* found);

  store::Snapshot& snapshot_;
  const directory::Directory& directory_;
  const directory::Party& sender_;
  const std::int64_t now_us_;
  Resolved& resolved_;
  fhir::Issues& issues_;
  std::deque<Known> persons_;
  absl::flat_hash_map<std::string, PersonId> linked_;
  absl::flat_hash_set<PersonId> passed_over_;
  Links links_;
};

}  // namespace handoff::intake
