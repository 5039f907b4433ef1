// What Store backends share of Find(): which resources match, and where the next page starts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "gateway/store/store.h"

namespace handoff::store {

// All but the persons and the place of the page.
bool Matches(const ResourceVersion& resource, const Query& query);

// The last item of a page: the next one holds what is greater.
struct PagePosition {
  std::uint64_t person = 0;
  std::string id;
};

std::string EncodeResume(const PagePosition& position);
// kInvalidArgument if `resume` is not one of EncodeResume; nullopt if it is empty.
absl::StatusOr<std::optional<PagePosition>> DecodeResume(std::string_view resume);

}  // namespace handoff::store
