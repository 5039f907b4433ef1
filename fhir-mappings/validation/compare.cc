#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/validation/item.h"

namespace handoff::fhir::internal {
namespace {

// The types of primitives by kind; an enum is a code.
constexpr std::string_view kKindTypes[] = {
    "string",  "markdown", "xhtml",    "uri",     "url",          "canonical",
    "oid",     "uuid",     "code",     "id",      "base64Binary", "time",
    "decimal", "string",   "boolean",  "integer", "positiveInt",  "unsignedInt",
    "code",    "date",     "dateTime", "instant",
};
static_assert(std::size(kKindTypes) == static_cast<std::size_t>(Kind::kInstant) + 1);

bool IsDateKind(Kind kind) {
  return kind == Kind::kDate || kind == Kind::kDateTime || kind == Kind::kInstant;
}

bool IsDateItem(const Item& item) {
  return item.form == Item::Form::kScalar && IsDateKind(item.member->kind);
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The first and the last microsecond that a date may mean, as if it stood in UTC.
struct Span {
  std::int64_t first;
  std::int64_t last;
  DateTimeParts::Precision precision;
};

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t MicrosOf(std::chrono::year_month_day date) {
  return std::chrono::sys_days(date).time_since_epoch().count() * 86'400 * kSecond;
}

Span WholeDays(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  const std::chrono::year y{year};
  if (month == 0) {
    return {MicrosOf(y / 1 / 1), MicrosOf((y + years(1)) / 1 / 1) - 1, DateTimeParts::kYear};
  }
  const year_month here = y / std::chrono::month{month};
  if (day == 0) {
    return {MicrosOf(here / 1), MicrosOf((here + months(1)) / 1) - 1, DateTimeParts::kMonth};
  }
  const std::int64_t first = MicrosOf(here / std::chrono::day{day});
  return {first, first + 86'400 * kSecond - 1, DateTimeParts::kDay};
}

std::optional<Span> SpanOf(const Item& item) {
  if (item.member->kind == Kind::kDate) {
    DateParts date;
    if (!DecodeDate(item.bytes, date)) return std::nullopt;
    return WholeDays(date.year, date.month, date.day);
  }
  DecodedDateTime time;
  if (!DecodeDateTime(item.bytes, time)) return std::nullopt;
  if (!time.text.empty()) {
    const auto parts = ParseDateTime(time.text, item.member->kind);
    if (!parts) return std::nullopt;
    time.parts = *parts;
  }
  if (time.parts.precision == DateTimeParts::kSecond) {
    const std::int64_t first = time.parts.seconds * kSecond + time.parts.nanos / 1000;
    // A time without a fraction stands for its whole second.
    const std::int64_t more = time.parts.fraction_digits == 0 ? kSecond - 1 : 0;
    return Span{first, first + more, DateTimeParts::kSecond};
  }
  using namespace std::chrono;
  const year_month_day date(sys_days(
      days((time.parts.seconds >= 0 ? time.parts.seconds : time.parts.seconds - 86'399) / 86'400)));
  const bool has_day = time.parts.precision == DateTimeParts::kDay;
  const bool has_month = has_day || time.parts.precision == DateTimeParts::kMonth;
  return WholeDays(
      int(date.year()), has_month ? unsigned(date.month()) : 0, has_day ? unsigned(date.day()) : 0);
}

Order CompareDates(const Item& a, const Item& b) {
  std::optional<Span> left = SpanOf(a);
  std::optional<Span> right = SpanOf(b);
  if (!left || !right) return Order::kUnknown;
  if (left->precision != right->precision) {
    // A day is one somewhere on earth, a time is one everywhere.
    Span& whole = left->precision == DateTimeParts::kSecond ? *right : *left;
    if (left->precision == DateTimeParts::kSecond || right->precision == DateTimeParts::kSecond) {
      whole.first -= 14 * 3600 * kSecond;
      whole.last += 12 * 3600 * kSecond;
    }
    if (left->last < right->first) return Order::kLess;
    if (left->first > right->last) return Order::kGreater;
    return Order::kUnknown;
  }
  if (left->first == right->first && left->last == right->last) return Order::kEqual;
  if (left->first == right->first) return Order::kUnknown;
  return left->first < right->first ? Order::kLess : Order::kGreater;
}

Order CompareNumbers(double a, double b) {
  if (a == b) return Order::kEqual;
  return a < b ? Order::kLess : Order::kGreater;
}

Order CompareQuantities(const Item& a, const Item& b) {
  Items left;
  Items right;
  AppendChildren(a, "value", left);
  AppendChildren(b, "value", right);
  if (left.size() != 1 || right.size() != 1) return Order::kUnknown;
  const std::optional<double> x = NumberOf(left.front());
  const std::optional<double> y = NumberOf(right.front());
  if (!x || !y) return Order::kUnknown;
  for (const std::string_view name : {"system", "code", "unit"}) {
    const std::string unit = OnlyText(a, name);
    if (unit != OnlyText(b, name)) return Order::kUnknown;
    if (name == "code" && !unit.empty()) break;  // the unit is only its display
  }
  return CompareNumbers(*x, *y);
}

bool IsQuantity(const Item& item) {
  return item.form == Item::Form::kMessage &&
         (item.type->name == "Quantity" || item.type->name == "Duration" ||
          item.type->name == "Age" || item.type->name == "Money");
}

bool Same(const Item& a, const Item& b, unsigned depth);

bool SameMessage(const Type& type, std::string_view a, std::string_view b, unsigned depth) {
  if (a == b) return true;
  if (depth == kMaxMessageDepth) return false;
  Items left;
  Items right;
  AppendAllChildren({Item::Form::kMessage, false, &type, nullptr, a, 0}, left);
  AppendAllChildren({Item::Form::kMessage, false, &type, nullptr, b, 0}, right);
  if (left.size() != right.size()) return false;
  // The members may stand in any order, the items of one in theirs: each takes the first of `right`
  // that is still there.
  for (const Item& item : left) {
    const auto other = std::find_if(right.begin(), right.end(), [&](const Item& candidate) {
      return candidate.member == item.member;
    });
    if (other == right.end() || !Same(item, *other, depth + 1)) return false;
    right.erase(other);
  }
  return true;
}

bool SameFirstLetter(char a, char b) { return a == b || (a ^ b) == 0x20; }

bool SameExtension(const Item& a, const Item& b, unsigned depth) {
  if (a.form != b.form || a.member != b.member) return false;
  if (a.member->kind != Kind::kMessage) return a.bytes == b.bytes && a.number == b.number;
  return SameMessage(kTables.types[a.member->ref], a.bytes, b.bytes, depth);
}

bool Same(const Item& a, const Item& b, unsigned depth) {
  if (a.form == Item::Form::kExtension || b.form == Item::Form::kExtension)
    return SameExtension(a, b, depth);
  if (a.form == Item::Form::kMessage || b.form == Item::Form::kMessage) {
    return a.form == b.form && a.type == b.type && SameMessage(*a.type, a.bytes, b.bytes, depth);
  }
  if (IsDateItem(a) && IsDateItem(b)) return Compare(a, b) == Order::kEqual;
  std::string left_scratch;
  std::string right_scratch;
  const auto left = TextOf(a, left_scratch);
  const auto right = TextOf(b, right_scratch);
  if (left && right) return *left == *right;
  const auto x = NumberOf(a);
  const auto y = NumberOf(b);
  if (x && y) return *x == *y;
  const auto p = TruthOf(a);
  const auto q = TruthOf(b);
  if (p && q) return *p == *q;
  return a.form == Item::Form::kJson && b.form == a.form && a.bytes == b.bytes;
}

}  // namespace

bool HasValue(const Item& item) {
  switch (item.form) {
    case Item::Form::kMessage:
    case Item::Form::kExtension:
      return false;
    case Item::Form::kScalar:
      if (item.member->kind == Kind::kEnum) return item.number != 0;
      return IsVarint(item.member->kind) || !item.bytes.empty();
    case Item::Form::kJson:
      return !item.sibling && !IsJsonObjectText(item.bytes);
    default:
      return true;
  }
}

std::optional<std::string_view> TextOf(const Item& item, std::string& scratch) {
  switch (item.form) {
    case Item::Form::kText:
      return item.bytes;
    case Item::Form::kScalar:
      if (item.member->kind == Kind::kEnum) {
        const EnumCode* const code = FindCode(kTables.enums[item.member->ref], item.number);
        if (code == nullptr) return std::nullopt;
        return code->code;
      }
      if (!IsText(item.member->kind) || item.member->kind == Kind::kDecimal || item.bytes.empty())
        return std::nullopt;
      return item.bytes;
    case Item::Form::kReference: {
      const ReferenceView reference = DecodeReference(item.bytes);
      if (!reference.uri.empty()) return reference.uri;
      scratch.assign(reference.type);
      (scratch += '/') += reference.id;
      if (!reference.version.empty()) (scratch += "/_history/") += reference.version;
      return scratch;
    }
    case Item::Form::kJson:
      if (item.sibling || !IsJsonString(item.bytes)) return std::nullopt;
      return JsonStringText(item.bytes, scratch);
    default:
      return std::nullopt;
  }
}

std::optional<double> NumberOf(const Item& item) {
  switch (item.form) {
    case Item::Form::kInteger:
      return static_cast<double>(item.number);
    case Item::Form::kScalar:
      if (item.member->kind == Kind::kDecimal) return ParseNumber(item.bytes);
      if (item.member->kind == Kind::kInteger)
        return static_cast<double>(static_cast<std::int32_t>(item.number));
      if (item.member->kind == Kind::kPositiveInt || item.member->kind == Kind::kUnsignedInt)
        return static_cast<double>(item.number);
      return std::nullopt;
    case Item::Form::kJson:
      return item.sibling ? std::nullopt : ParseNumber(item.bytes);
    default:
      return std::nullopt;
  }
}

std::optional<bool> TruthOf(const Item& item) {
  if (item.form == Item::Form::kTruth) return item.number != 0;
  if (item.form == Item::Form::kScalar && item.member->kind == Kind::kBoolean)
    return item.number != 0;
  if (item.form == Item::Form::kJson && !item.sibling) {
    if (item.bytes == "true") return true;
    if (item.bytes == "false") return false;
  }
  return std::nullopt;
}

bool IsOfType(const Item& item, std::string_view name) {
  std::string_view own;
  std::string scratch;
  switch (item.form) {
    case Item::Form::kMessage:
      own = item.type->name;
      break;
    case Item::Form::kScalar:
      own = kKindTypes[static_cast<std::size_t>(item.member->kind)];
      break;
    case Item::Form::kExtension:
      own = "Extension";
      break;
    case Item::Form::kReference:
    case Item::Form::kText:
      own = "string";
      break;
    case Item::Form::kTruth:
      own = "boolean";
      break;
    case Item::Form::kInteger:
      own = "integer";
      break;
    case Item::Form::kJson:
      own = JsonStringText(JsonMember(item.bytes, "resourceType"), scratch);
      if (own.empty() && item.member != nullptr) return item.member->name.ends_with(name);
      break;
  }
  // System.Boolean is FHIR's boolean.
  return own.size() == name.size() && !own.empty() && SameFirstLetter(own[0], name[0]) &&
         own.substr(1) == name.substr(1);
}

bool AreEqual(const Item& a, const Item& b) { return Same(a, b, 0); }

Order Compare(const Item& a, const Item& b) {
  if (IsDateItem(a) && IsDateItem(b)) return CompareDates(a, b);
  const auto x = NumberOf(a);
  const auto y = NumberOf(b);
  if (x && y) return CompareNumbers(*x, *y);
  if (IsQuantity(a) && IsQuantity(b)) return CompareQuantities(a, b);
  std::string left_scratch;
  std::string right_scratch;
  const auto left = TextOf(a, left_scratch);
  const auto right = TextOf(b, right_scratch);
  if (!left || !right) return Order::kNotComparable;
  if (*left == *right) return Order::kEqual;
  return *left < *right ? Order::kLess : Order::kGreater;
}

}  // namespace handoff::fhir::internal
