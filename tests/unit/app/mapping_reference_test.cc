#include "gateway/app/doc/mapping_reference.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/tables.h"
#include "tests/support/status_matchers.h"

namespace handoff::doc {
namespace {

using fhir::internal::kTables;
using fhir::internal::Member;
using fhir::internal::Type;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::StatusIs;

std::string Reference(std::string_view type = "") {
  std::ostringstream out;
  HANDOFF_EXPECT_OK(WriteMappingReference(type, out));
  return out.str();
}

// The row of an element in a section.
std::string Row(const std::string& page, const std::string& element) {
  const std::size_t at = page.find("\n| " + element + " |");
  return at == std::string::npos ? "" : page.substr(at + 1, page.find('\n', at + 1) - at - 1);
}

TEST(MappingReferenceTest, NamesEveryMappedTypeAndMember) {
  const std::string page = Reference();
  std::size_t members = 0;
  for (const Type& type : kTables.types) {
    const std::string name(type.name);
    const std::size_t dot = name.find('.');
    const std::string section = name.substr(0, dot);
    const std::size_t begin = page.find("\n## " + section + "\n");
    ASSERT_NE(begin, std::string::npos) << name;
    const std::string text = page.substr(begin, page.find("\n## ", begin + 1) - begin);
    const std::string prefix = dot == std::string::npos ? "" : name.substr(dot + 1) + ".";
    for (const Member& member : type.members) {
      const bool extension = ExtensionOf(type, member) != nullptr;
      const std::string_view element = extension ? type.elements[member.element].name : member.name;
      EXPECT_NE(Row(text, prefix + std::string(element)), "") << name << " " << member.name;
      ++members;
    }
  }
  EXPECT_GT(members, 500u);
}

TEST(MappingReferenceTest, TellsExtensionsAndMeanings) {
  EXPECT_EQ(
      Row(Reference("Patient"), "extension:birth_sex"),
      "| extension:birth_sex | `birth_sex` | extension "
      "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex: code | 0..1 |  |  |");
  const std::string label = Reference("SecurityLabel");
  EXPECT_THAT(label, HasSubstr("`handoff.v1.SecurityLabel`, FHIR's Coding"));
  EXPECT_THAT(label, HasSubstr("| meaning of code | `sensitivity` | of system "));
  EXPECT_THAT(label, HasSubstr("| Sensitivity | 42CFRPart2 | `SENSITIVITY_42CFRPART2` |"));
}

TEST(MappingReferenceTest, LeavesNoCellOfAFieldOpen) {
  std::istringstream page(Reference());
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| ")) EXPECT_THAT(line, Not(HasSubstr("|  |  |  |"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("`` "))) << line;
  }
}

TEST(MappingReferenceTest, TellsWhatBecomesOfAnElement) {
  const std::string encounter = Reference("Encounter");
  EXPECT_THAT(encounter, StartsWith("\n## Encounter\n\n`handoff.v1.Encounter`, field 10 of"));
  EXPECT_EQ(Row(encounter, "status"),
            "| status | `status` | code | 1..1 | required: EncounterStatus | status (token) |");
  EXPECT_EQ(Row(encounter, "extension"), "| extension | in `extra` |  | 0..* |  |  |");
  EXPECT_THAT(Row(encounter, "location"), HasSubstr("| `locations` | element | 0..* |"));
  EXPECT_THAT(Row(encounter, "location.location"),
              AllOf(HasSubstr("| `location` | Reference"),
                    HasSubstr("| 1..1 |  | location (reference) |")));
  EXPECT_THAT(Row(encounter, "subject"),
              AllOf(HasSubstr(R"(| Reference(Group \| Patient) |)"),
                    HasSubstr("patient (reference to Patient)")));
  EXPECT_THAT(encounter,
              HasSubstr("| EncounterStatus | in-progress | `ENCOUNTER_STATUS_IN_PROGRESS` |"));
  EXPECT_THAT(encounter, Not(HasSubstr("TaskStatus")));
}

TEST(MappingReferenceTest, TellsChoicesReferencesAndSharedElements) {
  EXPECT_EQ(Row(Reference("Observation"), "valueQuantity"),
            "| valueQuantity | `value_quantity` | Quantity | 0..1 of value[x] |  |  |");
  EXPECT_EQ(
      Row(Reference("Reference"), "reference"),
      "| reference | `resource_type`, `resource_id`, `version`, `uri` | string | 0..1 |  |  |");
  EXPECT_THAT(Row(Reference("Bundle"), "entry.link"), HasSubstr("| as Bundle.link |"));
}

TEST(MappingReferenceTest, RefusesATypeWithoutMap) {
  std::ostringstream out;
  for (const char* type : {"Nothing", "Encounter.location", "encounter"}) {
    EXPECT_THAT(WriteMappingReference(type, out),
                StatusIs(absl::StatusCode::kNotFound, "Encounter Endpoint"));
  }
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace handoff::doc
