#include "gateway/access/scope.h"

#include <gtest/gtest.h>

namespace handoff::access {
namespace {

TEST(ScopeTest, AllowsByTypeAndLetter) {
  EXPECT_TRUE(Allows({"system/CarePlan.rs"}, "CarePlan", 'r'));
  EXPECT_TRUE(Allows({"openid", "system/*.cruds"}, "Task", 'u'));
  EXPECT_FALSE(Allows({"system/CarePlan.rs"}, "CarePlan", 'u'));
  EXPECT_FALSE(Allows({"system/CarePlan.rs"}, "Goal", 'r'));
  EXPECT_FALSE(Allows({}, "Goal", 'r'));
}

TEST(ScopeTest, UnderstandsTheOlderForm) {
  EXPECT_TRUE(Allows({"system/Task.read"}, "Task", 's'));
  EXPECT_TRUE(Allows({"system/Task.write"}, "Task", 'c'));
  EXPECT_FALSE(Allows({"system/Task.read"}, "Task", 'c'));
}

TEST(ScopeTest, AllowsNothingByWhatItCannotKeep) {
  EXPECT_FALSE(Allows({"system/Task.rs?status=requested"}, "Task", 'r'));
  EXPECT_FALSE(Allows({"patient/Task.rs"}, "Task", 'r'));
  EXPECT_FALSE(Allows({"system/Task"}, "Task", 'r'));
  EXPECT_FALSE(Allows({"system/Task.rx"}, "Task", 'r'));
}

}  // namespace
}  // namespace handoff::access
