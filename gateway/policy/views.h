// What a recipient may see: named, versioned allow-lists (config/views.yaml), and the labels that
// override them.
//
// Everything fails closed. A type or element that a view does not list does not leave. A resource
// that carries a label listed in the file leaves only through a view that names this label; a label
// of scope `message` withholds the whole message, since the rest would reveal it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/config_node.h"
#include "gateway/base/ids.h"

namespace handoff::policy {

// The code of the label that a resource has when only a part of it is labelled. Always listed, of
// scope resource.

enum class LabelScope { kResource, kMessage };

struct Label {
  std::string code;  // of meta.security, whatever its system
  std::string kind;  // what a reason may say: the kind of label, never the content
  LabelScope scope = LabelScope::kMessage;
};

// Keys of the resources that leave together.
using KeptSet = absl::flat_hash_set<ResourceKey>;

struct Projection {
  std::optional<std::string> encoded;  // what may leave; absent if nothing does
  std::string withheld;                // why nothing does
};

struct Withheld {
  ResourceKey key;
  std::string reason;
};

// What may leave of a set of resources that travel together.
struct MessageProjection {
  std::vector<std::string> resources;  // in the order given; empty if the message is withheld
  std::vector<Withheld>
      left_out;          // what was withheld for a label; types outside the view are not listed
  std::string withheld;  // why the whole message is; empty: it is not
};

// Codes of the labels that an encoded resource carries and the file lists, contained resources
// included.
using Labels = std::vector<const Label*>;

// Thread safety: constant after Load.
class View {
 public:
  const std::string& name() const { return name_; }
  int version() const { return version_; }
  bool AllowsType(std::string_view type) const;
  bool AllowsLabel(std::string_view code) const;

 private:
  friend class Views;

  std::string name_;
  int version_ = 0;
  bool everything_ = false;  // the sender's own view: resources leave as they are stored
  fhir::Mask mask_;
  // Types without a map that leave, filtered member by member.
  std::set<std::string, std::less<>> unmapped_;
  // Types that tell of much else (PDFs): they leave only with a whole message.
  std::set<std::string, std::less<>> documents_;
  std::set<std::string, std::less<>> labels_;  // "*" stands for any
  // Patient.identifier of these types (v2-0203) only; empty: of any.
  std::set<std::string, std::less<>> identifier_types_;
};

// Thread safety: constant after Load.
class Views {
 public:
  // What is wrong is added to `errors` with file:line:column.
  static Views Load(const ConfigNode& node, ConfigErrors& errors);

  // Null if there is none of this name.
  const View* Find(std::string_view name) const;
  std::vector<std::string_view> Names() const;

  // Errors: kDataLoss if `encoded` cannot be read to its end: what it may carry is not known.
  absl::StatusOr<Labels> LabelsOf(std::string_view encoded) const;

  // One resource as `view` shows it. References to what is not in `kept` are dropped; narrative,
  // extensions and contained resources come only where the file lists "*". A document does not
  // leave alone. Errors: kDataLoss if `encoded` is no valid encoded resource.
  absl::StatusOr<Projection> Project(const View& view,
                                     std::string_view encoded,
                                     const KeptSet& kept) const;

  // The same for all that travels in one message: decides first what leaves, then projects it. The
  // first of `resources` is what the message is about: if it does not leave, nothing does. To
  // `beside` references may stand although it does not travel (the recipient's own Organization).
  // A Provenance whose target does not leave is left out.
  absl::StatusOr<MessageProjection> ProjectMessage(const View& view,
                                                   const std::vector<std::string_view>& resources,
                                                   const KeptSet& beside = {}) const;

  // Why a message does not leave though all of it may: among `resources`, which came with it and do
  // not travel, is one under a label of scope `message` that the view does not name. Empty: none
  // is. Errors: kDataLoss as LabelsOf().
  absl::StatusOr<std::string> WhyNotBeside(const View& view,
                                           const std::vector<std::string_view>& resources) const;

  // Which view a reader gets by its relations to a resource.
  struct Decision {
    const View* view = nullptr;  // null: denied
    std::string reason;          // why denied, or which relation grants: without patient data
  };
  // `relations`: source, medical-home, payer, performer, requester, ...; the first row of `access`
  // that grants counts.
  Decision Decide(const std::vector<std::string>& relations,
                  std::string_view type,
                  const Labels& labels) const;

 private:
  struct AccessRow {
    std::string relation;
    std::string view;
    std::set<std::string, std::less<>> types;  // empty: every type that the view allows
  };

  // What of an encoded resource decides whether it leaves.
  struct Content {
    Labels labels;
    bool modifier_extension = false;
  };
  absl::StatusOr<Content> ContentOf(std::string_view encoded) const;
  // Why a resource does not leave through the view; empty if it does.
  std::string WhyNot(const View& view, std::string_view type, const Content& content) const;
  struct Part {
    std::string encoded;
    bool lacking = false;  // what it must refer to does not leave
  };
  // REQUIRES: WhyNot() is empty.
  absl::StatusOr<Part> Shown(const View& view, std::string_view encoded, const KeptSet& kept) const;
  absl::StatusOr<std::string> FilterIdentifiers(const View& view, std::string_view encoded) const;
  View LoadView(const ConfigNode& node, ConfigErrors& errors) const;
  void LoadLabels(const ConfigNode& node, ConfigErrors& errors);
  void LoadAccess(const ConfigNode& node, ConfigErrors& errors);

  std::map<std::string, Label, std::less<>> labels_;
  std::map<std::string, View, std::less<>> views_;
  std::vector<AccessRow> access_;
  // Identifiers that no view but that of everything shows, by type (v2-0203) or by system.
  std::set<std::string, std::less<>> withheld_identifier_types_;
  std::set<std::string, std::less<>> withheld_identifier_systems_;
};

}  // namespace handoff::policy
