#include "fhir-mappings/runtime/search_program.h"

#include <deque>

namespace handoff::fhir::internal {
namespace {

SearchForm FormOfMessage(const Type& type) {
  if (&type == &kTables.types[kTables.reference_type]) return SearchForm::kReference;
  if (type.name == "CodeableConcept") return SearchForm::kConcept;
  if (type.name == "Coding") return SearchForm::kCoding;
  if (type.name == "Identifier") return SearchForm::kIdentifier;
  if (type.name == "ContactPoint") return SearchForm::kContactPoint;
  return SearchForm::kNothing;
}

SearchForm FormOf(const SearchPath& path, const Member& member) {
  if (member.kind == Kind::kMessage) return FormOfMessage(kTables.types[member.ref]);
  if (IsText(member.kind)) return path.type == "reference" ? SearchForm::kUri : SearchForm::kText;
  if (member.kind == Kind::kBoolean) return SearchForm::kBoolean;
  return member.kind == Kind::kEnum ? SearchForm::kCode : SearchForm::kNothing;
}

// The trees of all resource types.
class Programs {
 public:
  Programs() : roots_(kTables.types.size(), &empty_) {
    for (const std::uint8_t index : kTables.resources) {
      std::vector<const SearchPath*> paths;
      for (const SearchPath& path : kTables.types[index].searches) {
        if (path.type != "date") paths.push_back(&path);
      }
      if (!paths.empty()) roots_[index] = Node(kTables.types[index], paths, 0);
    }
  }

  const SearchNode& Root(const Type& type) const {
    return *roots_[static_cast<std::size_t>(&type - kTables.types.data())];
  }

 private:
  // The tree below `depth` steps that `paths` have in common; they lead to `type`.
  const SearchNode* Node(const Type& type,
                         const std::vector<const SearchPath*>& paths,
                         std::size_t depth) {
    SearchNode& node = nodes_.emplace_back();
    std::vector<std::uint8_t> step_of(type.members.size(), kNoName);
    for (std::size_t i = 0; i < type.members.size(); ++i) {
      std::vector<const SearchPath*> through;
      for (const SearchPath* path : paths) {
        if (path->steps[depth] == i) through.push_back(path);
      }
      if (through.empty()) continue;
      step_of[i] = static_cast<std::uint8_t>(node.steps.size());
      node.steps.push_back(Step(type.members[i], through, depth));
    }
    for (const std::uint8_t position : type.by_field)
      node.by_field.push_back(position == kNoName ? kNoName : step_of[position]);
    return &node;
  }

  SearchStep Step(const Member& member,
                  const std::vector<const SearchPath*>& paths,
                  std::size_t depth) {
    SearchStep step;
    std::vector<const SearchPath*> longer;
    for (const SearchPath* path : paths) {
      if (depth + 1 != path->steps.size()) {
        longer.push_back(path);
        continue;
      }
      const SearchForm form = FormOf(*path, member);
      step.leaves.push_back({std::string(path->name) + '=',
                             path->only,
                             form,
                             form == SearchForm::kCode ? &kTables.enums[member.ref] : nullptr});
    }
    if (!longer.empty() && member.kind == Kind::kMessage)
      step.below = Node(kTables.types[member.ref], longer, depth + 1);
    return step;
  }

  const SearchNode empty_;
  std::deque<SearchNode> nodes_;  // where they stay
  std::vector<const SearchNode*> roots_;
};

}  // namespace

const SearchNode& SearchProgram(const Type& type) {
  static const Programs programs;
  return programs.Root(type);
}

}  // namespace handoff::fhir::internal
