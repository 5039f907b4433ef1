#include "gateway/app/convert/convert.h"

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "fhir-mappings/runtime/convert.h"
#include "fhir-mappings/validation/profile_set.h"
#include "fhir-mappings/validation/validate.h"
#include "gateway/app/convert/inputs.h"
#include "gateway/app/convert/outputs.h"
#include "gateway/app/convert/progress.h"
#include "gateway/app/convert/report.h"
#include "gateway/base/status_macros.h"

namespace handoff::convert {
namespace {

using Clock = std::chrono::steady_clock;

class Run {
 public:
  Run(const ConvertCommand& command, std::ostream& out, std::ostream& err)
      : command_(command), out_(out), err_(err), outputs_(command, out) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    if (terminal || command.progress) progress_.emplace(err, terminal, Clock::now());
  }

  int Main() {
    absl::Status status = LoadProfiles();
    if (status.ok()) status = Open();
    if (status.ok()) {
      status = VisitInputs(
          command_,
          [this](const std::string& path) { return outputs_.IsOutput(path); },
          [this](const Input& input) { return File(input); },
          &unread_);
    }
    status.Update(Close());
    if (progress_) progress_->Clear();
    return Conclude(status);
  }

 private:
  absl::Status LoadProfiles() {
    if (command_.profiles_folder.empty()) return absl::OkStatus();
    ConfigErrors errors;
    profiles_ =
        fhir::ProfileSet::Load(ConfigNode::LoadFolder(command_.profiles_folder, errors), errors);
    if (!errors.empty())
      return absl::InvalidArgumentError(fmt::format("{}", fmt::join(errors.list(), "\n")));
    for (const std::string& url : command_.profiles) {
      if (profiles_.Find(url) != nullptr) continue;
      return absl::InvalidArgumentError(fmt::format("--profile: {} is not in {}, which has\n  {}",
                                                    url,
                                                    command_.profiles_folder,
                                                    fmt::join(profiles_.Urls(), "\n  ")));
    }
    return absl::OkStatus();
  }

  absl::Status Open() {
    HANDOFF_RETURN_IF_ERROR(outputs_.Open());
    if (command_.issues.empty() || command_.issues == "-") return absl::OkStatus();
    return issues_.Open(command_.issues);
  }

  absl::Status Close() {
    const absl::Status status = outputs_.Close();
    if (!issues_.is_open()) return status;
    const absl::Status closed = issues_.Close();
    return status.ok() ? closed : status;
  }

  // Errors of the input are told and noted; what is returned ends the run.
  absl::Status File(const Input& input) {
    absl::StatusOr<InputFile> file = InputFile::Open(input);
    if (!file.ok()) return Unread(std::string(file.status().message()));
    HANDOFF_RETURN_IF_ERROR(outputs_.Begin(input));
    const std::string name = input.name();
    const std::uint64_t bytes_before = tally_.bytes;
    absl::Status unread;     // of the input
    absl::Status unwritten;  // of any output

    fhir::ConvertOptions options;
    options.from = command_.from;
    options.framing = input.framing;
    options.to = command_.to;
    options.limits.max_bytes = command_.max_record_mb << 20;
    if (command_.validate) {
      options.validate = [&](std::string_view encoded, fhir::Issues* issues) {
        fhir::Validate(encoded,
                       {.profiles = &profiles_,
                        .demanded = command_.profiles,
                        .best_practice = command_.best_practice},
                       issues);
      };
    }
    options.report = [&](const fhir::ConvertRecord& record) {
      tally_.bytes = bytes_before + record.bytes;
      unwritten.Update(Record(name, record));
    };
    fhir::ConvertSummary summary;
    const absl::Status done = fhir::Convert(
        [&](char* buffer, std::size_t size) -> absl::StatusOr<std::size_t> {
          unwritten.Update(outputs_.Flush());
          if (!unwritten.ok()) return unwritten;
          absl::StatusOr<std::size_t> got = file->Read(buffer, size);
          if (!got.ok()) unread = got.status();
          return got;
        },
        [&](std::string_view bytes) { return outputs_.Write(bytes); },
        options,
        &summary);
    ++tally_.files;
    HANDOFF_RETURN_IF_ERROR(unwritten);
    HANDOFF_RETURN_IF_ERROR(outputs_.End());
    if (done.ok()) return done;
    if (!unread.ok()) return Unread(std::string(unread.message()));
    if (done.code() != absl::StatusCode::kDataLoss) return done;
    return Unread(name + ": " + std::string(done.message()));
  }

  absl::Status Unread(std::string reason) {
    unread_.push_back(std::move(reason));
    return absl::OkStatus();
  }

  absl::Status Record(const std::string& file, const fhir::ConvertRecord& record) {
    ++(record.rejected ? tally_.rejected : tally_.converted);
    bool warned = false;
    for (const fhir::Issue& issue : record.issues) {
      table_.Add(file, record.position, issue);
      warned = warned || issue.severity >= fhir::Severity::kWarning;
    }
    if (warned && !record.rejected) ++tally_.warned;
    if (progress_) progress_->Tick(Clock::now(), tally_);
    return record.issues.empty() ? absl::OkStatus() : Tell(file, record);
  }

  absl::Status Tell(const std::string& file, const fhir::ConvertRecord& record) {
    text_.clear();
    if (!command_.issues.empty()) {
      HANDOFF_RETURN_IF_ERROR(AppendOutcomeLine(file, record.position, record.issues, &text_));
      if (issues_.is_open()) return issues_.Write(text_);
    } else if (!command_.to) {
      for (const fhir::Issue& issue : record.issues) {
        text_ += IssueLine(file, record.position, issue);
      }
    }
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    if (out_) return absl::OkStatus();
    return absl::UnavailableError("standard output cannot be written");
  }

  int Conclude(const absl::Status& status) {
    if (!table_.empty()) table_.Print(err_);
    err_ << fmt::format("{} records of {} files: {} {}, {} of them with warnings; {} rejected\n",
                        tally_.converted + tally_.rejected,
                        tally_.files,
                        tally_.converted,
                        command_.to ? "converted" : "valid",
                        tally_.warned,
                        tally_.rejected);
    for (const std::string& reason : unread_) err_ << "error: " << reason << "\n";
    if (!status.ok()) {
      err_ << "error: " << status.message() << "\n";
      return status.code() == absl::StatusCode::kInvalidArgument ? kUsage : kIoError;
    }
    if (!unread_.empty()) return kIoError;
    if (tally_.rejected != 0 || (command_.strict && tally_.warned != 0)) return kRejected;
    return kAllGood;
  }

  const ConvertCommand& command_;
  std::ostream& out_;
  std::ostream& err_;
  Outputs outputs_;
  fhir::ProfileSet profiles_;
  OutputFile issues_;
  IssueTable table_;
  Tally tally_;
  std::optional<Progress> progress_;
  std::vector<std::string> unread_;
  std::string text_;
};

}  // namespace

int RunConvert(ConvertCommand command, std::ostream& out, std::ostream& err) {
  if (const absl::Status complete = Complete(&command); !complete.ok()) {
    err << "error: " << complete.message() << "\n";
    return kUsage;
  }
  return Run(command, out, err).Main();
}

}  // namespace handoff::convert
