#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/foreign_text.h"
#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/json_text_view.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/read_report.h"
#include "fhir-mappings/runtime/reader_frame.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

// Turns a parser's events into wire bytes. What the tables know goes to the wire; the rest goes to
// ForeignText.
class Reader {
 public:
  Reader(const ReadOptions& options, std::string* encoded, Issues* issues)
      : limits_(options.limits),
        tolerances_(options.tolerances),
        out_(encoded),
        report_(frames_, options.limits.max_issues, issues) {
    frames_.reserve(32);
  }

  bool Run(std::string_view json);

  // The parser's handler. False stops it.
  bool Null();
  bool Bool(bool value);
  bool Number(std::string_view number);
  bool String(const JsonString& string);
  bool StartObject();
  bool Key(const JsonString& name);
  bool EndObject(std::size_t members);
  bool StartArray();
  bool EndArray(std::size_t items);

 private:
  using Parser = JsonParser<Reader>;

  bool Parse(std::string_view json);

  bool Complain(std::string_view code, const Member* leaf, const std::string& text) {
    return report_.Complain(code, leaf, text);
  }

  // A value that its field cannot hold: refused, or kept in `extra`.
  bool Displace(Tolerance tolerance,
                std::string_view code,
                const std::string& text,
                std::string_view value,
                bool quoted);
  void CloseDisplacedList(Frame& frame);

  // Asked at every value: what makes texts is kept out of their way, so that they are inlined.
  bool Count() { return ++values_ <= limits_.max_members + 1 || TooMany(); }
  bool Enter() { return ++depth_ <= limits_.max_depth || TooDeep(); }
  [[gnu::noinline]] bool TooMany();
  [[gnu::noinline]] bool TooDeep();
  [[gnu::noinline]] bool NoObject();

  bool BeginItem(Frame& frame);
  [[gnu::noinline]] bool NoList(const Member& member);
  Frame& Open(const Type* type);
  bool Text(Frame& frame, const JsonString& string);
  bool Code(const Member& member, std::string_view code);
  bool WrongType(const Member& member, std::string_view found, std::string_view value, bool quoted);
  void PutNumberOf(const Member& member, std::uint64_t value);
  void PutReference(const Member& member, std::string_view text);
  bool StartMessage(const Member& member);
  bool StartResource(const Member* member);
  bool MemberKey(Frame& frame, std::string_view name);
  bool SiblingOrUnknown(Frame& frame, std::string_view name);
  [[gnu::always_inline]] void Note(const Frame& frame,
                                   const Member& member,
                                   std::uint64_t& stood,
                                   const char* twice);
  bool NoteChoice(const Frame& frame, const Member& member);
  bool CloseMessage(std::size_t members);
  void PutMeanings(const Frame& frame);
  void PutExtra(std::string_view extra);
  std::string PlaceExtensions(std::string_view object);
  bool PutExtension(const Member& member, std::string_view value, std::uint32_t before);
  bool CloseOpaque();

  const ReadLimits& limits_;
  const Tolerances& tolerances_;
  Sink out_;

  Parser* parser_ = nullptr;
  const char* end_ = nullptr;
  std::string_view source_;  // what is parsed, as it was
  std::vector<Frame> frames_;
  std::vector<const Member*> choices_;  // members of choices that the open objects have had
  std::size_t values_ = 0;
  std::size_t depth_ = 0;

  ReadReport report_;
  ForeignText foreign_{frames_, report_};
};

bool Reader::Run(std::string_view json) {
  if (json.size() > limits_.max_bytes) {
    report_.Stop("too-long",
                 "the document is larger than " + std::to_string(limits_.max_bytes) + " bytes");
  } else if (!simdjson::validate_utf8(json.data(), json.size())) {
    report_.Stop("structure", "the document is not UTF-8");
  } else {
    // A byte order mark is not allowed, but may be ignored (RFC 8259 8.1), and some senders write
    // it.
    if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
    out_.Room(json.size());
    Parse(json);
  }
  return report_.Finish();
}

