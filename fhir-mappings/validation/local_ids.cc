#include "fhir-mappings/validation/local_ids.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"

#include "fhir-mappings/runtime/rewriter.h"

namespace handoff::fhir::internal {
namespace {

// Calls `visit` with what follows the `#` of every local reference in the item and below it; stops
// once it returns true.
template <class Visit>
bool VisitMentions(const Item& item, Visit&& visit, unsigned depth = 0) {
  if (depth == kMaxMessageDepth) return false;
  std::string scratch;
  switch (item.form) {
    case Item::Form::kReference: {
      const auto text = TextOf(item, scratch);
      return text && text->starts_with('#') && visit(text->substr(1));
    }
    case Item::Form::kScalar:
      return (item.member->kind == Kind::kCanonical || item.member->kind == Kind::kUri ||
              item.member->kind == Kind::kUrl) &&
             item.bytes.starts_with('#') && visit(item.bytes.substr(1));
    case Item::Form::kJson:
      // Every string that begins with # counts: ids need no escapes.
      for (std::size_t at = item.bytes.find("\"#"); at != item.bytes.npos;
           at = item.bytes.find("\"#", at + 2)) {
        const std::size_t end = item.bytes.find('"', at + 2);
        if (end != item.bytes.npos && visit(item.bytes.substr(at + 2, end - at - 2))) return true;
      }
      return false;
    case Item::Form::kExtension:
    case Item::Form::kMessage: {
      Items children;
      AppendAllChildren(item, children);
      return std::any_of(children.begin(), children.end(), [&](const Item& child) {
        return VisitMentions(child, visit, depth + 1);
      });
    }
    default:
      return false;
  }
}

}  // namespace

void LocalIds::ReadContained() const {
  if (std::exchange(contained_read_, true)) return;
  Items items;
  AppendChildren(resource_, "contained", items);
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::string id = OnlyText(items[i], "id");
    if (!id.empty() && !contained_.emplace(std::move(id), items[i]).second) repeated_.push_back(i);
  }
}

void LocalIds::ReadMentions() const {
  if (std::exchange(mentions_read_, true)) return;
  VisitMentions(resource_, [&](std::string_view id) {
    mentions_.emplace(id.data(), id.size());
    return false;
  });
}

const Item* LocalIds::Contained(std::string_view id) const {
  ReadContained();
  const auto it = contained_.find(absl::string_view(id.data(), id.size()));
  return it == contained_.end() ? nullptr : &it->second;
}

bool LocalIds::Mentions(std::string_view id) const {
  ReadMentions();
  return mentions_.contains(absl::string_view(id.data(), id.size()));
}

const std::vector<std::size_t>& LocalIds::Repeated() const {
  ReadContained();
  return repeated_;
}

bool MentionsContainer(const Item& item) {
  return VisitMentions(item, [](std::string_view id) { return id.empty(); });
}

}  // namespace handoff::fhir::internal
