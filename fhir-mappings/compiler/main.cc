// handoff-mapc --out tables.cc [--reader message_reader.cc] [--writer message_writer.cc] a.map ...
//
// Reads the maps, checks them against the internal model, and writes the tables that drive the
// runtime, and the code that fills and writes message objects. Every mistake is reported as
// file:line: message; any mistake means exit status 1 and no output.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "fhir-mappings/compiler/emit.h"
#include "fhir-mappings/compiler/emit_messages.h"
#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"

namespace {

struct Options {
  std::string tables;
  std::string reader;
  std::string writer;
  std::vector<std::string> maps;
};

bool Write(const std::string& path, const std::string& source) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << source;
  out.close();
  if (!out) std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
  return static_cast<bool>(out);
}

int Run(const Options& options) {
  handoff::mapc::MapSet maps;
  handoff::mapc::Errors errors;
  for (const std::string& file : options.maps) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (!in) errors.Add({file, 0}, "cannot be read");
    handoff::mapc::ParseMap(file, text, maps, errors);
  }
  // Names the union, so that the linker keeps all messages of the model.
  const auto& resource = *handoff::v1::Resource::descriptor();
  const handoff::mapc::Schema schema =
      handoff::mapc::Resolve(maps, *resource.file()->pool(), errors);
  std::string tables;
  if (errors.empty()) tables = handoff::mapc::Emit(schema, {options.maps.front(), 1}, errors);
  if (!errors.empty()) {
    for (const std::string& error : errors.list()) std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }
  const bool written =
      Write(options.tables, tables) &&
      (options.reader.empty() ||
       Write(options.reader, handoff::mapc::EmitMessageReader(schema, resource))) &&
      (options.writer.empty() ||
       Write(options.writer, handoff::mapc::EmitMessageWriter(schema, resource)));
  return written ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::string*> outputs = {
      {"--out", &options.tables}, {"--reader", &options.reader}, {"--writer", &options.writer}};
  for (int i = 1; i < argc; ++i) {
    const auto output = outputs.find(argv[i]);
    if (output != outputs.end() && i + 1 < argc) {
      *output->second = argv[++i];
    } else {
      options.maps.emplace_back(argv[i]);
    }
  }
  if (options.tables.empty() || options.maps.empty()) {
    std::fprintf(stderr,
                 "usage: handoff-mapc --out tables.cc [--reader message_reader.cc] "
                 "[--writer message_writer.cc] file.map ...\n");
    return 2;
  }
  return Run(options);
}
