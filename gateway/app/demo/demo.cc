#include "gateway/app/demo/demo.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <vector>

#include <date/date.h>
#include <grpcpp/grpcpp.h>

#include "gateway/app/demo/partners.h"
#include "gateway/app/demo/process.h"
#include "gateway/base/clock.h"
#include "gateway/base/status_macros.h"

namespace handoff::demo {
namespace {

using std::chrono::seconds;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The messages tell of 2 July 2026, and old news reaches no one: moves every date of 2026 so that
// they tell of yesterday.
std::string Recent(std::string text, Timestamp now) {
  using namespace std::chrono;
  const auto told = sys_days(2026y / July / 2);
  const auto shift = floor<days>(now) - days(1) - told;
  for (std::size_t at = text.find("2026-"); at != std::string::npos;
       at = text.find("2026-", at + 10)) {
    std::istringstream digits(text.substr(at, 10));
    sys_days day;
    if (digits >> date::parse("%F", day)) text.replace(at, 10, date::format("%F", day + shift));
  }
  return text;
}

// What must, and what must never, be found in all that one partner got.
struct Expectation {
  const char* partner;
  std::vector<std::string> has;
  std::vector<std::string> lacks;
};

// Words of config/demo/messages that give a fact away.
constexpr const char* kDiagnosis = "I50.23";
constexpr const char* kDiagnosisText = "Heart failure";
constexpr const char* kBirthDate = "1944-03-18";
constexpr const char* kMemberId = "NHA-88120";
constexpr const char* kRecordNumber = "500117";
constexpr const char* kName = "Brightwater";
constexpr const char* kPhone = "+1-555-0142";
constexpr const char* kNarrative = "Plan of care after the stay";

class Demo {
 public:
  Demo(DemoOptions options, std::ostream& out) : options_(std::move(options)), out_(out) {}
  ~Demo() {
    partners_.clear();
    gateway_.reset();
    std::error_code ignored;
    if (!folder_.empty() && good_) std::filesystem::remove_all(folder_, ignored);
  }

  // Where the gateway's log and store are kept when the story ends badly.
  const std::string& folder() const { return folder_; }

  absl::Status Run() {
    HANDOFF_RETURN_IF_ERROR(Prepare());
    HANDOFF_RETURN_IF_ERROR(StartGateway());
    HANDOFF_RETURN_IF_ERROR(GetTokens());
    StartPartners();
    HANDOFF_RETURN_IF_ERROR(Admission());
    HANDOFF_RETURN_IF_ERROR(DischargeAndCrash());
    HANDOFF_RETURN_IF_ERROR(Referral());
    HANDOFF_RETURN_IF_ERROR(PlanStatus());
    HANDOFF_RETURN_IF_ERROR(Explain());
    const absl::Status verdict = Judge();
    good_ = verdict.ok();
    return verdict;
  }

  absl::Status StayUp() {
    out_ << "\nThe network is up. FHIR: http://" << at_.fhir << "/fhir  gRPC: " << at_.grpc
         << "  operations: http://" << at_.ops
         << "\nTokens (a day; `handoff token --config config/demo/handoff.yaml --client ID` "
            "signs more):\n";
    for (const auto& [client, token] : tokens_) out_ << "  " << client << "  " << token << "\n";
    out_ << "Press Ctrl-C to stop." << std::endl;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    int signal = 0;
    sigwait(&set, &signal);
    gateway_->Signal(SIGTERM);
    return gateway_->Wait() == 0 ? absl::OkStatus()
                                 : absl::UnknownError("the gateway did not stop cleanly");
  }

 private:
  void Say(const std::string& line) { out_ << line << std::endl; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Message(const std::string& name) const {
    return Recent(ReadFile(options_.root + "/config/demo/messages/" + name + ".json"),
                  SystemClock().Now());
  }

  absl::Status Prepare() {
    std::string pattern = (std::filesystem::temp_directory_path() / "handoff-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return absl::UnavailableError("no temporary folder");
    folder_ = pattern;
    HANDOFF_ASSIGN_OR_RETURN(hospital_, FhirPartner::Start());
    HANDOFF_ASSIGN_OR_RETURN(practice_, FhirPartner::Start());
    return absl::OkStatus();
  }

  std::vector<std::string> WithConfig(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), options_.program);
    for (const std::string& more : {std::string("--config"),
                                    options_.root + "/config/demo/handoff.yaml",
                                    std::string("--set"),
                                    "tokens.signing_key_file=" + Path("signing.pem")}) {
      arguments.push_back(more);
    }
    return arguments;
  }

