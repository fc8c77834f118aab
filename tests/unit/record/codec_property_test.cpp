// SPDX-License-Identifier: Apache-2.0
#include "record_test_support.h"

#include "base/text.h"
#include "record/numbers.h"

#include <rapidcheck/gtest.h>

#include <map>

namespace jc::record::test {
namespace {
namespace gen = rc::gen;

template <class Hash> Hash anyHash()
{
    return Hash::parse(*gen::container<Bytes>(32, gen::arbitrary<std::uint8_t>())).value();
}
template <std::size_t N> std::array<std::uint8_t, N> anyArray()
{
    std::array<std::uint8_t, N> a{};
    for (auto& x : a)
        x = *gen::arbitrary<std::uint8_t>();
    return a;
}
Bytes anyBytes(std::size_t least, std::size_t most)
{
    const auto n = *gen::inRange<std::size_t>(least, most + 1);
    return *gen::container<Bytes>(n, gen::arbitrary<std::uint8_t>());
}
std::uint64_t anyCount(std::uint64_t least)
{
    // Every length of varint, not only the large numbers.
    const auto shift = *gen::inRange(0, 63);
    return std::max(least, (*gen::arbitrary<std::uint64_t>() & 0x7FFF'FFFF'FFFF'FFFF) >> shift);
}
UnixMs anyTime()
{
    return *gen::inRange<UnixMs>(0, kMaxTime + 1);
}
Uuid anyUuid()
{
    auto id = anyArray<16>();
    id[6] = static_cast<std::uint8_t>(0x70 | (id[6] & 0x0F));
    id[8] = static_cast<std::uint8_t>(0x80 | (id[8] & 0x3F));
    return id;
}
std::string anyCourt()
{
    return *gen::container<std::string>(6, gen::elementOf(std::string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")));
}
std::string anyText(std::size_t most)
{
    std::string s;
    const auto n = *gen::inRange(0, 12);
    for (int i = 0; i < n; ++i)
        s += *gen::element<std::string>("a", "Z", "7", " ", "\n", "证", "据", "é", "😀", "（", "か", "한", "\u0301");
    return std::string(cutUtf8(s, most));
}
std::vector<merkle::NodeHash> anyPath()
{
    std::vector<merkle::NodeHash> path(*gen::inRange<std::size_t>(0, 5));
    for (auto& h : path)
        h = anyHash<merkle::NodeHash>();
    return path;
}
Enrolment anyEnrolment()
{
    Enrolment e{anyHash<SignerId>(),
                anyBytes(1, 100),
                static_cast<crypto::Scheme>(*gen::inRange(1, 4)),
                static_cast<Role>(*gen::inRange(1, 6)),
                anyCourt(),
                anyTime(),
                anyTime()};
    if (e.notAfter < e.notBefore) std::swap(e.notAfter, e.notBefore);
    return e;
}
Revocation anyRevocation()
{
    return {anyHash<SignerId>(), anyTime(), static_cast<RevocationReason>(*gen::inRange(1, 6))};
}
CourtCard anyCard()
{
    CourtCard c;
    c.courtKey = anyCourt();
    c.nameZh = "法院" + anyText(100);
    c.nameEn = anyText(100);
    for (auto* k : {&c.consensusKey, &c.logKey, &c.cosignerKey, &c.witnessKey, &c.custodyKey, &c.serviceKey})
        *k = anyHash<crypto::Ed25519Key>();
    c.governanceKey = anyBytes(1, 91);
    c.nonce = anyArray<16>();
    std::map<Bytes, int> anchors;
    for (auto n = *gen::inRange(0, 4); n > 0; --n)
        anchors[anyBytes(1, 60)] = 0;
    for (const auto& [der, _] : anchors)
        c.caAnchors.push_back(der);
    c.tsaAnchors = c.caAnchors;
    for (std::uint8_t n = 0; n < *gen::inRange<std::uint8_t>(0, 3); ++n) {
        Enrolment e = anyEnrolment();
        e.role = Role::Administrator;
        e.court = c.courtKey;
        e.certificateHash = hashOf<SignerId>(n);
        c.administrators.push_back(e);
    }
    return c;
}
CharterCore anyCore(std::uint32_t count)
{
    return {"a.b-" + std::to_string(*gen::inRange(0, 1000)), count, anyHash<merkle::RootHash>()};
}
LedgerEntry anyEpochEntry()
{
    EpochEntry e;
    e.number = *gen::arbitrary<std::uint32_t>();
    e.proposalHash = anyHash<Sha256Digest>();
    std::uint64_t at = 0;
    for (auto n = *gen::inRange(1, 5); n > 0; --n)
        e.ballots.push_back(at += *gen::inRange<std::uint64_t>(1, 100000));
    std::map<std::string, Bytes> cards;
    for (auto n = *gen::inRange(0, 3); n > 0; --n) {
        const auto c = anyCard();
        cards[c.courtKey] = encode(c);
    }
    for (const auto& [_, bytes] : cards)
        e.changedCards.push_back(bytes);
    for (const auto& [key, _] : cards)
        e.removedCourts.push_back(key);
    e.cardsRoot = anyHash<merkle::RootHash>();
    return {e, anyTime(), anyCount(1), e.number, anyHash<ControlHead>()};
}
RecordBody anyBody()
{
    switch (*gen::inRange(0, 8)) {
    case 0: {
        Filing f{anyCourt(),
                 *gen::inRange<std::uint64_t>(1, kMaxItems + 1),
                 anyHash<merkle::RootHash>(),
                 static_cast<Purpose>(*gen::inRange(1, 6)),
                 {}};
        if (*gen::arbitrary<bool>()) f.tokenDigest = anyHash<Sha256Digest>();
        return f;
    }
    case 1:
        return CustodyAnchor{anyCourt(), anyCount(1), anyHash<merkle::RootHash>(), anyBytes(1, 300), anyPath()};
    case 2: {
        LedgerAnchor a;
        a.source = anyHash<LedgerId>();
        a.size = anyCount(1);
        a.root = anyHash<merkle::RootHash>();
        a.checkpoint = anyBytes(1, 300);
        a.consistency = anyPath();
        if (*gen::arbitrary<bool>()) {
            a.charterCore = encode(anyCore(3));
            a.card = encode(anyCard());
        }
        if (*gen::arbitrary<bool>()) {
            a.epochEntry = encode(anyEpochEntry());
            a.epochIndex = a.size - 1;
            a.epochPath = anyPath();
        }
        return a;
    }
    case 3:
        return anyEnrolment();
    case 4:
        return anyRevocation();
    case 5: {
        const auto epoch = *gen::arbitrary<std::uint32_t>();
        switch (*gen::inRange(0, 6)) {
        case 0:
            return Proposal{epoch, AdmitCourt{encode(anyCard())}};
        case 1:
            return Proposal{epoch, ChangeCard{encode(anyCard())}};
        case 2:
            return Proposal{epoch, RemoveCourt{anyCourt()}};
        case 3:
            return Proposal{epoch, SuspendCourt{anyCourt()}};
        case 4:
            return Proposal{epoch, anyEnrolment()};
        default:
            return Proposal{epoch, anyRevocation()};
        }
    }
    case 6:
        return Ballot{anyHash<Sha256Digest>(), *gen::arbitrary<std::uint32_t>(), *gen::arbitrary<bool>()};
    default:
        return Renewal{anyCount(0), anyHash<merkle::LeafHash>(), anyHash<Sha256Digest>()};
    }
}
Record anyRecord()
{
    return {anyUuid(), anyTime(), anyBody()};
}
SignedRecord anySigned()
{
    return {anyBytes(1, 400), static_cast<crypto::Scheme>(*gen::inRange(1, 4)), anyHash<SignerId>(), anyBytes(64, 64)};
}
LedgerEntry anyEntry()
{
    switch (*gen::inRange(0, 3)) {
    case 0:
        return {anySigned(), anyTime(), anyCount(1), *gen::arbitrary<std::uint32_t>(), anyHash<ControlHead>()};
    case 1: {
        const auto n = *gen::inRange<std::uint32_t>(1, 5);
        CharterEntry c{encode(anyCore(n)), {}};
        for (std::uint32_t i = 0; i < n; ++i)
            c.signatures.push_back(anyBytes(64, 64));
        return {c, anyTime(), anyCount(1), 0, ControlHead{}};
    }
    default:
        return anyEpochEntry();
    }
}
ItemDescriptor anyDescriptor()
{
    ItemDescriptor d;
    d.salt = anyArray<32>();
    const auto named = [](std::string& name, Bytes& raw) {
        Bytes bytes = toBytes(name);
        if (*gen::arbitrary<bool>()) bytes.push_back(*gen::element<std::uint8_t>(0xFF, 0xC3, 'x', 0x80));
        name = toNfc(asText(bytes));
        if (!equal(bytes, asBytes(name))) raw = bytes;
    };
    d.name = "n" + anyText(200);
    named(d.name, d.nameRaw);
    if (*gen::arbitrary<bool>()) {
        d.folder = "f" + anyText(50) + "/g" + anyText(50);
        named(d.folder, d.folderRaw);
    }
    d.size = anyCount(0);
    d.digests.push_back({crypto::DigestAlgorithm::Sha256, anyBytes(32, 32)});
    if (*gen::arbitrary<bool>()) d.digests.push_back({crypto::DigestAlgorithm::Sm3, anyBytes(32, 32)});
    if (*gen::arbitrary<bool>()) d.digests.push_back({crypto::DigestAlgorithm::Sha512, anyBytes(64, 64)});
    d.mediaType = *gen::element<std::string>("", "text/plain", "application/octet-stream");
    d.intakeTime = anyTime();
    if (*gen::arbitrary<bool>()) {
        d.formDigest = anyHash<Sha256Digest>();
        d.formFields = *gen::inRange<std::uint32_t>(0, 13);
    }
    d.caseNumber = anyText(128);
    d.purposeText = anyText(2000);
    if (d.size == 0) d.emptyReason = anyText(1000);
    d.modifiedTime = anyTime();
    return d;
}
CustodyEvent anyEvent()
{
    CustodyEvent e;
    e.id = anyUuid();
    e.time = anyTime();
    e.utcOffsetMinutes = *gen::inRange(-720, 841);
    e.kind = static_cast<EventKind>(*gen::inRange(1, 31));
    e.actor = anyHash<SignerId>();
    e.role = static_cast<Role>(*gen::inRange(0, 6));
    e.agent = "a" + anyText(200);
    e.machine = anyText(200);
    if (*gen::arbitrary<bool>()) {
        e.filing = anyUuid();
        e.ordinal = *gen::arbitrary<std::uint32_t>();
    }
    if (*gen::arbitrary<bool>())
        e.number = toString(EvidenceNumber{anyCourt(), "7QZK", *gen::inRange(1970, 9999), anyCount(0), 1 + e.ordinal % 1000});
    e.caseNumber = anyText(128);
    e.detail = anyText(4000);
    if (*gen::arbitrary<bool>()) e.beforeDigest = anyBytes(32, 32);
    if (*gen::arbitrary<bool>()) e.afterDigest = anyBytes(64, 64);
    e.outcome = *gen::inRange<std::uint32_t>(0, 4);
    if (*gen::arbitrary<bool>()) {
        e.sessionKey = anyBytes(32, 32);
        e.sessionSignature = anyBytes(64, 64);
    }
    return e;
}

template <class Value, class Decode> void holds(const Value& value, Decode decode)
{
    const auto back = decode(encode(value));
    if (!back) RC_FAIL(back.error().detail);
    RC_ASSERT(*back == value);
    RC_ASSERT(encode(*back) == encode(value));
}
RC_GTEST_PROP(CodecProperty, RecordsRoundTrip, ())
{
    holds(anyRecord(), decodeRecord);
}
RC_GTEST_PROP(CodecProperty, SignedRecordsRoundTrip, ())
{
    holds(anySigned(), decodeSignedRecord);
}
RC_GTEST_PROP(CodecProperty, EntriesRoundTrip, ())
{
    holds(anyEntry(), decodeLedgerEntry);
}
RC_GTEST_PROP(CodecProperty, CardsRoundTrip, ())
{
    holds(anyCard(), decodeCourtCard);
}
RC_GTEST_PROP(CodecProperty, CoresRoundTrip, ())
{
    holds(anyCore(*gen::inRange<std::uint32_t>(1, 1000)), decodeCharterCore);
}
RC_GTEST_PROP(CodecProperty, DescriptorsRoundTrip, ())
{
    holds(anyDescriptor(), decodeItemDescriptor);
}
RC_GTEST_PROP(CodecProperty, EventsRoundTrip, ())
{
    holds(anyEvent(), decodeCustodyEvent);
}

/// Every vector, every byte, every one of its 255 other values: refused, or another value with exactly these canonical bytes.
TEST(CodecProperty, EverySingleByteMutationFailsOrIsCanonicalItself)
{
    std::size_t accepted = 0, refused = 0;
    for (const auto& v : vectors().at("valid")) {
        const std::string kind = v.at("kind");
        Bytes b = hex(v.at("hex"));
        for (std::size_t i = 0; i < b.size(); ++i) {
            const std::uint8_t was = b[i];
            for (int x = 1; x < 256; ++x) {
                b[i] = static_cast<std::uint8_t>(was ^ x);
                const auto out = roundTrip(kind, b);
                if (!out) {
                    ASSERT_EQ(out.error().code, ErrorCode::Malformed);
                    ++refused;
                } else {
                    ASSERT_TRUE(equal(*out, b)) << v.at("name") << " byte " << i;
                    ++accepted;
                }
            }
            b[i] = was;
        }
    }
    EXPECT_GT(accepted, 100000U); // inside hashes and texts
    EXPECT_GT(refused, 100000U);
}
/// Likewise one byte left out, doubled or put in.
TEST(CodecProperty, EveryShortenedOrLengthenedFormFailsOrIsCanonicalItself)
{
    for (const auto& v : vectors().at("valid")) {
        const std::string kind = v.at("kind");
        const Bytes b = hex(v.at("hex"));
        for (std::size_t i = 0; i <= b.size(); ++i) {
            std::vector<Bytes> forms;
            if (i < b.size()) {
                forms.push_back(b);
                forms.back().erase(forms.back().begin() + static_cast<std::ptrdiff_t>(i));
            }
            for (const std::uint8_t extra : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{0x80}, i > 0 ? b[i - 1] : std::uint8_t{8}}) {
                forms.push_back(b);
                forms.back().insert(forms.back().begin() + static_cast<std::ptrdiff_t>(i), extra);
            }
            for (const auto& form : forms) {
                const auto out = roundTrip(kind, form);
                if (out) {
                    ASSERT_TRUE(equal(*out, form)) << v.at("name") << " at " << i;
                }
            }
        }
    }
}
RC_GTEST_PROP(CodecProperty, JunkNeverCrashes, (const Bytes& junk))
{
    for (const auto* kind : {"record", "signed_record", "ledger_entry", "court_card", "charter_core", "item_descriptor", "custody_event"}) {
        const auto out = roundTrip(kind, junk);
        RC_ASSERT(!out || *out == junk);
    }
}
} // namespace
} // namespace jc::record::test
