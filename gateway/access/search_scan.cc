#include "gateway/access/search_scan.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "fhir-mappings/runtime/resource.h"
#include "gateway/access/page_token.h"
#include "gateway/base/status_macros.h"
#include "gateway/directory/identity.h"

namespace handoff::access {
namespace {

constexpr std::size_t kPersonsAtOnce = 64;
constexpr std::size_t kCandidatesAtOnce = 64;
constexpr std::size_t kMaxCandidates = 20'000;

// Everything that must be the same on every page.
std::string Asked(const SearchRequest& request) {
  std::string asked = request.type;
  for (const auto& [name, value] : request.understood) {
    if (name == "_count") continue;
    asked += '\n';
    asked += name;
    asked += '=';
    asked += value;
  }
  return asked;
}

bool Matches(const SearchRequest& request, const Visible& visible) {
  if (request.groups.empty()) return true;
  fhir::SearchTokens tokens;
  fhir::AppendTokens(visible.encoded, &tokens);
  return std::all_of(request.groups.begin(), request.groups.end(), [&](const SearchGroup& group) {
    return group.Matches(tokens);
  });
}

// What the store can decide by itself: groups of whole tokens.
store::Query QueryOf(const SearchRequest& request) {
  store::Query query;
  query.type = request.type;
  query.updated_from = request.updated_from;
  query.updated_until = request.updated_until;
  query.limit = kCandidatesAtOnce;
  for (const SearchGroup& group : request.groups) {
    std::vector<std::string> tokens;
    for (const SearchValue& value : group.values) {
      if (value.kind == SearchValue::Kind::kExact) tokens.push_back(group.name + "=" + value.text);
    }
    if (tokens.size() == group.values.size()) query.tokens.push_back(std::move(tokens));
  }
  return query;
}

class SearchScan {
 public:
  SearchScan(Viewer& viewer,
             const SearchRequest& request,
             const std::optional<std::vector<PersonId>>& persons,
             PagePosition position)
      : viewer_(viewer),
        request_(request),
        persons_(persons),
        position_(std::move(position)),
        query_(QueryOf(request)) {}

  absl::StatusOr<SearchPage> Run() {
    while (true) {
      HANDOFF_ASSIGN_OR_RETURN(query_.persons, NextPersons());
      if (query_.persons.empty()) return std::move(page_);
      HANDOFF_ASSIGN_OR_RETURN(const bool full, ScanPersons());
      if (full) {
        page_.next = EncodePage(viewer_.caller(), Asked(request_), position_);
        return std::move(page_);
      }
      position_.started = true;
      position_.after = query_.persons.back();
      position_.resume.clear();
    }
  }

 private:
  absl::StatusOr<std::vector<PersonId>> NextPersons() {
    if (persons_) return position_.started ? std::vector<PersonId>() : *persons_;
    if (!position_.started) return std::vector<PersonId>{PersonId::kNone};
    if (IsDirectoryType(request_.type)) return std::vector<PersonId>();
    return viewer_.snapshot().PersonsOf(viewer_.caller(), position_.after, kPersonsAtOnce);
  }

  // True if the page ends here: `position_` is then where the next one goes on.
  absl::StatusOr<bool> ScanPersons() {
    while (true) {
      query_.resume = position_.resume;
      HANDOFF_ASSIGN_OR_RETURN(const store::Page candidates, viewer_.snapshot().Find(query_));
      for (const store::SharedResource& stored : candidates.items) {
        HANDOFF_ASSIGN_OR_RETURN(const bool full, Take(*stored));
        if (full) return true;
      }
      if (candidates.resume.empty()) return false;
      position_.resume = candidates.resume;
    }
  }

  // True if `stored` belongs to the next page.
  absl::StatusOr<bool> Take(const store::ResourceVersion& stored) {
    const PersonId person{stored.person_id()};
    const std::string id(stored.id());
    if (std::pair(person, id) <= std::pair(position_.last_person, position_.last_id)) return false;
    if (candidates_++ == kMaxCandidates) return true;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<Visible> visible, viewer_.Show(stored));
    const bool match = visible && Matches(request_, *visible);
    if (match && page_.items.size() == request_.count) return true;
    // With the page full, only a match may end it; what is passed over until then is not told.
    if (match || page_.items.size() < request_.count) {
      position_.last_person = person;
      position_.last_id = id;
    }
    if (match) page_.items.push_back(*std::move(visible));
    return false;
  }

