// Reads FHIR JSON into the wire form: reader.cc has the documents, objects and lists,
// reader_values.cc what stands in them, reader_extensions.cc the extensions that have fields.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/extensions.h"
#include "fhir-mappings/runtime/foreign_text.h"
#include "fhir-mappings/runtime/json_parser.h"
#include "fhir-mappings/runtime/read_report.h"
#include "fhir-mappings/runtime/reader_frame.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/sink.h"
#include "fhir-mappings/runtime/tables.h"

namespace handoff::fhir::internal {

// Turns a parser's events into wire bytes. What the tables know goes to the wire; the rest goes to
// ForeignText.
class Reader {
 public:
  Reader(const ReadOptions& options, std::string* encoded, Issues* issues)
      : limits_(options.limits),
        tolerances_(options.tolerances),
        out_(encoded, 0),
        values_left_(options.limits.max_members + 1),
        report_(frames_, options.limits.max_issues, issues) {
    frames_.reserve(32);
  }

  bool Run(std::string_view json);

  // The parser's handler. False stops it. What comes with every object is inlined into the parser.
  bool Null();
  bool Bool(bool value);
  bool Number(std::string_view number);
  bool String(std::string_view text, bool plain);
  [[gnu::always_inline]] bool StartObject();
  [[gnu::always_inline]] bool Key(std::string_view name);
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
  bool Count() { return values_left_-- != 0 || TooMany(); }
  bool Enter() { return ++depth_ <= limits_.max_depth || TooDeep(); }
  [[gnu::noinline]] bool TooMany();
  [[gnu::noinline]] bool TooDeep();
  [[gnu::noinline]] bool NoObject();

  [[gnu::always_inline]] bool BeginItem(Frame& frame);
  [[gnu::noinline]] bool NoList(const Member& member);
  Frame& Open(const Type* type);
  [[gnu::always_inline]] bool Text(Frame& frame, std::string_view text, bool plain);
  bool Code(const Member& member, std::string_view code);
  [[gnu::noinline]] bool UnknownCode(const Enum& codes, std::string_view code);
  [[gnu::noinline]] bool NoText();
  [[gnu::noinline]] bool Malformed(const Member& member, std::string_view text);
  [[gnu::noinline]] bool WrongType(const Member& member,
                                   std::string_view found,
                                   std::string_view value,
                                   bool quoted);
  void PutNumberOf(const Member& member, std::uint64_t value);
  void PutReference(const Member& member, std::string_view text);
  bool StartMessage(const Member& member);
  bool StartResource(const Member* member);
  [[gnu::always_inline]] bool MemberKey(Frame& frame, std::string_view name);
  bool SiblingOrUnknown(Frame& frame, std::string_view name);
  [[gnu::always_inline]] void Note(const Frame& frame,
                                   const Member& member,
                                   std::uint64_t& stood,
                                   const char* twice);
  bool NoteChoice(const Frame& frame, const Member& member);
  bool CloseMessage(std::size_t members);
  void CloseFrame();
  void PutMeanings(const Frame& frame);
  bool PutExtensions(std::string_view object);
  bool PutExtension(const KnownExtension& known, std::uint32_t before, bool& placed);
  bool CloseOpaque();

  const ReadLimits& limits_;
  const Tolerances& tolerances_;
  Sink out_;

  Parser* parser_ = nullptr;
  const char* end_ = nullptr;
  std::string_view source_;  // what is parsed, as it was
  std::vector<Frame> frames_;
  std::vector<const Member*> choices_;  // members of choices that the open objects have had
  // How many bytes the length of the last object of a type took: the next one will be like it.
  // (Types share a place where there are more of them: a wrong guess costs a move.)
  std::array<std::uint8_t, 256> length_bytes_{};
  std::size_t values_left_;
  std::size_t depth_ = 0;

  ReadReport report_;
  ForeignText foreign_{frames_, report_};
};

// Whether a value may stand here: one of a list, or single where the element does not repeat.
inline bool Reader::BeginItem(Frame& frame) {
  const Member& member = *frame.member;
  if (member.repeated != frame.in_array) return NoList(member);
  if (frame.in_array) ++frame.items;
  return !frame.list_displaced;
}

}  // namespace handoff::fhir::internal
