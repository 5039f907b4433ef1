#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "gateway/base/config_impl.h"
#include "gateway/base/config_node.h"

namespace handoff {
namespace {

absl::Status Invalid(const std::string& where, const std::string& what) {
  return absl::InvalidArgumentError(where + ": " + what);
}

std::string At(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file : fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
}

bool IsNullWord(const std::string& text) {
  return text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

// Builds the tree from the parser's events; remembers the first complaint and goes on.
class ConfigNode::Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string file) : file_(std::move(file)) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Finish(Make(Impl::Kind::kAbsent, mark), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) {
      Complain(mark, "an alias inside the value that it names");
      return OnNull(mark, 0);
    }
    Attach(known->second);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?";  // yaml-cpp's mark for a scalar without quotes
    auto node = Make(plain && IsNullWord(value) ? Impl::Kind::kAbsent : Impl::Kind::kScalar, mark);
    node->text = value;
    Finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({Make(Impl::Kind::kSequence, mark), anchor, std::nullopt});
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string&,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({Make(Impl::Kind::kMap, mark), anchor, std::nullopt});
  }
  void OnMapEnd() override { Close(); }

  void Complain(const YAML::Mark& mark, const std::string& what) {
    if (status_.ok()) status_ = Invalid(At(file_, mark), what);
  }

  // The document, or the first complaint about it.
  absl::StatusOr<ConfigNode> Take() {
    if (!status_.ok()) return status_;
    if (root_ == nullptr) {
      auto empty = std::make_shared<Impl>();
      empty->where = file_ + ":1:1";
      root_ = std::move(empty);
    }
    return ConfigNode(std::move(root_));
  }

 private:
  struct Open {
    std::shared_ptr<Impl> node;
    YAML::anchor_t anchor;
    std::optional<Impl::Member> key;  // of a map, between a key and its value
  };

  std::shared_ptr<Impl> Make(Impl::Kind kind, const YAML::Mark& mark) {
    auto node = std::make_shared<Impl>();
    node->kind = kind;
    node->where = At(file_, mark);
    return node;
  }

  void Close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    Finish(std::move(closed.node), closed.anchor);
  }

  void Finish(std::shared_ptr<const Impl> node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    Attach(std::move(node));
  }

  void Attach(std::shared_ptr<const Impl> node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == Impl::Kind::kSequence) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      TakeKey(parent, *node);
    } else {
      parent.key->value = std::move(node);
      parent.node->members.push_back(*std::exchange(parent.key, std::nullopt));
    }
  }

  void TakeKey(Open& map, const Impl& key) {
    if (key.kind != Impl::Kind::kScalar && status_.ok()) {
      status_ = Invalid(key.where, "a key must be a plain word");
    }
    if (const Impl::Member* first = map.node->Find(key.text); first != nullptr && status_.ok()) {
      status_ = Invalid(
          key.where, fmt::format("`{}` stands twice; the first is at {}", key.text, first->where));
    }
    map.key = Impl::Member{key.text, key.where, nullptr};
  }

  const std::string file_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::shared_ptr<const Impl>> anchors_;
  std::shared_ptr<const Impl> root_;
  absl::Status status_;
};

absl::StatusOr<ConfigNode> ConfigNode::Parse(std::string_view text, std::string file) {
  if (text.size() > kMaxDocumentBytes) {
    return Invalid(file, fmt::format("the document is longer than {} bytes", kMaxDocumentBytes));
  }
  Builder builder(file);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
    Builder rest(file);
    if (parser.HandleNextDocument(rest)) return Invalid(file, "holds more than one YAML document");
  } catch (const YAML::Exception& e) {
    builder.Complain(e.mark, e.msg);
  }
  return builder.Take();
}

absl::StatusOr<ConfigNode> ConfigNode::Load(const std::string& path) {
  const auto unreadable = [&] {
    return absl::NotFoundError(path + ": cannot be read: " + std::strerror(errno));
  };
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open()) return unreadable();
  // One byte more than the limit is enough to see that it is passed.
  std::string text(kMaxDocumentBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return unreadable();
  text.resize(static_cast<std::size_t>(in.gcount()));
  return Parse(text, path);
}

std::vector<ConfigNode> ConfigNode::LoadFolder(const std::string& folder, ConfigErrors& errors) {
  std::error_code failure;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == ".yaml") files.push_back(path.string());
    if (path.extension() == ".yml") errors.Add(path.string(), "is not read: call it .yaml");
  }
  if (failure) errors.Add(folder, "cannot be read: " + failure.message());
  std::sort(files.begin(), files.end());
  std::vector<ConfigNode> documents;
  for (const std::string& file : files) {
    absl::StatusOr<ConfigNode> document = Load(file);
    if (document.ok()) {
      documents.push_back(*std::move(document));
    } else {
      errors.Add(std::string(document.status().message()));
    }
  }
  return documents;
}

}  // namespace handoff
