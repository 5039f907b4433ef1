#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "fhir-mappings/runtime/date_wire.h"
#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/rapidjson.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {
namespace {

using namespace internal;

constexpr Member kResourceTypeMember = {"resourceType", 0, 0, Kind::kCode, false, 0};

// The object that is open, and the member whose value comes next.
struct Frame {
  const Type* type = nullptr;  // null for an opaque resource
  std::string_view resource;   // FHIR name, if the object is a resource
  const Member* member = nullptr;
  bool in_array = false;
  bool resource_type_seen = false;
  bool framed = false;         // the Resource message has a length of its own (not at the root)
  std::uint32_t items = 0;     // of the open array
  std::uint64_t seen = 0;      // bit n: element n has stood here
  std::uint64_t siblings = 0;  // bit n: `_element` has stood here
  std::uint64_t nulls = 0;     // bit n: the list of element n holds a null
  std::size_t outer_length = 0;
  std::size_t length = 0;
  std::size_t packed = 0;
  std::size_t extra_begin = 0;
  std::size_t names_begin = 0;
  std::size_t choices_begin = 0;
};

// Turns RapidJSON's events into wire bytes. Two kinds of content: what the tables know goes to the
// wire; *foreign* content (extensions, unknown members, opaque resources, whatever stands in a
// wrong place) is copied as text or skipped.
class Reader {
 public:
  Reader(const ReadLimits& limits, std::string* encoded, Issues* issues)
      : limits_(limits),
        out_(encoded),
        extra_(&extra_text_),
        opaque_(&opaque_text_),
        issues_(issues) {
    frames_.reserve(32);
  }

  bool Run(std::string_view json);

  // RapidJSON handler. False stops the parser.
  bool Null();
  bool Bool(bool value);
  bool RawNumber(const char* text, rapidjson::SizeType length, bool);
  bool String(const char* text, rapidjson::SizeType length, bool);
  bool StartObject();
  bool Key(const char* text, rapidjson::SizeType length, bool);
  bool EndObject(rapidjson::SizeType members);
  bool StartArray();
  bool EndArray(rapidjson::SizeType items);
  // Never called: numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  enum class Mode : std::uint8_t { kModel, kExtra, kOpaque, kSkip };
  enum class OpaqueMember : std::uint8_t { kOther, kId, kMeta };
  using Stream = InsituStream;

  bool Parse(std::string_view json);
  void ReportSyntax(const rapidjson::ParseResult& result, std::string_view json);

  // Issues. Each returns true so that a handler can return it: reading goes on.
  std::string Path(const Member* leaf) const;
  bool Report(Severity severity, std::string_view code, std::string path, const std::string& text);
  bool Complain(std::string_view code, const Member* leaf, const std::string& text) {
    return Report(Severity::kError, code, Path(leaf), text);
  }
  bool Stop(std::string_view code, const std::string& text);

  // Asked at every value: what makes texts is kept out of their way, so that they are inlined.
  bool Count() { return ++values_ <= limits_.max_members + 1 || TooMany(); }
  bool Enter() { return ++depth_ <= limits_.max_depth || TooDeep(); }
  [[gnu::noinline]] bool TooMany();
  [[gnu::noinline]] bool TooDeep();

  // Model content.
  bool BeginItem(Frame& frame);
  [[gnu::noinline]] bool NoList(const Member& member);
  Frame& Open(const Type* type);
  bool Text(Frame& frame, std::string_view text);
  bool Code(const Member& member, std::string_view code);
  void PutDate(const Member& member, const DateParts& date);
  void PutDateTime(const Member& member, const DateTimeParts& time, std::string_view text);
  void PutReference(const Member& member, std::string_view text);
  bool StartMessage(const Member& member);
  bool StartResource(const Member* member);
  bool MemberKey(Frame& frame, std::string_view name);
  bool SiblingOrUnknown(Frame& frame, std::string_view name);
  bool NoteChoice(const Frame& frame, const Member& member);
  bool CloseMessage(rapidjson::SizeType members);
  void CheckRequired(const Frame& frame);

