#include "gateway/delivery/message_envelope.h"

#include "gateway/care/times.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::delivery {
namespace {

using directory::EndpointKind;
using directory::Party;

constexpr char kName[] = "Handoff";
constexpr char kOrganizationId[] = "handoff-gateway";
constexpr char kParticipantType[] =
    "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

// Whoever runs the gateway.
const Party* Operator(const directory::Directory& directory) {
  for (const Party& party : directory.parties()) {
    if (party.is_operator) return &party;
  }
  return nullptr;
}

void SetIdentifier(const Party& party, v1::Identifier* identifier) {
  identifier->set_system(party.identifiers.front().system);
  identifier->set_value(party.identifiers.front().value);
}

std::string Organization(const Party* operator_party) {
  v1::Resource resource;
  v1::Organization& organization = *resource.mutable_organization();
  organization.set_id(kOrganizationId);
  organization.set_name(operator_party == nullptr ? kName : operator_party->name);
  if (operator_party != nullptr && !operator_party->identifiers.empty())
    SetIdentifier(*operator_party, organization.add_identifiers());
  return resource.SerializeAsString();
}

void PointToUs(v1::Reference* reference) {
  reference->set_resource_type("Organization");
  reference->set_resource_id(kOrganizationId);
}

std::string Header(const v1::Delivery& delivery, const EnvelopeInputs& inputs) {
  v1::Resource resource;
  v1::MessageHeader& header = *resource.mutable_message_header();
  header.set_id(delivery.id());
  *header.mutable_event_coding() = inputs.codes.CodingOf(delivery.event().kind());
  v1::MessageHeader::Destination& destination = *header.add_destinations();
  destination.set_name(inputs.recipient.name);
  destination.set_endpoint(inputs.endpoint.kind == EndpointKind::kStream
                               ? "urn:handoff:party:" + inputs.recipient.key.value()
                               : inputs.endpoint.url);
  PointToUs(header.mutable_sender());
  header.mutable_source()->set_name(kName);
  header.mutable_source()->set_software(kName);
  header.mutable_source()->set_endpoint(inputs.base_url);
  v1::Reference& focus = *header.add_focus();
  focus.set_resource_type(delivery.event().focus().type());
  focus.set_resource_id(delivery.event().focus().id());
  return resource.SerializeAsString();
}

v1::Provenance::Agent& AddAgent(const char* type, v1::Provenance& provenance) {
  v1::Provenance::Agent& agent = *provenance.add_agents();
  v1::Coding& coding = *agent.mutable_type()->add_codings();
  coding.set_system(kParticipantType);
  coding.set_code(type);
  return agent;
}

// `assembler`, not `transmitter`: what a view leaves out makes it another content.
std::string Provenance(const v1::Delivery& delivery, const EnvelopeInputs& inputs) {
  v1::Resource resource;
  v1::Provenance& provenance = *resource.mutable_provenance();
  provenance.set_id(delivery.id() + "-provenance");
  v1::Reference& target = *provenance.add_targets();
  target.set_resource_type("MessageHeader");
  target.set_resource_id(delivery.id());
  *provenance.mutable_recorded() = care::ToDateTime(FromMicros(delivery.created_us()));
  const Party* const author = inputs.directory.Find(PartyKey(delivery.event().source()));
  if (author != nullptr && inputs.view.AllowsType("Organization")) {
    v1::Reference& who = *AddAgent("author", provenance).mutable_who();
    who.set_type("Organization");
    if (!author->identifiers.empty()) SetIdentifier(*author, who.mutable_identifier());
    who.set_display(author->name);
  }
  PointToUs(AddAgent("assembler", provenance).mutable_who());
  return resource.SerializeAsString();
}

}  // namespace

Envelope Enclose(const v1::Delivery& delivery, const EnvelopeInputs& inputs) {
  return {Header(delivery, inputs),
          {Organization(Operator(inputs.directory)), Provenance(delivery, inputs)}};
}

}  // namespace handoff::delivery
