#include "fhir-mappings/validation/evaluate.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace handoff::fhir::internal {
namespace {

Truth Of(bool value) { return value ? Truth::kTrue : Truth::kFalse; }

Truth Not(Truth truth) {
  if (truth == Truth::kEmpty) return truth;
  return Of(truth == Truth::kFalse);
}

// The texts of the items, sorted; nullopt if one of them has none that outlives this.
std::optional<std::vector<std::string_view>> SortedTexts(std::span<const Item> items) {
  std::vector<std::string_view> texts;
  texts.reserve(items.size());
  std::string scratch;
  for (const Item& item : items) {
    const auto text = TextOf(item, scratch);
    if (!text || text->data() == scratch.data()) return std::nullopt;
    texts.push_back(*text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace

void Evaluator::Begin(Expression expression, const Scope& scope) {
  nodes_ = expression.data();
  scope_ = &scope;
  focus_ = scope.context;
  at_context_ = true;
  stack_.clear();
  if (!texts_.empty()) texts_.clear();
  fixed_truths_.clear();
  if (!fixed_children_.empty()) fixed_children_.clear();
}

bool Evaluator::Holds(Expression expression, const Scope& scope) {
  Begin(expression, scope);
  return Test(static_cast<std::uint16_t>(expression.size() - 1)) == Truth::kTrue || exhausted();
}

void Evaluator::Select(Expression expression, const Scope& scope, Items& items) {
  Begin(expression, scope);
  Push(static_cast<std::uint16_t>(expression.size() - 1));
  items.insert(items.end(), stack_.begin(), stack_.end());
}

Truth Evaluator::Test(std::uint16_t index) {
  const Expr& node = nodes_[index];
  if (at_context_ || !node.fixed || node.left == kNoExpr) return TestNode(index);
  for (const auto& [known, truth] : fixed_truths_) {
    if (known == &node) return truth;
  }
  const Truth truth = TestNode(index);
  fixed_truths_.emplace_back(&node, truth);
  return truth;
}

Truth Evaluator::TestNode(std::uint16_t index) {
  const Expr& node = nodes_[index];
  switch (node.op) {
    case Op::kTrue:
      return Truth::kTrue;
    case Op::kFalse:
      return Truth::kFalse;
    case Op::kAnd:
    case Op::kOr:
    case Op::kXor:
    case Op::kImplies:
      return TestJunction(node);
    case Op::kNot: {
      if (node.left != kNoExpr) return Not(Test(node.left));
      const auto truth = TruthOf(focus_);
      return truth ? Of(!*truth) : Truth::kFalse;
    }
    case Op::kExists:
    case Op::kEmpty:
      if (const auto present = Presence(node)) return Of(*present == (node.op == Op::kExists));
      [[fallthrough]];
    case Op::kAll:
    case Op::kHasValue:
    case Op::kIs:
      return TestCollection(node);
    case Op::kIsDistinct:
      return TestDistinct(node);
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kEquivalent:
      return TestEquality(node);
    case Op::kLess:
    case Op::kLessOrEqual:
    case Op::kGreater:
    case Op::kGreaterOrEqual:
      return TestOrder(node);
    case Op::kIn:
      return TestIn(node);
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith:
      return TestText(node);
    case Op::kIif:
      if (Test(node.left) == Truth::kTrue) return Test(node.right);
      return node.third == kNoExpr ? Truth::kEmpty : Test(node.third);
    default:
      break;
  }
  const std::size_t begin = Push(index);
  Truth truth = begin == stack_.size() ? Truth::kEmpty : Truth::kTrue;
  // One item that is no boolean counts as true (FHIRPath 4.5).
  if (stack_.size() == begin + 1) truth = Of(TruthOf(stack_[begin]).value_or(true));
  stack_.resize(begin);
  return truth;
}

Truth Evaluator::TestJunction(const Expr& node) {
  const Truth left = Test(node.left);
  if (node.op == Op::kAnd && left == Truth::kFalse) return left;
  if (node.op == Op::kOr && left == Truth::kTrue) return left;
  if (node.op == Op::kImplies && left == Truth::kFalse) return Truth::kTrue;
  const Truth right = Test(node.right);
  switch (node.op) {
    case Op::kAnd:
      if (right == Truth::kFalse) return right;
      return left == Truth::kTrue ? right : Truth::kEmpty;
    case Op::kOr:
      if (right == Truth::kTrue) return right;
      return left == Truth::kFalse ? right : Truth::kEmpty;
    case Op::kImplies:
      if (right == Truth::kTrue) return right;
      return left == Truth::kTrue ? right : Truth::kEmpty;
    default:
      if (left == Truth::kEmpty || right == Truth::kEmpty) return Truth::kEmpty;
      return Of(left != right);
  }
}

// Whether a child of the context stands there, known without looking.
std::optional<bool> Evaluator::Presence(const Expr& node) const {
  if (!at_context_ || !scope_->present || node.right != kNoExpr || node.left == kNoExpr)
    return std::nullopt;
  const Expr& child = nodes_[node.left];
  if (child.op != Op::kChild || child.left != kNoExpr) return std::nullopt;
  const std::uint8_t element =
      child.element != kNoElement ? child.element : FindElement(*focus_.type, child.text);
  if (element == kNoElement) return std::nullopt;
  return (*scope_->present >> element & 1) != 0;
}

Truth Evaluator::TestCollection(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  Truth truth = Truth::kEmpty;
  switch (node.op) {
    case Op::kExists:
      if (node.right == kNoExpr) {
        truth = Of(stack_.size() != begin);
        break;
      }
      [[fallthrough]];
    case Op::kAll: {
      const bool all = node.op == Op::kAll;
      const Item focus = focus_;
      const bool at_context = std::exchange(at_context_, false);
      truth = Of(all);
      for (std::size_t i = begin; i < stack_.size() && truth == Of(all); ++i) {
        focus_ = stack_[i];
        if ((Test(node.right) == Truth::kTrue) != all) truth = Of(!all);
      }
      focus_ = focus;
      at_context_ = at_context;
      break;
    }
    case Op::kEmpty:
      truth = Of(stack_.size() == begin);
      break;
    case Op::kHasValue:
      truth = Of(stack_.size() == begin + 1 && HasValue(stack_[begin]));
      break;
    default:
      if (stack_.size() != begin) truth = Of(IsOfType(stack_[begin], node.text));
      break;
  }
  stack_.resize(begin);
  return truth;
}

Truth Evaluator::TestDistinct(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::span<const Item> items(stack_.data() + begin, stack_.size() - begin);
  bool distinct = true;
  if (const auto texts = SortedTexts(items)) {
    distinct = std::adjacent_find(texts->begin(), texts->end()) == texts->end();
  } else {
    for (std::size_t i = 0; distinct && i < items.size(); ++i) {
      distinct = std::none_of(items.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                              items.end(),
                              [&](const Item& other) { return Equal(items[i], other); });
    }
  }
  stack_.resize(begin);
  return Of(distinct);
}

Truth Evaluator::TestEquality(const Expr& node) {
  const std::size_t begin = Push(node.left);
  const std::size_t middle = Push(node.right);
  const std::size_t left = middle - begin;
  const std::size_t right = stack_.size() - middle;
  Truth truth = Truth::kEmpty;
  if (left != 0 && right != 0) {
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto second = stack_.begin() + static_cast<std::ptrdiff_t>(middle);
    truth =
        Of(left == right && std::equal(first, second, second, [&](const Item& a, const Item& b) {
             return Equal(a, b);
           }));
    if (node.op == Op::kNotEqual) truth = Not(truth);
  } else if (node.op == Op::kEquivalent) {
    truth = Of(left == right);
  }
  stack_.resize(begin);
  return truth;
}

Truth Evaluator::TestOrder(const Expr& node) {
  const std::size_t begin = Push(node.left);
  const std::size_t middle = Push(node.right);
  Truth truth = Truth::kEmpty;
  if (middle == begin + 1 && stack_.size() == middle + 1) {
    const Order order = Compare(stack_[begin], stack_[middle]);
    const bool less = node.op == Op::kLess || node.op == Op::kLessOrEqual;
    const bool or_equal = node.op == Op::kLessOrEqual || node.op == Op::kGreaterOrEqual;
    if (order == Order::kUnknown) {
      truth = Truth::kTrue;
    } else if (order == Order::kEqual) {
      truth = Of(or_equal);
    } else if (order != Order::kNotComparable) {
      truth = Of((order == Order::kLess) == less);
    }
  }
  stack_.resize(begin);
  return truth;
}

Truth Evaluator::TestIn(const Expr& node) {
  const std::size_t begin = Push(node.left);
  const std::size_t middle = Push(node.right);
  const std::span<const Item> left(stack_.data() + begin, middle - begin);
  const std::span<const Item> right(stack_.data() + middle, stack_.size() - middle);
  const bool all = std::all_of(left.begin(), left.end(), [&](const Item& item) {
    return std::any_of(
        right.begin(), right.end(), [&](const Item& other) { return Equal(item, other); });
  });
  const Truth truth = left.empty() ? Truth::kEmpty : Of(all);
  stack_.resize(begin);
  return truth;
}

Truth Evaluator::TestText(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t middle = Push(node.right);
  Truth truth = Truth::kEmpty;
  if (middle == begin + 1 && stack_.size() == middle + 1) {
    std::string scratch;
    std::string other_scratch;
    const auto text = TextOf(stack_[begin], scratch);
    const auto part = TextOf(stack_[middle], other_scratch);
    if (text && part) {
      truth = Of(node.op == Op::kContains     ? text->find(*part) != text->npos
                 : node.op == Op::kStartsWith ? text->starts_with(*part)
                                              : text->ends_with(*part));
    }
  }
  stack_.resize(begin);
  return truth;
}

}  // namespace handoff::fhir::internal
