// Everything that is configured, read and checked as one: settings, parties, routes, views,
// terminology.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/app/settings.h"
#include "gateway/base/config_node.h"
#include "gateway/delivery/event_codes.h"
#include "gateway/directory/directory.h"
#include "gateway/intake/pipeline.h"
#include "gateway/policy/views.h"

namespace handoff::app {

struct Configuration {
  Settings settings;
  std::shared_ptr<const intake::Rules> rules;  // the directory is in it
  std::shared_ptr<const policy::Views> views;
  std::shared_ptr<const delivery::EventCodes> codes;
};

// Where the configuration is, and what the command line changes in it.
struct ConfigurationSource {
  std::string file;  // handoff.yaml
  std::vector<std::string>
      assignments;  // "KEY=VALUE": store.path=/srv/handoff, parties.lfm.endpoints.push.url=...
};

// Reads all files. Every fault goes to `errors` with file:line:column; the result is to be used
// only if there was none.
Configuration LoadConfiguration(const ConfigurationSource& source, ConfigErrors& errors);

// What a sound configuration names and this machine lacks: secrets, certificates, keys; each with
// its setting. The gateway runs without what is an endpoint's: its deliveries wait.
std::vector<std::string> FindMissing(const Configuration& configuration);

}  // namespace handoff::app
