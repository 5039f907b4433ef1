#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fhir-mappings/runtime/resource.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using testing::StatusIs;

std::string Projected(const std::vector<std::string>& paths,
                      std::string_view json,
                      const std::function<bool(const ReferenceView&)>& keep = {}) {
  const absl::StatusOr<Mask> mask = Mask::Compile(paths);
  if (!mask.ok()) return std::string(mask.status().message());
  std::string out;
  const absl::StatusOr<bool> projected = mask->Project(Encode(json), keep, &out);
  if (!projected.ok()) return std::string(projected.status().message());
  return *projected ? Decode(out) : "not allowed" + out;
}

constexpr std::string_view kEncounter =
    R"({"resourceType":"Encounter","id":"e","meta":{"versionId":"1"},"status":"finished","class":{"code":"IMP","extension":[{"url":"u"}]},)"
    R"("subject":{"reference":"Patient/1","display":"Jane","identifier":{"value":"7"}},)"
    R"("participant":[{"individual":{"reference":"Practitioner/2","display":"Dr"},"type":[{"text":"t"}]}],"x":1})";

TEST(MaskTest, LetsListedElementsLeaveWithTypeAndId) {
  EXPECT_EQ(Projected({"Encounter.status"}, kEncounter),
            R"({"resourceType":"Encounter","id":"e","status":"finished"})");
  EXPECT_EQ(Projected({"Encounter"}, kEncounter), R"({"resourceType":"Encounter","id":"e"})");
  EXPECT_EQ(Projected({"Encounter.meta"}, kEncounter),
            R"({"resourceType":"Encounter","id":"e","meta":{"versionId":"1"}})");
}

TEST(MaskTest, NeverLetsExtrasLeaveWithAListedElement) {
  EXPECT_EQ(Projected({"Encounter.class"}, kEncounter),
            R"({"resourceType":"Encounter","id":"e","class":{"code":"IMP"}})");
}

TEST(MaskTest, LetsOfAReferenceOnlyTheTextLeave) {
  EXPECT_EQ(
      Projected({"Encounter.subject", "Encounter.participant"}, kEncounter),
      R"({"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/1"},)"
      R"("participant":[{"type":[{"text":"t"}],"individual":{"reference":"Practitioner/2"}}]})");
  EXPECT_EQ(
      Projected({"Encounter.participant", "Encounter.participant.individual.display"}, kEncounter),
      R"({"resourceType":"Encounter","id":"e",)"
      R"("participant":[{"type":[{"text":"t"}],"individual":{"reference":"Practitioner/2","display":"Dr"}}]})");
  EXPECT_EQ(
      Projected({"Encounter.participant.individual.display"}, kEncounter),
      R"({"resourceType":"Encounter","id":"e","participant":[{"individual":{"display":"Dr"}}]})");
}

TEST(MaskTest, LetsTheWholeResourceLeaveForAStar) {
  EXPECT_EQ(Projected({"Encounter.*"}, kEncounter), RoundTrip(kEncounter));
}

TEST(MaskTest, RefusesOtherTypes) {
  EXPECT_EQ(Projected({"Patient.name"}, kEncounter), "not allowed");
  const Mask mask = *Mask::Compile({"Patient.name", "ClinicalImpression.*"});
  EXPECT_TRUE(mask.AllowsType("Patient"));
  EXPECT_TRUE(mask.AllowsType("ClinicalImpression"));
  EXPECT_FALSE(mask.AllowsType("Encounter"));
}

TEST(MaskTest, AsksForEveryReferenceThatWouldLeave) {
  std::vector<std::string> asked;
  const auto keep = [&](const ReferenceView& view) {
    asked.emplace_back(view.id);
    return view.type != "Patient";
  };
  EXPECT_EQ(
      Projected({"Encounter.subject", "Encounter.participant.individual"}, kEncounter, keep),
      R"({"resourceType":"Encounter","id":"e","participant":[{"individual":{"reference":"Practitioner/2"}}]})");
  EXPECT_THAT(asked, ::testing::ElementsAre("1", "2"));
  EXPECT_EQ(
      Projected(
          {"CareTeam.*"},
          R"({"resourceType":"CareTeam","name":"x","extension":[{"valueReference":{"reference":"Patient/1"}}]})",
          keep),
      R"({"resourceType":"CareTeam","name":"x"})");
}