bool Reader::Parse(std::string_view json) {
  InsituCopy copy(json);
  Parser parser(copy.data(), *this);
  Parser* const outer_parser = std::exchange(parser_, &parser);
  const char* const outer_end = std::exchange(end_, copy.data() + json.size());
  const std::string_view outer_source = std::exchange(source_, json);
  // Recursive parsing is bounded: Enter() stops it at max_depth.
  const Parser::Result result = parser.Parse();
  if (result == Parser::Result::kNotJson) {
    const JsonError error = FindJsonError(json);
    report_.NotJson(json, error.offset, error.why);
  }
  if (result == Parser::Result::kParsed && parser.half_character() != 0) {
    report_.NotJson(
        json, parser.half_character(), "half of a surrogate pair stands alone in a string.");
  }
  // The parser takes a NUL for the end.
  if (result == Parser::Result::kParsed && parser.offset() < json.size()) {
    report_.Stop("structure",
                 "something stands behind the resource at byte " + std::to_string(parser.offset()));
  }
  parser_ = outer_parser;
  end_ = outer_end;
  source_ = outer_source;
  return result == Parser::Result::kParsed;
}

bool Reader::TooMany() { return report_.Stop("too-costly", "the document has too many members"); }
bool Reader::TooDeep() { return report_.Stop("too-costly", "the document is nested too deeply"); }
bool Reader::NoObject() { return report_.Stop("structure", "the document is no JSON object"); }

// --- Values that the tables know.

// Whether a value may stand here: one of a list, or single where the element does not repeat.
inline bool Reader::BeginItem(Frame& frame) {
  const Member& member = *frame.member;
  if (member.repeated != frame.in_array) return NoList(member);
  if (frame.in_array) ++frame.items;
  return !frame.list_displaced;
}

bool Reader::NoList(const Member& member) {
  Complain("structure", &member, "must be a list");
  return false;
}

// A frame behind the last one, for an object whose tag is written next.
inline Frame& Reader::Open(const Type* type) {
  Frame& frame = frames_.emplace_back();
  frame.type = type;
  frame.extra_begin = foreign_.extra_size();
  frame.names_begin = foreign_.names_size();
  frame.choices_begin = choices_.size();
  return frame;
}

bool Reader::Null() {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar("null", false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  const bool primitive = member.kind != Kind::kMessage && member.kind != Kind::kResource;
  if (!frame.in_array || !primitive) {
    return Complain("structure",
                    &member,
                    "null is for gaps in a list of primitives only (FHIR R4 json.html#null)");
  }
  ++frame.items;
  frame.nulls |= std::uint64_t{1} << member.element;
  if (IsPacked(member)) {
    PutVarint(out_, 0);
  } else {
    PutBytes(out_, member.field, {});
  }
  return true;
}

bool Reader::Bool(bool value) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(value ? "true" : "false", false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind != Kind::kBoolean)
    return WrongType(member, "true or false", value ? "true" : "false", false);
  PutNumber(out_, member.field, value ? 1 : 0);
  return true;
}

bool Reader::Number(std::string_view number) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(number, false);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind == Kind::kDecimal) {
    PutBytes(out_, member.field, number);
    return true;
  }
  if (member.kind != Kind::kInteger && member.kind != Kind::kPositiveInt &&
      member.kind != Kind::kUnsignedInt) {
    return WrongType(member, "a JSON number", number, false);
  }
  const auto value = ParseInteger(member.kind, number);
  if (!value) {
    return Displace(
        tolerances_.forms, "value", "not " + std::string(Description(member.kind)), number, false);
  }
  PutNumberOf(member, static_cast<std::uint64_t>(*value));
  return true;
}

bool Reader::String(const JsonString& string) {
  if (!Count()) return false;
  if (foreign_.open()) return foreign_.Scalar(string.text, true);
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  return Text(frame, string);
}

