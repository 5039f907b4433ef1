// One message while it is understood: what is asked, what was decided so far, what comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

#include "gateway/care/events.h"
#include "gateway/care/story.h"
#include "gateway/care/times.h"

namespace handoff::care {

// Of a relative reference; the key of anything else is empty.
ResourceKey KeyOf(const v1::Reference& reference);

// Where `element` of a resource stands in the message: "Bundle.entry[2].resource.status", or
// "Task.status" if the resource is the message.
std::string PathOf(const Written& written, std::string_view element);

class Reading {
 public:
  Reading(const Message& message, Facts& facts)
      : message_(message), facts_(facts), stories_(message, facts) {}

  const Message& message() const { return message_; }
  Facts& facts() { return facts_; }
  Stories& stories() { return stories_; }
  std::int64_t received_us() const { return ToMicros(message_.received); }
  // A DateTime or Date, as the sender means it.
  template <class T>
  std::optional<std::int64_t> Micros(const T& time) const {
    return care::Micros(time, [this](int year, unsigned month, unsigned day) {
      return facts_.StartOfDay(year, month, day);
    });
  }

  // Null if the message does not write it.
  const Written* FindWritten(const ResourceKey& key) const {
    return stories_.FindWritten(key.type, key.id);
  }
  // The resource as the message leaves it, if it is of this message or stored.
  std::optional<v1::Resource> Resource(const ResourceKey& key);

  // Whether the request is for `party` to act on: its own, or asked for in its name. One that is
  // not there yet is nobody's.
  bool IsFor(const ResourceKey& service_request, const PartyKey& party);

  // As this message has changed it so far. What was understood while the person was not known was
  // told to no one, so for `person_id` it is as if it had not been; nor is another's stay theirs.
  std::optional<v1::Transition> StayOf(const ResourceKey& encounter, std::uint64_t person_id);
  // The stay of somebody else that this Encounter stood for until this message.
  std::optional<v1::Transition> StayOfAnother(const ResourceKey& encounter,
                                              std::uint64_t person_id);
  std::optional<v1::Referral> ReferralOf(const ResourceKey& task_or_service_request,
                                         std::uint64_t person_id);
  // Takes the new state; the version is the stored one plus one, however often it is put.
  void Put(v1::Transition stay);
  void Put(v1::Referral referral);

  // An event with what every event carries; the caller fills in the rest of it.
  v1::Event& AddEvent(v1::EventKind kind,
                      const v1::ResourceName& focus,
                      std::uint64_t person_id,
                      std::int64_t occurred_us);
  void AddIssue(fhir::Severity severity, std::string text, std::string expression);

  Understanding Finish() { return std::move(out_); }

 private:
  const Message& message_;
  Facts& facts_;
  Stories stories_;
  Understanding out_;
  absl::flat_hash_map<std::string, std::uint64_t> stored_versions_;  // by id of a stay or referral
};

}  // namespace handoff::care
