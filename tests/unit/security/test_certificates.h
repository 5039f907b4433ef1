// A certificate authority that lives for one test.
#pragma once

#include <chrono>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/security/pem.h"

namespace handoff::testing {

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name);

  void WriteCertificate(const std::string& path) const;
  // A certificate for "O=Test, CN=<name>" (EC P-256) and its key, mode 0600. By default valid from
  // a day ago (by the machine's clock, which is what OpenSSL looks at) for ten years.
  void Issue(const std::string& name,
             const std::string& certificate_path,
             const std::string& key_path,
             std::chrono::seconds valid_from = -std::chrono::days(1),
             std::chrono::seconds valid_to = std::chrono::days(3650)) const;

 private:
  security::KeyPtr key_;
  security::CertificatePtr certificate_;
};

// Writes `text` to a new file of mode 0600.
void WritePrivateFile(const std::string& path, const std::string& text);

}  // namespace handoff::testing
