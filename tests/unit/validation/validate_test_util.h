// Short ways to say what validation finds in a document.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/validate.h"

namespace handoff::fhir {

// What is wrong with a document that the reader takes. Warnings of narratives that are not there
// (dom-6) are left out.
inline Issues Validated(std::string_view json, const ValidateOptions& options = {}) {
  std::string encoded;
  Issues read;
  EXPECT_TRUE(ReadJson(json, {}, &encoded, &read)) << (read.empty() ? "" : read.front().text);
  Issues issues;
  Validate(encoded, options, &issues);
  std::erase_if(issues,
                [](const Issue& issue) { return issue.text.find(": dom-6:") != std::string::npos; });
  return issues;
}

// "error invariant CarePlan.activity[0] cpl-3" for each issue: severity, code, expression, and the
// first word of the text.
inline std::vector<std::string> Findings(std::string_view json,
                                         const ValidateOptions& options = {}) {
  std::vector<std::string> findings;
  for (const Issue& issue : Validated(json, options)) {
    std::string text = issue.text;
    if (text.starts_with(issue.expression + ": ")) text.erase(0, issue.expression.size() + 2);
    findings.push_back(std::string(SeverityCode(issue.severity)) + " " + std::string(issue.code) +
                       " " + issue.expression + " " + text.substr(0, text.find_first_of(": ")));
  }
  return findings;
}

}  // namespace handoff::fhir
