#include "fhir-mappings/compiler/schema.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "fhir-mappings/compiler/invariants.h"
#include "fhir-mappings/compiler/proto_names.h"
#include "fhir-mappings/compiler/search_paths.h"

namespace handoff::mapc {
namespace {

using fhir::internal::Kind;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;

constexpr std::string_view kResourceUnion = "handoff.v1.Resource";

std::string Capitalised(std::string name) {
  name.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(name.front())));
  return name;
}

class Resolver {
 public:
  Resolver(const MapSet& maps, const DescriptorPool& pool, Errors& errors)
      : maps_(maps),
        pool_(pool),
        errors_(errors),
        union_(pool.FindMessageTypeByName(std::string(kResourceUnion))) {}

  Schema Run() {
    Declare();
    for (const Definition& definition : maps_.definitions) {
      if (definition.kind == Definition::Kind::kAbstract) continue;
      if (const auto it = declared_.find(&definition); it != declared_.end())
        DefineRoot(it->second, definition);
    }
    MarkReferences();
    for (const Definition& definition : maps_.definitions) {
      if (const auto it = declared_.find(&definition); it != declared_.end()) {
        for (const SearchLine& search : definition.searches)
          AddSearch(it->second, search, schema_, errors_);
        for (const Definition* base : BasesOf(definition)) Invariants(it->second, base->invariants);
        Invariants(it->second, definition.invariants);
      }
    }
    if (const auto it = abstracts_.find("Element"); it != abstracts_.end()) {
      for (const InvariantLine& line : it->second->invariants)
        AddElementInvariant(line, schema_, errors_);
    }
    Finish();
    return std::move(schema_);
  }

 private:
  // Names first, so that definitions may refer to each other in any order.
  void Declare() {
    for (const Definition& definition : maps_.definitions) {
      if (definition.kind == Definition::Kind::kAbstract) {
        if (!abstracts_.emplace(definition.name, &definition).second) {
          errors_.Add(definition.where, definition.name + " is defined twice");
        }
        continue;
      }
      const Descriptor* proto = pool_.FindMessageTypeByName(definition.proto);
      if (proto == nullptr) {
        errors_.Add(definition.where, "unknown message " + definition.proto);
        continue;
      }
      if (named_.count(definition.name) != 0) {
        errors_.Add(definition.where, definition.name + " is defined twice");
        continue;
      }
      named_[definition.name] = declared_[&definition] = AddType(definition.fhir_name, proto);
      if (definition.kind == Definition::Kind::kResource) DeclareResource(definition, proto);
    }
  }

  void DeclareResource(const Definition& definition, const Descriptor* proto) {
    if (definition.name != proto->name()) {
      errors_.Add(definition.where,
                  "resource " + definition.name + " maps to a message of another name");
    }
    for (int i = 0; union_ != nullptr && i < union_->field_count(); ++i) {
      if (union_->field(i)->message_type() == proto) {
        schema_.types.back().resource_field = union_->field(i)->number();
        return;
      }
    }
    errors_.Add(definition.where, definition.proto + " is not in " + std::string(kResourceUnion));
  }

  int AddType(const std::string& name, const Descriptor* proto) {
    schema_.types.emplace_back();
    schema_.types.back().name = name;
    schema_.types.back().proto = proto;
    return static_cast<int>(schema_.types.size()) - 1;
  }

  // The outermost first.
  std::vector<const Definition*> BasesOf(const Definition& definition) const {
    std::vector<const Definition*> bases;
    for (std::string base = definition.base; !base.empty();) {
      const auto it = abstracts_.find(base);
      if (it == abstracts_.end() ||
          std::find(bases.begin(), bases.end(), it->second) != bases.end()) {
        break;
      }
      bases.push_back(it->second);
      base = it->second->base;
    }
    std::reverse(bases.begin(), bases.end());
    return bases;
  }

  void CheckBases(const Definition& definition) {
    const std::vector<const Definition*> bases = BasesOf(definition);
    const Definition& last = bases.empty() ? definition : *bases.front();
    if (last.base.empty()) return;
    if (abstracts_.count(last.base) == 0) {
      errors_.Add(definition.where, "unknown base " + last.base);
    } else {
      errors_.Add(abstracts_[last.base]->where, last.base + " is its own base");
    }
  }

  void Invariants(int type, const std::vector<InvariantLine>& lines) {
    for (const InvariantLine& line : lines) AddInvariant(type, line, schema_, errors_);
  }

