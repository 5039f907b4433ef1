#include "gateway/app/convert/convert.h"

#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/app/convert/progress.h"
#include "gateway/app/convert/report.h"
#include "tests/support/read_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace handoff::convert {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReadFile;
using ::testing::StartsWith;
using testing::TempDir;

fhir::Issue Error(const std::string& text, const std::string& expression) {
  return {fhir::Severity::kError, "value", text, expression};
}

TEST(IssueTableTest, CountsOneKindWhereverItStands) {
  IssueTable table;
  EXPECT_TRUE(table.empty());
  table.Add("a.ndjson", 3, Error("Patient.name[2].family: not a string", "Patient.name[2].family"));
  table.Add("b.ndjson", 7, Error("Patient.name[0].family: not a string", "Patient.name[0].family"));
  table.Add("b.ndjson", 8, {fhir::Severity::kWarning, "structure", "odd", ""});
  std::ostringstream out;
  table.Print(out);
  std::istringstream in(out.str());
  std::string head;
  std::string first;
  std::string second;
  std::getline(in, head);
  std::getline(in, first);
  std::getline(in, second);
  EXPECT_THAT(first,
              AllOf(StartsWith("        2  error "),
                    HasSubstr("Patient.name.family: not a string"),
                    HasSubstr("a.ndjson:3 Patient.name[2].family")));
  EXPECT_THAT(second, AllOf(StartsWith("        1  warning "), HasSubstr("b.ndjson:8")));
}

TEST(IssueTableTest, LeavesOutNumbersThatDiffer) {
  EXPECT_EQ(KindText(Error("line 3, column 10 (byte 99): not JSON: x", "")),
            "line N, column N (byte N): not JSON: x");
  EXPECT_EQ(KindText(Error("Bundle.entry[12]: must stand 1..1 times (FHIR R4 x.html)",
                           "Bundle.entry[12]")),
            "Bundle.entry: must stand 1..1 times (FHIR R4 x.html)");
  EXPECT_EQ(KindText(Error("7 more problems are not listed", "")),
            "N more problems are not listed");
}

TEST(IssueTableTest, KeepsAsManyKindsAsItPromises) {
  IssueTable table;
  for (std::size_t i = 0; i < IssueTable::kKinds + 5; ++i) {
    table.Add("a", i, Error("x" + std::to_string(i), ""));
  }
  std::ostringstream out;
  table.Print(out);
  EXPECT_THAT(out.str(), HasSubstr("and 950 further kinds of issues"));
  EXPECT_THAT(out.str(), HasSubstr("and 5 issues of kinds beyond these"));
}

TEST(OutcomeLineTest, NamesFileAndLine) {
  std::string line;
  HANDOFF_ASSERT_OK(
      AppendOutcomeLine("a \"b\"\xff.json", 12, {Error("Patient: x", "Patient")}, &line));
  EXPECT_EQ(
      line,
      R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value",)"
      R"("diagnostics":"Patient: x","expression":["Patient"],"extension":[{"url":)"
      R"("http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line","valueInteger":12}]}],)"
      R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/operationoutcome-file",)"
      R"("valueString":"a \"b\"?.json"}]})"
      "\n");
}

TEST(ProgressTest, TellsOnlyOfLongRunsAndNotTooOften) {
  const Progress::Time begin;
  std::ostringstream out;
  Progress progress(out, false, begin);
  const Tally tally{.files = 1, .bytes = 30'000'000, .converted = 9, .rejected = 1};
  progress.Tick(begin + std::chrono::milliseconds(1'999), tally);
  EXPECT_EQ(out.str(), "");
  progress.Tick(begin + std::chrono::seconds(3), tally);
  progress.Tick(begin + std::chrono::milliseconds(3'999), tally);
  EXPECT_EQ(out.str(), "1 files, 10 records, 1 rejected, 30 MB, 10 MB/s\n");
  progress.Clear();
  EXPECT_THAT(out.str(), Not(HasSubstr("\r")));
}

class ConvertCommandTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  int Run(ConvertCommand command) {
    out_.str("");
    err_.str("");
    return RunConvert(std::move(command), out_, err_);
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  TempDir folder_;

 private:
  std::ostringstream out_;
  std::ostringstream err_;
};

constexpr const char* kPatient = "{\"resourceType\":\"Patient\",\"id\":\"1\"}\n";
constexpr const char* kPretty = "{\n  \"resourceType\": \"Patient\",\n  \"id\": \"1\"\n}\n";
constexpr const char* kBad = "{\"resourceType\":\"Patient\",\"birthDate\":\"Kowalski\"}\n";

TEST_F(ConvertCommandTest, SaysThatAFolderHoldsNothingToRead) {
  Write("in/readme.txt", "not read");
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .validate = true}), kIoError);
  EXPECT_THAT(err(), HasSubstr("in: no file that ends in .json or .ndjson"));
}

TEST_F(ConvertCommandTest, ReadsFoldersInOrder) {
  Write("in/b.ndjson", std::string(kPatient) + kBad);
  Write("in/a/x.json", kPretty);
  Write("in/readme.txt", "not read");
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .to = fhir::ConvertFormat::kR4}), kRejected);
  EXPECT_THAT(out(), StartsWith(std::string(kPatient) + kPatient));
  EXPECT_THAT(err(), HasSubstr("3 records of 2 files: 2 converted"));
  EXPECT_THAT(err(), HasSubstr("in/b.ndjson:2 Patient.birthDate"));
}

