// Parties for tests, written as they are configured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gateway/base/config_node.h"
#include "gateway/directory/directory.h"
#include "tests/support/status_matchers.h"

namespace handoff::directory {

inline constexpr char kNpi[] = "http://hl7.org/fhir/sid/us-npi";

inline ConfigNode Document(const std::string& yaml) {
  auto document = ConfigNode::Parse(yaml, "p.yaml");
  EXPECT_THAT(document, testing::IsOk());
  return document.ok() ? *document : ConfigNode();
}

// The directory of a document without faults.
inline std::shared_ptr<const Directory> DirectoryOf(const std::string& yaml) {
  ConfigErrors errors;
  auto directory = Directory::Load({Document(yaml)}, {}, errors);
  EXPECT_THAT(errors.list(), ::testing::IsEmpty());
  return directory;
}

// The complaints about a document.
inline std::vector<std::string> ErrorsOf(const std::string& yaml,
                                         const std::vector<Override>& overrides = {}) {
  ConfigErrors errors;
  Directory::Load({Document(yaml)}, overrides, errors);
  return errors.list();
}

}  // namespace handoff::directory
