#include "gateway/intake/resolve.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "fhir-mappings/runtime/resource.h"
#include "gateway/base/bytes.h"
#include "gateway/base/status_macros.h"
#include "gateway/care/referral.h"
#include "gateway/directory/attribution.h"
#include "gateway/policy/label_scan.h"

namespace handoff::intake {
namespace {

using fhir::Issue;
using fhir::Issues;
using fhir::ReferenceEdit;
using fhir::ReferenceView;
using fhir::Severity;

// Takes the objects of an ordinary message.
constexpr std::size_t kArenaBytes = std::size_t{16} << 10;

constexpr std::string_view kScoped = "s-";
constexpr std::size_t kScopedDigits = 32;

std::string ScopedId(const PartyKey& sender, std::string_view type, std::string_view id) {
  std::string text = sender.value();
  text.append(1, '|').append(type).append(1, '|').append(id);
  return std::string(kScoped) + Sha256Hex(text).substr(0, kScopedDigits);
}

// Whether it has the form of ScopedId(). No sender may choose such an id: anybody could work out
// where another's resource will go, and be there first.
bool IsReserved(std::string_view id) {
  return id.size() == kScoped.size() + kScopedDigits && id.starts_with(kScoped) &&
         id.find_first_not_of("0123456789abcdef", kScoped.size()) == id.npos;
}

std::string KeyText(std::string_view type, std::string_view id) {
  std::string text(type);
  return text.append(1, '/').append(id);
}

// Null if it belongs to none.
absl::StatusOr<store::SharedReferral> ReferralOf(store::Snapshot& snapshot,
                                                 const store::ResourceVersion& resource) {
  HANDOFF_ASSIGN_OR_RETURN(const auto id,
                           snapshot.Lookup(store::LinkKind::kResourceToReferral,
                                           KeyText(resource.type(), resource.id())));
  if (!id) return nullptr;
  return snapshot.ReadReferral(*id);
}

class Resolver {
 public:
  Resolver(store::Snapshot& snapshot,
           const directory::Directory& directory,
           const PartyKey& sender,
           Interaction interaction,
           const Request& request,
           std::int64_t now_us,
           std::string_view base_url,
           Resolved* resolved)
      : snapshot_(snapshot),
        directory_(directory),
        sender_(sender),
        interaction_(interaction),
        request_(request),
        now_us_(now_us),
        base_url_(base_url),
        resolved_(*resolved),
        writes_(resolved->writes),
        issues_(resolved->issues) {}

  absl::Status Run() {
    writes_.resize(request_.items.size());
    for (std::size_t i = 0; i < writes_.size(); ++i) writes_[i].item = &request_.items[i];
    HANDOFF_RETURN_IF_ERROR(AssignKeys());
    RefuseTwins();
    for (Write& write : writes_) {
      HANDOFF_RETURN_IF_ERROR(CheckConditions(write));
    }
    if (resolved_.http_status != 0) return absl::OkStatus();
    IndexNames();
    for (Write& write : writes_) {
      if (!write.skip) HANDOFF_RETURN_IF_ERROR(Translate(write));
    }
    return TranslateHeader();
  }

 private:
  static void LeaveOut(Write& write, int status) {
    write.refused = true;
    write.skip = true;
    write.status = status;
  }

  void Refuse(Write& write,
              int status,
              std::string_view code,
              std::string text,
              std::string_view member = {}) {
    std::string path = write.item->path;
    if (!member.empty()) path.append(1, '.').append(member);
    issues_.push_back(Issue{Severity::kError, code, std::move(text), std::move(path)});
    LeaveOut(write, status);
    if (request_.atomic) resolved_.http_status = status;
  }

  absl::Status AssignKeys() {
    std::vector<ResourceKey> wanted;
    std::vector<Write*> known;
    for (Write& write : writes_) {
      const Item& item = *write.item;
      if (item.refused != 0) {
        LeaveOut(write, item.refused);
        continue;
      }
      write.key.type = std::string(item.type);
      if (!item.keep_id) {
        write.key.id = MintId('r', now_us_);
        continue;
      }
      if (!IsResourceId(item.id)) {
        Refuse(write, 400, "value", "not an id (FHIR R4 datatypes.html#id)", "id");
        continue;
      }
      write.key.id = item.id;
      wanted.push_back(write.key);
      known.push_back(&write);
    }
    HANDOFF_ASSIGN_OR_RETURN(auto found, snapshot_.ReadMany(wanted));
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (!found[i]) {
        if (IsReserved(known[i]->key.id)) HANDOFF_RETURN_IF_ERROR(Scope(*known[i]));
        continue;
      }
      if (found[i]->owner() == sender_.value() || interaction_ == Interaction::kMove) {
        known[i]->before = std::move(found[i]);
      } else {
        HANDOFF_RETURN_IF_ERROR(StepAside(*known[i], std::move(found[i])));
      }
    }
    return absl::OkStatus();
  }

