// Names as they compare: without case, accents and punctuation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace handoff::directory {

// The words of a name, lower case, Latin letters without their accents ("Okonjo-Bell" is okonjo and
// bell, "Müller" is muller); letters of other scripts stay as they are.
std::vector<std::string> FoldedWords(std::string_view name);

// "Baby Girl", "Doe", "Unknown": what is written where the name is not known.
bool IsPlaceholderName(const std::vector<std::string>& family,
                       const std::vector<std::string>& given);

}  // namespace handoff::directory
