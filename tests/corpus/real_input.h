// What every test of real input does: start a network for it, post files, print what became of
// them, and look for words of patients in all that people can read.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/corpus/network.h"
#include "tests/corpus/patient_needles.h"

namespace handoff::testing {

using Counts = std::map<std::string, std::size_t>;

// YAML of one identifier, and of one row of a roster.
std::string Identifier(const std::string& system, const std::string& value);
std::string RosterRow(const std::string& role, const std::string& system, const std::string& value);

class RealInputTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // Fails for every word of a patient in a log, metric, webhook or error of this test.
  void TearDown() override;

  // A network on an empty store, in place of the one before.
  void StartNetwork(std::vector<PartySpec> parties);
  Network& network() { return *network_; }

  static void PrintHead();
  // Sends, waits until everyone who is to be told has been, and prints the row of the table.
  Story Send(const std::string& from,
             const std::string& method,
             const std::string& path,
             const std::string& name,
             const std::string& body);
  // Errors of the gateway, as text.
  void AddErrors(const std::string& text) { written_["errors"] += text; }

 private:
  void TakeNotes();

  std::unique_ptr<Network> network_;
  Counts told_;
  PatientNeedles needles_;
  std::string own_words_;                       // written before any patient was seen
  std::map<std::string, std::string> written_;  // by place
};

}  // namespace handoff::testing
