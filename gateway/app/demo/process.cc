#include "gateway/app/demo/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/base/status_macros.h"

extern char** environ;

namespace handoff::demo {
namespace {

absl::Status SystemError(const char* what, int error) {
  return absl::UnavailableError(std::string(what) + ": " + std::strerror(error));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const std::vector<std::string>& arguments,
                                                        const std::string& log_file) {
  std::array<int, 2> pipe_ends;
  if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return SystemError("pipe", errno);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(
      &actions, STDERR_FILENO, log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  if (error != 0) {
    ::close(pipe_ends[0]);
    return SystemError(argv[0], error);
  }
  return std::unique_ptr<Process>(new Process(pid, pipe_ends[0]));
}

Process::~Process() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    Wait();
  }
  ::close(output_);
}

absl::StatusOr<std::string> Process::ReadLine(std::chrono::milliseconds timeout) {
  while (true) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd ready{output_, POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(timeout.count()));
    if (count == 0) return absl::DeadlineExceededError("no line in time");
    if (count < 0 && errno != EINTR) return SystemError("poll", errno);
    std::array<char, 4096> chunk;
    const ssize_t got = ::read(output_, chunk.data(), chunk.size());
    if (got == 0) return absl::UnavailableError("the process has ended");
    if (got > 0) buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void Process::Signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

int Process::Wait() {
  if (pid_ <= 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

absl::StatusOr<Surfaces> WaitUntilReady(Process& gateway) {
  Surfaces surfaces;
  while (true) {
    HANDOFF_ASSIGN_OR_RETURN(const std::string line, gateway.ReadLine(std::chrono::seconds(60)));
    std::istringstream words(line);
    std::string word;
    std::string surface;
    std::string address;
    words >> word >> surface >> address;
    if (word == "ready") return surfaces;
    if (surface == "fhir") surfaces.fhir = address;
    if (surface == "grpc") surfaces.grpc = address;
    if (surface == "ops") surfaces.ops = address;
  }
}

absl::StatusOr<std::string> RunToEnd(const std::vector<std::string>& arguments,
                                     const std::string& log_file) {
  HANDOFF_ASSIGN_OR_RETURN(const auto process, Process::Start(arguments, log_file));
  std::string output;
  while (true) {
    absl::StatusOr<std::string> line = process->ReadLine(std::chrono::seconds(60));
    if (line.ok()) {
      output += *line + "\n";
      continue;
    }
    if (line.status().code() != absl::StatusCode::kUnavailable) return line.status();
    const int status = process->Wait();
    if (status != 0)
      return absl::UnknownError(arguments[1] + " ended with status " + std::to_string(status));
    return output;
  }
}

}  // namespace handoff::demo
