// kill -9 at random moments under load, with restarts: every acknowledged message is delivered,
// none out of order within a lane, none with two effects, and one recipient that is down for the
// whole run delays nobody else. What is checked and how: README.md.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <curl/curl.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/base/status_macros.h"
#include "gateway/store/rocksdb/rocks_store.h"
#include "tests/scenarios/gateway_under_test.h"
#include "tests/scenarios/hospital.h"
#include "tests/scenarios/recipients.h"
#include "tests/scenarios/stays.h"
#include "tests/scenarios/verdict.h"

namespace handoff::scenario {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{60};
// One restart in six is itself killed before it serves.
constexpr unsigned kKilledAtStartEvery = 6;
// After every tenth kill the gateway is stopped in order once, under the same load.
constexpr int kOrderlyStopEvery = 10;
constexpr char kPractice[] = "lfm";
constexpr char kSecondPractice[] = "second";

struct Options {
  int rounds = 12;
  std::uint64_t seed = 1;
  std::string program;
};

const Parties kParties{"http://hl7.org/fhir/sid/us-npi|9990000001",
                       "http://hl7.org/fhir/sid/us-npi|9990000002",
                       "http://hl7.org/fhir/sid/us-npi|9990000003",
                       "https://northbrook.example/payer-id|NHA"};

class CrashRun {
 public:
  explicit CrashRun(Options options)
      : options_(std::move(options)),
        random_(options_.seed),
        stays_(std::chrono::floor<seconds>(SystemClock().Now()) - std::chrono::hours(48),
               kParties) {
    log::SetMinimum(log::Level::kWarning);
  }
  ~CrashRun() {
    hospital_.reset();
    payer_.reset();
    std::error_code ignored;
    if (good_) std::filesystem::remove_all(folder_, ignored);
  }

  // Where the gateway's log and store are kept when the run ends badly.
  const std::string& folder() const { return folder_; }

  absl::Status Run() {
    HANDOFF_RETURN_IF_ERROR(Prepare());
    for (int round = 0; round < options_.rounds; ++round) {
      HANDOFF_RETURN_IF_ERROR(CrashOnce());
      if ((round + 1) % kOrderlyStopEvery == 0) HANDOFF_RETURN_IF_ERROR(StopOnce());
      if ((round + 1) % 20 == 0) {
        std::cout << fmt::format("{} rounds, {} acknowledged", round + 1, hospital_->acknowledged())
                  << std::endl;
      }
    }
    hospital_->Stop();
    HANDOFF_RETURN_IF_ERROR(AwaitDeliveries());
    HANDOFF_RETURN_IF_ERROR(CheckBacklogs());
    CheckArrivals(
        hospital_->patients(), practice_->arrivals(), Audience::kAll, "practice", &tally_);
    CheckArrivals(hospital_->patients(), payer_->arrivals(), Audience::kAll, "payer", &tally_);
    HANDOFF_RETURN_IF_ERROR(CheckTransitions(
        hospital_->patients(), *payer_, stays_, channel_, hospital_token_, &tally_));
    HANDOFF_RETURN_IF_ERROR(BringSecondPracticeUp());
    payer_repeats_ = payer_->arrivals().repeats();
    payer_count_ = payer_->arrivals().count();
    HANDOFF_RETURN_IF_ERROR(CheckStore());
    Print();
    return Verdict();
  }

 private:
  absl::Status Prepare() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "handoff-crash-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return absl::UnavailableError("no temporary folder");
    folder_ = pattern;
    HANDOFF_ASSIGN_OR_RETURN(practice_, Practice::Start(FreePort(), stays_));
    second_port_ = FreePort();
    HANDOFF_ASSIGN_OR_RETURN(
        auto gateway,
        GatewayUnderTest::Create({options_.program, folder_, practice_->port(), second_port_}));
    gateway_ = std::make_unique<GatewayUnderTest>(std::move(gateway));
    HANDOFF_RETURN_IF_ERROR(gateway_->Start());
    HANDOFF_ASSIGN_OR_RETURN(hospital_token_, gateway_->Token("mrmc-adt"));
    HANDOFF_ASSIGN_OR_RETURN(operator_token_, gateway_->Token("operations-console"));
    HANDOFF_ASSIGN_OR_RETURN(std::string payer_token, gateway_->Token("nha-plan"));
    channel_ = grpc::CreateChannel(gateway_->grpc_address(), grpc::InsecureChannelCredentials());
    payer_ = std::make_unique<Payer>(gateway_->grpc_address(), std::move(payer_token), stays_);
    HospitalOptions hospital;
    hospital.url = gateway_->fhir_url() + "/$process-message";
    hospital.token = hospital_token_;
    hospital.seed = options_.seed;
    hospital_ = std::make_unique<Hospital>(hospital, stays_);
    return absl::OkStatus();
  }

