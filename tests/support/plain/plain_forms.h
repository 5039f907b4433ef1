// The forms of R4's primitive types, as datatypes.html#primitive writes them.
#pragma once

#include <string_view>

#include "fhir-mappings/runtime/tables.h"
#include "tests/support/plain/plain_json.h"

namespace handoff::plain {

// Whether a JSON value that is not null may stand for a primitive of `kind`; not for kEnum.
bool HasForm(fhir::internal::Kind kind, const Value& value);

}  // namespace handoff::plain
