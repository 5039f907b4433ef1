#include "tests/corpus/broken_input.h"

#include <vector>

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "handoff/v1/services.grpc.pb.h"
#include "tests/corpus/corpus_files.h"

namespace handoff::testing {
namespace {

using fhir::JsonValue;

// The patient in whose words all is asked.
struct Words {
  std::string family;
  std::string given;
  std::string birth_date;
  std::string system;
  std::string number;
  std::string id;
};

Words WordsOf(const JsonValue& bundle) {
  const JsonValue& patient = *ResourcesOf(bundle, "Patient").at(0);
  const JsonValue& name = patient.members.at("name").items.at(0);
  const JsonValue& identifier = patient.members.at("identifier").items.at(0);
  return {TextAt(name, "family"),
          name.members.at("given").items.at(0).text,
          TextAt(patient, "birthDate"),
          TextAt(identifier, "system"),
          TextAt(identifier, "value"),
          TextAt(patient, "id")};
}

class Provoker {
 public:
  Provoker(const Network& network, const std::string& from, const std::string& bundle)
      : network_(network), from_(from), bundle_(bundle) {
    JsonValue json;
    EXPECT_TRUE(fhir::ParseValue(bundle, json));
    words_ = WordsOf(json);
    base_ = TextAt(json, "type") == "message" ? "/$process-message" : "";
  }

  std::string Run() {
    CutShort();
    BreakMembers();
    BreakReferences();
    WriteWrongly();
    AskWrongly();
    ShowWrongTokens();
    AskWronglyOverGrpc();
    return std::move(errors_);
  }

 private:
  void Refused(const HttpCall& call, const std::string& what, const std::string& party = {}) {
    const HttpAnswer answer = network_.Call(party.empty() ? from_ : party, call);
    EXPECT_GE(answer.status, 400) << what;
    EXPECT_LT(answer.status, 500) << what << ": " << answer.body;
    errors_ += answer.headers + answer.body + "\n";
  }

  void RefusedBundle(const std::string& body, const std::string& what) {
    Refused({"POST", base_, body, {}}, what);
  }

  // The bundle with the first `from` of its Patient replaced.
  void RefusedWith(const std::string& from, const std::string& to) {
    RefusedBundle(Replaced(bundle_, from, to), to);
  }

  void CutShort() {
    constexpr std::size_t kCuts = 60;
    for (std::size_t i = 1; i < kCuts; ++i)
      RefusedBundle(bundle_.substr(0, bundle_.size() * i / kCuts), "cut short");
    for (const std::string& word : {words_.family, words_.birth_date, words_.number}) {
      const std::size_t at = bundle_.find(word);
      RefusedBundle(bundle_.substr(0, at + word.size()), "cut short behind a word");
      RefusedBundle(bundle_.substr(0, at + 2), "cut short in a word");
      RefusedBundle(bundle_.substr(0, at + word.size() + 1) + "oops", "garbage behind a word");
    }
  }

  // A member of the text as it is written, spaces included: `"birthDate": "..."`.
  std::string MemberAsWritten(const std::string& name, const std::string& value) const {
    for (const char* colon : {":", ": ", " : "}) {
      std::string member = "\"" + name + "\"" + colon + "\"" + value + "\"";
      if (bundle_.find(member) != std::string::npos) return member;
    }
    ADD_FAILURE() << name << " is not written as expected";
    return {};
  }

