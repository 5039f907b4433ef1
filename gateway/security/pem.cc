#include "gateway/security/pem.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include <openssl/pem.h>
#include <sys/stat.h>

namespace handoff::security {

namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

absl::Status FileError(const std::string& path, int error) {
  const std::string text = path + ": " + std::strerror(error);
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(text);
  return absl::PermissionDeniedError(text);
}

int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<std::string> ReadPemFile(const std::string& path, FileAccess access) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return FileError(path, errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(path + ": not a file");
  if (access == FileAccess::kPrivate && (info.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    return absl::PermissionDeniedError(
        path + ": others than its owner have access to this key; set its mode to 0600 or 0640");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError(path, errno != 0 ? errno : EACCES);
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return absl::InvalidArgumentError(path + ": larger than 1 MiB");
  return text;
}

BioPtr OpenPem(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

KeyPtr ReadPrivateKey(std::string_view pem) {
  const BioPtr bio = OpenPem(pem);
  if (bio == nullptr) return nullptr;
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
}

}  // namespace handoff::security
