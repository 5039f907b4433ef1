// The mapping engine on an invented transaction bundle of ten resources, about 30 kB as compact
// JSON. The floor is RapidJSON's own parser with a handler that does nothing: the ratio to it is
// the number to watch.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "fhir-mappings/runtime/rapidjson.h"
#include "fhir-mappings/runtime/resource.h"

namespace handoff::fhir {
namespace {

std::string Narrative(int sentences) {
  std::string text =
      R"("text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">)";
  for (int i = 0; i < sentences; ++i) {
    text +=
        "<p>Seen on the ward in the morning; walks with a frame, eats well, <b>no pain</b> at "
        "rest.</p>\\n";
  }
  return text + R"(</div>"})";
}

std::string Patient() {
  return R"({"resourceType":"Patient","id":"p1","meta":{"versionId":"3","lastUpdated":"2024-03-01T08:15:30.123Z",)"
         R"("profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},)" +
         Narrative(8) +
         R"(,"extension":[{"url":"http://example.org/fhir/StructureDefinition/language-at-home","valueCode":"es"}],)"
         R"("identifier":[{"use":"usual","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203",)"
         R"("code":"MR","display":"Medical record number"}]},"system":"urn:oid:1.2.36.146.595.217.0.1",)"
         R"("value":"12345","period":{"start":"2001-05-06"},"assigner":{"display":"Example Hospital"}}],)"
         R"("active":true,"name":[{"use":"official","family":"Example","given":["Ada","Maria"]}],)"
         R"("telecom":[{"system":"phone","value":"+1 555 0100","use":"home","rank":1}],"gender":"female",)"
         R"("birthDate":"1941-07-09","address":[{"use":"home","line":["12 Invented Street"],"city":"Springfield",)"
         R"("state":"MA","postalCode":"01101","country":"US"}],)"
         R"("generalPractitioner":[{"reference":"Practitioner/gp1","display":"Dr. Example"}]})";
}

std::string Observation(int n) {
  const std::string id = std::to_string(n);
  return R"({"resourceType":"Observation","id":"o)" + id + R"(",)" + Narrative(9) +
         R"(,"status":"final","category":[{"coding":[{"system":)"
         R"("http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],)"
         R"("code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel"}]},)"
         R"("subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},)"
         R"("effectiveDateTime":"2024-03-0)" +
         id +
         R"(T09:30:10+01:00","issued":"2024-03-02T09:30:10.456Z",)"
         R"("performer":[{"reference":"Practitioner/gp1"}],"component":[{"code":{"coding":[{"system":)"
         R"("http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}]},"valueQuantity":{"value":127.0,)"
         R"("unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":)"
         R"("http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,"unit":"mmHg",)"
         R"("system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})";
}

std::string CarePlan(int n) {
  std::string json =
      R"({"resourceType":"CarePlan","id":"c)" + std::to_string(n) + R"(",)" + Narrative(12) +
      R"(,"status":"active","intent":"plan","category":[{"coding":[{"system":"http://snomed.info/sct",)"
      R"("code":"734163000","display":"Care plan"}]}],"title":"After discharge",)"
      R"("subject":{"reference":"Patient/p1"},"period":{"start":"2024-03-01","end":"2024-06-01"},)"
      R"("goal":[{"reference":"Goal/g1"},{"reference":"Goal/g2"}],"activity":[)";
  for (int i = 0; i < 4; ++i) {
    if (i != 0) json += ',';
    json +=
        R"({"detail":{"kind":"ServiceRequest","code":{"coding":[{"system":"http://snomed.info/sct",)"
        R"("code":"386053000","display":"Evaluation procedure"}],"text":"Home visit"},"status":"scheduled",)"
        R"("doNotPerform":false,"scheduledTiming":{"repeat":{"frequency":2,"period":1,"periodUnit":"wk",)"
        R"("dayOfWeek":["mon","thu"]}},"performer":[{"reference":"Organization/vna"}],)"
        R"("description":"Nurse visits at home"}})";
  }
  return json + "]}";
}