  // Another party holds this id. Whoever may know of it is told so; for anyone else it does not
  // exist.
  absl::Status StepAside(Write& write, store::SharedResource other) {
    HANDOFF_ASSIGN_OR_RETURN(const bool reports, MayReport(*other));
    if (reports) {
      write.before = std::move(other);
      return absl::OkStatus();
    }
    if (interaction_ == Interaction::kUpdate && other->person_id() != 0) {
      HANDOFF_ASSIGN_OR_RETURN(const bool knows, MayKnow(snapshot_, sender_, *other));
      if (knows) {
        Refuse(write, 403, "forbidden", "this resource belongs to another party");
        return absl::OkStatus();
      }
    }
    return Scope(write);
  }

  absl::Status Scope(Write& write) {
    write.key.id = ScopedId(sender_, write.key.type, write.key.id);
    HANDOFF_ASSIGN_OR_RETURN(write.before, snapshot_.Read(write.key));
    if (write.before && write.before->owner() != sender_.value())
      Refuse(write, 409, "conflict", "where this would be stored another party's resource is");
    return absl::OkStatus();
  }

  // True for another's Task of a referral that the sender has part in, or, where it is of none, one
  // that names the sender as its owner.
  absl::StatusOr<bool> MayReport(const store::ResourceVersion& task) {
    if (task.type() != "Task" || task.deleted()) return false;
    HANDOFF_ASSIGN_OR_RETURN(const auto referral, ReferralOf(snapshot_, task));
    if (referral) return care::ActorOf(*referral, sender_) != care::Actor::kNone;
    const v1::Resource* const resource = resolved_.Parse(task.resource());
    if (resource == nullptr || !resource->has_task()) return false;
    absl::Status failure;
    const directory::Party* const owner = directory::ResolveParty(
        directory_,
        resource->task().owner(),
        resource->task().contained(),
        [&](std::string_view type, std::string_view id) -> const v1::Resource* {
          auto stored = snapshot_.Read({std::string(type), std::string(id)});
          if (!stored.ok()) failure = stored.status();
          if (!stored.ok() || !*stored || (*stored)->deleted()) return nullptr;
          return resolved_.Parse((*stored)->resource());
        });
    HANDOFF_RETURN_IF_ERROR(failure);
    return owner != nullptr && owner->key == sender_;
  }

  void RefuseTwins() {
    absl::flat_hash_set<std::pair<std::string_view, std::string_view>> seen;
    seen.reserve(writes_.size());
    for (Write& write : writes_) {
      if (!write.skip && !seen.emplace(write.key.type, write.key.id).second) {
        Refuse(write, 422, "duplicate", "another entry writes the same resource");
      }
    }
  }

  absl::Status CheckConditions(Write& write) {
    if (write.skip) return absl::OkStatus();
    const Item& item = *write.item;
    if (!item.if_none_exist.empty()) {
      // Any other search could match what is not found here, and would then create a second one.
      if (!item.if_none_exist.starts_with("identifier=") ||
          item.if_none_exist.find('&') != std::string::npos) {
        Refuse(write, 422, "not-supported", "If-None-Exist takes one identifier=system|value");
        return absl::OkStatus();
      }
      HANDOFF_ASSIGN_OR_RETURN(const auto match, FindConditional(item.type, item.if_none_exist));
      if (match) {
        write.key = *match;
        HANDOFF_ASSIGN_OR_RETURN(write.before, snapshot_.Read(write.key));
        write.skip = true;
        write.status = 200;
        return absl::OkStatus();
      }
    }
    if (!item.if_match.empty() && item.if_match != std::to_string(write.before_version())) {
      Refuse(write, 412, "conflict", "If-Match names a version that is not the current one");
      return absl::OkStatus();
    }
    write.status = write.before && !write.before->deleted() ? 200 : 201;
    return absl::OkStatus();
  }

  // "identifier=system|value" of this sender's own earlier writes.
  absl::StatusOr<std::optional<ResourceKey>> FindConditional(std::string_view type,
                                                             std::string_view query) {
    HANDOFF_ASSIGN_OR_RETURN(
        const auto found,
        snapshot_.Lookup(store::LinkKind::kConditionalKey, ConditionalKey(sender_, type, query)));
    if (!found) return std::nullopt;
    const std::size_t slash = found->find('/');
    return ResourceKey{found->substr(0, slash), found->substr(slash + 1)};
  }