  void WaitRandomly(int from_ms, int to_ms) {
    std::uniform_int_distribution<int> moment(from_ms * 1000, to_ms * 1000);
    std::this_thread::sleep_for(std::chrono::microseconds(moment(random_)));
  }

  absl::Status CrashOnce() {
    WaitRandomly(20, 400);
    gateway_->Kill();
    while (random_() % kKilledAtStartEvery == 0) {
      HANDOFF_RETURN_IF_ERROR(gateway_->Launch());
      WaitRandomly(1, 150);
      gateway_->Kill();
      ++killed_at_start_;
    }
    const Steady::time_point begun = Steady::now();
    HANDOFF_RETURN_IF_ERROR(gateway_->Start());
    slowest_start_ =
        std::max(slowest_start_, std::chrono::duration_cast<milliseconds>(Steady::now() - begun));
    return absl::OkStatus();
  }

  absl::Status StopOnce() {
    WaitRandomly(20, 400);
    ++orderly_stops_;
    if (gateway_->Stop() != 0) ++unclean_stops_;
    return gateway_->Start();
  }

  absl::Status AwaitDeliveries() {
    const std::size_t sent = hospital_->acknowledged();
    if (sent == 0) return absl::FailedPreconditionError("nothing was acknowledged");
    // Who lacks what is for the verdict to say.
    (void)practice_->arrivals().WaitFor(sent, kPatience);
    (void)payer_->arrivals().WaitFor(sent, kPatience);
    return absl::OkStatus();
  }

  // The practice's last answers are settled a moment after they are given.
  absl::Status CheckBacklogs() {
    const Steady::time_point end = Steady::now() + kPatience;
    do {
      HANDOFF_ASSIGN_OR_RETURN(
          practice_backlog_,
          CountDeliveries(channel_, operator_token_, v1::DELIVERY_STATE_PENDING, kPractice));
    } while (practice_backlog_ > 0 && Steady::now() < end);
    HANDOFF_ASSIGN_OR_RETURN(
        second_backlog_,
        CountDeliveries(channel_, operator_token_, v1::DELIVERY_STATE_PENDING, kSecondPractice));
    HANDOFF_ASSIGN_OR_RETURN(
        dead_, CountDeliveries(channel_, operator_token_, v1::DELIVERY_STATE_DEAD, ""));
    for (const SentPatient& patient : hospital_->patients()) {
      if (patient.has_second_practice) for_second_ += patient.acknowledged.size();
    }
    return absl::OkStatus();
  }

  // It was down for the whole run. Now it gets all that it missed.
  absl::Status BringSecondPracticeUp() {
    HANDOFF_ASSIGN_OR_RETURN(second_, Practice::Start(second_port_, stays_));
    (void)second_->arrivals().WaitFor(for_second_, kPatience);
    CheckArrivals(
        hospital_->patients(), second_->arrivals(), Audience::kSecondPractice, "second", &tally_);
    return absl::OkStatus();
  }

