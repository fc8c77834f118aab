// SPDX-License-Identifier: Apache-2.0
#include "scratch.h"

#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace jc::intake::test {
namespace {
using crypto::DigestAlgorithm;

class Recorder final : public ProgressSink {
public:
    void update(std::string_view stage, std::uint64_t bytesDone, std::uint64_t bytesTotal, std::uint64_t itemsDone,
                std::uint64_t itemsTotal) override
    {
        const std::lock_guard lock(m_mutex);
        EXPECT_EQ(stage, "hashing");
        EXPECT_LE(bytesDone, bytesTotal);
        EXPECT_LE(itemsDone, itemsTotal);
        bytes = std::max(bytes, bytesDone);
        total = bytesTotal;
        items = std::max(items, itemsDone);
        ++calls;
    }
    std::uint64_t bytes = 0, total = 0, items = 0, calls = 0;

private:
    std::mutex m_mutex;
};

TEST(TakeIn, digestsAreThoseOfTheBytesForEverySizeAndSet)
{
    const Scratch s;
    // Around every border of the pipeline: empty reads, the worker's buffer, a ring block, the switch to the ring, a full ring.
    const std::size_t sizes[] = {1,
                                 55,
                                 56,
                                 64,
                                 detail::kSmallBuffer - 1,
                                 detail::kSmallBuffer,
                                 detail::kSmallBuffer + 1,
                                 1048575,
                                 1048576,
                                 detail::kBigFile,
                                 detail::kBigFile + 1,
                                 5 * detail::kRingBlock,
                                 9 * detail::kRingBlock + 17};
    for (const unsigned threads : {1U, 2U, 4U}) {
        for (const crypto::DigestSet set :
             {crypto::DigestSet{true, false}, crypto::DigestSet{false, false}, crypto::DigestSet{true, true}}) {
            std::vector<fs::path> paths;
            for (const auto size : sizes) {
                paths.push_back(s / ("f" + std::to_string(size)));
                if (!fs::exists(paths.back())) put(paths.back(), pattern(size, static_cast<unsigned>(size)));
            }
            const auto items = take(paths, nullptr, {set, false, threads});
            ASSERT_TRUE(items);
            ASSERT_EQ(items->size(), std::size(sizes));
            for (std::size_t i = 0; i < items->size(); ++i) {
                const Item& item = (*items)[i];
                const std::string content = pattern(sizes[i], static_cast<unsigned>(sizes[i]));
                EXPECT_EQ(item.path, paths[i]) << "results stay in the order of the candidates";
                EXPECT_EQ(item.outcome, Outcome::Taken);
                EXPECT_EQ(item.size, sizes[i]);
                std::vector<crypto::DigestValue> expected{{DigestAlgorithm::Sha256, digestOf(DigestAlgorithm::Sha256, content)}};
                if (set.sm3) expected.push_back({DigestAlgorithm::Sm3, digestOf(DigestAlgorithm::Sm3, content)});
                if (set.sha512) expected.push_back({DigestAlgorithm::Sha512, digestOf(DigestAlgorithm::Sha512, content)});
                EXPECT_EQ(item.digests, expected) << sizes[i] << " bytes, " << threads << " threads";
            }
        }
    }
}

TEST(TakeIn, fillsWhatTheDescriptorNeeds)
{
    const Scratch s;
    put(s / "箱/合同.pdf", "%PDF-1.4 x");
    const timespec times[2] = {{1'600'000'000, 0}, {1'600'000'001, 234'567'891}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (s / "箱/合同.pdf").c_str(), times, 0), 0);
    const auto items = take({s / "箱"});
    ASSERT_TRUE(items);
    const Item& item = items->front();
    struct stat st{};
    ASSERT_EQ(::stat(item.path.c_str(), &st), 0);
    EXPECT_EQ(item.folder, "箱");
    EXPECT_EQ(item.nameRaw, "合同.pdf");
    EXPECT_EQ(item.modifiedTime, 1'600'000'001'234);
    EXPECT_EQ(item.intakeTime, 1'700'000'000'123);
    EXPECT_EQ(item.device, st.st_dev);
    EXPECT_EQ(item.inode, st.st_ino);
    EXPECT_EQ(item.mediaType, "application/pdf");
    EXPECT_EQ(st.st_atim.tv_sec, 1'600'000'000) << "looking at evidence does not move its access time";
}

TEST(TakeIn, anEmptyFileNeedsAReason)
{
    const Scratch s;
    put(s / "日志.txt", "");
    const auto refused = take({s / "日志.txt"});
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->front().outcome, Outcome::Empty);
    EXPECT_TRUE(refused->front().digests.empty());
    const auto taken = take({s / "日志.txt"}, nullptr, {{}, true, 0});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->front().outcome, Outcome::Taken);
    EXPECT_EQ(taken->front().digests.front().value, digestOf(DigestAlgorithm::Sha256, ""));
}

