// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <gmock/gmock.h>

#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

namespace jc::intake::test {
namespace {
using testing::ElementsAre;

std::vector<std::string> names(const std::vector<Candidate>& found)
{
    std::vector<std::string> out;
    for (const auto& c : found)
        out.push_back(c.path.filename().native());
    return out;
}

TEST(Walk, namesAFileAndAFolderInBytewiseOrderWithTheirFolders)
{
    const Scratch s;
    put(s / "box/b.txt", "b");
    put(s / "box/a-z.txt", "az");
    put(s / "box/a/deep/x", "x");
    put(s / "box/.hidden", "h");
    put(s / "single.pdf", "12345");
    fs::create_directories(s / "box/empty");
    const auto found = walk({s / "single.pdf", s / "box"});
    ASSERT_EQ(found.size(), 5U);
    EXPECT_THAT(names(found), ElementsAre("single.pdf", ".hidden", "a-z.txt", "x", "b.txt"));
    EXPECT_EQ(found[0].folder, "");
    EXPECT_EQ(found[0].sizeHint, 5U);
    EXPECT_EQ(found[1].folder, "box");
    EXPECT_EQ(found[3].folder, "box/a/deep");
    for (const auto& c : found) {
        EXPECT_EQ(c.outcome, Outcome::Taken);
        EXPECT_TRUE(c.path.is_absolute());
        EXPECT_EQ(c.path, c.path.lexically_normal());
    }
}

TEST(Walk, keepsTheBytesOfEveryName)
{
    const Scratch s;
    std::string chinese; // 85 characters of three bytes: the longest name that a file system takes
    for (int i = 0; i < 85; ++i)
        chinese += "证";
    const std::vector<std::string> all{"证据（一）·录音 ①.mp3", "🎥 现场.mp4", " lead and trail ",   "line\nbreak", "-rf",
                                       "bad\xff\xfe.bin",       chinese,       std::string(255, 'n')};
    for (const auto& name : all)
        put(s.dir() / "f" / name, name);
    const auto found = walk({s / "f"});
    EXPECT_THAT(names(found), testing::UnorderedElementsAreArray(all));
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path.native() < b.path.native(); }));
    const auto direct = walk({s.dir() / "f" / chinese, s.dir() / "f" / "bad\xff\xfe.bin"});
    EXPECT_THAT(names(direct), ElementsAre(chinese, "bad\xff\xfe.bin"));
}

TEST(Walk, aPathNamedTwiceIsOneCandidate)
{
    const Scratch s;
    put(s / "box/a", "a");
    EXPECT_EQ(walk({s / "box", s / "box/", s / "box/.", s / "box/a", s / "box/../box/a"}).size(), 1U);
    EXPECT_EQ(walk({s / "box/a", s / "box"}).front().folder, "") << "the first naming decides";
}

TEST(Walk, aRelativeNameBecomesAbsolute)
{
    const Scratch s;
    put(s / "here", "x");
    const fs::path old = fs::current_path();
    fs::current_path(s.dir());
    const auto found = walk({"./here"});
    const auto dot = walk({"."});
    fs::current_path(old);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].path, s / "here");
    ASSERT_EQ(dot.size(), 1U);
    EXPECT_EQ(dot[0].folder, s.dir().filename().native());
}

