#include "gateway/rest/bundle_answer.h"

#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/error.h"
#include "gateway/http/query.h"
#include "gateway/rest/etag.h"
#include "gateway/rest/outcome.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::rest {
namespace {

fhir::Severity SeverityOf(v1::IssueSeverity severity) {
  switch (severity) {
    case v1::ISSUE_SEVERITY_FATAL:
      return fhir::Severity::kFatal;
    case v1::ISSUE_SEVERITY_ERROR:
      return fhir::Severity::kError;
    case v1::ISSUE_SEVERITY_WARNING:
      return fhir::Severity::kWarning;
    default:
      return fhir::Severity::kInformation;
  }
}

std::string StatusLine(std::uint32_t status) {
  const std::string number = std::to_string(status);
  switch (status) {
    case 200:
      return number + " OK";
    case 201:
      return number + " Created";
    case 400:
      return number + " Bad Request";
    case 404:
      return number + " Not Found";
    case 409:
      return number + " Conflict";
    case 412:
      return number + " Precondition Failed";
    case 422:
      return number + " Unprocessable Entity";
    default:
      return number;
  }
}

// A UUID (RFC 9562, version 8) that stands for `name`: always the same one.
std::string UuidOf(std::string_view name) {
  Sha256Digest digest = Sha256(name);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);
  std::string hex = HexEncode({reinterpret_cast<const char*>(digest.data()), 16});
  for (const std::size_t dash : {20, 16, 12, 8}) hex.insert(dash, 1, '-');
  return hex;
}

std::string SearchUrl(const access::SearchRequest& request,
                      std::string_view base_url,
                      std::string_view page) {
  std::string url(base_url);
  url += '/';
  url += request.type;
  char separator = '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    url += separator;
    url += http::PercentEncode(name);
    url += '=';
    url += http::PercentEncode(value);
    separator = '&';
  };
  for (const auto& [name, value] : request.understood) add(name, value);
  if (!page.empty()) add("_page", page);
  return url;
}

// The row of the error table for an issue that was answered with `status`: the first that has both;
// else the first of the status, or the general one where there is none or the status is 422.
const ErrorInfo& ErrorOfIssue(std::uint32_t status, std::string_view code) {
  const ErrorInfo& general = Describe(ErrorId::kUnprocessable);
  const ErrorInfo* first = nullptr;
  for (int id = 0; id <= static_cast<int>(ErrorId::kInternal); ++id) {
    const ErrorInfo& info = Describe(static_cast<ErrorId>(id));
    if (static_cast<std::uint32_t>(info.http) != status) continue;
    if (info.issue_code == code) return info;
    if (first == nullptr) first = &info;
  }
  return first == nullptr || first->http == general.http ? general : *first;
}

fhir::Issue ToIssue(const v1::Receipt::Issue& issue, std::uint32_t status) {
  const fhir::Severity severity = SeverityOf(issue.severity());
  std::string text = issue.text();
  if (severity == fhir::Severity::kError || severity == fhir::Severity::kFatal) {
    text = std::string(ErrorOfIssue(status, issue.code()).code) + ": " + text;
  }
  return {severity, issue.code(), std::move(text), issue.expression()};
}

// The issues of one entry of a batch: those whose expression begins with its path.
fhir::Issues IssuesOfEntry(const v1::Receipt& receipt, std::size_t index) {
  const std::string path = "Bundle.entry[" + std::to_string(index) + "]";
  const std::uint32_t status = receipt.entries(static_cast<int>(index)).status();
  fhir::Issues issues;
  for (const v1::Receipt::Issue& issue : receipt.issues()) {
    if (issue.expression().starts_with(path)) issues.push_back(ToIssue(issue, status));
  }
  if (issues.empty()) {
    const std::string_view id = ErrorOfIssue(status, "processing").code;
    issues.push_back(
        {fhir::Severity::kError, "processing", std::string(id) + ": the entry was refused", path});
  }
  return issues;
}

http::Response BundleResponse(const fhir::NewBundle& bundle, bool pretty) {
  std::string encoded;
  fhir::AppendBundle(bundle, &encoded);
  return ResourceResponse(200, encoded, pretty);
}

