// Short ways to say what a document reads as.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "fhir-mappings/runtime/resource.h"

namespace handoff::fhir {

// An encoded resource; a failure if `json` is not read without complaint of an error.
inline std::string Encode(std::string_view json) {
  std::string encoded;
  Issues issues;
  const bool read = ReadJson(json, {}, &encoded, &issues);
  EXPECT_TRUE(read) << (issues.empty() ? "" : issues.front().text);
  return encoded;
}

inline std::string Decode(std::string_view encoded) {
  std::string json;
  const absl::Status status = WriteJson(encoded, {}, &json);
  EXPECT_TRUE(status.ok()) << status.message();
  return json;
}

// What a document reads as, written again.
inline std::string RoundTrip(std::string_view json) { return Decode(Encode(json)); }

// The issues of a document that may be refused.
inline Issues IssuesOf(std::string_view json, const ReadOptions& options = {}) {
  std::string encoded;
  Issues issues;
  const bool read = ReadJson(json, options, &encoded, &issues);
  EXPECT_EQ(read, !HasErrors(issues));
  return issues;
}

// Matches issues of which one has this code and expression.
MATCHER_P2(HasIssue, code, expression, "") {
  return std::any_of(arg.begin(), arg.end(), [&](const Issue& issue) {
    return issue.code == code && issue.expression == expression;
  });
}

}  // namespace handoff::fhir
