// Holds a JSON Schema of config/schema against the reader of the same file.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "gateway/base/config_node.h"
#include "tests/support/status_matchers.h"

namespace handoff::testing {

// The schema of this name; JSON is YAML.
inline ConfigNode SchemaNamed(const std::string& name) {
  const auto schema = ConfigNode::Load("config/schema/" + name + ".schema.json");
  EXPECT_THAT(schema, IsOk());
  return schema.ok() ? *schema : ConfigNode();
}

// What a reader of a whole document complains of.
using Complaints = std::function<std::vector<std::string>(const std::string& yaml)>;

// Expects that the reader knows exactly the keys of `properties` in the place that `before` opens
// and `after` closes. What is wrong with the value of a key does not matter.
inline void ExpectSameKeys(const Complaints& complaints_of,
                           const ConfigNode& properties,
                           const std::string& before,
                           const std::string& after) {
  using ::testing::Contains;
  using ::testing::HasSubstr;
  using ::testing::Not;

  ASSERT_FALSE(properties.Members().empty()) << before;
  for (const auto& [key, value] : properties.Members()) {
    EXPECT_THAT(complaints_of(before + key + ": x" + after),
                Not(Contains(HasSubstr("unknown key"))))
        << key;
  }
  // And no more: a reader lists all its keys when it meets one that is far from any.
  const std::string list = "known here: ";
  for (const std::string& complaint : complaints_of(before + "qqqqqqqqqqqqqqq: x" + after)) {
    const std::size_t at = complaint.find(list);
    if (at == std::string::npos) continue;
    std::string keys = complaint.substr(at + list.size()) + ", ";
    std::size_t known = 0;
    for (std::size_t end; (end = keys.find(", ")) != std::string::npos; keys.erase(0, end + 2)) {
      EXPECT_TRUE(properties[keys.substr(0, end)].present()) << keys.substr(0, end);
      ++known;
    }
    EXPECT_EQ(known, properties.Members().size()) << complaint;
    return;
  }
  ADD_FAILURE() << "no list of keys: " << before;
}

}  // namespace handoff::testing
