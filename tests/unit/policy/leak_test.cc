// No view lets through what it does not list: every field of every type is filled, then whatever
// leaves is looked at.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "handoff/v1/exchange.pb.h"
#include "tests/unit/policy/shipped_views.h"

namespace handoff::policy::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Fields of the model that may leave, by resource, in the model's names: kept apart from views.yaml
// on purpose.
const std::map<std::string, std::map<std::string, std::set<std::string>>>& Allowed() {
  static const std::map<std::string, std::map<std::string, std::set<std::string>>> allowed = {
      {"payer-alert",
       {{"patient", {"names"}},
        {"practitioner", {"identifiers", "names"}},
        {"practitioner_role",
         {"practitioner", "practitioner.display", "organization", "organization.display"}},
        {"organization", {"identifiers", "name"}},
        {"encounter",
         {"status",
          "class_value",
          "subject",
          "participants.individual",
          "participants.individual.display",
          "period.start",
          "period.end",
          "hospitalization.discharge_disposition.codings",
          "service_provider",
          "service_provider.display"}}}},
      {"payer-status",
       {{"patient", {"names"}},
        {"care_plan",
         {"status",
          "intent",
          "categories.codings",
          "subject",
          "period.start",
          "period.end",
          "created",
          "goals",
          "activities.reference",
          "activities.detail.kind",
          "activities.detail.status"}},
        {"goal", {"lifecycle_status", "achievement_status.codings", "status_date", "subject"}},
        {"service_request", {"status", "intent", "subject"}},
        {"task", {"status", "intent", "focus", "beneficiary"}}}},
      {"community-minimum",
       {{"patient", {"names", "telecom", "addresses", "communications"}},
        {"service_request",
         {"status",
          "intent",
          "categories.codings",
          "priority",
          "do_not_perform",
          "code.codings",
          "order_details.codings",
          "subject",
          "occurrence_date_time",
          "occurrence_period",
          "occurrence_timing",
          "authored_on",
          "performers"}},
        {"task",
         {"status",
          "status_reason",
          "business_status",
          "intent",
          "priority",
          "code.codings",
          "focus",
          "beneficiary",
          "execution_period",
          "authored_on",
          "last_modified",
          "owner",
          "restriction.period",
          "outputs"}},
        {"goal", {"lifecycle_status", "description.codings", "subject"}}}}};
  return allowed;
}

// Fills every field. Of each choice the alternative number `variant`, so that the variants together
// fill all of them.
class Filler {
 public:
  Filler(int variant, std::string target) : variant_(variant), target_(std::move(target)) {}

  void Fill(Message* message) {
    const Descriptor& type = *message->GetDescriptor();
    if (type.full_name() == "handoff.v1.Reference") FillReference(message);
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (const auto* choice = field.real_containing_oneof();
          choice != nullptr && choice->field(variant_ % choice->field_count()) != &field) {
        continue;
      }
      if (type.full_name() == "handoff.v1.Reference" && field.number() <= 4) continue;
      FillField(message, field);
    }
  }

 private:
  void FillReference(Message* message) {
    auto& reference = static_cast<v1::Reference&>(*message);
    reference.set_resource_type("Patient");
    reference.set_resource_id(target_);
  }

  void FillField(Message* message, const FieldDescriptor& field) {
    const Reflection& reflect = *message->GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      // Types that hold themselves (Reference.identifier.assigner) end at the second round.
      if (open_.count(field.message_type()) >= 2) return;
      const auto here = open_.insert(field.message_type());
      Fill(field.is_repeated() ? reflect.AddMessage(message, &field)
                               : reflect.MutableMessage(message, &field));
      open_.erase(here);
      return;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      const std::string text = field.name() == "extra"       ? R"({"extension":[{"url":"CANARY"}]})"
                               : field.name() == "contained" ? Contained()
                                                             : "CANARY";
      field.is_repeated() ? reflect.AddString(message, &field, text)
                          : reflect.SetString(message, &field, text);
      return;
    }
    if (field.is_repeated()) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32)
        return reflect.AddUInt32(message, &field, 4);
      ASSERT_EQ(field.cpp_type(), FieldDescriptor::CPPTYPE_ENUM);
      return reflect.AddEnumValue(message, &field, 1);
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        return reflect.SetEnumValue(message, &field, 1);
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflect.SetBool(message, &field, true);
      case FieldDescriptor::CPPTYPE_INT32:
        return reflect.SetInt32(message, &field, 4);
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflect.SetUInt32(message, &field, 4);
      case FieldDescriptor::CPPTYPE_INT64:
        return reflect.SetInt64(message, &field, 4);
      default:
        FAIL() << "a field type that this test does not fill: " << field.full_name();
    }
  }

  static std::string Contained() {
    v1::Resource inner;
    inner.mutable_patient()->add_names()->set_family("CANARY");
    std::string bytes;
    inner.AppendToString(&bytes);
    return bytes;
  }

  const int variant_;
  const std::string target_;
  std::multiset<const Descriptor*> open_;
};

