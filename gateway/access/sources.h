// What reading works with.
#pragma once

#include <functional>
#include <memory>

#include "gateway/base/clock.h"
#include "gateway/directory/directory.h"
#include "gateway/policy/views.h"
#include "gateway/store/store.h"

namespace handoff::access {

// The configuration that decides what is seen. A reload makes a new one; a call that has begun
// stays with the one it took.
struct Rules {
  std::shared_ptr<const directory::Directory> directory;
  std::shared_ptr<const policy::Views> views;
};

struct Sources {
  store::Store& store;
  const Clock& clock;
  std::function<Rules()> rules;  // the current ones, never with a null member; any thread
};

}  // namespace handoff::access