  void DefineRoot(int type, const Definition& definition) {
    used_[type];
    CheckBases(definition);
    for (const Definition* base : BasesOf(definition)) Fields(type, definition.name, base->fields);
    Fields(type, definition.name, definition.fields);
    const bool resource = definition.kind == Definition::Kind::kResource;
    AddExtras(type, resource ? Form::kResource : Form::kDatatype);
    for (const Definition* base : BasesOf(definition))
      Extensions(type, definition.name, base->fields);
    Extensions(type, definition.name, definition.fields);
    for (const MeaningLine& meaning : definition.meanings) Meaning(type, meaning);
    Close(type, definition.where);
  }

  void Meaning(int type, const MeaningLine& line) {
    const FieldDescriptor* field = FindField(type, line.where, line.field);
    const EnumDescriptor* code = field == nullptr ? nullptr : FindEnum(line.where, line.enum_name);
    if (code == nullptr) return;
    if (field->enum_type() != code || field->is_repeated()) {
      errors_.Add(line.where, field->full_name() + " is no " + line.enum_name);
    } else {
      schema_.types[type].meanings.push_back(
          {line.system, field->number(), AddEnum(line.where, *code)});
    }
  }

  void Fields(int type, const std::string& path, const std::vector<FieldLine>& fields) {
    for (const FieldLine& field : fields) {
      if (field.extension.empty()) Field(type, path, field);
    }
  }

  // The last members of a type.
  void Extensions(int type, const std::string& path, const std::vector<FieldLine>& fields) {
    for (const FieldLine& field : fields) {
      if (!field.extension.empty()) KnownExtension(type, path, field);
    }
  }

  // extension(url) <-> field Type, or a body of extensions. FHIR calls the element after its slice:
  // extension:field (FHIR R4 elementdefinition.html#id).
  void KnownExtension(int type, const std::string& path, const FieldLine& line) {
    if (line.proto_fields.size() != 1 || line.min != 0) {
      errors_.Add(line.where, "an extension has one field, and need not stand");
      return;
    }
    if (line.extension.find_first_of("\"'\\ ") != std::string::npos) {
      errors_.Add(line.where, "this is no url of an extension");
      return;
    }
    const auto& elements = schema_.types[type].elements;
    if (std::none_of(elements.begin(), elements.end(), [](const SchemaElement& element) {
          return element.name == "extension";
        })) {
      errors_.Add(line.where, schema_.types[type].name + " has no extensions");
      return;
    }
    const FieldDescriptor* field = FindField(type, line.where, line.proto_fields[0]);
    if (field == nullptr) return;
    for (const SchemaMember& other : schema_.types[type].members) {
      if (other.url == line.extension)
        errors_.Add(line.where, "this extension has a field already");
    }
    FieldLine named = line;
    named.name = "extension:" + line.proto_fields[0];
    const int element = static_cast<int>(schema_.types[type].elements.size());
    schema_.types[type].elements.push_back({named.name, line.min, line.max, false});
    const std::size_t before = schema_.types[type].members.size();
    Single(type, path, element, named, *field);
    if (schema_.types[type].members.size() == before) return;  // an error was told
    SchemaMember& member = schema_.types[type].members.back();
    member.url = line.extension;
    member.name = "extension('" + line.extension + "')";
    const bool value = !line.has_body && line.same_as.empty();
    if (value) {
      member.name += ".value";
      member.value = "value" + Capitalised(line.types[0].name);
    }
    if (member.kind == Kind::kEnum || member.kind == Kind::kResource ||
        (member.repeated && fhir::internal::IsVarint(member.kind)) ||
        (member.kind == Kind::kMessage && value == schema_.types[member.ref].is_extension)) {
      errors_.Add(line.where, "an extension holds a data type, or extensions in { }");
    }
  }

  void Field(int type, const std::string& path, const FieldLine& line) {
    const std::string element_name = line.name + (line.choice ? "[x]" : "");
    for (const SchemaElement& element : schema_.types[type].elements) {
      if (element.name == element_name) errors_.Add(line.where, element_name + " stands twice");
    }
    const int element = static_cast<int>(schema_.types[type].elements.size());
    schema_.types[type].elements.push_back({element_name, line.min, line.max, line.choice});
    if (line.extra) {
      AddMember(type, line, {line.name, 0, Kind::kExtra, line.repeated, element, 0, {}});
    } else if (line.choice) {
      Choice(type, element, line);
    } else if (line.reference_string) {
      ReferenceString(type, element, line);
    } else if (line.proto_fields.size() != 1) {
      errors_.Add(line.where, "only a reference-string has more than one field");
    } else if (const FieldDescriptor* field = FindField(type, line.where, line.proto_fields[0])) {
      Single(type, path, element, line, *field);
    }
  }

