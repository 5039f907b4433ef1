// The XHTML of narratives.
#include "fhir-mappings/validation/narrative.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/validation/validate_test_util.h"

namespace handoff::fhir {
namespace {

using internal::CheckNarrative;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Div(const std::string& inside) {
  return "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + inside + "</div>";
}

TEST(NarrativeTest, AllowsFormatting) {
  for (const char* inside : {"text",
                             "<p>a<br/>b &amp; c &#160; d</p>",
                             "<table class='grid'><tr><td colspan=\"2\">x</td></tr></table>",
                             "<a href=\"https://x.example\" title=\"t\">x</a><!-- no -->y",
                             "<img src=\"#i\" alt=\"a\"/>",
                             "<p style=\"color: red\" xml:lang=\"en\" lang=\"en\">x</p >"}) {
    EXPECT_TRUE(CheckNarrative(Div(inside)).allowed) << inside;
    EXPECT_TRUE(CheckNarrative(Div(inside)).content) << inside;
  }
}

TEST(NarrativeTest, RefusesWhatActsAndWhatIsNoXml) {
  for (const char* inside : {"<script>x</script>",
                             "<p onclick=\"x()\">x</p>",
                             "<form>x</form>",
                             "<P>x</P>",
                             "x &nbsp; y",
                             "x & y",
                             "<p>x",
                             "x</p>",
                             "<b><i>x</b></i>",
                             "<p class=x>x</p>",
                             "<p class=\"x>x</p>",
                             "<p",
                             "<!-- x"}) {
    EXPECT_FALSE(CheckNarrative(Div(inside)).allowed) << inside;
  }
  for (const char* whole : {"", "text", "<p>x</p>", "<div>x</div>y", "<div>x</div><div>y</div>"})
    EXPECT_FALSE(CheckNarrative(whole).allowed) << whole;
}

TEST(NarrativeTest, BoundsItsDepth) {
  std::string open;
  std::string close;
  for (int i = 0; i < 199; ++i) {
    open += "<b>";
    close += "</b>";
  }
  EXPECT_TRUE(CheckNarrative(Div(open + "x" + close)).allowed);
  EXPECT_FALSE(CheckNarrative(Div("<b>" + open + "x" + close + "</b>")).allowed);
}

TEST(NarrativeTest, NeedsContent) {
  EXPECT_FALSE(CheckNarrative(Div(" \n<p> <br/></p>")).content);
  EXPECT_FALSE(CheckNarrative(Div("<!-- x -->")).content);
}

std::string Patient(const std::string& div) {
  return R"({"resourceType":"Patient","text":{"status":"generated","div":")" + div + "\"}}";
}

TEST(NarrativeTest, IsReportedAtTheDiv) {
  EXPECT_THAT(Findings(Patient("<div>Ann</div>")), IsEmpty());
  EXPECT_THAT(Findings(Patient("<div><video>Ann</video></div>")),
              ElementsAre("error invariant Patient.text.div txt-1"));
  EXPECT_THAT(Findings(Patient("<div> </div>")),
              ElementsAre("error invariant Patient.text.div txt-2"));
}

}  // namespace
}  // namespace handoff::fhir