TEST(TakeIn, oneBadFileNeverStopsTheOthers)
{
    const Scratch s;
    for (int i = 0; i < 40; ++i)
        put(s / ("box/证据（一）·录音 " + std::to_string(i) + ".mp3"), pattern(1000, static_cast<unsigned>(i)));
    put(s / "box/gone", "x");
    put(s / "box/becameFolder", "x");
    put(s / "box/becameLink", "x");
    put(s / "box/becamePipe", "x");
    put(s / "box/below/x", "x");
    ASSERT_EQ(::mkfifo((s / "box/pipe").c_str(), 0644), 0);
    fs::create_symlink("nowhere", s / "box/link");
    const auto candidates = walk({s / "box", "/proc/self/mem", s / "missing"});
    fs::remove(s / "box/gone");
    fs::remove_all(s / "box/below");
    put(s / "box/below", "a file where a folder was");
    for (const char* name : {"becameFolder", "becameLink", "becamePipe"})
        fs::remove(s / "box" / name);
    fs::create_directory(s / "box/becameFolder");
    fs::create_symlink("gone", s / "box/becameLink");
    ASSERT_EQ(::mkfifo((s / "box/becamePipe").c_str(), 0644), 0);

    Recorder progress;
    const auto items = takeIn(candidates, {}, nullptr, systemClock(), progress, {});
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), candidates.size());
    EXPECT_EQ(find(*items, "gone")->outcome, Outcome::Vanished);
    EXPECT_EQ(find(*items, "x")->outcome, Outcome::Vanished);
    EXPECT_EQ(find(*items, "becameFolder")->outcome, Outcome::Unreadable);
    EXPECT_EQ(find(*items, "becameLink")->outcome, Outcome::Symlink);
    EXPECT_EQ(find(*items, "becamePipe")->outcome, Outcome::SpecialFile);
    EXPECT_EQ(find(*items, "pipe")->outcome, Outcome::SpecialFile);
    EXPECT_EQ(find(*items, "link")->outcome, Outcome::Symlink);
    EXPECT_EQ(find(*items, "mem")->outcome, Outcome::Unreadable) << "reading it is an I/O error";
    EXPECT_EQ(find(*items, "missing")->outcome, Outcome::NotFound);
    EXPECT_EQ(std::count_if(items->begin(), items->end(), [](const Item& i) { return i.outcome == Outcome::Taken; }), 40);
    for (const auto& item : *items) {
        EXPECT_EQ(item.digests.empty(), item.outcome != Outcome::Taken);
        EXPECT_EQ(item.detail.empty(), item.outcome == Outcome::Taken) << item.nameRaw;
    }
    EXPECT_EQ(progress.items, items->size());
    EXPECT_EQ(progress.bytes, progress.total);
}

TEST(TakeIn, aFileWithoutPermissionIsUnreadable)
{
    if (::geteuid() != 0) GTEST_SKIP() << "switches the file system identity, which only root may";
    const Scratch s;
    put(s / "shut", "x");
    put(s / "open", "x");
    ASSERT_EQ(::chmod(s.dir().c_str(), 0755), 0);
    ASSERT_EQ(::chmod((s / "shut").c_str(), 0600), 0);
    const auto candidates = walk({s / "shut", s / "open"});
    ::syscall(SYS_setfsuid, 65534); // this thread only; one thread reads in it. It also may not ask for O_NOATIME then.
    const auto items = takeIn(candidates, {{}, false, 1}, nullptr, systemClock(), noProgress(), {});
    ::syscall(SYS_setfsuid, 0);
    ASSERT_TRUE(items);
    EXPECT_EQ((*items)[0].outcome, Outcome::Unreadable);
    EXPECT_EQ((*items)[1].outcome, Outcome::Taken);
}

