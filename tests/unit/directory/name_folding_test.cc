#include "gateway/directory/name_folding.h"

#include <gmock/gmock.h>

namespace handoff::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NameFoldingTest, DropsCaseAccentsAndPunctuation) {
  EXPECT_THAT(FoldedWords("Okonjo-Bell"), ElementsAre("okonjo", "bell"));
  EXPECT_THAT(FoldedWords("O'BRIEN, Jr."), ElementsAre("obrien", "jr"));
  EXPECT_THAT(FoldedWords("Müller"), ElementsAre("muller"));
  EXPECT_THAT(FoldedWords("ÀÉÎÕÜ Çñßý"), ElementsAre("aeiou", "cnsy"));
  EXPECT_THAT(FoldedWords("Łukasz Żółć Šimůnek Ğülşen"),
              ElementsAre("lukasz", "zolc", "simunek", "gulsen"));
  EXPECT_THAT(FoldedWords("  "), IsEmpty());
}

TEST(NameFoldingTest, KeepsLettersOfOtherScripts) {
  EXPECT_THAT(FoldedWords("李 小龍"), ElementsAre("李", "小龍"));
}

TEST(NameFoldingTest, SurvivesTextThatIsNoUtf8) {
  EXPECT_THAT(FoldedWords("a\xC3"), ElementsAre("a\xC3"));
}

TEST(NameFoldingTest, KnowsPlaceholders) {
  EXPECT_TRUE(IsPlaceholderName({"doe"}, {"john"}));
  EXPECT_TRUE(IsPlaceholderName({"lindqvist"}, {"baby", "girl"}));
  EXPECT_TRUE(IsPlaceholderName({}, {}));
  EXPECT_FALSE(IsPlaceholderName({"lindqvist"}, {"hattie"}));
  EXPECT_FALSE(IsPlaceholderName({"lindqvist"}, {}));
}

}  // namespace
}  // namespace handoff::directory