  void IndexNames() {
    for (Write& write : writes_) {
      const Item& item = *write.item;
      if (write.key.id.empty()) continue;
      if (!item.full_url.empty()) names_.emplace(item.full_url, &write.key);
      if (!item.id.empty() && item.id != write.key.id)
        renamed_.emplace(std::pair<std::string_view, std::string_view>(item.type, item.id),
                         &write.key);
      resolved_.index.Add(write);
    }
  }

  absl::Status Translate(Write& write) {
    fhir::RewriteOptions options;
    options.id = write.key.id;
    absl::Status failure;
    options.reference = [&](const ReferenceView& reference) {
      auto edit = Edit(&write, reference);
      if (edit.ok()) return *std::move(edit);
      failure = edit.status();
      return ReferenceEdit{};
    };
    HANDOFF_RETURN_IF_ERROR(fhir::Rewrite(write.item->encoded, options, &write.encoded));
    HANDOFF_RETURN_IF_ERROR(failure);
    if (write.skip) return absl::OkStatus();
    if (write.before && write.before->owner() != sender_.value() &&
        interaction_ != Interaction::kMove) {
      TakePerformerUpdate(write);
    }
    if (write.before && !write.before->deleted()) {
      policy::CarryLabels(write.before->resource(), &write.encoded);
    }
    if (write.before && !write.before->deleted() && write.before->resource() == write.encoded) {
      write.skip = true;
      write.status = 200;
    }
    return absl::OkStatus();
  }

  // The requester's Task stays the requester's: of the performer's copy only the report on the work
  // is taken.
  static void TakePerformerUpdate(Write& write) {
    v1::Resource stored;
    v1::Resource update;
    if (!fhir::ParseResource(write.before->resource(), &stored) ||
        !fhir::ParseResource(write.encoded, &update))
      return;
    *stored.mutable_task() = care::MergePerformerUpdate(stored.task(), update.task());
    write.encoded.clear();
    stored.AppendToString(&write.encoded);
  }

  absl::Status TranslateHeader() {
    if (request_.header.empty()) return absl::OkStatus();
    fhir::RewriteOptions options;
    absl::Status failure;
    options.reference = [&](const ReferenceView& reference) {
      auto edit = Edit(nullptr, reference);
      if (edit.ok()) return *std::move(edit);
      failure = edit.status();
      return ReferenceEdit{};
    };
    std::string encoded;
    HANDOFF_RETURN_IF_ERROR(fhir::Rewrite(request_.header, options, &encoded));
    HANDOFF_RETURN_IF_ERROR(failure);
    const v1::Resource* resource = resolved_.Parse(encoded);
    if (resource == nullptr)
      return absl::DataLossError("a header does not parse after it was rewritten");
    resolved_.header = &resource->message_header();
    return absl::OkStatus();
  }

  static ReferenceEdit ReplaceWith(const ResourceKey& key, std::string_view version = {}) {
    return {ReferenceEdit::Action::kReplace, key.type, key.id, std::string(version), {}};
  }

  // `write` is null for the header, whose dangling references are not worth a complaint.
  absl::StatusOr<ReferenceEdit> Edit(Write* write, const ReferenceView& reference) {
    if (reference.IsRelative()) {
      const Write* const local = resolved_.index.FindAny(reference.type, reference.id);
      if (local != nullptr && local->item->id == reference.id) return ReferenceEdit{};
      if (const auto it = renamed_.find({reference.type, reference.id}); it != renamed_.end())
        return ReplaceWith(*it->second);
      return Outside(reference);
    }
    if (const auto it = names_.find(reference.uri); it != names_.end())
      return ReplaceWith(*it->second);
    // By the name that we gave it, which is not the sender's own.
    if (const ReferenceView ours = fhir::ReadReference(reference.uri, base_url_); ours.IsRelative())
      return ReplaceWith({std::string(ours.type), std::string(ours.id)}, ours.version);
    const std::size_t question = reference.uri.find('?');
    if (question != std::string_view::npos && reference.uri.find(':') > question) {
      HANDOFF_ASSIGN_OR_RETURN(
          const auto match,
          FindConditional(reference.uri.substr(0, question), reference.uri.substr(question + 1)));
      if (match) return ReplaceWith(*match);
      if (write != nullptr)
        Refuse(*write,
               422,
               "not-found",
               "a conditional reference matches nothing that this sender wrote");
    } else if (write != nullptr && reference.uri.starts_with("urn:uuid:") && request_.is_bundle) {
      issues_.push_back(Issue{Severity::kWarning,
                              "not-found",
                              "a urn:uuid reference names no entry of the Bundle",
                              write->item->path});
    }
    return ReferenceEdit{};
  }

