#include "gateway/care/transition.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace handoff::care {
namespace {

struct Told {
  v1::EventKind kind;
  std::int64_t at;
};

std::string Timeline(const std::vector<Told>& told) {
  v1::Transition stay;
  for (const Told& t : told) AddStep(&stay, t.kind, t.at, MessageId("m"), FromMicros(1000));
  std::string line;
  for (const v1::Transition::Step& step : stay.steps()) {
    line += std::to_string(step.occurred_us()) + ":" + std::to_string(step.kind()) + " ";
  }
  return line + "last " + std::to_string(stay.last());
}

TEST(TransitionTest, ConvergesWhateverTheOrderOfArrival) {
  std::vector<Told> told = {{v1::EVENT_KIND_ADMIT, 10},
                            {v1::EVENT_KIND_TRANSFER, 20},
                            {v1::EVENT_KIND_ENCOUNTER_UPDATE, 30},
                            {v1::EVENT_KIND_DISCHARGE, 30}};
  const auto before = [](const Told& a, const Told& b) {
    return a.at < b.at || (a.at == b.at && a.kind < b.kind);
  };
  std::sort(told.begin(), told.end(), before);
  int orders = 0;
  do {
    EXPECT_EQ(Timeline(told), "10:1 20:2 30:4 30:3 last 3");
    ++orders;
  } while (std::next_permutation(told.begin(), told.end(), before));
  EXPECT_EQ(orders, 24);
}

TEST(TransitionTest, KnowsAStepByKindAndTime) {
  v1::Transition stay;
  AddStep(&stay, v1::EVENT_KIND_ADMIT, 10, MessageId("m"), FromMicros(11));
  EXPECT_TRUE(HasStep(stay, v1::EVENT_KIND_ADMIT, 10));
  EXPECT_FALSE(HasStep(stay, v1::EVENT_KIND_ADMIT, 11));
  EXPECT_FALSE(HasStep(stay, v1::EVENT_KIND_DISCHARGE));
  EXPECT_TRUE(HasStep(stay, v1::EVENT_KIND_ADMIT));
}

}  // namespace
}  // namespace handoff::care
