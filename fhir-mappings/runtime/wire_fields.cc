#include "fhir-mappings/runtime/wire_fields.h"

#include "handoff/v1/exchange.pb.h"
#include "handoff/v1/types.pb.h"

namespace handoff::fhir::internal::wire_fields {

static_assert(kDateYear == v1::Date::kYearFieldNumber);
static_assert(kDateMonth == v1::Date::kMonthFieldNumber);
static_assert(kDateDay == v1::Date::kDayFieldNumber);
static_assert(kDateTimeSeconds == v1::DateTime::kSecondsFieldNumber);
static_assert(kDateTimeNanos == v1::DateTime::kNanosFieldNumber);
static_assert(kDateTimeFractionDigits == v1::DateTime::kFractionDigitsFieldNumber);
static_assert(kDateTimeOffsetMinutes == v1::DateTime::kOffsetMinutesFieldNumber);
static_assert(kDateTimeZulu == v1::DateTime::kZuluFieldNumber);
static_assert(kDateTimePrecision == v1::DateTime::kPrecisionFieldNumber);
static_assert(kDateTimeText == v1::DateTime::kTextFieldNumber);
static_assert(kMetaVersionId == v1::Meta::kVersionIdFieldNumber);
static_assert(kMetaLastUpdated == v1::Meta::kLastUpdatedFieldNumber);
static_assert(kOpaque == v1::Resource::kOpaqueFieldNumber);
static_assert(kOpaqueType == v1::OpaqueResource::kTypeFieldNumber);
static_assert(kOpaqueId == v1::OpaqueResource::kIdFieldNumber);
static_assert(kOpaqueMeta == v1::OpaqueResource::kMetaFieldNumber);
static_assert(kOpaqueJson == v1::OpaqueResource::kJsonFieldNumber);
static_assert(kReferenceType == v1::Reference::kResourceTypeFieldNumber);
static_assert(kReferenceId == v1::Reference::kResourceIdFieldNumber);
static_assert(kReferenceVersion == v1::Reference::kVersionFieldNumber);
static_assert(kReferenceUri == v1::Reference::kUriFieldNumber);
static_assert(kCodingSystem == v1::Coding::kSystemFieldNumber);
static_assert(kCodingCode == v1::Coding::kCodeFieldNumber);
static_assert(kCodingSystem == v1::SecurityLabel::kSystemFieldNumber);
static_assert(kCodingCode == v1::SecurityLabel::kCodeFieldNumber);
static_assert(kConceptCodings == v1::SecurityLabelConcept::kCodingsFieldNumber);
static_assert(kConceptCodings == v1::CodeableConcept::kCodingsFieldNumber);
static_assert(kIdentifierSystem == v1::Identifier::kSystemFieldNumber);
static_assert(kIdentifierValue == v1::Identifier::kValueFieldNumber);
static_assert(kContactPointValue == v1::ContactPoint::kValueFieldNumber);
static_assert(kBundle == v1::Resource::kBundleFieldNumber);
static_assert(kOperationOutcome == v1::Resource::kOperationOutcomeFieldNumber);
static_assert(kResourceId == v1::Patient::kIdFieldNumber);
static_assert(kResourceMeta == v1::Patient::kMetaFieldNumber);

}  // namespace handoff::fhir::internal::wire_fields
