// Copies an encoded resource with its references edited.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// Deepest nesting of messages that the runtime follows: above every ReadLimits::max_depth.
inline constexpr unsigned kMaxMessageDepth = 600;

// `reference` may be empty: everything is kept then. Ownership: borrows `reference` and `out`.
class Rewriter {
 public:
  using EditReference = std::function<ReferenceEdit(const ReferenceView&)>;

  Rewriter(const EditReference& reference, Sink& out) : reference_(reference), out_(out) {}

  // Each returns false at damage.
  bool Resource(std::string_view wire);
  bool Message(const Type& type, std::string_view wire);
  // One `extra` or opaque JSON; `gone` is set, and nothing appended, if no member is left of it.
  bool Json(std::string_view json, bool& gone);

  // Set by Message: the Reference was to be dropped, or dropping below left nothing.
  bool dropped() const { return dropped_; }

 private:
  bool Nested(const Member& member, std::string_view wire);
  void PutReference(const ReferenceEdit& edit);

  const EditReference& reference_;
  Sink& out_;
  unsigned depth_ = 0;
  bool dropped_ = false;
};

// JSON of one element from its wire form; kDataLoss as WriteJson.
absl::Status WriteElement(const Type& type, std::string_view wire, std::string* json);

// What was appended to `*json` from `begin` on is checked and set as `options` ask.
absl::Status FinishJson(std::size_t begin, const WriteOptions& options, std::string* json);

}  // namespace handoff::fhir::internal
