// A YAML value that remembers where it stands, so that every complaint about configuration says
// file:line:column.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace handoff {

// Collects complaints; nothing stops at the first.
class ConfigErrors {
 public:
  void Add(std::string where, std::string what) {
    list_.push_back(std::move(where) + ": " + std::move(what));
  }
  // A complaint that says where already: the message of a Status of ConfigNode.
  void Add(std::string complaint) { list_.push_back(std::move(complaint)); }
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

// A node of a parsed document: a scalar, a sequence, a map, or absent. Cheap to copy; a copy does
// not see a later Set(). A key without a value (`key:`, `key: null`) is absent.
//
// Reading a wrong type adds a complaint to the ConfigErrors and yields the fallback, so a loader
// reads straight on. Every map key must be asked for by name: UnknownKeys() complains about the
// rest, with the nearest known key.
class ConfigNode {
 public:
  ConfigNode() = default;

  // A longer document is refused. Far above any real one: it bounds the work that a wrong file name
  // can cause.
  static constexpr std::size_t kMaxDocumentBytes = 8 << 20;

  // Parses `text` of `file`; one document, no key twice in a map.
  //
  // Errors: kInvalidArgument with file:line:column; Load() also kNotFound for a file that cannot be
  // read.
  static absl::StatusOr<ConfigNode> Parse(std::string_view text, std::string file);
  static absl::StatusOr<ConfigNode> Load(const std::string& path);
  // Every *.yaml of a folder, by name. What cannot be read, the folder included, is added to
  // `errors`.
  static std::vector<ConfigNode> LoadFolder(const std::string& folder, ConfigErrors& errors);

  // Replaces or adds the scalar at a dotted path, e.g. Set("store.path", "/tmp/x"), with the maps
  // on the way to it. What is set says "--set store.path" where a parsed value says its line, or
  // "--set OPTION" where the path that the user wrote is another. Only this node sees it, not
  // copies made before.
  //
  // Errors: kInvalidArgument for an empty key, and where the path runs through a scalar or a list.
  absl::Status Set(std::string_view dotted_path,
                   std::string_view value,
                   std::string_view option = {});

  bool present() const;  // false too for a null
  bool IsMap() const;
  bool IsSequence() const;
  bool IsScalar() const;
  std::string Where() const;  // "config/handoff.yaml:12:3"; of an absent node, where its map stands

  ConfigNode operator[](std::string_view key) const;  // absent if there is none
  // Of a sequence; anything else counts as one, absent as none.
  std::vector<ConfigNode> Items() const;
  std::vector<std::pair<std::string, ConfigNode>> Members() const;

  std::string String(ConfigErrors& errors, std::string_view fallback = {}) const;
  std::string RequiredString(ConfigErrors& errors) const;
  bool Bool(ConfigErrors& errors, bool fallback) const;
  std::int64_t Integer(ConfigErrors& errors,
                       std::int64_t fallback,
                       std::int64_t min,
                       std::int64_t max) const;
  // "250ms", "5s", "15min", "36h", "7d".
  std::chrono::milliseconds Duration(ConfigErrors& errors,
                                     std::chrono::milliseconds fallback) const;
  // "64KiB", "8MiB", "1GiB" or a bare number of bytes.
  std::size_t Bytes(ConfigErrors& errors, std::size_t fallback) const;
  std::vector<std::string> Strings(ConfigErrors& errors) const;

  // Complains about every key of this map that is not in `known`.
  void UnknownKeys(std::initializer_list<std::string_view> known, ConfigErrors& errors) const;

 private:
  struct Impl;
  class Builder;

  explicit ConfigNode(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<const Impl> impl_;  // null only in a default-constructed node
};

}  // namespace handoff
