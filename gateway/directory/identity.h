// Who a message is about: identifiers that may link, and whether a link is plausible. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/directory/party.h"
#include "handoff/v1/administration.pb.h"
#include "handoff/v1/types.pb.h"

namespace handoff::directory {

// The one spelling of an identifier system: known OIDs become their FHIR URL, urn: prefixes are
// lower case, no white space around.
std::string NormalSystem(std::string_view system);

// Whether `system`, in its one spelling, is that of US social security numbers.
bool IsSocialSecurity(std::string_view system);

// "system|value" under which a patient's identifier links messages to a person, or nullopt where it
// must not link: no value, or a social security number (by system or by type), which is never
// needed to link.
//
// An identifier without a system counts in the name space of the party that sent it, never
// globally: the same number from two hospitals is two patients. One that is typed as something else
// than a medical record number gets a space of its own, so that an account number never meets a
// record number.
std::optional<std::string> LinkKey(const v1::Identifier& identifier, const Party& sender);

// Whether the record says who it is of: a birth date or a name that is no placeholder.
bool SaysWho(const v1::Patient& patient);

// From the least to the most.
enum class Plausibility {
  kConflict,   // birth date and name both disagree: hold, link nothing
  kPlausible,  // nothing to tell by
  // Birth date, to the day, or a family and a given name are the same. Not of a record with a great
  // many family names, one of which is right.
  kAgrees,
  kConfirmed,  // both are
};

// Whether two records with a common identifier can be of one person. What is missing or a
// placeholder (1900-01-01, "Baby Girl", "Doe") disagrees with nothing. Names are compared without
// case, accents and punctuation, in any order of family and given, over all names of either.
Plausibility CheckPlausible(const v1::Patient& a, const v1::Patient& b);

}  // namespace handoff::directory
