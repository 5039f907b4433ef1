// Appends bytes to a std::string through raw pointers: no size update and no zero byte per append.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace handoff::fhir::internal {

// Copies `size` bytes, from one to two words of them: the words may overlap.
template <class Word>
void CopyEnds(char* to, const char* from, std::size_t size) {
  Word first;
  Word last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}

// Copies `s` and gives the place behind it. Most texts are short: copying words in place costs less
// than a call.
inline char* CopyBytes(char* to, std::string_view s) {
  const std::size_t n = s.size();
  if (n > 16) {
    std::memcpy(to, s.data(), n);
  } else if (n >= 8) {
    CopyEnds<std::uint64_t>(to, s.data(), n);
  } else if (n >= 4) {
    CopyEnds<std::uint32_t>(to, s.data(), n);
  } else if (n >= 2) {
    CopyEnds<std::uint16_t>(to, s.data(), n);
  } else if (n == 1) {
    *to = s[0];
  }
  return to + n;
}

// While a Sink is alive, only the Sink may touch the string; Finish() (or the destructor) gives it
// its true size.
class Sink {
 public:
  explicit Sink(std::string* out) : Sink(out, out->size()) {}
  // Writes over what stands behind the first `size` bytes: a string that is used again need not be
  // cleared, and filled with zeros, before.
  Sink(std::string* out, std::size_t size) : out_(out) { Follow(size); }
  ~Sink() { Finish(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void Finish() { out_->resize(size()); }

  std::size_t size() const { return static_cast<std::size_t>(p_ - begin_); }
  char* data() { return begin_; }
  char back() const { return p_[-1]; }
  std::string_view View(std::size_t from) const { return {begin_ + from, size() - from}; }
  void Truncate(std::size_t size) { p_ = begin_ + size; }

  // The string will not move before it has `n` bytes; none is filled with zeros.
  void Reserve(std::size_t n) {
    const std::size_t used = size();
    out_->reserve(n);
    Follow(used);
  }

  // Room for `n` more bytes; write at the result, then Advance by what was used.
  char* Room(std::size_t n) {
    if (static_cast<std::size_t>(end_ - p_) < n) Grow(n);
    return p_;
  }
  void Advance(std::size_t n) { p_ += n; }
  // The same, by where what was written ends.
  void End(char* p) { p_ = p; }

  void Put(char c) {
    *Room(1) = c;
    ++p_;
  }
  void Append(std::string_view s) { End(CopyBytes(Room(s.size()), s)); }

 private:
  // Not inlined, so that Room() is a comparison.
  [[gnu::noinline]] void Grow(std::size_t n) {
    const std::size_t used = size();
    out_->resize(std::max(out_->size() * 2, used + n + 256));
    Follow(used);
  }
  void Follow(std::size_t used) {
    begin_ = out_->data();
    p_ = begin_ + used;
    end_ = begin_ + out_->size();
  }

  std::string* out_;
  char* begin_;
  char* p_;
  char* end_;
};

}  // namespace handoff::fhir::internal