std::string MakeBundle() {
  std::string json = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  const std::vector<std::string> resources = {Patient(),
                                              Observation(1),
                                              Observation(2),
                                              Observation(3),
                                              CarePlan(1),
                                              Observation(4),
                                              CarePlan(2),
                                              Observation(5),
                                              Observation(6),
                                              CarePlan(3)};
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (i != 0) json += ',';
    json += R"({"fullUrl":"urn:uuid:0f0a7a3e-0000-4000-8000-00000000000)" + std::to_string(i) +
            R"(","resource":)" + resources[i] + R"(,"request":{"method":"PUT","url":"Any/)" +
            std::to_string(i) + R"("}})";
  }
  return json + "]}";
}

const std::string& Json() {
  static const std::string json = MakeBundle();
  return json;
}

const std::string& Encoded() {
  static const std::string encoded = [] {
    std::string result;
    Issues issues;
    if (!ReadJson(Json(), {}, &result, &issues)) std::abort();
    return result;
  }();
  return encoded;
}

void Report(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(Json().size()));
}

struct NullHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, NullHandler> {};

void RapidJsonIntoNothing(benchmark::State& state) {
  std::vector<char> copy(Json().size() + 32);
  for (auto _ : state) {
    std::memcpy(copy.data(), Json().c_str(), Json().size() + 1);
    rapidjson::InsituStringStream stream(copy.data());
    NullHandler handler;
    rapidjson::Reader reader;
    if (reader.Parse < rapidjson::kParseInsituFlag |
        rapidjson::kParseNumbersAsStringsFlag > (stream, handler).IsError()) {
      std::abort();
    }
  }
  Report(state);
}
BENCHMARK(RapidJsonIntoNothing);

void Read(benchmark::State& state) {
  std::string encoded;
  Issues issues;
  for (auto _ : state) {
    if (!ReadJson(Json(), {}, &encoded, &issues)) std::abort();
    benchmark::DoNotOptimize(encoded.data());
  }
  Report(state);
}
BENCHMARK(Read);

void Write(benchmark::State& state) {
  std::string json;
  for (auto _ : state) {
    json.clear();
    if (!WriteJson(Encoded(), {}, &json).ok()) std::abort();
    benchmark::DoNotOptimize(json.data());
  }
  Report(state);
}
BENCHMARK(Write);

void RewriteReferences(benchmark::State& state) {
  RewriteOptions options;
  options.id = "b1";
  options.version_id = "2";
  options.updated_us = 1'700'000'000'000'000;
  options.reference = [](const ReferenceView& view) {
    ReferenceEdit edit;
    if (view.type == "Patient") {
      edit.action = ReferenceEdit::Action::kReplace;
      edit.type = "Patient";
      edit.id = "our-id";
    }
    return edit;
  };
  std::string out;
  for (auto _ : state) {
    out.clear();
    if (!Rewrite(Encoded(), options, &out).ok()) std::abort();
    benchmark::DoNotOptimize(out.data());
  }
  Report(state);
}
BENCHMARK(RewriteReferences);

void Tokens(benchmark::State& state) {
  const std::optional<BundleView> bundle = ReadBundle(Encoded());
  std::vector<std::string> tokens;
  for (auto _ : state) {
    tokens.clear();
    for (const BundleEntry& entry : bundle->entries) AppendTokens(entry.resource, &tokens);
    benchmark::DoNotOptimize(tokens.data());
  }
  Report(state);
}
BENCHMARK(Tokens);

void ProjectAllowList(benchmark::State& state) {
  const auto mask = Mask::Compile({"Patient.name",
                                   "Patient.birthDate",
                                   "Observation.code",
                                   "Observation.component",
                                   "Observation.subject",
                                   "CarePlan.title",
                                   "CarePlan.activity",
                                   "CarePlan.subject"});
  const std::optional<BundleView> bundle = ReadBundle(Encoded());
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const BundleEntry& entry : bundle->entries) {
      if (!mask->Project(entry.resource, {}, &out).ok()) std::abort();
    }
    benchmark::DoNotOptimize(out.data());
  }
  Report(state);
}
BENCHMARK(ProjectAllowList);

}  // namespace
}  // namespace handoff::fhir
