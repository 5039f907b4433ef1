// What a reader of JSON meets and the tables do not know: extensions, unknown members, opaque
// resources, and whatever stands in a wrong place. It is copied as text, event by event, or
// skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/read_report.h"
#include "fhir-mappings/runtime/reader_frame.h"
#include "fhir-mappings/runtime/sink.h"

namespace handoff::fhir::internal {

// An opaque resource; views hold until the next one begins.
struct OpaqueText {
  std::string_view id;
  std::string_view meta;  // an object; empty if there is none
  std::string_view json;
};

class ForeignText {
 public:
  // `frames`: the objects of the model that are open, outermost first.
  ForeignText(const std::vector<Frame>& frames, ReadReport& report)
      : frames_(frames), report_(report), extra_(&extra_text_), opaque_(&opaque_text_) {}

  // Foreign content is open: the parser's events belong here until it ends.
  bool open() const { return mode_ != Mode::kModel; }

  // What begins and takes events returns true, but for EndObject(), so that a handler of the parser
  // can return it.

  // Begins with the value of `name`, which becomes a member of the innermost object's extra.
  // `member` says whether it must be a list; null for a name that the tables do not know.
  bool BeginExtra(const Member* member, std::string_view name);
  // A whole member of the innermost object's extra: a scalar, or the list whose text (without its
  // last bracket) begins behind the first one.
  void ExtraScalar(std::string_view name, std::string_view text, bool quoted);
  void ExtraList(std::string_view name, std::string_view items);
  // Begins inside of an object, or list, whose bracket has just been read.
  bool BeginOpaque();
  bool SkipObject();
  bool SkipArray() { return Begin(Mode::kSkip, nullptr, 1); }

  // Events while open().
  bool Scalar(std::string_view text, bool quoted);
  bool StartObject();
  bool Key(std::string_view name);
  // True if that was the end of an opaque resource.
  bool EndObject(std::size_t members);
  bool StartArray();
  bool EndArray(std::size_t items);

  OpaqueText opaque() const;

  // What the open objects of the model have gathered, one behind the other.
  std::size_t extra_size() const { return extra_.size(); }
  std::size_t names_size() const { return names_.size(); }
  // The extra from `begin` on, as the object it is now whole; empty if there is none.
  std::string_view EndExtra(std::size_t begin) {
    if (extra_.size() == begin) return {};
    extra_.Put('}');
    return extra_.View(begin);
  }
  void DropExtra(std::size_t begin) { extra_.Truncate(begin); }
  // Drops the names from `begin` on, those of one object, and complains if two are the same.
  void EndNames(std::size_t begin) {
    if (names_.size() != begin) CheckNames(begin);
  }

 private:
  enum class Mode : std::uint8_t { kModel, kExtra, kOpaque, kSkip };
  enum class OpaqueMember : std::uint8_t { kOther, kId, kMeta };

  void ExtraName(std::string_view name);
  bool Begin(Mode mode, Sink* text, unsigned depth);
  void Separate();
  void BeginValue(char opens);
  void CheckSiblingItem(bool is_null);
  bool End(char bracket);
  bool AtOpaqueMember() const { return mode_ == Mode::kOpaque && depth_ == 1; }
  void OpaqueScalar(std::string_view text, bool quoted);
  void CheckNames(std::size_t begin);

  const std::vector<Frame>& frames_;
  ReadReport& report_;

  std::string extra_text_;
  std::string opaque_text_;
  Sink extra_;
  Sink opaque_;

  Mode mode_ = Mode::kModel;
  Sink* text_ = nullptr;  // null in kSkip
  unsigned depth_ = 0;
  std::vector<std::string_view> names_;   // members that the tables do not know
  std::vector<std::size_t> names_begin_;  // of each open foreign object
  const Member* first_member_ = nullptr;  // at the first event: checks list or single
  const Member* sibling_list_ = nullptr;  // whose list with _ this is, or list of extensions
  OpaqueMember opaque_member_ = OpaqueMember::kOther;
  std::string opaque_id_;
  std::size_t meta_begin_ = 0;
  std::pair<std::size_t, std::size_t> opaque_meta_;  // begin and end in opaque_
};

}  // namespace handoff::fhir::internal
