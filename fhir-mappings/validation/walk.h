// The walk through an encoded resource on which everything is checked.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fhir-mappings/validation/bundle_index.h"
#include "fhir-mappings/validation/evaluate.h"
#include "fhir-mappings/validation/validate.h"
#include "fhir-mappings/validation/validation_report.h"

namespace handoff::fhir::internal {

// Whether a uri needs a closer look (FHIR R4 datatypes.html#uri, #canonical).
bool IsSuspicious(const Type& type, const Member& member, std::string_view uri);

class Walk final : public Resolver {
 public:
  Walk(const ValidateOptions& options, ValidationReport& report)
      : options_(options), report_(report) {}

  // The resource that is validated. False if it is damaged.
  bool Root(std::string_view encoded);

  std::optional<Item> Resolve(const ReferenceView& reference) override;

 private:
  // The resources around where the walk stands.
  struct Place {
    Item resource;
    const LocalIds* root = nullptr;  // of what contains `resource`, or of itself
    bool contained = false;
    const BundleIndex* bundle = nullptr;  // the nearest Bundle, if there is one
    std::string_view full_url;            // of the entry in it
  };

  // An element with elements, or a resource, inside of an object.
  struct Below {
    const Member* member;
    const char* begin;
    std::size_t size;
    std::int32_t place;  // in its list; -1: it is single

    std::string_view bytes() const { return {begin, size}; }
  };

  void Resource(const Item& resource, const Step& here, const Place& outer, bool contained);
  void Mapped(const Item& resource, const Step& here);
  void Profiles(const Item& resource, const Step& here);
  // Returns the elements that stand there.
  std::uint64_t Object(const Type& type, std::string_view wire, const Step& here);
  void Child(const Type& type, const Member& member, std::string_view bytes, const Step& here);
  void Invariants(std::span<const Invariant> invariants, const Scope& scope, const Step& here);
  void ItemInvariant(const Invariant& invariant, const Scope& scope, const Step& here);
  bool Holds(const Invariant& invariant, const Scope& scope);
  void Broken(const Invariant& invariant, const Step& here);
  void EmptyElement(const Step& here);
  std::uint64_t Extra(const Type& type,
                      std::string_view extra,
                      std::uint64_t present,
                      const Step& here);

  // JSON that is kept as text: extensions, and references to what is contained.
  void JsonMembers(std::string_view name, std::string_view value, const Step& up);
  void JsonValue(std::string_view name, std::string_view value, const Step& here);
  void JsonReference(std::string_view value, const Step& here);
  void Extension(bool has_url, bool has_either, const Step& here);

  // What no invariant says (walk_rules.cc).
  void Reference(std::span<const std::string_view> targets,
                 const Item& reference,
                 const Step& here);
  void ReferenceForm(const ReferenceView& reference, const Step& here);
  void InBundle(const ReferenceView& reference, const Step& here);
  void Entry(const Item& entry, const Step& here);
  void Found(const Item& entry, const Item& resource, const Step& here);
  void Links(const Item& bundle, const Step& here);
  void ContainedIds(const Step& here);
  void AttachmentSize(const Item& attachment, const Step& here);
  void Uri(const Type& type, const Member& member, std::string_view uri, const Step& here);

  const ValidateOptions& options_;
  ValidationReport& report_;
  Evaluator evaluator_;
  Place place_;
  unsigned depth_ = 0;
  Items items_;               // of the element whose invariants are tested
  std::vector<Below> below_;  // what is to be walked of the open objects
};

}  // namespace handoff::fhir::internal