bool Reader::Text(Frame& frame, const JsonString& string) {
  const Member& member = *frame.member;
  const std::string_view text = string.text;
  if (text.empty()) {
    return Displace(tolerances_.forms,
                    "value",
                    "must not be empty (FHIR R4 datatypes.html#string)",
                    text,
                    true);
  }
  const auto malformed = [&] {
    return Displace(
        tolerances_.forms, "value", "not " + std::string(Description(member.kind)), text, true);
  };
  switch (member.kind) {
    case Kind::kEnum:
      return Code(member, text);
    case Kind::kDate:
      if (const auto date = ParseDate(text)) {
        PutDate(member.field, *date, out_);
        return true;
      }
      return malformed();
    case Kind::kDateTime:
    case Kind::kInstant:
      if (const auto time = ParseDateTime(text, member.kind)) {
        PutDateTime(member.field, *time, text, out_);
        return true;
      }
      return malformed();
    case Kind::kReferenceText:
      if (!HasForm(member.kind, text)) return malformed();
      PutReference(member, text);
      return true;
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kPositiveInt:
    case Kind::kUnsignedInt:
    case Kind::kDecimal:
      return WrongType(member, "in quotes", text, true);
    case Kind::kMessage:
    case Kind::kResource:
      return WrongType(member, "a string", text, true);
    default:
      break;
  }
  // A string without escapes has no control characters, or the parser had refused it.
  const bool any_string = member.kind <= Kind::kXhtml;
  if (!(any_string && string.plain) && !HasForm(member.kind, text)) return malformed();
  if (member.field != 0) PutBytes(out_, member.field, text);
  return true;
}

bool Reader::Code(const Member& member, std::string_view code) {
  const Enum& codes = kTables.enums[member.ref];
  const EnumCode* found = FindCode(codes, code);
  if (found == nullptr) {
    std::string text = "unknown code; " + std::string(codes.name) + " has";
    for (const EnumCode& known : codes.codes) (text += ' ') += known.code;
    return Displace(tolerances_.codes, "code-invalid", text, code, true);
  }
  PutNumberOf(member, static_cast<std::uint64_t>(found->number));
  return true;
}

bool Reader::WrongType(const Member& member,
                       std::string_view found,
                       std::string_view value,
                       bool quoted) {
  const std::string text =
      "must be " + std::string(Description(member.kind)) + ", not " + std::string(found);
  if (!IsPrimitive(member.kind)) return Complain("structure", &member, text);
  return Displace(tolerances_.forms, "structure", text, value, quoted);
}

bool Reader::Displace(Tolerance tolerance,
                      std::string_view code,
                      const std::string& text,
                      std::string_view value,
                      bool quoted) {
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  if (tolerance == Tolerance::kReject || member.kind == Kind::kId || member.field == 0)
    return Complain(code, &member, text);
  report_.Report(SeverityOf(tolerance), code, report_.Path(&member), text + "; kept as it stands");
  if (frame.in_array || ExtensionOf(*frame.type, member) != nullptr) {
    frame.list_displaced = true;
  } else {
    foreign_.ExtraScalar(member.name, value, quoted);
  }
  return true;
}

// The parser has read the list's last bracket.
void Reader::CloseDisplacedList(Frame& frame) {
  out_.Truncate(frame.list_wire);
  foreign_.ExtraList(frame.member->name,
                     source_.substr(frame.list_text, parser_->offset() - 1 - frame.list_text));
  frame.list_displaced = false;
}

void Reader::PutNumberOf(const Member& member, std::uint64_t value) {
  if (member.repeated) {
    PutVarint(out_, value);
  } else {
    PutNumber(out_, member.field, value);
  }
}

void Reader::PutReference(const Member& member, std::string_view text) {
  const ReferenceParts parts = ParseReference(text);
  if (!parts.uri.empty()) return PutBytes(out_, member.field + 3u, parts.uri);
  PutBytes(out_, member.field, parts.type);
  PutBytes(out_, member.field + 1u, parts.id);
  if (!parts.version.empty()) PutBytes(out_, member.field + 2u, parts.version);
}

// --- Objects and lists that the tables know.

