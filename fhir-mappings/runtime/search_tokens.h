// The search tokens of resources: "name=value" texts, one behind the other in one piece of memory.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/sink.h"

namespace handoff::fhir {

class SearchTokens {
 public:
  using value_type = std::string_view;

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = std::string_view;

    const_iterator(const SearchTokens* tokens, std::size_t index)
        : tokens_(tokens), index_(index) {}
    std::string_view operator*() const { return (*tokens_)[index_]; }
    const_iterator& operator++() {
      ++index_;
      return *this;
    }
    const_iterator operator++(int) { return {tokens_, index_++}; }
    bool operator==(const const_iterator& other) const { return index_ == other.index_; }

   private:
    const SearchTokens* tokens_;
    std::size_t index_;
  };

  SearchTokens() = default;
  SearchTokens(std::initializer_list<std::string_view> tokens) {
    for (const std::string_view token : tokens) Add(token);
  }

  // Appends the token that these texts make, one behind the other.
  template <class... Texts>
  void Add(Texts... texts) {
    const std::size_t begin = ends_.empty() ? 0 : ends_.back();
    const std::size_t end = begin + (... + texts.size());
    if (end > text_.size()) Grow(end);
    char* p = text_.data() + begin;
    ((p = internal::CopyBytes(p, texts)), ...);
    ends_.push_back(end);
  }

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {text_.data() + begin, ends_[i] - begin};
  }
  const_iterator begin() const { return {this, 0}; }
  const_iterator end() const { return {this, size()}; }

  // Keeps the memory for the next ones.
  void clear() { ends_.clear(); }

 private:
  [[gnu::noinline]] void Grow(std::size_t size) { text_.resize(size + size / 2 + 1024); }

  std::string text_;               // and room for more behind the last token
  std::vector<std::size_t> ends_;  // of each token, in text_
};

}  // namespace handoff::fhir
