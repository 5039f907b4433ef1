#include "gateway/directory/identity.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"

#include "gateway/directory/name_folding.h"

namespace handoff::directory {
namespace {

constexpr std::string_view kUsSsn = "http://hl7.org/fhir/sid/us-ssn";

// FHIR R4 lists these systems with both spellings (identifier-registry.html).
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOids{{
    {"urn:oid:2.16.840.1.113883.4.1", kUsSsn},
    {"urn:oid:2.16.840.1.113883.4.6", "http://hl7.org/fhir/sid/us-npi"},
    {"urn:oid:2.16.840.1.113883.4.572", "http://hl7.org/fhir/sid/us-medicare"},
    {"urn:oid:2.16.840.1.113883.4.927", "http://hl7.org/fhir/sid/us-mbi"},
}};

constexpr std::string_view kIdentifierTypes = "http://terminology.hl7.org/CodeSystem/v2-0203";

std::string Trimmed(std::string_view text) {
  std::string trimmed(text);
  absl::StripAsciiWhitespace(&trimmed);
  return trimmed;
}

// The v2-0203 code of the identifier's type, or empty. A code without a system is taken for one: v2
// senders write so.
std::string_view TypeCode(const v1::Identifier& identifier) {
  for (const v1::Coding& coding : identifier.type().codings()) {
    if (coding.system() == kIdentifierTypes || coding.system().empty()) return coding.code();
  }
  return {};
}

struct ComparableName {
  std::vector<std::string> family;
  std::vector<std::string> given;
};

bool Overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& x) {
    return std::any_of(b.begin(), b.end(), [&](const std::string& y) {
      return x == y || (x.size() == 1 && y.starts_with(x)) || (y.size() == 1 && x.starts_with(y));
    });
  });
}

// All names of the patient that say something, text alone split into words.
std::vector<ComparableName> Names(const v1::Patient& patient) {
  std::vector<ComparableName> names;
  for (const v1::HumanName& name : patient.names()) {
    ComparableName comparable{FoldedWords(name.family()), {}};
    for (const std::string& given : name.given()) {
      for (std::string& word : FoldedWords(given)) comparable.given.push_back(std::move(word));
    }
    if (comparable.family.empty() && comparable.given.empty() && !name.text().empty()) {
      comparable.given = FoldedWords(name.text());
      if (!comparable.given.empty()) {
        comparable.family.push_back(std::move(comparable.given.back()));
        comparable.given.pop_back();
      }
    }
    if (!IsPlaceholderName(comparable.family, comparable.given))
      names.push_back(std::move(comparable));
  }
  return names;
}

bool Agree(const ComparableName& a, const ComparableName& b) {
  const auto compatible = [](const std::vector<std::string>& x, const std::vector<std::string>& y) {
    return x.empty() || y.empty() || Overlap(x, y);
  };
  return (compatible(a.family, b.family) && compatible(a.given, b.given)) ||
         (Overlap(a.family, b.given) && Overlap(a.given, b.family));
}

bool NamesDisagree(const v1::Patient& a, const v1::Patient& b) {
  const std::vector<ComparableName> of_a = Names(a);
  const std::vector<ComparableName> of_b = Names(b);
  if (of_a.empty() || of_b.empty()) return false;
  return std::none_of(of_a.begin(), of_a.end(), [&](const ComparableName& x) {
    return std::any_of(
        of_b.begin(), of_b.end(), [&](const ComparableName& y) { return Agree(x, y); });
  });
}

std::size_t FamilyWords(const std::vector<ComparableName>& names) {
  std::size_t words = 0;
  for (const ComparableName& name : names) words += name.family.size();
  return words;
}

// More than agreeing: an initial or what is missing confirms no family name.
bool SameName(const v1::Patient& a, const v1::Patient& b) {
  constexpr std::size_t kMaxFamilyWords = 8;
  const std::vector<ComparableName> of_a = Names(a);
  const std::vector<ComparableName> of_b = Names(b);
  if (FamilyWords(of_a) > kMaxFamilyWords || FamilyWords(of_b) > kMaxFamilyWords) return false;
  const auto shares_family = [](const ComparableName& x, const ComparableName& y) {
    return std::any_of(x.family.begin(), x.family.end(), [&](const std::string& word) {
      return word.size() > 1 && std::find(y.family.begin(), y.family.end(), word) != y.family.end();
    });
  };
  return std::any_of(of_a.begin(), of_a.end(), [&](const ComparableName& x) {
    return std::any_of(of_b.begin(), of_b.end(), [&](const ComparableName& y) {
      return shares_family(x, y) && Overlap(x.given, y.given);
    });
  });
}

bool IsPlaceholder(const v1::Date& date) {
  return date.year() == 0 || (date.year() == 1900 && date.month() <= 1 && date.day() <= 1);
}

// Compared as far as both are given: 1944 and 1944-03-18 do not disagree.
bool BirthDatesDisagree(const v1::Date& a, const v1::Date& b) {
  if (IsPlaceholder(a) || IsPlaceholder(b)) return false;
  if (a.year() != b.year()) return true;
  if (a.month() == 0 || b.month() == 0) return false;
  if (a.month() != b.month()) return true;
  return a.day() != 0 && b.day() != 0 && a.day() != b.day();
}

bool SameBirthDay(const v1::Date& a, const v1::Date& b) {
  return !IsPlaceholder(a) && a.day() != 0 && a.day() == b.day() && a.month() == b.month() &&
         a.year() == b.year();
}

}  // namespace

std::string NormalSystem(std::string_view system) {
  std::string normal = Trimmed(system);
  if (normal.size() >= 4 && absl::AsciiStrToLower(normal.substr(0, 4)) == "urn:") {
    const std::size_t space_end = normal.find(':', 4);
    const std::string space = absl::AsciiStrToLower(normal.substr(0, space_end));
    // A UUID and an OID have no case; other name spaces may.
    const bool caseless = space == "urn:uuid" || space == "urn:oid";
    normal = caseless ? absl::AsciiStrToLower(normal) : space + normal.substr(space.size());
  }
  const auto known = std::find_if(
      kOids.begin(), kOids.end(), [&](const auto& oid) { return oid.first == normal; });
  return known == kOids.end() ? normal : std::string(known->second);
}

bool IsSocialSecurity(std::string_view system) { return system == kUsSsn; }

std::optional<std::string> LinkKey(const v1::Identifier& identifier, const Party& sender) {
  const std::string value = Trimmed(identifier.value());
  const std::string_view type = TypeCode(identifier);
  std::string system = NormalSystem(identifier.system());
  if (value.empty() || type == "SS" || IsSocialSecurity(system)) return std::nullopt;
  if (system.empty()) {
    system = sender.identifier_system;
    if (!type.empty() && type != "MR" && type != "PI") system += "#" + std::string(type);
  }
  return system + "|" + value;
}

bool SaysWho(const v1::Patient& patient) {
  return !IsPlaceholder(patient.birth_date()) || !Names(patient).empty();
}

Plausibility CheckPlausible(const v1::Patient& a, const v1::Patient& b) {
  const bool same_day = SameBirthDay(a.birth_date(), b.birth_date());
  const bool same_name = SameName(a, b);
  if (same_day && same_name) return Plausibility::kConfirmed;
  if (same_day || same_name) return Plausibility::kAgrees;
  return BirthDatesDisagree(a.birth_date(), b.birth_date()) && NamesDisagree(a, b)
             ? Plausibility::kConflict
             : Plausibility::kPlausible;
}

}  // namespace handoff::directory
