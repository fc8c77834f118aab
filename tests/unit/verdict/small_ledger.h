// SPDX-License-Identifier: Apache-2.0
#pragma once
// A real ledger in memory, small enough to bend: courts with all their keys and authorities, a charter, staff, filings, checkpoints,
// receipts. Nothing is checked on the way in, so that a test can put on the ledger what no honest court would.
#include "merkle/tree.h"
#include "receipt/trust_set.h"
#include "record/codec.h"
#include "timestamp/evidence_record.h"
#include "verdict/verdict.h"

#include <functional>

namespace jc::verdict::test {

inline constexpr UnixMs kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
inline constexpr UnixMs kStart = 1'772'323'200'000; // 2026-03-01T00:00:00Z

class SetClock final : public Clock {
public:
    [[nodiscard]] UnixMs now() const override { return m_now; }
    void set(UnixMs t) { m_now = t; }

private:
    UnixMs m_now = kStart;
};

struct Authority { ///< a key with its certificate
    crypto::PrivateKey key;
    crypto::Certificate certificate;
};
[[nodiscard]] Authority makeRoot(const std::string& name);
[[nodiscard]] Authority makeUnder(const Authority& issuer, crypto::CertificateRequest request);

struct Person {
    crypto::PrivateKey key;
    crypto::Certificate certificate;
    std::vector<Bytes> chain; ///< as a receipt carries it: own certificate first
    record::Enrolment enrolment;
};

struct Court {
    std::string courtKey;
    crypto::PrivateKey log, cosigner, witness, custody, service, consensus, governance;
    Authority caRoot, caSub, tsaRoot, tsaLeaf;
    std::vector<Person> administrators;
    record::CourtCard card;
};

struct FilingPlan {
    std::vector<std::string> contents = {"one evidence file"};
    bool token = true;
    bool blindSingle = false;
    bool namesToken = false;                  ///< Filing.token_digest
    std::optional<Sha256Digest> stampInstead; ///< the token is about this digest
    std::optional<Sha256Digest> nameInstead;  ///< Filing.token_digest is this
    std::optional<std::string> courtInstead;
    UnixMs stampedAt = 0;      ///< 0 = the filing's time
    std::size_t stampedBy = 0; ///< whose authority
    std::uint32_t formFields = 0;
};
struct Filed {
    std::uint64_t index = 0;
    std::vector<std::string> contents;
    std::vector<Bytes> descriptors;
    std::vector<std::vector<merkle::NodeHash>> paths;
    std::vector<std::vector<Sha256Digest>> siblings;
    std::vector<receipt::TokenPart> tokens;
    std::vector<Bytes> certificates;
    std::optional<std::uint64_t> enrolmentIndex;
    std::string court;
    UnixMs time = 0;
};
/// Lets a test change an entry before it is put on the ledger.
using Bend = std::function<void(record::LedgerEntry&)>;

struct Signers {
    std::size_t log = 0;
    std::optional<std::size_t> cosigners; ///< how many; default: all
    UnixMs firstTime = 0;                 ///< court i signs i seconds later; 0 = a second after the last entry
};

class SmallLedger {
public:
    explicit SmallLedger(std::size_t courtCount = 1, std::size_t administrators = 1, const std::string& name = "test.example");

    std::vector<Court> courts;
    record::CharterCore core;
    Bytes coreBytes;
    LedgerId id;
    std::string origin;
    std::vector<Bytes> entries;
    std::vector<std::size_t> control; ///< indexes of control entries after the charter

    [[nodiscard]] Person makePerson(std::size_t court, const std::string& name, record::Role role, UnixMs notBefore = kStart - kDay,
                                    UnixMs notAfter = kStart + 365 * kDay) const;
    /// Appends a record signed by `key` as `signer`.
    std::uint64_t append(const record::RecordBody& body, const SignerId& signer, const crypto::PrivateKey& key, UnixMs t,
                         const Bend& bend = {});
    std::uint64_t appendEntry(record::LedgerEntry entry, const Bend& bend = {});
    std::uint64_t enrol(const Person& person, std::size_t court, UnixMs t, std::size_t administrator = 0);
    std::uint64_t revoke(const Person& person, std::size_t court, UnixMs from, UnixMs t, std::size_t administrator = 0);
    Filed file(const Person& signer, std::size_t court, UnixMs t, const FilingPlan& plan = {}, std::optional<std::uint64_t> enrolment = {},
               const Bend& bend = {});
    [[nodiscard]] receipt::TokenPart stamp(std::size_t court, const Sha256Digest& imprint, UnixMs t) const;

    [[nodiscard]] std::string checkpoint(std::uint64_t size, const Signers& signers) const;
    [[nodiscard]] std::string checkpoint(std::uint64_t size) const { return checkpoint(size, Signers{}); }
    [[nodiscard]] merkle::RootHash root(std::uint64_t size) const;
    [[nodiscard]] std::vector<merkle::NodeHash> path(std::uint64_t index, std::uint64_t size) const;
    [[nodiscard]] std::string proof(std::uint64_t index, std::uint64_t size, const std::string& checkpoint) const;

    /// size 0 = all entries.
    [[nodiscard]] receipt::TrustSet trustSet(std::uint64_t size = 0) const;
    [[nodiscard]] std::shared_ptr<const TrustedLedger> trusted(std::uint64_t size = 0) const; ///< null when it does not prove itself
    [[nodiscard]] receipt::Receipt receiptOf(const Filed& filed, std::size_t item = 0, std::uint64_t size = 0,
                                             const Signers& signers = Signers{}) const;

private:
    std::vector<merkle::LeafHash> m_leaves;
    record::ControlHead m_head;
    std::uint64_t m_height = 0;
};

[[nodiscard]] FileFacts factsOf(const std::string& name, const std::string& content);
[[nodiscard]] Sha256Digest digestOf(std::string_view content);
/// File name that the test's filings give item i.
[[nodiscard]] std::string itemName(std::size_t i);

} // namespace jc::verdict::test
