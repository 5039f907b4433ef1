#include "gateway/app/convert/options.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "gateway/app/convert/convert.h"

namespace handoff::convert {
namespace {

absl::Status Refuse(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

constexpr const char* kFooter = R"(Inputs
  *.json holds one resource over any number of lines, *.ndjson one a line; of a folder these are
  read, and *.binpb with --from proto, those of its folders too. A file with another name, and
  standard input, are read as *.ndjson; with --one as *.json.
Output
  Each record gives one record, in order; one that is rejected an OperationOutcome with id
  "rejected". --out FOLDER writes a file for each input file. proto and proto-json are
  handoff.v1.Resource of proto/handoff/v1, length-delimited and as protobuf's JSON.
Exit status
  0 all good, 1 a record was rejected (with --strict also: warned of), 2 usage, 3 input or output)";

}  // namespace

absl::Status Complete(ConvertCommand* command) {
  if (command->from == fhir::ConvertFormat::kProtoJson) {
    return Refuse("--from: proto-json is an output format");
  }
  if (command->max_record_mb < 1 || command->max_record_mb > 1'024) {
    return Refuse("--max-record-mb: 1 to 1024");
  }
  if (!command->to && !command->out.empty()) command->to = fhir::ConvertFormat::kR4;
  if (!command->profiles.empty() && command->profiles_folder.empty())
    command->profiles_folder = "config/profiles";
  if (!command->profiles_folder.empty()) command->validate = true;
  if (!command->to && !command->validate) return Refuse("--to or --validate is required");
  if (command->issues == "-" && command->to && command->out.empty()) {
    return Refuse("--issues: standard output is taken; name a file, or one with --out");
  }
  if (command->inputs.empty()) command->inputs.emplace_back("-");
  if (std::count(command->inputs.begin(), command->inputs.end(), "-") > 1) {
    return Refuse("standard input can be read once");
  }
  return absl::OkStatus();
}

CLI::App* AddConvertCommand(CLI::App& app, ConvertCommand& command) {
  CLI::App* const convert =
      app.add_subcommand("convert",
                         "Translate FHIR R4 to the internal model or back, or only validate it; "
                         "one record after the other, streams of any size");
  const std::map<std::string, fhir::ConvertFormat> from{{"r4", fhir::ConvertFormat::kR4},
                                                        {"proto", fhir::ConvertFormat::kProto}};
  const std::map<std::string, fhir::ConvertFormat> to{
      {"r4", fhir::ConvertFormat::kR4},
      {"proto", fhir::ConvertFormat::kProto},
      {"proto-json", fhir::ConvertFormat::kProtoJson}};
  convert->add_option("input", command.inputs, "files and folders; none, or -: standard input")
      ->type_name("PATH");
  convert->add_option("--from", command.from, "r4 (the default) or proto")
      ->transform(CLI::CheckedTransformer(from).description("{r4,proto}"))
      ->type_name("FORMAT");
  convert
      ->add_option_function<fhir::ConvertFormat>(
          "--to",
          [&command](const fhir::ConvertFormat& format) { command.to = format; },
          "r4, proto or proto-json; r4 if only --out is given")
      ->transform(CLI::CheckedTransformer(to).description("{r4,proto,proto-json}"))
      ->type_name("FORMAT");
  convert->add_flag("--one", command.one, "one resource over any number of lines");
  convert->add_flag("--validate",
                    command.validate,
                    "check invariants, references, Bundles and narratives too; write the issues, "
                    "one a line, to standard output, and resources only if --to or --out is given");
  convert->add_flag("--best-practice",
                    command.best_practice,
                    "with --validate: warn of resources without a narrative (dom-6) too");
  convert
      ->add_option("--profile",
                   command.profiles,
                   "url of a profile that every resource of its type must meet; may stand again")
      ->allow_extra_args(false)
      ->type_name("URL");
  convert
      ->add_option(
          "--profiles",
          command.profiles_folder,
          "folder of the profiles that are known: those that a resource claims are checked "
          "too; config/profiles with --profile")
      ->type_name("FOLDER");
  convert->add_option("--out", command.out, "file, or folder (one that exists, or ends with /)")
      ->type_name("PATH");
  convert
      ->add_option("--issues",
                   command.issues,
                   "file for the OperationOutcome of each record that has issues, one a line, "
                   "with its file and line; -: standard output")
      ->type_name("FILE");
  convert->add_flag("--strict", command.strict, "exit status 1 if there is a warning");
  convert->add_flag("--progress", command.progress, "tell how far it is, terminal or not");
  convert->add_option("--max-record-mb", command.max_record_mb, "largest record, 1 to 1024")
      ->capture_default_str();
  convert->footer(kFooter);
  return convert;
}

}  // namespace handoff::convert
