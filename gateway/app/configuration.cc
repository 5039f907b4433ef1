#include "gateway/app/configuration.h"

#include <fstream>
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

void CheckFile(const std::string& setting,
               const std::string& file,
               std::vector<std::string>& missing) {
  if (file.empty() || std::ifstream(file, std::ios::binary).good()) return;
  missing.push_back(setting + ": cannot read " + file);
}

void CheckSecret(const std::string& setting,
                 const directory::Secret& secret,
                 std::vector<std::string>& missing) {
  const absl::StatusOr<std::string> read = secret.Read();
  if (!read.ok()) missing.push_back(setting + ": " + std::string(read.status().message()));
}

void CheckTls(const std::string& setting,
              const TlsSettings& tls,
              std::vector<std::string>& missing) {
  CheckFile(setting + ".certificate_file", tls.certificate_file, missing);
  CheckFile(setting + ".key_file", tls.key_file, missing);
  CheckFile(setting + ".client_ca_file", tls.client_ca_file, missing);
}

}  // namespace

std::vector<std::string> FindMissing(const Configuration& configuration) {
  std::vector<std::string> missing;
  CheckTls("listen.fhir.tls", configuration.settings.fhir.tls, missing);
  CheckTls("listen.grpc.tls", configuration.settings.grpc.tls, missing);
  for (const directory::Party& party : configuration.rules->directory->parties()) {
    for (const directory::Endpoint& endpoint : party.endpoints) {
      const std::string setting =
          "parties." + party.key.value() + ".endpoints." + endpoint.key + ".";
      CheckSecret(setting + "bearer_token", endpoint.bearer_token, missing);
      CheckSecret(setting + "hmac_secret", endpoint.hmac_secret, missing);
      CheckFile(setting + "ca_file", endpoint.ca_file, missing);
      CheckFile(setting + "client_cert_file", endpoint.client_cert_file, missing);
      CheckFile(setting + "client_key_file", endpoint.client_key_file, missing);
    }
  }
  return missing;
}

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