  void BreakMembers() {
    const std::string birth = MemberAsWritten("birthDate", words_.birth_date);
    const std::string family = MemberAsWritten("family", words_.family);
    const std::string number = MemberAsWritten("value", words_.number);
    const std::string digits = words_.birth_date.substr(0, 4) + words_.birth_date.substr(5, 2) +
                               words_.birth_date.substr(8, 2);
    RefusedWith(birth, "\"birthDate\":" + digits);
    RefusedWith(birth, "\"birthDate\":\"" + words_.birth_date + "T\"");
    RefusedWith(birth, "\"birthDate\":\"" + words_.birth_date + " " + words_.family + "\"");
    RefusedWith(birth, "\"birthDate\":[\"" + words_.birth_date + "\"]");
    RefusedWith(birth, birth + "," + birth);
    RefusedWith(birth, birth + ",\"gender\":\"" + words_.given + "\",\"gender\":\"male\"");
    RefusedWith(birth, birth + ",\"active\":\"" + words_.number + "\"");
    RefusedWith(birth, birth + ",\"multipleBirthInteger\":\"" + words_.number + "\"");
    RefusedWith(birth,
                birth + ",\"deceasedDateTime\":\"" + words_.birth_date + "x\"," +
                    "\"deceasedBoolean\":\"" + words_.given + "\"");
    RefusedWith(family, "\"family\":[\"" + words_.family + "\"]");
    RefusedWith(family, "\"family\":{\"text\":\"" + words_.family + "\"}");
    RefusedWith(family, "\"family\":\"" + words_.family + "\xC3\x28\"");
    RefusedWith(family, "\"family\":\"" + words_.family + "\x01\"");
    RefusedWith(family, family + ",\"use\":\"" + words_.given + "\"");
    RefusedWith(family, family + ",\"period\":{\"start\":\"" + words_.birth_date + "-00\"}");
    RefusedWith(number, "\"value\":[\"" + words_.number + "\"]");
    RefusedWith(number, number + ",\"system\":\"" + words_.system + " " + words_.number + "\"");
  }

  void BreakReferences() {
    const std::string birth = MemberAsWritten("birthDate", words_.birth_date);
    RefusedWith(birth,
                birth + ",\"generalPractitioner\":[{\"reference\":\"Patient/" + words_.number +
                    "\",\"reference\":\"" + words_.family + "\"}]");
    RefusedWith(birth, birth + ",\"generalPractitioner\":[{\"reference\":7}]");
    RefusedWith(birth, birth + ",\"managingOrganization\":\"Organization/" + words_.number + "\"");
    if (!base_.empty()) return;
    RefusedWith(birth,
                birth + ",\"managingOrganization\":{\"reference\":\"Organization?identifier=" +
                    words_.system + "|" + words_.number + "\"}");
  }