bool Reader::StartObject() {
  if (!Count() || !Enter()) return false;
  if (foreign_.open()) return foreign_.StartObject();
  if (frames_.empty()) return StartResource(nullptr);
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  const bool placed = BeginItem(frame);
  if (placed && member.kind == Kind::kMessage) return StartMessage(member);
  if (placed && member.kind == Kind::kResource) return StartResource(&member);
  if (placed) {
    Complain("structure",
             &member,
             "must be " + std::string(Description(member.kind)) + ", not an object");
  }
  return foreign_.SkipObject();
}

bool Reader::StartMessage(const Member& member) {
  Frame& frame = Open(&kTables.types[member.ref]);
  PutTag(out_, member.field, WireType::kBytes);
  frame.length = OpenLength(out_, frame.type->length_bytes);
  return true;
}

bool Reader::StartResource(const Member* member) {
  const ResourceName name = FindResourceType(
      std::string_view(parser_->at(), static_cast<std::size_t>(end_ - parser_->at())));
  if (!name.found) {
    Complain("structure", member, name.stated ? "unknown resourceType" : "resourceType is missing");
    if (member == nullptr) return false;
    return foreign_.SkipObject();
  }
  Frame& frame = Open(name.type);
  frame.resource = name.name;
  frame.framed = member != nullptr;
  if (frame.framed) {
    PutTag(out_, member->field, WireType::kBytes);
    frame.outer_length = OpenLength(out_, 2);
  }
  PutTag(out_,
         name.type != nullptr ? name.type->resource_field : wire_fields::kOpaque,
         WireType::kBytes);
  frame.length = OpenLength(out_, 2);
  return name.type != nullptr || foreign_.BeginOpaque();
}

bool Reader::Key(const JsonString& name) {
  return foreign_.open() ? foreign_.Key(name.text) : MemberKey(frames_.back(), name.text);
}

// Marks in `stood` that the element of `member` stands in this object: once, and as one type.
inline void Reader::Note(const Frame& frame,
                         const Member& member,
                         std::uint64_t& stood,
                         const char* twice) {
  const std::uint64_t bit = std::uint64_t{1} << member.element;
  const Element& element = frame.type->elements[member.element];
  if (element.choice && !NoteChoice(frame, member)) {
    report_.NotOnce(member, &element, twice);
  } else if ((stood & bit) != 0) {
    report_.NotOnce(member, nullptr, twice);
  }
  stood |= bit;
}

bool Reader::MemberKey(Frame& frame, std::string_view name) {
  const Member* const member = FindMember(*frame.type, name);
  if (member == nullptr) return SiblingOrUnknown(frame, name);
  frame.member = member;
  Note(frame, *member, frame.seen, "stands twice");
  if (member->kind != Kind::kExtra) return true;
  if (name == "modifierExtension") {
    report_.Report(Severity::kWarning,
                   "not-supported",
                   report_.Path(member),
                   "is kept and forwarded, but not understood: no rule reads what it modifies");
  }
  return foreign_.BeginExtra(member, name);
}

// `_name`, resourceType, or a member that R4 does not know.
bool Reader::SiblingOrUnknown(Frame& frame, std::string_view name) {
  if (name == kResourceTypeMember.name && !frame.resource.empty()) {
    frame.member = &kResourceTypeMember;
    if (std::exchange(frame.resource_type_seen, true))
      Complain("structure", frame.member, "stands twice");
    return true;
  }
  const Member* const member =
      name.starts_with('_') ? FindMember(*frame.type, name.substr(1)) : nullptr;
  if (member != nullptr && member->kind != Kind::kMessage && member->kind != Kind::kResource &&
      member->kind != Kind::kExtra) {
    frame.member = member;
    Note(frame, *member, frame.siblings, "the member with _ stands twice");
    return foreign_.BeginExtra(member, name);
  }
  frame.member = nullptr;
  report_.Unknown(name, tolerances_.unknown);
  return foreign_.BeginExtra(nullptr, name);
}

