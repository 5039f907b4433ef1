#include "gateway/access/reader.h"

#include <utility>

#include "gateway/access/search_scan.h"
#include "gateway/access/sources.h"
#include "gateway/access/viewer.h"
#include "gateway/base/error.h"
#include "gateway/base/status_macros.h"

namespace handoff::access {
namespace {

absl::Status Gone() { return MakeError(ErrorId::kGone, "the resource was deleted"); }

absl::StatusOr<store::SharedResource> Current(Viewer& viewer, const ResourceKey& key) {
  HANDOFF_ASSIGN_OR_RETURN(store::SharedResource stored, viewer.snapshot().Read(key));
  if (!stored) return NotFound();
  return stored;
}

// Of a deletion: gone, for those who might have seen what was deleted.
absl::Status WhyAbsent(Viewer& viewer, const store::ResourceVersion& stored) {
  if (!stored.deleted()) return NotFound();
  HANDOFF_ASSIGN_OR_RETURN(const bool visible, viewer.MaySee(stored));
  return visible ? Gone() : NotFound();
}

}  // namespace

Reader::Reader(std::shared_ptr<const Sources> sources) : sources_(std::move(sources)) {}

absl::StatusOr<Visible> Reader::Read(const PartyKey& caller, const ResourceKey& key) const {
  Viewer viewer(*sources_, caller);
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource stored, Current(viewer, key));
  HANDOFF_ASSIGN_OR_RETURN(std::optional<Visible> visible, viewer.Show(*stored));
  if (!visible) return WhyAbsent(viewer, *stored);
  return *std::move(visible);
}

absl::StatusOr<Visible> Reader::VRead(const PartyKey& caller,
                                      const ResourceKey& key,
                                      std::uint64_t version) const {
  Viewer viewer(*sources_, caller);
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource current, Current(viewer, key));
  HANDOFF_ASSIGN_OR_RETURN(const store::SharedResource past,
                           viewer.snapshot().ReadVersion(key, version));
  if (!past) return NotFound();
  HANDOFF_ASSIGN_OR_RETURN(std::optional<Visible> visible, viewer.ShowVersion(*past, *current));
  if (!visible) return WhyAbsent(viewer, *past);
  return *std::move(visible);
}

absl::StatusOr<SearchPage> Reader::Search(const PartyKey& caller,
                                          const SearchRequest& request) const {
  Viewer viewer(*sources_, caller);
  HANDOFF_ASSIGN_OR_RETURN(const auto persons, PersonsNamed(viewer, request));
  return RunSearch(viewer, request, persons);
}

}  // namespace handoff::access
