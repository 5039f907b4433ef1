// One profile, as the loader has read it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/validation/fhirpath.h"

namespace handoff::fhir::internal {

// "system|code", or a bare code.
struct ProfileCode {
  std::string system;
  std::string code;
};

// Items of a list that are told apart by what they hold.
struct ProfileSlice {
  std::string name;
  std::vector<ProfileCode> codes;  // an item of the slice has one of these
  std::string resource;            // or is, or holds in `resource`, a resource of this type
  std::string profile;             // that resource conforms to it; empty: to none
  std::size_t min = 0;
  std::size_t max = kUnbounded;

  static constexpr std::size_t kUnbounded = static_cast<std::size_t>(-1);
};

struct ProfileElement {
  std::vector<std::string> path;  // from the resource; empty: itself
  std::size_t min = 0;
  std::size_t max = ProfileSlice::kUnbounded;
  std::vector<std::string> types;    // of a choice
  std::vector<std::string> targets;  // resource types that a reference may point to
  std::string fixed;                 // the text that it must be
  std::vector<ProfileCode> pattern;  // all of these are among its codes
  std::string value_set;             // the codes below are required by it
  std::vector<ProfileCode> codes;
  std::vector<ProfileSlice> slices;
};

struct ProfileExtension {
  std::vector<std::string> path;  // the element that carries it
  std::string url;
  std::size_t min = 0;
  std::size_t max = ProfileSlice::kUnbounded;
};

struct ProfileInvariant {
  std::vector<std::string> path;
  std::string key;
  std::string text;
  bool warning = false;
  ParsedExpression expression;
};

struct Profile {
  std::string url;
  std::string version;
  std::string base;  // another profile that holds too; empty: none
  const Type* type = nullptr;
  std::vector<ProfileElement> elements;
  std::vector<ProfileExtension> extensions;
  std::vector<ProfileInvariant> invariants;
};

}  // namespace handoff::fhir::internal
