// Runs an expression over items.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/expression.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/item.h"
#include "fhir-mappings/validation/local_ids.h"

namespace handoff::fhir::internal {

// Finds what a reference means inside of what is being validated.
class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual std::optional<Item> Resolve(const ReferenceView& reference) = 0;
};

// What an expression is about.
struct Scope {
  Item context;
  std::optional<std::uint64_t> present;  // bit n: element n stands in the context, a message
  Item resource;
  const LocalIds* root = nullptr;  // of the resource that contains `resource`, or of itself
  Resolver* resolver = nullptr;
};

enum class Truth : std::uint8_t { kEmpty, kFalse, kTrue };

// Its memory serves one expression after the other.
class Evaluator {
 public:
  // Whether an invariant holds. FHIRPath's empty does not; a comparison that cannot be decided
  // (dates of unlike precision that overlap, quantities of unlike units) does.
  bool Holds(Expression expression, const Scope& scope);

  // Appends what the expression yields to `items`. They hold while the evaluator does no more.
  void Select(Expression expression, const Scope& scope, Items& items);

  // True once it has compared as often as it may: from then on everything holds.
  bool exhausted() const { return comparisons_ > kMaxComparisons; }
  static constexpr std::size_t kMaxComparisons = 1'000'000;

 private:
  Truth Test(std::uint16_t node);
  Truth TestNode(std::uint16_t node);
  Truth TestJunction(const Expr& node);
  Truth TestCollection(const Expr& node);
  Truth TestEquality(const Expr& node);
  Truth TestOrder(const Expr& node);
  Truth TestIn(const Expr& node);
  Truth TestText(const Expr& node);
  Truth TestDistinct(const Expr& node);
  std::optional<bool> Presence(const Expr& node) const;

  void Begin(Expression expression, const Scope& scope);
  bool Equal(const Item& a, const Item& b) {
    return ++comparisons_ <= kMaxComparisons && AreEqual(a, b);
  }

  // Leaves the items of a node on the stack; returns where they begin.
  std::size_t Push(std::uint16_t node);
  std::size_t PushInput(std::uint16_t node);
  void PushChildren(const Expr& node);
  void PushWhere(const Expr& node);
  void PushSelect(const Expr& node);
  void PushOfType(const Expr& node);
  void PushIndex(const Expr& node, std::size_t index);
  void PushIntersect(const Expr& node);
  void PushUnion(const Expr& node);
  void PushResolve(const Expr& node);
  void PushExtension(const Expr& node);
  void PushText(const Expr& node);
  void PushSum(const Expr& node);
  void PushDescendants(const Expr& node);
  void PushTruth(Truth truth);
  // Removes [begin, end), what stands behind it moves down.
  void Erase(std::size_t begin, std::size_t end);

  const Expr* nodes_ = nullptr;
  const Scope* scope_ = nullptr;
  Item focus_;
  bool at_context_ = true;  // the focus is the context
  Items stack_;
  std::deque<std::string> texts_;
  // What fixed nodes yielded where they are asked for each of many items.
  std::vector<std::pair<const Expr*, Truth>> fixed_truths_;
  std::vector<std::pair<const Expr*, Items>> fixed_children_;
  std::size_t comparisons_ = 0;
};

}  // namespace handoff::fhir::internal
