// Looking into JSON that is kept as text (`extra`, opaque resources) without parsing it as a whole.
//
// The text is what the reader has checked and written: sound JSON on one line. Other bytes are
// borne, but mean nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace handoff::fhir::internal {

// Steps through the members of an object, or through the items of a list.
class JsonSteps {
 public:
  // Nothing to step through if `text` is neither object nor list.
  explicit JsonSteps(std::string_view text);

  // False at the end. `name` is empty in a list; it and `value` are as written.
  bool Next(std::string_view& name, std::string_view& value);

 private:
  void SkipSpace();
  bool TakeString(std::string_view& text);
  std::string_view TakeValue();

  std::string_view text_;
  std::size_t at_ = 0;
  bool object_ = false;
};

// The value of a member of an object; empty if there is none.
std::string_view JsonMember(std::string_view object, std::string_view name);

bool IsJsonList(std::string_view value);
bool IsJsonObjectText(std::string_view value);
bool IsJsonString(std::string_view value);

// What a string says; `scratch` holds it if it was written with escapes. Empty if `value` is no
// string.
std::string_view JsonStringText(std::string_view value, std::string& scratch);

}  // namespace handoff::fhir::internal
