#include "gateway/intake/request.h"

#include <algorithm>
#include <utility>

#include "gateway/base/bytes.h"
#include "gateway/policy/label_scan.h"

namespace handoff::intake {
namespace {

using fhir::Issue;
using fhir::Issues;
using fhir::Severity;

bool Refuse(Issues* issues,
            int* http_status,
            int status,
            std::string_view code,
            std::string text,
            std::string path) {
  issues->push_back(Issue{Severity::kError, code, std::move(text), std::move(path)});
  *http_status = status;
  return false;
}

bool IsTooBig(const Issues& issues) {
  return std::any_of(issues.begin(), issues.end(), [](const Issue& i) {
    return i.code == "too-long" || i.code == "too-costly";
  });
}

// The last part of a urn:uuid or of an absolute or relative URL that ends in Type/id.
std::string_view IdOfFullUrl(std::string_view full_url) {
  const std::size_t cut = full_url.find_last_of(":/");
  return cut == std::string_view::npos ? std::string_view() : full_url.substr(cut + 1);
}

// "Type/id" or "Type"; a leading slash is tolerated.
std::pair<std::string_view, std::string_view> SplitUrl(std::string_view url) {
  if (!url.empty() && url.front() == '/') url.remove_prefix(1);
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return {url, {}};
  return {url.substr(0, slash), url.substr(slash + 1)};
}

// W/"3" or "3" or 3.
std::string VersionOfETag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::string EntryPath(std::size_t index, std::string_view member) {
  return "Bundle.entry[" + std::to_string(index) + "]." + std::string(member);
}

// One entry of a transaction or batch.
bool DecodeWrite(const fhir::BundleEntry& entry,
                 std::size_t index,
                 Item* item,
                 Issues* issues,
                 int* http_status) {
  if (entry.method.empty()) {
    return Refuse(issues,
                  http_status,
                  400,
                  "required",
                  "an entry of a transaction or batch has a request",
                  EntryPath(index, "request"));
  }
  const auto [type, id] = SplitUrl(entry.url);
  if (entry.method != "POST" && entry.method != "PUT") {
    return Refuse(issues,
                  http_status,
                  422,
                  "not-supported",
                  "only POST and PUT entries are taken",
                  EntryPath(index, "request.method"));
  }
  if (entry.resource.empty()) {
    return Refuse(issues,
                  http_status,
                  400,
                  "required",
                  "a POST or PUT entry has a resource",
                  EntryPath(index, "resource"));
  }
  const fhir::Head head = fhir::ReadHead(entry.resource);
  if (type != head.type) {
    return Refuse(issues,
                  http_status,
                  400,
                  "invalid",
                  "request.url names another type than the resource",
                  EntryPath(index, "request.url"));
  }
  item->type = head.type;
  item->encoded = entry.resource;
  item->full_url = entry.full_url;
  item->path = EntryPath(index, "resource");
  item->if_match = VersionOfETag(entry.if_match);
  item->if_none_exist = std::string(entry.if_none_exist);
  if (entry.method == "POST") {
    item->id = std::string(head.id);
    return true;
  }
  if (id.empty() || id.find_first_of("/?") != std::string_view::npos ||
      (!head.id.empty() && head.id != id)) {
    return Refuse(issues,
                  http_status,
                  400,
                  "invalid",
                  "a PUT entry has the url Type/id with the id of its resource",
                  EntryPath(index, "request.url"));
  }
  item->op = Item::Op::kUpdate;
  item->keep_id = true;
  item->id = std::string(id);
  return true;
}

// One entry of a message.
void DecodeCarried(const fhir::BundleEntry& entry, std::size_t index, Item* item) {
  const fhir::Head head = fhir::ReadHead(entry.resource);
  item->op = Item::Op::kUpdate;
  item->type = head.type;
  item->encoded = entry.resource;
  item->full_url = entry.full_url;
  item->path = EntryPath(index, "resource");
  item->id = std::string(head.id.empty() ? IdOfFullUrl(entry.full_url) : head.id);
  item->keep_id = !item->id.empty() && item->id.size() <= 64;
}

std::string ContentDigest(const fhir::BundleView& bundle) {
  Fingerprint fingerprint;
  for (const fhir::BundleEntry& entry : bundle.entries) {
    for (const std::string_view part : {entry.full_url, entry.method, entry.url, entry.resource}) {
      fingerprint.Add(part);
    }
    if (entry.if_match.empty() && entry.if_none_exist.empty()) continue;
    fingerprint.Add(entry.if_match);
    fingerprint.Add(entry.if_none_exist);
  }
  return fingerprint.Finish();
}

// The MessageHeader is the first entry (FHIR R4 bdl-12) and is not itself kept as a resource: the
// message is.
bool DecodeHeader(const fhir::BundleView& bundle,
                  Request* request,
                  Issues* issues,
                  int* http_status) {
  const std::string_view first =
      bundle.entries.empty() ? std::string_view() : bundle.entries[0].resource;
  const fhir::Head head = fhir::ReadHead(first);
  if (head.type != "MessageHeader") {
    return Refuse(issues,
                  http_status,
                  422,
                  "invalid",
                  "the first entry of a message is a MessageHeader (bdl-12)",
                  EntryPath(0, "resource"));
  }
  request->header = first;
  if (!head.id.empty()) request->sender_keys.push_back("header:" + std::string(head.id));
  return true;
}

bool DecodeBundle(const fhir::BundleView& bundle,
                  Interaction interaction,
                  std::size_t max_entries,
                  Request* request,
                  Issues* issues,
                  int* http_status) {
  const bool message = bundle.type == "message";
  const bool writes = bundle.type == "transaction" || bundle.type == "batch";
  const bool wanted = interaction == Interaction::kSubmit           ? message || writes
                      : interaction == Interaction::kProcessMessage ? message
                                                                    : writes;
  if (!wanted) {
    return Refuse(issues,
                  http_status,
                  422,
                  "not-supported",
                  interaction == Interaction::kProcessMessage
                      ? "$process-message takes a Bundle of type message"
                      : "a Bundle of this type is not taken here",
                  "Bundle.type");
  }
  if (bundle.entries.size() > max_entries) {
    return Refuse(issues,
                  http_status,
                  413,
                  "too-costly",
                  "a Bundle has at most " + std::to_string(max_entries) + " entries",
                  "Bundle.entry");
  }
  request->is_bundle = true;
  request->kind = message ? "process-message" : bundle.type == "batch" ? "batch" : "transaction";
  request->atomic = bundle.type != "batch";
  request->digest = ContentDigest(bundle);
  if (message && !DecodeHeader(bundle, request, issues, http_status)) return false;
  if (!bundle.id.empty()) request->sender_keys.push_back("bundle:" + std::string(bundle.id));
  request->items.reserve(bundle.entries.size());
  for (std::size_t i = message ? 1 : 0; i < bundle.entries.size(); ++i) {
    const fhir::BundleEntry& entry = bundle.entries[i];
    if (message && entry.resource.empty()) continue;
    Item item;
    if (message) {
      DecodeCarried(entry, i, &item);
    } else if (!DecodeWrite(entry, i, &item, issues, &item.refused) && request->atomic) {
      *http_status = item.refused;
      return false;
    }
    request->items.push_back(std::move(item));
  }
  return true;
}

bool DecodeSingle(const Submission& submission,
                  Request* request,
                  Issues* issues,
                  int* http_status) {
  const fhir::Head head = fhir::ReadHead(request->encoded);
  Item item;
  item.type = head.type;
  item.encoded = request->encoded;
  item.path = std::string(head.type);
  item.id = std::string(head.id);
  if (!submission.type.empty() && submission.type != head.type) {
    return Refuse(issues,
                  http_status,
                  400,
                  "invalid",
                  "the resource is not of the type that the URL names",
                  std::string(head.type));
  }
  if (submission.interaction == Interaction::kUpdate) {
    if (head.id != submission.id) {
      return Refuse(issues,
                    http_status,
                    400,
                    "invalid",
                    "the resource has the id that the URL names",
                    std::string(head.type) + ".id");
    }
    item.op = Item::Op::kUpdate;
    item.keep_id = true;
    item.if_match = VersionOfETag(submission.if_match);
    request->kind = "update";
  } else {
    item.if_none_exist = submission.if_none_exist;
    request->kind = "create";
  }
  Fingerprint fingerprint;
  fingerprint.Add(request->encoded);
  request->digest = fingerprint.Finish();
  request->items.push_back(std::move(item));
  return true;
}

// The entry of a batch that an issue is about.
bool RefuseEntryOf(const Issue& issue, Request* request) {
  if (request->atomic) return false;
  for (Item& item : request->items) {
    if (!issue.expression.starts_with(item.path)) continue;
    const std::string_view below = std::string_view(issue.expression).substr(item.path.size());
    if (!below.empty() && below.front() != '.') continue;
    item.refused = 422;
    return true;
  }
  return false;
}

}  // namespace

bool CheckEncoded(std::string_view encoded,
                  const fhir::ReadOptions& options,
                  std::string* checked,
                  Issues* issues) {
  std::string json;
  std::string once_more;
  if (!fhir::WriteJson(encoded, {}, &json).ok()) {
    issues->push_back(
        Issue{Severity::kFatal, "structure", "not an encoded handoff.v1.Resource", ""});
    return false;
  }
  if (!fhir::ReadJson(json, options, &once_more, issues)) return false;
  checked->append(once_more);
  return true;
}

bool MeetsRules(const fhir::ValidateOptions& options,
                fhir::Tolerance tolerance,
                Request* request,
                fhir::Issues* issues) {
  const Severity gravest =
      tolerance == fhir::Tolerance::kReject ? Severity::kFatal : SeverityOf(tolerance);
  fhir::Issues found;
  fhir::Validate(request->encoded, options, &found);
  bool meets = true;
  for (Issue& issue : found) {
    issue.severity = std::min(issue.severity, gravest);
    if (issue.severity >= Severity::kError && !RefuseEntryOf(issue, request)) meets = false;
    issues->push_back(std::move(issue));
  }
  return meets;
}

bool Decode(const Submission& submission,
            const fhir::ReadOptions& options,
            std::size_t max_entries,
            Request* request,
            fhir::Issues* issues,
            int* http_status) {
  if (submission.encoded) {
    if (!CheckEncoded(submission.content, options, &request->encoded, issues)) {
      *http_status = IsTooBig(*issues) ? 413 : 400;
      return false;
    }
  } else if (!fhir::ReadJson(submission.content, options, &request->encoded, issues)) {
    *http_status = IsTooBig(*issues) ? 413 : 400;
    return false;
  }
  policy::SpreadLabels(&request->encoded);
  if (const std::optional<fhir::BundleView> bundle = fhir::ReadBundle(request->encoded);
      bundle && submission.interaction != Interaction::kCreate &&
      submission.interaction != Interaction::kUpdate) {
    return DecodeBundle(*bundle, submission.interaction, max_entries, request, issues, http_status);
  }
  if (submission.interaction == Interaction::kProcessMessage ||
      submission.interaction == Interaction::kBundle) {
    return Refuse(issues, http_status, 400, "invalid", "a Bundle is expected here", "");
  }
  return DecodeSingle(submission, request, issues, http_status);
}

}  // namespace handoff::intake
