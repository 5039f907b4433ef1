// A resolved schema as C++ that fills and writes message objects of handoff.v1 directly.
#pragma once

#include <string>

#include "fhir-mappings/compiler/schema.h"

namespace handoff::mapc {

// The definition of fhir::internal::ReadMessage: wire bytes to a message.
std::string EmitMessageReader(const Schema& schema, const google::protobuf::Descriptor& resource);

// The definition of fhir::internal::WriteMessage: a message to JSON.
std::string EmitMessageWriter(const Schema& schema, const google::protobuf::Descriptor& resource);

}  // namespace handoff::mapc
