#include "tests/bench/mapping_documents.h"

#include <array>
#include <random>
#include <string_view>

#include <fmt/format.h>

#include "fhir-mappings/runtime/json_text.h"

namespace handoff::bench {
namespace {

constexpr std::array<std::string_view, 8> kSentences = {
    "Seen on the ward in the morning; walks with a frame, eats well, <b>no pain</b> at rest.",
    "Daughter asks for transport on dialysis days.",
    "Wound is dry; next change of the dressing on Thursday.",
    "Says \\\"I sleep better since the new tablets\\\".",
    "No stairs at home &amp; a neighbour who looks in twice a day.",
    "Weight stable, ankles slim, breathing calm at 14 a minute.",
    "Blutdruck zu Hause im Mittel 132/78, Tagebuch geführt.",
    "Food parcel agreed with the pantry; first delivery next week.",
};

// One coding of a system that everybody writes out again and again.
struct Concept {
  std::string_view system;
  std::string_view code;
  std::string_view display;
};
constexpr std::array<Concept, 6> kConditions = {{
    {"http://snomed.info/sct", "44054006", "Diabetes mellitus type 2"},
    {"http://snomed.info/sct", "38341003", "Hypertensive disorder"},
    {"http://snomed.info/sct", "84114007", "Heart failure"},
    {"http://hl7.org/fhir/sid/icd-10-cm", "Z59.41", "Food insecurity"},
    {"http://hl7.org/fhir/sid/icd-10-cm", "N18.6", "End stage renal disease"},
    {"http://snomed.info/sct", "13645005", "Chronic obstructive lung disease"},
}};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  // Resources of one person until they are about `bytes` long, as a transaction.
  std::string Bundle(std::size_t bytes) {
    std::string json =
        R"({"resourceType":"Bundle","id":"b1","type":"transaction","timestamp":"2024-03-02T10:00:00.000Z","entry":[)";
    for (std::size_t i = 0; json.size() < bytes; ++i) {
      if (i != 0) json += ',';
      const auto& [type, resource] = Resource(i);
      json += fmt::format(
          R"({{"fullUrl":"urn:uuid:{0}","resource":{1},"request":{{"method":"PUT","url":"{2}/x{3}"}}}})",
          Uuid(),
          resource,
          type,
          i);
    }
    return json + "]}";
  }

  std::string CarePlan(std::size_t id, int activities) {
    std::string json = fmt::format(
        R"({{"resourceType":"CarePlan","id":"x{}",{},"status":"active","intent":"plan","category":[{{"coding":[{{)"
        R"("system":"http://snomed.info/sct","code":"734163000","display":"Care plan"}}]}}],"title":"After discharge",)"
        R"("subject":{{"reference":"Patient/x0"}},"period":{{"start":"{}","end":"{}"}},)"
        R"("goal":[{{"reference":"Goal/g1"}},{{"reference":"Goal/g2"}}],"activity":[)",
        id,
        Narrative(2),
        Date(1, 6),
        Date(7, 12));
    for (int i = 0; i < activities; ++i) {
      if (i != 0) json += ',';
      json += fmt::format(
          R"({{"detail":{{"kind":"ServiceRequest","code":{{"coding":[{{"system":"http://snomed.info/sct",)"
          R"("code":"386053000","display":"Evaluation procedure"}}],"text":"Home visit"}},"status":"scheduled",)"
          R"("doNotPerform":false,"scheduledTiming":{{"repeat":{{"frequency":{},"period":1,"periodUnit":"wk",)"
          R"("dayOfWeek":["mon","thu"]}}}},"performer":[{{"reference":"Organization/vna"}}],)"
          R"("description":"Nurse visits at home"}}}})",
          Pick(1, 4));
    }
    return json + "]}";
  }

 private:
  struct Made {
    std::string_view type;
    std::string json;
  };

  Made Resource(std::size_t i) {
    if (i == 0) return {"Patient", Patient(i)};
    switch (i % 8) {
      case 1:
        return {"Encounter", Encounter(i)};
      case 3:
        return {"Condition", Condition(i)};
      case 5:
        return {"CarePlan", CarePlan(i, 4)};
      case 7:
        return {"ServiceRequest", ServiceRequest(i)};
      default:
        return {"Observation", Observation(i)};
    }
  }

  int Pick(int from, int to) {
    return from + static_cast<int>(random_() % static_cast<std::uint32_t>(to - from + 1));
  }
  std::string Date(int first = 1, int last = 12) {
    return fmt::format("2024-{:02}-{:02}", Pick(first, last), Pick(1, 28));
  }
  std::string Time(int first = 1, int last = 12) {
    return fmt::format(
        "{}T{:02}:{:02}:{:02}+01:00", Date(first, last), Pick(0, 23), Pick(0, 59), Pick(0, 59));
  }
  std::string Uuid() {
    return fmt::format("{:08x}-0000-4000-8000-{:08x}0000", random_(), random_());
  }

