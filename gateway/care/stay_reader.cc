#include "gateway/care/stay_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/care/times.h"
#include "gateway/care/transition.h"

namespace handoff::care {
namespace {

struct News {
  v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
  std::int64_t occurred_us = 0;
  std::string status;
  bool timeline_only = false;  // it is over by now: recorded, told to no one
};

struct Visit {
  const v1::Encounter& now;
  const v1::ResourceName& name;
  std::uint64_t person_id = 0;
  bool of_unknown = false;  // as Written::of_unknown
  const v1::Encounter* before = nullptr;
  v1::EventKind announced = v1::EVENT_KIND_UNSPECIFIED;
  std::string expression;
};

std::string DispositionOf(const v1::Encounter& encounter) {
  for (const v1::Coding& coding : encounter.hospitalization().discharge_disposition().codings()) {
    if (!coding.code().empty()) return coding.code();
  }
  return {};
}

const v1::Encounter::Location* PlaceOf(const v1::Encounter& encounter) {
  const auto& places = encounter.locations();
  const auto active = std::find_if(places.begin(), places.end(), [](const auto& place) {
    return place.status() == v1::ENCOUNTER_LOCATION_STATUS_ACTIVE;
  });
  if (active != places.end()) return &*active;
  return places.empty() ? nullptr : &places[places.size() - 1];
}

// An end given as a day includes it all (R4 datatypes.html#Period): what the Encounter says of
// that day comes before it.
std::optional<std::int64_t> End(const v1::Encounter& encounter, const Reading& reading) {
  std::optional<std::int64_t> end = reading.Micros(encounter.period().end());
  if (!end || encounter.period().end().precision() != v1::DateTime::DAY) return end;
  constexpr std::int64_t kDayUs = 86'400'000'000;
  const std::int64_t next_day = *end + kDayUs;
  const auto include = [&](const v1::Period& period) {
    const std::optional<std::int64_t> start = reading.Micros(period.start());
    if (start && *start < next_day) end = std::max(*end, *start);
  };
  include(encounter.period());
  for (const auto& place : encounter.locations()) include(place.period());
  return end;
}

std::string TextOf(const v1::Reference& reference) {
  return reference.uri().empty() ? reference.resource_type() + "/" + reference.resource_id()
                                 : reference.uri();
}

// Reads one Encounter against what is known of the stay.
class VisitReader {
 public:
  VisitReader(const EventRules& rules, Reading* reading, const Visit& visit)
      : rules_(rules),
        reading_(*reading),
        visit_(visit),
        start_(reading->Micros(visit.now.period().start())),
        end_(End(visit.now, *reading)),
        phase_(rules.PhaseOf(visit.now.status())),
        known_(reading->StayOf(KeyOf(visit.name), visit.person_id)),
        person_id_(visit.person_id == 0 && known_ ? known_->person_id() : visit.person_id) {
    // Still there at the end of the month is billed as a disposition; it is no discharge.
    if (phase_ == StayPhase::kEnded && rules.IsStillPatient(DispositionOf(visit.now))) {
      phase_ = StayPhase::kPresent;
    }
    reinstated_ = PhaseBefore() == StayPhase::kVoid && phase_ != StayPhase::kVoid;
  }

  void Run() {
    if (IsStale()) {
      reading_.AddIssue(fhir::Severity::kInformation,
                        "older than what is known of this stay: kept, and told to no one",
                        visit_.expression);
      return;
    }
    // A mix-up: the stay is left as it is until the Encounter names its person again.
    if (visit_.of_unknown && person_id_ != 0) return;
    const bool announced = visit_.announced != v1::EVENT_KIND_UNSPECIFIED;
    if (!announced && !known_ && !rules_.IsStay(ClassCode())) return;
    std::optional<News> news = announced ? Announced() : Derived();
    const bool changed =
        known_ && known_->class_code() != ClassCode() && phase_ != StayPhase::kVoid;
    if (news) {
      Tell(*news);
    } else if (changed) {
      v1::Transition stay = *known_;
      stay.set_class_code(ClassCode());
      *stay.mutable_encounter() = visit_.name;
      reading_.Put(std::move(stay));
    }
  }

 private:
  const std::string& ClassCode() const { return visit_.now.class_value().code(); }

  // What was taken back is not known any more.
  bool Known(v1::EventKind kind, std::optional<std::int64_t> stated) const {
    if (!known_ || reinstated_) return false;
    if (kind == v1::EVENT_KIND_DISCHARGE && known_->discharged_us() == 0) return false;
    return stated ? HasStep(*known_, kind, *stated) : HasStep(*known_, kind);
  }

