// The in-memory store: the model that the durable ones are checked against, and what tests use.
//
// Keeps the contract of store.h in full but for one thing: nothing survives the process. Commits
// run on a committer thread of its own, callbacks included, as in the durable stores. Old values
// are kept for ever, so it is not for production.
#pragma once

#include <memory>

#include "gateway/store/options.h"
#include "gateway/store/store.h"

namespace handoff::store {

// REQUIRES: the options are in their ranges.
std::unique_ptr<Store> OpenMemoryStore(StoreOptions options = {});

}  // namespace handoff::store