  std::string Narrative(int sentences) {
    std::string text =
        R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">)";
    for (int i = 0; i < sentences; ++i) {
      const auto pick = static_cast<std::size_t>(Pick(0, static_cast<int>(kSentences.size()) - 1));
      text += fmt::format("<p>{}</p>\\n", kSentences[pick]);
    }
    return text + R"(</div>"})";
  }

  std::string Patient(std::size_t id) {
    return fmt::format(
        R"({{"resourceType":"Patient","id":"x{}","meta":{{"versionId":"3","lastUpdated":"2024-03-01T08:15:30.123Z",)"
        R"("profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]}},{},)"
        R"("extension":[{{"url":"http://example.org/fhir/StructureDefinition/language-at-home","valueCode":"es"}}],)"
        R"("identifier":[{{"use":"usual","type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203",)"
        R"("code":"MR","display":"Medical record number"}}]}},"system":"urn:oid:1.2.36.146.595.217.0.1",)"
        R"("value":"{}","period":{{"start":"2001-05-06"}},"assigner":{{"display":"Example Hospital"}}}}],)"
        R"("active":true,"name":[{{"use":"official","family":"Example","given":["Ada","Maria"]}}],)"
        R"("telecom":[{{"system":"phone","value":"+1 555 0100","use":"home","rank":1}}],"gender":"female",)"
        R"("birthDate":"1941-07-09","address":[{{"use":"home","line":["12 Invented Street"],"city":"Springfield",)"
        R"("state":"MA","postalCode":"01101","country":"US"}}],)"
        R"("generalPractitioner":[{{"reference":"Practitioner/gp1","display":"Dr. Example"}}]}})",
        id,
        Narrative(6),
        Pick(10'000, 99'999));
  }

  std::string Encounter(std::size_t id) {
    return fmt::format(
        R"({{"resourceType":"Encounter","id":"x{}",{},"identifier":[{{"system":"http://example.org/visits","value":"v{}"}}],)"
        R"("status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP",)"
        R"("display":"inpatient encounter"}},"subject":{{"reference":"Patient/x0"}},"participant":[{{"individual":)"
        R"({{"reference":"Practitioner/gp1"}}}}],"period":{{"start":"{}","end":"{}"}},"reasonCode":[{{"text":"Short of breath"}}],)"
        R"("hospitalization":{{"dischargeDisposition":{{"coding":[{{"system":)"
        R"("http://terminology.hl7.org/CodeSystem/discharge-disposition","code":"home","display":"Home"}}]}}}},)"
        R"("location":[{{"location":{{"reference":"Location/ward7"}},"status":"completed"}}],)"
        R"("serviceProvider":{{"reference":"Organization/mrmc"}}}})",
        id,
        Narrative(4),
        Pick(1'000, 9'999),
        Time(1, 6),
        Time(7, 12));
  }

  std::string Observation(std::size_t id) {
    return fmt::format(
        R"({{"resourceType":"Observation","id":"x{}",{},"status":"final","category":[{{"coding":[{{"system":)"
        R"("http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}}]}}],)"
        R"("code":{{"coding":[{{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"}}]}},)"
        R"("subject":{{"reference":"Patient/x0"}},"encounter":{{"reference":"Encounter/x1"}},)"
        R"("effectiveDateTime":"{}","issued":"2024-03-02T09:30:10.456Z",)"
        R"("performer":[{{"reference":"Practitioner/gp1"}}],"component":[{{"code":{{"coding":[{{"system":)"
        R"("http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}}]}},"valueQuantity":{{"value":{}.0,)"
        R"("unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}},{{"code":{{"coding":[{{"system":)"
        R"("http://loinc.org","code":"8462-4"}}]}},"valueQuantity":{{"value":{},"unit":"mmHg",)"
        R"("system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}]}})",
        id,
        Narrative(5),
        Time(),
        Pick(90, 180),
        Pick(50, 110));
  }

  std::string Condition(std::size_t id) {
    const Concept& found =
        kConditions[static_cast<std::size_t>(Pick(0, static_cast<int>(kConditions.size()) - 1))];
    return fmt::format(
        R"({{"resourceType":"Condition","id":"x{}",{},"clinicalStatus":{{"coding":[{{"system":)"
        R"("http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"category":[{{"coding":[{{"system":)"
        R"("http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}}]}}],)"
        R"("code":{{"coding":[{{"system":"{}","code":"{}","display":"{}"}}]}},"subject":{{"reference":"Patient/x0"}},)"
        R"("onsetDateTime":"{}","recorder":{{"reference":"Practitioner/gp1"}}}})",
        id,
        Narrative(4),
        found.system,
        found.code,
        found.display,
        Date());
  }

  std::string ServiceRequest(std::size_t id) {
    return fmt::format(
        R"({{"resourceType":"ServiceRequest","id":"x{}",{},"status":"active","intent":"order","priority":"routine",)"
        R"("code":{{"coding":[{{"system":"http://snomed.info/sct","code":"308440001","display":"Referral to social worker"}}]}},)"
        R"("subject":{{"reference":"Patient/x0"}},"encounter":{{"reference":"Encounter/x1"}},"authoredOn":"{}",)"
        R"("requester":{{"reference":"Organization/mrmc"}},"performer":[{{"reference":"Organization/pantry"}}],)"
        R"("reasonReference":[{{"reference":"Condition/x3"}}],"note":[{{"text":"Please call in the afternoon."}}]}})",
        id,
        Narrative(4),
        Time());
  }

  std::mt19937 random_;
};

}  // namespace

std::string MakeBundle(std::uint32_t seed) { return Generator(seed).Bundle(29'000); }

std::vector<Document> MakeDocuments(std::uint32_t seed) {
  Generator generator(seed);
  const std::vector<std::pair<std::string, std::string>> compact = {
      {"2 kB", generator.CarePlan(0, 4)},
      {"30 kB", MakeBundle(seed)},
      {"120 kB", generator.Bundle(119'000)},
      {"3 MB", generator.Bundle(2'999'000)},
  };
  std::vector<Document> documents;
  for (const auto& [name, json] : compact) {
    documents.push_back({name + " compact", json});
    documents.push_back({name + " pretty", fhir::internal::Indented(json)});
  }
  return documents;
}

}  // namespace handoff::bench
