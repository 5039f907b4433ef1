#include "fhir-mappings/runtime/reader.h"

#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir::internal {

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
    out_.Reserve(json.size());
    out_.Room(json.size() / 2);
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

// A frame behind the last one, for an object whose tag is written next.
inline Frame& Reader::Open(const Type* type) {
  return frames_.emplace_back(type, foreign_.extra_size(), foreign_.names_size(), choices_.size());
}

inline bool Reader::StartObject() {
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
  const std::uint8_t guess = length_bytes_[member.ref % length_bytes_.size()];
  frame.length_bytes = guess != 0 ? guess : frame.type->length_bytes;
  frame.length = OpenLength(out_, frame.length_bytes);
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
  frame.length_bytes = 2;
  frame.length = OpenLength(out_, 2);
  return name.type != nullptr || foreign_.BeginOpaque();
}

inline bool Reader::Key(std::string_view name) {
  return foreign_.open() ? foreign_.Key(name) : MemberKey(frames_.back(), name);
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

inline bool Reader::MemberKey(Frame& frame, std::string_view name) {
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
      if (!PutExtensions(object)) return false;
    }
  }
  CloseFrame();
  return true;
}

// The innermost object is written: its lengths are known.
void Reader::CloseFrame() {
  const Frame& frame = frames_.back();
  const std::size_t length_bytes = CloseLength(out_, frame.length, frame.length_bytes);
  if (frame.resource.empty()) {
    const auto type = static_cast<std::size_t>(frame.type - kTables.types.data());
    length_bytes_[type % length_bytes_.size()] = static_cast<std::uint8_t>(length_bytes);
  }
  if (frame.framed) CloseLength(out_, frame.outer_length, 2);
  frames_.pop_back();
}

void Reader::PutMeanings(const Frame& frame) {
  std::string_view system;
  std::string_view code;
  WireReader written(out_.View(frame.length + frame.length_bytes));
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
  CloseFrame();
  return true;
}

}  // namespace handoff::fhir::internal

bool handoff::fhir::ReadJson(std::string_view json,
                             const ReadOptions& options,
                             std::string* encoded,
                             Issues* issues) {
  return internal::Reader(options, encoded, issues).Run(json);
}
