// PEM files and the OpenSSL objects read from them. Internal to this folder.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace handoff::security {

template <auto kFree>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<&BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreeWith<&X509_free>>;

enum class FileAccess { kAny, kPrivate };

// Every message begins with `path`. kPrivate refuses a file that others than its owner and group
// can read, or others than its owner write.
//
// Errors: kNotFound, kPermissionDenied, kInvalidArgument for one larger than 1 MiB.
absl::StatusOr<std::string> ReadPemFile(const std::string& path, FileAccess access);

// A view on `pem`, which must outlive it.
BioPtr OpenPem(std::string_view pem);

// Null if there is none, or it is encrypted: a gateway starts without anyone to ask.
KeyPtr ReadPrivateKey(std::string_view pem);

}  // namespace handoff::security
