#include "tests/corpus/corpus_files.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/read_file.h"

namespace handoff::testing {
namespace {

using fhir::JsonValue;

const JsonValue* Member(const JsonValue& value, std::string_view name) {
  const auto member = value.members.find(std::string(name));
  return member == value.members.end() ? nullptr : &member->second;
}

}  // namespace

std::string CorpusFolder() {
  const std::filesystem::path folder = std::filesystem::path("..") / "shared" / "corpora";
  return std::filesystem::is_directory(folder) ? folder.string() : std::string();
}

std::vector<CorpusFile> ReadCorpus(const std::string& folder, std::string_view part) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CorpusFolder() + "/" + folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".json") && name.find(part) != std::string::npos)
      paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<CorpusFile> files;
  for (const std::filesystem::path& path : paths) {
    CorpusFile file{folder + "/" + path.filename().string(), ReadFile(path), {}};
    if (fhir::ParseValue(file.text, file.json)) files.push_back(std::move(file));
  }
  return files;
}

std::vector<const JsonValue*> ResourcesOf(const JsonValue& bundle, std::string_view type) {
  std::vector<const JsonValue*> resources;
  const JsonValue* entries = Member(bundle, "entry");
  if (entries == nullptr) return resources;
  for (const JsonValue& entry : entries->items) {
    const JsonValue* resource = Member(entry, "resource");
    if (resource != nullptr && (type.empty() || TextAt(*resource, "resourceType") == type))
      resources.push_back(resource);
  }
  return resources;
}

std::string TextAt(const JsonValue& value, std::string_view path) {
  const std::size_t slash = path.find('/');
  const JsonValue* member = Member(value, path.substr(0, slash));
  if (member == nullptr) return {};
  return slash == std::string_view::npos ? member->text : TextAt(*member, path.substr(slash + 1));
}

std::string TransactionOf(const std::vector<std::string>& resources) {
  std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (const std::string& text : resources) {
    JsonValue resource;
    EXPECT_TRUE(fhir::ParseValue(text, resource));
    if (!bundle.ends_with('[')) bundle += ",";
    bundle += R"({"resource":)" + text + R"(,"request":{"method":"PUT","url":")" +
              TextAt(resource, "resourceType") + "/" + TextAt(resource, "id") + "\"}}";
  }
  return bundle + "]}";
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace handoff::testing
