#include "gateway/directory/party.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include <date/tz.h>

namespace handoff::directory {
namespace {

std::string Trimmed(std::string text) {
  absl::StripAsciiWhitespace(&text);
  return text;
}

bool SameWord(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::toupper(x) == std::toupper(y);
  });
}

bool AnySame(const std::vector<std::string>& words, std::string_view word) {
  return std::any_of(
      words.begin(), words.end(), [&](const std::string& w) { return SameWord(w, word); });
}

// "28801-1234" is in "28801"; "SW1A 1AA" is "SW1A1AA".
std::string PostalCode(std::string_view text) {
  std::string code;
  for (const char c : text.substr(0, text.find('-'))) {
    if (!std::isspace(static_cast<unsigned char>(c))) code += c;
  }
  return code;
}

}  // namespace

absl::StatusOr<std::string> Secret::Read() const {
  std::string secret;
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in.is_open()) return absl::FailedPreconditionError("cannot read the secret file " + file);
    secret = Trimmed(std::string(std::istreambuf_iterator<char>(in), {}));
    if (secret.empty())
      return absl::FailedPreconditionError("the secret file " + file + " holds nothing");
  } else if (!env.empty()) {
    const char* value = std::getenv(env.c_str());
    secret = Trimmed(value == nullptr ? "" : value);
    if (secret.empty())
      return absl::FailedPreconditionError("the environment variable " + env + " is not set");
  }
  return secret;
}

int Closeness(const Area& area, const Place& place) {
  const std::string postal = PostalCode(place.postal_code);
  int closest = area.everywhere ? 1 : 0;
  if (!place.state.empty() && AnySame(area.states, place.state)) closest = 2;
  if (!place.state.empty() && !place.county.empty() &&
      AnySame(area.counties, place.state + "/" + place.county)) {
    closest = 3;
  }
  if (postal.empty()) return closest;
  for (const std::string& code : area.postal_codes) {
    if (code.back() != '*') {
      if (SameWord(PostalCode(code), postal)) return 5;
    } else if (const std::string prefix = PostalCode(code.substr(0, code.size() - 1));
               SameWord(prefix, postal.substr(0, prefix.size()))) {
      closest = 4;
    }
  }
  return closest;
}

std::string_view Name(PartyKind kind) {
  switch (kind) {
    case PartyKind::kHospital:
      return "hospital";
    case PartyKind::kPractice:
      return "practice";
    case PartyKind::kPayer:
      return "payer";
    case PartyKind::kCommunity:
      return "community";
    case PartyKind::kAging:
      return "aging";
    case PartyKind::kBehavioral:
      return "behavioral";
    case PartyKind::kOther:
      return "other";
  }
  return "other";
}

bool Party::MayHold(std::string_view role_name) const {
  return std::find(roles.begin(), roles.end(), role_name) != roles.end();
}

bool Party::Assigns(std::string_view link_key) const {
  if (!link_key.starts_with(identifier_system)) return false;
  link_key.remove_prefix(identifier_system.size());
  return link_key.starts_with('|') || link_key.starts_with('#');
}

const Endpoint* Party::DefaultEndpoint() const {
  return endpoints.empty() ? nullptr : &endpoints.front();
}

const Endpoint* Party::FindEndpoint(std::string_view endpoint_key) const {
  const auto found = std::find_if(
      endpoints.begin(), endpoints.end(), [&](const Endpoint& e) { return e.key == endpoint_key; });
  return found == endpoints.end() ? nullptr : &*found;
}

Timestamp Party::StartOfDay(int year, unsigned month, unsigned day) const {
  const date::local_days local = date::local_days(date::year(year) / static_cast<int>(month) / 1) +
                                 date::days(static_cast<int>(day) - 1);
  // Of a midnight that a change of the clocks skips or repeats, the earlier reading.
  const auto start = date::locate_zone(time_zone)->to_sys(local, date::choose::earliest);
  return std::chrono::time_point_cast<std::chrono::microseconds>(start);
}

}  // namespace handoff::directory
