#include "enrich/metadata_resolver.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "temp_tree.h"

namespace hullwatch {
namespace {

using namespace std::chrono_literals;
using test::id64;
const std::string kId = id64('a');

class Resolver : public ::testing::Test {
 protected:
  MetadataPaths paths() {
    MetadataPaths paths;
    paths.host_root = root_.path();
    return paths;
  }
  std::string docker(const std::string& data_root, const std::string& id, const std::string& name) {
    return root_.write(data_root + "/containers/" + id + "/config.v2.json",
                       R"({"ID":")" + id + R"(","Name":"/)" + name + R"(","Config":{"Image":"busybox"}})");
  }
  void runc(const std::string& root, const std::string& id, const std::string& cgroup, const std::string& rootfs,
            const std::string& labels) {
    root_.write(root + "/" + id + "/state.json", R"({"id":")" + id + R"(","cgroup_paths":{"":"/sys/fs/cgroup/unified)" +
                                                     cgroup + R"("},"config":{"rootfs":")" + rootfs + R"(","labels":[)" +
                                                     labels + "]}}");
  }
  /// Answers as they come, until there are `count`; fails after 10 seconds without one.
  static std::vector<MetadataAnswer> wait(MetadataResolver& resolver, size_t count) {
    std::vector<MetadataAnswer> all;
    while (all.size() < count) {
      pollfd poll{resolver.event_fd(), POLLIN, 0};
      if (::poll(&poll, 1, 10'000) <= 0) break;
      for (auto& answer : resolver.take()) all.push_back(std::move(answer));
    }
    return all;
  }
  test::TempTree root_;
};

TEST_F(Resolver, AnswersAndSaysSo) {
  docker("var/lib/docker", kId, "web");
  MetadataResolver resolver(paths());
  EXPECT_TRUE(resolver.take().empty());
  resolver.request(7, "docker", kId);
  const auto answers = wait(resolver, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].home, 7U);
  EXPECT_EQ(answers[0].state, Container::Metadata::ready);
  EXPECT_EQ(answers[0].metadata.name, "web");
  EXPECT_EQ(resolver.stats().answered, 1U);
}

TEST_F(Resolver, FilesThatComeLateAreStillFound) {
  MetadataResolver resolver(paths());
  resolver.request(7, "docker", kId);
  resolver.request(8, "lxc", "first");  // answered at once: by then the other was looked for in vain
  ASSERT_EQ(wait(resolver, 1).at(0).home, 8U);
  docker("var/lib/docker", kId, "late");
  EXPECT_EQ(wait(resolver, 1).at(0).metadata.name, "late");
}

TEST_F(Resolver, WhatNobodyKnowsIsUnavailable) {
  MetadataResolver resolver(paths(), 30ms);
  resolver.request(7, "docker", kId);
  const auto answers = wait(resolver, 1);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].state, Container::Metadata::unavailable);
  EXPECT_EQ(resolver.stats().unavailable, 1U);
}

TEST_F(Resolver, TooManyRequestsPushOutTheOldestAndEachIsAnswered) {
  MetadataResolver resolver(paths(), 30ms);
  const size_t count = 3 * MetadataResolver::kQueueMax;
  for (size_t i = 0; i < count; ++i) resolver.request(1 + i, "docker", id64('b'));
  EXPECT_EQ(wait(resolver, count).size(), count);
  EXPECT_GT(resolver.stats().shed, 0U);
}

