#include "tests/unit/security/test_certificates.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace handoff::testing {

namespace {

using security::BioPtr;
using security::CertificatePtr;
using security::KeyPtr;

enum class Kind { kAuthority, kEnd };

void AddText(X509_NAME* name, const char* field, const std::string& text) {
  X509_NAME_add_entry_by_txt(
      name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

CertificatePtr Make(const std::string& name,
                    EVP_PKEY* key,
                    Kind kind,
                    std::chrono::seconds from,
                    std::chrono::seconds to) {
  static long serial = 0;
  CertificatePtr made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), from.count());
  X509_gmtime_adj(X509_getm_notAfter(made.get()), to.count());
  X509_set_pubkey(made.get(), key);
  AddText(X509_get_subject_name(made.get()), "O", "Test");
  AddText(X509_get_subject_name(made.get()), "CN", name);
  const char* const constraint = kind == Kind::kAuthority ? "critical,CA:TRUE" : "CA:FALSE";
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, constraint);
  X509_add_ext(made.get(), extension, -1);
  X509_EXTENSION_free(extension);
  return made;
}

std::string Text(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string CertificatePem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return Text(bio.get());
}

std::string KeyPem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return Text(bio.get());
}

}  // namespace

void WritePrivateFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TestAuthority::TestAuthority(const std::string& name) : key_(EVP_EC_gen("P-256")) {
  certificate_ =
      Make(name, key_.get(), Kind::kAuthority, -std::chrono::days(365), std::chrono::days(3650));
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
}

void TestAuthority::WriteCertificate(const std::string& path) const {
  WritePrivateFile(path, CertificatePem(certificate_.get()));
}

void TestAuthority::Issue(const std::string& name,
                          const std::string& certificate_path,
                          const std::string& key_path,
                          std::chrono::seconds valid_from,
                          std::chrono::seconds valid_to) const {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertificatePtr made = Make(name, key.get(), Kind::kEnd, valid_from, valid_to);
  X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
  X509_sign(made.get(), key_.get(), EVP_sha256());
  WritePrivateFile(certificate_path, CertificatePem(made.get()));
  WritePrivateFile(key_path, KeyPem(key.get()));
}

}  // namespace handoff::testing
