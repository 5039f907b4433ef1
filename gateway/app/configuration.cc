#include "gateway/app/configuration.h"

#include <utility>

namespace handoff::app {
namespace {

constexpr std::string_view kParties = "parties.";

ConfigNode Read(const std::string& path, ConfigErrors& errors) {
  absl::StatusOr<ConfigNode> node = ConfigNode::Load(path);
  if (node.ok()) return *std::move(node);
  errors.Add(std::string(node.status().message()));
  return {};
}

// Sets what belongs to handoff.yaml and returns what belongs to parties.
std::vector<directory::Override> Apply(const std::vector<std::string>& assignments,
                                       ConfigNode& document,
                                       ConfigErrors& errors) {
  std::vector<directory::Override> of_parties;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      errors.Add("--set " + assignment, "expected KEY=VALUE");
      continue;
    }
    const std::string key = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    if (key.starts_with(kParties)) {
      of_parties.emplace_back(key.substr(kParties.size()), value);
    } else if (const absl::Status set = document.Set(key, value); !set.ok()) {
      errors.Add("--set " + key, std::string(set.message()));
    }
  }
  return of_parties;
}

}  // namespace

Configuration LoadConfiguration(const ConfigurationSource& source, ConfigErrors& errors) {
  Configuration configuration;
  ConfigNode document = Read(source.file, errors);
  const std::vector<directory::Override> overrides = Apply(source.assignments, document, errors);
  configuration.settings = LoadSettings(document, errors);
  const Settings& settings = configuration.settings;

  auto rules = std::make_shared<intake::Rules>();
  rules->directory = directory::Directory::Load(settings.parties_folder, overrides, errors);
  const ConfigNode events = Read(settings.terminology_folder + "/events.yaml", errors);
  rules->events = care::EventRules::Load(
      events, Read(settings.terminology_folder + "/needs.yaml", errors), errors);
  configuration.codes =
      std::make_shared<delivery::EventCodes>(delivery::EventCodes::Load(events, errors));
  rules->routes = care::Routes::Load(Read(settings.routes_file, errors), errors);
  rules->profiles = std::make_shared<fhir::ProfileSet>(
      fhir::ProfileSet::Load(ConfigNode::LoadFolder(settings.profiles_folder, errors), errors));
  for (const directory::Party& party : rules->directory->parties()) {
    for (const std::string& url : party.profiles) {
      if (rules->profiles->Find(url) == nullptr) {
        errors.Add("parties." + party.key.value() + ".accepts.profiles",
                   "no profile has the url " + url + " in " + settings.profiles_folder);
      }
    }
  }
  rules->attribution.treating_after_stay =
      std::chrono::duration_cast<std::chrono::hours>(settings.treating_after_stay);
  auto views = std::make_shared<policy::Views>(
      policy::Views::Load(Read(settings.views_file, errors), errors));
  for (const auto& [view, where] : rules->routes.ViewsNamed()) {
    if (views->Find(view) == nullptr)
      errors.Add(where, "no view is called " + view + " in " + settings.views_file);
  }
  configuration.rules = std::move(rules);
  configuration.views = std::move(views);
  return configuration;
}

}  // namespace handoff::app