  Viewer& viewer_;
  const SearchRequest& request_;
  const std::optional<std::vector<PersonId>>& persons_;
  PagePosition position_;
  store::Query query_;
  SearchPage page_;
  std::size_t candidates_ = 0;
};

// With `_id` there are few candidates, and no one to look through.
absl::StatusOr<SearchPage> SearchById(Viewer& viewer,
                                      const SearchRequest& request,
                                      PagePosition position) {
  std::vector<ResourceKey> keys;
  for (const std::string& id : *request.ids) keys.push_back({request.type, id});
  HANDOFF_ASSIGN_OR_RETURN(const auto resources, viewer.snapshot().ReadMany(keys));
  std::vector<const store::ResourceVersion*> candidates;
  for (const store::SharedResource& stored : resources) {
    if (!stored) continue;
    const Timestamp updated = FromMicros(stored->updated_us());
    if (request.updated_from && updated < *request.updated_from) continue;
    if (request.updated_until && updated >= *request.updated_until) continue;
    candidates.push_back(&*stored);
  }
  std::sort(candidates.begin(), candidates.end(), [](const auto* a, const auto* b) {
    return std::forward_as_tuple(a->person_id(), a->id()) <
           std::forward_as_tuple(b->person_id(), b->id());
  });
  SearchPage page;
  for (const store::ResourceVersion* stored : candidates) {
    const PersonId person{stored->person_id()};
    const std::string id(stored->id());
    if (std::pair(person, id) <= std::pair(position.last_person, position.last_id)) continue;
    HANDOFF_ASSIGN_OR_RETURN(std::optional<Visible> visible, viewer.Show(*stored));
    if (!visible || !Matches(request, *visible)) continue;
    if (page.items.size() == request.count) {
      page.next = EncodePage(viewer.caller(), Asked(request), position);
      break;
    }
    position.last_person = person;
    position.last_id = id;
    page.items.push_back(*std::move(visible));
  }
  return page;
}

// Whether every value of `group` is a reference to a Patient.
bool NamesPatients(const SearchGroup& group) {
  return std::all_of(group.values.begin(), group.values.end(), [](const SearchValue& value) {
    return value.kind == SearchValue::Kind::kExact && value.text.starts_with("Patient/");
  });
}

void SortUnique(std::vector<PersonId>* persons) {
  std::sort(persons->begin(), persons->end());
  persons->erase(std::unique(persons->begin(), persons->end()), persons->end());
}

absl::StatusOr<std::vector<PersonId>> PersonsOfPatients(Viewer& viewer, const SearchGroup& group) {
  std::vector<ResourceKey> keys;
  for (const SearchValue& value : group.values) {
    keys.push_back({"Patient", value.text.substr(value.text.find('/') + 1)});
  }
  HANDOFF_ASSIGN_OR_RETURN(const auto patients, viewer.snapshot().ReadMany(keys));
  std::vector<PersonId> persons;
  for (const store::SharedResource& patient : patients) {
    if (patient) persons.push_back(PersonId{patient->person_id()});
  }
  SortUnique(&persons);
  return persons;
}

absl::StatusOr<std::optional<std::vector<PersonId>>> PersonsOfIdentifiers(
    Viewer& viewer, const SearchGroup& group) {
  std::vector<PersonId> persons;
  for (const SearchValue& value : group.values) {
    if (value.kind != SearchValue::Kind::kExact || value.text.starts_with('|')) {
      return std::nullopt;
    }
    HANDOFF_ASSIGN_OR_RETURN(const std::optional<PersonId> person,
                             PersonByIdentifier(viewer, value.text));
    if (person) persons.push_back(*person);
  }
  SortUnique(&persons);
  return persons;
}

}  // namespace

absl::StatusOr<SearchPage> RunSearch(Viewer& viewer,
                                     const SearchRequest& request,
                                     const std::optional<std::vector<PersonId>>& persons) {
  HANDOFF_ASSIGN_OR_RETURN(PagePosition position,
                           DecodePage(viewer.caller(), Asked(request), request.page));
  if (request.ids) return SearchById(viewer, request, std::move(position));
  return SearchScan(viewer, request, persons, std::move(position)).Run();
}

absl::StatusOr<std::optional<std::vector<PersonId>>> PersonsNamed(Viewer& viewer,
                                                                  const SearchRequest& request) {
  for (const SearchGroup& group : request.groups) {
    if ((group.name == "patient" || group.name == "subject") && NamesPatients(group)) {
      return PersonsOfPatients(viewer, group);
    }
    if (request.type == "Patient" && group.name == "identifier") {
      HANDOFF_ASSIGN_OR_RETURN(auto persons, PersonsOfIdentifiers(viewer, group));
      if (persons) return persons;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<PersonId>> PersonByIdentifier(Viewer& viewer, std::string_view token) {
  const std::size_t bar = token.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  std::string key = directory::NormalSystem(token.substr(0, bar));
  key += token.substr(bar);
  HANDOFF_ASSIGN_OR_RETURN(const PersonId person,
                           store::PersonByIdentifier(viewer.snapshot(), key));
  if (person == PersonId::kNone) return std::nullopt;
  return person;
}

}  // namespace handoff::access
