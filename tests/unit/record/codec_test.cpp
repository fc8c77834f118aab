// SPDX-License-Identifier: Apache-2.0
#include "record_test_support.h"

#include "crypto/digest.h"

namespace jc::record::test {
namespace {

TEST(Codec, EveryVectorRoundTrips)
{
    std::size_t n = 0;
    for (const auto& v : vectors().at("valid")) {
        const Bytes in = hex(v.at("hex"));
        const auto out = roundTrip(v.at("kind"), in);
        ASSERT_TRUE(out) << v.at("name") << ": " << out.error().detail;
        EXPECT_EQ(toHex(*out), toHex(in)) << v.at("name");
        ++n;
    }
    EXPECT_GE(n, 27U);
}

TEST(Codec, EveryForbiddenFormIsRefused)
{
    std::size_t n = 0;
    for (const auto& v : vectors().at("refused")) {
        const auto out = roundTrip(v.at("kind"), hex(v.at("hex")));
        ASSERT_FALSE(out) << v.at("name");
        EXPECT_EQ(out.error().code, ErrorCode::Malformed) << v.at("name");
        EXPECT_TRUE(out.error().detail.starts_with("This is not a valid ")) << out.error().detail;
        ++n;
    }
    EXPECT_GE(n, 230U);
}

/// encode makes exactly the bytes that an independent writer made, and decode finds exactly these values in them.
template <class Value, class Decode> void same(const char* name, const Value& value, Decode decode)
{
    const Bytes expected = vectorBytes(name);
    EXPECT_EQ(toHex(encode(value)), toHex(expected)) << name;
    const auto decoded = decode(expected);
    ASSERT_TRUE(decoded) << name << ": " << decoded.error().detail;
    EXPECT_TRUE(*decoded == value) << name;
}

TEST(Codec, RecordsHaveTheBytesOfTheVectors)
{
    const LedgerId l = ledgerId(encode(core()));
    same("filing", recordOf(filing()), decodeRecord);
    same("custody_anchor",
         recordOf(CustodyAnchor{"210600",
                                300,
                                hashOf<merkle::RootHash>(0x13),
                                toBytes("checkpoint\n"),
                                {hashOf<merkle::NodeHash>(0x14), hashOf<merkle::NodeHash>(0x15)}}),
         decodeRecord);
    same("ledger_anchor",
         recordOf(LedgerAnchor{l,
                               12,
                               hashOf<merkle::RootHash>(0x16),
                               toBytes("checkpoint\n"),
                               {hashOf<merkle::NodeHash>(0x17)},
                               encode(core()),
                               encode(card()),
                               encode(entryEpoch()),
                               11,
                               {hashOf<merkle::NodeHash>(0x18)}}),
         decodeRecord);
    same("enrolment", recordOf(enrolment(Role::Clerk)), decodeRecord);
    same("revocation", recordOf(revocation()), decodeRecord);
    same("proposal_admit", recordOf(Proposal{1, AdmitCourt{encode(card())}}), decodeRecord);
    same("proposal_change", recordOf(Proposal{1, ChangeCard{encode(card())}}), decodeRecord);
    same("proposal_remove", recordOf(Proposal{1, RemoveCourt{"210700"}}), decodeRecord);
    same("proposal_suspend", recordOf(Proposal{0, SuspendCourt{"210700"}}), decodeRecord);
    same("proposal_enrol", recordOf(Proposal{1, enrolment(Role::Clerk)}), decodeRecord);
    same("proposal_revoke", recordOf(Proposal{1, revocation()}), decodeRecord);
    same("ballot", recordOf(Ballot{hashOf<Sha256Digest>(0x1B), 1, true}), decodeRecord);
    same("ballot_no", recordOf(Ballot{hashOf<Sha256Digest>(0x1B), 0, false}), decodeRecord);
    same("renewal", recordOf(Renewal{18204, hashOf<merkle::LeafHash>(0x19), hashOf<Sha256Digest>(0x1A)}), decodeRecord);
    same("signed", signedRecord(), decodeSignedRecord);
}

TEST(Codec, EntriesAndCardsHaveTheBytesOfTheVectors)
{
    same("entry_signed", entrySigned(), decodeLedgerEntry);
    same("entry_charter", entryCharter(), decodeLedgerEntry);
    same("entry_epoch", entryEpoch(), decodeLedgerEntry);
    same("card", card(), decodeCourtCard);
    same("card2", card2(), decodeCourtCard);
    same("core", core(), decodeCharterCore);
    EXPECT_EQ(merkle::hashLeaf(encode(entrySigned())).hex(), vectors()["derived"]["entryHash"]);
}

TEST(Codec, DescriptorsAndEventsHaveTheBytesOfTheVectors)
{
    same("descriptor", descriptor(), decodeItemDescriptor);
    ItemDescriptor empty;
    empty.salt = arrayOf<32>(0x71);
    empty.name = "日志.txt";
    const auto nothing = crypto::sha256(ByteView{});
    empty.digests = {{crypto::DigestAlgorithm::Sha256, toBytes(ByteView(nothing.bytes()))}};
    empty.intakeTime = kT;
    empty.emptyReason = "设备无日志输出";
    same("descriptor_empty_file", empty, decodeItemDescriptor);

    same("event", event(), decodeCustodyEvent);
    CustodyEvent west;
    west.id = uuid1();
    west.time = kT;
    west.utcOffsetMinutes = -210;
    west.kind = EventKind::Filed;
    west.actor = hashOf<SignerId>(0x81);
    west.agent = "jchain 0.1.0";
    same("event_west", west, decodeCustodyEvent);
}

TEST(Codec, OversizeEntriesAreRefused)
{
    LedgerEntry e = entrySigned();
    auto& inner = std::get<SignedRecord>(e.body);
    inner.record.resize(kMaxEntry - (encode(e).size() - inner.record.size()));
    while (encode(e).size() > kMaxEntry)
        inner.record.pop_back();
    ASSERT_EQ(encode(e).size(), kMaxEntry);
    EXPECT_TRUE(decodeLedgerEntry(encode(e)));
    inner.record.push_back(0);
    ASSERT_EQ(encode(e).size(), kMaxEntry + 1);
    EXPECT_FALSE(decodeLedgerEntry(encode(e)));

    LedgerEntry charter = entryCharter();
    auto& c = std::get<CharterEntry>(charter.body);
    CharterCore many = core();
    many.count = 900;
    c.core = encode(many);
    c.signatures.assign(900, bytesOf(1, 64));
    ASSERT_GT(encode(charter).size(), kMaxEntry);
    ASSERT_LE(encode(charter).size(), kMaxControlEntry);
    EXPECT_TRUE(decodeLedgerEntry(encode(charter)));
    many.count = 930;
    c.core = encode(many);
    c.signatures.assign(930, bytesOf(1, 64));
    ASSERT_GT(encode(charter).size(), kMaxControlEntry);
    EXPECT_FALSE(decodeLedgerEntry(encode(charter)));
}

TEST(Codec, LongestFieldsAreAcceptedAndOneMoreIsNot)
{
    const auto check = [](auto field, std::size_t limit) {
        ItemDescriptor d = descriptor();
        d.nameRaw.clear();
        d.folderRaw.clear();
        field(d).assign(limit, 'a');
        EXPECT_TRUE(decodeItemDescriptor(encode(d))) << limit;
        field(d).assign(limit + 1, 'a');
        EXPECT_FALSE(decodeItemDescriptor(encode(d))) << limit;
    };
    check([](ItemDescriptor& d) -> std::string& { return d.name; }, kMaxName);
    check([](ItemDescriptor& d) -> std::string& { return d.folder; }, kMaxFolder);
    check([](ItemDescriptor& d) -> std::string& { return d.mediaType; }, kMaxMediaType);
    check([](ItemDescriptor& d) -> std::string& { return d.caseNumber; }, kMaxCaseNumber);
    check([](ItemDescriptor& d) -> std::string& { return d.purposeText; }, kMaxPurposeText);
    check(
        [](ItemDescriptor& d) -> std::string& {
            d.size = 0;
            return d.emptyReason;
        },
        kMaxEmptyReason);
}

TEST(Codec, NormalFormIsJudgedByTheTables)
{
    // Names whose characters need the tables and the ones that do not give the same answer as full normalisation.
    const auto accepts = [](std::string_view name) {
        ItemDescriptor d = descriptor();
        d.name = name;
        d.nameRaw.clear();
        return decodeItemDescriptor(encode(d)).has_value();
    };
    EXPECT_TRUE(accepts("证据〇一（副本）【终稿】！.pdf"));
    EXPECT_TRUE(accepts("é한국어が😀"));
    EXPECT_FALSE(accepts("\uF900"));             // CJK compatibility ideograph: NFC is U+8C48
    EXPECT_FALSE(accepts("\u212B"));             // Ångström sign
    EXPECT_FALSE(accepts("か\u3099"));           // composes to が
    EXPECT_FALSE(accepts("\u1112\u1161\u11AB")); // composes to 한
    EXPECT_FALSE(accepts("証\u0323\u0307\u0323"));
}

TEST(Codec, AMalformedMessageLeavesNothingForTheNextOne)
{
    ASSERT_FALSE(decodeItemDescriptor(ByteView(encode(descriptor())).first(200)));
    const auto small = decodeItemDescriptor(vectorBytes("descriptor_small"));
    ASSERT_TRUE(small);
    EXPECT_TRUE(small->caseNumber.empty());
    EXPECT_EQ(small->digests.size(), 1U);
    EXPECT_FALSE(small->formDigest);
}
} // namespace
} // namespace jc::record::test
