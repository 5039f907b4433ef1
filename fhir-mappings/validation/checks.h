// The invariants that FHIRPath, or the part of it that is understood, cannot say: one function each,
// by key.
#pragma once

#include <span>
#include <string_view>

#include "fhir-mappings/validation/evaluate.h"

namespace handoff::fhir::internal {

struct NamedCheck {
  std::string_view key;
  bool (*holds)(const Scope& scope);
};

// Every `by-hand` invariant of the maps has one, but those that the walk itself checks on its way:
// kWalked.
std::span<const NamedCheck> NamedChecks();
inline constexpr std::string_view kWalked[] = {"ele-1", "ext-1"};

// The function of Tables::checks at this position; null if the walk checks it.
bool (*CheckAt(std::size_t position))(const Scope& scope);

// Whether a resource has a contained one with this id.
bool HasContained(const Item& resource, std::string_view id);

}  // namespace handoff::fhir::internal
