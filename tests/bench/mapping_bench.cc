// JSON to the internal model and back, beside what others do with the same documents: parse them
// and throw all away (RapidJSON, simdjson), or translate the same messages (protobuf's own JSON).
//
// All in one run, so that ratios count: `mapping.sh` prints them. The time is that of one document.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>
#include <google/protobuf/util/json_util.h>
#include <simdjson.h>

#include "fhir-mappings/runtime/rapidjson.h"
#include "fhir-mappings/runtime/resource.h"
#include "fhir-mappings/validation/validate.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/bench/mapping_documents.h"

namespace handoff::fhir {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

// A document in every form that is read.
struct Sample {
  std::string name;
  std::string json;
  simdjson::padded_string padded;
  std::string encoded;
  std::string proto_json;
  v1::Resource message;
};

std::vector<std::unique_ptr<Sample>> MakeSamples() {
  std::vector<std::unique_ptr<Sample>> samples;
  for (bench::Document& document : bench::MakeDocuments(1)) {
    auto sample = std::make_unique<Sample>();
    sample->name = document.name;
    sample->json = std::move(document.json);
    sample->padded = simdjson::padded_string(sample->json);
    Issues issues;
    Require(ReadJson(sample->json, {}, &sample->encoded, &issues) && issues.empty());
    Require(sample->message.ParseFromString(sample->encoded));
    Require(google::protobuf::util::MessageToJsonString(sample->message, &sample->proto_json).ok());
    samples.push_back(std::move(sample));
  }
  return samples;
}

// --- Floors: the text is parsed and nothing is made of it.

struct NullHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, NullHandler> {};

void RapidJsonIntoNothing(benchmark::State& state, const Sample& sample) {
  std::vector<char> copy(sample.json.size() + 32);
  for (auto _ : state) {
    std::memcpy(copy.data(), sample.json.c_str(), sample.json.size() + 1);
    rapidjson::InsituStringStream stream(copy.data());
    NullHandler handler;
    rapidjson::Reader reader;
    Require(!(reader.Parse < rapidjson::kParseInsituFlag |
              rapidjson::kParseNumbersAsStringsFlag > (stream, handler).IsError()));
  }
}

void SimdjsonDom(benchmark::State& state, const Sample& sample) {
  simdjson::dom::parser parser;
  for (auto _ : state) {
    simdjson::dom::element root;
    Require(parser.parse(sample.padded).get(root) == simdjson::SUCCESS);
    benchmark::DoNotOptimize(root);
  }
}

std::size_t Walk(simdjson::ondemand::value value) {
  std::size_t n = 1;
  simdjson::ondemand::json_type type{};
  Require(value.type().get(type) == simdjson::SUCCESS);
  switch (type) {
    case simdjson::ondemand::json_type::object:
      for (auto field : value.get_object()) {
        Require(field.unescaped_key().error() == simdjson::SUCCESS);
        n += Walk(field.value());
      }
      return n;
    case simdjson::ondemand::json_type::array:
      for (auto item : value.get_array()) n += Walk(item.value());
      return n;
    case simdjson::ondemand::json_type::string:
      return value.get_string().value().size();
    default:
      return value.raw_json_token().size();
  }
}

void SimdjsonOnDemand(benchmark::State& state, const Sample& sample) {
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    simdjson::ondemand::document document;
    Require(parser.iterate(sample.padded).get(document) == simdjson::SUCCESS);
    benchmark::DoNotOptimize(Walk(document.get_value().value()));
  }
}

// --- protobuf's own JSON of the same messages.

// An arena that begins in memory that is there already, as one for each message would.
class Arena {
 public:
  google::protobuf::Arena* Fresh() {
    arena_.Reset();
    return &arena_;
  }

 private:
  std::vector<char> memory_ = std::vector<char>(std::size_t{256} << 10);
  google::protobuf::Arena arena_{memory_.data(), memory_.size()};
};

void ProtobufJsonToMessage(benchmark::State& state, const Sample& sample) {
  Arena arena;
  for (auto _ : state) {
    auto* const message = google::protobuf::Arena::CreateMessage<v1::Resource>(arena.Fresh());
    Require(google::protobuf::util::JsonStringToMessage(sample.proto_json, message).ok());
  }
}

