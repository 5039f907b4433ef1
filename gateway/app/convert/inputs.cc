#include "gateway/app/convert/inputs.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "gateway/base/status_macros.h"

namespace handoff::convert {
namespace {

namespace fs = std::filesystem;

class Walk {
 public:
  Walk(const ConvertCommand& command,
       const std::function<bool(const std::string&)>& is_output,
       const std::function<absl::Status(const Input&)>& visit,
       std::vector<std::string>* unread)
      : command_(command), is_output_(is_output), visit_(visit), unread_(*unread) {}

  absl::Status Named(const std::string& path) {
    if (path == "-") return visit_({"", "stdin", FramingOf("")});
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      const std::uint64_t before = found_;
      HANDOFF_RETURN_IF_ERROR(Folder(path, path));
      if (found_ == before) unread_.push_back(path + ": no file that ends in " + Endings());
      return absl::OkStatus();
    }
    if (error) {
      unread_.push_back(path + ": " + error.message());
      return absl::OkStatus();
    }
    return visit_({path, fs::path(path).filename().string(), FramingOf(path)});
  }

 private:
  absl::Status Folder(const fs::path& root, const fs::path& folder) {
    std::vector<fs::directory_entry> entries;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      entries.push_back(*it);
    }
    if (error) unread_.push_back(folder.string() + ": " + error.message());
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      const fs::path& path = entry.path();
      std::error_code ignored;
      if (entry.is_directory(ignored)) {
        if (entry.is_symlink(ignored) || is_output_(path.string())) continue;
        HANDOFF_RETURN_IF_ERROR(Folder(root, path));
      } else if (IsRecordFile(path) && !is_output_(path.string())) {
        ++found_;
        HANDOFF_RETURN_IF_ERROR(
            visit_({path.string(), path.lexically_relative(root).string(), FramingOf(path)}));
      }
    }
    return absl::OkStatus();
  }

  bool IsRecordFile(const fs::path& path) const {
    const std::string extension = path.extension().string();
    if (command_.from == fhir::ConvertFormat::kProto) return extension == ".binpb";
    return extension == ".json" || extension == ".ndjson";
  }

  std::string Endings() const {
    return command_.from == fhir::ConvertFormat::kProto ? ".binpb" : ".json or .ndjson";
  }

  fhir::ConvertFraming FramingOf(const fs::path& path) const {
    const std::string extension = path.extension().string();
    const bool document = extension == ".json" || (extension != ".ndjson" && command_.one);
    return document ? fhir::ConvertFraming::kDocument : fhir::ConvertFraming::kLines;
  }

  const ConvertCommand& command_;
  const std::function<bool(const std::string&)>& is_output_;
  const std::function<absl::Status(const Input&)>& visit_;
  std::vector<std::string>& unread_;
  std::uint64_t found_ = 0;  // files, in folders
};

}  // namespace

absl::Status VisitInputs(const ConvertCommand& command,
                         const std::function<bool(const std::string& path)>& is_output,
                         const std::function<absl::Status(const Input&)>& visit,
                         std::vector<std::string>* unread) {
  Walk walk(command, is_output, visit, unread);
  for (const std::string& path : command.inputs) HANDOFF_RETURN_IF_ERROR(walk.Named(path));
  return absl::OkStatus();
}

absl::StatusOr<InputFile> InputFile::Open(const Input& input) {
  if (input.path.empty()) return InputFile(input.name(), STDIN_FILENO, false);
  const int descriptor = ::open(input.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return absl::ErrnoToStatus(errno, input.name());
  return InputFile(input.name(), descriptor, true);
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(other.descriptor_),
      owned_(std::exchange(other.owned_, false)) {}

InputFile::~InputFile() {
  if (owned_) ::close(descriptor_);
}

absl::StatusOr<std::size_t> InputFile::Read(char* buffer, std::size_t size) {
  while (true) {
    const ssize_t got = ::read(descriptor_, buffer, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return absl::ErrnoToStatus(errno, name_);
  }
}

}  // namespace handoff::convert
