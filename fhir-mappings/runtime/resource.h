// FHIR R4 JSON and the internal model, both ways, with no loss.
//
// The unit of exchange is an *encoded resource*: the protobuf wire form of handoff.v1.Resource.
// Reading goes from JSON events straight to wire bytes and writing straight back, driven by the
// tables that handoff-mapc makes from r4/*.map; message objects are made of the wire form only
// where a rule reads them (ParseResource), by code that handoff-mapc makes from the same maps.
//
// Thread safety: free functions, no shared state. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/search_tokens.h"

namespace handoff::v1 {
class Resource;
}

namespace handoff::fhir {

// Limits of one document. Beyond any of them reading stops with a fatal `too-long` or `too-costly`
// issue.
struct ReadLimits {
  std::size_t max_bytes = std::size_t{16} << 20;
  std::size_t max_depth = 64;           // nested objects and arrays
  std::size_t max_members = 2'000'000;  // members and array items, in all
  std::size_t max_issues = 100;         // further ones are counted, not listed
};

// What a reader does where a document breaks a rule: refuse it with an error, or keep what it says
// and report a warning or an information. What a field cannot hold is kept in `extra`, as it is
// written; rules do not see it there and no view but that of everything shows it.
enum class Tolerance { kReject, kWarn, kKeep };

// How what is taken all the same is told; kError of what is refused.
constexpr Severity SeverityOf(Tolerance tolerance) {
  return tolerance == Tolerance::kReject ? Severity::kError
         : tolerance == Tolerance::kWarn ? Severity::kWarning
                                         : Severity::kInformation;
}

struct Tolerances {
  Tolerance unknown = Tolerance::kWarn;    // members that R4 does not know
  Tolerance codes = Tolerance::kReject;    // a code outside a required binding
  Tolerance forms = Tolerance::kReject;    // a primitive in a wrong form, but for `id`
  Tolerance missing = Tolerance::kReject;  // an element that must stand
};

struct ReadOptions {
  ReadLimits limits{};
  Tolerances tolerances{};
};

// Reads one JSON resource of any type. Returns true and an encoded resource in `*encoded` if no
// issue is an error; otherwise `*encoded` is unspecified. Warnings may come with success: see
// Tolerances, and a modifier extension, which is kept but not understood. Checks UTF-8 (once,
// vectorised), JSON grammar, duplicate members, types, cardinality, required bindings, primitive
// forms and choice.
// `resourceType` may stand anywhere in its object.
bool ReadJson(std::string_view json,
              const ReadOptions& options,
              std::string* encoded,
              Issues* issues);

struct WriteOptions {
  bool pretty = false;
};

// Appends the JSON of an encoded resource to `*json`: members in the order of the map, `extra`
// members after the modelled ones of their element. Errors: kDataLoss if `encoded` is no valid
// encoded resource; `*json` is then unspecified.
absl::Status WriteJson(std::string_view encoded, const WriteOptions& options, std::string* json);

// The same of a message object, without its wire form.
absl::Status WriteJson(const v1::Resource& resource,
                       const WriteOptions& options,
                       std::string* json);

// Whether the text of an encoded resource is known to be UTF-8: what ReadJson has just made is.
enum class Utf8 { kCheck, kKnown };

// Makes `*resource` what `encoded` says: what protobuf's ParseFromString does, in half the time.
// False if `encoded` is damaged; `*resource` is then unspecified.
bool ParseResource(std::string_view encoded, v1::Resource* resource, Utf8 utf8 = Utf8::kCheck);

// What can be told without reading further. Views point into `encoded`.
struct Head {
  std::string_view
      type;  // FHIR name; of an opaque resource too. Empty if `encoded` is not a resource
  std::string_view id;
};
Head ReadHead(std::string_view encoded);

// One entry of an encoded Bundle. Views point into the encoded bundle.
struct BundleEntry {
  std::string_view full_url;
  std::string_view resource;  // an encoded resource; empty if the entry has none
  std::string_view method;    // "GET", "PUT", ...; empty if there is no request
  std::string_view url;
  std::string_view if_match;
  std::string_view if_none_exist;
};
struct BundleView {
  std::string_view type;  // "message", "transaction", ...
  std::string_view id;
  std::vector<BundleEntry> entries;
};
// nullopt if `encoded` is not a Bundle.
std::optional<BundleView> ReadBundle(std::string_view encoded);
// One entry, as it is encoded within a Bundle; false if it is damaged.
bool ReadBundleEntry(std::string_view wire, BundleEntry* entry);

// A reference as it stands in an encoded resource. Views are valid during the visit.
struct ReferenceView {
  std::string_view type;  // relative references: Type/id[/_history/version]
  std::string_view id;
  std::string_view version;
  std::string_view
      uri;  // any other text: absolute URL, urn:uuid:..., #fragment, conditional (Type?query)
  bool IsRelative() const { return !type.empty(); }
};

// Of a reference text; the views are of `text`.
ReferenceView ReadReference(std::string_view text);
// The same; below `base`, which ends without a slash, an absolute URL counts as relative.
ReferenceView ReadReference(std::string_view text, std::string_view base);

// Calls `visit` for every Reference of the resource, contained ones included, that carries a
// reference text. `element` is the FHIR element name path without indices, e.g.
// "Encounter.location.location".
void VisitReferences(
    std::string_view encoded,
    const std::function<void(std::string_view element, const ReferenceView&)>& visit);

// What Rewrite does with one reference.
struct ReferenceEdit {
  enum class Action {
    kKeep,
    kReplace,
    kDrop
  } action = Action::kKeep;  // kDrop removes the whole Reference element
  std::string
      type;  // kReplace: the new relative reference (type and id, version optional), or `uri`
  std::string id;
  std::string version;
  std::string uri;
};

struct RewriteOptions {
  std::optional<std::string> id;           // sets Resource.id
  std::optional<std::string> version_id;   // sets meta.versionId
  std::optional<std::int64_t> updated_us;  // sets meta.lastUpdated, UTC, milliseconds
  std::function<ReferenceEdit(const ReferenceView&)> reference;  // may be empty
};

// Appends a copy of the encoded resource with these changes to `*out`. Errors: kDataLoss as
// WriteJson.
absl::Status Rewrite(std::string_view encoded, const RewriteOptions& options, std::string* out);

// Search tokens declared by `search` lines of the map, each "name=value": token "system|code" (a
// bare code or boolean is
// "|code"), reference "Type/id" (or its uri), identifier "system|value". Date parameters yield
// nothing here.
void AppendTokens(std::string_view encoded, SearchTokens* tokens);

// True if the map of `type` declares search parameter `name` as token or reference.
bool IsSearchable(std::string_view type, std::string_view name);

// The names of all mapped resource types, and the search parameters (name, type) of one: for the
// CapabilityStatement.
std::vector<std::string_view> MappedTypes();
std::vector<std::pair<std::string_view, std::string_view>> SearchParameters(std::string_view type);

// An allow-list over the elements of one or more resource types.
//
// A path names an element by FHIR names without indices or choice suffix: "Patient.name",
// "Encounter.hospitalization. dischargeDisposition", "Observation.value[x]". A listed element
// brings everything modelled below it but never `extra` (extensions, unknown members), and of a
// Reference only the reference text: `identifier` and `display` must be listed as
// "Encounter.participant.individual.display". An extension that has a field is listed as
// "Patient.extension:race", after that field. "Patient.*" brings the whole resource: narrative,
// extensions and contained resources included. `resourceType` and `id` of an allowed type always
// leave; `meta` only when listed.
class Mask {
 public:
  // Errors: kInvalidArgument naming the path that no map knows.
  static absl::StatusOr<Mask> Compile(const std::vector<std::string>& paths);