TEST(MaskTest, DropsElementsThatLoseWhatTheyMustHave) {
  const auto keep = [](const ReferenceView& view) { return view.type == "Practitioner"; };
  EXPECT_EQ(
      Projected(
          {"Encounter.status", "Encounter.location", "Encounter.diagnosis"},
          R"({"resourceType":"Encounter","status":"finished","class":{"code":"IMP"},"location":[{"location":{"reference":"Location/1"},"status":"active"}],)"
          R"("diagnosis":[{"condition":{"reference":"Condition/1"},"rank":1}]})",
          keep),
      R"({"resourceType":"Encounter","status":"finished"})");
  EXPECT_EQ(
      Projected(
          {"Provenance.agent"},
          R"({"resourceType":"Provenance","target":[{"reference":"Encounter/1"}],"recorded":"2020-08-18T03:46:17Z","agent":[{"who":{"reference":"Organization/1"},"type":{"text":"t"}},{"who":{"reference":"Practitioner/1"}}]})",
          keep),
      R"({"resourceType":"Provenance","agent":[{"who":{"reference":"Practitioner/1"}}]})");
}

TEST(MaskTest, TellsThatTheResourceLacksWhatItMustHave) {
  const std::string encoded = Encode(
      R"({"resourceType":"Provenance","target":[{"reference":"urn:uuid:1"}],"recorded":"2020-08-18T03:46:17Z",)"
      R"("agent":[{"who":{"reference":"Practitioner/1"}}]})");
  const absl::StatusOr<Mask> mask = Mask::Compile({"Provenance.target", "Provenance.agent"});
  ASSERT_TRUE(mask.ok());
  bool lacking = false;
  std::string out;
  const auto relative = [](const ReferenceView& view) { return view.IsRelative(); };
  EXPECT_TRUE(mask->Project(encoded, relative, &out, &lacking).ok());
  EXPECT_TRUE(lacking);
  EXPECT_TRUE(mask->Project(encoded, {}, &out, &lacking).ok());
  EXPECT_FALSE(lacking);
}

TEST(MaskTest, NamesChoicesWithoutTheirType) {
  const std::string_view json =
      R"({"resourceType":"Observation","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.0,"unit":"g"}})";
  EXPECT_EQ(Projected({"Observation.value[x]"}, json),
            R"({"resourceType":"Observation","valueQuantity":{"value":1.0,"unit":"g"}})");
  EXPECT_EQ(Projected({"Observation.value[x].unit"}, json),
            R"({"resourceType":"Observation","valueQuantity":{"unit":"g"}})");
}

TEST(MaskTest, DropsReferencesIntoContainedResourcesThatStay) {
  const std::string_view json =
      R"({"resourceType":"CareTeam","contained":[{"resourceType":"Organization","id":"o","name":"x","y":1}],)"
      R"("managingOrganization":[{"reference":"#o"}]})";
  EXPECT_EQ(Projected({"CareTeam.managingOrganization"}, json), R"({"resourceType":"CareTeam"})");
  EXPECT_EQ(
      Projected({"CareTeam.managingOrganization", "CareTeam.contained"}, json),
      R"({"resourceType":"CareTeam","contained":[{"resourceType":"Organization","id":"o","name":"x"}],)"
      R"("managingOrganization":[{"reference":"#o"}]})");
}

TEST(MaskTest, ClosesGapsThatStandForExtensions) {
  EXPECT_EQ(
      Projected(
          {"Patient.name"},
          R"({"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"id":"x"}]}]})"),
      R"({"resourceType":"Patient","name":[{"given":["A"]}]})");
}

TEST(MaskTest, LetsOfATypeWithoutAMapAllOrTypeAndIdLeave) {
  const std::string_view json =
      R"({"resourceType":"ClinicalImpression","id":"p","status":"completed"})";
  EXPECT_EQ(Projected({"ClinicalImpression.*"}, json), json);
  EXPECT_EQ(Projected({"ClinicalImpression"}, json),
            R"({"resourceType":"ClinicalImpression","id":"p"})");
}

TEST(MaskTest, RefusesPathsThatNoMapKnows) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  for (const char* path : {"Patien.name",
                           "Patient.names",
                           "Patient.name.given.x",
                           "Patient.extension",
                           "Observation.valueQuantity",
                           "Observation.value[x].nothing",
                           "ClinicalImpression.status",
                           "Patient.name.*",
                           ""}) {
    EXPECT_THAT(Mask::Compile({"Patient.name", path}),
                StatusIs(kInvalid, std::string("no map knows the path ") + path));
  }
}

TEST(MaskTest, RefusesDamage) {
  const Mask mask = *Mask::Compile({"Patient.name"});
  std::string out;
  EXPECT_THAT(mask.Project("\x0a\x05x", {}, &out),
              StatusIs(absl::StatusCode::kDataLoss, "damaged"));
}

}  // namespace
}  // namespace handoff::fhir
