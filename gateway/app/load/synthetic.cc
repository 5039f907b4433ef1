#include "gateway/app/load/synthetic.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace handoff::load {
namespace {

// Markers stand for themselves in the template and are as wide as what replaces them.
constexpr std::string_view kNumber = "############";
constexpr std::string_view kFamily = "@@@@@@@@@@";
constexpr std::string_view kGiven = "%%%%%%";
constexpr std::string_view kBirthDate = "~~~~~~~~~~";

constexpr std::uint32_t kPatient = 3;  // slot of its id

constexpr std::array<std::string_view, 16> kSyllables{
    "ba", "ce", "di", "fo", "ga", "he", "li", "mo", "na", "pe", "ri", "so", "ta", "ve", "wi", "zo"};

// What a discharge narrative says, sentence by sentence.
constexpr std::array<std::string_view, 8> kSentences{
    "Admitted through the emergency department with shortness of breath and swelling of both legs "
    "over five days; no chest pain, no fever. ",
    "Weight on admission was 4.2 kg above the dry weight known to the practice. Treated with "
    "intravenous diuretics, changed to oral on the third day, with good effect. ",
    "Echocardiography showed an ejection fraction of 35 percent, unchanged from last year. Kidney "
    "function dipped on the second day and had recovered before discharge. ",
    "Walks 60 metres with a rolling walker; climbs four steps with one rail. Needs help with "
    "bathing, none with dressing. The daughter lives nearby and comes each evening. ",
    "Understands the warning signs and repeated them in own words: gain of 1 kg in a day, more "
    "pillows at night, swelling, dizziness on standing. ",
    "Medication was reviewed with the patient and the pharmacist; one duplicate was stopped, the "
    "list at discharge replaces all earlier lists. ",
    "Scale and blood pressure cuff are at home. Meals low in salt were arranged for two weeks. A "
    "ride to the clinic is needed, since the patient does not drive. ",
    "Laboratory results still pending at discharge will be sent to the practice. Contact for "
    "questions is the discharge nurse on 4 West, around the clock. "};

std::string Narrative(std::string_view title, std::size_t bytes) {
  std::string div =
      fmt::format(R"(<div xmlns=\"http://www.w3.org/1999/xhtml\"><h3>{}</h3><p>)", title);
  for (std::size_t i = title.size(); div.size() < bytes; ++i) {
    div += kSentences[i % kSentences.size()];
    if (i % 4 == 3) div += "</p><p>";
  }
  return fmt::format(R"("text":{{"status":"generated","div":"{}</p></div>"}})", div);
}

std::string Uuid(std::uint32_t slot, std::uint32_t seed, std::string_view tail) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-8000-{}", slot, seed >> 12, seed & 0xfff, tail);
}

std::string Day(Timestamp t) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(t)};
  return fmt::format(
      "{:04}-{:02}-{:02}", int{day.year()}, unsigned{day.month()}, unsigned{day.day()});
}

std::string Instant(Timestamp t) {
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  const std::chrono::hh_mm_ss time{second - std::chrono::floor<std::chrono::days>(second)};
  return fmt::format("{}T{:02}:{:02}:{:02}Z",
                     Day(t),
                     time.hours().count(),
                     time.minutes().count(),
                     time.seconds().count());
}

std::string Concept(std::string_view system, std::string_view code, std::string_view text) {
  return fmt::format(
      R"({{"coding":[{{"system":"{}","code":"{}","display":"{}"}}]}})", system, code, text);
}

// Writes the resources of one message. Slots 1 to 7 belong to the message; 21 to 23 are the same in
// all, as a hospital's staff and wards are.
class Writer {
 public:
  Writer(const SyntheticOptions& options, std::string_view record, std::size_t narrative)
      : options_(options), record_(record), narrative_(narrative) {}

  std::string Bundle() const {
    return fmt::format(
        R"({{"resourceType":"Bundle","id":"{}","type":"message",)"
        R"("timestamp":"{}","entry":[{},{},{},{},{},{},{},{},{},{}]}})",
        Own(8),
        Instant(options_.now),
        Header(),
        Encounter(),
        Patient(),
        Practitioner(),
        Organization(),
        Location(),
        Coverage(),
        Condition(6, "I50.23", "Acute on chronic systolic (congestive) heart failure"),
        Condition(7, "N18.30", "Chronic kidney disease, stage 3 unspecified"),
        CarePlan());
  }

 private:
  static constexpr std::uint32_t kPractitioner = 21;
  static constexpr std::uint32_t kOrganization = 22;
  static constexpr std::uint32_t kLocation = 23;

