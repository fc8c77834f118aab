// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <sys/mount.h>
#include <sys/wait.h>

#include <thread>

namespace jc::intake::test {
namespace {

Result<void> seal(VaultSession& session, std::string_view content)
{
    JC_TRY(auto copy, session.createCopy());
    JC_CHECK(writeAll(copy.fd.get(), asBytes(content), "test"));
    return session.addCopy(std::move(copy), sha256Of(content), content.size());
}

void sealAndCommit(Vault vault, const std::vector<std::string>& contents)
{
    auto session = vault.begin(0);
    ASSERT_TRUE(session);
    for (const auto& c : contents)
        ASSERT_TRUE(seal(**session, c));
    ASSERT_TRUE((*session)->commit());
}

/// A small disk of its own, where root may mount one.
class SmallDisk {
public:
    SmallDisk(const fs::path& at, const std::string& options) : m_at(at)
    {
        fs::create_directories(at);
        m_mounted = ::mount("none", at.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) == 0;
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk()
    {
        if (m_mounted) ::umount2(m_at.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return m_mounted; }

private:
    fs::path m_at;
    bool m_mounted = false;
};

TEST(Vault, anObjectAppearsAtCommitWithItsDigestAsNameAndReadOnly)
{
    const Scratch s;
    auto vault = Vault::open(s / "a/b/vault");
    ASSERT_TRUE(vault);
    auto session = vault->begin(10);
    ASSERT_TRUE(session);
    ASSERT_TRUE(seal(**session, "hello"));
    EXPECT_FALSE(vault->has(sha256Of("hello"))) << "nothing before commit";
    ASSERT_TRUE((*session)->commit());
    EXPECT_TRUE(vault->has(sha256Of("hello")));
    const std::string hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    EXPECT_EQ(vault->objectPath(sha256Of("hello")), s / "a/b/vault/objects/2c" / hex);
    EXPECT_EQ(get(vault->objectPath(sha256Of("hello"))), "hello");
    struct stat st{};
    ASSERT_EQ(::stat(vault->objectPath(sha256Of("hello")).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777U, 0400U);
    for (const char* dir : {"", "objects", "objects/2c", "tmp"}) {
        ASSERT_EQ(::stat((s / "a/b/vault" / dir).c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 07777U, 0700U) << dir;
    }
    session->reset();
    EXPECT_TRUE(everythingIn(s / "a/b/vault/tmp").empty());
}

TEST(Vault, aSessionWithoutCommitLeavesNothing)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    {
        auto session = vault->begin(0);
        ASSERT_TRUE(session);
        for (int i = 0; i < 30; ++i)
            ASSERT_TRUE(seal(**session, "content " + std::to_string(i)));
        auto open = (*session)->createCopy();
        ASSERT_TRUE(open); // handed to nobody
        EXPECT_FALSE(everythingIn(s / "vault/tmp").empty());
    }
    EXPECT_TRUE(everythingIn(s / "vault/objects").empty());
    EXPECT_TRUE(everythingIn(s / "vault/tmp").empty());
}

TEST(Vault, fewAndManyCopiesCommitAlike)
{
    for (const int n : {1, 16, 17, 400}) {
        const Scratch s;
        auto vault = Vault::open(s / "vault");
        std::vector<std::string> contents;
        for (int i = 0; i < n; ++i)
            contents.push_back(pattern(100 + static_cast<std::size_t>(i), static_cast<unsigned>(i)));
        sealAndCommit(*vault, contents);
        for (const auto& c : contents)
            EXPECT_TRUE(get(vault->objectPath(sha256Of(c))) == c);
        EXPECT_TRUE(everythingIn(s / "vault/tmp").empty());
    }
}

TEST(Vault, equalContentIsKeptOnce)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    sealAndCommit(*vault, {"same", "same", "other"});
    struct stat first{};
    ASSERT_EQ(::stat(vault->objectPath(sha256Of("same")).c_str(), &first), 0);
    sealAndCommit(*vault, {"same"});
    struct stat second{};
    ASSERT_EQ(::stat(vault->objectPath(sha256Of("same")).c_str(), &second), 0);
    EXPECT_EQ(first.st_ino, second.st_ino) << "the intact object stays";
    EXPECT_EQ(everythingIn(s / "vault/objects").size(), 4U);
}

TEST(Vault, aDamagedObjectIsReplacedByTheNextCopy)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    const std::string content = pattern(700'000);
    sealAndCommit(*vault, {content});
    const auto object = vault->objectPath(sha256Of(content));
    const auto damage = [&](const std::function<void()>& how) {
        ASSERT_EQ(::chmod(object.c_str(), 0600), 0);
        how();
        EXPECT_FALSE(get(object) == content);
        sealAndCommit(*vault, {content});
        EXPECT_TRUE(get(object) == content);
    };
    damage([&] {
        std::string bad = content;
        bad[650'000] = static_cast<char>(bad[650'000] ^ 1);
        put(object, bad);
    });
    damage([&] { put(object, ""); });
    damage([&] {
        fs::remove(object);
        put(s / "elsewhere", "not evidence");
        fs::create_symlink(s / "elsewhere", object);
    });
    EXPECT_EQ(get(s / "elsewhere"), "not evidence");
}

TEST(Vault, anObjectThatIsDamagedBetweenCheckAndCommitFailsTheFiling)
{
    for (const bool remove : {false, true}) {
        const Scratch s;
        auto vault = Vault::open(s / "vault");
        sealAndCommit(*vault, {"precious"});
        const auto object = vault->objectPath(sha256Of("precious"));
        auto session = vault->begin(0);
        ASSERT_TRUE(seal(**session, "new"));
        ASSERT_TRUE(seal(**session, "precious"));
        ASSERT_EQ(::chmod(object.c_str(), 0600), 0);
        if (remove) {
            fs::remove(object);
        } else {
            put(object, "PRECIOUS");
        }
        EXPECT_FALSE((*session)->commit());
        EXPECT_FALSE(vault->has(sha256Of("new")));
        sealAndCommit(*vault, {"precious", "new"}); // filing it once more repairs it
        EXPECT_EQ(get(object), "precious");
    }
}

TEST(Vault, aFailedCommitTakesBackWhatItPlacedAndKeepsWhatWasThere)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    sealAndCommit(*vault, {"earlier"});
    auto session = vault->begin(0);
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(seal(**session, "new " + std::to_string(i)));
    ASSERT_TRUE(seal(**session, "blocked"));
    fs::create_directories(vault->objectPath(sha256Of("blocked")) / "x"); // a folder where the object belongs: rename fails
    const auto done = (*session)->commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::CannotWrite);
    for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(vault->has(sha256Of("new " + std::to_string(i))));
    EXPECT_TRUE(vault->has(sha256Of("earlier")));
    EXPECT_FALSE((*session)->commit()) << "once only";
    session->reset();
    EXPECT_TRUE(everythingIn(s / "vault/tmp").empty());
}

TEST(Vault, aCopyOfAnotherSizeIsRefused)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    auto session = vault->begin(0);
    auto copy = (*session)->createCopy();
    ASSERT_TRUE(copy);
    const auto path = copy->path;
    const auto added = (*session)->addCopy(std::move(*copy), sha256Of("abc"), 3);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::CannotWrite);
    EXPECT_FALSE(fs::exists(path));
}

