// Clients of a local socket that is no runtime's, or not yet known not to be: what each tier captures of them.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "vm/tier.h"

namespace hullwatch::test {
namespace {

using nlohmann::json;

constexpr const char* kSocket = "/tmp/tier.sock";

/// What the fixture keeps for its tests.
class Captured : public SensorTest {
 public:
  using SensorTest::captured_;
  using SensorTest::drain;
  using SensorTest::run;
};

/// `unix_server` with one of its options; "held": it accepts at go().
class Server {
 public:
  explicit Server(int connections, const char* option)
      : said_(pipe_ends()), told_(pipe_ends()), child_([&] {
          ::dup2(said_[1], STDOUT_FILENO);
          ::dup2(told_[0], STDIN_FILENO);
          ::execl((here() / "unix_server").c_str(), "unix_server", kSocket, std::to_string(connections).c_str(), "65536",
                  option, nullptr);
          return 127;
        }) {
    ::close(said_[1]);
    ::close(told_[0]);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::close(said_[0]);
    ::close(told_[1]);
    child_.wait();
  }
  json line() {
    std::string text;
    for (char c = 0; ::read(said_[0], &c, 1) == 1 && c != '\n';) text += c;
    return json::parse(text);
  }
  void go() { EXPECT_EQ(::write(told_[1], "g", 1), 1); }
  [[nodiscard]] uint32_t pid() const { return static_cast<uint32_t>(child_.pid()); }

 private:
  static std::array<int, 2> pipe_ends() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    return ends;
  }
  std::array<int, 2> said_, told_;
  Child child_;
};

struct Talk {
  json client, server;  // what they told
  uint32_t server_pid = 0;
  uint64_t ino = 0;
  std::vector<LiveRecord> seen;
};

enum class Clients {
  one,            // served as it comes
  gone,           // the server accepts when it is over
  after_another,  // of the same server, which connected and wrote in the plainest way
};

/// A client of a server, both to their end; with a cgroup, the client inside it.
Talk talk_to_server(const std::vector<std::string>& client, Clients clients = Clients::one, const TestCgroup* cgroup = nullptr,
                    const char* option = "-") {
  ::unlink(kSocket);
  const bool held = clients == Clients::gone, another = clients == Clients::after_another;
  Server server(another ? 2 : 1, held ? "held" : option);
  server.line();  // it listens
  Talk talk;
  talk.server_pid = server.pid();
  struct stat listener {};
  if (::stat(kSocket, &listener) == 0) talk.ino = listener.st_ino;
  if (another) {
    Captured::run({"unix_client", kSocket, "path", "write", "10"});
    talk.seen = Captured::captured_;
    server.line();
  }
  std::vector<std::string> command = {"unix_client", kSocket};
  command.insert(command.end(), client.begin(), client.end());
  talk.client = Captured::run(command, cgroup).told.at(0);
  if (held) server.go();
  talk.server = server.line();
  Captured::drain();
  talk.seen.insert(talk.seen.end(), Captured::captured_.begin(), Captured::captured_.end());
  ::unlink(kSocket);
  return talk;
}

std::vector<hw_socket> contacts_of(const Talk& talk, hw_socket_op op) {
  std::vector<hw_socket> found;
  for (const auto& record : talk.seen) {
    if (record.header().kind != HW_SOCKET) continue;
    const auto contact = record.as<hw_socket>();
    if (contact.op == op && contact.listener.ino == talk.ino) found.push_back(contact);
  }
  return found;
}

std::vector<hw_request> requests(const Talk& talk) {
  std::vector<hw_request> found;
  for (const auto& record : talk.seen)
    if (record.header().kind == HW_REQUEST && record.as<hw_request>().listener.ino == talk.ino)
      found.push_back(record.as<hw_request>());
  return found;
}

TEST_F(Tier, AConnectionIsSentOnceWithItsListener) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_DISPATCH);
  for (const auto* way :
       {"path", "symlink", "hardlink", "bind", "directory", "relative", "rename", "procroot", "descriptor", "compat"}) {
    const Talk talk = talk_to_server({way, "write", "100"});
    const auto seen = contacts_of(talk, HW_SOCKET_CONNECT);
    ASSERT_EQ(seen.size(), 1U) << way;
    EXPECT_EQ(seen[0].h.process.tgid, talk.client["pid"]);
    EXPECT_EQ(seen[0].h.provider, provider("runtime_socket")->tier);
    EXPECT_EQ(seen[0].listener_tgid, talk.server_pid);
    EXPECT_STREQ(seen[0].name, kSocket);
    EXPECT_TRUE(contacts_of(talk, HW_SOCKET_USE).empty()) << way << ": by the one who connected";
  }
}

TEST_F(Tier, ADatagramIsAContactWithItsReceiver) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET);
  const Talk talk = talk_to_server({"datagram", "write", "128"}, Clients::one, nullptr, "datagram");
  EXPECT_EQ(talk.server["bytes"], 128);
  const auto seen = contacts_of(talk, HW_SOCKET_USE);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].type, static_cast<uint32_t>(SOCK_DGRAM));
  EXPECT_EQ(seen[0].h.process.tgid, talk.client["pid"]);
  EXPECT_EQ(seen[0].h.provider, provider("runtime_socket")->tier);
  EXPECT_STREQ(seen[0].name, kSocket);
}

