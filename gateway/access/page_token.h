// Where a list goes on: an opaque text that the caller gives back.
//
// A token is bound to the caller and to what was asked. It opens nothing: what it points at is
// projected for the caller like any other resource, so it carries no signature.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "gateway/base/ids.h"

namespace handoff::access {

struct PagePosition {
  PersonId after = PersonId::kNone;  // the persons up to here are done
  bool started = false;              // the records about no one are done
  std::string resume;                // store::Query::resume within the persons that follow
  PersonId last_person = PersonId::kNone;
  std::string last_id;  // the last item given is (last_person, last_id); empty: none in this part
};

// How many items a page holds when `asked` for: 50 for 0, and 200 at most.
std::size_t PageSize(std::size_t asked);

// `asked` is everything that must be the same on the next page.
std::string EncodePage(const PartyKey& caller,
                       std::string_view asked,
                       const PagePosition& position);

// The start for an empty `token`. Errors: kInvalidArgument the token is not one of ours, or of
// another list.
absl::StatusOr<PagePosition> DecodePage(const PartyKey& caller,
                                        std::string_view asked,
                                        std::string_view token);

}  // namespace handoff::access