  const FieldDescriptor* FindField(int type, const Location& where, const std::string& name) {
    const Descriptor* proto = schema_.types[type].proto;
    const FieldDescriptor* field = proto->FindFieldByName(name);
    if (field == nullptr) {
      errors_.Add(where, proto->full_name() + " has no field " + name);
    } else if (!used_[type].insert(name).second) {
      errors_.Add(where, proto->full_name() + "." + name + " is mapped twice");
    }
    return field;
  }

  void AddMember(int type, const FieldLine& line, SchemaMember member) {
    for (const SchemaMember& other : schema_.types[type].members) {
      if (other.name == member.name) {
        errors_.Add(line.where, "the JSON member " + member.name + " is mapped twice");
        return;
      }
    }
    schema_.types[type].members.push_back(std::move(member));
  }

  // One element with one type.
  void Single(int type,
              const std::string& path,
              int element,
              const FieldLine& line,
              const FieldDescriptor& field) {
    if (field.is_repeated() != line.repeated) {
      errors_.Add(line.where,
                  field.full_name() + (line.repeated ? " is not repeated" : " is repeated") +
                      ", the element is" + (line.repeated ? "" : " not"));
      return;
    }
    SchemaMember member{line.name, field.number(), Kind::kMessage, line.repeated, element, 0, {}};
    if (line.has_body) {
      if (!ExpectMessage(line, field)) return;
      const std::string sub_path = path + "." + line.name;
      member.ref = AddType(sub_path, field.message_type());
      named_.emplace(sub_path, member.ref);
      AddMember(type, line, member);
      used_[member.ref];
      schema_.types[member.ref].is_extension = !line.extension.empty();
      for (const FieldLine& inside : line.body) {
        if (!line.extension.empty() && inside.extension.empty())
          errors_.Add(inside.where, "an extension holds extensions only");
      }
      Fields(member.ref, sub_path, line.body);
      AddExtras(member.ref, line.extension.empty() ? Form::kBackbone : Form::kDatatype);
      Extensions(member.ref, sub_path, line.body);
      Close(member.ref, line.where);
      return;
    }
    if (!line.same_as.empty()) {
      const auto it = named_.find(line.same_as);
      if (it == named_.end()) {
        errors_.Add(line.where, "no earlier element " + line.same_as);
      } else if (schema_.types[it->second].proto != field.message_type()) {
        errors_.Add(line.where,
                    field.full_name() + " is not of the message that " + line.same_as + " maps to");
      } else {
        member.ref = it->second;
        AddMember(type, line, member);
      }
      return;
    }
    if (line.types.size() != 1) {
      errors_.Add(line.where, "more than one type needs a choice: " + line.name + "[x]");
      return;
    }
    if (Typed(line, line.types[0], field, member)) AddMember(type, line, member);
  }

  bool ExpectMessage(const FieldLine& line, const FieldDescriptor& field) {
    if (field.message_type() != nullptr) return true;
    errors_.Add(line.where, field.full_name() + " is a " + field.type_name() + ", not a message");
    return false;
  }

