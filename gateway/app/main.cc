#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include <CLI/CLI.hpp>

#include "gateway/app/client.h"
#include "gateway/app/configuration.h"
#include "gateway/app/convert/convert.h"
#include "gateway/app/demo/demo.h"
#include "gateway/app/doc/mapping_reference.h"
#include "gateway/app/explain.h"
#include "gateway/app/load/load.h"
#include "gateway/app/serve.h"
#include "gateway/app/version.h"

// Read by jemalloc: a thread keeps what it frees up to this size (2^18, a message and what is made
// of it) for itself, warm in its cache.
extern "C" {
const char* malloc_conf = "lg_tcache_max:18";
}

namespace handoff::app {
namespace {

// What every command that reads the configuration takes.
struct Common {
  ConfigurationSource source{"config/handoff.yaml", {}};

  void AddTo(CLI::App& command) {
    command
        .add_option("-c,--config",
                    source.file,
                    "handoff.yaml; relative paths in it start at the working directory")
        ->capture_default_str();
    command
        .add_option("--set",
                    source.assignments,
                    "KEY=VALUE in place of what the configuration says; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
  }

  // Empty, and everything wrong on standard error, if the configuration is not usable.
  std::optional<Configuration> Load() const {
    ConfigErrors errors;
    Configuration configuration = LoadConfiguration(source, errors);
    for (const std::string& error : errors.list()) std::cerr << error << "\n";
    if (!errors.empty()) return std::nullopt;
    return configuration;
  }
};

void AddClientOptions(CLI::App& command, ClientOptions& client) {
  command.add_option("--grpc",
                     client.address,
                     "host:port of the gateway; default: listen.grpc of the configuration");
  command.add_option(
      "--ca", client.ca_file, "PEM of the authority that signed the gateway's certificate");
  command.add_flag("--plain", client.plain, "no TLS");
  command
      .add_option("--token",
                  client.token,
                  "bearer token; default: one signed with the gateway's key for --client")
      ->envname("HANDOFF_TOKEN");  // arguments are for everybody on the machine to see
  command
      .add_option("--client", client.client_id, "client of the configuration in whose name to ask")
      ->capture_default_str();
}

int WithConnection(const Common& common,
                   const ClientOptions& client,
                   const std::function<int(const Connection&)>& command) {
  const std::optional<Configuration> configuration = common.Load();
  if (!configuration) return 2;
  const absl::StatusOr<Connection> connection = Connect(client, *configuration);
  if (!connection.ok()) {
    std::cerr << "error: " << connection.status().message() << "\n";
    return 2;
  }
  return command(*connection);
}

int Check(const Common& common) {
  const std::optional<Configuration> configuration = common.Load();
  if (!configuration) return 1;
  const std::vector<std::string> missing = FindMissing(*configuration);
  for (const std::string& one : missing) std::cerr << one << "\n";
  if (!missing.empty()) return 1;
  std::cout << common.source.file << ": " << configuration->rules->directory->parties().size()
            << " parties, " << configuration->views->Names().size()
            << " views: nothing to complain about\n";
  return 0;
}

int Token(const Common& common, const std::string& client_id, std::chrono::seconds lifetime) {
  const std::optional<Configuration> configuration = common.Load();
  if (!configuration) return 2;
  if (lifetime.count() == 0) {
    lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(configuration->settings.tokens.lifetime);
  }
  const absl::StatusOr<std::string> token = SignToken(*configuration, client_id, lifetime);
  if (!token.ok()) {
    std::cerr << "error: " << token.status().message() << "\n";
    return 1;
  }
  std::cout << *token << "\n";
  return 0;
}

// The exit status is set by the command's callback.
class Commands {
 public:
  explicit Commands(CLI::App& app) : app_(app) {
    client_.client_id = "operations-console";
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "help of every command");
    app_.set_version_flag("--version", "handoff " + std::string(kVersion), "print the version");
    AddServe();
    AddCheck();
    AddConvert();
    AddDoc();
    AddToken();
    AddStatus();
    AddExplain();
    AddDeliveries();
    AddPersons();
    AddLoad();
    AddDemo();
    app_.add_subcommand("version", "print the version")->callback([] {
      std::cout << "handoff " << kVersion << "\n";
    });
  }

