#include "fhir-mappings/compiler/emit.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

namespace handoff::mapc {
namespace {

using fhir::internal::Expr;
using fhir::internal::KeyOf;
using fhir::internal::Kind;
using fhir::internal::kNoName;
using fhir::internal::NameHash;
using fhir::internal::Op;

constexpr const char* kKindNames[] = {
    "kString",       "kMarkdown",    "kXhtml",       "kUri",           "kUrl",
    "kCanonical",    "kOid",         "kUuid",        "kCode",          "kId",
    "kBase64Binary", "kTime",        "kDecimal",     "kReferenceText", "kBoolean",
    "kInteger",      "kPositiveInt", "kUnsignedInt", "kEnum",          "kDate",
    "kDateTime",     "kInstant",     "kMessage",     "kResource",      "kExtra",
};
static_assert(std::size(kKindNames) == static_cast<std::size_t>(Kind::kExtra) + 1);

constexpr const char* kOpNames[] = {
    "kThis",
    "kContext",
    "kResource",
    "kRootResource",
    "kString",
    "kNumber",
    "kTrue",
    "kFalse",
    "kNothing",
    "kChild",
    "kChildren",
    "kDescendants",
    "kResolve",
    "kExtension",
    "kIndex",
    "kFirst",
    "kWhere",
    "kSelect",
    "kOfType",
    "kTrace",
    "kIif",
    "kExists",
    "kEmpty",
    "kCount",
    "kAll",
    "kNot",
    "kHasValue",
    "kIsDistinct",
    "kIntersect",
    "kContains",
    "kStartsWith",
    "kEndsWith",
    "kSubstring",
    "kLength",
    "kToString",
    "kIs",
    "kAnd",
    "kOr",
    "kXor",
    "kImplies",
    "kEqual",
    "kNotEqual",
    "kEquivalent",
    "kLess",
    "kLessOrEqual",
    "kGreater",
    "kGreaterOrEqual",
    "kIn",
    "kPlus",
    "kConcatenate",
    "kUnion",
};
static_assert(std::size(kOpNames) == static_cast<std::size_t>(Op::kUnion) + 1);

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

struct Hash {
  std::uint64_t seed;
  int shift;
  std::vector<std::uint8_t> slots;
};

// The smallest table, up to 16 slots a name, for which a seed spreads all names without collision.
std::optional<Hash> FindHash(const std::vector<std::string>& names) {
  int bits = 1;
  while ((std::size_t{1} << bits) < names.size()) ++bits;
  for (const int last = bits + 4; bits <= last; ++bits) {
    std::uint64_t state = 0x9e3779b97f4a7c15;
    for (int attempt = 0; attempt < 20'000; ++attempt) {
      state = state * 6364136223846793005 + 1442695040888963407;
      Hash hash{state | 1, 64 - bits, std::vector<std::uint8_t>(std::size_t{1} << bits, kNoName)};
      bool fits = true;
      for (std::size_t i = 0; fits && i < names.size(); ++i) {
        std::uint8_t& slot =
            hash.slots[NameHash(KeyOf(names[i]), names[i].size(), hash.seed) >> hash.shift];
        fits = slot == kNoName;
        slot = static_cast<std::uint8_t>(i);
      }
      if (fits) return hash;
    }
  }
  return std::nullopt;
}

class Emitter {
 public:
  Emitter(const Schema& schema, const Location& where, Errors& errors)
      : schema_(schema), where_(where), errors_(errors) {}

  std::string Run() {
    out_ =
        "// Written by handoff-mapc from fhir-mappings/r4/*.map.\n"
        "#include \"fhir-mappings/runtime/tables.h\"\n\n"
        "namespace handoff::fhir::internal {\nnamespace {\n\n";
    for (std::size_t i = 0; i < schema_.enums.size(); ++i) EmitEnum(i);
    for (std::size_t i = 0; i < schema_.types.size(); ++i) EmitType(i);
    EmitAll();
    return std::move(out_);
  }

 private:
  static std::string Id(const char* what, std::size_t i) { return what + std::to_string(i); }

