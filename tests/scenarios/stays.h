// Stays of invented patients, as the notifications that a hospital sends of them, and what a
// recipient can tell from one that reaches it.
//
// Messages are numbered, and the number is in the text as the time of the event: a recipient finds
// it again through any view. A patient goes through kStays stays of four messages each: admission,
// two transfers, discharge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"
#include "handoff/v1/exchange.pb.h"

namespace handoff::scenario {

using MessageNumber = std::uint32_t;
using PatientNumber = std::uint32_t;

inline constexpr std::uint32_t kSteps = 4;
inline constexpr std::uint32_t kStays = 3;

struct Step {
  PatientNumber patient = 0;
  std::uint32_t index = 0;           // 0 .. kStays * kSteps - 1, in the order of the patient's life
  MessageNumber number = 0;          // grows from step to step
  MessageNumber admission = 0;       // number of the message that began the stay
  bool has_second_practice = false;  // told beside the first one
};

// Where the text of a message names parties: `system|value` of their identifiers.
struct Parties {
  std::string hospital;
  std::string practice;
  std::string second_practice;
  std::string payer;
};

// What arrived.
struct Notice {
  std::string delivery;  // Bundle.id
  MessageNumber number = 0;
  PatientNumber patient = 0;
  std::uint64_t encounter_version = 0;  // meta.versionId
};

class Stays {
 public:
  // `origin`: the time of the event of message 0, to the second; that of message n is n
  // milliseconds later.
  Stays(Timestamp origin, Parties parties) : origin_(origin), parties_(std::move(parties)) {}

  // A Bundle of type message, some 3 kB.
  std::string Text(const Step& step) const;

  // nullopt: not a notification about one of these patients.
  std::optional<Notice> Read(const v1::Bundle& bundle) const;

  std::int64_t OccurredUs(MessageNumber number) const;

 private:
  std::string Instant(MessageNumber number) const;
  std::string Encounter(const Step& step) const;
  std::string Patient(const Step& step) const;

  const Timestamp origin_;
  const Parties parties_;
};

}  // namespace handoff::scenario
