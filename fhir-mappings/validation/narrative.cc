#include "fhir-mappings/validation/narrative.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "fhir-mappings/runtime/type_lookup.h"

namespace handoff::fhir::internal {
namespace {

// HTML 4.0 chapters 7 to 11 (without section 4 of 9) and 15, links and images. Sorted.
constexpr std::string_view kElements[] = {
    "a",     "abbr",   "acronym", "area",     "b",     "big",   "blockquote", "br",    "caption",
    "cite",  "code",   "col",     "colgroup", "dd",    "dfn",   "div",        "dl",    "dt",
    "em",    "h1",     "h2",      "h3",       "h4",    "h5",    "h6",         "hr",    "i",
    "img",   "li",     "map",     "ol",       "p",     "pre",   "q",          "samp",  "small",
    "span",  "strong", "sub",     "sup",      "table", "tbody", "td",         "tfoot", "th",
    "thead", "tr",     "tt",      "ul",       "var",
};
static_assert(std::is_sorted(std::begin(kElements), std::end(kElements)));

// No scripts, no forms, no style sheets. Sorted.
constexpr std::string_view kAttributes[] = {
    "abbr",        "accesskey", "align",   "alt",     "axis",  "bgcolor",  "border",  "cellpadding",
    "cellspacing", "char",      "charoff", "charset", "cite",  "class",    "colspan", "coords",
    "dir",         "frame",     "headers", "height",  "href",  "hreflang", "hspace",  "id",
    "lang",        "longdesc",  "name",    "nowrap",  "rel",   "rev",      "rowspan", "rules",
    "scope",       "shape",     "span",    "src",     "start", "style",    "summary", "tabindex",
    "title",       "type",      "usemap",  "valign",  "value", "vspace",   "width",   "xml:lang",
    "xml:space",   "xmlns",
};
static_assert(std::is_sorted(std::begin(kAttributes), std::end(kAttributes)));

// Where the names of each first letter begin in a sorted list; behind the last, its end.
template <std::size_t N>
constexpr std::array<std::uint8_t, 27> Starts(const std::string_view (&names)[N]) {
  std::array<std::uint8_t, 27> starts{};
  for (std::size_t letter = 0, i = 0; letter < starts.size(); ++letter) {
    while (i < N && static_cast<std::size_t>(names[i].front() - 'a') < letter) ++i;
    starts[letter] = static_cast<std::uint8_t>(i);
  }
  return starts;
}

// The place of a name in a sorted list, or kNoName.
template <std::size_t N>
std::uint8_t Find(const std::string_view (&names)[N],
                  const std::array<std::uint8_t, 27>& starts,
                  std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return kNoName;
  const auto letter = static_cast<std::size_t>(name.front() - 'a');
  for (std::uint8_t i = starts[letter]; i < starts[letter + 1]; ++i) {
    if (SameText(names[i], name)) return i;
  }
  return kNoName;
}

constexpr auto kElementStarts = Starts(kElements);
constexpr auto kAttributeStarts = Starts(kAttributes);

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// XML knows five entities by name; HTML's others are no XML (FHIR R4 narrative.html).
bool IsEntity(std::string_view name) {
  if (name.starts_with('#')) return name.size() > 1;
  return name == "lt" || name == "gt" || name == "amp" || name == "quot" || name == "apos";
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Run() {
    while (at_ < text_.size() && allowed_) {
      if (text_[at_] != '<') {
        Text();
      } else if (text_.substr(at_).starts_with("<!--")) {
        SkipTo("-->");
      } else if (text_.substr(at_).starts_with("<?")) {
        SkipTo("?>");
      } else {
        Tag();
      }
    }
    return allowed_ && depth_ == 0 && rooted_;
  }

 private:
  // Deeper nesting than this is no narrative that anyone can read.
  static constexpr std::size_t kMaxDepth = 200;

  void Refuse() {
    allowed_ = false;
    at_ = text_.size();
  }

  void Text() {
    const std::size_t end = std::min(text_.find('<', at_), text_.size());
    const std::string_view text = text_.substr(at_, end - at_);
    at_ = end;
    if (depth_ == 0 && !std::all_of(text.begin(), text.end(), IsSpace)) return Refuse();
    Entities(text);
  }

  void Entities(std::string_view text) {
    for (std::size_t at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
      const std::size_t end = text.find(';', at);
      if (end == text.npos || !IsEntity(text.substr(at + 1, end - at - 1))) return Refuse();
    }
  }

  void SkipTo(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == text_.npos) return Refuse();
    at_ = found + end.size();
  }

  std::string_view Name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) && text_[at_] != '>' && text_[at_] != '/' &&
           text_[at_] != '=' && text_[at_] != '<') {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  void Tag() {
    ++at_;
    const bool closes = at_ < text_.size() && text_[at_] == '/';
    if (closes) ++at_;
    const std::string_view name = Name();
    if (closes) return Close(name);
    const std::uint8_t element = Find(kElements, kElementStarts, name);
    if (element == kNoName) return Refuse();
    if (depth_ == 0 && (name != "div" || rooted_)) return Refuse();
    rooted_ = true;
    while (allowed_) {
      SkipSpace();
      if (at_ >= text_.size()) return Refuse();
      if (text_[at_] == '>') {
        ++at_;
        if (depth_ == kMaxDepth) return Refuse();
        open_[depth_++] = element;
        return;
      }
      if (text_.substr(at_).starts_with("/>")) {
        at_ += 2;
        return;
      }
      Attribute();
    }
  }

  void Attribute() {
    if (Find(kAttributes, kAttributeStarts, Name()) == kNoName) return Refuse();
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != '=') return Refuse();
    ++at_;
    SkipSpace();
    if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\'')) return Refuse();
    const std::size_t end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) return Refuse();
    Entities(text_.substr(at_ + 1, end - at_ - 1));
    if (allowed_) at_ = end + 1;
  }

  void Close(std::string_view name) {
    SkipSpace();
    if (depth_ == 0 || !SameText(kElements[open_[depth_ - 1]], name) || at_ >= text_.size() ||
        text_[at_] != '>')
      return Refuse();
    ++at_;
    --depth_;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool rooted_ = false;
  std::array<std::uint8_t, kMaxDepth> open_;  // elements, by their place in kElements
  bool allowed_ = true;
};

}  // namespace

bool IsAllowedNarrative(std::string_view div) { return Scanner(div).Run(); }

bool HasNarrativeContent(std::string_view div) {
  for (std::size_t at = 0; at < div.size();) {
    if (div[at] != '<') {
      if (!IsSpace(div[at++])) return true;
    } else if (div.substr(at).starts_with("<img")) {
      return true;
    } else {
      const std::string_view end = div.substr(at).starts_with("<!--") ? "-->" : ">";
      at = std::min(div.find(end, at), div.size()) + end.size();
    }
  }
  return false;
}

}  // namespace handoff::fhir::internal