  std::string Patient(const std::string& id, const std::string& more) const {
    return R"({"resourceType":"Patient","id":")" + id + R"(","name":[{"family":")" + words_.family +
           R"(","given":[")" + words_.given + R"("]}],"birthDate":")" + words_.birth_date + "\"" +
           more + "}";
  }

  void WriteWrongly() {
    const std::string id = words_.number.substr(0, 64);
    Refused({"PUT", "/Patient/" + id, Patient(id, ""), {"If-Match: W/\"99\""}}, "If-Match");
    Refused({"PUT", "/Patient/" + id, Patient("another", ""), {}}, "another id in the URL");
    Refused({"PUT", "/Patient/" + id, Patient(id, ",\"gender\":\"" + words_.given + "\""), {}},
            "unknown code");
    Refused({"PUT", "/Patient/" + words_.family + "%20" + words_.given, Patient(id, ""), {}},
            "no id in the URL");
    Refused({"POST", "/Observation", Patient(id, ""), {}}, "another type in the URL");
    Refused({"DELETE", "/Patient/" + id, "", {}}, "delete");
    Refused({"PATCH", "/Patient/" + id, Patient(id, ""), {}}, "patch");
    Refused({"POST", "/" + words_.family, Patient(id, ""), {}}, "no such type");
    Refused({"POST", "", Patient(id, ""), {}}, "no Bundle");
    Refused({"POST", "/$process-message", Patient(id, ""), {}}, "no message");
  }

  void AskWrongly() {
    const std::string unknown = "no-" + words_.family;
    Refused({"GET", "/Patient/" + unknown, "", {}}, "unknown id");
    Refused({"GET", "/Patient/" + words_.family + "/_history/" + words_.number, "", {}}, "version");
    Refused({"GET", "/Patient?birthdate=" + words_.birth_date + "x" + words_.family, "", {}},
            "no date");
    Refused(
        {"GET", "/Patient?" + words_.family + "=" + words_.number, "", {"Prefer: handling=strict"}},
        "no such parameter");
    Refused({"GET", "/Patient?identifier=" + words_.number + "&_count=" + words_.given, "", {}},
            "no count");
    Refused({"GET", "/" + words_.family + "/" + words_.number, "", {}}, "no such type");
    Refused({"GET", "/Patient/$" + words_.given, "", {}}, "no such operation");
    Refused({"GET", "/Patient/" + words_.family + "%zz", "", {}}, "bad percent sign");
    Refused({"GET", "/Patient?_page=" + words_.number, "", {}}, "no page token");
    Refused({words_.family, "/Patient/" + words_.number, "", {}}, "no such method");
    Refused({"GET", "/Patient", "", {"Accept: application/" + words_.family}}, "no such form");
    Refused({"GET", "/Patient", "", {"X-Words: " + std::string(100'000, 'x') + words_.family}},
            "too long a header");
  }

  void ShowWrongTokens() {
    const std::vector<std::string> tokens = {
        words_.family + "." + words_.given + "." + words_.number,
        words_.number,
        network_.token(from_) + words_.family};
    for (const std::string& token : tokens) {
      Refused({"GET", "/Patient/" + words_.number, "", {"Authorization: Bearer " + token}},
              "a wrong token",
              "nobody");
      Refused(
          {"POST", base_, bundle_, {"Authorization: Bearer " + token}}, "a wrong token", "nobody");
    }
    Refused({"GET", "/Patient/" + words_.number, "", {"Authorization: Basic " + words_.family}},
            "no bearer token",
            "nobody");
  }

  // `call` gets a context with the token of `from`.
  template <class Call>
  void RefusedByGrpc(const std::string& token, const Call& call) {
    grpc::ClientContext context;
    demo::Authorize(token, &context);
    const grpc::Status status = call(context);
    EXPECT_FALSE(status.ok());
    errors_ += status.error_message() + status.error_details() + "\n";
  }

  void AskWronglyOverGrpc() {
    const auto channel = grpc::CreateChannel(network_.grpc(), grpc::InsecureChannelCredentials());
    const auto plans = v1::CarePlans::NewStub(channel);
    const auto referrals = v1::Referrals::NewStub(channel);
    for (const std::string& token : {network_.token(from_), words_.family + "." + words_.number}) {
      RefusedByGrpc(token, [&](grpc::ClientContext& context) {
        v1::GetStatusRequest request;
        request.set_plan_id(words_.number);
        v1::PlanStatus response;
        return plans->GetStatus(&context, request, &response);
      });
      RefusedByGrpc(token, [&](grpc::ClientContext& context) {
        v1::ListStatusRequest request;
        request.set_patient_identifier(words_.system + "|" + words_.number);
        request.set_page_token(words_.family);
        v1::ListStatusResponse response;
        return plans->ListStatus(&context, request, &response);
      });
      RefusedByGrpc(token, [&](grpc::ClientContext& context) {
        v1::UpdateReferralRequest request;
        request.set_referral_id(words_.number);
        request.set_to(v1::REFERRAL_STATE_ACCEPTED);
        request.set_reason(words_.given + " " + words_.family);
        v1::Referral response;
        return referrals->Update(&context, request, &response);
      });
      RefusedByGrpc(token, [&](grpc::ClientContext& context) {
        v1::ExplainRequest request;
        request.set_message_id(words_.number);
        v1::ExplainResponse response;
        return v1::Ledger::NewStub(channel)->Explain(&context, request, &response);
      });
    }
    RefusedIssues(channel);
  }

  // A refused message is an answer over gRPC: what it says of the reasons is an error too.
  void RefusedIssues(const std::shared_ptr<grpc::Channel>& channel) {
    const std::string birth = MemberAsWritten("birthDate", words_.birth_date);
    v1::SubmitRequest request;
    request.set_fhir_json(Replaced(bundle_, birth, "\"birthDate\":\"" + words_.birth_date + "x\""));
    v1::Receipt receipt;
    grpc::ClientContext context;
    demo::Authorize(network_.token(from_), &context);
    const grpc::Status status = v1::Intake::NewStub(channel)->Submit(&context, request, &receipt);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_FALSE(receipt.accepted());
    for (const v1::Receipt::Issue& issue : receipt.issues())
      errors_ += issue.text() + " " + issue.expression() + "\n";
  }

  const Network& network_;
  const std::string& from_;
  const std::string& bundle_;
  Words words_;
  std::string base_;
  std::string errors_;
};

}  // namespace

std::string ProvokeErrors(const Network& network,
                          const std::string& from,
                          const std::string& bundle) {
  return Provoker(network, from, bundle).Run();
}

}  // namespace handoff::testing
