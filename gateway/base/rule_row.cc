#include "gateway/base/rule_row.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace handoff {
namespace {

bool IsDate(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == '-' ? c == '-' : c >= '0' && c <= '9';
         });
}

}  // namespace

void CheckProvenance(const ConfigNode& row, ConfigErrors& errors) {
  row["source"].RequiredString(errors);
  const ConfigNode effective = row["effective"];
  const std::string date = effective.RequiredString(errors);
  if (!date.empty() && !IsDate(date)) {
    errors.Add(effective.Where(), "`" + date + "` is not a date (YYYY-MM-DD)");
  }
}

}  // namespace handoff
