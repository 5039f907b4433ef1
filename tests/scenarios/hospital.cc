#include "tests/scenarios/hospital.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <random>
#include <utility>

#include <curl/curl.h>

namespace handoff::scenario {
namespace {

// One patient in eight has a second practice.
constexpr PatientNumber kSecondPracticeEvery = 8;
// One message in forty is sent once more although it was acknowledged.
constexpr unsigned kAgainEvery = 40;
constexpr std::chrono::milliseconds kPause{5};  // after a connection that failed

std::size_t Collect(char* data, std::size_t size, std::size_t count, void* into) {
  static_cast<std::string*>(into)->append(data, size * count);
  return size * count;
}

// Posts over one kept connection.
class Poster {
 public:
  Poster(const std::string& url, const std::string& token) : curl_(curl_easy_init()) {
    for (const std::string& field : {std::string("Content-Type: application/fhir+json"),
                                     "Authorization: Bearer " + token,
                                     std::string("Expect:")}) {
      headers_ = curl_slist_append(headers_, field.c_str());
    }
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, &Collect);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer_);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
  }
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;
  ~Poster() {
    curl_easy_cleanup(curl_);
    curl_slist_free_all(headers_);
  }

  // The HTTP status; 0: no answer.
  long Post(const std::string& body) {
    answer_.clear();
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data());
    const CURLcode code = curl_easy_perform(curl_);
    cut_off_ = code != CURLE_OK && code != CURLE_COULDNT_CONNECT;
    if (code != CURLE_OK) return 0;
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    return status;
  }
  const std::string& answer() const { return answer_; }
  // True if the last request may have been read, and was not answered.
  bool cut_off() const { return cut_off_; }

 private:
  CURL* const curl_;
  curl_slist* headers_ = nullptr;
  std::string answer_;
  bool cut_off_ = false;
};

}  // namespace

class Hospital::Connection {
 public:
  Connection(Hospital& hospital, std::uint64_t seed)
      : hospital_(hospital),
        random_(seed),
        poster_(hospital.options_.url, hospital.options_.token),
        present_(hospital.options_.patients_per_connection),
        thread_([this] { Run(); }) {}
  ~Connection() { Join(); }

  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  std::vector<SentPatient> TakePatients() {
    for (Present& present : present_) gone_.push_back(std::move(present.patient));
    return std::move(gone_);
  }
  std::vector<std::string> TakeRefusals() { return std::move(refusals_); }

 private:
  struct Present {
    SentPatient patient;
    Step last;            // sent, or to be sent again
    std::string waiting;  // its text while it is not acknowledged
  };

  void Run() {
    for (Present& present : present_) Admit(present);
    std::uniform_int_distribution<std::size_t> any(0, present_.size() - 1);
    while (!hospital_.abandoned_ && (!hospital_.stopping_ || !AllAcknowledged())) {
      Present& present = present_[any(random_)];
      if (present.waiting.empty()) {
        if (hospital_.stopping_) continue;
        Begin(present);
      }
      Send(present);
    }
  }

  bool AllAcknowledged() const {
    return std::all_of(present_.begin(), present_.end(), [](const Present& present) {
      return present.waiting.empty();
    });
  }

  void Admit(Present& present) {
    if (!present.patient.acknowledged.empty()) gone_.push_back(std::move(present.patient));
    present = {};
    present.patient.number = hospital_.next_patient_++;
    present.patient.has_second_practice = present.patient.number % kSecondPracticeEvery == 0;
  }

  void Begin(Present& present) {
    if (present.patient.acknowledged.size() == kStays * kSteps) Admit(present);
    Step& step = present.last;
    step.patient = present.patient.number;
    step.has_second_practice = present.patient.has_second_practice;
    step.index = static_cast<std::uint32_t>(present.patient.acknowledged.size());
    step.number = hospital_.next_message_++;
    if (step.index % kSteps == 0) step.admission = step.number;
    present.waiting = hospital_.stays_.Text(step);
  }

  void Send(Present& present) {
    if (!Answered(present.waiting)) return;
    present.patient.acknowledged.push_back({present.last.number, Steady::now()});
    ++hospital_.acknowledged_;
    const std::string text = std::exchange(present.waiting, {});
    if (random_() % kAgainEvery == 0 && Answered(text)) ++hospital_.sent_again_;
  }

  // True if it is settled; a refusal is written down, since repeating does not help.
  bool Answered(const std::string& text) {
    const long status = poster_.Post(text);
    if (status == 200) return true;
    if (status != 0 && status != 429 && status != 503) {
      refusals_.push_back(std::to_string(status) + " " + poster_.answer().substr(0, 400));
      return true;
    }
    if (poster_.cut_off()) ++hospital_.unanswered_;
    std::this_thread::sleep_for(kPause);
    return false;
  }

  Hospital& hospital_;
  std::mt19937_64 random_;
  Poster poster_;
  std::vector<Present> present_;
  std::vector<SentPatient> gone_;
  std::vector<std::string> refusals_;
  std::thread thread_;  // last: it uses all of the above
};

Hospital::Hospital(HospitalOptions options, const Stays& stays)
    : options_(std::move(options)), stays_(stays) {
  for (std::size_t i = 0; i < options_.connections; ++i)
    connections_.push_back(std::make_unique<Connection>(*this, options_.seed * 1000 + i));
}

Hospital::~Hospital() { abandoned_ = true; }

void Hospital::Stop() {
  stopping_ = true;
  for (const auto& connection : connections_) {
    connection->Join();
    for (SentPatient& patient : connection->TakePatients()) {
      if (!patient.acknowledged.empty()) patients_.push_back(std::move(patient));
    }
    for (std::string& refusal : connection->TakeRefusals()) refusals_.push_back(std::move(refusal));
  }
}

}  // namespace handoff::scenario