  // A reference to something sent earlier: under the scoped id if that is where this sender's
  // resource went.
  absl::StatusOr<ReferenceEdit> Outside(const ReferenceView& reference) {
    const std::string text = KeyText(reference.type, reference.id);
    if (const auto it = outside_.find(text); it != outside_.end()) return it->second;
    ReferenceEdit edit;
    const ResourceKey natural{std::string(reference.type), std::string(reference.id)};
    HANDOFF_ASSIGN_OR_RETURN(const auto holder, snapshot_.Read(natural));
    const bool of_another = holder && holder->owner() != sender_.value();
    if (of_another || (!holder && IsReserved(natural.id))) {
      const ResourceKey scoped{natural.type, ScopedId(sender_, natural.type, natural.id)};
      HANDOFF_ASSIGN_OR_RETURN(const auto own, snapshot_.Read(scoped));
      if (own && own->owner() == sender_.value()) edit = ReplaceWith(scoped);
    }
    outside_.emplace(text, edit);
    return edit;
  }

  store::Snapshot& snapshot_;
  const directory::Directory& directory_;
  const PartyKey& sender_;
  const Interaction interaction_;
  const Request& request_;
  const std::int64_t now_us_;
  const std::string_view base_url_;
  Resolved& resolved_;
  std::vector<Write>& writes_;
  Issues& issues_;
  absl::flat_hash_map<std::string_view, const ResourceKey*> names_;  // by fullUrl
  // By the sender's type and id, where the store's is another.
  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, const ResourceKey*> renamed_;
  absl::flat_hash_map<std::string, ReferenceEdit> outside_;
};

}  // namespace

void WriteIndex::Add(Write& write) {
  const auto [entry, is_new] = writes_.try_emplace({write.key.type, write.key.id}, &write);
  if (!is_new && entry->second->refused) entry->second = &write;
}

Write* WriteIndex::Find(std::string_view type, std::string_view id) const {
  Write* const write = FindAny(type, id);
  return write == nullptr || write->refused ? nullptr : write;
}

Write* WriteIndex::FindAny(std::string_view type, std::string_view id) const {
  const auto found = writes_.find(std::pair(type, id));
  return found == writes_.end() ? nullptr : found->second;
}

const v1::Resource* Resolved::Parse(std::string_view encoded) const {
  auto* const resource = google::protobuf::Arena::CreateMessage<v1::Resource>(arena.get());
  return fhir::ParseResource(encoded, resource) ? resource : nullptr;
}

const v1::Resource* Resolved::Object(Write& write) const {
  if (write.object == nullptr) write.object = Parse(write.now());
  return write.object;
}

std::string ConditionalKey(const PartyKey& sender, std::string_view type, std::string_view query) {
  std::string key = sender.value();
  return key.append(1, '|').append(type).append(1, '?').append(query);
}

absl::StatusOr<Resolved> Resolve(store::Snapshot& snapshot,
                                 const directory::Directory& directory,
                                 const PartyKey& sender,
                                 Interaction interaction,
                                 const Request& request,
                                 std::int64_t now_us,
                                 std::string_view base_url) {
  google::protobuf::ArenaOptions memory;
  memory.start_block_size = kArenaBytes;
  Resolved resolved;
  resolved.arena = std::make_unique<google::protobuf::Arena>(memory);
  HANDOFF_RETURN_IF_ERROR(
      Resolver(snapshot, directory, sender, interaction, request, now_us, base_url, &resolved)
          .Run());
  return resolved;
}

bool IsKnownTo(const v1::Person& person, const PartyKey& party) {
  return std::find(person.known_to().begin(), person.known_to().end(), party.value()) !=
         person.known_to().end();
}

absl::StatusOr<bool> MayKnow(store::Snapshot& snapshot,
                             const PartyKey& party,
                             const store::ResourceVersion& resource) {
  if (resource.owner() == party.value()) return true;
  HANDOFF_ASSIGN_OR_RETURN(const auto referral, ReferralOf(snapshot, resource));
  if (referral &&
      (referral->performer() == party.value() || referral->requester() == party.value())) {
    return true;
  }
  HANDOFF_ASSIGN_OR_RETURN(const auto person, snapshot.ReadPerson(PersonId{resource.person_id()}));
  return person && IsKnownTo(*person, party);
}

}  // namespace handoff::intake
