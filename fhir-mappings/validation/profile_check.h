// A resource against the profiles that it claims.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/validation/evaluate.h"
#include "fhir-mappings/validation/profile.h"
#include "fhir-mappings/validation/profile_set.h"
#include "fhir-mappings/validation/validation_report.h"

namespace handoff::fhir::internal {

class ProfileCheck {
 public:
  ProfileCheck(const ProfileSet& profiles,
               Evaluator& evaluator,
               Resolver& resolver,
               ValidationReport& report)
      : profiles_(profiles), evaluator_(evaluator), resolver_(resolver), report_(report) {}

  // Against those of `claimed`, which must be known, those of `demanded` that are of its type, and
  // those of meta.profile, which need not be known.
  void Resource(const Item& resource,
                const LocalIds& root,
                const std::vector<std::string>& claimed,
                const std::vector<std::string>& demanded,
                const Step& here);

 private:
  using Visit = std::function<void(const Item& item, const Step& here)>;

  void Conforms(const Profile& profile, const Item& resource, const Step& here);
  void Element(const ProfileElement& element, const Item& parent, const Step& here);
  void Value(const ProfileElement& element, const Item& item, const Step& here);
  void Reference(const ProfileElement& element, const Item& item, const Step& here);
  void Slice(const ProfileSlice& slice, std::span<const Item> items, const Step& list);
  void Extension(const ProfileExtension& extension, const Item& item, const Step& here);
  void Invariant(const ProfileInvariant& invariant, const Item& item, const Step& here);
  void Fault(std::string_view code, const Step& here, const std::string& what);

  // Calls `visit` for each item that the path leads to.
  static void Each(std::span<const std::string> path,
                   const Item& item,
                   const Step& here,
                   const Visit& visit);

  const ProfileSet& profiles_;
  Evaluator& evaluator_;
  Resolver& resolver_;
  ValidationReport& report_;

  std::vector<const Profile*> open_;  // that are being checked: none twice for one resource
  Item resource_;
  const LocalIds* root_ = nullptr;
};

}  // namespace handoff::fhir::internal
