// The constant form of a FHIRPath expression, as handoff-mapc writes it into the tables and as the
// loader of profiles makes it at run time (validation/fhirpath.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace handoff::fhir::internal {

enum class Op : std::uint8_t {
  // What stands for itself.
  kThis,          // the focus
  kContext,       // what the invariant is about
  kResource,      // %resource
  kRootResource,  // %rootResource
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNothing,  // {}
  // Navigation from `input` (or from the focus).
  kChild,  // text: the name
  kChildren,
  kDescendants,
  kResolve,
  kExtension,  // text: the url
  kIndex,      // text: the number
  kFirst,
  kWhere,   // argument: the criterion
  kSelect,  // argument: the projection
  kOfType,  // text: the type
  kTrace,   // the input itself
  kIif,     // left, right, third: condition, then, else
  // Functions of a collection.
  kExists,  // argument: a criterion, or kNone
  kEmpty,
  kCount,
  kAll,
  kNot,
  kHasValue,
  kIsDistinct,
  kIntersect,
  kContains,
  kStartsWith,
  kEndsWith,
  kSubstring,
  kLength,
  kToString,
  kIs,  // text: the type
  // Operators.
  kAnd,
  kOr,
  kXor,
  kImplies,
  kEqual,
  kNotEqual,
  kEquivalent,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kPlus,
  kConcatenate,
  kUnion,
};

inline constexpr std::uint16_t kNoExpr = 0xffff;
inline constexpr std::uint8_t kNoElement = 0xff;

// One node; the others are named by their place in the expression. The input of a function stands
// in `left`, its argument in `right`.
struct Expr {
  Op op = Op::kThis;
  std::uint8_t element = kNoElement;  // kChild of the context itself: the element, if it is known
  std::uint16_t left = kNoExpr;
  std::uint16_t right = kNoExpr;
  std::uint16_t third = kNoExpr;
  std::string_view text;
  bool fixed = false;  // it does not depend on the focus
};

// Every node behind those that it names; the last is the whole.
using Expression = std::span<const Expr>;

}  // namespace handoff::fhir::internal
