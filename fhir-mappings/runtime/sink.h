// Appends bytes to a std::string through raw pointers: no size update and no zero byte per append.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace handoff::fhir::internal {

// While a Sink is alive, only the Sink may touch the string; Finish() (or the destructor) gives it
// its true size.
class Sink {
 public:
  explicit Sink(std::string* out) : out_(out), size_(out->size()) {}
  ~Sink() { Finish(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void Finish() { out_->resize(size_); }

  std::size_t size() const { return size_; }
  char* data() { return out_->data(); }
  char back() const { return (*out_)[size_ - 1]; }
  std::string_view View(std::size_t from) const { return {out_->data() + from, size_ - from}; }
  void Truncate(std::size_t size) { size_ = size; }

  // Room for `n` more bytes; write at the result, then Advance by what was used.
  char* Room(std::size_t n) {
    if (out_->size() - size_ < n) Grow(n);
    return out_->data() + size_;
  }
  void Advance(std::size_t n) { size_ += n; }

  void Put(char c) {
    *Room(1) = c;
    ++size_;
  }
  void Append(std::string_view s) {
    if (s.empty()) return;
    std::memcpy(Room(s.size()), s.data(), s.size());
    size_ += s.size();
  }

 private:
  // Not inlined, so that Room() is a comparison.
  [[gnu::noinline]] void Grow(std::size_t n) {
    out_->resize(std::max(out_->size() * 2, size_ + n + 256));
  }

  std::string* out_;
  std::size_t size_;
};

}  // namespace handoff::fhir::internal