  // Writes the slots of a perfect hash; returns the NameIndex initialiser.
  std::string EmitIndex(const std::string& id,
                        const std::string& owner,
                        const std::vector<std::string>& names) {
    const std::optional<Hash> hash = FindHash(names);
    if (!hash) {
      errors_.Add(where_, "no perfect hash for the names of " + owner);
      return "{}";
    }
    EmitBytes(id, hash->slots);
    return "{" + id + ", " + std::to_string(hash->seed) + "u, " + std::to_string(hash->shift) + "}";
  }

  void EmitBytes(const std::string& id, const std::vector<std::uint8_t>& bytes) {
    out_ += "constexpr std::uint8_t " + id + "[] = {";
    for (const std::uint8_t byte : bytes) out_ += std::to_string(byte) + ",";
    out_ += "};\n";
  }

  void EmitEnum(std::size_t i) {
    const SchemaEnum& e = schema_.enums[i];
    std::vector<std::string> names;
    out_ += "constexpr EnumCode " + Id("kCodes", i) + "[] = {  // " + e.name + "\n";
    for (const auto& [code, number] : e.codes) {
      out_ += "    {" + Quoted(code) + ", " + std::to_string(number) + "},\n";
      names.push_back(code);
    }
    out_ += "};\n";
    const std::string index = EmitIndex(Id("kCodeSlots", i), e.name, names);
    enums_ += "    {" + Quoted(e.name) + ", " + Id("kCodes", i) + ", " + index + "},\n";
  }

  void EmitType(std::size_t i) {
    const SchemaType& t = schema_.types[i];
    std::vector<std::string> names;
    int max_field = 0;
    out_ += "constexpr Member " + Id("kMembers", i) + "[] = {  // " + t.name + "\n";
    for (const SchemaMember& m : t.members) {
      out_ += "    {" + Quoted(m.name) + ", " + std::to_string(m.field) + ", " +
              std::to_string(m.ref) + ", Kind::" + kKindNames[static_cast<std::size_t>(m.kind)] +
              ", " + (m.repeated ? "true" : "false") + ", " + std::to_string(m.element) + "},\n";
      if (m.url.empty()) names.push_back(m.name);
      max_field = std::max(max_field, m.field + (m.kind == Kind::kReferenceText ? 3 : 0));
    }
    out_ += "};\nconstexpr Element " + Id("kElements", i) + "[] = {\n";
    std::uint64_t required = 0;
    for (std::size_t e = 0; e < t.elements.size(); ++e) {
      const SchemaElement& element = t.elements[e];
      if (element.min > 0) required |= std::uint64_t{1} << e;
      out_ += "    {" + Quoted(element.name) + ", " + std::to_string(element.min) + ", " +
              std::to_string(element.max) + ", " + (element.choice ? "true" : "false") + "},\n";
    }
    out_ += "};\n";
    std::vector<std::uint8_t> by_field(static_cast<std::size_t>(max_field) + 1, kNoName);
    for (std::size_t m = 0; m < t.members.size(); ++m) {
      if (t.members[m].field == 0) continue;
      const int last = t.members[m].field + (t.members[m].kind == Kind::kReferenceText ? 3 : 0);
      for (int f = t.members[m].field; f <= last; ++f) by_field[f] = static_cast<std::uint8_t>(m);
    }
    EmitBytes(Id("kByField", i), by_field);
    const std::string index = EmitIndex(Id("kSlots", i), t.name, names);
    const std::string searches = EmitSearches(i);
    const std::string invariants = EmitInvariants(Id("kInvariants", i), t.invariants);
    const std::string targets = EmitTargets(i);
    const int length_bytes = t.resource_field != 0 || t.holds_resources ? 2 : 1;
    types_ += "    {" + Quoted(t.name) + ", " + Id("kMembers", i) + ", " + Id("kElements", i) +
              ", " + index + ", " + Id("kByField", i) + ", " + std::to_string(required) + "u, " +
              std::to_string(t.extra_field) + ", " + std::to_string(t.resource_field) + ", " +
              std::to_string(length_bytes) + ", " + (t.has_references ? "true" : "false") + ", " +
              searches + ", " + invariants + ", " + targets + ", " + EmitExtensions(i) + ", " +
              (t.is_extension ? "true" : "false") + ", " + EmitMeanings(i) + "},\n";
  }