uint64_t fnv1a(uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  return hash;
}

// What a large write, sendfile and splice queue is in fragments, which programs can read from 6.4 on. Below that a record says
// of how many bytes it is, and that these could not be read: user space judges such a request as the worst.
TEST_F(Tier, HoweverItIsSentEveryByteOfARequestIsReadOrSaidToBeUnreadable) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  const bool fragments_are_read = provider("runtime_socket")->tier == HW_BY_DISPATCH
                                      ? has_kernel(6, 4)
                                      : provider("runtime_socket")->cannot_see.find("page fragments") == std::string_view::npos;
  for (const auto* how : {"write", "send", "sendfile", "splice", "vmsplice", "bytes", "messages", "halves"}) {
    const std::string_view send = how;
    const bool in_fragments = send == "sendfile" || send == "splice" || send == "vmsplice";
    const bool in_halves = send == "halves";
    const Talk talk =
        talk_to_server({"path", how, send == "bytes" ? "150" : "3000"}, Clients::one, nullptr, in_halves ? "acknowledge" : "-");
    uint64_t hash = 0xcbf29ce484222325ULL, bytes = 0;
    bool unreadable = false;
    for (const auto& record : talk.seen) {
      if (record.header().kind != HW_REQUEST || record.as<hw_request>().listener.ino != talk.ino) continue;
      const auto request = record.as<hw_request>();
      EXPECT_EQ(request.offset, bytes) << how;
      bytes += request.length;
      unreadable |= (request.request_flags & HW_REQUEST_UNREADABLE) != 0;
      hash = fnv1a(hash, record.bytes<hw_request>(request.bytes));
    }
    EXPECT_EQ(bytes, talk.server["bytes"].get<uint64_t>()) << how;
    EXPECT_EQ(unreadable, in_fragments && !fragments_are_read) << how;
    if (unreadable) continue;
    EXPECT_EQ(hash, talk.server["hash"].get<uint64_t>()) << how;
  }
}

TEST_F(Tier, ARequestIsReadWhenItsClientHasGone) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  const Talk talk = talk_to_server({"path", "close", "100"}, Clients::gone);
  EXPECT_EQ(talk.server["bytes"], 100);
  const auto read = requests(talk);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].length, 100U);
  EXPECT_EQ(read[0].h.process.tgid, talk.client["pid"]);
  EXPECT_EQ(read[0].server.tgid, talk.server_pid);
}

// Below the tracepoint where data wakes its reader, T1 and T2 do not see who writes; the dispatcher does.
TEST_F(Tier, WhoWritesOverAnothersConnectionIsAContact) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  if (provider("runtime_socket")->cannot_see.find("who uses a connection that another process opened") !=
      std::string_view::npos)
    GTEST_SKIP() << provider_of("runtime_socket") << " cannot see " << provider("runtime_socket")->cannot_see;
  for (const auto* how : {"fork", "scm", "pidfd"}) {
    const Talk talk = talk_to_server({"path", how, "100"});
    ASSERT_NE(talk.client["writer"], talk.client["pid"]);
    std::vector<hw_socket> contacts;
    for (const hw_socket_op op : {HW_SOCKET_USE, HW_SOCKET_RECEIVE})
      for (const auto& contact : contacts_of(talk, op)) contacts.push_back(contact);
    ASSERT_EQ(contacts.size(), 1U) << how;
    EXPECT_EQ(contacts[0].h.process.tgid, talk.client["writer"]) << how;
    EXPECT_EQ(contacts[0].opener.tgid, talk.client["pid"]) << how;
    const auto read = requests(talk);
    ASSERT_EQ(read.size(), 1U) << how;
    EXPECT_EQ(read[0].h.process.tgid, talk.client["writer"]) << how;
  }
}

// No system call connects: the dispatcher learns of it when it is used.
TEST_F(Tier, AConnectionByRingIsSeenAtItsFirstUseAtTheLatest) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  const Talk talk = talk_to_server({"uring", "write", "100"});
  auto seen = contacts_of(talk, provider("runtime_socket")->tier == HW_BY_DISPATCH ? HW_SOCKET_USE : HW_SOCKET_CONNECT);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].h.process.tgid, talk.client["pid"]);
}

// Nor writes: what the server reads is its opener's.
TEST_F(Tier, ARequestByRingIsThatOfItsProcess) {
  SKIP_UNLESS("runtime_socket", HW_BY_LSM, HW_BY_FENTRY, HW_BY_QUIET, HW_BY_DISPATCH);
  // Such a listener must have been met: by one of the many that connect otherwise, or by the scan at start.
  const TestCgroup container(container_name());
  const Talk talk = talk_to_server({"uring", "uring", "100"}, Clients::after_another, &container);
  const auto read = requests(talk);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].h.process.tgid, talk.client["pid"]);
  EXPECT_NE(read[1].h.process.start_ns, 0U);
  EXPECT_EQ(read[1].h.home, container.id());
  EXPECT_EQ(read[1].length, 100U);
}

}  // namespace
}  // namespace hullwatch::test
