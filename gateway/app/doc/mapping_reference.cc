#include "gateway/app/doc/mapping_reference.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "gateway/app/doc/mapping_tables.h"

namespace handoff::doc {
namespace {

using fhir::internal::Element;
using fhir::internal::Enum;
using fhir::internal::EnumCode;
using fhir::internal::Extension;
using fhir::internal::ExtensionOf;
using fhir::internal::Kind;
using fhir::internal::kTables;
using fhir::internal::Meaning;
using fhir::internal::Member;
using fhir::internal::Type;

constexpr std::string_view kIntroduction = R"(# FHIR R4 and the internal model

What becomes of each element of FHIR R4 (4.0.1) in the messages of `proto/handoff/v1`. `handoff doc mappings` writes
this page from the tables that the program runs on.

- **extra**: what has no field of its own, such as extensions, and the members with `_`, is kept as JSON in the field
  `extra` of its message, and written back.
- **extension:name** is a known extension: it has a field where that can hold it, and else stays in `extra`.
- **Meaning**: of a coding that labels, an enum beside the text, if its system is the one that is named.
- **Choice**: each type of `value[x]` is a field of one `oneof`.
- **Binding**: a required binding is an enum; a code that is not in it is refused. A code without one is text.
- **Cardinality** is checked when a resource is read. The types of a reference are those that R4 names.
- **decimal** is text, as it was written; **date**, **dateTime** and **instant** are messages that keep zone and precision.
- **Search**: the parameters that find a resource by the element.
)";

class Reference {
 public:
  Reference(std::ostream& out, bool links) : out_(out), links_(links) {}

  void Section(const Type& type) {
    const std::string name = NameOf(type);
    out_ << "\n## " << name << "\n\n";
    if (const auto* message = messages_.Of(type)) {
      out_ << "`" << message->full_name() << "`";
      if (name != type.name) out_ << ", FHIR's " << type.name;
      if (type.resource_field != 0) out_ << ", field " << type.resource_field << " of `Resource`";
      out_ << "\n\n";
    }
    out_ << "| FHIR element | proto field | type | cardinality | binding | search parameter |\n"
            "|---|---|---|---|---|---|\n";
    std::vector<std::uint8_t> steps;
    Rows(type, type, "", steps);
    for (const Meaning& meaning : type.meanings) Row(type, meaning);
  }

  // A data type of FHIR may have a second message: it is called after that.
  std::string NameOf(const Type& type) const {
    const auto first = std::find_if(kTables.types.begin(),
                                    kTables.types.end(),
                                    [&](const Type& other) { return other.name == type.name; });
    const auto* const message = messages_.Of(type);
    return std::string(&*first == &type || message == nullptr ? type.name : message->name());
  }

  // Of the enums that the sections named.
  void Codes() {
    if (enums_.empty()) return;
    out_ << "\n## Codes\n\n| enum | code | value |\n|---|---|---|\n";
    for (const Enum& codes : kTables.enums) {
      if (enums_.count(codes.name) == 0) continue;
      const auto& descriptor = EnumNamed(codes.name);
      for (const EnumCode& code : codes.codes) {
        out_ << "| " << codes.name << " | " << code.code << " | `"
             << descriptor.FindValueByNumber(code.number)->name() << "` |\n";
      }
    }
  }

 private:
  // `prefix` is the path of `type` below `section`, and `steps` the members on the way to it.
  void Rows(const Type& section,
            const Type& type,
            const std::string& prefix,
            std::vector<std::uint8_t>& steps) {
    for (const Member& member : type.members) {
      steps.push_back(static_cast<std::uint8_t>(&member - type.members.data()));
      const std::string path = prefix + NameOf(type, member);
      const Type* const below = Below(type, member);
      Row(section, type, member, path, below, steps);
      if (below != nullptr) Rows(section, *below, path + ".", steps);
      steps.pop_back();
    }
  }

  // The type of a backbone element that stands in this place first, to be shown in it.
  static const Type* Below(const Type& type, const Member& member) {
    if (member.kind != Kind::kMessage) return nullptr;
    const Type& below = kTables.types[member.ref];
    const std::string path = std::string(type.name) + "." + NameOf(type, member);
    return below.name == path ? &below : nullptr;
  }

