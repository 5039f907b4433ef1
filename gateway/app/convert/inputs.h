// The files that `handoff convert` reads.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "fhir-mappings/runtime/convert.h"
#include "gateway/app/convert/options.h"

namespace handoff::convert {

struct Input {
  std::string path;      // empty: standard input
  std::string relative;  // to the folder that was named; of a file that was named its name
  fhir::ConvertFraming framing = fhir::ConvertFraming::kLines;

  // For people.
  std::string name() const { return path.empty() ? "<stdin>" : path; }
};

// Calls `visit` for each file that the command names; those of a folder in the order of their
// names, folders that are links left out. A file that `is_output` says is written by this run is
// left out too. What `visit` returns, if it is an error, ends it.
//
// `*unread` gets a text for each path that could not be read and each named folder without a file
// to visit; the others are visited.
absl::Status VisitInputs(const ConvertCommand& command,
                         const std::function<bool(const std::string& path)>& is_output,
                         const std::function<absl::Status(const Input&)>& visit,
                         std::vector<std::string>* unread);

// A file that is open for reading.
class InputFile {
 public:
  // Errors: kNotFound, kPermissionDenied or kUnavailable, with the system's reason.
  static absl::StatusOr<InputFile> Open(const Input& input);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  // Errors: kUnavailable, with the system's reason.
  absl::StatusOr<std::size_t> Read(char* buffer, std::size_t size);

 private:
  InputFile(std::string name, int descriptor, bool owned)
      : name_(std::move(name)), descriptor_(descriptor), owned_(owned) {}

  std::string name_;
  int descriptor_;
  bool owned_;
};

}  // namespace handoff::convert