TEST_F(Resolver, StopsAtOnceWithWorkLeft) {
  const auto begin = std::chrono::steady_clock::now();
  {
    MetadataResolver resolver(paths(), 1h);
    for (size_t i = 1; i <= 100; ++i) resolver.request(i, "docker", kId);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(Resolver, FindsAnUnusualDockerRootByRuncsState) {
  docker("srv/docker", kId, "web");
  runc("run/docker/runtime-runc/moby", kId, "/docker/" + kId, "/srv/docker/overlay2/" + id64('c') + "/merged",
       R"("bundle=/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/)" + kId + "\"");
  const auto answer = MetadataResolver(paths()).resolve(7, "docker", kId);
  EXPECT_EQ(answer.state, Container::Metadata::ready);
  EXPECT_EQ(answer.metadata.name, "web");
}

TEST_F(Resolver, FindsAnUnusualPodmanStorageByRuncsState) {
  root_.write("home/me/storage/vfs-containers/containers.json", R"([{"id":")" + kId + R"(","names":["mine"]}])");
  runc("run/runc", kId, "/libpod_parent/libpod-" + kId, "/x",
       R"("bundle=/home/me/storage/vfs-containers/)" + kId + R"(/userdata")");
  EXPECT_EQ(MetadataResolver(paths()).resolve(7, "podman", kId).metadata.name, "mine");
}

TEST_F(Resolver, APlainRuncContainerIsNamedByItsIdAndAnnotations) {
  runc("run/runc", "web", "/kx1/" + kId, "/srv/bundle/rootfs",
       R"("bundle=/srv/bundle","org.opencontainers.image.ref.name=web:1","team=a=b")");
  const auto answer = MetadataResolver(paths()).resolve(7, "runc", kId);
  EXPECT_EQ(answer.state, Container::Metadata::ready);
  EXPECT_EQ(answer.metadata.name, "web");
  EXPECT_EQ(answer.metadata.image, "web:1");
  EXPECT_EQ(answer.metadata.runtime, "runc");
  EXPECT_EQ(answer.metadata.labels.at("team"), "a=b");
}

TEST_F(Resolver, AManagersContainerIsNotNamedByItsIdOnly) {
  runc("run/docker/runtime-runc/moby", kId, "/docker/" + kId, "/x/merged",
       R"("bundle=/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/)" + kId + "\"");
  EXPECT_EQ(MetadataResolver(paths()).resolve(7, "docker", kId).state, Container::Metadata::unavailable);
}

TEST_F(Resolver, FindsTheDataRootOfARunningDockerd) {
  docker("srv/data", kId, "web");
  const auto dockerd = [&](const std::string& cgroup, const std::string& uid) {
    root_.write("proc/77/comm", "dockerd\n");
    root_.write("proc/77/cmdline", std::string("dockerd\0--data-root\0/srv/data\0", 30));
    root_.write("proc/77/cgroup", "0::" + cgroup + "\n");
    root_.write("proc/77/status", "Name:\tdockerd\nPPid:\t1\nUid:\t" + uid + "\t0\t0\t0\n");
    return MetadataResolver(paths()).resolve(7, "docker", kId).metadata.name;
  };
  EXPECT_EQ(dockerd("/docker/" + id64('f'), "0"), "") << "a container's process may call itself so";
  EXPECT_EQ(dockerd("/system.slice/docker.service", "1000"), "") << "so may a user's";
  EXPECT_EQ(dockerd("/system.slice/docker.service", "0"), "web");
}

TEST_F(Resolver, AConmonIsBelievedOnlyOfItsOwnChild) {
  root_.write("proc/50/comm", "conmon\n");
  root_.write("proc/50/cmdline", std::string("conmon\0-c\0", 10) + kId + std::string("\0-n\0web\0-b\0/b\0", 14));
  root_.write("proc/50/cgroup", "0::/user.slice\n");
  root_.write("proc/50/status", "Name:\tconmon\nPPid:\t1\n");
  EXPECT_EQ(MetadataResolver(paths()).resolve(7, "podman", kId).metadata.name, "");
  root_.write("proc/51/status", "Name:\tsleep\nPPid:\t50\n");
  root_.write("proc/51/cgroup", "0::/machine.slice/libpod-" + kId + ".scope\n");
  EXPECT_EQ(MetadataResolver(paths()).resolve(7, "podman", kId).metadata.name, "web");
}

TEST_F(Resolver, HostileIdsLeadNowhere) {
  MetadataResolver resolver(paths());
  for (const std::string id : {"", ".", "..", "../../etc", "a/b"}) {
    EXPECT_EQ(resolver.resolve(7, "docker", id).state, Container::Metadata::unavailable) << id;
  }
}

}  // namespace
}  // namespace hullwatch