TEST(Vault, discardRemovesTheCopyAtOnce)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    auto session = vault->begin(0);
    auto copy = (*session)->createCopy();
    ASSERT_TRUE(copy);
    const auto path = copy->path;
    EXPECT_TRUE(fs::exists(path));
    (*session)->discard(std::move(*copy));
    EXPECT_FALSE(fs::exists(path));
}

TEST(Vault, deadSessionsAreRemovedAndLiveOnesKept)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    auto live = vault->begin(0);
    ASSERT_TRUE(live);
    ASSERT_TRUE(seal(**live, "alive"));
    const pid_t child = ::fork();
    if (child == 0) { // a program that dies in the middle of a filing
        auto mine = Vault::open(s / "vault");
        auto session = mine->begin(0);
        if (!session || !seal(**session, "dead")) ::_exit(1);
        ::_exit(0); // no destructor
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 0);
    fs::create_directories(s / "vault/tmp/123-noLockYet");
    const auto sessions = [&] { return std::distance(fs::directory_iterator(s / "vault/tmp"), fs::directory_iterator()); };
    EXPECT_EQ(sessions(), 3);
    auto again = Vault::open(s / "vault");
    ASSERT_TRUE(again);
    EXPECT_EQ(sessions(), 1);
    ASSERT_TRUE((*live)->commit());
    EXPECT_TRUE(vault->has(sha256Of("alive")));
    EXPECT_FALSE(vault->has(sha256Of("dead")));
}

TEST(Vault, twoSessionsWithTheSameContentBothEndWithIt)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    auto one = vault->begin(0);
    auto two = vault->begin(0);
    ASSERT_TRUE(seal(**one, "shared"));
    ASSERT_TRUE((*one)->commit());
    ASSERT_TRUE(seal(**two, "shared"));
    ASSERT_TRUE((*two)->commit());
    EXPECT_EQ(get(vault->objectPath(sha256Of("shared"))), "shared");
}

TEST(Vault, copiesMayBeAddedFromSeveralThreads)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    auto session = vault->begin(0);
    std::atomic<int> failures{0};
    {
        std::vector<std::jthread> pool;
        for (int t = 0; t < 4; ++t) {
            pool.emplace_back([&, t] {
                for (int i = 0; i < 60; ++i) { // every content twice, by different threads
                    if (!seal(**session, "content " + std::to_string(t / 2) + "/" + std::to_string(i))) ++failures;
                }
            });
        }
    }
    EXPECT_EQ(failures, 0);
    ASSERT_TRUE((*session)->commit());
    for (int t = 0; t < 2; ++t) {
        for (int i = 0; i < 60; ++i)
            EXPECT_TRUE(vault->has(sha256Of("content " + std::to_string(t) + "/" + std::to_string(i))));
    }
}

