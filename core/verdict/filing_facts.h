// SPDX-License-Identifier: Apache-2.0
#pragma once
// Private to verdict: what a receipt's shared part proves by itself, before any item or file is looked at; and the memory of it.
#include "verdict/verdict.h"

#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace jc::verdict {

/// A token judged for itself: is it authentic? Whether it is about an item, the item decides.
struct TokenFacts {
    std::string_view reason; ///< "token_valid", or of reasons.cpp's time table
    timestamp::TokenInfo info;
    std::string authority;
};

struct FilingFacts {
    // The ledger's part. `unproven` empty: the entry is proved under the quorum of its epoch.
    std::string_view unproven; ///< reason of the ledger check
    std::string unprovenDetail;
    std::string_view contradiction; ///< ledger check fails although all is authentic
    std::string_view openQuestion;  ///< authentic, yet the ledger check stays undetermined
    std::uint64_t index = 0;
    std::uint32_t epoch = 0;
    record::Filing filing;
    UnixMs ledgerTime = 0;
    UnixMs anchoredAt = 0;
    std::vector<std::string> signers; ///< court keys

    // The signer's part, but for a revocation that came later: that hangs on the token's time.
    std::string_view identity; ///< reason of the identity check
    std::string identityDetail;
    std::optional<UnixMs> revokedFrom;
    bool revocationsKnownToSize = false;
    std::string signerName;
    UnixMs certificateEnd = 0; ///< notAfter; 0 = no certificate

    std::vector<TokenFacts> tokens;
};

/// Certificates parsed and paths judged before; thread-safe, bounded.
class CertificateMemo {
public:
    /// Errors: Malformed.
    [[nodiscard]] Result<crypto::Certificate> parse(ByteView der);
    /// Is every certificate one of `anchors`, or linked to one through the others, at this time?
    [[nodiscard]] bool allLinked(std::span<const crypto::Certificate> certificates, std::span<const crypto::Certificate> anchors,
                                 UnixMs at);

private:
    struct Window {
        UnixMs from, to;
    };
    static constexpr std::size_t kMaxCertificates = 4096, kMaxWindows = 4096;
    std::shared_mutex m_mutex;
    std::unordered_map<Sha256Digest, crypto::Certificate, Hash32Hasher> m_certificates;
    std::unordered_map<Sha256Digest, Window, Hash32Hasher> m_linked; ///< (certificates, anchors) → a stretch in which they are
};

struct Cache::Impl {
    CertificateMemo certificates;
    timestamp::PathCache tokenPaths;

    /// Forgets everything when it was filled under another trust set.
    void bindTo(const TrustedLedger& trust);

    struct Known {
        std::string text;
        std::shared_ptr<const FilingFacts> facts;
    };
    [[nodiscard]] std::shared_ptr<const Known> lastFiling();
    [[nodiscard]] std::shared_ptr<const Known> findFiling(std::string_view text);
    void keepFiling(std::shared_ptr<const Known> known);

    struct Head {
        note::CheckedCheckpoint checked;
        std::uint32_t epoch = 0; ///< whose courts signed
    };
    [[nodiscard]] std::shared_ptr<const Head> findCheckpoint(const std::string& text);
    void keepCheckpoint(const std::string& text, std::shared_ptr<const Head> head);

private:
    static constexpr std::size_t kMaxFilings = 4096, kMaxFilingBytes = 64 * 1024 * 1024, kMaxCheckpoints = 4096;
    std::shared_mutex m_mutex;
    bool m_bound = false;
    LedgerId m_ledger;
    merkle::RootHash m_root;
    std::uint64_t m_size = 0;
    std::unordered_map<std::size_t, std::shared_ptr<const Known>> m_filings;
    std::size_t m_filingBytes = 0;
    std::shared_ptr<const Known> m_last;
    std::unordered_map<std::string, std::shared_ptr<const Head>> m_checkpoints;
};

/// Never fails: what cannot be proved is a reason. `cache` may be null.
[[nodiscard]] FilingFacts examineFiling(const receipt::FilingPart& part, const TrustedLedger& trust, Cache::Impl* cache);

} // namespace jc::verdict
