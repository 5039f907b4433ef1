#include "fhir-mappings/compiler/emit_messages.h"

#include <string_view>
#include <vector>

namespace handoff::mapc {
namespace {

using fhir::internal::IsVarint;
using fhir::internal::Kind;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::string_view kBegin =
    "// Written by handoff-mapc from fhir-mappings/r4/*.map.\n"
    "#include \"fhir-mappings/runtime/message_code.h\"\n"
    "#include \"handoff/v1/exchange.pb.h\"\n\n"
    "namespace handoff::fhir::internal {\nnamespace {\n\n";
constexpr std::string_view kEnd = "\n}  // namespace handoff::fhir::internal\n";

// protoc's name of a message class (protobuf, C++ generated code, nested types).
std::string ClassOf(const Descriptor& message) {
  const Descriptor* const outer = message.containing_type();
  return (outer == nullptr ? "v1::" : ClassOf(*outer) + "_") + message.name();
}

// The name of an accessor: after what is a keyword to protoc stands an underscore.
std::string Accessor(const FieldDescriptor& field) {
  constexpr std::string_view kKeywords =
      " alignas alignof and and_eq asm auto bitand bitor bool break case catch char class "
      "compl const const_cast constexpr continue decltype default delete do double "
      "dynamic_cast else enum explicit export extern false float for friend goto if inline "
      "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq "
      "private protected public register reinterpret_cast return short signed sizeof "
      "static static_assert static_cast struct switch template this thread_local throw "
      "true try typedef typeid typename union unsigned using virtual void volatile wchar_t "
      "while xor xor_eq ";
  const std::string name = field.lowercase_name();
  return kKeywords.find(' ' + name + ' ') == kKeywords.npos ? name : name + '_';
}

std::string Function(const char* what, std::size_t type) { return what + std::to_string(type); }

// The fields of a member: one, but for the text of a reference.
std::vector<const FieldDescriptor*> FieldsOf(const SchemaType& type, const SchemaMember& member) {
  std::vector<const FieldDescriptor*> fields;
  const int last = member.field + (member.kind == Kind::kReferenceText ? 3 : 0);
  for (int number = member.field; number != 0 && number <= last; ++number)
    fields.push_back(type.proto->FindFieldByNumber(number));
  return fields;
}

// Writes functions of one shape for all types, and one for the union of resources.
class MessageEmitter {
 public:
  MessageEmitter(const Schema& schema, const Descriptor& resource)
      : schema_(schema), resource_(resource) {}

  std::string Reader() {
    out_ = kBegin;
    for (std::size_t i = 0; i < schema_.types.size(); ++i)
      out_ += Reads(Function("Read", i), ClassOf(*schema_.types[i].proto)) + ";\n";
    out_ += Reads("ReadResource", "v1::Resource") + ";\n\n";
    for (std::size_t i = 0; i < schema_.types.size(); ++i) ReadType(i);
    ReadOpaque();
    ReadUnion();
    out_ +=
        "}  // namespace\n\nbool ReadMessage(std::string_view encoded, v1::Resource& m, Utf8 utf8) "
        "{\n"
        "  return ReadResource(encoded, m, {0, utf8});\n}\n";
    return out_ + std::string(kEnd);
  }

  std::string Writer() {
    out_ = kBegin;
    for (std::size_t i = 0; i < schema_.types.size(); ++i)
      out_ += "[[maybe_unused]] " + Writes(Function("Write", i), ClassOf(*schema_.types[i].proto)) +
              ";\n";
    out_ += Writes("WriteResource", "v1::Resource") + ";\n\n";
    for (std::size_t i = 0; i < schema_.types.size(); ++i) WriteType(i);
    WriteUnion();
    out_ +=
        "}  // namespace\n\nvoid WriteMessage(const v1::Resource& m, MessageWriter& w) {\n"
        "  WriteResource(m, w);\n}\n";
    return out_ + std::string(kEnd);
  }

 private:
  // --- Wire bytes to messages.

  static std::string Reads(const std::string& name, const std::string& message) {
    return "bool " + name + "(std::string_view wire, " + message + "& m, Reading reading)";
  }

  void BeginReader(const std::string& name, const std::string& message) {
    out_ += Reads(name, message) +
            " {\n"
            "  if (++reading.depth > kMaxParseDepth) return false;\n"
            "  WireReader reader(wire);\n"
            "  for (WireField f; reader.Next(f);) {\n"
            "    switch (Case(f)) {\n";
  }

  void EndReader() {
    out_ += "      default:\n        return false;\n    }\n  }\n  return reader.ok();\n}\n\n";
  }

