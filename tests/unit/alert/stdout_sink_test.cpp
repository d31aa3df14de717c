#include "alert/stdout_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "util/fd.h"

namespace hullwatch {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  std::string take() {
    std::string text(4096, '\0');
    text.resize(static_cast<size_t>(std::max<ssize_t>(0, ::read(read_end.get(), text.data(), text.size()))));
    return text;
  }
  Fd read_end, write_end;
};

TEST(StdoutSink, WritesOneLinePerAlertInTheFormatAskedFor) {
  Pipe pipe;
  Alert alert;
  alert.output = "two\nlines";
  ASSERT_TRUE(StdoutSink(pipe.write_end.get(), OutputFormat::text, "n").write(alert));
  EXPECT_EQ(pipe.take(), "1970-01-01T00:00:00.000000000Z: Notice two\\nlines\n");
  ASSERT_TRUE(StdoutSink(pipe.write_end.get(), OutputFormat::json, "n").write(alert));
  const std::string line = pipe.take();
  EXPECT_TRUE(line.starts_with("{\"schema\":\"hullwatch.alert/1\"")) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(StdoutSink, AReaderThatIsGoneIsAnErrorNotADeath) {
  signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.read_end.reset();
  const Status status = StdoutSink(pipe.write_end.get(), OutputFormat::text, "n").write(Alert{});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "cannot write an alert to stdout: Broken pipe");
}

TEST(StdoutSink, ALineCutOffByAFullDiskDoesNotSpoilTheNext) {
  signal(SIGXFSZ, SIG_IGN);
  const Fd file(::memfd_create("out", 0));
  StdoutSink sink(file.get(), OutputFormat::text, "n");
  const rlimit small{20, RLIM_INFINITY}, none{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(sink.write(Alert{}));
  EXPECT_FALSE(sink.write(Alert{}));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  EXPECT_TRUE(sink.write(Alert{}));
  std::string text(200, '\0');
  text.resize(static_cast<size_t>(::pread(file.get(), text.data(), text.size(), 0)));
  EXPECT_EQ(text, "1970-01-01T00:00:00.\n1970-01-01T00:00:00.000000000Z: Notice \n");
}

}  // namespace
}  // namespace hullwatch
