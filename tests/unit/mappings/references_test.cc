#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Visited(std::string_view json) {
  std::vector<std::string> visited;
  VisitReferences(Encode(json), [&](std::string_view element, const ReferenceView& view) {
    std::string text = std::string(element) + "=";
    text += view.IsRelative() ? std::string(view.type) + "/" + std::string(view.id)
                              : std::string(view.uri);
    if (!view.version.empty()) text += "@" + std::string(view.version);
    visited.push_back(text);
  });
  return visited;
}

TEST(ReferencesTest, NamesTheElementWithoutIndices) {
  EXPECT_THAT(
      Visited(
          R"({"resourceType":"Encounter","status":"planned","class":{"code":"x"},)"
          R"("subject":{"reference":"Patient/1/_history/3"},"location":[{"location":{"reference":"#l"}}]})"),
      ElementsAre("Encounter.subject=Patient/1@3", "Encounter.location.location=#l"));
}

TEST(ReferencesTest, NamesAChoiceAsTheMaskDoes) {
  EXPECT_THAT(
      Visited(
          R"({"resourceType":"Task","status":"draft","intent":"order","input":[{"type":{"text":"x"},)"
          R"("valueReference":{"reference":"urn:uuid:1"}}]})"),
      ElementsAre("Task.input.value[x]=urn:uuid:1"));
}

TEST(ReferencesTest, LeavesOutReferencesWithoutText) {
  EXPECT_THAT(Visited(R"({"resourceType":"Patient","managingOrganization":{"display":"x"}})"),
              IsEmpty());
}

TEST(ReferencesTest, GoesIntoContainedResourcesBundlesAndIdentifiers) {
  EXPECT_THAT(
      Visited(
          R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient",)"
          R"("contained":[{"resourceType":"Organization","partOf":{"reference":"Organization/2"}}],)"
          R"("identifier":[{"assigner":{"reference":"Organization/1"}}]}}]})"),
      ElementsAre("Organization.partOf=Organization/2",
                  "Patient.identifier.assigner=Organization/1"));
}

TEST(ReferencesTest, FindsReferencesInExtensionsAndTypesWithoutAMap) {
  EXPECT_THAT(
      Visited(
          R"({"resourceType":"Patient","name":[{"extension":[{"url":"u","valueReference":{"reference":"Group/1"}}]}]})"),
      ElementsAre("Patient.name.extension.valueReference=Group/1"));
  EXPECT_THAT(
      Visited(
          R"({"resourceType":"ClinicalImpression","subject":{"reference":"Patient/1"},"performer":[{"actor":{"reference":"Practitioner/2"}}]})"),
      ElementsAre("ClinicalImpression.subject=Patient/1",
                  "ClinicalImpression.performer.actor=Practitioner/2"));
}

}  // namespace
}  // namespace handoff::fhir