  void Case(int field, bool bytes, const std::string& statement) {
    out_ += "      case Case(" + std::to_string(field) + (bytes ? ", true" : ", false") +
            "):\n        " + statement + "\n        break;\n";
  }

  void ReadType(std::size_t i) {
    const SchemaType& type = schema_.types[i];
    BeginReader(Function("Read", i), ClassOf(*type.proto));
    for (const SchemaMember& member : type.members) {
      for (const FieldDescriptor* field : FieldsOf(type, member)) ReadMember(member, *field);
    }
    for (const SchemaMeaning& meaning : type.meanings)
      ReadNumber(*type.proto->FindFieldByNumber(meaning.field));
    if (type.extra_field != 0) {
      const std::string extra = Accessor(*type.proto->FindFieldByNumber(type.extra_field));
      Case(type.extra_field, true, "m.set_" + extra + "(std::string(f.bytes));");
    }
    EndReader();
  }

  void ReadMember(const SchemaMember& member, const FieldDescriptor& field) {
    if (IsVarint(member.kind)) return ReadNumber(field);
    const std::string name = Accessor(field);
    const std::string put = std::string("m.") + (member.repeated ? "add_" : "set_") + name;
    const std::string inner = std::string("*m.") + (member.repeated ? "add_" : "mutable_") + name;
    switch (field.type()) {
      case FieldDescriptor::TYPE_STRING:
        return Case(field.number(),
                    true,
                    "if (!reading.IsText(f.bytes)) return false;\n        " + put +
                        "(std::string(f.bytes));");
      case FieldDescriptor::TYPE_BYTES:
        return Case(field.number(), true, put + "(std::string(f.bytes));");
      default:
        return Case(field.number(),
                    true,
                    "if (!" + ReadFunction(member) + "(f.bytes, " + inner + "()" +
                        (member.kind == Kind::kDate ? "" : ", reading") + ")) return false;");
    }
  }

  static std::string ReadFunction(const SchemaMember& member) {
    if (member.kind == Kind::kDate) return "ReadDate";
    if (member.kind == Kind::kResource) return "ReadResource";
    if (member.kind != Kind::kMessage) return "ReadDateTime";
    return Function("Read", static_cast<std::size_t>(member.ref));
  }

  void ReadNumber(const FieldDescriptor& field) {
    const std::string name = Accessor(field);
    const std::string put = std::string("m.") + (field.is_repeated() ? "add_" : "set_") + name +
                            "(NumberOf<decltype(m." + name +
                            (field.is_repeated() ? "(0))>(" : "())>(");
    Case(field.number(), false, put + "f.value));");
    if (!field.is_repeated()) return;
    Case(field.number(),
         true,
         "{\n          WireReader packed(f.bytes);\n"
         "          for (std::uint64_t n = 0; packed.NextPacked(n);) " +
             put + "n));\n          if (!packed.ok()) return false;\n        }");
  }

  // It has no map: its `meta` is what the model reads of it.
  void ReadOpaque() {
    const Descriptor& opaque = *Opaque().message_type();
    BeginReader("ReadOpaque", ClassOf(opaque));
    SchemaMember member;
    member.kind = Kind::kMessage;
    member.ref = schema_.meta_type;
    for (int i = 0; i < opaque.field_count(); ++i) ReadMember(member, *opaque.field(i));
    EndReader();
  }

  const FieldDescriptor& Opaque() const { return *resource_.FindFieldByName("opaque"); }

  void ReadUnion() {
    BeginReader("ReadResource", "v1::Resource");
    Case(Opaque().number(),
         true,
         "if (!ReadOpaque(f.bytes, *m.mutable_opaque(), reading)) return false;");
    for (std::size_t i = 0; i < schema_.types.size(); ++i) {
      const int number = schema_.types[i].resource_field;
      if (number == 0) continue;
      const std::string name = Accessor(*resource_.FindFieldByNumber(number));
      Case(number,
           true,
           "if (!" + Function("Read", i) + "(f.bytes, *m.mutable_" + name +
               "(), reading)) return false;");
    }
    EndReader();
  }

  // --- Messages to JSON.

  static std::string Writes(const std::string& name, const std::string& message) {
    return "void " + name + "(const " + message + "& m, MessageWriter& w)";
  }

  static std::string Name(const SchemaMember& member) {
    return "\",\\\"" + member.name + "\\\":\"";
  }