  // Sets kind and ref of `member` for a FHIR type; false after an error.
  bool Typed(const FieldLine& line,
             const TypeRef& ref,
             const FieldDescriptor& field,
             SchemaMember& member) {
    std::string expected;
    member.targets = ref.targets;
    if (!line.enum_name.empty()) {
      member.kind = Kind::kEnum;
      const EnumDescriptor* code = FindEnum(line.where, line.enum_name);
      if (code == nullptr) return false;
      expected = code->full_name();
      member.ref = AddEnum(line.where, *code);
    } else if (ref.name == "Resource") {
      // A list of contained resources may be bytes, each an encoded Resource: the wire form is the
      // same.
      member.kind = Kind::kResource;
      expected =
          field.type() == FieldDescriptor::TYPE_BYTES ? "bytes" : std::string(kResourceUnion);
    } else if (const Kind kind = PrimitiveKind(ref.name); kind != Kind::kExtra) {
      member.kind = kind;
      expected = ProtoTypeOf(kind);
      if (member.repeated && fhir::internal::IsVarint(kind) && kind != Kind::kPositiveInt) {
        errors_.Add(line.where,
                    "a repeated " + ref.name + " cannot hold the null that R4 allows in its list");
        return false;
      }
    } else if (const auto it = named_.find(ref.name); it != named_.end()) {
      member.kind = Kind::kMessage;
      member.ref = it->second;
      expected = schema_.types[it->second].proto->full_name();
    } else {
      errors_.Add(line.where, "unknown type " + ref.name);
      return false;
    }
    if (ProtoTypeOf(field) != expected) {
      errors_.Add(line.where,
                  field.full_name() + " is a " + ProtoTypeOf(field) + "; " + ref.name + " needs " +
                      expected);
      return false;
    }
    if (!ref.targets.empty() && ref.name != "Reference" && ref.name != "canonical") {
      errors_.Add(line.where, ref.name + " takes no target types");
      return false;
    }
    return Presence(line, field, member);
  }

  // A number that may be 0 needs to tell 0 from absent.
  bool Presence(const FieldLine& line, const FieldDescriptor& field, const SchemaMember& member) {
    if (!fhir::internal::IsVarint(member.kind) || member.kind == Kind::kEnum || member.repeated ||
        field.has_presence())
      return true;
    errors_.Add(line.where, field.full_name() + " cannot tell 0 from absent: declare it optional");
    return false;
  }

  const EnumDescriptor* FindEnum(const Location& where, const std::string& name) {
    const EnumDescriptor* code = pool_.FindEnumTypeByName("handoff.v1." + name);
    if (code == nullptr) errors_.Add(where, "unknown enum handoff.v1." + name);
    return code;
  }

  int AddEnum(const Location& where, const EnumDescriptor& code) {
    for (std::size_t i = 0; i < schema_.enums.size(); ++i) {
      if (schema_.enums[i].name == code.name()) return static_cast<int>(i);
    }
    schema_.enums.push_back(CodesOf(code, where, errors_));
    return static_cast<int>(schema_.enums.size()) - 1;
  }

  // value[x] <-> value: one oneof, whose fields are value_quantity, value_date_time, ...
  void Choice(int type, int element, const FieldLine& line) {
    const Descriptor* proto = schema_.types[type].proto;
    const OneofDescriptor* oneof = nullptr;
    for (int i = 0; line.proto_fields.size() == 1 && i < proto->oneof_decl_count(); ++i) {
      if (proto->oneof_decl(i)->name() == line.proto_fields[0]) oneof = proto->oneof_decl(i);
    }
    if (oneof == nullptr) {
      errors_.Add(line.where, proto->full_name() + " has no oneof for " + line.name + "[x]");
      return;
    }
    for (const TypeRef& ref : Alternatives(line)) {
      SchemaMember member{
          line.name + Capitalised(ref.name), 0, Kind::kExtra, false, element, 0, {}};
      if (ref.extra) {
        AddMember(type, line, std::move(member));
        continue;
      }
      const FieldDescriptor* field =
          FindField(type, line.where, oneof->name() + "_" + Snake(ref.name));
      if (field == nullptr) continue;
      if (field->containing_oneof() != oneof) {
        errors_.Add(line.where, field->full_name() + " is not in the oneof " + oneof->name());
        continue;
      }
      member.field = field->number();
      if (Typed(line, ref, *field, member)) AddMember(type, line, std::move(member));
    }
  }

  std::vector<TypeRef> Alternatives(const FieldLine& line) const {
    if (line.types.size() == 1 && !line.types[0].extra) {
      for (const MapSet::Alias& alias : maps_.aliases) {
        if (alias.name == line.types[0].name) return alias.types;
      }
    }
    return line.types;
  }

  // A reference text is four fields in a row: resource type, id, version, uri.
  void ReferenceString(int type, int element, const FieldLine& line) {
    if (line.proto_fields.size() != 4) {
      errors_.Add(line.where, "a reference-string maps to four fields: type, id, version, uri");
      return;
    }
    int first = 0;
    for (int i = 0; i < 4; ++i) {
      const FieldDescriptor* field = FindField(type, line.where, line.proto_fields[i]);
      if (field == nullptr) return;
      if (i == 0) first = field->number();
      if (field->type() != FieldDescriptor::TYPE_STRING || field->is_repeated() ||
          field->number() != first + i) {
        errors_.Add(
            line.where,
            field->full_name() + ": the four fields are single strings with consecutive numbers");
        return;
      }
    }
    AddMember(type, line, {line.name, first, Kind::kReferenceText, false, element, 0, {}});
  }

