// Who a message is about: from the identifiers of its Patients to persons, and from every resource
// to its person.
//
// A missed match is safer than a false one: where identifiers point to several persons, or birth
// date and name both disagree with another record or with what the record was before, the person is
// held: everything is stored, nothing is told to anyone until a steward decides (held_persons.h).
// What one has decided is not asked again.
//
// That is for senders that are authoritative (directory/party.h). The record of any other joins a
// person only where birth date and name confirm it, adds nothing to what is known of them, puts
// nobody in doubt, and its sender is not told whether it joined. A number that the sender does not
// assign leads to nobody by itself, whoever sends it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/directory/directory.h"
#include "gateway/intake/patients.h"
#include "gateway/intake/resolve.h"
#include "gateway/store/store.h"
#include "handoff/v1/model.pb.h"

namespace handoff::intake {

struct Identified {
  std::vector<Known> persons;  // of the message, each once
  Patients::Links links;       // new identifier keys -> person id, decimal
};

// Whether the sender of a record counts when others are compared with it is looked up in
// `directory`.
// Sets Write::person, Write::of_unknown and Write::tokens of every write. Warnings go to its
// issues. What is the same as stored but is about another person by now is written again.
absl::StatusOr<Identified> Identify(store::Snapshot& snapshot,
                                    const directory::Directory& directory,
                                    const directory::Party& sender,
                                    std::int64_t now_us,
                                    Resolved* resolved);

// Adds to a list of a person what is not in it.
template <class List, class Item>
void AddOnce(const Item& item, List* list) {
  if (std::find(list->begin(), list->end(), item) == list->end()) *list->Add() = item;
}

bool HasIdentifier(const v1::Person& person, const v1::Identifier& identifier);

// True if the encoded resource says whom it is about: a patient, or who is not told in a way that
// can be followed.
bool NamesPatient(std::string_view encoded);

}  // namespace handoff::intake