TEST_F(ConvertCommandTest, WritesIssuesOnlyWhenItValidates) {
  const std::string path = Write("b.ndjson", std::string(kPatient) + kBad);
  EXPECT_EQ(Run({.inputs = {path}, .validate = true}), kRejected);
  EXPECT_THAT(out(), HasSubstr(path + ":2: error: value: Patient.birthDate: not a date"));
  EXPECT_EQ(Run({.inputs = {path}, .validate = true, .issues = folder_ / "issues"}), kRejected);
  EXPECT_EQ(out(), "");
  EXPECT_THAT(ReadFile(folder_ / "issues"),
              AllOf(HasSubstr("\"valueInteger\":2"), HasSubstr("Patient.birthDate")));
  EXPECT_EQ(Run({.inputs = {path}, .validate = true, .issues = "-"}), kRejected);
  EXPECT_THAT(out(), StartsWith("{\"resourceType\":\"OperationOutcome\""));
  const std::string good = Write(
      "good.json",
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A</div>"}})");
  EXPECT_EQ(Run({.inputs = {good}, .validate = true}), kAllGood);
  EXPECT_EQ(out(), "");
}

TEST_F(ConvertCommandTest, FindsNoErrorInTheMessagesOfTheDemo) {
  EXPECT_EQ(Run({.inputs = {"config/demo/messages"}, .validate = true}), kAllGood);
  EXPECT_THAT(err(), HasSubstr("3 records of 3 files: 3 valid"));
}

TEST_F(ConvertCommandTest, ChecksRulesOnlyWhenItValidates) {
  const std::string path =
      Write("c.json", R"({"resourceType":"Patient","contact":[{"gender":"male"}]})");
  EXPECT_EQ(Run({.inputs = {path}, .to = fhir::ConvertFormat::kR4}), kAllGood);
  EXPECT_EQ(Run({.inputs = {path}, .validate = true}), kRejected);
  EXPECT_THAT(out(), AllOf(HasSubstr("Patient.contact[0]"), HasSubstr("pat-1")));
}

