// Files of the shared corpora, which lie beside the source and are no part of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/corpus/json_value.h"

namespace handoff::testing {

// Empty if the corpora are not there.
std::string CorpusFolder();

struct CorpusFile {
  std::string name;  // "davinci-alerts/x.json"
  std::string text;
  fhir::JsonValue json;
};

// All *.json of a folder, by name, or those whose name contains `part`. What is no JSON is left
// out.
std::vector<CorpusFile> ReadCorpus(const std::string& folder, std::string_view part = "");

// The resources of a Bundle.
std::vector<const fhir::JsonValue*> ResourcesOf(const fhir::JsonValue& bundle,
                                                std::string_view type = "");

// The text at a path ("class/code") where no array is in the way; empty if it is not there.
std::string TextAt(const fhir::JsonValue& value, std::string_view path);

// A transaction of resources as they are written, each PUT under its id.
std::string TransactionOf(const std::vector<std::string>& resources);

// `text` with the first `from` replaced. REQUIRES: it is there.
std::string Replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace handoff::testing
