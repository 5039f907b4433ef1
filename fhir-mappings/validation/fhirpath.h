// The part of FHIRPath in which invariants are written, as text to its constant form.
//
// Understood: paths, indexers, $this, %resource, %rootResource, %context, %ucum, literals of
// strings, numbers and booleans, {}; and, or, xor, implies, = != ~ < <= > >=, in, +, &, |, is, as;
// exists, empty, count, all, where, select, first, not, hasValue, isDistinct, intersect, contains,
// startsWith, endsWith, substring(n), length, toString, ofType, is, as, iif, resolve, extension(url),
// children, descendants, trace.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/expression.h"

namespace handoff::fhir {

// What an expression was parsed to. Its nodes point into `texts`: it moves, but is not copied.
struct ParsedExpression {
  ParsedExpression() = default;
  ParsedExpression(ParsedExpression&&) = default;
  ParsedExpression& operator=(ParsedExpression&&) = default;

  std::vector<internal::Expr> nodes;
  std::deque<std::string> texts;
};

struct ExpressionError {
  std::size_t offset = 0;
  std::string what;  // "unknown function foo()"
};

// Nested deeper than this an expression is refused: what runs it recurses.
inline constexpr int kMaxExpressionDepth = 64;

// False, and why, if `text` is outside of what is understood.
bool ParseExpression(std::string_view text, ParsedExpression* parsed, ExpressionError* error);

}  // namespace handoff::fhir
