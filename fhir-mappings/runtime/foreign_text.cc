#include "fhir-mappings/runtime/foreign_text.h"

#include <algorithm>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/primitives.h"
#include "fhir-mappings/runtime/type_lookup.h"

namespace handoff::fhir::internal {

bool ForeignText::Begin(Mode mode, Sink* text, unsigned depth) {
  mode_ = mode;
  text_ = text;
  depth_ = depth;
  first_member_ = nullptr;
  sibling_list_ = nullptr;
  return true;
}

void ForeignText::ExtraName(std::string_view name) {
  extra_.Put(extra_.size() == frames_.back().extra_begin ? '{' : ',');
  AppendJsonString(name, extra_);
  extra_.Put(':');
}

void ForeignText::ExtraScalar(std::string_view name, std::string_view text, bool quoted) {
  ExtraName(name);
  if (quoted) {
    AppendJsonString(text, extra_);
  } else {
    extra_.Append(text);
  }
}

void ForeignText::ExtraList(std::string_view name, std::string_view items) {
  ExtraName(name);
  extra_.Put('[');
  bool quoted = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const char c = items[i];
    if (quoted && c == '\\') {
      extra_.Put(c);
      extra_.Put(items[++i]);
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) extra_.Put(c);
  }
  extra_.Put(']');
}

bool ForeignText::BeginExtra(const Member* member, std::string_view name) {
  if (member == nullptr) names_.push_back(name);
  ExtraName(name);
  Begin(Mode::kExtra, &extra_, 0);
  first_member_ = member;
  return true;
}

bool ForeignText::BeginOpaque() {
  opaque_.Truncate(0);
  opaque_.Put('{');
  opaque_id_.clear();
  opaque_meta_ = {};
  names_begin_.push_back(names_.size());
  return Begin(Mode::kOpaque, &opaque_, 1);
}

bool ForeignText::SkipObject() {
  names_begin_.push_back(names_.size());
  return Begin(Mode::kSkip, nullptr, 1);
}

// A comma, unless this is the first in its object or list, or the value of a member.
void ForeignText::Separate() {
  const char last = text_->back();
  if (last != '{' && last != '[' && last != ':') text_->Put(',');
}

// Before each value. `opens` is its bracket, or 0 for a scalar.
void ForeignText::BeginValue(char opens) {
  if (first_member_ != nullptr) {
    const bool sibling = first_member_->kind != Kind::kExtra;
    if (first_member_->repeated != (opens == '[')) {
      report_.Complain("structure",
                       first_member_,
                       first_member_->repeated ? "must be a list" : "must not be a list");
    } else if (sibling && opens == 0) {
      report_.Complain("structure",
                       first_member_,
                       "the member with _ must be an object (FHIR R4 json.html#primitive)");
    }
    if (opens == '[') sibling_list_ = first_member_;
    first_member_ = nullptr;
  }
  if (AtOpaqueMember()) {
    meta_begin_ = opaque_.size();
    if (opaque_member_ == OpaqueMember::kMeta && opens != '{')
      report_.Complain("structure", nullptr, "meta must be an object");
    if (opaque_member_ == OpaqueMember::kId && opens != 0)
      report_.Complain("structure", nullptr, "id must be a string");
  }
  if (text_ == nullptr) return;
  Separate();
  if (opens != 0) text_->Put(opens);
}

// Before each value but an object.
void ForeignText::CheckSiblingItem(bool is_null) {
  if (sibling_list_ == nullptr || depth_ != 1) return;
  if (sibling_list_->kind == Kind::kExtra) {
    report_.Complain("structure", sibling_list_, "the list holds objects only");
  } else if (!is_null) {
    report_.Complain("structure",
                     sibling_list_,
                     "the list with _ holds objects and null only (FHIR R4 json.html#primitive)");
  }
}

bool ForeignText::Scalar(std::string_view text, bool quoted) {
  CheckSiblingItem(!quoted && text == "null");
  BeginValue(0);
  if (text_ != nullptr) {
    if (!quoted && text == "null" && text_->back() == ':') {
      report_.Complain("structure",
                       frames_.back().member,
                       "null is for gaps in a list of primitives only (FHIR R4 json.html#null)");
    }
    if (quoted && text.empty()) {
      report_.Complain(
          "value", frames_.back().member, "holds an empty string (FHIR R4 datatypes.html#string)");
    }
    if (AtOpaqueMember()) OpaqueScalar(text, quoted);
    if (quoted) {
      AppendJsonString(text, *text_);
    } else {
      text_->Append(text);
    }
  }
  if (depth_ == 0) mode_ = Mode::kModel;
  return true;
}

bool ForeignText::StartObject() {
  BeginValue('{');
  names_begin_.push_back(names_.size());
  ++depth_;
  return true;
}

bool ForeignText::Key(std::string_view name) {
  names_.push_back(name);
  if (AtOpaqueMember()) {
    opaque_member_ = name == "id"     ? OpaqueMember::kId
                     : name == "meta" ? OpaqueMember::kMeta
                                      : OpaqueMember::kOther;
  }
  if (text_ != nullptr) {
    Separate();
    AppendJsonString(name, *text_);
    text_->Put(':');
  }
  return true;
}

bool ForeignText::EndObject(std::size_t members) {
  if (members == 0) {
    report_.Complain(
        "structure", frames_.back().member, "an object must not be empty (FHIR R4 json.html)");
  }
  EndNames(names_begin_.back());
  names_begin_.pop_back();
  return End('}');
}

bool ForeignText::StartArray() {
  CheckSiblingItem(false);
  BeginValue('[');
  ++depth_;
  return true;
}

bool ForeignText::EndArray(std::size_t items) {
  if (items == 0) {
    report_.Complain(
        "structure", frames_.back().member, "a list must not be empty (FHIR R4 json.html)");
  }
  End(']');
  return true;
}

// True if an opaque resource ends with this bracket.
bool ForeignText::End(char bracket) {
  if (text_ != nullptr) text_->Put(bracket);
  --depth_;
  if (AtOpaqueMember() && opaque_member_ == OpaqueMember::kMeta && bracket == '}')
    opaque_meta_ = {meta_begin_, opaque_.size()};
  if (depth_ != 0) return false;
  return std::exchange(mode_, Mode::kModel) == Mode::kOpaque;
}

void ForeignText::OpaqueScalar(std::string_view text, bool quoted) {
  if (opaque_member_ != OpaqueMember::kId) return;
  if (!quoted || !HasForm(Kind::kId, text)) {
    report_.Complain("value", nullptr, "id is not " + std::string(Description(Kind::kId)));
  } else {
    opaque_id_ = text;
  }
}

OpaqueText ForeignText::opaque() const {
  const auto [begin, end] = opaque_meta_;
  return {opaque_id_, opaque_.View(begin).substr(0, end - begin), opaque_.View(0)};
}

void ForeignText::CheckNames(std::size_t begin) {
  const auto first = names_.begin() + static_cast<std::ptrdiff_t>(begin);
  if (names_.end() - first > 1) {
    std::sort(first, names_.end());
    const auto twice = std::adjacent_find(first, names_.end());
    if (twice != names_.end()) {
      report_.Complain(
          "structure",
          frames_.back().member,
          (IsPlainName(*twice) ? std::string(*twice) : std::string("a member")) + " stands twice");
    }
  }
  names_.resize(begin);
}

}  // namespace handoff::fhir::internal