  // The second start listens where the first did, so that partners find it again.
  absl::Status StartGateway() {
    std::vector<std::string> arguments = WithConfig({"serve"});
    const auto set = [&](const std::string& assignment) {
      arguments.push_back("--set");
      arguments.push_back(assignment);
    };
    set("store.kind=rocksdb");
    set("store.path=" + Path("store"));
    set("parties.mrmc.endpoints.push.url=" + hospital_->url());
    set("parties.lfm.endpoints.push.url=" + practice_->url());
    if (!at_.fhir.empty()) set("listen.fhir.port=" + at_.fhir.substr(at_.fhir.rfind(':') + 1));
    if (!at_.grpc.empty()) set("listen.grpc.port=" + at_.grpc.substr(at_.grpc.rfind(':') + 1));
    HANDOFF_ASSIGN_OR_RETURN(gateway_, Process::Start(arguments, Path("gateway.log")));
    absl::StatusOr<Surfaces> surfaces = WaitUntilReady(*gateway_);
    if (!surfaces.ok())
      return absl::UnavailableError("the gateway did not start:\n" + ReadFile(Path("gateway.log")));
    at_ = *std::move(surfaces);
    return absl::OkStatus();
  }

  absl::Status GetTokens() {
    for (const char* client :
         {"mrmc-adt", "lfm-ehr", "nha-plan", "htf-desk", "llp-desk", "operations-console"}) {
      HANDOFF_ASSIGN_OR_RETURN(
          std::string token,
          RunToEnd(WithConfig({"token", "--client", client, "--lifetime", "86400"}),
                   Path("token.log")));
      token.erase(token.find_last_not_of('\n') + 1);
      tokens_[client] = token;
    }
    return absl::OkStatus();
  }

  void StartPartners() {
    const auto start = [&](const char* name, StreamPartner::Kind kind, const char* client) {
      partners_[name] = std::make_unique<StreamPartner>(kind, at_.grpc, tokens_[client]);
    };
    start("payer, transitions", StreamPartner::Kind::kTransitions, "nha-plan");
    start("payer, plans", StreamPartner::Kind::kPlans, "nha-plan");
    start("food bank", StreamPartner::Kind::kReferrals, "htf-desk");
    start("other pantry", StreamPartner::Kind::kReferrals, "llp-desk");
    Say("Maple Ridge Medical Center, Lakeside Family Medicine, Northbrook Health Advantage, "
        "Harvest Table Food Bank");
    Say("and a pantry in another county are connected to the gateway at " + at_.fhir + " and " +
        at_.grpc + ".");
  }

  absl::Status Send(const std::string& path, const std::string& name) {
    HANDOFF_ASSIGN_OR_RETURN(
        const HttpAnswer answer,
        Post("http://" + at_.fhir + "/fhir" + path, tokens_["mrmc-adt"], Message(name)));
    if (answer.status != 200) {
      return absl::UnknownError(name + " was answered " + std::to_string(answer.status) + ": " +
                                answer.body);
    }
    return absl::OkStatus();
  }

  static absl::Status Await(const Mailbox& mailbox, std::size_t count, const std::string& who) {
    if (mailbox.WaitFor(count, seconds(30))) return absl::OkStatus();
    return absl::DeadlineExceededError(who + " has " + std::to_string(mailbox.messages().size()) +
                                       " messages, not " + std::to_string(count));
  }

  Mailbox& Of(const std::string& partner) { return partners_.at(partner)->mailbox(); }