  bool AllowsType(std::string_view type) const;

  // Appends the allowed part of `encoded` to `*out`; returns false and appends nothing if the type
  // is not allowed. `keep_reference` (may be empty) is asked for every reference that would leave;
  // false drops that Reference element, and with it an element that must have it. `*lacking` (may
  // be null) tells that the resource itself lost what it must have, e.g. a Provenance its target.
  absl::StatusOr<bool> Project(std::string_view encoded,
                               const std::function<bool(const ReferenceView&)>& keep_reference,
                               std::string* out,
                               bool* lacking = nullptr) const;

  struct Node;

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const Node>>> types_;
};

// Appends an encoded Bundle of `type` ("message", "searchset", ...) with `id` and these entries to
// `*out`.
struct NewEntry {
  std::string full_url;
  std::string_view encoded;     // an encoded resource; may be empty
  std::string search_mode;      // "match" or empty
  std::string response_status;  // "201 Created" or empty: with the three below
  std::string response_location;
  std::string response_etag;
  std::int64_t response_last_modified_us = 0;
  std::string_view response_outcome;  // an encoded OperationOutcome or empty
};
struct NewBundle {
  std::string type;
  std::string id;
  std::int64_t timestamp_us = 0;  // 0: none
  std::optional<std::uint32_t> total;
  std::vector<std::pair<std::string, std::string>> links;  // relation, url
  std::vector<NewEntry> entries;
};
void AppendBundle(const NewBundle& bundle, std::string* out);

// Appends an encoded OperationOutcome.
void AppendOutcome(const Issues& issues, std::string* out);

}  // namespace handoff::fhir