  // Foreign content.
  void BeginForeign(Mode mode, Sink* text, unsigned depth);
  bool BeginExtra(Frame& frame, const Member* member, std::string_view name);
  void Separate();
  void ForeignValue(char opens);
  bool ForeignScalar(std::string_view text, bool quoted);
  bool ForeignEnd(char bracket);
  bool OpaqueKey(std::string_view name);
  void OpaqueScalar(std::string_view text, bool quoted);
  bool CloseOpaque();
  void CheckNames(std::size_t begin);

  const ReadLimits& limits_;
  Sink out_;
  std::string extra_text_;  // of the open objects, one behind the other
  std::string opaque_text_;
  Sink extra_;
  Sink opaque_;
  Issues* issues_;

  Stream* stream_ = nullptr;
  const char* end_ = nullptr;
  std::vector<Frame> frames_;
  std::vector<std::string_view> names_;  // members of the open objects that the tables do not know
  std::vector<const Member*> choices_;   // members of choices that the open objects have had
  std::size_t values_ = 0;
  std::size_t depth_ = 0;
  std::size_t unlisted_ = 0;
  Severity unlisted_severity_ = Severity::kInformation;
  bool failed_ = false;

  Mode mode_ = Mode::kModel;
  Sink* foreign_ = nullptr;  // null in kSkip
  unsigned foreign_depth_ = 0;
  std::vector<std::size_t> foreign_names_;  // where the names of each open foreign object begin
  const Member* foreign_member_ = nullptr;  // at the first event: checks list or single
  OpaqueMember opaque_member_ = OpaqueMember::kOther;
  std::string opaque_id_;
  std::size_t meta_begin_ = 0;
  std::pair<std::size_t, std::size_t> opaque_meta_;  // begin and end in opaque_
};

bool Reader::Run(std::string_view json) {
  if (json.size() > limits_.max_bytes) {
    Stop("too-long", "the document is larger than " + std::to_string(limits_.max_bytes) + " bytes");
  } else if (!simdjson::validate_utf8(json.data(), json.size())) {
    Stop("structure", "the document is not UTF-8");
  } else {
    // A byte order mark is not allowed, but may be ignored (RFC 8259 8.1), and some senders write
    // it.
    if (json.starts_with("\xEF\xBB\xBF")) json.remove_prefix(3);
    out_.Room(json.size());
    Parse(json);
  }
  if (unlisted_ != 0) {
    // As grave as the gravest of them, so that the list alone tells whether the document was
    // refused.
    const std::string_view code =
        unlisted_severity_ >= Severity::kError ? "processing" : "informational";
    issues_->push_back({unlisted_severity_,
                        code,
                        std::to_string(unlisted_) + " more problems are not listed",
                        ""});
  }
  return !failed_;
}

bool Reader::Parse(std::string_view json) {
  InsituCopy copy(json);
  Stream stream(copy.data());
  Stream* const outer_stream = std::exchange(stream_, &stream);
  const char* const outer_end = std::exchange(end_, copy.data() + json.size());
  rapidjson::Reader parser;
  // Recursive parsing is bounded: Enter() stops it at max_depth.
  const rapidjson::ParseResult result = parser.Parse < rapidjson::kParseInsituFlag |
                                        rapidjson::kParseNumbersAsStringsFlag > (stream, *this);
  if (result.IsError() && result.Code() != rapidjson::kParseErrorTermination)
    ReportSyntax(result, json);
  // The parser takes a NUL for the end.
  if (!result.IsError() && stream.Tell() < json.size()) {
    Stop("structure",
         "something stands behind the resource at byte " + std::to_string(stream.Tell()));
  }
  stream_ = outer_stream;
  end_ = outer_end;
  return !result.IsError();
}

void Reader::ReportSyntax(const rapidjson::ParseResult& result, std::string_view json) {
  const std::size_t offset = std::min(result.Offset(), json.size());
  std::size_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (json[i] == '\n') {
      ++line;
      line_begin = i + 1;
    }
  }
  std::string text = "line " + std::to_string(line) + ", column " +
                     std::to_string(offset - line_begin + 1) + " (byte " + std::to_string(offset) +
                     "): not JSON: " + rapidjson::GetParseError_En(result.Code());
  const std::string path = Path(frames_.empty() ? nullptr : frames_.back().member);
  Report(Severity::kFatal, "structure", path, text);
}

