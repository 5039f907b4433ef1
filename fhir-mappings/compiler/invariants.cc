#include "fhir-mappings/compiler/invariants.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "fhir-mappings/validation/fhirpath.h"

namespace handoff::mapc {
namespace {

using fhir::internal::Expr;
using fhir::internal::Kind;
using fhir::internal::kNoExpr;
using fhir::internal::Op;

// The element of a type that FHIRPath calls `name`, or -1.
int ElementOf(const SchemaType& type, std::string_view name) {
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    std::string_view own = type.elements[i].name;
    if (type.elements[i].choice) own.remove_suffix(3);
    if (own == name) return static_cast<int>(i);
  }
  return -1;
}

// Follows the types through an expression as far as they are known, and notes the elements of the
// context.
class Checker {
 public:
  static constexpr int kUnknown = -1;    // not known before it runs
  static constexpr int kPrimitive = -2;  // has no elements but extensions

  Checker(const Schema& schema, const InvariantLine& line, int context, Errors& errors)
      : schema_(schema), line_(line), context_(context), errors_(errors) {}

  void Check(std::vector<Expr>& nodes) {
    nodes_ = &nodes;
    if (context_ >= 0)
      TypeOf(static_cast<std::uint16_t>(nodes.size() - 1), context_, /*at_context=*/true);
  }

 private:
  int TypeOf(std::uint16_t index, int focus, bool at_context) {
    if (index == kNoExpr) return focus;
    Expr& node = (*nodes_)[index];
    switch (node.op) {
      case Op::kThis:
        return focus;
      case Op::kContext:
        return context_;
      case Op::kChild:
        return Child(node, focus, at_context);
      case Op::kWhere:
      case Op::kAll:
      case Op::kSelect:
      case Op::kExists: {
        const int input = TypeOf(node.left, focus, at_context);
        if (node.right == kNoExpr) return kUnknown;
        const int inside = TypeOf(node.right, input, false);
        return node.op == Op::kWhere ? input : node.op == Op::kSelect ? inside : kUnknown;
      }
      case Op::kFirst:
      case Op::kIndex:
      case Op::kTrace:
        return TypeOf(node.left, focus, at_context);
      default:
        TypeOf(node.left, focus, at_context);
        if (node.right != kNoExpr) TypeOf(node.right, focus, at_context);
        if (node.third != kNoExpr) TypeOf(node.third, focus, at_context);
        return kUnknown;
    }
  }

  int Child(Expr& node, int focus, bool at_context) {
    const int input = TypeOf(node.left, focus, at_context);
    if (input == kUnknown) return kUnknown;
    if (input == kPrimitive) {
      if (node.text != "extension" && node.text != "id")
        errors_.Add(line_.where, std::string(node.text) + " of a primitive");
      return kUnknown;
    }
    const SchemaType& type = schema_.types[static_cast<std::size_t>(input)];
    const int element = ElementOf(type, node.text);
    if (element < 0) {
      if (type.name == node.text) return input;
      errors_.Add(line_.where, type.name + " has no element " + std::string(node.text));
      return kUnknown;
    }
    if (at_context && node.left == kNoExpr) node.element = static_cast<std::uint8_t>(element);
    return TypeOfElement(type, element);
  }

  static int TypeOfElement(const SchemaType& type, int element) {
    if (type.elements[static_cast<std::size_t>(element)].choice) return kUnknown;
    for (const SchemaMember& member : type.members) {
      if (member.element != element) continue;
      if (member.kind == Kind::kMessage) return member.ref;
      return IsPrimitive(member.kind) ? kPrimitive : kUnknown;
    }
    return kUnknown;
  }

  const Schema& schema_;
  const InvariantLine& line_;
  const int context_;
  Errors& errors_;
  std::vector<Expr>* nodes_ = nullptr;
};

// Of which elements of the context an expression speaks, so that it need not be asked where none of
// them stands.
class Subjects {
 public:
  explicit Subjects(const std::vector<Expr>& nodes) : nodes_(nodes) {}

  // Elements without which the node is `truth`; 0 if that cannot be told.
  std::uint64_t Without(std::uint16_t index, bool truth) const {
    if (index == kNoExpr) return 0;
    const Expr& node = nodes_[index];
    switch (node.op) {
      case Op::kAnd:
      case Op::kOr: {
        const std::uint64_t left = Without(node.left, truth);
        const std::uint64_t right = Without(node.right, truth);
        return truth == (node.op == Op::kOr) ? Either(left, right) : Both(left, right);
      }
      case Op::kImplies:
        return truth ? Either(Without(node.left, false), Without(node.right, true)) : 0;
      case Op::kNot:
        return Without(node.left, !truth);
      case Op::kEmpty:
      case Op::kExists:
        return truth == (node.op == Op::kEmpty) ? PathBegin(node.left) : 0;
      default:
        return 0;
    }
  }