  absl::Status Admission() {
    Say("\n1  The hospital admits Odalys Brightwater (notification-admit, 10 resources).");
    HANDOFF_RETURN_IF_ERROR(Send("/$process-message", "admit"));
    HANDOFF_RETURN_IF_ERROR(Await(practice_->mailbox(), 1, "the practice"));
    HANDOFF_RETURN_IF_ERROR(Await(Of("payer, transitions"), 1, "the payer"));
    Say("   The practice and the payer know. Nobody else was told.");
    return absl::OkStatus();
  }

  absl::Status DischargeAndCrash() {
    Say("2  The practice's server goes down. The hospital discharges her; the gateway "
        "acknowledges.");
    practice_->SetDown(true);
    HANDOFF_RETURN_IF_ERROR(Send("/$process-message", "discharge"));
    HANDOFF_RETURN_IF_ERROR(Await(Of("payer, transitions"), 2, "the payer"));
    HANDOFF_RETURN_IF_ERROR(Await(Of("payer, plans"), 1, "the payer"));
    Say("   The payer knows at once: nobody waits for the practice.");
    Say("3  kill -9 of the gateway, and a restart on the same store.");
    gateway_->Signal(SIGKILL);
    gateway_->Wait();
    HANDOFF_RETURN_IF_ERROR(StartGateway());
    practice_->SetDown(false);
    HANDOFF_RETURN_IF_ERROR(Await(practice_->mailbox(), 2, "the practice"));
    Say("   The practice is back and gets what it missed, in order.");
    HANDOFF_RETURN_IF_ERROR(Send("/$process-message", "discharge"));
    Say("   The hospital, unsure, sends the discharge again: it gets the earlier answer, and "
        "nobody is told twice.");
    return absl::OkStatus();
  }

  absl::Status Referral() {
    Say("4  The hospital refers her to the food bank (ServiceRequest and Task).");
    HANDOFF_RETURN_IF_ERROR(Send("", "referral"));
    HANDOFF_RETURN_IF_ERROR(Await(Of("food bank"), 1, "the food bank"));
    const std::string id = Of("food bank").messages()[0].referral_id;
    const auto stub =
        v1::Referrals::NewStub(grpc::CreateChannel(at_.grpc, grpc::InsecureChannelCredentials()));
    for (const v1::ReferralState to : {v1::REFERRAL_STATE_ACCEPTED,
                                       v1::REFERRAL_STATE_IN_PROGRESS,
                                       v1::REFERRAL_STATE_COMPLETED}) {
      v1::UpdateReferralRequest request;
      request.set_referral_id(id);
      request.set_to(to);
      v1::Referral referral;
      grpc::ClientContext context;
      Authorize(tokens_["htf-desk"], &context);
      if (const grpc::Status status = stub->Update(&context, request, &referral); !status.ok()) {
        return absl::UnknownError("the food bank's move was refused: " + status.error_message());
      }
    }
    HANDOFF_RETURN_IF_ERROR(Await(hospital_->mailbox(), 3, "the hospital"));
    Say("   The food bank accepts, starts and completes it; the hospital and the practice see each "
        "step.");
    return absl::OkStatus();
  }

  absl::Status PlanStatus() {
    const auto stub =
        v1::CarePlans::NewStub(grpc::CreateChannel(at_.grpc, grpc::InsecureChannelCredentials()));
    v1::GetStatusRequest request;
    request.set_plan_id("plan-77");
    v1::PlanStatus plan;
    grpc::ClientContext context;
    Authorize(tokens_["nha-plan"], &context);
    if (const grpc::Status status = stub->GetStatus(&context, request, &plan); !status.ok()) {
      return absl::UnknownError("GetStatus was refused: " + status.error_message());
    }
    Say("5  The payer pulls the plan: version " + std::to_string(plan.version()) + ", " +
        v1::RequestStatus_Name(plan.status()) + ", " + std::to_string(plan.goals_size()) +
        " goal, " + std::to_string(plan.activities_size()) + " activity.");
    return absl::OkStatus();
  }

  absl::Status Explain() {
    HANDOFF_ASSIGN_OR_RETURN(
        const std::string story,
        RunToEnd(
            WithConfig({"explain", "mrmc-discharge", "--client", "mrmc-adt", "--grpc", at_.grpc}),
            Path("explain.log")));
    Say("6  handoff explain tells the discharge's whole story:\n");
    out_ << story;
    return absl::OkStatus();
  }

