// Who a message is about: from the identifiers of its Patients to persons, and from every resource
// to its person.
//
// A missed match is safer than a false one: where identifiers point to several persons, or birth
// date and name both disagree with another record or with what the record was before, the person is
// held: everything is stored, nothing is told to anyone until a steward decides (held_persons.h).
// What one has decided is not asked again.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "gateway/directory/party.h"
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

struct Identified {
  std::vector<Known> persons;  // of the message, each once
  std::vector<std::pair<std::string, std::string>>
      links;  // new identifier keys -> person id, decimal
};

// Sets Write::person, Write::of_unknown and Write::tokens of every write. Warnings go to its
// issues. What is the same as stored but is about another person by now is written again.
absl::StatusOr<Identified> Identify(store::Snapshot& snapshot,
                                    const directory::Party& sender,
                                    std::int64_t now_us,
                                    Resolved* resolved);

// Adds to a list of a person what is not in it.
template <class List, class Item>
void AddOnce(const Item& item, List* list) {
  if (std::find(list->begin(), list->end(), item) == list->end()) *list->Add() = item;
}

bool HasIdentifier(const v1::Person& person, const v1::Identifier& identifier);

// True for resources that are about no one: organisations, people at work, places.
bool IsAboutNoOne(std::string_view type);

// True if the encoded resource says whom it is about: a patient, or who is not told in a way that
// can be followed.
bool NamesPatient(std::string_view encoded);

}  // namespace handoff::intake