TEST(Vault, readOnlyCreatesNothingAndRefusesToBegin)
{
    const Scratch s;
    auto vault = Vault::openReadOnly(s / "vault");
    EXPECT_FALSE(vault.has(sha256Of("x")));
    const auto session = vault.begin(0);
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().code, ErrorCode::Refused);
    EXPECT_FALSE(fs::exists(s / "vault"));
    sealAndCommit(*Vault::open(s / "vault"), {"x"});
    EXPECT_TRUE(vault.has(sha256Of("x")));
}

TEST(Vault, cannotOpenWhereAFileIs)
{
    const Scratch s;
    put(s / "vault", "a file");
    const auto vault = Vault::open(s / "vault");
    ASSERT_FALSE(vault);
}

TEST(Vault, freeSpaceIsCheckedBeforeTheFirstByte)
{
    const Scratch s;
    auto vault = Vault::open(s / "vault");
    for (const std::uint64_t bytes : {~std::uint64_t{0}, ~std::uint64_t{0} - 1000, std::uint64_t{1} << 60U}) {
        const auto session = vault->begin(bytes);
        ASSERT_FALSE(session);
        EXPECT_EQ(session.error().code, ErrorCode::NoSpace);
    }
    EXPECT_TRUE(everythingIn(s / "vault/tmp").empty());
    const SmallDisk disk(s / "disk", "size=66m");
    if (!disk.mounted()) GTEST_SKIP() << "may not mount a small disk here";
    auto small = Vault::open(s / "disk/vault");
    ASSERT_TRUE(small);
    EXPECT_TRUE(small->begin(1U << 20U));
    EXPECT_FALSE(small->begin(3U << 20U)) << "the margin stays free";
}

TEST(Vault, aDiskThatFillsUpCostsOnlyTheFilesThatDoNotFit)
{
    const Scratch s;
    const SmallDisk disk(s / "disk", "size=72m");
    if (!disk.mounted()) GTEST_SKIP() << "may not mount a small disk here";
    put(s / "in/a-large", pattern(80'000'000));
    for (int i = 0; i < 20; ++i)
        put(s / ("in/b-small" + std::to_string(i)), pattern(10'000, static_cast<unsigned>(i)));
    put(s / "in/c-large", pattern(90'000'000, 7));
    auto vault = Vault::open(s / "disk/vault");
    auto session = vault->begin(0); // another program may fill the disk after the check
    ASSERT_TRUE(session);
    const auto items = take({s / "in"}, session->get(), {{false, false}, false, 2});
    ASSERT_TRUE(items);
    EXPECT_EQ(items->front().outcome, Outcome::NoSpace);
    EXPECT_EQ(items->back().outcome, Outcome::NoSpace);
    EXPECT_FALSE(items->front().detail.empty());
    std::size_t taken = 0;
    for (const auto& item : *items)
        taken += item.outcome == Outcome::Taken ? 1 : 0;
    EXPECT_GT(taken, 0U);
    ASSERT_TRUE((*session)->commit());
    for (const auto& item : *items) {
        if (item.outcome != Outcome::Taken) continue;
        EXPECT_TRUE(get(vault->objectPath(*Sha256Digest::parse(item.digests.front().value))) == get(item.path));
    }
    session->reset();
    EXPECT_TRUE(everythingIn(s / "disk/vault/tmp").empty());
}

TEST(Vault, noRoomForAnotherNameIsNoSpace)
{
    const Scratch s;
    const SmallDisk disk(s / "disk", "size=80m,nr_inodes=12");
    if (!disk.mounted()) GTEST_SKIP() << "may not mount a small disk here";
    auto vault = Vault::open(s / "disk/vault");
    auto session = vault->begin(0);
    ASSERT_TRUE(session);
    Result<void> last;
    for (int i = 0; i < 20 && last; ++i)
        last = seal(**session, "n" + std::to_string(i));
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().code, ErrorCode::NoSpace);
    // The copies fit, the folders of their objects do not: everything is taken back.
    const auto done = (*session)->commit();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::NoSpace);
    EXPECT_TRUE(everythingIn(s / "disk/vault/objects").empty());
}

TEST(Vault, aReadOnlyDiskIsAVaultErrorPerItem)
{
    const Scratch s;
    const SmallDisk disk(s / "disk", "size=80m");
    if (!disk.mounted()) GTEST_SKIP() << "may not mount a small disk here";
    put(s / "file", "x");
    auto vault = Vault::open(s / "disk/vault");
    auto session = vault->begin(0);
    ASSERT_TRUE(session);
    ASSERT_EQ(::mount("none", (s / "disk").c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr), 0);
    const auto items = take({s / "file"}, session->get());
    ASSERT_TRUE(items);
    EXPECT_EQ(items->front().outcome, Outcome::VaultError);
    EXPECT_FALSE(Vault::open(s / "disk/vault2"));
}

} // namespace
} // namespace jc::intake::test
