// Validation bears any document that reads and any bytes that claim to be one, says the same each
// time, and keeps to its limit.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/profile_set.h"
#include "fhir-mappings/validation/validate.h"

namespace {

using namespace handoff;

const fhir::ProfileSet& Profiles() {
  static const fhir::ProfileSet profiles = [] {
    ConfigErrors errors;
    fhir::ProfileSet loaded =
        fhir::ProfileSet::Load(ConfigNode::LoadFolder("config/profiles", errors), errors);
    if (!errors.empty()) std::abort();
    return loaded;
  }();
  return profiles;
}

void Check(std::string_view encoded) {
  fhir::ValidateOptions options;
  options.profiles = &Profiles();
  for (const std::string_view url : Profiles().Urls()) options.demanded.emplace_back(url);
  options.max_issues = 20;
  fhir::Issues first;
  fhir::Validate(encoded, options, &first);
  fhir::Issues second;
  fhir::Validate(encoded, options, &second);
  bool same = first.size() == second.size() && first.size() <= options.max_issues + 1;
  for (std::size_t i = 0; same && i < first.size(); ++i) same = first[i].text == second[i].text;
  if (same) return;
  std::fprintf(stderr, "broken: validation says the same twice, within its limit\n");
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes);
  std::string encoded;
  fhir::Issues issues;
  if (fhir::ReadJson(bytes, {}, &encoded, &issues)) Check(encoded);
  return 0;
}
