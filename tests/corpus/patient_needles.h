// What must not be found where people read along: the words of patients in real data.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::testing {

// Names, birth dates, identifiers, street addresses and phone numbers of every Patient, and member
// numbers of every Coverage, as the data spell them.
//
// Left out is what can prove nothing: words shorter than four characters (a middle initial), and
// words that the gateway writes when it has not seen any patient yet (Exclude).
class PatientNeedles {
 public:
  // Everything in a JSON document, at any depth. False if it is not JSON.
  bool AddFrom(std::string_view json);
  void Add(std::string_view text);
  // Words of `text` are words of ours.
  void Exclude(std::string_view text);

  std::size_t size() const { return needles_.size(); }
  // Those that occur in `text`, upper and lower case alike. One of digits alone counts only where
  // no letter or digit stands beside it: a time has many digits.
  std::vector<std::string> FoundIn(std::string_view text) const;

 private:
  std::set<std::string> needles_;  // lower case
};

}  // namespace handoff::testing