  std::optional<News> Once(v1::EventKind kind, std::optional<std::int64_t> stated) const {
    if (Known(kind, stated)) return std::nullopt;
    return News{kind, stated.value_or(reading_.received_us()), {}, false};
  }

  // A notification says itself what happened; the Encounter says when.
  std::optional<News> Announced() {
    if (phase_ == StayPhase::kVoid || IsReopened()) return Derived();
    switch (visit_.announced) {
      case v1::EVENT_KIND_ADMIT: {
        if (BecomesAdmission()) return ClassChange();
        std::optional<News> news = Once(v1::EVENT_KIND_ADMIT, start_);
        if (news && known_ && known_->discharged_us() != 0) news->timeline_only = true;
        return news;
      }
      case v1::EVENT_KIND_DISCHARGE:
        if (std::optional<News> news = Once(v1::EVENT_KIND_DISCHARGE, end_)) return news;
        return Correction();
      default: {
        const v1::Encounter::Location* place = PlaceOf(visit_.now);
        const auto since =
            place == nullptr ? std::nullopt : reading_.Micros(place->period().start());
        const bool again = !since && visit_.before != nullptr && !PlaceChanged();
        if (again && Known(v1::EVENT_KIND_TRANSFER, std::nullopt)) return std::nullopt;
        const std::int64_t at = since.value_or(reading_.received_us());
        return Once(v1::EVENT_KIND_TRANSFER, at);
      }
    }
  }

  std::optional<News> Derived() {
    switch (phase_) {
      case StayPhase::kNone:
        return std::nullopt;
      case StayPhase::kPresent:
        return Present();
      case StayPhase::kEnded:
        return Ended();
      case StayPhase::kVoid: {
        if (!known_ || PhaseBefore() == phase_) return std::nullopt;
        return Update(kCancelled);
      }
    }
    return std::nullopt;
  }

  std::optional<News> Present() {
    if (!known_) return Once(v1::EVENT_KIND_ADMIT, start_);
    if (BecomesAdmission()) return ClassChange();
    if (reinstated_) return Once(v1::EVENT_KIND_ADMIT, start_);
    if (!HasStep(*known_, v1::EVENT_KIND_ADMIT)) {
      std::optional<News> late = Once(v1::EVENT_KIND_ADMIT, start_);
      if (late) late->timeline_only = known_->discharged_us() != 0;
      return late;
    }
    if (known_->discharged_us() != 0) return Update(kDischargeCancelled);
    if (!PlaceChanged()) return std::nullopt;
    const auto since = reading_.Micros(PlaceOf(visit_.now)->period().start());
    if (!LeavesFacility()) return Update(kMoved, since);
    return Once(v1::EVENT_KIND_TRANSFER, since.value_or(reading_.received_us()));
  }

  // The retraction of a discharge comes as a discharge of who is there again (v2 A13).
  bool IsReopened() const {
    return visit_.announced == v1::EVENT_KIND_DISCHARGE && phase_ == StayPhase::kPresent && !end_ &&
           known_ && known_->discharged_us() != 0 && PhaseBefore() == StayPhase::kEnded;
  }

  std::optional<StayPhase> PhaseBefore() const {
    if (visit_.before == nullptr) return std::nullopt;
    return rules_.PhaseOf(visit_.before->status());
  }

  // Sent before what is known, and late.
  bool IsStale() const {
    if (visit_.before == nullptr) return false;
    const auto now = reading_.Micros(visit_.now.meta().last_updated());
    const auto before = reading_.Micros(visit_.before->meta().last_updated());
    return now && before && *now < *before;
  }

  std::optional<News> Ended() {
    if (!known_ && !end_) return std::nullopt;  // over, but nobody says when: history
    std::optional<News> news = Once(v1::EVENT_KIND_DISCHARGE, end_);
    if (news) {
      if (!known_) {
        reading_.AddIssue(fhir::Severity::kInformation, "admission not seen", visit_.expression);
      }
      return news;
    }
    return Correction();
  }

  // REQUIRES: the stay is known to be over.
  std::optional<News> Correction() const {
    const std::string disposition = DispositionOf(visit_.now);
    if (disposition.empty() || disposition == known_->disposition()) return std::nullopt;
    return Update(kCorrected);
  }

