#include "fhir-mappings/compiler/map_file.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace handoff::mapc {
namespace {

std::string_view Trim(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back()))) s.remove_suffix(1);
  return s;
}

// Splits at `separator` outside parentheses; parts are trimmed.
std::vector<std::string> Split(std::string_view s, char separator) {
  std::vector<std::string> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= s.size(); ++i) {
    if (i < s.size() && s[i] == '(') ++depth;
    if (i < s.size() && s[i] == ')') --depth;
    if (i == s.size() || (s[i] == separator && depth == 0)) {
      parts.emplace_back(Trim(s.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  return parts;
}

std::vector<std::string> Words(std::string_view s) {
  std::vector<std::string> words;
  for (std::string& word : Split(s, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

bool IsName(std::string_view s) {
  return !s.empty() && std::isalpha(static_cast<unsigned char>(s.front())) &&
         std::all_of(s.begin(), s.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
         });
}

// `name(inside)`: returns true and both parts; a bare name has no inside.
bool SplitCall(std::string_view s, std::string& name, std::optional<std::string>& inside) {
  const std::size_t open = s.find('(');
  if (open == s.npos) {
    name = s;
    inside.reset();
    return IsName(name);
  }
  if (s.back() != ')') return false;
  name = Trim(s.substr(0, open));
  inside = std::string(Trim(s.substr(open + 1, s.size() - open - 2)));
  return IsName(name);
}

std::string Shown(const FieldLine& field) {
  return field.extension.empty() ? field.name : "extension(" + field.extension + ")";
}

class Parser {
 public:
  Parser(std::string_view file, MapSet& maps, Errors& errors)
      : maps_(maps), errors_(errors), where_{std::string(file), 0} {}

  void Parse(std::string_view text) {
    std::string joined;
    Location start;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ++where_.line;
      line = Trim(StripComment(line));
      if (joined.empty()) start = where_;
      if (!joined.empty()) joined += ' ';
      joined += line;
      if (!joined.empty() && joined.back() == '|') continue;  // goes on in the next line
      const Location here = std::exchange(where_, start);
      if (!joined.empty()) Line(joined);
      where_ = here;
      joined.clear();
    }
    if (!joined.empty()) Error("the file ends inside a list of alternatives");
    if (!open_.empty()) {
      errors_.Add(open_.back()->where, "'{' is never closed");
      open_.clear();
    }
  }

 private:
  void Error(const std::string& what) { errors_.Add(where_, what); }

  static std::string_view StripComment(std::string_view line) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '#' && (i == 0 || std::isspace(static_cast<unsigned char>(line[i - 1])))) {
        return line.substr(0, i);
      }
    }
    return line;
  }

  void Line(const std::string& line) {
    if (line == "}") {
      if (open_.empty()) return Error("'}' without '{'");
      open_.pop_back();
      return;
    }
    const std::vector<std::string> words = Words(line);
    const std::string& first = words.front();
    const bool field = words.size() > 1 && line.find("<->") != line.npos;
    if (first == "alias" && !field) return Alias(line);
    if (first == "opaque" && !field) return Opaque(line);
    if ((first == "abstract" || first == "datatype" || first == "resource") && IsHeader(words)) {
      return Header(words);
    }
    if (first == "search" && !field) return Search(words, line);
    if (first == "invariant" && !field) return Invariant(line);
    if (first == "meaning" && !field) return Meaning(words);
    if (field) return Field(line);
    Error(
        "cannot read this line: expected a definition, `element <-> field type`, `search`, "
        "`invariant`, `meaning`, `alias`, `opaque` or '}'");
  }

  // `resource` and `abstract` could also be element names: those are followed by a cardinality or
  // an arrow.
  static bool IsHeader(const std::vector<std::string>& words) {
    return words.size() > 1 && std::isupper(static_cast<unsigned char>(words[1].front()));
  }

  void Alias(const std::string& line) {
    const std::size_t equals = line.find('=');
    const std::string name(
        Trim(std::string_view(line).substr(5, equals == line.npos ? equals : equals - 5)));
    if (equals == line.npos || !IsName(name))
      return Error("expected `alias name = type | type ...`");
    maps_.aliases.push_back({name, Types(std::string_view(line).substr(equals + 1))});
  }

  void Opaque(const std::string& line) {
    for (const std::string& name : Split(std::string_view(line).substr(6), '|')) {
      if (!IsName(name)) {
        Error("'" + name + "' is no resource type name");
      } else {
        maps_.opaque.emplace_back(name, where_);
      }
    }
  }

  // meaning field Enum system
  void Meaning(const std::vector<std::string>& words) {
    if (maps_.definitions.empty() || maps_.definitions.back().kind != Definition::Kind::kDatatype)
      return Error("`meaning` stands in a datatype");
    if (words.size() != 4) return Error("expected `meaning field Enum system`");
    maps_.definitions.back().meanings.push_back({where_, words[1], words[2], words[3]});
  }

  // abstract X [: Base] | datatype X [as Y] <-> proto | resource X [: Base] <-> proto
  void Header(const std::vector<std::string>& words) {
    if (!open_.empty()) {
      errors_.Add(open_.back()->where, "'{' is never closed");
      open_.clear();
    }
    Definition definition;
    definition.where = where_;
    definition.kind = words[0] == "abstract"   ? Definition::Kind::kAbstract
                      : words[0] == "datatype" ? Definition::Kind::kDatatype
                                               : Definition::Kind::kResource;
    definition.name = words[1];
    definition.fhir_name = words[1];
    std::size_t i = 2;
    if (i + 1 < words.size() && words[i] == "as" &&
        definition.kind == Definition::Kind::kDatatype) {
      definition.fhir_name = words[i + 1];
      i += 2;
    } else if (i + 1 < words.size() && words[i] == ":") {
      definition.base = words[i + 1];
      i += 2;
    } else if (definition.kind == Definition::Kind::kResource) {
      definition.base = "DomainResource";
    }
    const bool mapped = definition.kind != Definition::Kind::kAbstract;
    if (mapped && i + 1 < words.size() && words[i] == "<->") {
      definition.proto = words[i + 1];
      i += 2;
    } else if (mapped) {
      Error("expected `" + words[0] + " " + words[1] + " <-> message`");
    }
    if (i != words.size()) Error("unexpected '" + words[i] + "' after the definition");
    maps_.definitions.push_back(std::move(definition));
  }

  void Search(const std::vector<std::string>& words, const std::string& line) {
    if (maps_.definitions.empty() || maps_.definitions.back().kind != Definition::Kind::kResource ||
        !open_.empty()) {
      return Error("`search` stands at the end of a resource");
    }
    if (words.size() < 4) return Error("expected `search name type path[, path]`");
    SearchLine search;
    search.where = where_;
    search.name = words[1];
    search.type = words[2];
    std::size_t begin = line.find(words[1], 6);
    begin = line.find(words[2], begin + words[1].size()) + words[2].size();
    for (const std::string& text : Split(std::string_view(line).substr(begin), ',')) {
      SearchLine::Path path;
      std::string dotted = text;
      if (const std::size_t open = text.find('('); open != text.npos && text.back() == ')') {
        path.only = text.substr(open + 1, text.size() - open - 2);
        dotted = text.substr(0, open);
      }
      path.fields = Split(dotted, '.');
      search.paths.push_back(std::move(path));
    }
    maps_.definitions.back().searches.push_back(std::move(search));
  }

  // Takes the word that `text` begins with.
  static std::string TakeWord(std::string_view& text) {
    text = Trim(text);
    std::size_t end = 0;
    while (end < text.size() && !std::isspace(static_cast<unsigned char>(text[end]))) ++end;
    const std::string word(text.substr(0, end));
    text = Trim(text.substr(end));
    return word;
  }

  // Takes the text in double quotes that `text` begins with.
  static bool TakeQuoted(std::string_view& text, std::string& quoted) {
    const std::size_t end = text.starts_with('"') ? text.find('"', 1) : text.npos;
    if (end == text.npos) return false;
    quoted = text.substr(1, end - 1);
    text = Trim(text.substr(end + 1));
    return true;
  }

  // invariant key severity path "text" expression | by-hand | not-checked "reason"
  void Invariant(const std::string& line) {
    if (maps_.definitions.empty() || !open_.empty())
      return Error("`invariant` stands at the end of a definition");
    std::string_view rest(line);
    TakeWord(rest);
    InvariantLine invariant;
    invariant.where = where_;
    invariant.key = TakeWord(rest);
    const std::string severity = TakeWord(rest);
    const std::string path = TakeWord(rest);
    if ((severity != "error" && severity != "warning") || path.empty() ||
        !TakeQuoted(rest, invariant.text) || rest.empty()) {
      return Error("expected `invariant key error|warning path \"text\" expression`");
    }
    invariant.warning = severity == "warning";
    if (path != ".") invariant.path = Split(path, '.');
    if (rest == "by-hand") {
      invariant.form = InvariantLine::Form::kByHand;
    } else if (rest.starts_with("not-checked ")) {
      invariant.form = InvariantLine::Form::kNotChecked;
      rest = Trim(rest.substr(12));
      if (!TakeQuoted(rest, invariant.expression) || !rest.empty())
        return Error("expected `not-checked \"reason\"`");
    } else {
      invariant.expression = rest;
    }
    maps_.definitions.back().invariants.push_back(std::move(invariant));
  }

  void Field(const std::string& line) {
    if (maps_.definitions.empty()) return Error("an element before any definition");
    const std::size_t arrow = line.find("<->");
    const std::vector<std::string> left = Words(std::string_view(line).substr(0, arrow));
    std::string right(Trim(std::string_view(line).substr(arrow + 3)));
    FieldLine field;
    field.where = where_;
    if (left.empty() || left.size() > 2 || !ElementName(left[0], field) ||
        (left.size() == 2 && !Cardinality(left[1], field))) {
      return Error("expected `element[] min..max <-> field type`");
    }
    if (field.repeated && left.size() == 1) field.max = 0;
    if (!field.repeated && field.max != 1)
      return Error("an element that repeats is written " + Shown(field) + "[]");
    Right(right, field);
    std::vector<FieldLine>& siblings =
        open_.empty() ? maps_.definitions.back().fields : open_.back()->body;
    siblings.push_back(std::move(field));
    if (siblings.back().has_body) open_.push_back(&siblings.back());
  }

  static bool ElementName(std::string_view text, FieldLine& field) {
    if (text.ends_with("[x]")) {
      field.choice = true;
      text.remove_suffix(3);
    } else if (text.ends_with("[]")) {
      field.repeated = true;
      text.remove_suffix(2);
    }
    if (text.starts_with("extension(") && text.ends_with(')')) {
      field.extension = Trim(text.substr(10, text.size() - 11));
      return !field.choice && !field.extension.empty();
    }
    field.name = text;
    return IsName(text);
  }

  static bool Cardinality(std::string_view text, FieldLine& field) {
    const std::size_t dots = text.find("..");
    if (dots == text.npos) return false;
    const auto number = [](std::string_view s, int& value) {
      const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), value);
      return error == std::errc() && end == s.data() + s.size() && value >= 0;
    };
    const std::string_view max = text.substr(dots + 2);
    if (max == "*") {
      field.max = 0;
    } else if (!number(max, field.max) || field.max == 0) {
      return false;
    }
    return number(text.substr(0, dots), field.min) && (field.max == 0 || field.min <= field.max);
  }

  // The fields, then what they hold.
  void Right(std::string_view right, FieldLine& field) {
    if (right == "extra") {
      field.extra = true;
      return;
    }
    while (true) {
      const std::size_t end = std::min(right.find_first_of(", "), right.size());
      field.proto_fields.emplace_back(right.substr(0, end));
      const bool more = end < right.size() && right[end] == ',';
      right = Trim(right.substr(std::min(end + (more ? 1 : 0), right.size())));
      if (!more) break;
    }
    if (right == "{") {
      field.has_body = true;
    } else if (right == "reference-string") {
      field.reference_string = true;
    } else if (right.starts_with("@")) {
      field.same_as = Trim(right.substr(1));
    } else if (right.starts_with("code required ")) {
      field.types.push_back({"code", {}, false});
      field.enum_name = Trim(right.substr(14));
      if (!IsName(field.enum_name)) Error("expected `code required EnumName`");
    } else if (right.empty()) {
      Error("the type of " + Shown(field) + " is missing");
    } else {
      field.types = Types(right);
    }
  }

  std::vector<TypeRef> Types(std::string_view text) {
    std::vector<TypeRef> types;
    for (const std::string& part : Split(text, '|')) {
      std::string name;
      std::optional<std::string> inside;
      if (!SplitCall(part, name, inside)) {
        Error("'" + part + "' is no type");
      } else if (name == "extra" && inside) {
        for (std::string& extra : Split(*inside, '|'))
          types.push_back({std::move(extra), {}, true});
      } else {
        types.push_back({name, inside ? Split(*inside, '|') : std::vector<std::string>(), false});
      }
    }
    return types;
  }

  MapSet& maps_;
  Errors& errors_;
  Location where_;
  std::vector<FieldLine*> open_;  // stable: only the innermost open body grows
};

}  // namespace

void Errors::Add(const Location& where, const std::string& what) {
  list_.push_back(where.file + ":" + std::to_string(where.line) + ": " + what);
}

void ParseMap(std::string_view file, std::string_view text, MapSet& maps, Errors& errors) {
  Parser(file, maps, errors).Parse(text);
}

}  // namespace handoff::mapc
