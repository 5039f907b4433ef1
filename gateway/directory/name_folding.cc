#include "gateway/directory/name_folding.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace handoff::directory {
namespace {

// The letters of U+00C0 to U+017F without their accents, in the order of their code points; '?' is
// no letter.
constexpr std::string_view kBaseLetters =
    "aaaaaaaceeeeiiiidnooooo?ouuuuyts"   // U+00C0
    "aaaaaaaceeeeiiiidnooooo?ouuuuyty"   // U+00E0
    "aaaaaaccccccccddddeeeeeeeeeegggg"   // U+0100
    "gggghhhhiiiiiiiiiiiijjkkklllllll"   // U+0120
    "lllnnnnnnnnnoooooooorrrrrrssssss"   // U+0140
    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // U+0160
static_assert(kBaseLetters.size() == 0x180 - 0xC0);

constexpr std::array<std::string_view, 14> kPlaceholders{"baby",
                                                         "babyboy",
                                                         "babygirl",
                                                         "boy",
                                                         "girl",
                                                         "newborn",
                                                         "infant",
                                                         "doe",
                                                         "unknown",
                                                         "unk",
                                                         "na",
                                                         "none",
                                                         "test",
                                                         "anonymous"};

bool IsPlaceholderWord(std::string_view word) {
  return std::find(kPlaceholders.begin(), kPlaceholders.end(), word) != kPlaceholders.end();
}

// The code point of a two-byte sequence at `i`, or 0.
unsigned TwoByte(std::string_view text, std::size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  if (lead < 0xC3 || lead > 0xDF || i + 1 >= text.size()) return 0;
  return (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3Fu);
}

}  // namespace

std::vector<std::string> FoldedWords(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    if (std::isalnum(c) != 0) {
      word += static_cast<char>(std::tolower(c));
    } else if (const unsigned point = TwoByte(name, i); point >= 0xC0 && point < 0x180) {
      if (const char base = kBaseLetters[point - 0xC0]; base != '?') word += base;
      ++i;
    } else if (c >= 0x80) {
      word += static_cast<char>(c);
    } else if (c != '\'' && c != '.') {  // O'Brien is one word, and so is Jr.
      finish();
    }
  }
  finish();
  return words;
}

bool IsPlaceholderName(const std::vector<std::string>& family,
                       const std::vector<std::string>& given) {
  const bool unnamed_family = std::any_of(family.begin(), family.end(), IsPlaceholderWord);
  const bool unnamed_given =
      !given.empty() && std::all_of(given.begin(), given.end(), IsPlaceholderWord);
  return unnamed_family || unnamed_given || (family.empty() && given.empty());
}

}  // namespace handoff::directory