void ProtobufMessageToJson(benchmark::State& state, const Sample& sample) {
  std::string json;
  for (auto _ : state) {
    json.clear();
    Require(google::protobuf::util::MessageToJsonString(sample.message, &json).ok());
    benchmark::DoNotOptimize(json.data());
  }
}

// --- Ours.

void JsonToWire(benchmark::State& state, const Sample& sample) {
  std::string encoded;
  Issues issues;
  for (auto _ : state) {
    Require(ReadJson(sample.json, {}, &encoded, &issues));
    benchmark::DoNotOptimize(encoded.data());
  }
}

void JsonToWireAndTokens(benchmark::State& state, const Sample& sample) {
  std::string encoded;
  Issues issues;
  SearchTokens tokens;
  for (auto _ : state) {
    tokens.clear();
    Require(ReadJson(sample.json, {}, &encoded, &issues));
    if (const std::optional<BundleView> bundle = ReadBundle(encoded)) {
      for (const BundleEntry& entry : bundle->entries) AppendTokens(entry.resource, &tokens);
    } else {
      AppendTokens(encoded, &tokens);
    }
    benchmark::DoNotOptimize(tokens.size());
  }
}

// Structure is checked as the document is read; this is all of the base rules beside it.
void ValidateWire(benchmark::State& state, const Sample& sample) {
  Issues issues;
  for (auto _ : state) {
    issues.clear();
    Validate(sample.encoded, {}, &issues);
    Require(!HasErrors(issues));
  }
}

void JsonToMessage(benchmark::State& state, const Sample& sample) {
  std::string encoded;
  Issues issues;
  Arena arena;
  for (auto _ : state) {
    Require(ReadJson(sample.json, {}, &encoded, &issues));
    auto* const message = google::protobuf::Arena::CreateMessage<v1::Resource>(arena.Fresh());
    Require(ParseResource(encoded, message, Utf8::kKnown));
  }
}

void WireToJson(benchmark::State& state, const Sample& sample) {
  std::string json;
  for (auto _ : state) {
    json.clear();
    Require(WriteJson(sample.encoded, {}, &json).ok());
    benchmark::DoNotOptimize(json.data());
  }
}

void MessageToJson(benchmark::State& state, const Sample& sample) {
  std::string json;
  for (auto _ : state) {
    json.clear();
    Require(WriteJson(sample.message, {}, &json).ok());
    benchmark::DoNotOptimize(json.data());
  }
}

using Benchmark = void (*)(benchmark::State&, const Sample&);

// MAPPING_BENCH_ITERATIONS fixes how often each benchmark runs, for a profiler that counts.
std::int64_t FixedIterations() {
  const char* const text = std::getenv("MAPPING_BENCH_ITERATIONS");
  return text == nullptr ? 0 : std::atoll(text);
}

void Register(const std::vector<std::unique_ptr<Sample>>& samples) {
  const std::int64_t iterations = FixedIterations();
  const std::vector<std::pair<std::string, Benchmark>> benchmarks = {
      {"RapidJsonIntoNothing", RapidJsonIntoNothing},
      {"SimdjsonDom", SimdjsonDom},
      {"SimdjsonOnDemand", SimdjsonOnDemand},
      {"ProtobufJsonToMessage", ProtobufJsonToMessage},
      {"ProtobufMessageToJson", ProtobufMessageToJson},
      {"JsonToWire", JsonToWire},
      {"JsonToWireAndTokens", JsonToWireAndTokens},
      {"ValidateWire", ValidateWire},
      {"JsonToMessage", JsonToMessage},
      {"WireToJson", WireToJson},
      {"MessageToJson", MessageToJson},
  };
  for (const auto& sample : samples) {
    for (const auto& [name, run] : benchmarks) {
      auto* const registered = benchmark::RegisterBenchmark(
          (sample->name + "/" + name).c_str(),
          [measure = run, &document = *sample](benchmark::State& state) {
            measure(state, document);
            state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                                    static_cast<std::int64_t>(document.json.size()));
          });
      if (iterations != 0) registered->Iterations(iterations);
    }
  }
}

}  // namespace
}  // namespace handoff::fhir

int main(int argc, char** argv) {
  const auto samples = handoff::fhir::MakeSamples();
  handoff::fhir::Register(samples);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("simdjson", simdjson::get_active_implementation()->name());
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
