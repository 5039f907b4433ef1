// What HL7's reference validator finds in the invalid documents of the shared corpora.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace handoff::testing {

// One error of it.
struct ReferenceError {
  std::string reason;  // "invariant", "terminology", ...: what it takes to find it
  std::string path;    // as this program writes paths; empty: the whole document
  // It counts places in document and message Bundles from 1 in some messages, and names one entry
  // for all.
  std::string other_path;
  std::string text;
};

// Of invalid/fhir-test-cases/outcomes/NAME.outcome.json.
std::vector<ReferenceError> ReferenceErrors(const std::string& name);

// The names of all documents that have an outcome, sorted.
std::vector<std::string> DocumentsWithOutcome();

}  // namespace handoff::testing