TEST(TakeIn, aFileOfTheKernelWithoutASizeIsRefused)
{
    const auto items = take({"/proc/self/status"}, nullptr, {{}, true, 1});
    ASSERT_TRUE(items);
    EXPECT_EQ(items->front().outcome, Outcome::Changed);
}

// --- change while reading
// -----------------------------------------------------------------------------------------------------------------

struct Change {
    const char* name;
    std::function<void(const fs::path&)> act;
};
void PrintTo(const Change& c, std::ostream* to)
{
    *to << c.name;
}

class ChangeWhileReading : public testing::TestWithParam<std::tuple<Change, std::size_t>> {};

void overwriteFirstByte(const fs::path& p, char c)
{
    const Fd fd(::open(p.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(fd.get(), &c, 1, 0), 1);
}

TEST_P(ChangeWhileReading, isRefusedAndLeavesNoCopy)
{
    const auto& [change, size] = GetParam();
    const Scratch s;
    put(s / "file", pattern(size));
    put(s / "other", "other");
    auto vault = Vault::open(s / "vault");
    ASSERT_TRUE(vault);
    // At each of the three moments at which another program can step in.
    for (int moment = 0; moment < 3; ++moment) {
        fs::remove(s / "file"); // a pipe may be there from the last round
        put(s / "file", pattern(size));
        detail::Seam seam;
        std::atomic<bool> done{false};
        const auto act = [&](const fs::path& p) {
            if (p.filename() == "file" && !done.exchange(true)) change.act(p);
        };
        if (moment == 0) seam.afterOpen = act;
        if (moment == 1) seam.afterBlock = [&](const fs::path& p, std::uint64_t) { act(p); };
        if (moment == 2) seam.afterRead = act;
        auto session = vault->begin(2 * size);
        ASSERT_TRUE(session);
        const auto items = take({s / "file", s / "other"}, session->get(), {{}, false, 2}, seam);
        ASSERT_TRUE(items);
        EXPECT_TRUE(done);
        EXPECT_EQ((*items)[0].outcome, Outcome::Changed) << change.name << " at moment " << moment;
        EXPECT_TRUE((*items)[0].digests.empty());
        EXPECT_EQ((*items)[1].outcome, Outcome::Taken);
        ASSERT_TRUE((*session)->commit());
        EXPECT_EQ(everythingIn(s / "vault/objects").size(), 2U) << "the other file's object and its folder, nothing else";
        fs::remove(s / "file.moved");
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, ChangeWhileReading,
    testing::Combine(testing::Values(Change{"grow", [](const fs::path& p) { std::ofstream(p, std::ios::app) << "more"; }},
                                     Change{"shrink", [](const fs::path& p) { fs::resize_file(p, fs::file_size(p) - 1); }},
                                     Change{"empty", [](const fs::path& p) { fs::resize_file(p, 0); }},
                                     Change{"sameSizeOtherBytes", [](const fs::path& p) { overwriteFirstByte(p, '!'); }},
                                     Change{"sameBytesAgain", [](const fs::path& p) { overwriteFirstByte(p, pattern(1)[0]); }},
                                     Change{"otherBytesAndOldTime",
                                            [](const fs::path& p) {
                                                struct stat st{};
                                                ASSERT_EQ(::stat(p.c_str(), &st), 0);
                                                overwriteFirstByte(p, '!');
                                                const timespec times[2] = {st.st_atim, st.st_mtim};
                                                ASSERT_EQ(::utimensat(AT_FDCWD, p.c_str(), times, 0), 0);
                                            }},
                                     Change{"replacedByRename",
                                            [](const fs::path& p) {
                                                put(p.string() + ".new", get(p));
                                                fs::rename(p.string() + ".new", p);
                                            }},
                                     Change{"deleted", [](const fs::path& p) { fs::remove(p); }},
                                     Change{"movedAway", [](const fs::path& p) { fs::rename(p, p.string() + ".moved"); }},
                                     Change{"replacedByPipe",
                                            [](const fs::path& p) {
                                                fs::remove(p);
                                                ASSERT_EQ(::mkfifo(p.c_str(), 0644), 0);
                                            }}),
                     testing::Values(std::size_t{10'000}, std::size_t{700'000}, std::size_t{6'000'000})),
    [](const auto& row) { return std::string(std::get<0>(row.param).name) + std::to_string(std::get<1>(row.param)); });

TEST(TakeIn, aNamedLinkThatIsTurnedToAnotherFileMeanwhileIsRefused)
{
    const Scratch s;
    put(s / "one", "same");
    put(s / "two", "same");
    fs::create_symlink("one", s / "link");
    detail::Seam seam;
    seam.afterRead = [&](const fs::path&) {
        fs::remove(s / "link");
        fs::create_symlink("two", s / "link");
    };
    const auto items = take({s / "link"}, nullptr, {{}, false, 1}, seam);
    ASSERT_TRUE(items);
    EXPECT_EQ(items->front().outcome, Outcome::Changed);
}

TEST(TakeIn, aWriterThatDoesNotStopIsAlwaysSeen)
{
    const Scratch s;
    put(s / "film", pattern(24U << 20U));
    for (int round = 0; round < 5; ++round) {
        std::atomic<bool> started{false};
        std::jthread writer([&](const std::stop_token& stop) {
            const Fd fd(::open((s / "film").c_str(), O_WRONLY | O_CLOEXEC));
            for (std::uint64_t i = 0; !stop.stop_requested(); ++i) {
                if (::pwrite(fd.get(), &i, sizeof i, static_cast<off_t>((i * 4096) % (24U << 20U))) != sizeof i) return;
                started = true;
            }
        });
        while (!started)
            std::this_thread::yield();
        const auto items = take({s / "film"});
        ASSERT_TRUE(items);
        EXPECT_EQ(items->front().outcome, Outcome::Changed);
    }
}

TEST(TakeIn, aFileWrittenAMomentAgoIsTakenWithItsLastContent)
{
    // The clock tick of the last write must be over before the first byte is read, or a write in the same tick could hide.
    const Scratch s;
    for (int i = 0; i < 50; ++i) {
        put(s / "fresh", pattern(5000, static_cast<unsigned>(i)));
        detail::Seam seam;
        seam.afterOpen = [&](const fs::path& p) { overwriteFirstByte(p, static_cast<char>(i)); };
        const auto items = take({s / "fresh"}, nullptr, {{}, false, 1}, seam);
        ASSERT_TRUE(items);
        EXPECT_EQ(items->front().outcome, Outcome::Changed);
    }
}

// --- the sealed copy
// ------------------------------------------------------------------------------------------------------------------------

TEST(TakeIn, theSealedCopyHasTheBytesOfTheDigest)
{
    const Scratch s;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{300'000}, std::size_t{4'500'000}, std::size_t{40'000'000}}) {
        put(s / ("box/f" + std::to_string(size)), pattern(size, static_cast<unsigned>(size)));
    }
    for (const unsigned threads : {1U, 3U}) {
        auto vault = Vault::open(s / ("vault" + std::to_string(threads)));
        ASSERT_TRUE(vault);
        auto session = vault->begin(45'000'000);
        ASSERT_TRUE(session);
        const auto items = take({s / "box"}, session->get(), {{}, true, threads});
        ASSERT_TRUE(items);
        ASSERT_TRUE((*session)->commit());
        for (const auto& item : *items) {
            ASSERT_EQ(item.outcome, Outcome::Taken) << item.detail;
            const auto object = vault->objectPath(*Sha256Digest::parse(item.digests.front().value));
            EXPECT_TRUE(get(object) == get(item.path)) << item.nameRaw;
            struct stat st{};
            ASSERT_EQ(::stat(object.c_str(), &st), 0);
            EXPECT_EQ(st.st_mode & 07777U, 0400U);
        }
    }
}

TEST(TakeIn, holesOfASparseFileStayHoles)
{
    const Scratch s;
    put(s / "disk.img", "head");
    fs::resize_file(s / "disk.img", 32U << 20U);
    {
        const Fd fd(::open((s / "disk.img").c_str(), O_WRONLY | O_CLOEXEC));
        ASSERT_EQ(::pwrite(fd.get(), "middle", 6, 17U << 20U), 6);
    }
    auto vault = Vault::open(s / "vault");
    auto session = vault->begin(32U << 20U);
    ASSERT_TRUE(session);
    const auto items = take({s / "disk.img"}, session->get());
    ASSERT_TRUE(items && items->front().outcome == Outcome::Taken);
    ASSERT_TRUE((*session)->commit());
    const auto object = vault->objectPath(*Sha256Digest::parse(items->front().digests.front().value));
    EXPECT_TRUE(get(object) == get(s / "disk.img"));
    EXPECT_EQ(items->front().digests.front().value, digestOf(DigestAlgorithm::Sha256, get(s / "disk.img")));
    struct stat st{};
    ASSERT_EQ(::stat(object.c_str(), &st), 0);
    EXPECT_LT(st.st_blocks * 512, 8 << 20) << "the copy takes no more disk than the file";
}

TEST(TakeIn, cancelIsQuickAndLeavesNothing)
{
    const Scratch s;
    put(s / "film", pattern(64U << 20U));
    for (int i = 0; i < 50; ++i)
        put(s / ("box/" + std::to_string(i)), pattern(100'000, static_cast<unsigned>(i)));
    auto vault = Vault::open(s / "vault");
    for (const unsigned threads : {1U, 4U}) {
        auto session = vault->begin(100U << 20U);
        ASSERT_TRUE(session);
        std::stop_source stop;
        std::chrono::steady_clock::time_point asked;
        detail::Seam seam;
        std::once_flag once;
        seam.afterBlock = [&](const fs::path& p, std::uint64_t read) {
            if (p.filename() == "film" && read >= (2U << 20U)) {
                std::call_once(once, [&] {
                    asked = std::chrono::steady_clock::now();
                    stop.request_stop();
                });
            }
        };
        const auto items = take({s / "film", s / "box"}, session->get(), {{}, false, threads}, seam, stop.get_token());
        const auto took = std::chrono::steady_clock::now() - asked;
        ASSERT_FALSE(items);
        EXPECT_EQ(items.error().code, ErrorCode::Cancelled);
        EXPECT_LE(took, std::chrono::milliseconds(200));
        session->reset();
        EXPECT_TRUE(everythingIn(s / "vault/objects").empty());
        EXPECT_TRUE(everythingIn(s / "vault/tmp").empty());
    }
}

TEST(TakeIn, anExceptionOfTheCallersSinkIsAnErrorNotACrash)
{
    struct Thrower final : ProgressSink {
        void update(std::string_view, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t) override
        {
            throw std::runtime_error("window closed");
        }
    } thrower;
    const Scratch s;
    put(s / "film", pattern(9U << 20U));
    put(s / "small", "x");
    const auto items = takeIn(walk({s / "film", s / "small"}), {}, nullptr, systemClock(), thrower, {});
    ASSERT_FALSE(items);
    EXPECT_EQ(items.error().code, ErrorCode::Internal);
}

TEST(TakeIn, nothingToReadIsNothing)
{
    const auto items = takeIn({}, {}, nullptr, systemClock(), noProgress(), {});
    ASSERT_TRUE(items);
    EXPECT_TRUE(items->empty());
}

TEST(TakeIn, manyFilesKeepTheirOrderAndProgressReachesItsEnd)
{
    const Scratch s;
    for (int i = 0; i < 2000; ++i)
        put(s / ("box/" + std::to_string(i % 10) + "/" + std::to_string(i)),
            pattern(static_cast<std::size_t>(i) * 7 % 9000 + 1, static_cast<unsigned>(i)));
    const auto candidates = walk({s / "box"});
    ASSERT_EQ(candidates.size(), 2000U);
    Recorder progress;
    const auto items = takeIn(candidates, {}, nullptr, systemClock(), progress, {});
    ASSERT_TRUE(items);
    for (std::size_t i = 0; i < items->size(); ++i) {
        ASSERT_EQ((*items)[i].path, candidates[i].path);
        ASSERT_EQ((*items)[i].digests.front().value, digestOf(DigestAlgorithm::Sha256, get(candidates[i].path)));
    }
    EXPECT_EQ(progress.items, 2000U);
    EXPECT_EQ(progress.bytes, progress.total);
    EXPECT_GT(progress.total, 0U);
}

// --- one file, for verification
// ------------------------------------------------------------------------------------------------------------

TEST(DigestFile, isTheSameReadWithoutAVault)
{
    const Scratch s;
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{6'000'000}}) {
        put(s / "f", pattern(size));
        fs::remove(s / "link");
        fs::create_symlink("f", s / "link");
        Recorder progress;
        const auto item = digestFile(s / "link", {true, true}, progress, {});
        ASSERT_TRUE(item);
        EXPECT_EQ(item->size, size);
        ASSERT_EQ(item->digests.size(), 3U);
        EXPECT_EQ(item->digests[1].value, digestOf(DigestAlgorithm::Sm3, pattern(size)));
        EXPECT_EQ(progress.bytes, size);
    }
}

TEST(DigestFile, saysWhatIsWrong)
{
    const Scratch s;
    put(s / "f", pattern(6'000'000));
    fs::create_symlink("loop", s / "loop");
    ASSERT_EQ(::mkfifo((s / "pipe").c_str(), 0644), 0);
    const auto code = [&](const fs::path& p) {
        const auto r = digestFile(p, {}, noProgress(), {});
        return r ? ErrorCode::Internal : r.error().code;
    };
    EXPECT_EQ(code(s / "missing"), ErrorCode::NotFound);
    EXPECT_EQ(code(s.dir()), ErrorCode::Unreadable);
    EXPECT_EQ(code(s / "pipe"), ErrorCode::Unreadable);
    EXPECT_EQ(code(s / "loop"), ErrorCode::Unreadable);
    EXPECT_EQ(code("/dev/null"), ErrorCode::Unreadable);
    EXPECT_EQ(code("/proc/self/mem"), ErrorCode::Unreadable);
    EXPECT_EQ(digestFile("/dev/null", {}, noProgress(), {}).error().reason, "special_file");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(digestFile(s / "f", {}, noProgress(), stop.get_token()).error().code, ErrorCode::Cancelled);
    detail::Seam seam;
    seam.afterRead = [](const fs::path& p) { overwriteFirstByte(p, '!'); };
    const auto changed = detail::digestFile(s / "f", {}, noProgress(), {}, seam);
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, ErrorCode::Changed);
    EXPECT_EQ(changed.error().reason, "changed_while_read");
}

TEST(DigestFile, fiveGigabytesInFlatMemory)
{
    const char* extended = std::getenv("JC_TEST_EXTENDED");
    if (extended == nullptr || std::string_view(extended) != "1") GTEST_SKIP() << "takes long; JC_TEST_EXTENDED=1 runs it";
    const Scratch s;
    put(s / "video", "start");
    constexpr std::uint64_t kSize = 5'000'000'000;
    fs::resize_file(s / "video", kSize);
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto item = digestFile(s / "video", {false, false}, noProgress(), {});
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    ASSERT_TRUE(item);
    EXPECT_EQ(item->size, kSize);
    EXPECT_LE(after.ru_maxrss - before.ru_maxrss, 16 * 1024) << "KiB";
    crypto::StreamHasher h(DigestAlgorithm::Sha256);
    h.update(asBytes("start"));
    const Bytes zeros(1U << 20U);
    for (std::uint64_t left = kSize - 5; left > 0;) {
        const auto n = std::min<std::uint64_t>(left, zeros.size());
        h.update(ByteView(zeros).first(n));
        left -= n;
    }
    EXPECT_EQ(item->digests.front().value, h.finish());
}

TEST(Outcomes, haveStableNames)
{
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Outcome::VaultError); ++i)
        names.insert(toString(static_cast<Outcome>(i)));
    EXPECT_EQ(names, (std::set<std::string_view>{"taken", "empty", "not_found", "vanished", "unreadable", "changed_while_read",
                                                 "special_file", "symlink", "symlink_loop", "no_space", "vault_error"}));
}

} // namespace
} // namespace jc::intake::test
