// Synthetic discharges: invented people, one message each, cheap enough to make that the generator
// does not measure itself.
//
// The text of a message is built once; what differs from one message to the next (ids, names,
// numbers) has a fixed width and is overwritten in place. The same seed makes the same messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"

namespace handoff::load {

struct Identifier {
  std::string system;
  std::string value;
};

struct SyntheticOptions {
  std::uint32_t seed = 1;  // of 28 bits: distinct seeds make distinct people
  // The size of the text is this or a little more; at least what the resources need (10 kB).
  std::size_t bytes = 30'000;
  Timestamp now;        // when the stay ended; gateways keep news of old stays to themselves
  Identifier hospital;  // who sends
  Identifier practice;  // Patient.generalPractitioner
  Identifier payer;     // Coverage.payor
};

class Discharges {
 public:
  explicit Discharges(const SyntheticOptions& options);

  // One message; pass it to Stamp() before it is sent.
  const std::string& text() const { return text_; }

  // Makes `text`, a copy of text(), message `number` (below 10^12).
  void Stamp(std::uint64_t number, char* text) const;

  // The number of the message that `text` is about: any text with the id of a Patient of this seed,
  // which every view shows.
  std::optional<std::uint64_t> NumberIn(std::string_view text) const;

 private:
  enum class Kind { kNumber, kFamily, kGiven, kBirthDate };
  struct Place {
    std::size_t offset;
    Kind kind;
  };

  void FindPlaces(std::string_view marker, Kind kind);

  const SyntheticOptions options_;
  std::string patient_id_prefix_;
  std::string text_;
  std::vector<Place> places_;
};

}  // namespace handoff::load