  Timestamp Admitted() const { return options_.now - std::chrono::days(5); }
  std::string Own(std::uint32_t slot) const { return Uuid(slot, options_.seed, kNumber); }
  static std::string Shared(std::uint32_t slot) { return Uuid(slot, 0, "000000000000"); }
  std::string Ref(std::uint32_t slot) const {
    return fmt::format(R"({{"reference":"urn:uuid:{}"}})", Name(slot));
  }
  std::string Name(std::uint32_t slot) const {
    return slot >= kPractitioner ? Shared(slot) : Own(slot);
  }
  std::string Entry(std::uint32_t slot, std::string_view type, std::string_view members) const {
    return fmt::format(
        R"({{"fullUrl":"urn:uuid:{0}","resource":{{"resourceType":"{1}","id":"{0}",{2}}}}})",
        Name(slot),
        type,
        members);
  }
  static std::string Logical(const Identifier& of) {
    return fmt::format(R"({{"identifier":{{"system":"{}","value":"{}"}}}})", of.system, of.value);
  }

  std::string Header() const {
    return Entry(
        1,
        "MessageHeader",
        fmt::format(
            R"("eventCoding":{{"system":"http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event",)"
            R"("code":"notification-discharge"}},"sender":{},)"
            R"("source":{{"name":"Load","endpoint":"https://load.example/fhir"}},"focus":[{}])",
            Ref(kOrganization),
            Ref(2)));
  }

  std::string Encounter() const {
    return Entry(
        2,
        "Encounter",
        fmt::format(
            R"({},"identifier":[{{"system":"urn:oid:2.999.10.2","value":"V-{}"}}],)"
            R"("status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode",)"
            R"("code":"IMP","display":"inpatient encounter"}},"subject":{},)"
            R"("participant":[{{"individual":{}}}],)"
            R"("period":{{"start":"{}","end":"{}"}},)"
            R"("diagnosis":[{{"condition":{}}},{{"condition":{}}}],"hospitalization":)"
            R"({{"dischargeDisposition":{}}},"location":[{{"location":{}}}],"serviceProvider":{})",
            Narrative("Course of the stay", narrative_),
            record_,
            Ref(kPatient),
            Ref(kPractitioner),
            Instant(Admitted()),
            Instant(options_.now),
            Ref(6),
            Ref(7),
            Concept("https://www.nubc.org/CodeSystem/PatDischargeStatus",
                    "01",
                    "Discharged to home or self care"),
            Ref(kLocation),
            Ref(kOrganization)));
  }

  std::string Patient() const {
    return Entry(
        kPatient,
        "Patient",
        fmt::format(
            R"("identifier":[{{"type":{},"system":"urn:oid:2.999.10.1","value":"{}"}}],)"
            R"("active":true,"name":[{{"use":"official","family":"{}","given":["{}"]}}],)"
            R"("telecom":[{{"system":"phone","value":"+1-555-0100"}}],"gender":"female",)"
            R"("birthDate":"{}","address":[{{"line":["1 Invented Street"],"city":"Lakeside",)"
            R"("state":"NY","postalCode":"13057","country":"US"}}],"generalPractitioner":[{}])",
            Concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical record number"),
            record_,
            kFamily,
            kGiven,
            kBirthDate,
            Logical(options_.practice)));
  }

  std::string Practitioner() const {
    return Entry(
        kPractitioner,
        "Practitioner",
        R"("active":true,"name":[{"family":"Quillon","given":["Ines"],"prefix":["Dr."]}])");
  }

  std::string Organization() const {
    return Entry(kOrganization,
                 "Organization",
                 fmt::format(R"("identifier":[{{"system":"{}","value":"{}"}}],"active":true,)"
                             R"("name":"The sending hospital")",
                             options_.hospital.system,
                             options_.hospital.value));
  }

  std::string Location() const {
    return Entry(kLocation,
                 "Location",
                 fmt::format(R"("status":"active","name":"4 West","managingOrganization":{})",
                             Ref(kOrganization)));
  }

  std::string Coverage() const {
    return Entry(5,
                 "Coverage",
                 fmt::format(R"("status":"active","subscriberId":"{}","beneficiary":{},)"
                             R"("period":{{"start":"{}"}},"payor":[{}])",
                             record_,
                             Ref(kPatient),
                             Day(Admitted()),
                             Logical(options_.payer)));
  }

