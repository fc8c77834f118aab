// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace jc {
namespace {

class FileTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "jc-base-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(dir); }
    std::filesystem::path dir;
};

TEST_F(FileTest, ReadsRegularFilesWithinTheLimit)
{
    ASSERT_TRUE(writeFileAtomic(dir / "a", asBytes("hello"), 0600));
    EXPECT_EQ(asText(*readFile(dir / "a", 5)), "hello");
    EXPECT_EQ(readFile(dir / "a", 4).error().code, ErrorCode::Malformed);
    EXPECT_EQ(readFile(dir / "none", 5).error().code, ErrorCode::NotFound);
    EXPECT_EQ(readFile(dir, 5).error().code, ErrorCode::Unreadable);
    ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(readFile(dir / "fifo", 5).error().code, ErrorCode::Unreadable) << "a fifo must not block";
    EXPECT_EQ(readFile("/dev/zero", 5).error().code, ErrorCode::Unreadable);
}

TEST_F(FileTest, WritesWholeOrNotAtAll)
{
    ASSERT_TRUE(writeFileAtomic(dir / "a", asBytes("one"), 0600));
    ASSERT_TRUE(writeFileAtomic(dir / "a", asBytes("two"), 0640));
    EXPECT_EQ(asText(*readFile(dir / "a", 9)), "two");
    struct stat st{};
    ASSERT_EQ(::stat((dir / "a").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0640U);
    // The target is a folder: the rename fails, and nothing stays behind.
    std::filesystem::create_directory(dir / "b");
    ASSERT_TRUE(writeFileAtomic(dir / "b" / "x", asBytes("x")));
    EXPECT_FALSE(writeFileAtomic(dir / "b", asBytes("y")));
    std::size_t names = 0;
    for (const auto& e : std::filesystem::directory_iterator(dir))
        names += e.path().filename().string().starts_with(".jc-tmp") ? 1U : 0U;
    EXPECT_EQ(names, 0U);
    EXPECT_EQ(writeFileAtomic(dir / "no" / "such", asBytes("z")).error().code, ErrorCode::NotFound);
    EXPECT_TRUE(writeFileAtomic(dir / std::string(255, 'n'), asBytes("long name")));
}

TEST_F(FileTest, StepsOverTemporariesOfADeadProcessOfTheSameNumber)
{
    const std::string mine = ".jc-tmp-" + std::to_string(::getpid()) + "-";
    for (int i = 0; i < 200; ++i)
        ASSERT_GE(Fd(::open((dir / (mine + std::to_string(i))).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)).get(), 0);
    EXPECT_TRUE(writeFileAtomic(dir / "a", asBytes("written")));
    EXPECT_EQ(asText(*readFile(dir / "a", 9)), "written");
}

TEST_F(FileTest, LockIsHeldByOneAndNamesItsHolder)
{
    auto first = FileLock::acquire(dir / "lock", 0, "process 4711");
    ASSERT_TRUE(first);
    const auto second = FileLock::acquire(dir / "lock", 50, "process 4712");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
    EXPECT_NE(second.error().detail.find("process 4711"), std::string::npos);
    std::jthread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        first = fail(ErrorCode::Internal, "given back");
    });
    EXPECT_TRUE(FileLock::acquire(dir / "lock", 5000, "process 4713"));
}

TEST(Errno, MapsToWhatTheUserCanDo)
{
    EXPECT_EQ(errnoError(ENOENT, false, "x").code, ErrorCode::NotFound);
    EXPECT_EQ(errnoError(ENOSPC, true, "x").code, ErrorCode::NoSpace);
    EXPECT_EQ(errnoError(EDQUOT, true, "x").code, ErrorCode::NoSpace);
    EXPECT_EQ(errnoError(EACCES, false, "x").code, ErrorCode::Unreadable);
    EXPECT_EQ(errnoError(EACCES, true, "x").code, ErrorCode::CannotWrite);
    EXPECT_EQ(errnoError(EROFS, true, "x").code, ErrorCode::CannotWrite);
    EXPECT_EQ(errnoError(EMFILE, false, "x").code, ErrorCode::Unavailable);
}

Result<int> half(int n)
{
    if (n % 2 != 0) return fail(ErrorCode::InvalidArgument, "odd");
    return n / 2;
}
Result<int> quarter(int n)
{
    JC_TRY(const int h, half(n));
    JC_TRY(const int q, half(h));
    return q;
}
TEST(Result, TravelsThroughTry)
{
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_EQ(quarter(6).error().detail, "odd");
}

} // namespace
} // namespace jc
