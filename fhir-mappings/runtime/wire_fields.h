// Field numbers of handoff.v1 that the runtime itself knows; wire_fields.cc holds them against the
// generated code.
#pragma once

#include <cstdint>

namespace handoff::fhir::internal::wire_fields {

inline constexpr std::uint32_t kDateYear = 1;
inline constexpr std::uint32_t kDateMonth = 2;
inline constexpr std::uint32_t kDateDay = 3;

inline constexpr std::uint32_t kDateTimeSeconds = 1;
inline constexpr std::uint32_t kDateTimeNanos = 2;
inline constexpr std::uint32_t kDateTimeFractionDigits = 3;
inline constexpr std::uint32_t kDateTimeOffsetMinutes = 4;
inline constexpr std::uint32_t kDateTimeZulu = 5;
inline constexpr std::uint32_t kDateTimePrecision = 6;
inline constexpr std::uint32_t kDateTimeText = 7;

inline constexpr std::uint32_t kMetaVersionId = 1;
inline constexpr std::uint32_t kMetaLastUpdated = 2;

inline constexpr std::uint32_t kOpaque = 100;  // in Resource
inline constexpr std::uint32_t kOpaqueType = 1;
inline constexpr std::uint32_t kOpaqueId = 2;
inline constexpr std::uint32_t kOpaqueMeta = 3;
inline constexpr std::uint32_t kOpaqueJson = 4;

inline constexpr std::uint32_t kReferenceType = 1;
inline constexpr std::uint32_t kReferenceId = 2;
inline constexpr std::uint32_t kReferenceVersion = 3;
inline constexpr std::uint32_t kReferenceUri = 4;

inline constexpr std::uint32_t kCodingSystem = 1;
inline constexpr std::uint32_t kCodingCode = 3;
inline constexpr std::uint32_t kConceptCodings = 1;
inline constexpr std::uint32_t kIdentifierSystem = 3;
inline constexpr std::uint32_t kIdentifierValue = 4;
inline constexpr std::uint32_t kContactPointValue = 2;

inline constexpr std::uint32_t kBundle = 21;            // in Resource
inline constexpr std::uint32_t kOperationOutcome = 23;  // in Resource
inline constexpr std::uint32_t kResourceId = 1;         // of every resource message
inline constexpr std::uint32_t kResourceMeta = 2;

}  // namespace handoff::fhir::internal::wire_fields
