// The FHIR interactions, one file each. Every function answers the call, now or later.
// Runs on: the executor.
#pragma once

#include "gateway/rest/call.h"

namespace handoff::rest {

void Capabilities(Call& call);  // does not block: runs on the connection's thread
void Read(Call& call);          // read and vread
void Search(Call& call);
void Validate(Call& call);

void Create(const CallPtr& call);
void Update(const CallPtr& call);
void Transaction(const CallPtr& call);  // batch too
void ProcessMessage(const CallPtr& call);

}  // namespace handoff::rest
