// SPDX-License-Identifier: Apache-2.0
#include "unit/verdict/small_ledger.h"

#include "merkle/tiles.h"
#include "verdict/log_audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace jc::verdict::test {
namespace {

using Files = std::map<std::string, Bytes>;

/// What a log of these entries serves.
Files publish(const std::vector<Bytes>& entries, const std::string& checkpoint)
{
    Files files;
    files["checkpoint"] = toBytes(checkpoint);
    std::vector<merkle::NodeHash> level;
    for (const Bytes& e : entries)
        level.push_back(merkle::hashLeaf(e).as<merkle::NodeHash>());
    for (unsigned l = 0; !level.empty(); ++l) {
        std::vector<merkle::NodeHash> up;
        for (std::size_t at = 0; at < level.size(); at += merkle::kTileWidth) {
            const auto width = static_cast<unsigned>(std::min<std::size_t>(merkle::kTileWidth, level.size() - at));
            Bytes tile, bundle;
            for (std::size_t i = at; i < at + width; ++i) {
                append(tile, level[i].bytes());
                if (l != 0) continue;
                appendU16(bundle, static_cast<std::uint16_t>(entries[i].size()));
                append(bundle, entries[i]);
            }
            const merkle::TileId id{l, at / merkle::kTileWidth, width};
            files[merkle::tilePath(id)] = tile;
            if (l == 0) files[merkle::entriesPath(id)] = bundle;
            if (width == merkle::kTileWidth) up.push_back(merkle::foldTile(std::span(level).subspan(at, width)));
        }
        level = std::move(up);
    }
    return files;
}
LogSource sourceOf(const Files& files)
{
    return [&files](const std::string& path) -> Result<Bytes> {
        const auto it = files.find(path);
        if (it == files.end()) return fail(ErrorCode::NotFound, "no such file");
        return it->second;
    };
}
std::string told(const LogAudit& a)
{
    std::string out;
    for (const auto& f : a.findings)
        out += f.what + " @ " + f.where + "\n";
    return out;
}

class LogAuditTest : public ::testing::Test {
protected:
    static SmallLedger& ledger()
    {
        static SmallLedger l = [] {
            SmallLedger made(1, 2);
            const Person clerk = made.makePerson(0, "clerk", record::Role::Clerk);
            const auto at = made.enrol(clerk, 0, kStart + kHour);
            FilingPlan plan;
            plan.token = false;
            for (int i = 0; i < 598; ++i)
                made.file(clerk, 0, kStart + kDay + i, plan, at);
            return made;
        }();
        return l;
    }
    Files files = publish(ledger().entries, ledger().checkpoint(600));
    std::shared_ptr<const TrustedLedger> trust = ledger().trusted(100);

