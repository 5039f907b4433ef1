// What FHIR R4 as the maps tell it accepts, and what JSON a message stands for: written as the
// rules read, from the maps' text and the descriptors of handoff.v1, with nothing of
// fhir-mappings/runtime but the names of kinds. Test programs hold the runtime against it.
#pragma once

#include <string>
#include <vector>

#include "fhir-mappings/compiler/schema.h"
#include "handoff/v1/exchange.pb.h"
#include "tests/support/plain/plain_json.h"

namespace handoff::plain {

class Model {
 public:
  // All maps of fhir-mappings/r4, resolved. Aborts if they do not.
  // REQUIRES: the working directory is the root of the source.
  static const Model& OfTheMaps();

  // Why a document is refused; empty if it is not.
  std::string Refusal(const Value& document) const;
  // The same for its text, which may be no JSON at all.
  std::string Refusal(std::string_view json) const;

  // The document that a message stands for.
  Value Write(const v1::Resource& resource) const;

 private:
  using Type = mapc::SchemaType;
  using Rule = mapc::SchemaMember;

  const Type* ResourceNamed(const std::string& name) const;
  const Rule* MemberNamed(const Type& type, const std::string& name) const;

  std::string Resource(const Value& value) const;
  std::string Opaque(const Value& value) const;
  std::string Object(const Type& type, const Value& value) const;
  std::string Members(const Type& type, const Value& value) const;
  std::string Element(const Rule& member, int min, int max, const Value& value) const;
  std::string Item(const Rule& member, const Value& value) const;
  std::string Sibling(const Rule& member, const Value& value) const;
  std::string Foreign(const Value& value) const;
  // Known extensions: what has a field, what is wrong with those, and how they are written.
  const Rule* ExtensionOf(const Type& type, const Value& extension) const;
  std::string Extensions(const Type& type, const Value& list) const;
  Value WriteExtension(const Rule& member, const google::protobuf::Message& message, int i) const;
  void WriteExtensions(const Type& type,
                       const google::protobuf::Message& message,
                       Value& object) const;

  void WriteObject(const Type& type, const google::protobuf::Message& message, Value& object) const;
  void WriteMember(const Rule& member,
                   const google::protobuf::Message& message,
                   Value& object) const;
  // Item `i` of a list, or the single value if `i` is negative; null for a gap.
  Value WriteItem(const Rule& member, const google::protobuf::Message& message, int i) const;

  mapc::Schema schema_;
};

}  // namespace handoff::plain
