#include "tests/unit/policy/shipped_views.h"

#include <gtest/gtest.h>

namespace handoff::policy::testing {

const Views& ShippedViews() {
  static const Views views = [] {
    ConfigErrors errors;
    const auto node = ConfigNode::Load("config/views.yaml");
    EXPECT_TRUE(node.ok()) << node.status();
    Views loaded = Views::Load(*node, errors);
    for (const std::string& error : errors.list()) ADD_FAILURE() << error;
    return loaded;
  }();
  return views;
}

Views LoadText(const std::string& text, ConfigErrors& errors) {
  const auto node = ConfigNode::Parse(text, "views.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  return Views::Load(*node, errors);
}

std::string Encode(std::string_view json) {
  std::string encoded;
  fhir::Issues issues;
  EXPECT_TRUE(fhir::ReadJson(json, {}, &encoded, &issues))
      << json << (issues.empty() ? "" : issues[0].text);
  return encoded;
}

std::string Decode(std::string_view encoded) {
  std::string json;
  EXPECT_TRUE(fhir::WriteJson(encoded, {}, &json).ok());
  return json;
}

}  // namespace handoff::policy::testing