  std::string Condition(std::uint32_t slot, std::string_view code, std::string_view text) const {
    return Entry(
        slot,
        "Condition",
        fmt::format(
            R"({},"clinicalStatus":{},"verificationStatus":{},"code":{},"subject":{},)"
            R"("encounter":{},"recordedDate":"{}")",
            Narrative(text, narrative_ / 2),
            Concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
            Concept("http://terminology.hl7.org/CodeSystem/condition-ver-status",
                    "confirmed",
                    "Confirmed"),
            Concept("http://hl7.org/fhir/sid/icd-10-cm", code, text),
            Ref(kPatient),
            Ref(2),
            Day(Admitted())));
  }

  std::string CarePlan() const {
    return Entry(
        4,
        "CarePlan",
        fmt::format(
            R"({},"status":"active","intent":"plan","category":[{}],"title":"Plan after the stay",)"
            R"("subject":{},"encounter":{},"period":{{"start":"{}"}},"created":"{}",)"
            R"("addresses":[{},{}],"activity":[{}])",
            Narrative("Plan of care after the stay", narrative_),
            Concept("http://hl7.org/fhir/us/core/CodeSystem/careplan-category",
                    "assess-plan",
                    "Assessment and Plan of Treatment"),
            Ref(kPatient),
            Ref(2),
            Day(options_.now),
            Day(options_.now),
            Ref(6),
            Ref(7),
            R"({"detail":{"kind":"Task","code":{"text":"Call within two business days"},)"
            R"("status":"not-started"}})"));
  }

  const SyntheticOptions& options_;
  const std::string record_;
  const std::size_t narrative_;
};

std::uint64_t Mix(std::uint64_t x) {
  x ^= x >> 31;
  x *= 0x7fb5d329728ea185;
  x ^= x >> 27;
  x *= 0x81dadef4bc2dd44d;
  return x ^ (x >> 33);
}

void WriteDigits(std::uint64_t value, std::size_t width, char* out) {
  for (std::size_t i = width; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

void WriteName(std::uint64_t random, std::size_t width, char* out) {
  for (std::size_t i = 0; i < width; i += 2, random >>= 4) {
    const std::string_view syllable = kSyllables[random & 15];
    std::copy(syllable.begin(), syllable.end(), out + i);
  }
  out[0] = static_cast<char>(out[0] - 'a' + 'A');
}

void WriteBirthDate(std::uint64_t random, char* out) {
  WriteDigits(1930 + random % 60, 4, out);
  WriteDigits(1 + (random >> 8) % 12, 2, out + 5);
  WriteDigits(1 + (random >> 16) % 28, 2, out + 8);
  out[4] = out[7] = '-';
}

}  // namespace

Discharges::Discharges(const SyntheticOptions& options)
    : options_(options), patient_id_prefix_(Uuid(kPatient, options.seed, "")) {
  const std::string record = fmt::format("load-{:07x}-{}", options.seed & 0xfffffff, kNumber);
  const std::size_t bare = Writer(options_, record, 0).Bundle().size();
  // Three narratives in all: two whole and two halves.
  const std::size_t each = options_.bytes > bare ? (options_.bytes - bare) / 3 : 0;
  text_ = Writer(options_, record, each).Bundle();
  FindPlaces(kNumber, Kind::kNumber);
  FindPlaces(kFamily, Kind::kFamily);
  FindPlaces(kGiven, Kind::kGiven);
  FindPlaces(kBirthDate, Kind::kBirthDate);
  Stamp(0, text_.data());
}

void Discharges::FindPlaces(std::string_view marker, Kind kind) {
  for (std::size_t at = text_.find(marker); at != std::string::npos;
       at = text_.find(marker, at + marker.size())) {
    places_.push_back({at, kind});
  }
}

void Discharges::Stamp(std::uint64_t number, char* text) const {
  std::array<char, kNumber.size()> digits{};
  WriteDigits(number, digits.size(), digits.data());
  const std::uint64_t random = Mix((std::uint64_t{options_.seed} << 40) ^ number);
  for (const Place& place : places_) {
    char* const out = text + place.offset;
    switch (place.kind) {
      case Kind::kNumber:
        std::copy(digits.begin(), digits.end(), out);
        break;
      case Kind::kFamily:
        WriteName(random, kFamily.size(), out);
        break;
      case Kind::kGiven:
        WriteName(random >> 20, kGiven.size(), out);
        break;
      case Kind::kBirthDate:
        WriteBirthDate(random >> 32, out);
        break;
    }
  }
}

std::optional<std::uint64_t> Discharges::NumberIn(std::string_view text) const {
  const std::size_t at = text.find(patient_id_prefix_);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(at + patient_id_prefix_.size(), kNumber.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.begin() + kNumber.size()) return std::nullopt;
  return number;
}

}  // namespace handoff::load