  void WriteType(std::size_t i) {
    const SchemaType& type = schema_.types[i];
    out_ += Writes(Function("Write", i), ClassOf(*type.proto)) + " {  // " + type.name + "\n";
    WriteByWire(i);
    out_ += type.resource_field == 0 ? "  if (!w.Begin()) return;\n"
                                     : "  if (!w.BeginResource(\"{\\\"resourceType\\\":\\\"" +
                                           type.name + "\\\"\")) return;\n";
    for (const SchemaMember& member : type.members) {
      if (member.url.empty() && member.field != 0) WriteMember(type, member);
    }
    out_ += "  w.End(m, " +
            (type.extra_field == 0
                 ? "std::string()"
                 : "m." + Accessor(*type.proto->FindFieldByNumber(type.extra_field)) + "()") +
            ");\n}\n\n";
  }

  // Known extensions have a place among the others, which stand in `extra`: the writer of wire
  // bytes finds it.
  void WriteByWire(std::size_t i) {
    const SchemaType& type = schema_.types[i];
    std::string any;
    for (const SchemaMember& member : type.members) {
      if (member.url.empty()) continue;
      const FieldDescriptor& field = *type.proto->FindFieldByNumber(member.field);
      any += " || " + Stands(field);
    }
    if (any.empty()) return;
    const std::string extra = Accessor(*type.proto->FindFieldByNumber(type.extra_field));
    out_ += "  if (!m." + extra + "().empty()" + any + ")\n    return w.ByWire(kTables.types[" +
            std::to_string(i) + "], m);\n";
  }

  static std::string Stands(const FieldDescriptor& field) {
    const std::string name = Accessor(field);
    if (field.is_repeated()) return "m." + name + "_size() != 0";
    if (field.has_presence()) return "m.has_" + name + "()";
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return "!m." + name + "().empty()";
    return "m." + name + "() != 0";
  }

  void WriteMember(const SchemaType& type, const SchemaMember& member) {
    const std::vector<const FieldDescriptor*> fields = FieldsOf(type, member);
    out_ += "  if (" + Stands(*fields[0]);
    for (std::size_t i = 1; i < fields.size(); ++i) out_ += " || " + Stands(*fields[i]);
    out_ += ") w." + Method(member, *fields[0]) + "(" + Name(member);
    for (const FieldDescriptor* field : fields) out_ += ", m." + Accessor(*field) + "()";
    if (member.kind == Kind::kEnum) out_ += ", kTables.enums[" + std::to_string(member.ref) + "]";
    if (member.kind == Kind::kDateTime) out_ += ", Kind::kDateTime";
    if (member.kind == Kind::kInstant) out_ += ", Kind::kInstant";
    out_ += ");\n";
  }

  static std::string Method(const SchemaMember& member, const FieldDescriptor& field) {
    const std::string plural = member.repeated ? "s" : "";
    switch (member.kind) {
      case Kind::kReferenceText:
        return "Reference";
      case Kind::kDecimal:
        return "Decimal" + plural;
      case Kind::kBoolean:
        return "Boolean";
      case Kind::kInteger:
      case Kind::kPositiveInt:
      case Kind::kUnsignedInt:
        return "Number" + plural;
      case Kind::kEnum:
        return "Code" + plural;
      case Kind::kDate:
        return "Date" + plural;
      case Kind::kDateTime:
      case Kind::kInstant:
        return "DateTime" + plural;
      case Kind::kMessage:
        return "Object" + plural + "<" + Function("Write", static_cast<std::size_t>(member.ref)) +
               ">";
      case Kind::kResource:
        return field.type() == FieldDescriptor::TYPE_BYTES
                   ? "EncodedResource" + plural
                   : "Resource" + plural + "<WriteResource>";
      default:
        return "Text" + plural;
    }
  }

  void WriteUnion() {
    out_ += Writes("WriteResource", "v1::Resource") +
            " {\n"
            "  if (UnknownFields::StandIn(m)) return w.Damaged(\"Resource\");\n"
            "  switch (static_cast<int>(m.resource_case())) {\n";
    for (std::size_t i = 0; i < schema_.types.size(); ++i) {
      const int number = schema_.types[i].resource_field;
      if (number == 0) continue;
      out_ += "    case " + std::to_string(number) + ":\n      return " + Function("Write", i) +
              "(m." + Accessor(*resource_.FindFieldByNumber(number)) + "(), w);\n";
    }
    out_ +=
        "    default:\n      return w.EncodedResource(m.SerializeAsString());  // opaque\n  "
        "}\n}\n\n";
  }

  const Schema& schema_;
  const Descriptor& resource_;
  std::string out_;
};

}  // namespace

std::string EmitMessageReader(const Schema& schema, const Descriptor& resource) {
  return MessageEmitter(schema, resource).Reader();
}

std::string EmitMessageWriter(const Schema& schema, const Descriptor& resource) {
  return MessageEmitter(schema, resource).Writer();
}

}  // namespace handoff::mapc