  std::string EmitMeanings(std::size_t i) {
    const SchemaType& t = schema_.types[i];
    if (t.meanings.empty()) return "{}";
    out_ += "constexpr Meaning " + Id("kMeanings", i) + "[] = {\n";
    for (const SchemaMeaning& meaning : t.meanings) {
      out_ += "    {" + Quoted(meaning.system) + ", " + std::to_string(meaning.field) + ", " +
              std::to_string(meaning.codes) + "},\n";
    }
    out_ += "};\n";
    return Id("kMeanings", i);
  }

  std::string EmitExtensions(std::size_t i) {
    std::string rows;
    for (const SchemaMember& m : schema_.types[i].members) {
      if (!m.url.empty()) rows += "    {" + Quoted(m.url) + ", " + Quoted(m.value) + "},\n";
    }
    if (rows.empty()) return "{}";
    out_ += "constexpr Extension " + Id("kExtensions", i) + "[] = {\n" + rows + "};\n";
    return Id("kExtensions", i);
  }

  static std::string Place(std::uint16_t place) {
    return place == fhir::internal::kNoExpr ? "kNoExpr" : std::to_string(place);
  }

  // The name of the nodes; the same expression is written once.
  std::string EmitExpression(const std::vector<Expr>& nodes) {
    if (nodes.empty()) return "{}";
    std::string rows;
    for (const Expr& node : nodes) {
      rows += "    {Op::";
      rows += kOpNames[static_cast<std::size_t>(node.op)];
      rows += ", " + std::to_string(node.element) + ", " + Place(node.left) + ", " +
              Place(node.right) + ", " + Place(node.third) + ", " + Quoted(node.text) +
              (node.fixed ? ", true},\n" : "},\n");
    }
    const auto [it, added] = expressions_.emplace(rows, Id("kExpression", expressions_.size()));
    if (added) out_ += "constexpr Expr " + it->second + "[] = {\n" + rows + "};\n";
    return it->second;
  }

  // The position of a check's key.
  std::string Check(const std::string& key) {
    const auto it = std::find(checks_.begin(), checks_.end(), key);
    const auto position = static_cast<std::size_t>(it - checks_.begin());
    if (it == checks_.end()) checks_.push_back(key);
    if (position >= fhir::internal::kNoCheck) errors_.Add(where_, "more than 255 checks by hand");
    return std::to_string(position);
  }

  std::string EmitInvariants(const std::string& id, const std::vector<SchemaInvariant>& list) {
    if (list.empty()) return "{}";
    std::string rows;
    for (const SchemaInvariant& invariant : list) {
      const std::string expression = EmitExpression(invariant.nodes);
      rows += "    {" + Quoted(invariant.key) + ", " + Quoted(invariant.text) + ", " +
              (invariant.warning ? "true" : "false") + ", " +
              (invariant.element < 0 ? "kNoElement" : std::to_string(invariant.element)) + ", " +
              (invariant.by_hand ? Check(invariant.key) : "kNoCheck") + ", " + expression + ", " +
              std::to_string(invariant.about) + "u},\n";
    }
    out_ += "constexpr Invariant " + id + "[] = {\n" + rows + "};\n";
    return id;
  }

  // The position of a set of targets; 0 is the empty one. `Resource` is every type.
  std::size_t TargetSet(std::vector<std::string> targets) {
    if (std::find(targets.begin(), targets.end(), "Resource") != targets.end()) targets.clear();
    std::sort(targets.begin(), targets.end());
    const auto it = std::find(target_sets_.begin(), target_sets_.end(), targets);
    if (it == target_sets_.end()) target_sets_.push_back(targets);
    return static_cast<std::size_t>(std::find(target_sets_.begin(), target_sets_.end(), targets) -
                                    target_sets_.begin());
  }

  std::string EmitTargets(std::size_t i) {
    std::string row;
    bool any = false;
    for (const SchemaMember& m : schema_.types[i].members) {
      const bool reference = m.kind == Kind::kMessage && m.ref == schema_.reference_type;
      const std::size_t set = reference ? TargetSet(m.targets) : 0;
      any = any || set != 0;
      row += std::to_string(set) + ",";
    }
    if (!any) return "{}";
    out_ += "constexpr std::uint16_t " + Id("kTargets", i) + "[] = {" + row + "};\n";
    return Id("kTargets", i);
  }

