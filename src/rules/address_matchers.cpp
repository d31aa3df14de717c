#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "rules/matcher.h"

namespace hullwatch::rules {
namespace {

using enum Operator;

struct Address {
  std::array<uint8_t, 16> bytes{};
  bool v6 = false;
  bool operator==(const Address&) const = default;
};

struct Network {
  Address base;
  unsigned prefix = 0;
  [[nodiscard]] bool contains(const Address& address) const {
    if (address.v6 != base.v6) return false;
    const unsigned whole = prefix / 8, rest = prefix % 8;
    if (std::memcmp(address.bytes.data(), base.bytes.data(), whole) != 0) return false;
    if (rest == 0) return true;
    const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
    return (address.bytes[whole] & mask) == (base.bytes[whole] & mask);
  }
};

std::optional<Address> parse_address(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN + 1] = {};
  if (text.size() >= sizeof terminated) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  Address address;
  address.v6 = text.find(':') != std::string_view::npos;
  if (::inet_pton(address.v6 ? AF_INET6 : AF_INET, terminated, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_address(text.substr(0, slash));
  const std::string_view length = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), prefix);
  if (!base || length.empty() || parsed.ec != std::errc() || parsed.ptr != length.data() + length.size()) return std::nullopt;
  if (prefix > (base->v6 ? 128U : 32U)) return std::nullopt;
  return Network{*base, prefix};
}

class AddressMatcher final : public Matcher {
 public:
  AddressMatcher(bool negated, std::vector<Network> networks) : negated_(negated), networks_(std::move(networks)) {}
  [[nodiscard]] bool matches(const Value& value) const override {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr) return false;
    const auto address = parse_address(*text);
    if (!address) return false;
    const bool inside = std::ranges::any_of(networks_, [&](const Network& network) { return network.contains(*address); });
    return inside != negated_;
  }

 private:
  bool negated_;
  std::vector<Network> networks_;
};

}  // namespace

Compiled<MatcherPtr> make_address_matcher(Operator op, bool network, const std::vector<Constant>& constants) {
  std::vector<Network> networks;
  for (const auto& constant : constants) {
    if (network) {
      const auto parsed = parse_network(constant.text);
      if (!parsed) return compile_error(constant.offset, "'" + constant.text + "' is not a network", "10.0.0.0/8, fd00::/8");
      networks.push_back(*parsed);
    } else {
      const auto parsed = parse_address(constant.text);
      if (!parsed) return compile_error(constant.offset, "'" + constant.text + "' is not an IP address");
      networks.push_back({*parsed, parsed->v6 ? 128U : 32U});
    }
  }
  return std::make_unique<AddressMatcher>(op == not_equal, std::move(networks));
}

}  // namespace hullwatch::rules