  int status() const { return status_; }

 private:
  void AddServe() {
    CLI::App& command =
        *app_.add_subcommand("serve", "run the gateway; SIGTERM stops it in order, SIGHUP reloads");
    common_.AddTo(command);
    command.callback([this] { status_ = Serve(common_.source, std::cout, std::cerr); });
  }

  void AddCheck() {
    CLI::App& command = *app_.add_subcommand("check",
                                             "read the whole configuration and report every error "
                                             "with file:line:column, and every secret, "
                                             "certificate or key that is not there");
    common_.AddTo(command);
    command.callback([this] { status_ = Check(common_); });
  }

  void AddConvert() {
    convert::AddConvertCommand(app_, convert_)->callback([this] {
      std::ios::sync_with_stdio(false);
      status_ = convert::RunConvert(convert_, std::cout, std::cerr);
    });
  }

  void AddDoc() {
    CLI::App& command = *app_.add_subcommand("doc", "reference pages, made from what runs");
    command.require_subcommand(1);
    CLI::App& mappings = *command.add_subcommand(
        "mappings", "what becomes of each FHIR element in the internal model, as Markdown");
    mappings.add_option("--resource", id_, "this resource or data type only")->type_name("TYPE");
    mappings.callback([this] {
      const absl::Status written = doc::WriteMappingReference(id_, std::cout);
      if (written.ok()) return;
      std::cerr << "error: --resource: " << written.message() << "\n";
      status_ = 2;
    });
  }

