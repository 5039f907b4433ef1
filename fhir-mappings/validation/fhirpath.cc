#include "fhir-mappings/validation/fhirpath.h"

#include <cctype>
#include <cstdint>
#include <optional>
#include <utility>

namespace handoff::fhir {
namespace {

using internal::Expr;
using internal::kNoExpr;
using internal::Op;

struct Function {
  std::string_view name;
  Op op;
  enum class Takes { kNothing, kExpression, kMaybeExpression, kType, kText, kCount } takes;
};

constexpr Function kFunctions[] = {
    {"exists", Op::kExists, Function::Takes::kMaybeExpression},
    {"empty", Op::kEmpty, Function::Takes::kNothing},
    {"count", Op::kCount, Function::Takes::kNothing},
    {"all", Op::kAll, Function::Takes::kExpression},
    {"where", Op::kWhere, Function::Takes::kExpression},
    {"select", Op::kSelect, Function::Takes::kExpression},
    {"first", Op::kFirst, Function::Takes::kNothing},
    {"not", Op::kNot, Function::Takes::kNothing},
    {"hasValue", Op::kHasValue, Function::Takes::kNothing},
    {"isDistinct", Op::kIsDistinct, Function::Takes::kNothing},
    {"intersect", Op::kIntersect, Function::Takes::kExpression},
    {"contains", Op::kContains, Function::Takes::kExpression},
    {"startsWith", Op::kStartsWith, Function::Takes::kExpression},
    {"endsWith", Op::kEndsWith, Function::Takes::kExpression},
    {"substring", Op::kSubstring, Function::Takes::kCount},
    {"length", Op::kLength, Function::Takes::kNothing},
    {"toString", Op::kToString, Function::Takes::kNothing},
    {"ofType", Op::kOfType, Function::Takes::kType},
    {"as", Op::kOfType, Function::Takes::kType},
    {"is", Op::kIs, Function::Takes::kType},
    {"resolve", Op::kResolve, Function::Takes::kNothing},
    {"extension", Op::kExtension, Function::Takes::kText},
    {"children", Op::kChildren, Function::Takes::kNothing},
    {"descendants", Op::kDescendants, Function::Takes::kNothing},
    {"trace", Op::kTrace, Function::Takes::kText},
};

struct Operator {
  std::string_view text;
  Op op;
};

// From the loosest to the tightest (FHIRPath 6.8); `is` and `as` stand between the last two rows.
constexpr Operator kImpliesRow[] = {{"implies", Op::kImplies}};
constexpr Operator kOrRow[] = {{"or", Op::kOr}, {"xor", Op::kXor}};
constexpr Operator kAndRow[] = {{"and", Op::kAnd}};
constexpr Operator kInRow[] = {{"in", Op::kIn}};
constexpr Operator kEqualRow[] = {{"=", Op::kEqual}, {"!=", Op::kNotEqual}, {"~", Op::kEquivalent}};
constexpr Operator kOrderRow[] = {
    {"<=", Op::kLessOrEqual}, {">=", Op::kGreaterOrEqual}, {"<", Op::kLess}, {">", Op::kGreater}};
constexpr Operator kUnionRow[] = {{"|", Op::kUnion}};
constexpr Operator kTypeRow[] = {{"is", Op::kIs}, {"as", Op::kOfType}};
constexpr Operator kPlusRow[] = {{"+", Op::kPlus}, {"&", Op::kConcatenate}};
constexpr std::span<const Operator> kRows[] = {
    kImpliesRow, kOrRow, kAndRow, kInRow, kEqualRow, kOrderRow, kUnionRow, kTypeRow, kPlusRow};

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// Recursive descent; kNoExpr is an error, which is kept.
class Parser {
 public:
  Parser(std::string_view text, ParsedExpression* parsed, ExpressionError* error)
      : text_(text), parsed_(parsed), error_(error) {}

  bool Run() {
    if (Row(0) == kNoExpr) return false;
    SkipSpace();
    if (at_ == text_.size()) return true;
    Fail("'" + std::string(text_.substr(at_, 16)) + "' is not understood here");
    return false;
  }

 private:
  std::uint16_t Fail(std::string what) {
    if (error_->what.empty()) *error_ = {at_, std::move(what)};
    return kNoExpr;
  }