 private:
  // The element of the context that a path begins with.
  std::uint64_t PathBegin(std::uint16_t index) const {
    if (index == kNoExpr) return 0;
    const Expr& node = nodes_[index];
    switch (node.op) {
      case Op::kChild:
        if (node.left != kNoExpr) return PathBegin(node.left);
        return node.element == fhir::internal::kNoElement ? 0 : std::uint64_t{1} << node.element;
      case Op::kWhere:
      case Op::kFirst:
      case Op::kIndex:
      case Op::kOfType:
        return PathBegin(node.left);
      case Op::kUnion:
        return Both(PathBegin(node.left), PathBegin(node.right));
      default:
        return 0;
    }
  }

  static std::uint64_t Either(std::uint64_t a, std::uint64_t b) { return a != 0 ? a : b; }
  static std::uint64_t Both(std::uint64_t a, std::uint64_t b) {
    return a != 0 && b != 0 ? a | b : 0;
  }

  const std::vector<Expr>& nodes_;
};

// The backbone element that `element` is, or -1.
int BackboneOf(const Schema& schema, const SchemaType& type, int element) {
  for (const SchemaMember& member : type.members) {
    if (member.element == element && member.kind == Kind::kMessage &&
        schema.types[static_cast<std::size_t>(member.ref)].name.find('.') != std::string::npos) {
      return member.ref;
    }
  }
  return -1;
}

// The datatype of an element that has one, or kUnknown.
int DatatypeOf(const SchemaType& type, int element) {
  if (type.elements[static_cast<std::size_t>(element)].choice) return Checker::kUnknown;
  for (const SchemaMember& member : type.members) {
    if (member.element == element && member.kind == Kind::kMessage) return member.ref;
  }
  return Checker::kUnknown;
}

SchemaInvariant Start(const InvariantLine& line) {
  SchemaInvariant invariant;
  invariant.key = line.key;
  invariant.text = line.text;
  invariant.warning = line.warning;
  invariant.by_hand = line.form == InvariantLine::Form::kByHand;
  return invariant;
}

bool Compile(const InvariantLine& line,
             SchemaInvariant& invariant,
             Schema& schema,
             Errors& errors) {
  fhir::ParsedExpression parsed;
  fhir::ExpressionError error;
  if (!fhir::ParseExpression(line.expression, &parsed, &error)) {
    errors.Add(line.where,
               line.key + ": " + error.what + " (character " + std::to_string(error.offset + 1) +
                   " of the expression)");
    return false;
  }
  invariant.nodes = std::move(parsed.nodes);
  for (Expr& node : invariant.nodes) node.text = schema.texts.emplace_back(node.text);
  return true;
}

}  // namespace

void AddInvariant(int type, const InvariantLine& line, Schema& schema, Errors& errors) {
  SchemaInvariant invariant = Start(line);
  int owner = type;
  for (std::size_t i = 0; i < line.path.size(); ++i) {
    const std::string& step = line.path[i];
    const bool choice = step.ends_with("[x]");
    const SchemaType& here = schema.types[static_cast<std::size_t>(owner)];
    const int element =
        ElementOf(here, std::string_view(step).substr(0, step.size() - (choice ? 3 : 0)));
    if (element < 0) {
      errors.Add(line.where, here.name + " has no element " + step);
      return;
    }
    const int backbone = BackboneOf(schema, here, element);
    if (backbone >= 0) {
      owner = backbone;
    } else if (i + 1 == line.path.size()) {
      invariant.element = element;
    } else {
      errors.Add(line.where, here.name + "." + step + " has no elements here");
      return;
    }
  }
  if (line.form == InvariantLine::Form::kNotChecked) return;
  SchemaType& holder = schema.types[static_cast<std::size_t>(owner)];
  if (line.form == InvariantLine::Form::kExpression) {
    if (!Compile(line, invariant, schema, errors)) return;
    const int context = invariant.element < 0 ? owner : DatatypeOf(holder, invariant.element);
    Checker(schema, line, context, errors).Check(invariant.nodes);
    if (invariant.element < 0) {
      const auto whole = static_cast<std::uint16_t>(invariant.nodes.size() - 1);
      invariant.about = Subjects(invariant.nodes).Without(whole, true);
    }
  }
  holder.invariants.push_back(std::move(invariant));
}

void AddElementInvariant(const InvariantLine& line, Schema& schema, Errors& errors) {
  if (line.form != InvariantLine::Form::kByHand || !line.path.empty()) {
    errors.Add(line.where, "an invariant of every element is checked by hand");
    return;
  }
  schema.element_invariants.push_back(Start(line));
}

}  // namespace handoff::mapc