  void AddToken() {
    CLI::App& command =
        *app_.add_subcommand("token", "sign an access token for a client, with the gateway's key");
    common_.AddTo(command);
    command.add_option("--client", client_.client_id, "client of the configuration")->required();
    command
        .add_option(
            "--lifetime", lifetime_s_, "in seconds, or as in 30min; default: tokens.lifetime")
        ->transform(CLI::AsNumberWithUnit(
            std::map<std::string, int>{{"s", 1}, {"min", 60}, {"h", 3'600}, {"d", 86'400}}))
        ->check(CLI::Range(1, 86'400));
    command.callback(
        [this] { status_ = Token(common_, client_.client_id, std::chrono::seconds(lifetime_s_)); });
  }

  void AddStatus() {
    CLI::App& command = *app_.add_subcommand(
        "status", "what waits at a running gateway, for whom, since when and why");
    common_.AddTo(command);
    AddClientOptions(command, client_);
    command.callback([this] {
      status_ = WithConnection(common_, client_, [](const Connection& connection) {
        return ShowStatus(connection, std::cout, std::cerr);
      });
    });
  }

  void AddExplain() {
    CLI::App& command = *app_.add_subcommand(
        "explain", "one message's whole story: received, understood, routed, attempts");
    common_.AddTo(command);
    AddClientOptions(command, client_);
    command.add_option("id", id_, "message id, or the sender's Bundle.id or MessageHeader.id")
        ->required();
    command.callback([this] {
      status_ = WithConnection(common_, client_, [this](const Connection& connection) {
        return Explain(connection, id_, std::cout, std::cerr);
      });
    });
  }

  void AddDeliveries() {
    CLI::App& command =
        *app_.add_subcommand("deliveries", "pending deliveries, dead letters, what is held");
    command.require_subcommand(1);
    CLI::App& list = *command.add_subcommand("list", "list them");
    common_.AddTo(list);
    AddClientOptions(list, client_);
    CLI::Option* const dead = list.add_flag_callback(
        "--dead",
        [this] { list_.state = v1::DELIVERY_STATE_DEAD; },
        "dead letters instead of pending deliveries");
    list.add_flag_callback(
            "--held",
            [this] { list_.state = v1::DELIVERY_STATE_HELD; },
            "what waits for a steward, since whom it is about is in doubt")
        ->excludes(dead);
    list.add_option("--recipient", list_.recipient, "of this party only");
    list.callback([this] {
      status_ = WithConnection(common_, client_, [this](const Connection& connection) {
        return ListDeliveries(connection, list_, std::cout, std::cerr);
      });
    });
    CLI::App& replay = *command.add_subcommand("replay", "send a dead letter once more");
    common_.AddTo(replay);
    AddClientOptions(replay, client_);
    replay.add_option("id", id_, "delivery id")->required();
    replay.callback([this] {
      status_ = WithConnection(common_, client_, [this](const Connection& connection) {
        return Replay(connection, id_, std::cout, std::cerr);
      });
    });
    CLI::App& discard = *command.add_subcommand("discard", "give a dead letter up");
    common_.AddTo(discard);
    AddClientOptions(discard, client_);
    discard.add_option("id", id_, "delivery id")->required();
    discard.add_option("--reason", reason_, "why; kept in the ledger, so no patient data")
        ->required();
    discard.callback([this] {
      status_ = WithConnection(common_, client_, [this](const Connection& connection) {
        return Discard(connection, id_, reason_, std::cout, std::cerr);
      });
    });
  }

  void AddPersons() {
    CLI::App& command = *app_.add_subcommand("persons", "persons whose identity is in doubt");
    command.require_subcommand(1);
    CLI::App& release = *command.add_subcommand(
        "release", "decide whose the records of a held person are, and tell what was held");
    common_.AddTo(release);
    AddClientOptions(release, client_);
    release.add_option("id", release_.person, "person id, from handoff deliveries list --held")
        ->required();
    release.add_option(
        "--into", release_.merge_into, "the person that it is; default: somebody of its own");
    release.add_option("--reason", release_.reason, "why; kept in the ledger, so no patient data")
        ->required();
    release.callback([this] {
      status_ = WithConnection(common_, client_, [this](const Connection& connection) {
        return ReleasePerson(connection, release_, std::cout, std::cerr);
      });
    });
  }

  void AddLoad() {
    load::AddLoadCommand(app_, load_)->callback([this] {
      status_ = load::RunLoad(load_, std::cout, std::cerr);
    });
  }

  void AddDemo() {
    CLI::App& command = *app_.add_subcommand("demo", "play one discharge through a demo network");
    demo_.program = std::filesystem::read_symlink("/proc/self/exe");
    command.add_flag("--once", demo_.once, "stop after the story instead of staying up");
    command.add_option("--root", demo_.root, "where config/ is")->capture_default_str();
    command.callback([this] { status_ = demo::RunDemo(demo_, std::cout); });
  }

  CLI::App& app_;
  int status_ = 0;
  Common common_;
  ClientOptions client_;
  convert::ConvertCommand convert_;
  int lifetime_s_ = 0;
  std::string id_;
  std::string reason_;
  ListOptions list_;
  ReleaseOptions release_;
  load::LoadOptions load_;
  demo::DemoOptions demo_;
};

}  // namespace
}  // namespace handoff::app

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  // A file at its size limit (RLIMIT_FSIZE, LimitFSIZE=) is as a full disk: the write fails, reads
  // go on.
  std::signal(SIGXFSZ, SIG_IGN);
  // Debian builds Abseil with its assertions: each lock would be entered into a graph of all. The
  // tests keep it so.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  CLI::App app("Handoff: a FHIR gateway for care management", "handoff");
  handoff::app::Commands commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // --help is one too
    // Of a word that is no command CLI11 says only that one is required.
    const bool is_unknown = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr &&
                            argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty();
    if (is_unknown) {
      std::cerr << "no command `" << argv[1] << "`: handoff --help lists them\n";
      return 2;
    }
    return app.exit(error) == 0 ? 0 : 2;
  }
  return commands.status();
}
