#include "gateway/app/convert/outputs.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <ostream>
#include <system_error>

#include "gateway/base/status_macros.h"

namespace handoff::convert {
namespace {

namespace fs = std::filesystem;

absl::Status StandardOutput(const std::ostream& out) {
  if (out) return absl::OkStatus();
  return absl::UnavailableError("standard output cannot be written");
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return path.ends_with('/') || fs::is_directory(path, ignored);
}

bool SameFile(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return !a.empty() && !b.empty() && fs::equivalent(a, b, ignored);
}

}  // namespace

absl::Status OutputFile::Open(const std::string& path) {
  path_ = path;
  stream_.clear();
  stream_.rdbuf()->pubsetbuf(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  errno = 0;
  stream_.open(path, std::ios::binary | std::ios::trunc);
  return Checked();
}

absl::Status OutputFile::Write(std::string_view bytes) {
  stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return Checked();
}

absl::Status OutputFile::Flush() {
  stream_.flush();
  return Checked();
}

absl::Status OutputFile::Close() {
  stream_.close();
  return Checked();
}

absl::Status OutputFile::Checked() {
  if (stream_) return absl::OkStatus();
  const std::string reason = errno == 0 ? "" : ": " + std::generic_category().message(errno);
  return absl::UnavailableError(path_ + " cannot be written" + reason);
}

Outputs::Outputs(const ConvertCommand& command, std::ostream& out)
    : command_(command), out_(out), folder_(IsFolder(command.out)) {}

absl::Status Outputs::Open() {
  if (!command_.to || command_.out.empty() || folder_) return absl::OkStatus();
  for (const std::string& input : command_.inputs) {
    if (SameFile(input, command_.out)) {
      return absl::InvalidArgumentError(command_.out + " is input and output");
    }
  }
  return file_.Open(command_.out);
}

absl::Status Outputs::Begin(const Input& input) {
  if (!command_.to || !folder_) return absl::OkStatus();
  const std::string path = FileFor(input);
  if (SameFile(path, input.path)) {
    return absl::InvalidArgumentError(path + " is input and output");
  }
  if (!written_.insert(std::hash<std::string>{}(path)).second) {
    return absl::InvalidArgumentError(path + " is the output of two inputs");
  }
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return absl::UnavailableError(path + ": " + error.message());
  return file_.Open(path);
}

absl::Status Outputs::Write(std::string_view bytes) {
  if (file_.is_open()) return file_.Write(bytes);
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return StandardOutput(out_);
}

absl::Status Outputs::Flush() {
  if (command_.to && folder_) return absl::OkStatus();
  if (file_.is_open()) return file_.Flush();
  out_.flush();
  return StandardOutput(out_);
}

absl::Status Outputs::End() {
  return folder_ && file_.is_open() ? file_.Close() : absl::OkStatus();
}

absl::Status Outputs::Close() {
  if (file_.is_open()) return file_.Close();
  out_.flush();
  return StandardOutput(out_);
}

bool Outputs::IsOutput(const std::string& path) const {
  return SameFile(path, command_.out) || SameFile(path, command_.issues);
}

// The relative path of the input; `.binpb` behind it says that it is proto.
std::string Outputs::FileFor(const Input& input) const {
  fs::path relative = input.relative;
  if (relative.extension() == ".binpb") relative.replace_extension();
  if (*command_.to == fhir::ConvertFormat::kProto) {
    relative += ".binpb";
  } else if (relative.extension() != ".json" && relative.extension() != ".ndjson") {
    relative += ".ndjson";
  }
  return (fs::path(command_.out) / relative).string();
}

}  // namespace handoff::convert