  // The sets and the checks that the types name.
  void EmitValidation() {
    std::string sets;
    for (std::size_t i = 0; i < target_sets_.size(); ++i) {
      if (target_sets_[i].empty()) {
        sets += "    {},\n";
        continue;
      }
      out_ += "constexpr std::string_view " + Id("kTargetSet", i) + "[] = {";
      for (const std::string& name : target_sets_[i]) out_ += Quoted(name) + ",";
      out_ += "};\n";
      sets += "    " + Id("kTargetSet", i) + ",\n";
    }
    out_ += "constexpr std::span<const std::string_view> kTargetSets[] = {\n" + sets + "};\n";
    element_invariants_ = EmitInvariants("kElementInvariants", schema_.element_invariants);
    if (checks_.empty()) return;
    out_ += "constexpr std::string_view kChecks[] = {";
    for (const std::string& key : checks_) out_ += Quoted(key) + ",";
    out_ += "};\n";
  }

  std::string EmitSearches(std::size_t i) {
    const SchemaType& t = schema_.types[i];
    if (t.searches.empty()) return "{}";
    std::string rows;
    for (std::size_t s = 0; s < t.searches.size(); ++s) {
      const std::string steps = Id("kSteps", i) + "_" + std::to_string(s);
      EmitBytes(steps,
                std::vector<std::uint8_t>(t.searches[s].steps.begin(), t.searches[s].steps.end()));
      rows += "    {" + Quoted(t.searches[s].name) + ", " + Quoted(t.searches[s].type) + ", " +
              Quoted(t.searches[s].only) + ", " + steps + "},\n";
    }
    out_ += "constexpr SearchPath " + Id("kSearches", i) + "[] = {\n" + rows + "};\n";
    return Id("kSearches", i);
  }

  void EmitAll() {
    EmitValidation();
    std::vector<std::uint8_t> resources;
    int max_field = 0;
    for (std::size_t i = 0; i < schema_.types.size(); ++i) {
      if (schema_.types[i].resource_field == 0) continue;
      if (i >= kNoName)
        errors_.Add(where_, "more than 254 types stand before " + schema_.types[i].name);
      resources.push_back(static_cast<std::uint8_t>(i));
      max_field = std::max(max_field, schema_.types[i].resource_field);
    }
    std::vector<std::uint8_t> by_field(static_cast<std::size_t>(max_field) + 1, kNoName);
    for (const std::uint8_t i : resources) by_field[schema_.types[i].resource_field] = i;
    std::sort(resources.begin(), resources.end(), [&](std::uint8_t a, std::uint8_t b) {
      return schema_.types[a].name < schema_.types[b].name;
    });
    EmitBytes("kResourceByField", by_field);
    EmitBytes("kResources", resources);
    out_ += "constexpr std::string_view kOpaque[] = {\n";
    for (const std::string& name : schema_.opaque) out_ += "    " + Quoted(name) + ",\n";
    out_ += "};\nconstexpr Enum kEnums[] = {\n" + enums_ + "};\nconstexpr Type kTypes[] = {\n" +
            types_ +
            "};\n\n}  // namespace\n\nconstinit const Tables kTables = {kTypes, kEnums, "
            "kResourceByField, kResources, "
            "kOpaque, " +
            std::to_string(schema_.reference_type) + ", " + std::to_string(schema_.meta_type) +
            ", " + element_invariants_ + ", " + (checks_.empty() ? "{}" : "kChecks") +
            ", kTargetSets" + "};\n\n}  // namespace handoff::fhir::internal\n";
  }

  const Schema& schema_;
  const Location& where_;
  Errors& errors_;
  std::string out_;
  std::string enums_;
  std::string types_;
  std::map<std::string, std::string> expressions_;  // nodes as written, and their name
  std::vector<std::string> checks_;
  std::vector<std::vector<std::string>> target_sets_ = {{}};
  std::string element_invariants_;
};

}  // namespace

std::string Emit(const Schema& schema, const Location& where, Errors& errors) {
  return Emitter(schema, where, errors).Run();
}

}  // namespace handoff::mapc
