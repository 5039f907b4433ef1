// views.yaml.
#include <algorithm>
#include <string>

#include "gateway/base/rule_row.h"
#include "gateway/policy/label_scan.h"
#include "gateway/policy/views.h"

namespace handoff::policy {
namespace {

std::set<std::string, std::less<>> Set(const ConfigNode& node, ConfigErrors& errors) {
  const std::vector<std::string> items = node.Strings(errors);
  return {items.begin(), items.end()};
}

// The mask of `allow`: type to elements, or to "*". A path that no map knows is complained of where
// it stands.
fhir::Mask LoadMask(const ConfigNode& allow, ConfigErrors& errors) {
  std::vector<std::string> paths;
  for (const auto& [type, elements] : allow.Members()) {
    for (const ConfigNode& element : elements.Items()) {
      std::string path = type + "." + element.RequiredString(errors);
      const absl::StatusOr<fhir::Mask> alone = fhir::Mask::Compile({path});
      if (alone.ok()) {
        paths.push_back(std::move(path));
      } else {
        errors.Add(element.Where(), std::string(alone.status().message()));
      }
    }
  }
  absl::StatusOr<fhir::Mask> mask = fhir::Mask::Compile(paths);
  if (mask.ok()) return *std::move(mask);
  errors.Add(allow.Where(), std::string(mask.status().message()));
  return {};
}

// A type that has a map is projected element by element, so it belongs under `allow`.
void CheckUnmapped(const ConfigNode& node, const fhir::Mask& allowed, ConfigErrors& errors) {
  const std::vector<std::string_view> mapped = fhir::MappedTypes();
  for (const ConfigNode& item : node.Items()) {
    const std::string type = item.String(errors);
    if (!allowed.AllowsType(type) &&
        std::find(mapped.begin(), mapped.end(), type) != mapped.end()) {
      errors.Add(item.Where(), "`" + type + "` has a map: list its elements under `allow`");
    }
  }
}

}  // namespace

Views Views::Load(const ConfigNode& node, ConfigErrors& errors) {
  Views views;
  node.UnknownKeys({"labels", "withheld_identifiers", "views", "access"}, errors);
  const ConfigNode identifiers = node["withheld_identifiers"];
  identifiers.UnknownKeys({"types", "systems"}, errors);
  views.withheld_identifier_types_ = Set(identifiers["types"], errors);
  views.withheld_identifier_systems_ = Set(identifiers["systems"], errors);
  views.LoadLabels(node["labels"], errors);
  for (const ConfigNode& item : node["views"].Items()) {
    View view = views.LoadView(item, errors);
    std::string name = view.name();
    if (!views.views_.emplace(std::move(name), std::move(view)).second) {
      errors.Add(item["name"].Where(), "a second view of this name");
    }
  }
  views.LoadAccess(node["access"], errors);
  return views;
}

void Views::LoadLabels(const ConfigNode& node, ConfigErrors& errors) {
  for (const ConfigNode& item : node.Items()) {
    item.UnknownKeys({"code", "kind", "withhold", "effective", "source"}, errors);
    CheckProvenance(item, errors);
    Label label;
    label.code = item["code"].RequiredString(errors);
    label.kind = item["kind"].RequiredString(errors);
    const std::string scope = item["withhold"].RequiredString(errors);
    if (scope == "resource") {
      label.scope = LabelScope::kResource;
    } else if (scope != "message") {
      errors.Add(item["withhold"].Where(), "`" + scope + "` is neither resource nor message");
    }
    const std::string code = label.code;
    if (!labels_.emplace(code, std::move(label)).second) {
      errors.Add(item["code"].Where(), "a second label `" + code + "`");
    }
  }
  // DS4P labels parts of a resource by an extension: what it covers cannot be told from here, so
  // all of it is covered.
  labels_.emplace(kInlineLabel,
                  Label{kInlineLabel, "label on a part of the resource", LabelScope::kResource});
}

View Views::LoadView(const ConfigNode& node, ConfigErrors& errors) const {
  node.UnknownKeys({"name",
                    "version",
                    "purpose",
                    "effective",
                    "source",
                    "everything",
                    "labels",
                    "allow",
                    "unmapped",
                    "documents",
                    "identifier_types"},
                   errors);
  CheckProvenance(node, errors);
  View view;
  view.name_ = node["name"].RequiredString(errors);
  view.version_ = static_cast<int>(node["version"].Integer(errors, 0, 1, 1'000'000));
  node["purpose"].RequiredString(errors);
  view.everything_ = node["everything"].Bool(errors, false);
  view.labels_ = Set(node["labels"], errors);
  for (const ConfigNode& item : node["labels"].Items()) {
    const std::string code = item.String(errors);
    if (code != "*" && !labels_.contains(code)) {
      errors.Add(item.Where(), "`" + code + "` is not among the labels of this file");
    }
  }
  view.unmapped_ = Set(node["unmapped"], errors);
  view.documents_ = Set(node["documents"], errors);
  view.identifier_types_ = Set(node["identifier_types"], errors);
  if (view.everything_ && (node["allow"].present() || node["unmapped"].present())) {
    errors.Add(node["everything"].Where(), "a view of everything lists no elements");
  }
  if (node["allow"].present()) view.mask_ = LoadMask(node["allow"], errors);
  CheckUnmapped(node["unmapped"], {}, errors);
  CheckUnmapped(node["documents"], view.mask_, errors);
  return view;
}

void Views::LoadAccess(const ConfigNode& node, ConfigErrors& errors) {
  for (const ConfigNode& item : node.Items()) {
    item.UnknownKeys({"relation", "view", "types"}, errors);
    AccessRow row;
    row.relation = item["relation"].RequiredString(errors);
    row.view = item["view"].RequiredString(errors);
    row.types = Set(item["types"], errors);
    const View* view = Find(row.view);
    if (view == nullptr) {
      errors.Add(item["view"].Where(), "there is no view `" + row.view + "`");
      continue;
    }
    for (const ConfigNode& type : item["types"].Items()) {
      const std::string name = type.String(errors);
      if (!view->AllowsType(name)) {
        errors.Add(type.Where(), "view `" + row.view + "` shows no " + name);
      }
    }
    access_.push_back(std::move(row));
  }
}

}  // namespace handoff::policy