  News Update(const char* status, std::optional<std::int64_t> at = std::nullopt) const {
    return {v1::EVENT_KIND_ENCOUNTER_UPDATE, at.value_or(reading_.received_us()), status, false};
  }

  // An emergency visit that becomes an inpatient stay is admitted a second time, and told a second
  // time.
  bool BecomesAdmission() const {
    return known_ && known_->discharged_us() == 0 &&
           rules_.IsAdmission(known_->class_code(), ClassCode());
  }

  std::optional<News> ClassChange() const {
    std::optional<std::int64_t> since;
    for (const v1::Encounter::ClassHistory& past : visit_.now.class_history()) {
      since = std::max(since, reading_.Micros(past.period().end()));
    }
    return News{v1::EVENT_KIND_ADMIT, since.value_or(reading_.received_us()), {}, false};
  }

  bool PlaceChanged() const {
    if (visit_.before == nullptr) return false;
    const v1::Encounter::Location* from = PlaceOf(*visit_.before);
    const v1::Encounter::Location* to = PlaceOf(visit_.now);
    return from != nullptr && to != nullptr && TextOf(from->location()) != TextOf(to->location());
  }

  // A move from bed to bed is no transfer (Da Vinci Alerts, use cases). Where nothing tells that
  // the facility is the same, it is one: better told once too often than a patient out of sight.
  bool LeavesFacility() {
    const v1::Encounter& before = *visit_.before;
    if (before.has_service_provider() && visit_.now.has_service_provider()) {
      return TextOf(before.service_provider()) != TextOf(visit_.now.service_provider());
    }
    const v1::Encounter::Location* to = PlaceOf(visit_.now);
    if (rules_.IsInsideFacility(to->physical_type())) return false;
    const std::string from_facility = FacilityOf(*PlaceOf(before));
    return from_facility.empty() || from_facility != FacilityOf(*to);
  }

  std::string FacilityOf(const v1::Encounter::Location& place) {
    const std::optional<v1::Resource> location = reading_.Resource(KeyOf(place.location()));
    if (!location || !location->location().has_managing_organization()) return {};
    return TextOf(location->location().managing_organization());
  }

  v1::Transition NewStay() {
    v1::Transition stay;
    stay.set_id(MintId('t', reading_.received_us()));
    stay.set_person_id(person_id_);
    PartyKey facility = reading_.facts().PartyOf(visit_.now.service_provider());
    if (facility.empty()) facility = reading_.message().sender;
    stay.set_source(facility.value());
    return stay;
  }

  void Tell(const News& news) {
    v1::Transition stay = known_ ? *known_ : NewStay();
    *stay.mutable_encounter() = visit_.name;
    stay.set_class_code(ClassCode());
    if (start_) stay.set_admitted_us(*start_);
    if (news.kind == v1::EVENT_KIND_ADMIT && stay.admitted_us() == 0) {
      stay.set_admitted_us(news.occurred_us);
    }
    if (news.kind == v1::EVENT_KIND_DISCHARGE) stay.set_discharged_us(news.occurred_us);
    if (news.status == kDischargeCancelled || (reinstated_ && phase_ == StayPhase::kPresent)) {
      stay.set_discharged_us(0);
      stay.clear_disposition();
    } else if (const std::string disposition = DispositionOf(visit_.now); !disposition.empty()) {
      stay.set_disposition(disposition);
    }
    AddStep(&stay, news.kind, news.occurred_us, reading_.message().id, reading_.message().received);
    const std::string id = stay.id();
    reading_.Put(std::move(stay));
    if (news.timeline_only) return;

    v1::Event& event = reading_.AddEvent(news.kind, visit_.name, person_id_, news.occurred_us);
    event.set_transition_id(id);
    event.set_status(news.status);
    Stories& stories = reading_.stories();
    if (visit_.announced != v1::EVENT_KIND_UNSPECIFIED) {
      stories.TellMessage(visit_.name, person_id_, event.mutable_resources());
    } else {
      stories.TellWithReferrers(visit_.name, person_id_, event.mutable_resources());
    }
  }

