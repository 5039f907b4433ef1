// The part of the evaluator that yields items; evaluate.cc has what yields a truth.
#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/validation/evaluate.h"

namespace handoff::fhir::internal {
namespace {

std::size_t ParseIndex(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::size_t Evaluator::PushInput(std::uint16_t node) {
  if (node != kNoExpr) return Push(node);
  stack_.push_back(focus_);
  return stack_.size() - 1;
}

void Evaluator::PushTruth(Truth truth) {
  if (truth != Truth::kEmpty) stack_.push_back(TruthItem(truth == Truth::kTrue));
}

void Evaluator::Erase(std::size_t begin, std::size_t end) {
  stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(begin),
               stack_.begin() + static_cast<std::ptrdiff_t>(end));
}

std::size_t Evaluator::Push(std::uint16_t index) {
  const Expr& node = nodes_[index];
  const std::size_t begin = stack_.size();
  switch (node.op) {
    case Op::kThis:
      stack_.push_back(focus_);
      break;
    case Op::kContext:
      stack_.push_back(scope_->context);
      break;
    case Op::kResource:
      stack_.push_back(scope_->resource);
      break;
    case Op::kRootResource:
      stack_.push_back(scope_->root->resource());
      break;
    case Op::kString:
      stack_.push_back(TextItem(node.text));
      break;
    case Op::kNumber:
      stack_.push_back({Item::Form::kJson, false, nullptr, nullptr, node.text, 0});
      break;
    case Op::kNothing:
      break;
    case Op::kChild:
      PushChildren(node);
      break;
    case Op::kChildren: {
      PushInput(node.left);
      const std::size_t end = stack_.size();
      for (std::size_t i = begin; i < end; ++i) AppendAllChildren(Item(stack_[i]), stack_);
      Erase(begin, end);
      break;
    }
    case Op::kDescendants:
      PushDescendants(node);
      break;
    case Op::kResolve:
      PushResolve(node);
      break;
    case Op::kExtension:
      PushExtension(node);
      break;
    case Op::kIndex:
      PushIndex(node, ParseIndex(node.text));
      break;
    case Op::kFirst:
      PushIndex(node, 0);
      break;
    case Op::kWhere:
      PushWhere(node);
      break;
    case Op::kSelect:
      PushSelect(node);
      break;
    case Op::kOfType:
      PushOfType(node);
      break;
    case Op::kTrace:
      PushInput(node.left);
      break;
    case Op::kCount: {
      PushInput(node.left);
      const std::size_t count = stack_.size() - begin;
      stack_.resize(begin);
      stack_.push_back({Item::Form::kInteger, false, nullptr, nullptr, {}, count});
      break;
    }
    case Op::kIntersect:
      PushIntersect(node);
      break;
    case Op::kUnion:
      PushUnion(node);
      break;
    case Op::kSubstring:
    case Op::kLength:
    case Op::kToString:
    case Op::kConcatenate:
      PushText(node);
      break;
    case Op::kPlus:
      PushSum(node);
      break;
    case Op::kIif:
      if (Test(node.left) == Truth::kTrue) {
        Push(node.right);
      } else if (node.third != kNoExpr) {
        Push(node.third);
      }
      break;
    default:
      PushTruth(Test(index));
      break;
  }
  return begin;
}

void Evaluator::PushChildren(const Expr& node) {
  if (node.left == kNoExpr) {
    if (at_context_ && node.element != kNoElement) {
      const bool absent = scope_->present && (*scope_->present >> node.element & 1) == 0;
      if (!absent) AppendElement(focus_, node.element, stack_);
    } else {
      AppendChildren(focus_, node.text, stack_);
    }
    return;
  }
  const bool fixed = node.fixed && !at_context_;
  if (fixed) {
    for (const auto& [known, items] : fixed_children_) {
      if (known != &node) continue;
      stack_.insert(stack_.end(), items.begin(), items.end());
      return;
    }
  }
  const std::size_t begin = Push(node.left);
  const std::size_t end = stack_.size();
  for (std::size_t i = begin; i < end; ++i) AppendChildren(Item(stack_[i]), node.text, stack_);
  Erase(begin, end);
  if (fixed) {
    const auto children = stack_.begin() + static_cast<std::ptrdiff_t>(begin);
    fixed_children_.emplace_back(&node, Items(children, stack_.end()));
  }
}

void Evaluator::PushDescendants(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t end = stack_.size();
  for (std::size_t i = begin; i < stack_.size(); ++i) AppendAllChildren(Item(stack_[i]), stack_);
  Erase(begin, end);
}

void Evaluator::PushWhere(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t end = stack_.size();
  const Item focus = focus_;
  const bool at_context = std::exchange(at_context_, false);
  std::size_t kept = begin;
  for (std::size_t i = begin; i < end; ++i) {
    focus_ = stack_[i];
    if (Test(node.right) == Truth::kTrue) stack_[kept++] = stack_[i];
  }
  stack_.resize(kept);
  focus_ = focus;
  at_context_ = at_context;
}

void Evaluator::PushSelect(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t end = stack_.size();
  const Item focus = focus_;
  const bool at_context = std::exchange(at_context_, false);
  for (std::size_t i = begin; i < end; ++i) {
    focus_ = stack_[i];
    Push(node.right);
  }
  Erase(begin, end);
  focus_ = focus;
  at_context_ = at_context;
}

void Evaluator::PushOfType(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  std::size_t kept = begin;
  for (std::size_t i = begin; i < stack_.size(); ++i) {
    if (IsOfType(stack_[i], node.text)) stack_[kept++] = stack_[i];
  }
  stack_.resize(kept);
}

void Evaluator::PushIndex(const Expr& node, std::size_t index) {
  const std::size_t begin = PushInput(node.left);
  if (begin + index >= stack_.size()) return stack_.resize(begin);
  stack_[begin] = Item(stack_[begin + index]);
  stack_.resize(begin + 1);
}

void Evaluator::PushIntersect(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t middle = Push(node.right);
  std::size_t kept = begin;
  for (std::size_t i = begin; i < middle; ++i) {
    const Item item = stack_[i];
    const auto is_item = [&](const Item& other) { return Equal(item, other); };
    if (std::any_of(stack_.begin() + static_cast<std::ptrdiff_t>(middle), stack_.end(), is_item))
      stack_[kept++] = item;
  }
  stack_.resize(kept);
}

void Evaluator::PushUnion(const Expr& node) {
  const std::size_t begin = Push(node.left);
  const std::size_t middle = Push(node.right);
  std::size_t kept = middle;
  for (std::size_t i = middle; i < stack_.size(); ++i) {
    const Item item = stack_[i];
    const auto is_item = [&](const Item& other) { return Equal(item, other); };
    if (std::none_of(stack_.begin() + static_cast<std::ptrdiff_t>(begin),
                     stack_.begin() + static_cast<std::ptrdiff_t>(kept),
                     is_item)) {
      stack_[kept++] = item;
    }
  }
  stack_.resize(kept);
}

void Evaluator::PushResolve(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  std::size_t kept = begin;
  for (std::size_t i = begin; i < stack_.size() && scope_->resolver != nullptr; ++i) {
    if (stack_[i].form != Item::Form::kMessage ||
        stack_[i].type != &kTables.types[kTables.reference_type]) {
      continue;
    }
    if (const auto found = scope_->resolver->Resolve(DecodeReference(stack_[i].bytes)))
      stack_[kept++] = *found;
  }
  stack_.resize(kept);
}

void Evaluator::PushExtension(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  const std::size_t end = stack_.size();
  for (std::size_t i = begin; i < end; ++i) AppendChildren(Item(stack_[i]), "extension", stack_);
  Erase(begin, end);
  std::size_t kept = begin;
  for (std::size_t i = begin; i < stack_.size(); ++i) {
    if (OnlyText(stack_[i], "url") == node.text) stack_[kept++] = stack_[i];
  }
  stack_.resize(kept);
}

// What yields one text, or a number that is made of one.
void Evaluator::PushText(const Expr& node) {
  const std::size_t begin = PushInput(node.left);
  std::string scratch;
  if (node.op == Op::kConcatenate) {
    const std::size_t middle = Push(node.right);
    std::string& whole = texts_.emplace_back();
    if (middle > begin) whole += TextOf(stack_[begin], scratch).value_or(std::string_view());
    if (stack_.size() > middle)
      whole += TextOf(stack_[middle], scratch).value_or(std::string_view());
    stack_.resize(begin);
    stack_.push_back(TextItem(whole));
    return;
  }
  if (stack_.size() != begin + 1) return stack_.resize(begin);
  const Item item = stack_[begin];
  stack_.resize(begin);
  const bool decimal = item.form == Item::Form::kScalar && item.member->kind == Kind::kDecimal;
  const std::optional<std::string_view> text =
      decimal ? std::optional(item.bytes) : TextOf(item, scratch);
  if (!text) return;
  if (node.op == Op::kLength) {
    stack_.push_back({Item::Form::kInteger, false, nullptr, nullptr, {}, text->size()});
    return;
  }
  const std::size_t skip = node.op == Op::kSubstring ? ParseIndex(node.text) : 0;
  if (node.op == Op::kSubstring && skip >= text->size()) return;
  stack_.push_back(TextItem(texts_.emplace_back(text->substr(skip))));
}

void Evaluator::PushSum(const Expr& node) {
  const std::size_t begin = Push(node.left);
  const std::size_t middle = Push(node.right);
  std::optional<double> sum;
  if (middle == begin + 1 && stack_.size() == middle + 1) {
    const auto left = NumberOf(stack_[begin]);
    const auto right = NumberOf(stack_[middle]);
    if (left && right) sum = *left + *right;
  }
  stack_.resize(begin);
  if (sum) {
    stack_.push_back(
        {Item::Form::kInteger, false, nullptr, nullptr, {}, static_cast<std::uint64_t>(*sum)});
  }
}

}  // namespace handoff::fhir::internal