  enum class Form { kResource, kDatatype, kBackbone };

  // Adds what every element of a form has.
  void AddExtras(int type, Form form) {
    const auto add_extra = [&](const char* name, bool repeated) {
      SchemaType& t = schema_.types[type];
      for (const SchemaMember& member : t.members) {
        if (member.name == name) return;
      }
      t.elements.push_back({name, 0, repeated ? 0 : 1, false});
      t.members.push_back(
          {name, 0, Kind::kExtra, repeated, static_cast<int>(t.elements.size()) - 1, 0, {}});
    };
    if (form != Form::kResource) add_extra("id", false);
    const bool plain_resource =
        form == Form::kResource && schema_.types[type].proto->FindFieldByName("text") == nullptr;
    if (!plain_resource) add_extra("extension", true);
    if (!plain_resource && form != Form::kDatatype) add_extra("modifierExtension", true);
  }

  // Checks that the message is covered.
  void Close(int type, const Location& where) {
    SchemaType& t = schema_.types[type];
    const FieldDescriptor* extra = t.proto->FindFieldByName("extra");
    if (extra == nullptr || extra->type() != FieldDescriptor::TYPE_BYTES || extra->is_repeated()) {
      errors_.Add(where, t.proto->full_name() + " has no field `bytes extra`");
    } else {
      t.extra_field = extra->number();
    }
    for (int i = 0; i < t.proto->field_count(); ++i) {
      const FieldDescriptor* field = t.proto->field(i);
      if (field != extra && used_[type].count(field->name()) == 0) {
        errors_.Add(where, field->full_name() + " is in no line of the map");
      }
      if (field->number() >= 2048)
        errors_.Add(where, field->full_name() + " has a number of 2048 or more");
    }
    if (t.elements.size() > fhir::internal::kMaxElements) {
      errors_.Add(where, t.name + " has more than 64 elements");
    }
    if (t.members.size() >= fhir::internal::kNoName)
      errors_.Add(where, t.name + " has 255 members or more");
  }

  // A type has references if it is Reference, holds resources, or one of its members does.
  void MarkReferences() {
    const auto index = [&](const char* name) {
      const auto it = named_.find(name);
      return it == named_.end() ? -1 : it->second;
    };
    schema_.reference_type = index("Reference");
    schema_.meta_type = index("Meta");
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < schema_.types.size(); ++i) {
        SchemaType& t = schema_.types[i];
        bool found = static_cast<int>(i) == schema_.reference_type;
        for (const SchemaMember& member : t.members) {
          if (member.kind == Kind::kResource) found = t.holds_resources = true;
          if (member.kind == Kind::kMessage && schema_.types[member.ref].has_references)
            found = true;
        }
        if (found && !t.has_references) t.has_references = changed = true;
      }
    }
  }

  void Finish() {
    const Location whole{maps_.definitions.empty() ? "maps" : maps_.definitions.front().where.file,
                         1};
    if (schema_.reference_type < 0) errors_.Add(whole, "no datatype Reference");
    if (schema_.meta_type < 0) errors_.Add(whole, "no datatype Meta");
    for (const auto& [name, where] : maps_.opaque) {
      if (named_.count(name) != 0) errors_.Add(where, name + " has a map");
      schema_.opaque.push_back(name);
    }
    std::sort(schema_.opaque.begin(), schema_.opaque.end());
    const auto twice = std::adjacent_find(schema_.opaque.begin(), schema_.opaque.end());
    if (twice != schema_.opaque.end())
      errors_.Add(maps_.opaque.front().second, *twice + " stands twice");
  }

  const MapSet& maps_;
  const DescriptorPool& pool_;
  Errors& errors_;
  const Descriptor* union_;
  Schema schema_;
  std::map<std::string, int> named_;  // resources, data types, and backbone elements by path
  std::map<const Definition*, int> declared_;
  std::map<std::string, const Definition*> abstracts_;
  std::map<int, std::set<std::string>> used_;  // proto fields that a line maps, per type
};

}  // namespace

Schema Resolve(const MapSet& maps, const DescriptorPool& pool, Errors& errors) {
  return Resolver(maps, pool, errors).Run();
}

}  // namespace handoff::mapc
