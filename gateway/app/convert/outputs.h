// The files that `handoff convert` writes.
#pragma once

#include <cstdint>
#include <fstream>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"

#include "gateway/app/convert/inputs.h"
#include "gateway/app/convert/options.h"

namespace handoff::convert {

// A file that is overwritten. Its errors name it and the system's reason: kUnavailable.
class OutputFile {
 public:
  absl::Status Open(const std::string& path);
  absl::Status Write(std::string_view bytes);
  absl::Status Flush();
  absl::Status Close();
  bool is_open() const { return stream_.is_open(); }

 private:
  absl::Status Checked();

  std::string path_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} << 10);
  std::ofstream stream_;
};

// Where the output records go.
class Outputs {
 public:
  // `out`: standard output.
  Outputs(const ConvertCommand& command, std::ostream& out);

  // Opens what is open for the whole run.
  absl::Status Open();

  // What `input` gives is written next. Errors: kUnavailable; kInvalidArgument: its file is one of
  // the inputs, or of two.
  absl::Status Begin(const Input& input);
  absl::Status Write(std::string_view bytes);
  // Before waiting for input: what is translated goes out.
  absl::Status Flush();
  // What Begin() opened is complete.
  absl::Status End();
  absl::Status Close();

  // Whether this run writes this file, or into this folder.
  bool IsOutput(const std::string& path) const;

 private:
  std::string FileFor(const Input& input) const;

  const ConvertCommand& command_;
  std::ostream& out_;
  const bool folder_;
  OutputFile file_;
  std::unordered_set<std::uint64_t> written_;  // hashes of the files in the folder
};

}  // namespace handoff::convert
