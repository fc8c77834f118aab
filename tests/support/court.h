// SPDX-License-Identifier: Apache-2.0
#pragma once
// Courts with fixed keys: the same names give the same keys, cards, charter and records every time, so that bytes can be compared.
#include "record/codec.h"
#include "record/control_state.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace jc::test {

inline constexpr UnixMs kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
inline constexpr UnixMs kStart = 1'790'000'000'000;

/// Settable from any thread.
class SetClock final : public Clock {
public:
    explicit SetClock(UnixMs t = kStart) : m_now(t) {}
    [[nodiscard]] UnixMs now() const override { return m_now.load(); }
    void set(UnixMs t) { m_now = t; }
    void add(UnixMs d) { m_now += d; }

private:
    std::atomic<UnixMs> m_now;
};

template <class T> T must(Result<T> r)
{
    if (!r) throw std::runtime_error(r.error().reason + ": " + r.error().detail);
    return std::move(*r);
}
inline void must(Result<void> r)
{
    if (!r) throw std::runtime_error(r.error().reason + ": " + r.error().detail);
}

/// Ed25519, seed = SHA-256("judicial-chain test key: " ‖ name).
inline crypto::PrivateKey keyNamed(const std::string& name)
{
    const auto seed = crypto::sha256(asBytes("judicial-chain test key: " + name));
    return must(crypto::PrivateKey::fromEd25519Seed(seed.bytes()));
}

struct Person {
    crypto::PrivateKey key;
    record::Enrolment enrolment;
    [[nodiscard]] const SignerId& id() const { return enrolment.certificateHash; }
};
inline Person personWith(crypto::PrivateKey key, const std::string& name, record::Role role, const std::string& court,
                         UnixMs notBefore = kStart - kDay, UnixMs notAfter = kStart + 3650 * kDay)
{
    record::Enrolment e;
    e.certificateHash = crypto::sha256(asBytes("certificate of " + name)).as<SignerId>();
    e.spki = toBytes(key.publicKey().spki());
    e.scheme = key.scheme();
    e.role = role;
    e.court = court;
    e.notBefore = notBefore;
    e.notAfter = notAfter;
    return {std::move(key), std::move(e)};
}
inline Person personNamed(const std::string& name, record::Role role, const std::string& court, UnixMs notBefore = kStart - kDay,
                          UnixMs notAfter = kStart + 3650 * kDay)
{
    return personWith(keyNamed(name), name, role, court, notBefore, notAfter);
}

struct Court {
    std::string courtKey;
    crypto::PrivateKey log, cosigner, custody, service, governance;
    std::vector<Person> administrators;
    record::CourtCard card;
    [[nodiscard]] SignerId serviceId() const { return service.publicKey().id(); }
};
inline Court courtNamed(const std::string& courtKey, std::size_t administrators)
{
    const auto named = [&](const char* what) { return keyNamed(courtKey + " " + what); };
    Court c{courtKey, named("log"), named("cosigner"), named("custody"), named("service"), named("governance"), {}, {}};
    for (std::size_t i = 0; i < administrators; ++i)
        c.administrators.push_back(personNamed(courtKey + " administrator " + std::to_string(i), record::Role::Administrator, courtKey));
    record::CourtCard& card = c.card;
    card.courtKey = courtKey;
    card.nameZh = "测试法院 " + courtKey;
    card.nameEn = "Test court " + courtKey;
    card.consensusKey = must(named("consensus").publicKey().ed25519());
    card.logKey = must(c.log.publicKey().ed25519());
    card.cosignerKey = must(c.cosigner.publicKey().ed25519());
    card.witnessKey = must(named("witness").publicKey().ed25519());
    card.custodyKey = must(c.custody.publicKey().ed25519());
    card.serviceKey = must(c.service.publicKey().ed25519());
    card.governanceKey = toBytes(c.governance.publicKey().spki());
    for (const auto& a : c.administrators)
        card.administrators.push_back(a.enrolment);
    std::ranges::sort(card.administrators, {}, &record::Enrolment::certificateHash);
    card.nonce.fill(7);
    return c;
}

/// Cards and charter of courts in ascending order of their keys, signed by each.
struct Founding {
    std::vector<Court> courts;
    record::CharterCore core;
    std::vector<Bytes> cards;
    record::CharterEntry charter;
    LedgerId id;
    std::string origin;

    explicit Founding(std::vector<Court> list, const std::string& name = "test.court.example") : courts(std::move(list))
    {
        core.name = name;
        seal();
    }
    explicit Founding(std::size_t administrators = 1) : Founding(std::vector{courtNamed("210600", administrators)}) {}
    /// After a card was changed by hand.
    void seal()
    {
        std::vector<record::CourtCard> list;
        cards.clear();
        for (const auto& c : courts) {
            list.push_back(c.card);
            cards.push_back(record::encode(c.card));
        }
        core.count = static_cast<std::uint32_t>(courts.size());
        core.cardsRoot = must(record::cardsRoot(list));
        charter.core = record::encode(core);
        sign();
    }
    void sign()
    {
        charter.signatures.clear();
        for (const auto& c : courts)
            charter.signatures.push_back(must(c.governance.sign(record::charterSigningInput(charter.core))));
        id = record::ledgerId(charter.core);
        origin = record::logOrigin(core, id);
    }
    [[nodiscard]] record::ControlState state() const { return must(record::ControlState::fromCharter(cards, charter)); }
};

/// UUIDv7 with a chosen time and number.
inline Uuid uuidAt(UnixMs t, std::uint64_t number)
{
    Uuid u{};
    for (std::size_t i = 0; i < 6; ++i)
        u[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(t) >> (40 - 8 * i));
    u[6] = 0x70;
    u[8] = 0x80;
    for (std::size_t i = 0; i < 7; ++i)
        u[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return u;
}
inline record::Record recordOf(record::RecordBody body, std::uint64_t number, UnixMs t = kStart)
{
    return {uuidAt(t, number), t, std::move(body)};
}
inline record::Filing filingOf(const std::string& court, std::uint64_t number)
{
    record::Filing f;
    f.court = court;
    f.itemCount = 1 + number % 5;
    f.itemRoot = crypto::sha256(asBytes("items " + std::to_string(number))).as<merkle::RootHash>();
    return f;
}
inline record::SignedRecord signedBy(const Founding& f, const Person& p, record::RecordBody body, std::uint64_t number, UnixMs t = kStart)
{
    return must(record::signRecord(recordOf(std::move(body), number, t), f.id, p.id(), p.key));
}
inline record::SignedRecord signedBy(const Founding& f, const SignerId& id, const crypto::PrivateKey& key, record::RecordBody body,
                                     std::uint64_t number, UnixMs t = kStart)
{
    return must(record::signRecord(recordOf(std::move(body), number, t), f.id, id, key));
}

} // namespace jc::test