constexpr std::string_view kBesideReference = " (beside a reference)";

// The paths of all fields that are set, references as one whole but for what stands beside the
// reference text.
void Leaves(const Message& message, const std::string& path, std::set<std::string>* found) {
  std::vector<const FieldDescriptor*> fields;
  const Reflection& reflect = *message.GetReflection();
  reflect.ListFields(message, &fields);
  const bool reference = message.GetDescriptor()->full_name() == "handoff.v1.Reference";
  for (const FieldDescriptor* field : fields) {
    if (reference && field->number() <= 4) {
      found->insert(path);
      continue;
    }
    const std::string below = path.empty() ? field->name() : path + "." + field->name();
    if (reference) {
      found->insert(below + std::string(kBesideReference));
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      found->insert(below);
    } else if (!field->is_repeated()) {
      Leaves(reflect.GetMessage(message, field), below, found);
    } else {
      for (int i = 0; i < reflect.FieldSize(message, field); ++i) {
        Leaves(reflect.GetRepeatedMessage(message, field, i), below, found);
      }
    }
  }
}

bool IsAllowed(std::string path, const std::set<std::string>& allowed) {
  if (path == "id") return true;
  // What stands beside the text of a reference leaves only if it is listed itself, not with what is
  // around it.
  if (path.ends_with(kBesideReference)) {
    return allowed.contains(path.substr(0, path.size() - kBesideReference.size()));
  }
  if (path.ends_with("extra")) return false;
  while (!allowed.contains(path)) {
    const std::size_t dot = path.rfind('.');
    if (dot == path.npos) return false;
    path.resize(dot);
  }
  return true;
}

struct Shown {
  bool left = false;
  std::string type;
  std::set<std::string> leaves;
};

Shown Look(const View& view, const FieldDescriptor& type, int variant, const std::string& target) {
  v1::Resource resource;
  Message* inner = resource.GetReflection()->MutableMessage(&resource, &type);
  Filler(variant, target).Fill(inner);
  inner->GetReflection()->SetString(inner, inner->GetDescriptor()->FindFieldByName("id"), "x");
  std::string encoded;
  EXPECT_TRUE(resource.AppendToString(&encoded));
  const auto projection = ShippedViews().Project(view, encoded, {{"Patient", "kept"}});
  EXPECT_TRUE(projection.ok()) << projection.status();
  Shown shown;
  shown.type = type.name();
  if (!projection.ok() || !projection->encoded) return shown;
  shown.left = true;
  v1::Resource out;
  EXPECT_TRUE(out.ParseFromString(*projection->encoded));
  Leaves(out.GetReflection()->GetMessage(out, &type), {}, &shown.leaves);
  return shown;
}

constexpr int kVariants =
    40;  // at least the alternatives of the longest choice, Task.input.value[x]

