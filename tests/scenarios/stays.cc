#include "tests/scenarios/stays.h"

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

#include <date/date.h>
#include <fmt/format.h>

namespace handoff::scenario {
namespace {

constexpr std::array<std::string_view, kSteps> kEvents{"notification-admit",
                                                       "notification-transfer",
                                                       "notification-transfer",
                                                       "notification-discharge"};
constexpr std::string_view kFamily = "Invented-";

std::string Uuid(std::uint32_t slot, MessageNumber number) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", slot, number);
}

std::string Entry(std::string_view full_url, std::string_view resource) {
  return fmt::format(R"({{"fullUrl":"urn:uuid:{}","resource":{}}})", full_url, resource);
}

// The same in every message, as a hospital's partners are.
struct Organization {
  std::uint32_t slot;
  const char* id;
};
constexpr Organization kHospital{11, "hospital"};
constexpr Organization kPractice{12, "practice"};
constexpr Organization kSecondPractice{13, "second-practice"};
constexpr Organization kPayer{14, "payer"};

std::string Reference(const Organization& to) {
  return fmt::format(R"({{"reference":"urn:uuid:{}"}})", Uuid(to.slot, 0));
}

// `identifier`: "system|value".
std::string OrganizationEntry(const Organization& organization, std::string_view identifier) {
  const std::size_t bar = identifier.find('|');
  return Entry(
      Uuid(organization.slot, 0),
      fmt::format(
          R"({{"resourceType":"Organization","id":"{}","identifier":[{{"system":"{}","value":"{}"}}],)"
          R"("active":true,"name":"The {}"}})",
          organization.id,
          identifier.substr(0, bar),
          identifier.substr(bar + 1),
          organization.id));
}

template <class Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::int64_t Stays::OccurredUs(MessageNumber number) const {
  return ToMicros(origin_ + std::chrono::milliseconds(number));
}

std::string Stays::Instant(MessageNumber number) const {
  const auto time = std::chrono::floor<std::chrono::milliseconds>(FromMicros(OccurredUs(number)));
  return date::format("%FT%TZ", time);
}

std::string Stays::Encounter(const Step& step) const {
  const std::uint32_t of_stay = step.index % kSteps;
  std::string more;
  if (of_stay == 1 || of_stay == 2) {
    more = fmt::format(
        R"(,"location":[{{"location":{{"display":"Ward {}"}},"status":"active","period":{{"start":"{}"}}}}])",
        of_stay,
        Instant(step.number));
  }
  const bool over = of_stay == kSteps - 1;
  if (over) {
    more = R"(,"hospitalization":{"dischargeDisposition":{"coding":[{"system":)"
           R"("https://www.nubc.org/CodeSystem/PatDischargeStatus","code":"01"}]}})";
  }
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"stay-{0}-{1}",)"
      R"("text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Step {2} of stay {1}</div>"}},)"
      R"("identifier":[{{"system":"urn:oid:2.999.10.2","value":"V-{0}-{1}"}}],"status":"{3}",)"
      R"("class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}},)"
      R"("subject":{{"reference":"urn:uuid:{4}"}},"period":{{"start":"{5}"{6}}},"serviceProvider":{7}{8}}})",
      step.patient,
      step.index / kSteps,
      of_stay,
      over ? "finished" : "in-progress",
      Uuid(3, step.number),
      Instant(step.admission),
      over ? fmt::format(R"(,"end":"{}")", Instant(step.number)) : "",
      Reference(kHospital),
      more);
}

std::string Stays::Patient(const Step& step) const {
  std::string homes = Reference(kPractice);
  if (step.has_second_practice) homes += "," + Reference(kSecondPractice);
  return fmt::format(
      R"({{"resourceType":"Patient","id":"patient-{0}",)"
      R"("identifier":[{{"system":"urn:oid:2.999.10.1","value":"{0}"}}],"active":true,)"
      R"("name":[{{"use":"official","family":"{1}{0}","given":["Nobody"]}}],"gender":"unknown",)"
      R"("birthDate":"{2:04}-{3:02}-{4:02}","address":[{{"city":"Lakeside","state":"NY","postalCode":"13057"}}],)"
      R"("generalPractitioner":[{5}]}})",
      step.patient,
      kFamily,
      1930 + step.patient % 60,
      1 + step.patient % 12,
      1 + step.patient % 28,
      homes);
}

std::string Stays::Text(const Step& step) const {
  const std::string header = fmt::format(
      R"({{"resourceType":"MessageHeader","id":"{}","eventCoding":{{"system":)"
      R"("http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event","code":"{}"}},)"
      R"("source":{{"name":"Invented ADT","endpoint":"https://hospital.example/fhir"}},)"
      R"("focus":[{{"reference":"urn:uuid:{}"}}]}})",
      Uuid(1, step.number),
      kEvents[step.index % kSteps],
      Uuid(2, step.number));
  const std::string coverage = fmt::format(
      R"({{"resourceType":"Coverage","id":"coverage-{0}","status":"active","subscriberId":"M-{0}",)"
      R"("beneficiary":{{"reference":"urn:uuid:{1}"}},"payor":[{2}]}})",
      step.patient,
      Uuid(3, step.number),
      Reference(kPayer));
  std::string organizations = OrganizationEntry(kHospital, parties_.hospital) + "," +
                              OrganizationEntry(kPractice, parties_.practice) + "," +
                              OrganizationEntry(kPayer, parties_.payer);
  if (step.has_second_practice) {
    organizations += "," + OrganizationEntry(kSecondPractice, parties_.second_practice);
  }
  return fmt::format(
      R"({{"resourceType":"Bundle","id":"bundle-{}","type":"message","timestamp":"{}",)"
      R"("entry":[{},{},{},{},{}]}})",
      step.number,
      Instant(step.number),
      Entry(Uuid(1, step.number), header),
      Entry(Uuid(2, step.number), Encounter(step)),
      Entry(Uuid(3, step.number), Patient(step)),
      Entry(Uuid(4, step.number), coverage),
      organizations);
}

std::optional<Notice> Stays::Read(const v1::Bundle& bundle) const {
  Notice notice;
  notice.delivery = bundle.id();
  const std::int64_t at_us =
      bundle.timestamp().seconds() * 1'000'000 + bundle.timestamp().nanos() / 1000;
  notice.number = static_cast<MessageNumber>((at_us - ToMicros(origin_)) / 1000);
  bool named = false;
  for (const v1::Bundle::Entry& entry : bundle.entries()) {
    const v1::Resource& resource = entry.resource();
    if (resource.has_encounter()) {
      const auto version = ToNumber<std::uint64_t>(resource.encounter().meta().version_id());
      notice.encounter_version = version.value_or(0);
    }
    if (!resource.has_patient() || resource.patient().names_size() != 1) continue;
    const std::string_view family = resource.patient().names(0).family();
    if (!family.starts_with(kFamily)) continue;
    const auto patient = ToNumber<PatientNumber>(family.substr(kFamily.size()));
    if (!patient) continue;
    notice.patient = *patient;
    named = true;
  }
  if (!named) return std::nullopt;
  return notice;
}

}  // namespace handoff::scenario
