#include "fhir-mappings/runtime/primitives.h"

#include <string>

#include <gtest/gtest.h>

#include "fhir-mappings/runtime/date_wire.h"

namespace handoff::fhir::internal {
namespace {

std::string Again(std::string_view text, Kind kind) {
  const auto parts = ParseDateTime(text, kind);
  if (!parts) return "refused";
  if (!parts->reproducible) return "text";
  std::string wire;
  {
    Sink sink(&wire);
    EncodeDateTime(*parts, sink);
  }
  DecodedDateTime decoded;
  if (!DecodeDateTime(wire, decoded)) return "damaged";
  std::string out;
  {
    Sink sink(&out);
    if (!AppendDateTime(decoded.parts, sink)) return "out of range";
  }
  return out;
}

TEST(PrimitivesTest, ReproducesDateTimes) {
  for (const char* text : {"2024",
                           "2024-02",
                           "2024-02-29",
                           "2024-02-29T00:00:00Z",
                           "1969-12-31T23:59:59+00:00",
                           "0001-01-01T00:00:00+14:00",
                           "9999-12-31T23:59:59.999999999-14:00",
                           "1905-08-23T10:00:00.0+05:45",
                           "2015-02-07T13:28:17.239-05:00",
                           "1600-01-01",
                           "0001"}) {
    EXPECT_EQ(Again(text, Kind::kDateTime), text);
  }
}

TEST(PrimitivesTest, KeepsTheTextOfWhatTheTypedFormCannotReproduce) {
  for (const char* text :
       {"2016-12-31T23:59:60Z", "2024-01-01T00:00:00.1234567891Z", "2024-01-01T00:00:00-00:00"}) {
    EXPECT_EQ(Again(text, Kind::kDateTime), "text") << text;
  }
}

TEST(PrimitivesTest, RefusesWhatIsNoDateTime) {
  for (const char* text : {"",
                           "24",
                           "2024-13",
                           "2024-00",
                           "2023-02-29",
                           "2024-04-31",
                           "0000",
                           "2024-1-1",
                           "2024-01-01T",
                           "2024-01-01T10",
                           "2024-01-01T10:00Z",
                           "2024-01-01T10:00:00",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T10:60:00Z",
                           "2024-01-01T10:00:61Z",
                           "2024-01-01T10:00:00.Z",
                           "2024-01-01T10:00:00+14:01",
                           "2024-01-01T10:00:00+1:00",
                           "2024-01-01 10:00:00Z",
                           "2024-01-01T10:00:00z",
                           "2024-01T10:00:00Z",
                           " 2024",
                           "2024 "}) {
    EXPECT_EQ(Again(text, Kind::kDateTime), "refused") << text;
  }
  EXPECT_EQ(Again("2024-01-01", Kind::kInstant), "refused");
  EXPECT_EQ(Again("2024-01-01T10:00:00Z", Kind::kInstant), "2024-01-01T10:00:00Z");
}

TEST(PrimitivesTest, ReproducesEveryDayOfFourCenturies) {
  for (int year = 1800; year < 2200; ++year) {
    for (const char* day : {"-01-01", "-02-28", "-03-01", "-12-31"}) {
      const std::string text = std::to_string(year) + day + "T12:00:00-11:30";
      ASSERT_EQ(Again(text, Kind::kDateTime), text);
    }
  }
}

TEST(PrimitivesTest, ChecksTextForms) {
  const auto good = [](Kind kind, std::string_view text) {
    EXPECT_TRUE(HasForm(kind, text)) << text;
  };
  const auto bad = [](Kind kind, std::string_view text) {
    EXPECT_FALSE(HasForm(kind, text)) << text;
  };
  good(Kind::kString, "a\tb\r\nc and more than sixteen bytes of it");
  bad(Kind::kString, std::string_view("more than sixteen bytes \x01 of it"));
  bad(Kind::kString, std::string_view("a\0b", 3));
  bad(Kind::kString, "");
  good(Kind::kCode, "a b");
  bad(Kind::kCode, " a");
  bad(Kind::kCode, "a ");
  bad(Kind::kCode, "a  b");
  good(Kind::kId, std::string(64, 'a'));
  bad(Kind::kId, std::string(65, 'a'));
  bad(Kind::kId, "a_b");
  good(Kind::kUri, "urn:x");
  bad(Kind::kUri, "a b");
  good(Kind::kOid, "urn:oid:1.2.840.0");
  bad(Kind::kOid, "urn:oid:3.1");
  bad(Kind::kOid, "urn:oid:1.02");
  bad(Kind::kOid, "urn:oid:1.");
  bad(Kind::kOid, "urn:oid:1");
  good(Kind::kUuid, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520");
  bad(Kind::kUuid, "urn:uuid:C757873D-ec9a-4326-a141-556f43239520");
  good(Kind::kBase64Binary, "QUJD\nREVG");
  good(Kind::kBase64Binary, " QUI= ");
  bad(Kind::kBase64Binary, "QUJ");
  bad(Kind::kBase64Binary, "QU JD");
  bad(Kind::kBase64Binary, "QUJ!");
  bad(Kind::kBase64Binary, " ");
  good(Kind::kTime, "23:59:60.5");
  bad(Kind::kTime, "24:00:00");
  bad(Kind::kTime, "12:00");
}

TEST(PrimitivesTest, ChecksDecimals) {
  for (const char* text : {"0", "-0", "1.00", "1e5", "1E-5", "10.50e+3"})
    EXPECT_TRUE(IsDecimal(text)) << text;
  for (const char* text : {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1 ", "NaN"})
    EXPECT_FALSE(IsDecimal(text)) << text;
}

TEST(PrimitivesTest, ParsesReferences) {
  const ReferenceParts plain = ParseReference("Patient/a-1.b");
  EXPECT_EQ(plain.type, "Patient");
  EXPECT_EQ(plain.id, "a-1.b");
  EXPECT_EQ(plain.uri, "");
  const ReferenceParts versioned = ParseReference("Patient/1/_history/2");
  EXPECT_EQ(versioned.id, "1");
  EXPECT_EQ(versioned.version, "2");
  for (const char* uri : {"http://x/Patient/1",
                          "urn:uuid:1",
                          "#a",
                          "Patient/1#x",
                          "Patient/",
                          "Patient/1/_history/",
                          "Patient/1/2",
                          "patient/1",
                          "Patient?identifier=1",
                          "/1"}) {
    EXPECT_EQ(ParseReference(uri).uri, uri);
    EXPECT_EQ(ParseReference(uri).type, "");
  }
}

TEST(PrimitivesTest, WritesInstantsOfMicroseconds) {
  const auto text = [](std::int64_t us) {
    std::string out;
    Sink sink(&out);
    EXPECT_TRUE(AppendDateTime(InstantFromMicros(us), sink));
    sink.Finish();
    return out;
  };
  EXPECT_EQ(text(1'700'000'000'123'456), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(text(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(text(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.000Z");
}

}  // namespace
}  // namespace handoff::fhir::internal