TEST(LeakTest, ViewsShowWhatTheyListAndNothingElse) {
  const auto* resources = v1::Resource::descriptor()->FindOneofByName("resource");
  int looked_at = 0;
  for (const auto& [name, types] : Allowed()) {
    const View& view = *ShippedViews().Find(name);
    for (int i = 0; i < resources->field_count(); ++i) {
      const FieldDescriptor& type = *resources->field(i);
      if (type.name() == "bundle" || type.name() == "opaque") continue;
      for (int variant = 0; variant < kVariants; ++variant) {
        const Shown shown = Look(view, type, variant, "kept");
        const auto allowed = types.find(type.name());
        ASSERT_EQ(shown.left, allowed != types.end()) << name << " " << type.name();
        if (!shown.left) break;
        ++looked_at;
        for (const std::string& path : shown.leaves) {
          EXPECT_TRUE(IsAllowed(path, allowed->second))
              << name << " shows " << type.name() << "." << path;
        }
      }
    }
  }
  EXPECT_EQ(looked_at, 14 * kVariants);
}

TEST(LeakTest, ViewsShowEverythingTheyList) {
  for (const auto& [name, types] : Allowed()) {
    for (const auto& [type_name, allowed] : types) {
      const FieldDescriptor& type = *v1::Resource::descriptor()->FindFieldByName(type_name);
      std::set<std::string> seen;
      for (int variant = 0; variant < kVariants; ++variant) {
        seen.merge(Look(*ShippedViews().Find(name), type, variant, "kept").leaves);
      }
      for (const std::string& path : allowed) {
        const auto at = seen.lower_bound(path);
        EXPECT_TRUE(at != seen.end() && at->starts_with(path))
            << name << " hides " << type_name << "." << path;
      }
    }
  }
}

TEST(LeakTest, NoViewShowsAReferenceToWhatDoesNotLeave) {
  const auto* resources = v1::Resource::descriptor()->FindOneofByName("resource");
  for (const char* name :
       {"treatment-full", "payer-alert", "payer-status", "community-minimum", "directory"}) {
    for (int i = 0; i < resources->field_count(); ++i) {
      const FieldDescriptor& type = *resources->field(i);
      if (type.name() == "bundle" || type.name() == "opaque") continue;
      for (int variant = 0; variant < kVariants; ++variant) {
        v1::Resource resource;
        Filler(variant, "lost").Fill(resource.GetReflection()->MutableMessage(&resource, &type));
        std::string encoded;
        ASSERT_TRUE(resource.AppendToString(&encoded));
        const auto projection =
            ShippedViews().Project(*ShippedViews().Find(name), encoded, {{"Patient", "kept"}});
        ASSERT_TRUE(projection.ok());
        if (!projection->encoded) break;
        EXPECT_EQ(projection->encoded->find("lost"), std::string::npos)
            << name << " " << type.name();
        EXPECT_EQ(projection->encoded->find("extension"), std::string::npos)
            << name << " " << type.name();
      }
    }
  }
}

TEST(LeakTest, TreatmentShowsNeitherNarrativeNorContainedResources) {
  const auto* resources = v1::Resource::descriptor()->FindOneofByName("resource");
  int shown_types = 0;
  for (int i = 0; i < resources->field_count(); ++i) {
    const FieldDescriptor& type = *resources->field(i);
    if (type.name() == "bundle" || type.name() == "opaque") continue;
    const Shown shown = Look(*ShippedViews().Find("treatment-full"), type, 0, "kept");
    shown_types += shown.left;
    for (const std::string& path : shown.leaves) {
      EXPECT_FALSE(path.starts_with("text.") || path == "contained" || path == "extra")
          << type.name() << "." << path;
      EXPECT_TRUE(!path.starts_with("meta.") || path.starts_with("meta.security"))
          << type.name() << "." << path;
    }
  }
  EXPECT_EQ(shown_types, 32);
}

}  // namespace
}  // namespace handoff::policy::testing
