// Operation $process-message.
#include <gmock/gmock.h>

#include "tests/unit/rest/service_fixture.h"

namespace handoff::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kTarget[] = "/fhir/$process-message";

TEST_F(FhirServiceTest, AnswersAMessageWithAMessage) {
  const http::Response response =
      Write("mrmc", http::Verb::kPost, kTarget, intake::DemoMessage("discharge"));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("\"type\":\"message\""),
                    HasSubstr("\"identifier\":\"7d1f0c52-0000-4000-8000-000000000102\""),
                    HasSubstr("\"code\":\"ok\""),
                    HasSubstr("\"endpoint\":\"https://gw.example/fhir\"")));
  // The answer is FHIR itself.
  std::string encoded;
  fhir::Issues issues;
  EXPECT_TRUE(fhir::ReadJson(response.body, {}, &encoded, &issues));
}

TEST_F(FhirServiceTest, AnswersARepeatWithTheSameBytes) {
  const http::Response first =
      Write("mrmc", http::Verb::kPost, kTarget, intake::DemoMessage("discharge"));
  clock_.Advance(std::chrono::hours(1));
  const http::Response second =
      Write("mrmc", http::Verb::kPost, kTarget, intake::DemoMessage("discharge"));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, first.body);
}

TEST_F(FhirServiceTest, AnswersWhatIsNoMessageWithAnOutcome) {
  const http::Response broken = Write("mrmc", http::Verb::kPost, kTarget, "{\"resourceType\":");
  EXPECT_EQ(broken.status, 400);
  EXPECT_THAT(broken.body, HasSubstr("\"OperationOutcome\""));
  const http::Response patient =
      Write("mrmc", http::Verb::kPost, kTarget, R"({"resourceType":"Patient"})");
  EXPECT_EQ(patient.status, 400);
}

TEST_F(FhirServiceTest, TellsTheSenderOfARefusedMessageThatItIsFatal) {
  ASSERT_EQ(Write("mrmc", http::Verb::kPost, kTarget, intake::DemoMessage("discharge")).status,
            200);
  const http::Response first =
      Write("mrmc", http::Verb::kPost, "/fhir", intake::DemoMessage("referral"));
  ASSERT_EQ(first.status, 200) << first.body;
  // From requested straight to completed: no actor may.
  const std::string task = ReadJsonAs("mrmc", {"Task", "food-task-1"}).value();
  const std::string message =
      R"({"resourceType":"Bundle","type":"message","entry":[
          {"fullUrl":"urn:uuid:7d1f0c52-0000-4000-8000-00000000bbb1",
           "resource":{"resourceType":"MessageHeader","id":"hdr-9",
             "eventUri":"http://example.org/event","source":{"endpoint":"http://mrmc"}}},
          {"fullUrl":"http://mrmc/Task/food-task-1","resource":)" +
      intake::Replaced(task, "\"status\":\"requested\"", "\"status\":\"completed\"") + "}]}";
  const http::Response response = Write("mrmc", http::Verb::kPost, kTarget, message);
  EXPECT_EQ(response.status, 422) << response.body;
  EXPECT_THAT(response.body, AllOf(HasSubstr("\"OperationOutcome\""), HasSubstr("HO-0109")));
}

}  // namespace
}  // namespace handoff::rest