  std::uint16_t Add(Expr node) {
    if (parsed_->nodes.size() >= kNoExpr) return Fail("the expression is too long");
    node.fixed = IsFixed(node);
    parsed_->nodes.push_back(node);
    return static_cast<std::uint16_t>(parsed_->nodes.size() - 1);
  }
  std::uint16_t Add(Op op,
                    std::uint16_t left = kNoExpr,
                    std::uint16_t right = kNoExpr,
                    std::string_view text = {}) {
    return Add(Expr{op, internal::kNoElement, left, right, kNoExpr, text});
  }

  // What begins at a resource or at a literal is the same for every focus; what has no input begins
  // at the focus. A criterion is about the items of its input.
  bool IsFixed(const Expr& node) const {
    const auto is_fixed = [&](std::uint16_t place) {
      return place == kNoExpr || parsed_->nodes[place].fixed;
    };
    switch (node.op) {
      case Op::kContext:
      case Op::kResource:
      case Op::kRootResource:
      case Op::kString:
      case Op::kNumber:
      case Op::kTrue:
      case Op::kFalse:
      case Op::kNothing:
        return true;
      case Op::kWhere:
      case Op::kSelect:
      case Op::kExists:
      case Op::kAll:
        return node.left != kNoExpr && is_fixed(node.left);
      default:
        return node.left != kNoExpr && is_fixed(node.left) && is_fixed(node.right) &&
               is_fixed(node.third);
    }
  }

  std::string_view Keep(std::string_view text) { return parsed_->texts.emplace_back(text); }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }

  bool Take(std::string_view token) {
    SkipSpace();
    if (!text_.substr(at_).starts_with(token)) return false;
    const std::size_t end = at_ + token.size();
    // A word ends where its letters do.
    if (IsLetter(token.back()) && end < text_.size() &&
        (IsLetter(text_[end]) || IsDigit(text_[end]))) {
      return false;
    }
    at_ = end;
    return true;
  }

  bool Expect(std::string_view token) {
    if (Take(token)) return true;
    Fail("'" + std::string(token) + "' is missing");
    return false;
  }

  std::string_view Word() {
    SkipSpace();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (IsLetter(text_[at_]) || (at_ > begin && IsDigit(text_[at_])))) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  const Operator* TakeOperator(std::span<const Operator> row) {
    for (const Operator& candidate : row) {
      if (Take(candidate.text)) return &candidate;
    }
    return nullptr;
  }

  std::uint16_t Row(std::size_t row) {
    if (row == std::size(kRows)) return Path();
    if (row == 0 && ++depth_ > kMaxExpressionDepth) return Fail("nested too deeply");
    std::uint16_t left = Row(row + 1);
    while (left != kNoExpr) {
      const Operator* const found = TakeOperator(kRows[row]);
      if (found == nullptr) break;
      if (found->op == Op::kIs || found->op == Op::kOfType) {
        const std::string_view type = TypeName();
        left = type.empty() ? kNoExpr : Add(found->op, left, kNoExpr, type);
        continue;
      }
      const std::uint16_t right = Row(row + 1);
      left = right == kNoExpr ? kNoExpr : Add(found->op, left, right);
    }
    if (row == 0) --depth_;
    return left;
  }

  // [FHIR.]Name
  std::string_view TypeName() {
    std::string_view name = Word();
    if ((name == "FHIR" || name == "System") && Take(".")) name = Word();
    if (name.empty()) Fail("the name of a type is missing");
    return name.empty() ? name : Keep(name);
  }

  std::uint16_t Path() {
    std::uint16_t here = Term();
    while (here != kNoExpr) {
      if (Take(".")) {
        here = Step(here);
      } else if (Take("[")) {
        SkipSpace();
        const std::string_view number = Number();
        if (number.empty()) return Fail("an index is a number");
        here = Expect("]") ? Add(Op::kIndex, here, kNoExpr, Keep(number)) : kNoExpr;
      } else {
        break;
      }
    }
    return here;
  }

