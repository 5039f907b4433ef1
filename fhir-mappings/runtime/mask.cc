#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir-mappings/runtime/json_text.h"
#include "fhir-mappings/runtime/reference_wire.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/runtime/rewriter.h"
#include "fhir-mappings/runtime/tables.h"
#include "fhir-mappings/runtime/type_lookup.h"
#include "fhir-mappings/runtime/wire.h"
#include "fhir-mappings/runtime/wire_fields.h"

namespace handoff::fhir {

using internal::Kind;
using internal::Member;
using internal::Sink;
using internal::Type;

// What may leave of one element. The tree follows the listed paths; below a leaf there need not be
// nodes.
struct Mask::Node {
  bool everything = false;                     // Type.*
  bool leaf = false;                           // all that is modelled below
  std::vector<std::unique_ptr<Node>> members;  // by position in the type; null: not listed

  const Node* Child(std::size_t position) const {
    return position < members.size() ? members[position].get() : nullptr;
  }
};

namespace {

using KeepReference = std::function<bool(const ReferenceView&)>;

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    steps.push_back(path.substr(0, dot));
    if (dot == path.npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

bool IsStep(const Type& type, const Member& member, std::string_view step) {
  return member.kind != Kind::kExtra && type.elements[member.element].name == step;
}

// Whether the steps from `at` on lead somewhere below `type`.
bool Leads(const Type& type, const std::vector<std::string_view>& steps, std::size_t at) {
  for (const Member& member : type.members) {
    if (!IsStep(type, member, steps[at])) continue;
    if (at + 1 == steps.size()) return true;
    if (member.kind == Kind::kMessage && Leads(internal::kTables.types[member.ref], steps, at + 1))
      return true;
  }
  return false;
}

// Adds the steps to the tree, for each type of a choice that has them.
template <class Node>
void Insert(Node& node,
            const Type& type,
            const std::vector<std::string_view>& steps,
            std::size_t at) {
  node.members.resize(type.members.size());
  for (std::size_t i = 0; i < type.members.size(); ++i) {
    const Member& member = type.members[i];
    if (!IsStep(type, member, steps[at])) continue;
    const bool last = at + 1 == steps.size();
    const Type* const below =
        member.kind == Kind::kMessage ? &internal::kTables.types[member.ref] : nullptr;
    if (!last && (below == nullptr || !Leads(*below, steps, at + 1))) continue;
    if (node.members[i] == nullptr) node.members[i] = std::make_unique<Node>();
    if (last) {
      node.members[i]->leaf = true;
    } else {
      Insert(*node.members[i], *below, steps, at + 1);
    }
  }
}

bool IsOpaqueType(std::string_view name) {
  const auto& opaque = internal::kTables.opaque;
  return std::binary_search(opaque.begin(), opaque.end(), name);
}

// Copies what the tree allows. Methods return false at damage.
//
// An element that loses a part that it must have (FHIR R4 cardinality), because a reference in it
// does not leave, goes as a whole: a recipient would have to refuse it.
template <class Node>
class Projector {
 public:
  Projector(const KeepReference& keep, bool keep_fragments, Sink& out)
      : keep_(keep), keep_fragments_(keep_fragments), out_(out) {}

  // `node` may be null below a leaf.
  bool Message(const Type& type, const Node* node, bool leaf, std::string_view wire) {
    if (depth_ == internal::kMaxMessageDepth) return false;
    const bool reference = &type == &internal::kTables.types[internal::kTables.reference_type];
    lacking_ = false;
    if (reference && leaf && !Leaves(internal::DecodeReference(wire))) return true;
    ++depth_;
    std::uint64_t met = 0;
    std::uint64_t left = 0;
    WireReader reader(wire);
    for (WireField field; reader.Next(field);) {
      const Member* const member = internal::FindField(type, field.number);
      if (member == nullptr) {  // `extra`, or a meaning, which leaves with its text
        const bool meaning =
            field.type == WireType::kVarint && internal::IsMeaning(type, field.number);
        if (leaf && meaning) out_.Append(field.whole);
        continue;
      }
      const Node* const child =
          node == nullptr ? nullptr : node->Child(member - type.members.data());
      const bool below = child != nullptr && child->leaf;
      // A known extension is listed by its name, or stays.
      const bool extension = !type.is_extension && internal::ExtensionOf(type, *member) != nullptr;
      const bool inherited =
          leaf && !extension && (!reference || internal::IsReferenceText(field.number));
      const bool always =
          type.resource_field != 0 && field.number == internal::wire_fields::kResourceId;
      if (child == nullptr && !inherited && !always) continue;
      const std::size_t before = out_.size();
      if (!Field(*member, child, inherited || below || always, field)) return false;
      const std::uint64_t element = std::uint64_t{1} << member->element;
      met |= element;
      if (out_.size() != before) left |= element;
    }
    --depth_;
    lacking_ = (type.required & met & ~left) != 0;
    return reader.ok();
  }

  // Of the message that was copied last.
  bool lacking() const { return lacking_; }

 private:
  bool Leaves(const ReferenceView& reference) const {
    if (!reference.IsRelative() && reference.uri.starts_with('#') && !keep_fragments_) return false;
    const bool stated = reference.IsRelative() || !reference.uri.empty();
    return !stated || !keep_ || keep_(reference);
  }

  bool Field(const Member& member, const Node* child, bool leaf, const WireField& field) {
    if (member.kind == Kind::kMessage || member.kind == Kind::kResource) {
      if (field.type != WireType::kBytes) return false;
      return Nested(member, child, leaf, field.bytes);
    }
    if (member.repeated && field.type == WireType::kBytes) {
      // A gap in a list stands for an extension, which does not leave.
      if (internal::IsPacked(member)) return Packed(member, field.bytes);
      if (field.bytes.empty()) return true;
    }
    out_.Append(field.whole);
    return true;
  }

  bool Packed(const Member& member, std::string_view wire) {
    WireReader packed(wire);
    const std::size_t start = out_.size();
    internal::PutTag(out_, member.field, WireType::kBytes);
    const std::size_t length = internal::OpenLength(out_, 1);
    const std::size_t begin = out_.size();
    for (std::uint64_t number = 0; packed.NextPacked(number);) {
      if (number != 0) internal::PutVarint(out_, number);
    }
    const bool empty = out_.size() == begin;
    internal::CloseLength(out_, length, 1);
    if (empty) out_.Truncate(start);
    return packed.ok();
  }

  bool Nested(const Member& member, const Node* child, bool leaf, std::string_view wire) {
    const std::size_t start = out_.size();
    internal::PutTag(out_, member.field, WireType::kBytes);
    const std::size_t length = internal::OpenLength(out_, 1);
    const std::size_t begin = out_.size();
    const bool good = member.kind == Kind::kResource
                          ? Resource(wire)
                          : Message(internal::kTables.types[member.ref], child, leaf, wire);
    if (!good) return false;
    const bool lacking = member.kind == Kind::kMessage && lacking_;
    const bool empty = out_.size() == begin;
    internal::CloseLength(out_, length, 1);
    if (empty || lacking) out_.Truncate(start);
    return true;
  }

  // A resource inside another, below a leaf. One without a map is not modelled: it does not leave.
  bool Resource(std::string_view wire) {
    WireReader reader(wire);
    WireField field;
    if (!reader.Next(field) || field.type != WireType::kBytes) return false;
    if (field.number == internal::wire_fields::kOpaque) return true;
    const Type* const type = internal::FindResource(field.number);
    if (type == nullptr) return false;
    internal::PutTag(out_, field.number, WireType::kBytes);
    const std::size_t length = internal::OpenLength(out_, 2);
    if (!Message(*type, nullptr, true, field.bytes)) return false;
    internal::CloseLength(out_, length, 2);
    return true;
  }

  const KeepReference& keep_;
  const bool keep_fragments_;
  Sink& out_;
  unsigned depth_ = 0;
  bool lacking_ = false;
};

absl::Status Damaged() { return absl::DataLossError("the encoded resource is damaged"); }

absl::Status CopyAll(std::string_view encoded, const KeepReference& keep, std::string* out) {
  RewriteOptions options;
  if (keep) {
    options.reference = [&](const ReferenceView& view) {
      ReferenceEdit edit;
      if (!keep(view)) edit.action = ReferenceEdit::Action::kDrop;
      return edit;
    };
  }
  return Rewrite(encoded, options, out);
}

// resourceType and id of a type without a map.
bool BareOpaque(std::string_view wire, Sink& out) {
  std::string_view type;
  std::string_view id;
  WireReader reader(wire);
  for (WireField field; reader.Next(field);) {
    if (field.number == internal::wire_fields::kOpaqueType) type = field.bytes;
    if (field.number == internal::wire_fields::kOpaqueId) id = field.bytes;
  }
  internal::PutBytes(out, internal::wire_fields::kOpaqueType, type);
  if (!id.empty()) internal::PutBytes(out, internal::wire_fields::kOpaqueId, id);
  internal::PutTag(out, internal::wire_fields::kOpaqueJson, WireType::kBytes);
  const std::size_t length = internal::OpenLength(out, 1);
  out.Append("{\"resourceType\":");
  internal::AppendJsonString(type, out);
  if (!id.empty()) {
    out.Append(",\"id\":");
    internal::AppendJsonString(id, out);
  }
  out.Put('}');
  internal::CloseLength(out, length, 1);
  return reader.ok();
}

bool HasContained(const Type& type, const auto& node) {
  const Member* const contained = internal::FindMember(type, "contained");
  return contained != nullptr && node.Child(contained - type.members.data()) != nullptr;
}

}  // namespace

absl::StatusOr<Mask> Mask::Compile(const std::vector<std::string>& paths) {
  std::vector<std::pair<std::string, std::shared_ptr<Node>>> trees;
  for (const std::string& path : paths) {
    const std::vector<std::string_view> steps = Split(path);
    const Type* const type = internal::FindResource(steps[0]);
    const bool everything = steps.size() == 2 && steps[1] == "*";
    const bool bare = steps.size() == 1;
    if (type == nullptr ? !IsOpaqueType(steps[0]) || !(everything || bare)
                        : !everything && !bare && !Leads(*type, steps, 1)) {
      return absl::InvalidArgumentError("no map knows the path " + path);
    }
    auto it = std::find_if(
        trees.begin(), trees.end(), [&](const auto& tree) { return tree.first == steps[0]; });
    if (it == trees.end())
      it = trees.emplace(trees.end(), std::string(steps[0]), std::make_shared<Node>());
    if (everything) it->second->everything = true;
    if (!everything && !bare) Insert(*it->second, *type, steps, 1);
  }
  Mask mask;
  mask.types_.assign(trees.begin(), trees.end());
  return mask;
}

bool Mask::AllowsType(std::string_view type) const {
  return std::any_of(
      types_.begin(), types_.end(), [&](const auto& entry) { return entry.first == type; });
}

absl::StatusOr<bool> Mask::Project(std::string_view encoded,
                                   const KeepReference& keep_reference,
                                   std::string* out,
                                   bool* lacking) const {
  if (lacking != nullptr) *lacking = false;
  const std::string_view name = ReadHead(encoded).type;
  if (name.empty()) return Damaged();
  const auto it = std::find_if(
      types_.begin(), types_.end(), [&](const auto& entry) { return entry.first == name; });
  if (it == types_.end()) return false;
  const Node& node = *it->second;
  if (node.everything) {
    const absl::Status status = CopyAll(encoded, keep_reference, out);
    if (!status.ok()) return status;
    return true;
  }
  WireReader reader(encoded);
  WireField field;
  reader.Next(field);
  const Type* const type = internal::FindResource(field.number);
  Sink sink(out);
  internal::PutTag(sink, field.number, WireType::kBytes);
  const std::size_t length = internal::OpenLength(sink, 2);
  if (type == nullptr) {
    if (!BareOpaque(field.bytes, sink)) return Damaged();
  } else {
    Projector<Node> projector(keep_reference, HasContained(*type, node), sink);
    if (!projector.Message(*type, &node, false, field.bytes)) return Damaged();
    if (lacking != nullptr) *lacking = projector.lacking();
  }
  internal::CloseLength(sink, length, 2);
  return true;
}

}  // namespace handoff::fhir
