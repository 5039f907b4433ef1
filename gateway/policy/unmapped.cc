#include "gateway/policy/unmapped.h"

#include <vector>

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace handoff::policy {
namespace {

// Copies JSON events, but opens an object or array only once there is something to put in it.
class Stripper {
 public:
  explicit Stripper(rapidjson::StringBuffer& out) : writer_(out) {}

  bool Null() {
    return Scalar([this] { writer_.Null(); });
  }
  bool Bool(bool value) {
    return Scalar([&] { writer_.Bool(value); });
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return Scalar([&] { writer_.RawValue(text, length, rapidjson::kNumberType); });
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return Scalar([&] { writer_.String(text, length); });
  }
  // Numbers come as RawNumber.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool StartObject() { return Start(false); }
  bool StartArray() { return Start(true); }
  bool EndObject(rapidjson::SizeType) { return End(); }
  bool EndArray(rapidjson::SizeType) { return End(); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    if (skipped_levels_ > 0) return true;
    key_.assign(text, length);
    skip_next_ = Drops(key_);
    return true;
  }

 private:
  struct Frame {
    bool is_array = false;
    bool opened = false;
    std::string key;  // under which it stands in the frame around it
  };

  bool Drops(std::string_view key) const {
    if (key == "extension" || key.starts_with('_')) return true;
    if (frames_.size() == 1) return key == "text" || key == "contained";
    return frames_.size() == 2 && frames_.back().key == "meta" && key != "security";
  }

  template <class Write>
  bool Scalar(const Write& write) {
    if (skipped_levels_ > 0) return true;
    if (skip_next_) {
      skip_next_ = false;
      return true;
    }
    if (frames_.empty()) return false;  // the document is no object
    Open();
    if (!frames_.back().is_array) WriteKey(key_);
    write();
    return true;
  }

  bool Start(bool is_array) {
    if (skipped_levels_ > 0 || skip_next_) {
      ++skipped_levels_;
      skip_next_ = false;
      return true;
    }
    if (frames_.empty() && is_array) return false;
    frames_.push_back({is_array, false, key_});
    return true;
  }

  bool End() {
    if (skipped_levels_ > 0) {
      --skipped_levels_;
      return true;
    }
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.opened) frame.is_array ? writer_.EndArray() : writer_.EndObject();
    return true;
  }

  void Open() {
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      Frame& frame = frames_[i];
      if (frame.opened) continue;
      frame.opened = true;
      if (i > 0 && !frames_[i - 1].is_array) WriteKey(frame.key);
      frame.is_array ? writer_.StartArray() : writer_.StartObject();
    }
  }

  void WriteKey(const std::string& key) {
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  }

  rapidjson::Writer<rapidjson::StringBuffer> writer_;
  std::vector<Frame> frames_;
  std::string key_;
  bool skip_next_ = false;
  int skipped_levels_ = 0;
};

}  // namespace

std::optional<std::string> StripUnmapped(std::string_view json) {
  constexpr unsigned kFlags =
      rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  rapidjson::StringBuffer out;
  Stripper stripper(out);
  rapidjson::Reader reader;
  rapidjson::MemoryStream in(json.data(), json.size());
  if (reader.Parse<kFlags>(in, stripper).IsError() || out.GetSize() == 0) return std::nullopt;
  return std::string(out.GetString(), out.GetSize());
}

}  // namespace handoff::policy
