// Clients and servers on local sockets against the live programs: what they told, compared with what was captured.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "live_probe.h"
#include "socket_probe.h"

namespace hullwatch::test {
namespace {

uint64_t hash_of(const std::string& bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

class RuntimeSocket : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::filesystem::temp_directory_path() / ("hullwatch-socket-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_ / "other");
    // Generous: fairness has tests of its own.
    if (::geteuid() == 0) probe_ = new SocketProbe({socket()}, 1'000'000, 1'000'000);
  }
  static void TearDownTestSuite() {
    delete probe_;
    probe_ = nullptr;
    std::filesystem::remove_all(directory_);
  }
  void SetUp() override {
    if (!probe_) GTEST_SKIP() << "needs root";
    std::filesystem::remove(socket());
    probe_->answer(SocketProbe::Answer::everything);
    probe_->take();
  }
  static std::string socket() { return directory_ / "runtime.sock"; }

  struct Talk {
    nlohmann::json client, server;
    SocketCapture seen;
    uint32_t server_pid = 0;
  };
  /// One client talks to a server on `path`; returns when the server has read all.
  static Talk talk(const std::string& path, std::vector<std::string> client, std::vector<std::string> server_options = {}) {
    std::vector<std::string> command = {"unix_server", path, "1"};
    command.insert(command.end(), server_options.begin(), server_options.end());
    RunningActor server(command);
    server.line();
    client.insert(client.begin(), {"unix_client", path});
    RunningActor caller(client);
    Talk talk;
    talk.server_pid = server.pid();
    talk.client = caller.line();
    if (!server_options.empty() && server_options.back() == "held") {
      EXPECT_EQ(caller.wait(), 0);
      server.go();
    }
    talk.server = server.line();
    server.wait();
    talk.seen = probe_->take();
    return talk;
  }

  /// A connection of this very process.
  static Fd connect_here(const std::string& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
      throw std::runtime_error("cannot connect to " + path);
    return fd;
  }

  static SocketProbe* probe_;
  static std::filesystem::path directory_;
};
SocketProbe* RuntimeSocket::probe_ = nullptr;
std::filesystem::path RuntimeSocket::directory_;

void expect_all_bytes(const SocketCapture& seen, const nlohmann::json& told) {
  EXPECT_EQ(seen.bytes().size(), told["bytes"].get<uint64_t>());
  EXPECT_EQ(hash_of(seen.bytes()), told["hash"].get<uint64_t>());
  uint64_t offset = 0;
  for (const auto& request : seen.requests) {
    EXPECT_EQ(request.facts.offset, offset);
    EXPECT_EQ(request.facts.request_flags, 0U);
    EXPECT_EQ(request.facts.length, request.bytes.size());
    offset += request.facts.length;
  }
}

class ByWay : public RuntimeSocket, public testing::WithParamInterface<const char*> {};

TEST_P(ByWay, AConnectIsSeenByTheListenersIdentity) {
  const auto talk = RuntimeSocket::talk(socket(), {GetParam(), "write", "100"});
  ASSERT_EQ(talk.seen.contacts.size(), 1U);
  const auto& contact = talk.seen.contacts[0];
  EXPECT_EQ(contact.op, HW_SOCKET_CONNECT);
  EXPECT_EQ(contact.h.process.tgid, talk.client["pid"].get<uint32_t>());
  EXPECT_EQ(contact.listener_tgid, talk.server_pid);
  EXPECT_STREQ(contact.name, socket().c_str());
  struct stat info {};
  ::stat(socket().c_str(), &info);
  EXPECT_EQ(contact.listener.ino, info.st_ino);
  EXPECT_NE(contact.connection, 0U);
  expect_all_bytes(talk.seen, talk.server);
}
INSTANTIATE_TEST_SUITE_P(Every, ByWay,
                         testing::Values("path", "relative", "symlink", "hardlink", "rename", "bind", "directory", "procroot",
                                         "descriptor", "uring", "uring_worker", "compat"));

TEST_F(RuntimeSocket, AProgramInAContainerStartedWithAConnectionHoldsItBeforeItsFirstWrite) {
  RunningActor server({"unix_server", socket(), "1"});
  server.line();
  const Fd connection = connect_here(socket());
  probe_->take();
  const TestCgroup container(container_name());
  probe_->contain(container.id());
  Child child([&] {
    container.add(0);
    ::fcntl(connection.get(), F_SETFD, 0);
    ::close(STDOUT_FILENO);
    ::execl((std::string(HULLWATCH_ACTORS) + "/setid").c_str(), "setid", "show", nullptr);
    return 127;
  });
  EXPECT_EQ(child.wait(), 0);
  const auto seen = probe_->take();
  ASSERT_EQ(seen.contacts.size(), 1U);
  const hw_socket& held = seen.contacts[0];
  EXPECT_EQ(held.op, HW_SOCKET_HOLD);
  EXPECT_EQ(held.h.process.tgid, static_cast<uint32_t>(child.pid()));
  EXPECT_EQ(held.h.home, container.id());
  EXPECT_EQ(held.opener.tgid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(held.opener_home, 0U);
  EXPECT_STREQ(held.name, socket().c_str());
}

class OverTcp : public RuntimeSocket, public testing::WithParamInterface<const char*> {};

TEST_P(OverTcp, AConnectIsSeenByItsPortAndEveryByteIsCaptured) {
  probe_->take_all_ports(true);
  RunningActor server({"tcp_server", "0", "1"});
  const auto listening = server.line();
  const auto port = listening["port"].get<uint32_t>();
  RunningActor client({"tcp_client", "127.0.0.1", std::to_string(port), GetParam(), "50000"});
  const auto told = client.line(), read = server.line();
  client.wait();
  const auto seen = probe_->take();
  const auto of_port = [&](uint32_t op) {
    std::vector<hw_socket> found;
    for (const auto& contact : seen.contacts)
      if (contact.listener.dev == HW_LISTENER_TCP && contact.listener.ino == port && contact.op == op) found.push_back(contact);
    return found;
  };
  probe_->take_all_ports(false);
  ASSERT_EQ(of_port(HW_SOCKET_LISTEN).size(), 1U);
  EXPECT_EQ(of_port(HW_SOCKET_LISTEN)[0].listener_tgid, server.pid());
  const auto connects = of_port(HW_SOCKET_CONNECT);
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(connects[0].h.process.tgid, told["pid"].get<uint32_t>());
  EXPECT_NE(connects[0].h.process.start_ns, 0U);
  EXPECT_NE(connects[0].client.port, 0U);
  EXPECT_EQ(read["hash"], told["hash"]);
  expect_all_bytes(seen, read);
  for (const auto& request : seen.requests) {
    EXPECT_EQ(request.facts.connection, connects[0].connection);
    EXPECT_EQ(request.facts.h.process.tgid, told["pid"].get<uint32_t>());
    EXPECT_EQ(request.facts.server.tgid, server.pid());
  }
}
INSTANTIATE_TEST_SUITE_P(Every, OverTcp, testing::Values("call", "uring", "uring_worker", "compat"));

TEST_F(RuntimeSocket, APortThatIsNoRuntimesIsAskedAboutOnceAndForgottenWhenItCloses) {
  uint32_t port = 0;
  {
    RunningActor server({"tcp_server", "0", "2"});
    port = server.line()["port"].get<uint32_t>();
    ASSERT_TRUE(probe_->wait_for_class(port, HW_LISTENER_OTHER));
    for (int i = 0; i < 2; ++i) {
      RunningActor client({"tcp_client", "127.0.0.1", std::to_string(port), "call", "100"});
      server.line();
      client.wait();
    }
    const auto seen = probe_->take();
    EXPECT_TRUE(seen.requests.empty());
    for (const auto& contact : seen.contacts) EXPECT_EQ(contact.op, HW_SOCKET_LISTEN);
  }
  EXPECT_TRUE(probe_->wait_for_class(port, HW_LISTENER_UNKNOWN));
}

class BySend : public RuntimeSocket, public testing::WithParamInterface<const char*> {};

TEST_P(BySend, EveryByteIsCapturedWithTheClientsHeader) {
  const bool one_by_one = std::string_view(GetParam()) == "bytes";  // a record each: as many as the ring holds
  const auto talk = RuntimeSocket::talk(socket(), {"path", GetParam(), one_by_one ? "1500" : "9000"});
  expect_all_bytes(talk.seen, talk.server);
  for (const auto& request : talk.seen.requests) {
    EXPECT_EQ(request.facts.h.process.tgid, talk.client["writer"].get<uint32_t>());
    EXPECT_NE(request.facts.h.process.start_ns, 0U);
    EXPECT_EQ(request.facts.server.tgid, talk.server_pid);
    EXPECT_EQ(request.facts.connection, talk.seen.contacts.at(0).connection);
  }
}
INSTANTIATE_TEST_SUITE_P(Every, BySend,
                         testing::Values("write", "send", "sendfile", "splice", "vmsplice", "bytes", "messages", "uring",
                                         "fork", "scm", "pidfd", "exec"));

TEST_F(RuntimeSocket, AnInheritedDescriptorIsAUseByTheChild) {
  for (const char* how : {"fork", "scm", "pidfd"}) {
    const auto talk = RuntimeSocket::talk(socket(), {"path", how, "9000"});
    std::filesystem::remove(socket());
    ASSERT_EQ(talk.seen.contacts.size(), 2U) << how;
    EXPECT_EQ(talk.seen.contacts[1].op, HW_SOCKET_USE);
    EXPECT_EQ(talk.seen.contacts[1].h.process.tgid, talk.client["writer"].get<uint32_t>());
    EXPECT_EQ(talk.seen.contacts[1].connection, talk.seen.contacts[0].connection);
  }
}

TEST_F(RuntimeSocket, ADescriptorKeptOverExecIsAUseByTheNewProgram) {
  const auto talk = RuntimeSocket::talk(socket(), {"path", "exec", "100"});
  ASSERT_EQ(talk.seen.contacts.size(), 2U);
  EXPECT_EQ(talk.seen.contacts[1].op, HW_SOCKET_USE);
  EXPECT_EQ(talk.seen.contacts[1].h.process.execs, talk.seen.contacts[0].h.process.execs + 1);
}

TEST_F(RuntimeSocket, ASecondWriteToAServerThatIsReadingIsCaptured) {
  const auto talk = RuntimeSocket::talk(socket(), {"path", "halves", "9000"}, {"4096", "acknowledge"});
  expect_all_bytes(talk.seen, talk.server);
  EXPECT_EQ(talk.seen.contacts.size(), 1U);
}

TEST_F(RuntimeSocket, ADatagramIsAUseOfItsReceiversSocket) {
  const auto talk = RuntimeSocket::talk(socket(), {"datagram", "write", "128"}, {"4096", "datagram"});
  ASSERT_EQ(talk.seen.contacts.size(), 1U);
  EXPECT_EQ(talk.seen.contacts[0].op, HW_SOCKET_USE);
  EXPECT_EQ(talk.seen.contacts[0].type, static_cast<uint32_t>(SOCK_DGRAM));
  EXPECT_EQ(talk.seen.contacts[0].h.process.tgid, talk.client["pid"].get<uint32_t>());
  EXPECT_STREQ(talk.seen.contacts[0].name, socket().c_str());
}

TEST_F(RuntimeSocket, TheConnectorsOwnWritesAreNoUse) {
  const auto talk = RuntimeSocket::talk(socket(), {"path", "messages", "9000"});
  EXPECT_EQ(talk.seen.contacts.size(), 1U);
}

TEST_F(RuntimeSocket, AClientThatIsGoneBeforeTheServerReadsIsStillNamed) {
  const auto talk = RuntimeSocket::talk(socket(), {"path", "close", "9000"}, {"4096", "held"});
  expect_all_bytes(talk.seen, talk.server);
  ASSERT_FALSE(talk.seen.requests.empty());
  EXPECT_EQ(talk.seen.requests[0].facts.h.process.tgid, talk.client["pid"].get<uint32_t>());
}

TEST_F(RuntimeSocket, SmallAndLargeReadsGiveTheSameBytes) {
  // One record a read: as many as the ring holds while nobody reads it.
  for (const auto& [size, bytes] : {std::pair{"1", "1500"}, {"100", "50000"}, {"65536", "50000"}}) {
    const auto talk = RuntimeSocket::talk(socket(), {"path", "write", bytes}, {size});
    std::filesystem::remove(socket());
    expect_all_bytes(talk.seen, talk.server);
  }
}

TEST_F(RuntimeSocket, FiveThousandMessagesAreReadToTheLastByteOrCounted) {
  const auto missed = [] { return probe_->lost(HW_REQUEST) + probe_->suppressed(HW_REQUEST); };
  const auto before = missed();
  const auto talk = RuntimeSocket::talk(socket(), {"path", "messages", "320000"}, {"64"});
  EXPECT_EQ(talk.server["bytes"].get<uint64_t>(), 320000U);
  EXPECT_EQ(talk.seen.bytes().size() + 64 * (missed() - before), 320000U);
  if (missed() == before) expect_all_bytes(talk.seen, talk.server);
}

TEST_F(RuntimeSocket, WhatFairnessKeepsBackIsCounted) {
  SocketProbe fair({socket()}, 20, 40);
  probe_->take();
  const auto lost = fair.lost(HW_REQUEST);
  RunningActor server({"unix_server", socket(), "1", "64"});
  server.line();
  RunningActor client({"unix_client", socket(), "path", "messages", "320000"});
  server.line();
  const auto seen = fair.take();
  uint64_t reads = 5000;  // of 64 bytes; the last one, of the end, carries none
  EXPECT_GE(fair.submitted(HW_REQUEST), 40U);
  EXPECT_GT(fair.suppressed(HW_REQUEST), 0U);
  EXPECT_EQ(fair.submitted(HW_REQUEST) + fair.suppressed(HW_REQUEST) + fair.lost(HW_REQUEST) - lost, reads);
  EXPECT_EQ(seen.requests.size(), fair.submitted(HW_REQUEST));
  probe_->take();
}

TEST_F(RuntimeSocket, WithoutAnAnswerTheKernelStopsAtTheWindowAndSaysSoOnce) {
  probe_->answer(SocketProbe::Answer::nothing);
  const auto talk = RuntimeSocket::talk(socket(), {"path", "write", "200000"}, {"4096"});
  const auto& requests = talk.seen.requests;
  EXPECT_EQ(talk.seen.bytes().size(), uint64_t{HW_REQUEST_WINDOW});
  ASSERT_FALSE(requests.empty());
  EXPECT_EQ(requests.back().facts.request_flags, HW_REQUEST_LAST);
  EXPECT_EQ(std::count_if(requests.begin(), requests.end(), [](const auto& r) { return r.facts.request_flags != 0; }), 1);
}

TEST_F(RuntimeSocket, WhatIsNoRequestIsToldOnceAndNoMoreOfItIsSent) {
  probe_->answer(SocketProbe::Answer::parsed);
  const auto talk = RuntimeSocket::talk(socket(), {"path", "write", "200000"}, {"65536"});
  ASSERT_EQ(talk.seen.parsed.size(), 1U);
  EXPECT_FALSE(talk.seen.parsed[0].readable);
  EXPECT_LE(talk.seen.bytes().size(), uint64_t{HW_REQUEST_WINDOW} + 65536);
}

TEST_F(RuntimeSocket, PeekedBytesAreNotTakenTwice) {
  const auto talk = RuntimeSocket::talk(socket(), {"path", "write", "9000"}, {"1000", "peek"});
  expect_all_bytes(talk.seen, talk.server);
}

TEST_F(RuntimeSocket, AClientThatIsBoundItselfIsNotTakenForAListener) {
  const auto talk = RuntimeSocket::talk(socket(), {"bound", "write", "100"});
  ASSERT_EQ(talk.seen.contacts.size(), 1U);
  EXPECT_EQ(talk.seen.contacts[0].op, HW_SOCKET_CONNECT);
  expect_all_bytes(talk.seen, talk.server);  // the answer to the client is not among them
}

/// The kernel gives freed sockets' addresses to the next ones: a server's among them, whose answer its client reads.
TEST_F(RuntimeSocket, WhatClosedWithoutAWriteLeavesNoConnectionToTheNextSockets) {
  for (int round = 0; round < 60; ++round) {
    RunningActor server({"unix_server", socket(), "1"});
    server.line();
    { const Fd never_written = connect_here(socket()); }
    server.line();
    server.wait();
    std::filesystem::remove(socket());
    probe_->take();
    const auto talk = RuntimeSocket::talk(socket(), {"path", "write", "100"});
    std::filesystem::remove(socket());
    expect_all_bytes(talk.seen, talk.server);
  }
}

TEST_F(RuntimeSocket, ASocketOfTheSameNameElsewhereIsForgottenOnceItIsKnown) {
  const std::string other = directory_ / "other" / "runtime.sock";
  std::filesystem::remove(other);
  RunningActor server({"unix_server", other, "2"});
  server.line();
  RunningActor first({"unix_client", other, "path", "write", "100"});
  server.line();
  EXPECT_EQ(probe_->take().contacts.size(), 1U);  // met, asked about, answered
  RunningActor second({"unix_client", other, "path", "write", "100"});
  server.line();
  const auto seen = probe_->take();
  EXPECT_TRUE(seen.contacts.empty());
  EXPECT_TRUE(seen.requests.empty());
}

TEST_F(RuntimeSocket, AnotherSocketUnderAKnownInodeIsMetAnew) {
  const std::string name = "@hullwatch-test-" + std::to_string(::getpid());
  for (int round = 0; round < 2; ++round) {
    const auto talk = RuntimeSocket::talk(name, {"abstract", "write", "10"});
    ASSERT_EQ(talk.seen.contacts.size(), 1U) << round;
    EXPECT_EQ(talk.seen.contacts[0].listener_class, HW_LISTENER_UNKNOWN);
    EXPECT_EQ(talk.seen.contacts[0].listener.dev, 0U);
    EXPECT_EQ(talk.seen.contacts[0].name[0], '\0');
  }
}

}  // namespace
}  // namespace hullwatch::test