// False if another type of the same choice has stood in this object.
bool Reader::NoteChoice(const Frame& frame, const Member& member) {
  for (std::size_t i = frame.choices_begin; i < choices_.size(); ++i) {
    if (choices_[i]->element == member.element && choices_[i] != &member) return false;
  }
  choices_.push_back(&member);
  return true;
}

bool Reader::StartArray() {
  if (!Count() || !Enter()) return false;
  if (foreign_.open()) return foreign_.StartArray();
  if (frames_.empty()) return NoObject();
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  if (!member.repeated || frame.in_array) {
    Complain("structure",
             &member,
             frame.in_array ? "must not be a list in a list" : "must not be a list");
    return foreign_.SkipArray();
  }
  frame.in_array = true;
  frame.items = 0;
  frame.list_text = parser_->offset();
  frame.list_wire = out_.size();
  if (IsPacked(member)) {
    PutTag(out_, member.field, WireType::kBytes);
    frame.packed = OpenLength(out_, 1);
  }
  return true;
}

bool Reader::EndArray(std::size_t items) {
  --depth_;
  if (foreign_.open()) return foreign_.EndArray(items);
  Frame& frame = frames_.back();
  const Element& element = frame.type->elements[frame.member->element];
  frame.in_array = false;
  if (frame.list_displaced) {
    CloseDisplacedList(frame);
  } else if (IsPacked(*frame.member)) {
    CloseLength(out_, frame.packed, 1);
  }
  if (items == 0)
    return Complain("structure", frame.member, "a list must not be empty (FHIR R4 json.html)");
  if (items < element.min || (element.max != 0 && items > element.max)) {
    const std::string max = element.max == 0 ? "*" : std::to_string(element.max);
    return Complain("structure",
                    frame.member,
                    "must stand " + std::to_string(element.min) + ".." + max + " times");
  }
  return true;
}

bool Reader::EndObject(std::size_t members) {
  --depth_;
  if (!foreign_.open()) return CloseMessage(members);
  return !foreign_.EndObject(members) || CloseOpaque();
}

bool Reader::CloseMessage(std::size_t members) {
  Frame& frame = frames_.back();
  if (members == 0) {
    frame.member = nullptr;
    Complain("structure", nullptr, "an object must not be empty (FHIR R4 json.html)");
  }
  if ((frame.type->required & ~(frame.seen | frame.siblings)) != 0)
    report_.Missing(frame, tolerances_.missing);
  for (std::uint64_t gaps = frame.nulls & ~frame.siblings; gaps != 0; gaps &= gaps - 1) {
    const auto element = static_cast<std::size_t>(__builtin_ctzll(gaps));
    report_.Report(Severity::kError,
                   "structure",
                   report_.Path(nullptr) + "." + std::string(frame.type->elements[element].name),
                   "null needs the member with _ beside the list (FHIR R4 json.html#null)");
  }
  foreign_.EndNames(frame.names_begin);
  if (choices_.size() != frame.choices_begin) choices_.resize(frame.choices_begin);
  if (!frame.type->meanings.empty()) PutMeanings(frame);
  if (const std::string_view extra = foreign_.EndExtra(frame.extra_begin); !extra.empty()) {
    if (frame.type->extensions.empty()) {
      PutBytes(out_, frame.type->extra_field, extra);
      foreign_.DropExtra(frame.extra_begin);
    } else {
      const std::string object(extra);
      foreign_.DropExtra(frame.extra_begin);
      PutExtra(PlaceExtensions(object));
    }
  }
  const Frame& closed = frames_.back();
  CloseLength(out_, closed.length, closed.resource.empty() ? closed.type->length_bytes : 2u);
  if (closed.framed) CloseLength(out_, closed.outer_length, 2);
  frames_.pop_back();
  return true;
}

