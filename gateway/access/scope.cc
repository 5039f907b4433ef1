#include "gateway/access/scope.h"

#include <algorithm>

namespace handoff::access {
namespace {

std::string_view Letters(std::string_view permissions) {
  if (permissions == "read") return "rs";
  if (permissions == "write") return "cud";
  if (permissions == "*") return "cruds";
  const bool known = permissions.find_first_not_of("cruds") == std::string_view::npos;
  return known ? permissions : std::string_view();
}

bool ScopeAllows(std::string_view scope, std::string_view type, char interaction) {
  constexpr std::string_view kContext = "system/";
  if (!scope.starts_with(kContext)) return false;
  scope.remove_prefix(kContext.size());
  const std::size_t dot = scope.find('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view of = scope.substr(0, dot);
  return (of == "*" || of == type) &&
         Letters(scope.substr(dot + 1)).find(interaction) != std::string_view::npos;
}

}  // namespace

bool Allows(const std::vector<std::string>& scopes, std::string_view type, char interaction) {
  return std::any_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    return ScopeAllows(scope, type, interaction);
  });
}

}  // namespace handoff::access
