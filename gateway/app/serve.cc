#include "gateway/app/serve.h"

#include <csignal>

#include <pthread.h>

#include "gateway/app/gateway.h"
#include "gateway/base/log.h"

namespace handoff::app {
namespace {

constexpr std::chrono::seconds kDrain{10};

void WarnOfMissing(const Configuration& configuration) {
  for (const std::string& one : FindMissing(configuration))
    log::Warning("configuration_missing", {{"what", log::Safe(one)}});
}

void ReloadFrom(const ConfigurationSource& source,
                const Settings& started,
                Gateway& gateway,
                std::ostream& err) {
  ConfigErrors errors;
  const Configuration configuration = LoadConfiguration(source, errors);
  if (errors.empty()) {
    gateway.Reload(configuration);
    log::Info("configuration_reloaded");
    for (const std::string& name : NeedRestart(started, configuration.settings))
      log::Warning("restart_needed", {{"changed", log::Safe(name)}});
    WarnOfMissing(configuration);
    return;
  }
  for (const std::string& error : errors.list()) err << error << "\n";
  log::Error("configuration_kept", {{"errors", static_cast<int>(errors.list().size())}});
}

}  // namespace

int Serve(const ConfigurationSource& source, std::ostream& out, std::ostream& err) {
  // Before any thread starts, so that none of them takes a signal.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  ConfigErrors errors;
  const Configuration configuration = LoadConfiguration(source, errors);
  for (const std::string& error : errors.list()) err << error << "\n";
  if (!errors.empty()) return 2;
  const absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Start(configuration);
  if (!gateway.ok()) {
    err << "error: " << gateway.status().message() << "\n";
    return 1;
  }
  const Listening listening = (*gateway)->listening();
  out << "listening fhir " << listening.fhir << "\nlistening grpc " << listening.grpc
      << "\nlistening ops " << listening.ops << "\nready" << std::endl;
  log::Info("started");
  WarnOfMissing(configuration);
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    ReloadFrom(source, configuration.settings, **gateway, err);
  }
  log::Info("stopping");
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  (*gateway)->Stop(kDrain);
  log::Info("stopped");
  return 0;
}

}  // namespace handoff::app
