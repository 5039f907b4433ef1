#include "gateway/rest/bundle_peek.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include <rapidjson/reader.h>

namespace handoff::rest {
namespace {

// Bundle, entry, its first item, resource, eventCoding: what stands deeper is passed over.
constexpr std::size_t kDeepest = 5;

class PeekHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, PeekHandler> {
 public:
  BundlePeek Take() && { return std::move(peek_); }

  bool Default() { return Next(); }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (std::string* field = FieldHere()) field->assign(text, size);
    // A Bundle that is no message has nothing else to find.
    if (depth_ == 1 && path_[0].key == "type" && peek_.type != "message") return false;
    return Next();
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ <= kDeepest) path_[depth_ - 1].key.assign(text, size);
    return true;
  }
  bool StartObject() { return Enter(false); }
  bool StartArray() { return Enter(true); }
  bool EndObject(rapidjson::SizeType) {
    const bool header_ends = depth_ == 4 && InFirstResource();
    --depth_;
    if (header_ends) header_done_ = true;
    return Next() && !(header_done_ && !peek_.type.empty());
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return Next();
  }

 private:
  struct Level {
    bool array = false;
    std::size_t index = 0;  // of an array
    std::string key;        // of an object
  };

  bool Enter(bool array) {
    if (++depth_ <= kDeepest) path_[depth_ - 1] = Level{array, 0, {}};
    return true;
  }

  // A value has ended.
  bool Next() {
    if (depth_ > 0 && depth_ <= kDeepest && path_[depth_ - 1].array) ++path_[depth_ - 1].index;
    return true;
  }

  bool InFirstResource() const {
    return path_[0].key == "entry" && path_[1].array && path_[1].index == 0 &&
           path_[2].key == "resource";
  }

  std::string* FieldHere() {
    if (depth_ == 1 && path_[0].key == "type") return &peek_.type;
    if (depth_ == 4 && InFirstResource()) {
      if (path_[3].key == "id") return &peek_.header_id;
      if (path_[3].key == "eventUri") return &peek_.event_uri;
    }
    if (depth_ == 5 && InFirstResource() && path_[3].key == "eventCoding") {
      if (path_[4].key == "system") return &peek_.event_system;
      if (path_[4].key == "code") return &peek_.event_code;
    }
    return nullptr;
  }

  BundlePeek peek_;
  Level path_[kDeepest];
  std::size_t depth_ = 0;
  bool header_done_ = false;
};

}  // namespace

BundlePeek PeekBundle(const std::string& json) {
  PeekHandler handler;
  rapidjson::Reader reader;
  // Passed over as where the message is read.
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const bool marked = std::string_view(json).starts_with(kByteOrderMark);
  rapidjson::StringStream stream(json.c_str() + (marked ? kByteOrderMark.size() : 0));
  reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag>(stream,
                                                                                       handler);
  return std::move(handler).Take();
}

}  // namespace handoff::rest