  absl::Status CheckStore() {
    ++orderly_stops_;
    if (gateway_->Stop() != 0) ++unclean_stops_;
    HANDOFF_ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store,
                             store::OpenRocksStore(gateway_->store_folder(), {}));
    return store->VerifyLedger();
  }

  static std::string Quantiles(const std::vector<milliseconds>& times) {
    if (times.empty()) return "none";
    const auto at = [&times](double q) {
      return times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))].count();
    };
    return fmt::format("p50 {}  p99 {}  max {}", at(0.5), at(0.99), at(1));
  }

  void Print() {
    const auto line = [](const char* name, const auto& value) {
      std::cout << fmt::format("{:<62}{}\n", name, value);
    };
    line("rounds (kill -9 under load, restart)", options_.rounds);
    line("restarts killed before they served", killed_at_start_);
    line("orderly stops by SIGTERM, under load but for the last", orderly_stops_);
    line("slowest restart, ms", slowest_start_.count());
    line("patients", hospital_->patients().size());
    line("messages acknowledged", hospital_->acknowledged());
    line("requests cut off without an answer, sent again", hospital_->unanswered());
    line("acknowledged and sent again all the same", hospital_->sent_again());
    line("delivered to the practice", practice_->arrivals().count());
    line("  repeats, same delivery id", practice_->arrivals().repeats());
    line("  ms from acknowledgement, crashes included",
         Quantiles(DeliveryTimes(hospital_->patients(), practice_->arrivals(), Audience::kAll)));
    line("  the same, of patients whom the absent one is told of too",
         Quantiles(DeliveryTimes(
             hospital_->patients(), practice_->arrivals(), Audience::kSecondPractice)));
    line("  pending at the end", practice_backlog_);
    line("streamed to the payer", payer_count_);
    line("  repeats, same delivery id", payer_repeats_);
    line("for the second practice, down for the whole run", for_second_);
    line("  pending at the end", second_backlog_);
    line("  delivered once it was up", second_->arrivals().count());
    line("  repeats, same delivery id", second_->arrivals().repeats());
    line("dead letters", dead_);
    line("lost", tally_.lost);
    line("told to whom they are not meant for", tally_.foreign);
    line("patients out of order", tally_.out_of_order);
    line("messages with two effects", tally_.doubled);
    line("seconds", std::chrono::duration_cast<seconds>(Steady::now() - begun_).count());
    std::cout << std::flush;
  }

  absl::Status Verdict() {
    std::vector<std::string> faults = tally_.examples;
    const auto expect = [&faults](bool holds, std::string fault) {
      if (!holds) faults.push_back(std::move(fault));
    };
    expect(hospital_->refusals().empty(),
           fmt::format("{} answers that no sender can use", hospital_->refusals().size()));
    for (const std::string& refusal : hospital_->refusals()) faults.push_back(refusal);
    expect(practice_backlog_ == 0, "the practice's backlog is not empty");
    expect(for_second_ > 0, "the second practice was to be told of no one");
    expect(second_backlog_ == for_second_, "the second practice's backlog is not what it missed");
    expect(dead_ == 0, "there are dead letters");
    expect(unclean_stops_ == 0, fmt::format("{} stops by SIGTERM end badly", unclean_stops_));
    good_ = faults.empty() && tally_.good();
    if (good_) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format("{}", fmt::join(faults, "\n")));
  }

  const Options options_;
  const Steady::time_point begun_ = Steady::now();
  std::mt19937_64 random_;
  const Stays stays_;
  std::string folder_;
  std::uint16_t second_port_ = 0;
  std::string hospital_token_;
  std::string operator_token_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Practice> practice_;
  std::unique_ptr<Practice> second_;
  std::unique_ptr<GatewayUnderTest> gateway_;
  std::unique_ptr<Payer> payer_;
  std::unique_ptr<Hospital> hospital_;

  Tally tally_;
  int killed_at_start_ = 0;
  int orderly_stops_ = 0;
  int unclean_stops_ = 0;
  milliseconds slowest_start_{0};
  std::size_t practice_backlog_ = 0;
  std::size_t second_backlog_ = 0;
  std::size_t for_second_ = 0;
  std::size_t payer_count_ = 0;
  std::size_t payer_repeats_ = 0;
  std::size_t dead_ = 0;
  bool good_ = false;
};

}  // namespace
}  // namespace handoff::scenario

int main(int argc, char** argv) {
  handoff::scenario::Options options;
  CLI::App app("Kills a gateway under load, over and over, and looks for what is lost");
  app.add_option("--rounds", options.rounds, "how often to kill it")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--seed", options.seed, "of the moments and of the load")->capture_default_str();
  app.add_option("--program", options.program, "the handoff program")
      ->required()
      ->check(CLI::ExistingFile);
  CLI11_PARSE(app, argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  handoff::scenario::CrashRun run(options);
  const absl::Status status = run.Run();
  if (status.ok()) return 0;
  std::cout << "\nerror: " << std::string(status.message())
            << "\nlog and store of the gateway: " << run.folder() << std::endl;
  return 1;
}