std::string ResponseHeader(const v1::Receipt& receipt,
                           const BundlePeek& message,
                           std::string_view id,
                           std::string_view base_url,
                           const std::string& details) {
  v1::Resource resource;
  v1::MessageHeader& header = *resource.mutable_message_header();
  header.set_id(std::string(id));
  if (message.event_code.empty()) {
    header.set_event_uri(message.event_uri);
  } else {
    header.mutable_event_coding()->set_system(message.event_system);
    header.mutable_event_coding()->set_code(message.event_code);
  }
  header.mutable_source()->set_name("Handoff");
  header.mutable_source()->set_endpoint(std::string(base_url));
  v1::MessageHeader::Response& response = *header.mutable_response();
  response.set_identifier(message.header_id);
  response.set_code(receipt.accepted() ? v1::RESPONSE_CODE_OK : v1::RESPONSE_CODE_FATAL_ERROR);
  if (!details.empty()) response.mutable_details()->set_uri(details);
  std::string encoded;
  resource.SerializeToString(&encoded);
  return encoded;
}

}  // namespace

fhir::Issues IssuesOf(const v1::Receipt& receipt) {
  fhir::Issues issues;
  for (const v1::Receipt::Issue& issue : receipt.issues()) {
    issues.push_back(ToIssue(issue, receipt.http_status()));
  }
  return issues;
}

std::string UrlOf(std::string_view base_url, const v1::ResourceName& name) {
  std::string url(base_url);
  url += '/';
  url += name.type();
  url += '/';
  url += name.id();
  return url;
}

std::string VersionUrlOf(std::string_view base_url, const v1::ResourceName& name) {
  return UrlOf(base_url, name) + "/_history/" + std::to_string(name.version());
}

http::Response SearchsetResponse(const access::SearchPage& page,
                                 const access::SearchRequest& request,
                                 std::string_view base_url,
                                 bool pretty) {
  fhir::NewBundle bundle;
  bundle.type = "searchset";
  bundle.links.emplace_back("self", SearchUrl(request, base_url, request.page));
  if (!page.next.empty())
    bundle.links.emplace_back("next", SearchUrl(request, base_url, page.next));
  for (const access::Visible& item : page.items) {
    fhir::NewEntry& entry = bundle.entries.emplace_back();
    entry.full_url = UrlOf(base_url, item.name);
    entry.encoded = item.encoded;
    entry.search_mode = "match";
  }
  return BundleResponse(bundle, pretty);
}

http::Response TransactionResponse(const v1::Receipt& receipt,
                                   const std::vector<std::string>& resources,
                                   bool is_batch,
                                   std::string_view base_url,
                                   bool pretty) {
  fhir::NewBundle bundle;
  bundle.type = is_batch ? "batch-response" : "transaction-response";
  bundle.id = receipt.message_id();
  // What NewEntry views must outlive the bundle's encoding.
  std::vector<std::string> outcomes(static_cast<std::size_t>(receipt.entries_size()));
  for (int i = 0; i < receipt.entries_size(); ++i) {
    const v1::Receipt::Entry& from = receipt.entries(i);
    const auto index = static_cast<std::size_t>(i);
    fhir::NewEntry& entry = bundle.entries.emplace_back();
    entry.response_status = StatusLine(from.status());
    if (!from.resource().id().empty()) {
      entry.full_url = UrlOf(base_url, from.resource());
      entry.response_location = VersionUrlOf(base_url, from.resource());
      entry.response_etag = FormatETag(from.resource().version());
      entry.response_last_modified_us = from.last_modified_us();
      if (index < resources.size()) entry.encoded = resources[index];
    }
    if (from.status() >= 400) {
      fhir::AppendOutcome(IssuesOfEntry(receipt, index), &outcomes[index]);
      entry.response_outcome = outcomes[index];
    }
  }
  return BundleResponse(bundle, pretty);
}

http::Response MessageResponse(const v1::Receipt& receipt,
                               const BundlePeek& message,
                               std::string_view base_url,
                               bool pretty) {
  const std::string header_id = UuidOf(receipt.message_id() + " header");
  const std::string outcome_url = "urn:uuid:" + UuidOf(receipt.message_id() + " outcome");
  const bool has_outcome = receipt.issues_size() > 0;
  const std::string header =
      ResponseHeader(receipt, message, header_id, base_url, has_outcome ? outcome_url : "");
  std::string outcome;

  fhir::NewBundle bundle;
  bundle.type = "message";
  bundle.id = receipt.message_id();
  bundle.timestamp_us = receipt.received_us();
  fhir::NewEntry& first = bundle.entries.emplace_back();
  first.full_url = "urn:uuid:" + header_id;
  first.encoded = header;
  if (has_outcome) {
    fhir::AppendOutcome(IssuesOf(receipt), &outcome);
    fhir::NewEntry& second = bundle.entries.emplace_back();
    second.full_url = outcome_url;
    second.encoded = outcome;
  }
  return BundleResponse(bundle, pretty);
}

}  // namespace handoff::rest
