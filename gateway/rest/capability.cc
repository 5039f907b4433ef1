#include "gateway/rest/capability.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <vector>

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/rest/outcome.h"
#include "gateway/rest/router.h"

namespace handoff::rest {
namespace {

std::string DateOf(Timestamp t) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(t));
  char text[16];
  std::snprintf(text,
                sizeof text,
                "%04d-%02u-%02u",
                static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

// Members of a FHIR resource, one call each.
template <class JsonWriter>
class StatementWriter {
 public:
  explicit StatementWriter(rapidjson::StringBuffer& buffer) : json_(buffer) {}

  void Write(const CapabilityOptions& options) {
    json_.StartObject();
    Text("resourceType", "CapabilityStatement");
    Text("name", "Handoff");
    Text("title", "Handoff, a FHIR gateway for care management");
    Text("status", "active");
    Text("date", DateOf(options.date));
    Text("kind", "instance");
    json_.Key("software");
    json_.StartObject();
    Text("name", "Handoff");
    Text("version", options.software_version);
    json_.EndObject();
    json_.Key("implementation");
    json_.StartObject();
    Text("description", "Handoff");
    Text("url", options.base_url);
    json_.EndObject();
    Text("fhirVersion", "4.0.1");
    json_.Key("format");
    json_.StartArray();
    String(kFhirJson);
    String("json");
    json_.EndArray();
    Rest();
    json_.EndObject();
  }

 private:
  void String(std::string_view text) {
    json_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void Text(const char* name, std::string_view value) {
    json_.Key(name);
    String(value);
  }
  void Flag(const char* name, bool value) {
    json_.Key(name);
    json_.Bool(value);
  }
  void Codes(const char* name, std::initializer_list<std::string_view> codes) {
    json_.Key(name);
    json_.StartArray();
    for (const std::string_view code : codes) {
      json_.StartObject();
      Text("code", code);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void Rest() {
    json_.Key("rest");
    json_.StartArray();
    json_.StartObject();
    Text("mode", "server");
    Security();
    json_.Key("resource");
    json_.StartArray();
    for (const std::string_view type : fhir::MappedTypes()) {
      if (IsServedType(type)) ResourceType(type);
    }
    json_.EndArray();
    Codes("interaction", {"transaction", "batch"});
    json_.Key("operation");
    json_.StartArray();
    Operation("process-message",
              "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message");
    Operation("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate");
    json_.EndArray();
    json_.EndObject();
    json_.EndArray();
  }

  void Operation(const char* name, const char* definition) {
    json_.StartObject();
    Text("name", name);
    Text("definition", definition);
    json_.EndObject();
  }

  void Security() {
    json_.Key("security");
    json_.StartObject();
    Flag("cors", false);
    json_.Key("service");
    json_.StartArray();
    json_.StartObject();
    json_.Key("coding");
    json_.StartArray();
    json_.StartObject();
    Text("system", "http://terminology.hl7.org/CodeSystem/restful-security-service");
    Text("code", "OAuth");
    json_.EndObject();
    json_.EndArray();
    json_.EndObject();
    json_.EndArray();
    json_.EndObject();
  }

  void ResourceType(std::string_view type) {
    json_.StartObject();
    Text("type", type);
    Codes("interaction", {"read", "vread", "search-type", "create", "update"});
    Text("versioning", "versioned");
    Flag("readHistory", true);
    Flag("updateCreate", true);
    Flag("conditionalCreate", true);
    Text("conditionalRead", "full-support");
    Flag("conditionalUpdate", false);
    Text("conditionalDelete", "not-supported");
    json_.Key("searchParam");
    json_.StartArray();
    SearchParameter("_id", "token");
    SearchParameter("_lastUpdated", "date");
    std::set<std::string_view> told;
    for (const auto& [name, kind] : fhir::SearchParameters(type)) {
      if (fhir::IsSearchable(type, name) && told.insert(name).second) SearchParameter(name, kind);
    }
    json_.EndArray();
    json_.EndObject();
  }

  void SearchParameter(std::string_view name, std::string_view kind) {
    json_.StartObject();
    Text("name", name);
    Text("type", kind);
    json_.EndObject();
  }

  JsonWriter json_;
};

}  // namespace

std::string CapabilityStatement(const CapabilityOptions& options, bool pretty) {
  rapidjson::StringBuffer buffer;
  if (pretty) {
    StatementWriter<rapidjson::PrettyWriter<rapidjson::StringBuffer>>(buffer).Write(options);
  } else {
    StatementWriter<rapidjson::Writer<rapidjson::StringBuffer>>(buffer).Write(options);
  }
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace handoff::rest
