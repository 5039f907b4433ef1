// The syntax of r4/*.map: text to lines of meaning, nothing resolved yet.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handoff::mapc {

struct Location {
  std::string file;
  int line = 0;
};

// Complaints as `file:line: message`; nothing stops at the first.
class Errors {
 public:
  void Add(const Location& where, const std::string& what);
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

// One type of an element: `Reference(Patient|Group)` has name "Reference" and two targets.
struct TypeRef {
  std::string name;
  std::vector<std::string> targets;
  bool extra = false;  // inside extra(...): R4 allows it, the model has no field
};

struct FieldLine {
  Location where;
  std::string name;       // without [] and [x]
  std::string extension;  // `extension(url)`: the url; `name` is then empty
  bool repeated = false;
  bool choice = false;
  bool extra = false;  // `<-> extra`
  int min = 0;
  int max = 1;  // 0: no upper bound
  std::vector<std::string> proto_fields;
  std::vector<TypeRef> types;
  std::string enum_name;          // `code required X`
  std::string same_as;            // `@Path`
  bool reference_string = false;  // `reference-string`
  bool has_body = false;
  std::vector<FieldLine> body;
};

struct SearchLine {
  Location where;
  std::string name;
  std::string type;
  struct Path {
    std::vector<std::string> fields;
    std::string only;
  };
  std::vector<Path> paths;
};

// What must be so of a definition, or of an element of it.
struct InvariantLine {
  Location where;
  std::string key;
  bool warning = false;
  std::vector<std::string> path;  // empty: the definition itself
  std::string text;
  enum class Form { kExpression, kByHand, kNotChecked } form = Form::kExpression;
  std::string expression;  // kNotChecked: the reason
};

// A field that says what the code of a coding means, where its system is this one.
struct MeaningLine {
  Location where;
  std::string field;
  std::string enum_name;
  std::string system;
};

struct Definition {
  enum class Kind { kAbstract, kDatatype, kResource } kind = Kind::kAbstract;
  Location where;
  std::string name;
  std::string fhir_name;  // of a datatype that is `as` another one
  std::string base;
  std::string proto;
  std::vector<FieldLine> fields;
  std::vector<MeaningLine> meanings;
  std::vector<SearchLine> searches;
  std::vector<InvariantLine> invariants;
};

struct MapSet {
  std::vector<Definition> definitions;
  std::vector<std::pair<std::string, Location>> opaque;
  struct Alias {
    std::string name;
    std::vector<TypeRef> types;
  };
  std::vector<Alias> aliases;
};

// Adds what `text` of `file` says to `maps`.
void ParseMap(std::string_view file, std::string_view text, MapSet& maps, Errors& errors);

}  // namespace handoff::mapc
