// No text harms handoff-mapc: it is compiled, alone and behind the data types, or every mistake in
// it is told.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fhir-mappings/compiler/emit.h"
#include "fhir-mappings/compiler/map_file.h"
#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/read_file.h"

namespace {

using namespace handoff::mapc;

const MapSet& DataTypes() {
  static const MapSet& maps = *[] {
    auto* const read = new MapSet;
    Errors errors;
    const std::string file = "fhir-mappings/r4/datatypes.map";
    ParseMap(file, handoff::testing::ReadFile(file), *read, errors);
    if (!errors.empty() || read->definitions.empty()) std::abort();
    return read;
  }();
  return maps;
}

void Compile(MapSet maps, std::string_view text) {
  Errors errors;
  ParseMap("fuzz.map", text, maps, errors);
  const auto& pool = *handoff::v1::Resource::descriptor()->file()->pool();
  const Schema schema = Resolve(maps, pool, errors);
  if (!errors.empty()) return;
  const std::string source = Emit(schema, {"fuzz.map", 1}, errors);
  if (errors.empty() && source.find("kTables = {") == source.npos) {
    std::fprintf(stderr, "broken: what compiles has tables\n");
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Compile({}, text);
  Compile(DataTypes(), text);
  return 0;
}
