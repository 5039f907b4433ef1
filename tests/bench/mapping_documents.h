// Invented FHIR documents of several sizes, the same for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace handoff::bench {

struct Document {
  std::string name;  // "30 kB compact"
  std::string json;
};

// A CarePlan of about 2 kB, and transaction bundles of about 30 kB, 120 kB and 3 MB: patients,
// stays, observations, conditions, care plans and referrals with short narratives. Each compact,
// and indented as people read it (which makes it a half larger; the name tells the compact size).
std::vector<Document> MakeDocuments(std::uint32_t seed);

// The compact bundle of about 30 kB.
std::string MakeBundle(std::uint32_t seed);

}  // namespace handoff::bench