  std::string_view Number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && IsDigit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  std::uint16_t Term() {
    SkipSpace();
    if (at_ == text_.size()) return Fail("the expression ends too early");
    const char c = text_[at_];
    if (c == '(') return Parenthesis();
    if (c == '\'') {
      std::string value;
      return Quoted('\'', value) ? Add(Op::kString, kNoExpr, kNoExpr, Keep(value)) : kNoExpr;
    }
    if (IsDigit(c)) return Add(Op::kNumber, kNoExpr, kNoExpr, Keep(Number()));
    if (Take("{")) return Expect("}") ? Add(Op::kNothing) : kNoExpr;
    if (Take("$this")) return Add(Op::kThis);
    if (Take("%resource")) return Add(Op::kResource);
    if (Take("%rootResource")) return Add(Op::kRootResource);
    if (Take("%context")) return Add(Op::kContext);
    if (Take("%ucum")) return Add(Op::kString, kNoExpr, kNoExpr, "http://unitsofmeasure.org");
    if (Take("true")) return Add(Op::kTrue);
    if (Take("false")) return Add(Op::kFalse);
    return Step(kNoExpr);
  }

  std::uint16_t Parenthesis() {
    ++at_;
    const std::uint16_t inside = Row(0);
    return inside != kNoExpr && Expect(")") ? inside : kNoExpr;
  }

  // A string between two `quote`s, with its escapes undone.
  bool Quoted(char quote, std::string& value) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      if (++at_ == text_.size()) break;
      switch (text_[at_]) {
        case 'n':
          value += '\n';
          break;
        case 't':
          value += '\t';
          break;
        case '\\':
        case '\'':
        case '"':
        case '`':
        case '/':
          value += text_[at_];
          break;
        default:
          Fail("an unknown escape");
          return false;
      }
    }
    if (at_ >= text_.size()) {
      Fail("a quote is never closed");
      return false;
    }
    ++at_;
    return true;
  }

  // An element or a function of `input`.
  std::uint16_t Step(std::uint16_t input) {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '`') {
      std::string name;
      return Quoted('`', name) ? Add(Op::kChild, input, kNoExpr, Keep(name)) : kNoExpr;
    }
    const std::string_view name = Word();
    if (name.empty()) return Fail("'" + std::string(text_.substr(at_, 16)) + "' is not understood");
    if (!Take("(")) return Add(Op::kChild, input, kNoExpr, Keep(name));
    if (name == "iif") return Iif(input);
    for (const Function& function : kFunctions) {
      if (function.name == name) return Call(function, input);
    }
    return Fail("unknown function " + std::string(name) + "()");
  }

  std::uint16_t Call(const Function& function, std::uint16_t input) {
    std::uint16_t argument = kNoExpr;
    std::string_view text;
    switch (function.takes) {
      case Function::Takes::kNothing:
        break;
      case Function::Takes::kMaybeExpression:
        if (Take(")")) return Add(function.op, input);
        [[fallthrough]];
      case Function::Takes::kExpression:
        if ((argument = Row(0)) == kNoExpr) return kNoExpr;
        break;
      case Function::Takes::kType:
        if ((text = TypeName()).empty()) return kNoExpr;
        break;
      case Function::Takes::kText: {
        SkipSpace();
        std::string value;
        if (at_ == text_.size() || text_[at_] != '\'') return Fail("a string is missing");
        if (!Quoted('\'', value)) return kNoExpr;
        text = Keep(value);
        break;
      }
      case Function::Takes::kCount: {
        SkipSpace();
        const std::string_view number = Number();
        if (number.empty()) return Fail("a number is missing");
        text = Keep(number);
        break;
      }
    }
    return Expect(")") ? Add(function.op, input, argument, text) : kNoExpr;
  }

  // iif(condition, then [, else])
  std::uint16_t Iif(std::uint16_t input) {
    if (input != kNoExpr) return Fail("iif() of a collection");
    Expr node{Op::kIif, internal::kNoElement, kNoExpr, kNoExpr, kNoExpr, {}};
    if ((node.left = Row(0)) == kNoExpr || !Expect(",")) return kNoExpr;
    if ((node.right = Row(0)) == kNoExpr) return kNoExpr;
    if (Take(",") && (node.third = Row(0)) == kNoExpr) return kNoExpr;
    return Expect(")") ? Add(node) : kNoExpr;
  }

  const std::string_view text_;
  ParsedExpression* const parsed_;
  ExpressionError* const error_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

bool ParseExpression(std::string_view text, ParsedExpression* parsed, ExpressionError* error) {
  *parsed = {};
  *error = {};
  return Parser(text, parsed, error).Run();
}

}  // namespace handoff::fhir