    LogAudit audit(const TrustedLedger* t)
    {
        auto a = auditLog(sourceOf(files), t, noProgress(), {});
        EXPECT_TRUE(a) << a.error().detail;
        return a ? *a : LogAudit{};
    }
};

TEST_F(LogAuditTest, ASoundLogHasNoFindings)
{
    const LogAudit a = audit(trust.get());
    EXPECT_EQ(told(a), "");
    EXPECT_TRUE(a.authenticated);
    EXPECT_EQ(a.size, 600U);
    EXPECT_EQ(a.entries, 600U);
    EXPECT_EQ(a.tiles, 4U); // three of level 0, one of level 1
    EXPECT_EQ(a.root, ledger().root(600).hex());
    const LogAudit b = audit(nullptr);
    EXPECT_EQ(told(b), "");
    EXPECT_FALSE(b.authenticated);
}

TEST_F(LogAuditTest, NamesTheDamagedEntry)
{
    files["tile/entries/001"][5000] ^= 1;
    LogAudit a = audit(trust.get());
    ASSERT_FALSE(a.findings.empty());
    std::size_t at = 0, index = 256;
    for (; index < 512; ++index) { // which entry holds byte 5000
        at += 2 + ledger().entries[index].size();
        if (at > 5000) break;
    }
    EXPECT_NE(told(a).find("entry_differs @ entry " + std::to_string(index) + "\n"), std::string::npos) << told(a);
    EXPECT_EQ(told(a).find("tile_differs"), std::string::npos);
}

TEST_F(LogAuditTest, NamesTheDamagedTile)
{
    files["tile/0/001"][77] ^= 1;
    EXPECT_EQ(told(audit(trust.get())), "tile_differs @ tile/0/001\n");
    files = publish(ledger().entries, ledger().checkpoint(600));
    files["tile/1/000.p/2"][40] ^= 1;
    EXPECT_EQ(told(audit(trust.get())), "tile_differs @ tile/1/000.p/2\n");
}

TEST_F(LogAuditTest, NamesWhatIsMissing)
{
    files.erase("tile/0/000");
    EXPECT_EQ(told(audit(trust.get())), "tile_missing @ tile/0/000\n");
    files = publish(ledger().entries, ledger().checkpoint(600));
    files.erase("tile/entries/001");
    EXPECT_NE(told(audit(nullptr)).find("bundle_missing @ tile/entries/001"), std::string::npos);
    files.erase("tile/0/001");
    const LogAudit a = audit(nullptr);
    EXPECT_FALSE(a.root);
    files["tile/entries/000"].pop_back();
    EXPECT_NE(told(audit(nullptr)).find("bundle_malformed @ tile/entries/000"), std::string::npos);
}

TEST_F(LogAuditTest, AServedFullTileStandsForItsPartialOne)
{
    files.erase("checkpoint");
    files["checkpoint"] = toBytes(ledger().checkpoint(300)); // tiles of size 600 hold those of 300
    EXPECT_EQ(told(audit(trust.get())), "tile_missing @ tile/1/000.p/1\n");
}

TEST_F(LogAuditTest, FindsAnotherHistory)
{
    // The same courts sign a log in which one filing is gone.
    SmallLedger forked = ledger();
    std::vector<Bytes> fewer(ledger().entries);
    fewer.erase(fewer.begin() + 50);
    forked.entries = fewer;
    files = publish(fewer, ledger().checkpoint(600));
    const std::string t = told(audit(trust.get()));
    EXPECT_NE(t.find("history_differs @ size 100"), std::string::npos) << t;
    EXPECT_NE(told(auditLog(sourceOf(publish({ledger().entries.begin(), ledger().entries.begin() + 40}, ledger().checkpoint(40))),
                            trust.get(), noProgress(), {})
                       .value())
                  .find("shorter_than_trusted"),
              std::string::npos);
}

TEST_F(LogAuditTest, JudgesEveryRecord)
{
    SmallLedger l(1, 2);
    const Person clerk = l.makePerson(0, "clerk", record::Role::Clerk), nobody = l.makePerson(0, "nobody", record::Role::Clerk);
    const auto at = l.enrol(clerk, 0, kStart + kHour);
    const auto t = l.trusted();
    FilingPlan plan;
    plan.token = false;
    l.file(clerk, 0, kStart + kDay, plan, at);
    l.file(nobody, 0, kStart + kDay, plan); // 3
    l.file(clerk, 0, kStart + kDay, plan, at,
           [](record::LedgerEntry& e) { std::get<record::SignedRecord>(e.body).signature[1] ^= 1; });        // 4
    l.file(clerk, 0, kStart + kHour, plan, at);                                                              // 5: back in time
    l.file(clerk, 0, kStart + kDay, plan, at, [](record::LedgerEntry& e) { e.controlHead.data()[0] ^= 1; }); // 6
    l.appendEntry(record::decodeLedgerEntry(l.entries[2]).value());                                          // 7: the same again
    files = publish(l.entries, l.checkpoint(l.entries.size()));
    EXPECT_EQ(told(audit(t.get())),
              "not_authorised @ entry 3\nsignature_invalid @ entry 4\ntime_backwards @ entry 5\ncontrol_head_differs @ entry 6\n"
              "control_head_differs @ entry 7\nrecord_repeated @ entry 7\n");
}

TEST_F(LogAuditTest, ACheckpointOfAnyClaimedSizeEnds)
{
    note::Checkpoint c{ledger().origin, (1ULL << 62) + 5, {}, {}};
    const auto key = crypto::PrivateKey::generate(crypto::Scheme::Ed25519).value();
    note::SignedNote n{
        c.text(),
        {note::signNote(c.text(), note::VerifierKey::make("x", note::SignatureType::Ed25519, *key.publicKey().ed25519()).value(), key)
             .value()}};
    files["checkpoint"] = toBytes(n.serialize());
    const LogAudit a = audit(trust.get());
    EXPECT_FALSE(a.authenticated);
    EXPECT_NE(told(a).find("checkpoint_rejected"), std::string::npos);
    EXPECT_NE(told(a).find("log_incomplete"), std::string::npos);
}

TEST_F(LogAuditTest, ErrorsAndStopping)
{
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(auditLog(sourceOf(files), nullptr, noProgress(), stop.get_token()).error().code, ErrorCode::Cancelled);
    files["checkpoint"] = toBytes("not a note");
    EXPECT_EQ(auditLog(sourceOf(files), nullptr, noProgress(), {}).error().code, ErrorCode::Malformed);
    files.erase("checkpoint");
    EXPECT_EQ(auditLog(sourceOf(files), nullptr, noProgress(), {}).error().code, ErrorCode::NotFound);
}

} // namespace
} // namespace jc::verdict::test