  const EventRules& rules_;
  Reading& reading_;
  const Visit& visit_;
  const std::optional<std::int64_t> start_;
  const std::optional<std::int64_t> end_;
  StayPhase phase_;
  bool reinstated_ = false;  // what was void is not, now
  const std::optional<v1::Transition> known_;
  const std::uint64_t person_id_;
};

// An Encounter that is of another patient now. For the one before, it was an error, and who was
// told of it hears so: of the version that was theirs.
void TakeBack(const EventRules& rules, const Visit& visit, v1::Transition stay, Reading* reading) {
  const std::uint64_t person_id = stay.person_id();
  v1::ResourceName past = visit.name;
  past.set_version(visit.name.version() - 1);
  *stay.mutable_encounter() = past;
  const std::int64_t now_us = reading->received_us();
  AddStep(&stay,
          v1::EVENT_KIND_ENCOUNTER_UPDATE,
          now_us,
          reading->message().id,
          reading->message().received);
  const std::string id = stay.id();
  reading->Put(std::move(stay));
  reading->AddIssue(fhir::Severity::kWarning,
                    "the stay of one patient is now another's: taken back from those who were told",
                    visit.expression);
  if (rules.PhaseOf(visit.before->status()) == StayPhase::kVoid) return;
  v1::Event& event = reading->AddEvent(v1::EVENT_KIND_ENCOUNTER_UPDATE, past, person_id, now_us);
  event.set_transition_id(id);
  event.set_status(kCancelled);
  *event.add_resources() = past;
  const ResourceKey patient = KeyOf(visit.before->subject());
  const std::optional<StoredNow> stored = reading->facts().Find(patient);
  if (!stored || stored->person_id != person_id) return;
  const Written* const written = reading->FindWritten(patient);
  v1::ResourceName& name = *event.add_resources();
  name.set_type(patient.type);
  name.set_id(patient.id);
  name.set_version(written == nullptr ? stored->version : written->name.version());
}

// The Encounter that a notification is about: its focus, or the only one it brings.
ResourceKey AnnouncedEncounter(const Message& message) {
  for (const v1::Reference& focus : message.header->focus()) {
    if (focus.resource_type() == "Encounter") return KeyOf(focus);
  }
  ResourceKey only;
  for (const Written& written : message.resources) {
    if (written.name.type() != "Encounter") continue;
    if (!only.id.empty()) return {};
    only = KeyOf(written.name);
  }
  return only;
}

// A notification may be about an Encounter that came earlier.
void ReadStored(const EventRules& rules,
                const ResourceKey& key,
                v1::EventKind announced,
                Reading* reading) {
  const std::optional<StoredNow> stored =
      key.id.empty() ? std::nullopt : reading->facts().Find(key);
  v1::Resource resource;
  if (!stored || stored->owner != reading->message().sender.value() ||
      !fhir::ParseResource(stored->encoded, &resource) || !resource.has_encounter()) {
    reading->AddIssue(
        fhir::Severity::kWarning,
        "the notification announces an event but its focus is no Encounter that is known from this "
        "sender",
        "MessageHeader.focus");
    return;
  }
  v1::ResourceName name;
  name.set_type(key.type);
  name.set_id(key.id);
  name.set_version(stored->version);
  const Visit visit{resource.encounter(),
                    name,
                    stored->person_id,
                    stored->of_unknown,
                    nullptr,
                    announced,
                    "MessageHeader.focus"};
  VisitReader(rules, reading, visit).Run();
}

}  // namespace

void ReadStays(const EventRules& rules, Reading* reading) {
  const Message& message = reading->message();
  const v1::EventKind announced = message.header == nullptr
                                      ? v1::EVENT_KIND_UNSPECIFIED
                                      : rules.KindOf(message.header->event_coding());
  const ResourceKey focus =
      announced == v1::EVENT_KIND_UNSPECIFIED ? ResourceKey() : AnnouncedEncounter(message);
  bool focus_read = announced == v1::EVENT_KIND_UNSPECIFIED;
  for (const Written& written : message.resources) {
    if (written.now == nullptr || !written.now->has_encounter()) continue;
    const bool is_focus = !focus.id.empty() && KeyOf(written.name) == focus;
    focus_read = focus_read || is_focus;
    const Visit visit{written.now->encounter(),
                      written.name,
                      written.person_id,
                      written.of_unknown,
                      written.before == nullptr ? nullptr : &written.before->encounter(),
                      is_focus ? announced : v1::EVENT_KIND_UNSPECIFIED,
                      PathOf(written, {})};
    if (visit.before != nullptr) {
      if (auto stay = reading->StayOfAnother(KeyOf(written.name), written.person_id))
        TakeBack(rules, visit, *std::move(stay), reading);
    }
    VisitReader(rules, reading, visit).Run();
  }
  if (!focus_read) ReadStored(rules, focus, announced, reading);
}

}  // namespace handoff::care
