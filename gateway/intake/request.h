// What was sent, taken apart: the writes that a message asks for, before anything is looked up.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir-mappings/runtime/issue.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/validate.h"
#include "gateway/intake/intake.h"

namespace handoff::intake {

// One write. Views point into Request::encoded.
struct Item {
  enum class Op { kCreate, kUpdate };
  Op op = Op::kCreate;
  std::string_view type;
  std::string id;        // the id that the sender uses; empty: none
  bool keep_id = false;  // store under that id where it is free (update, message); else mint one
  std::string_view full_url;
  std::string_view encoded;  // an encoded resource
  std::string if_match;
  std::string if_none_exist;
  std::string path;  // FHIRPath of the resource: "Bundle.entry[3].resource"
  int refused = 0;   // an entry of a batch that cannot be taken: its HTTP status; issues tell why
};

// Moved only with its text on the heap: the views of its items must stay good.
struct Request {
  std::string encoded;    // the whole document, translated
  const char* kind = "";  // StoredMessage.kind
  // The sender's own ids of the message: "header:..." (MessageHeader.id), then "bundle:..."
  // (Bundle.id). The first tells a repeat; all find the message again.
  std::vector<std::string> sender_keys;
  std::string digest;  // Fingerprint of the contents, Bundle id and timestamp left out
  bool is_bundle = false;
  bool atomic = true;       // false: a batch, whose entries fail one by one
  std::string_view header;  // the encoded MessageHeader of a message; a view into `encoded`
  std::vector<Item> items;
};

// Puts an encoded resource that a client sent through the rules that JSON meets; appends it to
// `*checked`.
bool CheckEncoded(std::string_view encoded,
                  const fhir::ReadOptions& options,
                  std::string* checked,
                  fhir::Issues* issues);

// Adds to `*issues` what invariants, reference rules and profiles find in a request, as grave as
// `tolerance` makes it. True unless the whole request is to be refused (422): an entry of a batch
// is refused alone.
bool MeetsRules(const fhir::ValidateOptions& options,
                fhir::Tolerance tolerance,
                Request* request,
                fhir::Issues* issues);

// Translates and takes apart. False if it is refused, with the reason in `issues` and the HTTP
// status in `*http_status` (400 for what cannot be read, 413 for a limit, 422 for what this
// interaction does not take). `submission.content` may be consumed.
bool Decode(const Submission& submission,
            const fhir::ReadOptions& options,
            std::size_t max_entries,
            Request* request,
            fhir::Issues* issues,
            int* http_status);

}  // namespace handoff::intake