TEST(Walk, dotDotBehindALinkMeansWhatTheSystemMeans)
{
    const Scratch s;
    put(s / "real/inside/file", "in");
    put(s / "real/target", "the right one");
    put(s / "target", "the wrong one");
    fs::create_directory_symlink(s / "real/inside", s / "link");
    const auto found = walk({s / "link/../target"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(get(found[0].path), "the right one");
}

TEST(Walk, linksOnTheCommandLineAreFollowedAndLinksInsideAreReported)
{
    const Scratch s;
    put(s / "target/file", "t");
    put(s / "box/plain", "p");
    fs::create_symlink(s / "target/file", s / "named");
    fs::create_directory_symlink(s / "target", s / "namedFolder");
    fs::create_symlink("../target/file", s / "box/link");
    fs::create_directory_symlink("..", s / "box/up"); // would never end if it were followed
    fs::create_symlink("nowhere", s / "box/dangling");
    fs::create_symlink("self", s / "box/self");
    fs::create_symlink("nowhere", s / "dangling");
    fs::create_symlink("b", s / "a");
    fs::create_symlink("a", s / "b");

    const auto found = walk({s / "named", s / "namedFolder", s / "box", s / "dangling", s / "a"});
    ASSERT_EQ(found.size(), 9U);
    EXPECT_EQ(found[0].outcome, Outcome::Taken);
    EXPECT_EQ(found[0].sizeHint, 1U);
    EXPECT_EQ(found[1].outcome, Outcome::Taken);
    EXPECT_EQ(found[1].folder, "namedFolder");
    EXPECT_THAT(names({found.begin() + 2, found.begin() + 7}), ElementsAre("dangling", "link", "plain", "self", "up"));
    EXPECT_EQ(found[2].outcome, Outcome::Symlink);
    EXPECT_EQ(found[3].outcome, Outcome::Symlink);
    EXPECT_EQ(found[4].outcome, Outcome::Taken);
    EXPECT_EQ(found[5].outcome, Outcome::SymlinkLoop);
    EXPECT_EQ(found[6].outcome, Outcome::Symlink);
    EXPECT_EQ(found[7].outcome, Outcome::NotFound);
    EXPECT_EQ(found[7].detail, "the link's target does not exist");
    EXPECT_EQ(found[8].outcome, Outcome::SymlinkLoop);
}

TEST(Walk, specialFilesAreNamedAndNeverOpened)
{
    const Scratch s;
    put(s / "box/plain", "p");
    ASSERT_EQ(::mkfifo((s / "box/pipe").c_str(), 0644), 0);
    const Fd sock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (s / "box/sock").string();
    ASSERT_LT(name.size(), sizeof address.sun_path);
    std::copy(name.begin(), name.end(), address.sun_path);
    ASSERT_EQ(::bind(sock.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const auto found = walk({s / "box", "/dev/null", s / "box/pipe"}); // a blocking open of the pipe would hang here
    ASSERT_EQ(found.size(), 4U);
    EXPECT_EQ(found[0].outcome, Outcome::SpecialFile);
    EXPECT_EQ(found[1].outcome, Outcome::Taken);
    EXPECT_EQ(found[2].outcome, Outcome::SpecialFile);
    EXPECT_EQ(found[3].outcome, Outcome::SpecialFile);
    EXPECT_EQ(found[3].detail, "a device has no fixed content");
}

TEST(Walk, whatIsNotThereIsNotFound)
{
    const Scratch s;
    put(s / "file", "f");
    const auto found = walk({s / "missing", s / "file/below", s / std::string(300, 'x'), ""});
    ASSERT_EQ(found.size(), 4U);
    for (const auto& c : found) {
        EXPECT_EQ(c.outcome, Outcome::NotFound);
        EXPECT_FALSE(c.detail.empty());
    }
}

TEST(Walk, aFolderThatCannotBeListedIsReportedAndTheRestIsWalked)
{
    if (::geteuid() != 0) GTEST_SKIP() << "switches the file system identity, which only root may";
    const Scratch s;
    put(s / "box/open/a", "a");
    put(s / "box/shut/b", "b");
    ASSERT_EQ(::chmod(s.dir().c_str(), 0755), 0);
    ASSERT_EQ(::chmod((s / "box/shut").c_str(), 0700), 0);
    ::syscall(SYS_setfsuid, 65534); // this thread only
    const auto found = walk({s / "box", s / "box/shut/b"});
    ::syscall(SYS_setfsuid, 0);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].outcome, Outcome::Taken);
    EXPECT_EQ(found[1].outcome, Outcome::Unreadable);
    EXPECT_EQ(found[1].path, s / "box/shut");
    EXPECT_EQ(found[2].outcome, Outcome::Unreadable);
}

TEST(Walk, aDeepTreeIsWalkedWithoutRecursion)
{
    const Scratch s;
    std::string p = (s / "d").string();
    ASSERT_EQ(::mkdir(p.c_str(), 0755), 0);
    for (int i = 0; i < 1200; ++i) {
        p += "/d";
        ASSERT_EQ(::mkdir(p.c_str(), 0755), 0);
    }
    put(p + "/f", "f");
    const auto found = walk({s / "d"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].folder.size(), 2401U);
}

TEST(Walk, stopsWhenAsked)
{
    const Scratch s;
    put(s / "box/a", "a");
    std::stop_source source;
    source.request_stop();
    EXPECT_TRUE(walk({s / "box"}, source.get_token()).empty());
}

} // namespace
} // namespace jc::intake::test
