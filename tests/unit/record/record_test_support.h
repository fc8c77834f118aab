// SPDX-License-Identifier: Apache-2.0
#pragma once
// The vectors of tests/vectors/records.json and the same values built by hand.
#include "base/file.h"
#include "record/codec.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace jc::record::test {

inline const nlohmann::json& vectors()
{
    static const nlohmann::json all = [] {
        const auto text = readFile(std::string(JC_TEST_DATA) + "/vectors/records.json", 4 << 20);
        if (!text) throw std::runtime_error(text.error().detail);
        return nlohmann::json::parse(text->begin(), text->end());
    }();
    return all;
}
inline Bytes hex(const std::string& text)
{
    return fromHex(text).value();
}
inline Bytes vectorBytes(const std::string& name)
{
    for (const auto& v : vectors().at("valid")) {
        if (v.at("name") == name) return hex(v.at("hex"));
    }
    throw std::runtime_error("no vector " + name);
}

/// Decodes as `kind` and encodes again; the error when decoding fails.
inline Result<Bytes> roundTrip(const std::string& kind, ByteView in)
{
    const auto again = [](const auto& decoded) -> Result<Bytes> {
        if (!decoded) return tl::unexpected<Error>(decoded.error());
        return encode(*decoded);
    };
    if (kind == "record") return again(decodeRecord(in));
    if (kind == "signed_record") return again(decodeSignedRecord(in));
    if (kind == "ledger_entry") return again(decodeLedgerEntry(in));
    if (kind == "court_card") return again(decodeCourtCard(in));
    if (kind == "charter_core") return again(decodeCharterCore(in));
    if (kind == "item_descriptor") return again(decodeItemDescriptor(in));
    if (kind == "custody_event") return again(decodeCustodyEvent(in));
    throw std::runtime_error("no such kind: " + kind);
}

template <class Hash> Hash hashOf(std::uint8_t fill)
{
    Hash h;
    std::fill_n(h.data(), 32, fill);
    return h;
}
inline Bytes bytesOf(std::uint8_t fill, std::size_t n)
{
    return Bytes(n, fill);
}
template <std::size_t N> std::array<std::uint8_t, N> arrayOf(std::uint8_t fill)
{
    std::array<std::uint8_t, N> a{};
    a.fill(fill);
    return a;
}

inline constexpr UnixMs kT = 1'790'000'000'123;
inline Uuid uuid1()
{
    return parseUuid("0190a1b2-c3d4-7abc-8def-001122334455").value();
}
inline Uuid uuid2()
{
    return parseUuid("0190a1b2-c3d5-7abc-8def-001122334466").value();
}

inline Record recordOf(RecordBody body)
{
    return {uuid1(), kT, std::move(body)};
}
inline Filing filing()
{
    return {"210600", 3, hashOf<merkle::RootHash>(0x11), Purpose::PartyEvidence, hashOf<Sha256Digest>(0x12)};
}
inline Enrolment enrolment(Role role)
{
    return {hashOf<SignerId>(0x21), bytesOf(0x22, 44), crypto::Scheme::Ed25519, role, "210600", kT, kT + 1000};
}
inline Revocation revocation()
{
    return {hashOf<SignerId>(0x21), kT, RevocationReason::Left};
}
inline CourtCard card()
{
    CourtCard c;
    c.courtKey = "210600";
    c.nameZh = "辽宁省丹东市中级人民法院";
    c.nameEn = "Dandong Intermediate Court";
    c.consensusKey = hashOf<crypto::Ed25519Key>(0x31);
    c.logKey = hashOf<crypto::Ed25519Key>(0x32);
    c.cosignerKey = hashOf<crypto::Ed25519Key>(0x33);
    c.witnessKey = hashOf<crypto::Ed25519Key>(0x34);
    c.custodyKey = hashOf<crypto::Ed25519Key>(0x35);
    c.governanceKey = bytesOf(0x36, 44);
    c.serviceKey = hashOf<crypto::Ed25519Key>(0x37);
    c.caAnchors = {{0x30, 0x01}, {0x30, 0x02}};
    c.tsaAnchors = {{0x30, 0x03}};
    c.administrators = {enrolment(Role::Administrator)};
    c.nonce = arrayOf<16>(0x38);
    return c;
}
inline CourtCard card2()
{
    CourtCard c = card();
    c.courtKey = "210700";
    c.administrators.clear();
    return c;
}
inline CharterCore core()
{
    return {"judicial-chain.test", 2, cardsRoot({card(), card2()}).value()};
}
inline SignedRecord signedRecord()
{
    return {encode(recordOf(filing())), crypto::Scheme::Ed25519, hashOf<SignerId>(0x61), bytesOf(0x62, 64)};
}
inline LedgerEntry entrySigned()
{
    return {signedRecord(), kT, 7, 1, hashOf<ControlHead>(0x51)};
}
inline LedgerEntry entryCharter()
{
    return {CharterEntry{encode(core()), {bytesOf(0x41, 64), bytesOf(0x42, 64)}}, kT, 7, 0, ControlHead{}};
}
inline LedgerEntry entryEpoch()
{
    return {EpochEntry{1, hashOf<Sha256Digest>(0x43), {5, 300}, {encode(card()), encode(card2())}, {"210800", "210900"}, core().cardsRoot},
            kT, 7, 1, hashOf<ControlHead>(0x51)};
}
inline ItemDescriptor descriptor()
{
    ItemDescriptor d;
    d.salt = arrayOf<32>(0x71);
    d.name = "证据（一）·录音 ①é.mp3";
    d.nameRaw = toBytes("证据（一）·录音 ①e\u0301.mp3");
    d.size = 1234567;
    d.digests = {{crypto::DigestAlgorithm::Sha256, bytesOf(0x72, 32)},
                 {crypto::DigestAlgorithm::Sm3, bytesOf(0x73, 32)},
                 {crypto::DigestAlgorithm::Sha512, bytesOf(0x74, 64)}};
    d.mediaType = "audio/mpeg";
    d.intakeTime = kT;
    d.formDigest = hashOf<Sha256Digest>(0x75);
    d.caseNumber = "（2021）辽06民初123号";
    d.folder = "box/\uFFFD";
    d.folderRaw = toBytes("box/\xFF");
    d.purposeText = "证明借款事实";
    d.modifiedTime = kT - 5000;
    d.formFields = 12;
    return d;
}
inline CustodyEvent event()
{
    CustodyEvent e;
    e.id = uuid1();
    e.time = kT;
    e.utcOffsetMinutes = 480;
    e.kind = EventKind::Verified;
    e.actor = hashOf<SignerId>(0x81);
    e.role = Role::Judge;
    e.agent = "jchain 0.1.0";
    e.machine = "court-pc-7";
    e.filing = uuid2();
    e.ordinal = 3;
    e.number = "JC210600-7QZK-2026-18204-3-72";
    e.caseNumber = "（2021）辽06民初123号";
    e.detail = "opened in court";
    e.beforeDigest = bytesOf(0x82, 32);
    e.afterDigest = bytesOf(0x83, 64);
    e.outcome = 1;
    e.sessionKey = bytesOf(0x84, 32);
    e.sessionSignature = bytesOf(0x85, 64);
    return e;
}
} // namespace jc::record::test
