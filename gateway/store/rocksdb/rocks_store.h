// The embedded store: RocksDB in one directory.
//
// Durability: a commit is in the write-ahead log, synced, before it is reported, and it is seen by
// nobody before that. What was reported survives a crash of the process, of the machine, and loss
// of power, as far as the disk keeps what it says it synced. A log whose middle is damaged is
// refused at open, not cut short.
//
// After a write that the disk refused, every commit answers kUnavailable until the store is opened
// anew: what the log then holds of the refused commits is unknown before it is read again. Reads
// go on.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "gateway/store/options.h"
#include "gateway/store/store.h"

namespace handoff::store {

// Opens the store in `directory`, creating it if absent (its parent must exist). Takes time and
// memory in proportion to the deliveries that are pending or dead.
//
// Errors:
//   kInvalidArgument     an option is outside its range
//   kFailedPrecondition  another process holds the directory, or it holds something else, or a
//                        store whose disk format this version does not read
//   kDataLoss            a record or the log is damaged; nothing was modified
//   kUnavailable         the disk fails or is full
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const std::string& directory,
                                                      StoreOptions options = {});

}  // namespace handoff::store