std::string Reader::Path(const Member* leaf) const {
  std::string path;
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    if (i == 0) path = frame.resource;
    const Member* const member = i + 1 < frames_.size() ? frame.member : leaf;
    if (member == nullptr) break;
    std::string_view name = member->name;
    if (frame.type != nullptr && member != &kResourceTypeMember) {
      const Element& element = frame.type->elements[member->element];
      name = element.name;
      if (element.choice) name.remove_suffix(3);
    }
    path += '.';
    path += name;
    if (member == frame.member && frame.in_array) {
      path += '[';
      path += std::to_string(frame.items == 0 ? 0 : frame.items - 1);
      path += ']';
    }
  }
  return path;
}

bool Reader::Report(Severity severity,
                    std::string_view code,
                    std::string path,
                    const std::string& text) {
  if (severity >= Severity::kError) failed_ = true;
  if (issues_->size() >= limits_.max_issues) {
    ++unlisted_;
    unlisted_severity_ = std::max(unlisted_severity_, severity);
    return true;
  }
  std::string whole = path.empty() ? text : path + ": " + text;
  issues_->push_back({severity, code, std::move(whole), std::move(path)});
  return true;
}

bool Reader::Stop(std::string_view code, const std::string& text) {
  Report(Severity::kFatal, code, Path(frames_.empty() ? nullptr : frames_.back().member), text);
  return false;
}

bool Reader::TooMany() { return Stop("too-costly", "the document has too many members"); }
bool Reader::TooDeep() { return Stop("too-costly", "the document is nested too deeply"); }

// --- Values that the tables know.

// Whether a value may stand here: one of a list, or single where the element does not repeat.
inline bool Reader::BeginItem(Frame& frame) {
  const Member& member = *frame.member;
  if (member.repeated != frame.in_array) return NoList(member);
  if (frame.in_array) ++frame.items;
  return true;
}

bool Reader::NoList(const Member& member) {
  Complain("structure", &member, "must be a list");
  return false;
}

// A frame behind the last one, for an object whose tag is written next.
inline Frame& Reader::Open(const Type* type) {
  Frame& frame = frames_.emplace_back();
  frame.type = type;
  frame.extra_begin = extra_.size();
  frame.names_begin = names_.size();
  frame.choices_begin = choices_.size();
  return frame;
}

bool Reader::Null() {
  if (!Count()) return false;
  if (mode_ != Mode::kModel) return ForeignScalar("null", false);
  if (frames_.empty()) return Stop("structure", "the document is no JSON object");
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
  if (member.kind == Kind::kEnum) {
    PutVarint(out_, 0);
  } else {
    PutBytes(out_, member.field, {});
  }
  return true;
}

bool Reader::Bool(bool value) {
  if (!Count()) return false;
  if (mode_ != Mode::kModel) return ForeignScalar(value ? "true" : "false", false);
  if (frames_.empty()) return Stop("structure", "the document is no JSON object");
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind != Kind::kBoolean) {
    return Complain("structure",
                    &member,
                    "must be " + std::string(Description(member.kind)) + ", not true or false");
  }
  PutNumber(out_, member.field, value ? 1 : 0);
  return true;
}

bool Reader::RawNumber(const char* text, rapidjson::SizeType length, bool) {
  if (!Count()) return false;
  const std::string_view number(text, length);
  if (mode_ != Mode::kModel) return ForeignScalar(number, false);
  if (frames_.empty()) return Stop("structure", "the document is no JSON object");
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  const Member& member = *frame.member;
  if (member.kind == Kind::kDecimal) {
    PutBytes(out_, member.field, number);
    return true;
  }
  if (member.kind != Kind::kInteger && member.kind != Kind::kPositiveInt &&
      member.kind != Kind::kUnsignedInt) {
    return Complain("structure",
                    &member,
                    "must be " + std::string(Description(member.kind)) + ", not a JSON number");
  }
  const auto value = ParseInteger(member.kind, number);
  if (!value) return Complain("value", &member, "not " + std::string(Description(member.kind)));
  PutNumber(out_, member.field, static_cast<std::uint64_t>(*value));
  return true;
}

