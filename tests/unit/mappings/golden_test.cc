// golden/X.json has every element of resource type X once. It comes back byte for byte, and each
// of its members has a field.
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "handoff/v1/exchange.pb.h"
#include "tests/support/read_file.h"
#include "tests/unit/mappings/mapping_test_util.h"

namespace handoff::fhir {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const std::filesystem::path kGolden = "tests/unit/mappings/golden";

// The first message at or below `message` that has something in `extra`; empty if there is none.
std::string HasExtra(const Message& message) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "extra") return message.GetDescriptor()->full_name();
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                  : reflection.GetMessage(message, field);
      if (std::string found = HasExtra(inner); !found.empty()) return found;
    }
  }
  return {};
}

TEST(GoldenTest, EveryMappedTypeHasOneThatComesBackByteForByte) {
  for (const std::string_view type : MappedTypes()) {
    const std::filesystem::path path = kGolden / (std::string(type) + ".json");
    ASSERT_TRUE(std::filesystem::exists(path)) << path;
    const std::string golden = testing::ReadFile(path);
    const std::string encoded = Encode(golden);
    std::string written;
    ASSERT_TRUE(WriteJson(encoded, {.pretty = true}, &written).ok()) << type;
    EXPECT_EQ(written + "\n", golden);
    v1::Resource resource;
    ASSERT_TRUE(ParseResource(encoded, &resource)) << type;
    EXPECT_EQ(resource.SerializeAsString(), encoded) << type;
    written.clear();
    ASSERT_TRUE(WriteJson(resource, {.pretty = true}, &written).ok()) << type;
    EXPECT_EQ(written + "\n", golden) << "by the message";
    EXPECT_FALSE(resource.has_opaque()) << type;
    EXPECT_EQ(HasExtra(resource), "") << type;
  }
}

TEST(GoldenTest, EveryElementOfAMapStandsInItsGoldenFile) {
  for (const std::string_view type : MappedTypes()) {
    const std::string golden = testing::ReadFile(kGolden / (std::string(type) + ".json"));
    v1::Resource resource;
    ASSERT_TRUE(resource.ParseFromString(Encode(golden))) << type;
    const Message& message = resource.GetReflection()->GetMessage(
        resource,
        resource.GetReflection()->GetOneofFieldDescriptor(resource,
                                                          resource.GetDescriptor()->oneof_decl(0)));
    const auto& descriptor = *message.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const FieldDescriptor& field = *descriptor.field(i);
      const std::string& name = field.name();
      if (name == "extra" || name == "contained" || name == "implicit_rules" ||
          name == "language" || field.containing_oneof() != nullptr)
        continue;
      const auto& reflection = *message.GetReflection();
      EXPECT_TRUE(field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                      : reflection.HasField(message, &field))
          << field.full_name();
    }
  }
}

}  // namespace
}  // namespace handoff::fhir
