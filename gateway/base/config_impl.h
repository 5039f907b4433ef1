// The tree behind ConfigNode: immutable once built, shared between copies.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/config_node.h"

namespace handoff {

struct ConfigNode::Impl {
  enum class Kind { kAbsent, kScalar, kSequence, kMap };
  struct Member {
    std::string key;
    std::string where;  // of the key
    std::shared_ptr<const Impl> value;
  };

  Kind kind = Kind::kAbsent;
  std::string where;
  std::string name;  // of an absent key, for the complaint that it is missing
  std::string text;  // of a scalar
  std::vector<std::shared_ptr<const Impl>> items;
  std::vector<Member> members;  // in the order of the document

  const Member* Find(std::string_view key) const {
    for (const Member& member : members) {
      if (member.key == key) return &member;
    }
    return nullptr;
  }
};

}  // namespace handoff