TEST_F(ConvertCommandTest, ChecksTheProfilesThatItIsTold) {
  constexpr char kPatientProfile[] =
      "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient";
  const std::string path =
      Write("p.ndjson",
            std::string(R"({"resourceType":"Patient"})") + "\n" +
                R"({"resourceType":"Patient","meta":{"profile":["http://example.org/tall"]}})");
  EXPECT_EQ(Run({.inputs = {path}, .validate = true}), kAllGood);
  EXPECT_EQ(Run({.inputs = {path}, .profiles = {kPatientProfile}}), kRejected);
  EXPECT_THAT(out(), HasSubstr(kPatientProfile));
  const std::string own = Write("profiles/tall.yaml",
                                "- url: http://example.org/tall\n"
                                "  version: '1'\n"
                                "  type: Patient\n"
                                "  source: a test\n"
                                "  elements: [{path: name, min: 1}]\n");
  EXPECT_EQ(Run({.inputs = {path}, .profiles_folder = folder_ / "profiles"}), kRejected);
  EXPECT_THAT(out(), AllOf(HasSubstr(":2: error"), HasSubstr("http://example.org/tall")));
  EXPECT_EQ(Run({.inputs = {path}, .profiles = {"http://example.org/none"}}), kUsage);
  EXPECT_THAT(err(), HasSubstr("http://example.org/none is not in config/profiles"));
  Write("profiles/wrong.yaml", "- {url: http://example.org/w, type: Nobody}\n");
  EXPECT_EQ(Run({.inputs = {path}, .profiles_folder = folder_ / "profiles"}), kUsage);
  EXPECT_THAT(err(), HasSubstr("wrong.yaml:1:"));
}

TEST_F(ConvertCommandTest, NeverTellsAValue) {
  std::string lines;
  for (const char* member :
       {"birthDate", "gender", "active", "name", "id", "contact", "meta", "text"}) {
    for (const char* value :
         {"\"Kowalski\"", "{\"Kowalski\":1}", "[\"Kowalski\"]", "Kowalski", "[[{}]]"}) {
      lines += std::string("{\"resourceType\":\"Patient\",\"") + member + "\":" + value + "}\n";
    }
  }
  lines +=
      "{\"resourceType\":\"Kowalski\"}\nKowalski\n{\"resourceType\":\"Patient\",\"Kowalski "
      "1\":1}\n";
  const std::string path = Write("b.ndjson", lines);
  EXPECT_EQ(Run({.inputs = {path}, .validate = true}), kRejected);
  // A member name that could be one is told; it is no value.
  std::string told = out() + err();
  for (std::size_t at; (at = told.find("unknown member Kowalski")) != told.npos;) {
    told.erase(at, 23);
  }
  EXPECT_THAT(told, Not(HasSubstr("Kowalski")));
}

TEST_F(ConvertCommandTest, CountsWarningsAsItIsTold) {
  const std::string path = Write("w.json", R"({"resourceType":"Patient","odd":1})");
  EXPECT_EQ(Run({.inputs = {path}, .validate = true}), kAllGood);
  EXPECT_THAT(out(), HasSubstr(":1: warning: structure: "));
  EXPECT_EQ(Run({.inputs = {path}, .validate = true, .strict = true}), kRejected);
}

TEST_F(ConvertCommandTest, WritesAFileForEachInputOrOneForAll) {
  Write("in/a.json", kPretty);
  Write("in/below/a.ndjson", std::string(kPatient) + kPatient);
  EXPECT_EQ(Run({.inputs = {folder_ / "in"},
                 .to = fhir::ConvertFormat::kProto,
                 .out = folder_ / "proto/"}),
            kAllGood);
  EXPECT_EQ(Run({.inputs = {folder_ / "proto"},
                 .from = fhir::ConvertFormat::kProto,
                 .out = folder_ / "back/"}),
            kAllGood);
  EXPECT_EQ(ReadFile(folder_ / "back/a.json"), kPatient);
  EXPECT_EQ(ReadFile(folder_ / "back/below/a.ndjson"), std::string(kPatient) + kPatient);
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .out = folder_ / "all"}), kAllGood);
  EXPECT_EQ(ReadFile(folder_ / "all"), std::string(kPatient) + kPatient + kPatient);
}

TEST_F(ConvertCommandTest, NeverWritesOverItsInput) {
  const std::string path = Write("in/a.json", kPretty);
  EXPECT_EQ(Run({.inputs = {path}, .out = path}), kUsage);
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .out = folder_ / "in"}), kUsage);
  EXPECT_EQ(ReadFile(path), kPretty);
  // Nor does it read what it writes.
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .out = folder_ / "in/z/"}), kAllGood);
  EXPECT_EQ(Run({.inputs = {folder_ / "in"}, .out = folder_ / "in/z/"}), kAllGood);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "in/z/z"));
}

TEST_F(ConvertCommandTest, TellsWhatCannotBeReadOrWritten) {
  EXPECT_EQ(Run({.inputs = {folder_ / "none", Write("a.json", kPretty)}, .validate = true}),
            kIoError);
  EXPECT_THAT(err(), AllOf(HasSubstr("none: No such file"), HasSubstr("1 records")));
  EXPECT_EQ(Run({.inputs = {folder_ / "a.json"}, .out = folder_ / "no/folder"}), kIoError);
  EXPECT_EQ(Run({.inputs = {folder_ / "a.json"}, .out = "/dev/full"}), kIoError);
  const std::string broken = Write("x.binpb", "\x05");
  EXPECT_EQ(Run({.inputs = {broken}, .from = fhir::ConvertFormat::kProto, .validate = true}),
            kIoError);
  EXPECT_THAT(err(), HasSubstr("inside of record 1"));
}

TEST_F(ConvertCommandTest, RefusesOptionsThatContradict) {
  EXPECT_EQ(Run({}), kUsage);
  EXPECT_EQ(Run({.from = fhir::ConvertFormat::kProtoJson, .validate = true}), kUsage);
  EXPECT_EQ(Run({.to = fhir::ConvertFormat::kR4, .issues = "-"}), kUsage);
  EXPECT_EQ(Run({.inputs = {"-", "-"}, .validate = true}), kUsage);
  EXPECT_EQ(Run({.validate = true, .max_record_mb = 0}), kUsage);
  EXPECT_EQ(Run({.validate = true, .max_record_mb = 1'025}), kUsage);
}

}  // namespace
}  // namespace handoff::convert