bool Reader::String(const char* text, rapidjson::SizeType length, bool) {
  if (!Count()) return false;
  const std::string_view string(text, length);
  if (mode_ != Mode::kModel) return ForeignScalar(string, true);
  if (frames_.empty()) return Stop("structure", "the document is no JSON object");
  Frame& frame = frames_.back();
  if (!BeginItem(frame)) return true;
  return Text(frame, string);
}

bool Reader::Text(Frame& frame, std::string_view text) {
  const Member& member = *frame.member;
  if (text.empty())
    return Complain("value", &member, "must not be empty (FHIR R4 datatypes.html#string)");
  const auto malformed = [&] {
    return Complain("value", &member, "not " + std::string(Description(member.kind)));
  };
  switch (member.kind) {
    case Kind::kEnum:
      return Code(member, text);
    case Kind::kDate:
      if (const auto date = ParseDate(text)) {
        PutDate(member, *date);
        return true;
      }
      return malformed();
    case Kind::kDateTime:
    case Kind::kInstant:
      if (const auto time = ParseDateTime(text, member.kind)) {
        PutDateTime(member, *time, text);
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
      return Complain("structure",
                      &member,
                      "must be " + std::string(Description(member.kind)) + ", not in quotes");
    case Kind::kMessage:
    case Kind::kResource:
      return Complain("structure",
                      &member,
                      "must be " + std::string(Description(member.kind)) + ", not a string");
    default:
      break;
  }
  if (!HasForm(member.kind, text)) return malformed();
  if (member.field != 0) PutBytes(out_, member.field, text);
  return true;
}

bool Reader::Code(const Member& member, std::string_view code) {
  const Enum& codes = kTables.enums[member.ref];
  const EnumCode* found = FindCode(codes, code);
  if (found == nullptr) {
    std::string text = "unknown code; " + std::string(codes.name) + " has";
    for (const EnumCode& known : codes.codes) (text += ' ') += known.code;
    return Complain("code-invalid", &member, text);
  }
  if (member.repeated) {
    PutVarint(out_, static_cast<std::uint64_t>(found->number));
  } else {
    PutNumber(out_, member.field, static_cast<std::uint64_t>(found->number));
  }
  return true;
}

void Reader::PutDate(const Member& member, const DateParts& date) {
  PutTag(out_, member.field, WireType::kBytes);
  const std::size_t length = OpenLength(out_, 1);
  EncodeDate(date, out_);
  CloseLength(out_, length, 1);
}

void Reader::PutDateTime(const Member& member, const DateTimeParts& time, std::string_view text) {
  PutTag(out_, member.field, WireType::kBytes);
  const std::size_t length = OpenLength(out_, 1);
  if (time.reproducible) {
    EncodeDateTime(time, out_);
  } else {
    PutBytes(out_, wire_fields::kDateTimeText, text);
  }
  CloseLength(out_, length, 1);
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
  if (mode_ != Mode::kModel) {
    ForeignValue('{');
    if (foreign_ != nullptr) foreign_->Put('{');
    foreign_names_.push_back(names_.size());
    ++foreign_depth_;
    return true;
  }
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
  foreign_names_.push_back(names_.size());
  BeginForeign(Mode::kSkip, nullptr, 1);
  return true;
}

bool Reader::StartMessage(const Member& member) {
  Frame& frame = Open(&kTables.types[member.ref]);
  PutTag(out_, member.field, WireType::kBytes);
  frame.length = OpenLength(out_, frame.type->length_bytes);
  return true;
}

bool Reader::StartResource(const Member* member) {
  const ResourceName name = FindResourceType(
      std::string_view(stream_->src_, static_cast<std::size_t>(end_ - stream_->src_)));
  if (!name.found) {
    Complain("structure", member, name.stated ? "unknown resourceType" : "resourceType is missing");
    if (member == nullptr) return false;
    foreign_names_.push_back(names_.size());
    BeginForeign(Mode::kSkip, nullptr, 1);
    return true;
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
  if (name.type == nullptr) {
    opaque_.Truncate(0);
    opaque_.Put('{');
    opaque_id_.clear();
    opaque_meta_ = {};
    foreign_names_.push_back(names_.size());
    BeginForeign(Mode::kOpaque, &opaque_, 1);
  }
  return true;
}

bool Reader::Key(const char* text, rapidjson::SizeType length, bool) {
  const std::string_view name(text, length);
  if (mode_ == Mode::kModel) return MemberKey(frames_.back(), name);
  names_.push_back(name);
  if (mode_ == Mode::kOpaque && foreign_depth_ == 1) return OpaqueKey(name);
  if (foreign_ != nullptr) {
    Separate();
    AppendJsonString(name, *foreign_);
    foreign_->Put(':');
  }
  return true;
}

bool Reader::MemberKey(Frame& frame, std::string_view name) {
  const Member* const member = FindMember(*frame.type, name);
  if (member == nullptr) return SiblingOrUnknown(frame, name);
  const std::uint64_t bit = std::uint64_t{1} << member->element;
  frame.member = member;
  if (frame.type->elements[member->element].choice && !NoteChoice(frame, *member)) {
    Complain("structure",
             member,
             "more than one type of " + std::string(frame.type->elements[member->element].name) +
                 " (FHIR R4 formats.html#choice)");
  } else if ((frame.seen & bit) != 0) {
    Complain("structure", member, "stands twice");
  }
  frame.seen |= bit;
  if (member->kind == Kind::kExtra) return BeginExtra(frame, member, name);
  return true;
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
    const std::uint64_t bit = std::uint64_t{1} << member->element;
    frame.member = member;
    if (frame.type->elements[member->element].choice && !NoteChoice(frame, *member)) {
      Complain("structure",
               member,
               "more than one type of " + std::string(frame.type->elements[member->element].name) +
                   " (FHIR R4 formats.html#choice)");
    } else if ((frame.siblings & bit) != 0) {
      Complain("structure", member, "the member with _ stands twice");
    }
    frame.siblings |= bit;
    return BeginExtra(frame, member, name);
  }
  frame.member = nullptr;
  names_.push_back(name);
  Report(Severity::kWarning,
         "structure",
         Path(nullptr),
         (IsPlainName(name) ? "unknown member " + std::string(name)
                            : std::string("a member with an unknown name")) +
             " is kept, but not understood");
  return BeginExtra(frame, nullptr, name);
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
  if (mode_ != Mode::kModel) {
    ForeignValue('[');
    if (foreign_ != nullptr) foreign_->Put('[');
    ++foreign_depth_;
    return true;
  }
  if (frames_.empty()) return Stop("structure", "the document is no JSON object");
  Frame& frame = frames_.back();
  const Member& member = *frame.member;
  if (!member.repeated || frame.in_array) {
    Complain("structure",
             &member,
             frame.in_array ? "must not be a list in a list" : "must not be a list");
    BeginForeign(Mode::kSkip, nullptr, 1);
    return true;
  }
  frame.in_array = true;
  frame.items = 0;
  if (member.kind == Kind::kEnum) {
    PutTag(out_, member.field, WireType::kBytes);
    frame.packed = OpenLength(out_, 1);
  }
  return true;
}

bool Reader::EndArray(rapidjson::SizeType items) {
  --depth_;
  if (mode_ != Mode::kModel) {
    if (items == 0)
      Complain("structure", frames_.back().member, "a list must not be empty (FHIR R4 json.html)");
    return ForeignEnd(']');
  }
  Frame& frame = frames_.back();
  const Element& element = frame.type->elements[frame.member->element];
  frame.in_array = false;
  if (frame.member->kind == Kind::kEnum) CloseLength(out_, frame.packed, 1);
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

bool Reader::EndObject(rapidjson::SizeType members) {
  --depth_;
  if (mode_ == Mode::kModel) return CloseMessage(members);
  if (members == 0)
    Complain("structure", frames_.back().member, "an object must not be empty (FHIR R4 json.html)");
  CheckNames(foreign_names_.back());
  foreign_names_.pop_back();
  return ForeignEnd('}');
}

bool Reader::CloseMessage(rapidjson::SizeType members) {
  Frame& frame = frames_.back();
  if (members == 0) {
    frame.member = nullptr;
    Complain("structure", nullptr, "an object must not be empty (FHIR R4 json.html)");
  }
  if ((frame.type->required & ~(frame.seen | frame.siblings)) != 0) CheckRequired(frame);
  for (std::uint64_t gaps = frame.nulls & ~frame.siblings; gaps != 0; gaps &= gaps - 1) {
    const auto element = static_cast<std::size_t>(__builtin_ctzll(gaps));
    Report(Severity::kError,
           "structure",
           Path(nullptr) + "." + std::string(frame.type->elements[element].name),
           "null needs the member with _ beside the list (FHIR R4 json.html#null)");
  }
  if (names_.size() != frame.names_begin) CheckNames(frame.names_begin);
  if (choices_.size() != frame.choices_begin) choices_.resize(frame.choices_begin);
  if (extra_.size() != frame.extra_begin) {
    extra_.Put('}');
    PutBytes(out_, frame.type->extra_field, extra_.View(frame.extra_begin));
    extra_.Truncate(frame.extra_begin);
  }
  CloseLength(out_, frame.length, frame.resource.empty() ? frame.type->length_bytes : 2u);
  if (frame.framed) CloseLength(out_, frame.outer_length, 2);
  frames_.pop_back();
  return true;
}

void Reader::CheckRequired(const Frame& frame) {
  for (std::uint64_t missing = frame.type->required & ~(frame.seen | frame.siblings); missing != 0;
       missing &= missing - 1) {
    const Element& element =
        frame.type->elements[static_cast<std::size_t>(__builtin_ctzll(missing))];
    std::string_view name = element.name;
    if (element.choice) name.remove_suffix(3);
    Report(Severity::kError,
           "required",
           Path(nullptr) + "." + std::string(name),
           "is missing; " + std::string(frame.type->name) + " needs " + std::string(element.name));
  }
}

// --- Foreign content.

void Reader::BeginForeign(Mode mode, Sink* text, unsigned depth) {
  mode_ = mode;
  foreign_ = text;
  foreign_depth_ = depth;
  foreign_member_ = nullptr;
}

bool Reader::BeginExtra(Frame& frame, const Member* member, std::string_view name) {
  extra_.Put(extra_.size() == frame.extra_begin ? '{' : ',');
  AppendJsonString(name, extra_);
  extra_.Put(':');
  BeginForeign(Mode::kExtra, &extra_, 0);
  foreign_member_ = member;
  return true;
}

// A comma, unless this is the first in its object or list, or the value of a member.
void Reader::Separate() {
  const char last = foreign_->back();
  if (last != '{' && last != '[' && last != ':') foreign_->Put(',');
}

// Before each value of foreign content. `opens` is its bracket, or 0 for a scalar.
void Reader::ForeignValue(char opens) {
  if (foreign_member_ != nullptr) {
    const bool sibling = foreign_member_->kind != Kind::kExtra;
    if (foreign_member_->repeated != (opens == '[')) {
      Complain("structure",
               foreign_member_,
               foreign_member_->repeated ? "must be a list" : "must not be a list");
    } else if (sibling && opens == 0) {
      Complain("structure",
               foreign_member_,
               "the member with _ must be an object (FHIR R4 json.html#primitive)");
    }
    foreign_member_ = nullptr;
  }
  if (mode_ == Mode::kOpaque && foreign_depth_ == 1) {
    meta_begin_ = opaque_.size();
    if (opaque_member_ == OpaqueMember::kMeta && opens != '{')
      Complain("structure", nullptr, "meta must be an object");
    if (opaque_member_ == OpaqueMember::kId && opens != 0)
      Complain("structure", nullptr, "id must be a string");
  }
  if (foreign_ != nullptr) Separate();
}

bool Reader::ForeignScalar(std::string_view text, bool quoted) {
  ForeignValue(0);
  if (foreign_ != nullptr) {
    if (!quoted && text == "null" && foreign_->back() == ':') {
      Complain("structure",
               frames_.back().member,
               "null is for gaps in a list of primitives only (FHIR R4 json.html#null)");
    }
    if (quoted && text.empty())
      Complain(
          "value", frames_.back().member, "holds an empty string (FHIR R4 datatypes.html#string)");
    if (mode_ == Mode::kOpaque && foreign_depth_ == 1) OpaqueScalar(text, quoted);
    if (quoted) {
      AppendJsonString(text, *foreign_);
    } else {
      foreign_->Append(text);
    }
  }
  if (foreign_depth_ == 0) mode_ = Mode::kModel;
  return true;
}

bool Reader::ForeignEnd(char bracket) {
  if (foreign_ != nullptr) foreign_->Put(bracket);
  --foreign_depth_;
  if (mode_ == Mode::kOpaque && foreign_depth_ == 1 && opaque_member_ == OpaqueMember::kMeta &&
      bracket == '}') {
    opaque_meta_ = {meta_begin_, opaque_.size()};
  }
  if (foreign_depth_ != 0) return true;
  const bool opaque = mode_ == Mode::kOpaque;
  mode_ = Mode::kModel;
  return opaque ? CloseOpaque() : true;
}

// Two members of one name in an object; `begin` is where the names of the object begin.
void Reader::CheckNames(std::size_t begin) {
  const auto first = names_.begin() + static_cast<std::ptrdiff_t>(begin);
  if (names_.end() - first > 1) {
    std::sort(first, names_.end());
    const auto twice = std::adjacent_find(first, names_.end());
    if (twice != names_.end()) {
      Report(
          Severity::kError,
          "structure",
          Path(frames_.back().member),
          (IsPlainName(*twice) ? std::string(*twice) : std::string("a member")) + " stands twice");
    }
  }
  names_.resize(begin);
}

bool Reader::OpaqueKey(std::string_view name) {
  opaque_member_ = name == "id"     ? OpaqueMember::kId
                   : name == "meta" ? OpaqueMember::kMeta
                                    : OpaqueMember::kOther;
  Separate();
  AppendJsonString(name, opaque_);
  opaque_.Put(':');
  return true;
}

void Reader::OpaqueScalar(std::string_view text, bool quoted) {
  if (opaque_member_ != OpaqueMember::kId) return;
  if (!quoted || !HasForm(Kind::kId, text)) {
    Complain("value", nullptr, "id is not " + std::string(Description(Kind::kId)));
  } else {
    opaque_id_ = text;
  }
}

// The object is complete as text; its meta is read as the model reads it.
bool Reader::CloseOpaque() {
  const Member meta = {
      "meta", wire_fields::kOpaqueMeta, kTables.meta_type, Kind::kMessage, false, 0};
  PutBytes(out_, wire_fields::kOpaqueType, frames_.back().resource);
  if (!opaque_id_.empty()) PutBytes(out_, wire_fields::kOpaqueId, opaque_id_);
  if (const auto [begin, end] = opaque_meta_; begin != end) {
    frames_.back().member = &meta;
    if (!Parse(opaque_.View(begin).substr(0, end - begin))) return false;
    frames_.back().member = nullptr;
  }
  PutBytes(out_, wire_fields::kOpaqueJson, opaque_.View(0));
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
  // The wire form is seldom longer than the text, and Sink takes what there is room for.
  encoded->reserve(std::min(json.size(), options.limits.max_bytes));
  return Reader(options.limits, encoded, issues).Run(json);
}

}  // namespace handoff::fhir
