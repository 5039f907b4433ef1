// handoff-mapc --out tables.cc a.map b.map ...
//
// Reads the maps, checks them against the internal model, and writes the tables that drive the
// runtime. Every mistake is reported as file:line: message; any mistake means exit status 1 and no
// output.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "fhir-mappings/compiler/emit.h"
#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"

namespace {

int Run(const std::string& out_path, const std::vector<std::string>& files) {
  handoff::mapc::MapSet maps;
  handoff::mapc::Errors errors;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (!in) errors.Add({file, 0}, "cannot be read");
    handoff::mapc::ParseMap(file, text, maps, errors);
  }
  // Names the union, so that the linker keeps all messages of the model.
  const auto* pool = handoff::v1::Resource::descriptor()->file()->pool();
  const handoff::mapc::Schema schema = handoff::mapc::Resolve(maps, *pool, errors);
  std::string source;
  if (errors.empty()) source = handoff::mapc::Emit(schema, {files.front(), 1}, errors);
  if (!errors.empty()) {
    for (const std::string& error : errors.list()) std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  std::ofstream out(out_path, std::ios::binary | std::ios::trunc);
  out << source;
  out.close();
  if (!out) {
    std::fprintf(stderr, "%s: cannot be written\n", out_path.c_str());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string out_path;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--out" && i + 1 < argc) {
      out_path = argv[++i];
    } else {
      files.emplace_back(argv[i]);
    }
  }
  if (out_path.empty() || files.empty()) {
    std::fprintf(stderr, "usage: handoff-mapc --out tables.cc file.map ...\n");
    return 2;
  }
  return Run(out_path, files);
}
