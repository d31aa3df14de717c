#include "probe/listener_classifier.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "probe/socket_scan.h"
#include "util/fd.h"

namespace hullwatch {
namespace {

struct Answer {
  uint64_t ino;
  hw_listener_class verdict;
  uint64_t cookie;
};

class ListenerClassifierTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("hullwatch-listener-" + std::to_string(::getpid()));
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(socket_.get(), 1), 0);
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    inode_ = info.st_ino;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  hw_socket contact(hw_listener_class listener_class) const {
    hw_socket record{};
    record.listener = {inode_, 1, 0};
    record.listener_class = listener_class;
    record.listener_tgid = static_cast<uint32_t>(::getpid());
    std::strncpy(record.name, path_.c_str(), sizeof(record.name) - 1);
    record.name_len = static_cast<uint32_t>(path_.native().size());
    return record;
  }
  ListenerClassifier::Answer answer() {
    return [this](const hw_listener& listener, hw_listener_class verdict, uint64_t cookie) {
      answers_.push_back({listener.ino, verdict, cookie});
    };
  }

  std::filesystem::path path_;
  Fd socket_;
  uint64_t inode_ = 0;
  std::vector<Answer> answers_;
};

TEST_F(ListenerClassifierTest, AnOrdinaryListenerIsAnsweredOther) {
  ListenerClassifier subject({}, answer());
  EXPECT_FALSE(subject.verdict_of({inode_, 1, 0}).has_value());
  EXPECT_FALSE(subject.on_contact(contact(HW_LISTENER_UNKNOWN)).runtime);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].verdict, HW_LISTENER_OTHER);
  EXPECT_FALSE(subject.verdict_of({inode_, 1, 0})->runtime);
}

TEST_F(ListenerClassifierTest, AConfiguredSocketIsARuntimesByAnyNameOfIt) {
  const auto link = path_.string() + ".link";
  std::filesystem::create_symlink(path_, link);
  ListenerClassifier subject({link}, answer());
  EXPECT_TRUE(subject.on_contact(contact(HW_LISTENER_UNKNOWN)).runtime);
  EXPECT_EQ(answers_.at(0).verdict, HW_LISTENER_RUNTIME);
  std::filesystem::remove(link);
}

TEST_F(ListenerClassifierTest, APendingContactIsNotJudgedTwiceButAnUnknownOneIs) {
  ListenerClassifier subject({}, answer());
  subject.on_contact(contact(HW_LISTENER_UNKNOWN));
  subject.on_contact(contact(HW_LISTENER_PENDING));
  EXPECT_EQ(answers_.size(), 1U);
  subject.on_contact(contact(HW_LISTENER_UNKNOWN));  // another socket under the same identity
  EXPECT_EQ(answers_.size(), 2U);
}

TEST_F(ListenerClassifierTest, AVerdictGoesWithItsProcess) {
  ListenerClassifier subject({}, answer());
  subject.on_contact(contact(HW_LISTENER_UNKNOWN));
  subject.on_process_changed(1);
  EXPECT_TRUE(subject.verdict_of({inode_, 1, 0}).has_value());
  subject.on_process_changed(static_cast<uint32_t>(::getpid()));
  EXPECT_FALSE(subject.verdict_of({inode_, 1, 0}).has_value());
  ASSERT_EQ(answers_.size(), 2U);
  EXPECT_EQ(answers_[1].verdict, HW_LISTENER_UNKNOWN);
}

TEST_F(ListenerClassifierTest, WhoReadsFromAnUndecidedListenerIsTheLastWord) {
  ListenerClassifier subject({}, answer(), "/nonexistent");  // the listener is gone
  EXPECT_TRUE(subject.on_contact(contact(HW_LISTENER_UNKNOWN)).undecided);
  EXPECT_EQ(answers_.at(0).verdict, HW_LISTENER_PENDING);
  EXPECT_FALSE(subject.on_server({inode_, 1, 0}, 2).runtime);
  EXPECT_EQ(answers_.at(1).verdict, HW_LISTENER_OTHER);
}

TEST_F(ListenerClassifierTest, AConfiguredPortIsARuntimes) {
  ListenerClassifier subject({"tcp:2375"}, answer());
  hw_socket listens = contact(HW_LISTENER_UNKNOWN);
  listens.listener = {2375, HW_LISTENER_TCP, 1};
  EXPECT_TRUE(subject.on_contact(listens).runtime);
  listens.listener.ino = 2376;
  EXPECT_FALSE(subject.on_contact(listens).runtime);
}

TEST_F(ListenerClassifierTest, APortThatWasListenedOnBeforeIsFound) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof(address);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(socket.get(), 1), 0);
  ASSERT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto listeners = scan_tcp_listeners();
  ASSERT_TRUE(listeners) << listeners.error().message;
  const auto mine = std::find_if(listeners->begin(), listeners->end(), [&](const ScannedListener& found) {
    return found.listener.ino == ntohs(address.sin_port) && found.listener.dev == HW_LISTENER_TCP;
  });
  ASSERT_NE(mine, listeners->end());
  EXPECT_EQ(find_holders(*listeners).at(mine->socket_inode), std::vector<uint32_t>{static_cast<uint32_t>(::getpid())});
}

TEST_F(ListenerClassifierTest, AListenerThatWasThereBeforeIsFoundWithItsHolder) {
  const auto listeners = scan_listeners();
  if (!listeners) GTEST_SKIP() << listeners.error().message;
  const auto mine = std::find_if(listeners->begin(), listeners->end(),
                                 [&](const ScannedListener& found) { return found.sun_path.starts_with(path_.c_str()); });
  ASSERT_NE(mine, listeners->end());
  EXPECT_EQ(mine->listener.ino, inode_);
  EXPECT_NE(mine->socket_cookie, 0U);
  EXPECT_EQ(find_holders(*listeners).at(mine->socket_inode), std::vector<uint32_t>{static_cast<uint32_t>(::getpid())});
}

}  // namespace
}  // namespace hullwatch
