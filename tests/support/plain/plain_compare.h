// The mapping runtime beside the plain model.
#pragma once

#include <string>
#include <string_view>

namespace handoff::plain {

// In what the runtime and the plain model differ on a document; empty if in nothing. They agree if
// both refuse it, or if both accept it and its wire form, as messages and as JSON, says what it
// says.
std::string Disagreement(std::string_view json);

}  // namespace handoff::plain