  static std::string NameOf(const Type& type, const Member& member) {
    return std::string(ExtensionOf(type, member) == nullptr ? member.name
                                                            : type.elements[member.element].name);
  }

  void Row(const Type& type, const Meaning& meaning) {
    const std::string_view name = kTables.enums[meaning.codes].name;
    enums_.insert(name);
    out_ << "| meaning of code | `" << messages_.Of(type)->FindFieldByNumber(meaning.field)->name()
         << "` | of system " << meaning.system << " | 0..1 | " << name << " | |\n";
  }

  void Row(const Type& section,
           const Type& type,
           const Member& member,
           const std::string& path,
           const Type* below,
           const std::vector<std::uint8_t>& steps) {
    const Element& element = type.elements[member.element];
    const std::string fields = messages_.Fields(type, member);
    out_ << "| " << path << " | " << (fields.empty() ? "in `extra`" : fields) << " | ";
    if (const Extension* const extension = ExtensionOf(type, member))
      out_ << "extension " << extension->url << ": ";
    if (below != nullptr) {
      out_ << "element";
    } else {
      out_ << Linked(member, TypeText(type, member));
    }
    out_ << " | " << element.min << ".." << (element.max == 0 ? "*" : std::to_string(element.max));
    if (element.choice) out_ << " of " << element.name;
    out_ << " | ";
    if (member.kind == Kind::kEnum) {
      const std::string_view name = kTables.enums[member.ref].name;
      enums_.insert(name);
      out_ << "required: " << name;
    }
    out_ << " | " << SearchText(section, steps, below == nullptr) << " |\n";
  }

  std::string Linked(const Member& member, const std::string& text) const {
    if (!links_ || member.kind != Kind::kMessage) return text;
    const Type& target = kTables.types[member.ref];
    if (target.name.find('.') != std::string_view::npos) return text;
    const std::string name = NameOf(target);
    std::string anchor = name;
    for (char& c : anchor) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return "[" + name + "](#" + anchor + ")" + text.substr(target.name.size());
  }

  std::ostream& out_;
  const bool links_;
  const MessageNames messages_;
  std::set<std::string_view> enums_;
};

bool IsNamed(const Type& type) { return type.name.find('.') == std::string_view::npos; }

void WriteAll(std::ostream& out) {
  Reference reference(out, true);
  out << kIntroduction << "\n# Resources\n";
  for (const std::uint8_t index : kTables.resources) reference.Section(kTables.types[index]);
  out << "\n# Data types\n";
  for (const Type& type : kTables.types) {
    if (type.resource_field == 0 && IsNamed(type)) reference.Section(type);
  }
  reference.Codes();
  out << "\n# Resources without a map\n\nEach travels whole, as `handoff.v1.OpaqueResource`:";
  for (const std::string_view name : kTables.opaque) {
    out << (name == kTables.opaque.front() ? " " : ", ") << name;
  }
  out << ".\n";
}

}  // namespace

absl::Status WriteMappingReference(std::string_view type, std::ostream& out) {
  if (type.empty()) {
    WriteAll(out);
    return absl::OkStatus();
  }
  const MessageNames messages;
  auto it = std::find_if(kTables.types.begin(), kTables.types.end(), [&](const Type& known) {
    return known.name == type && IsNamed(known);
  });
  if (it == kTables.types.end()) {
    it = std::find_if(kTables.types.begin(), kTables.types.end(), [&](const Type& known) {
      const auto* const message = messages.Of(known);
      return IsNamed(known) && message != nullptr && message->name() == type;
    });
  }
  if (it == kTables.types.end()) {
    std::string text = "there is no map of that name; the resources that have one:";
    for (const std::uint8_t index : kTables.resources) {
      (text += ' ') += kTables.types[index].name;
    }
    return absl::NotFoundError(text);
  }
  Reference reference(out, false);
  reference.Section(*it);
  reference.Codes();
  return absl::OkStatus();
}

}  // namespace handoff::doc