  absl::Status Judge() {
    const std::map<std::string, const Mailbox*> boxes = {
        {"practice", &practice_->mailbox()},
        {"hospital", &hospital_->mailbox()},
        {"payer, transitions", &Of("payer, transitions")},
        {"payer, plans", &Of("payer, plans")},
        {"food bank", &Of("food bank")},
        {"other pantry", &Of("other pantry")}};
    const std::vector<Expectation> expectations = {
        {"practice",
         {kName, kBirthDate, kRecordNumber, kDiagnosis, kDiagnosisText, "low salt"},

         {kNarrative}},
        {"payer, transitions",
         {kName, "Quillon", "Maple Ridge", "dischargeDisposition"},
         {kDiagnosis, kDiagnosisText, kNarrative, kRecordNumber, "Short of breath"}},
        {"payer, plans",
         {"plan-77"},
         {kDiagnosis, kDiagnosisText, kNarrative, "low salt", "Weigh in"}},
        {"food bank",
         {kName, kPhone, "12 Alder Court"},
         {kDiagnosis,
          kDiagnosisText,
          kNarrative,
          kBirthDate,
          kMemberId,
          kRecordNumber,
          "salt-free"}},
        {"other pantry", {}, {kName, kPhone}}};
    Say("\nwho                 messages                                              repeats  "
        "verdict");
    bool good = true;
    for (const Expectation& expectation : expectations)
      good &= Check(expectation, *boxes.at(expectation.partner));
    Say(good ? "\nEvery recipient got exactly what it should."
             : "\nSomebody got too much or too little.");
    return good ? absl::OkStatus() : absl::FailedPreconditionError("the demo failed");
  }

  bool Check(const Expectation& expectation, const Mailbox& mailbox) {
    static const std::map<std::string, std::string> kExpected = {
        {"practice",
         "admit discharge goal-status plan-version referral-status referral-status "
         "referral-status"},
        {"payer, transitions", "admit discharge"},
        {"payer, plans", "goal-status plan-version"},
        {"food bank", "referral-requested"},
        {"other pantry", ""}};
    std::string all;
    std::string events;
    for (const Mailbox::Message& message : mailbox.messages()) {
      all += message.text;
      events += (events.empty() ? "" : " ") + message.event;
    }
    std::string verdict;
    for (const std::string& word : expectation.has) {
      if (all.find(word) == std::string::npos) verdict += " lacks \"" + word + "\"";
    }
    for (const std::string& word : expectation.lacks) {
      if (all.find(word) != std::string::npos) verdict += " must not have \"" + word + "\"";
    }
    if (events != kExpected.at(expectation.partner))
      verdict += " expected: " + kExpected.at(expectation.partner);
    std::string line = expectation.partner;
    line.resize(20, ' ');
    line += events.empty() ? "none" : events;
    line.resize(std::max<std::size_t>(line.size() + 1, 74), ' ');
    Say(line + std::to_string(mailbox.repeats()) + "        " +
        (verdict.empty() ? "right" : "WRONG:" + verdict));
    return verdict.empty();
  }

  const DemoOptions options_;
  std::ostream& out_;
  std::string folder_;
  bool good_ = false;
  Surfaces at_;
  std::map<std::string, std::string> tokens_;
  std::unique_ptr<FhirPartner> hospital_;
  std::unique_ptr<FhirPartner> practice_;
  std::unique_ptr<Process> gateway_;
  std::map<std::string, std::unique_ptr<StreamPartner>> partners_;
};

}  // namespace

int RunDemo(const DemoOptions& options, std::ostream& out) {
  Demo demo(options, out);
  absl::Status status = demo.Run();
  if (status.ok() && !options.once) status = demo.StayUp();
  if (!status.ok()) {
    out << "\nerror: " << std::string(status.message())
        << "\nlog and store of the gateway: " << demo.folder() << std::endl;
  }
  return status.ok() ? 0 : 1;
}

}  // namespace handoff::demo