void Reader::PutMeanings(const Frame& frame) {
  std::string_view system;
  std::string_view code;
  WireReader written(out_.View(frame.length + frame.type->length_bytes));
  for (WireField field; written.Next(field);) {
    if (field.number == wire_fields::kCodingSystem) system = field.bytes;
    if (field.number == wire_fields::kCodingCode) code = field.bytes;
  }
  for (const Meaning& meaning : frame.type->meanings) {
    if (meaning.system != system) continue;
    if (const EnumCode* const known = FindCode(kTables.enums[meaning.codes], code))
      return PutNumber(out_, meaning.field, static_cast<std::uint64_t>(known->number));
  }
}

// --- Extensions that the tables know.

void Reader::PutExtra(std::string_view extra) {
  if (!extra.empty()) PutBytes(out_, frames_.back().type->extra_field, extra);
}

// Puts the known extensions of `object`, JSON that belongs to the innermost frame, into their
// fields. Yields the object that is left for `extra`; empty if nothing is.
std::string Reader::PlaceExtensions(std::string_view object) {
  const Type& type = *frames_.back().type;
  std::string rest;
  const auto keep = [&](std::string_view name, std::string_view value) {
    rest += rest.empty() ? "{\"" : ",\"";
    rest.append(name).append("\":").append(value);
  };
  JsonSteps members(object);
  std::string_view name;
  for (std::string_view value; members.Next(name, value);) {
    if (type.is_extension && name == "url") continue;
    if (name != "extension") {
      keep(name, value);
      continue;
    }
    ExtensionPlaces places(type);
    JsonSteps items(value);
    std::string_view none;
    for (std::string_view item; items.Next(none, item);) {
      const KnownExtension known = FindExtension(type, item);
      const std::uint32_t before = known.member == nullptr ? 0 : places.Count(*known.member);
      const bool placed = known.member != nullptr && (before == 0 || known.member->repeated) &&
                          PutExtension(*known.member, known.value, before);
      places.Add(placed ? known.member : nullptr, item);
    }
    if (const std::string list = places.Rest(); !list.empty()) keep(name, list);
  }
  if (!rest.empty()) rest += '}';
  return rest;
}

// False if the extension stays in `extra`: its value does not have the form of its type.
bool Reader::PutExtension(const Member& member, std::string_view value, std::uint32_t before) {
  const std::size_t owner = frames_.size() - 1;
  const std::size_t wire = out_.size();
  frames_[owner].member = &member;
  frames_[owner].in_array = member.repeated;
  frames_[owner].items = before;
  if (member.kind == Kind::kMessage && kTables.types[member.ref].is_extension) {
    ++frames_[owner].items;
    StartMessage(member);
    PutExtra(PlaceExtensions(value));
    const Frame& frame = frames_.back();
    CloseLength(out_, frame.length, frame.type->length_bytes);
    frames_.pop_back();
  } else {
    Parse(value);
  }
  frames_[owner].in_array = false;
  if (!std::exchange(frames_[owner].list_displaced, false)) return true;
  out_.Truncate(wire);
  return false;
}

// The object is complete as text; its meta is read as the model reads it.
bool Reader::CloseOpaque() {
  const OpaqueText opaque = foreign_.opaque();
  const Member meta = {
      "meta", wire_fields::kOpaqueMeta, kTables.meta_type, Kind::kMessage, false, 0};
  PutBytes(out_, wire_fields::kOpaqueType, frames_.back().resource);
  if (!opaque.id.empty()) PutBytes(out_, wire_fields::kOpaqueId, opaque.id);
  if (!opaque.meta.empty()) {
    frames_.back().member = &meta;
    if (!Parse(opaque.meta)) return false;
    frames_.back().member = nullptr;
  }
  PutBytes(out_, wire_fields::kOpaqueJson, opaque.json);
  const Frame& frame = frames_.back();
  CloseLength(out_, frame.length, 2);
  if (frame.framed) CloseLength(out_, frame.outer_length, 2);
  frames_.pop_back();
  return true;
}

}  // namespace

bool ReadJson(std::string_view json,
              const ReadOptions& options,
              std::string* encoded,
              Issues* issues) {
  encoded->clear();
  return Reader(options, encoded, issues).Run(json);
}

}  // namespace handoff::fhir
