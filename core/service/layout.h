// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names inside a workspace; docs/reference/workspace.md
#include "service/workspace.h"
#include "timestamp/evidence_record.h"

namespace jc::service {
struct Layout {
    std::filesystem::path root;
    [[nodiscard]] std::filesystem::path config() const { return root / "workspace.toml"; }
    [[nodiscard]] std::filesystem::path lock() const { return root / "lock"; }
    [[nodiscard]] std::filesystem::path key(const char* name) const { return root / "keys" / (std::string(name) + ".pem"); }
    [[nodiscard]] std::filesystem::path ledger() const { return root / "ledger" / "ledger.sqlite"; }
    [[nodiscard]] std::filesystem::path signerState() const { return root / "signer" / "state"; }
    [[nodiscard]] std::filesystem::path archive() const { return root / "archive" / "archive.sqlite"; }
    [[nodiscard]] std::filesystem::path vault() const { return root / "vault"; }
    [[nodiscard]] std::filesystem::path receipts() const { return root / "receipts"; }
    [[nodiscard]] std::filesystem::path trust() const { return root / "trust.jct"; }
    [[nodiscard]] std::filesystem::path trusted() const { return root / "trusted"; } ///< imported trust sets, <fingerprint>.jct
    [[nodiscard]] std::filesystem::path tsaChain() const { return root / "pki" / "tsa-chain.pem"; }
    [[nodiscard]] std::filesystem::path tsaSerial() const { return root / "tsa" / "serial"; }
    [[nodiscard]] std::filesystem::path backupScratch() const { return root / ".backup"; } ///< only while a backup is made
    [[nodiscard]] std::filesystem::path identities() const { return root / "identities"; }
};
/// Errors: NotFound ("not_a_workspace"), Malformed with line and column.
[[nodiscard]] Result<Config> readConfig(const std::filesystem::path& file);
[[nodiscard]] std::string writeConfig(const Config& config);

/// Which trust set a verification rests on and what it proved to be.
[[nodiscard]] Result<receipt::TrustSet> readTrustFile(const std::filesystem::path& file);

/// DER certificates above the token's signer up to a self-signed root, from the token itself and `anchors`. Empty when the chain does not
/// close.
[[nodiscard]] std::vector<Bytes> tokenChain(ByteView token, const std::vector<crypto::Certificate>& anchors);

/// Removes what programs that were killed have left of files they were writing in this folder.
void removeDeadTemporaries(const std::filesystem::path& dir) noexcept;

/// Completes one filing as far as possible until the deadline: ledger and token at once, then receipts. Stores every result. Errors:
/// storage only; what still waits is in filing.waits with lastError.
[[nodiscard]] Result<void> completeFiling(Workspace& w, archive::Filing& filing, std::chrono::milliseconds wait, ProgressSink& progress,
                                          std::stop_token stop, bool askForTokens = true);
/// Completes all pending filings, all within `wait`; tells of each before and after.
[[nodiscard]] Result<void> completePending(Workspace& w, std::chrono::milliseconds wait, ProgressSink& progress, std::stop_token stop,
                                           const std::function<void(archive::Filing&)>& before = {},
                                           const std::function<void(const archive::Filing&)>& after = {});

/// The shared part of a filing's receipts; Waiting before it is anchored.
[[nodiscard]] Result<receipt::FilingPart> filingPart(const archive::Filing& filing);
/// Item paths and time-stamp siblings for every item of a filing, built once.
class ItemProofs {
public:
    ItemProofs(const archive::Filing& filing, const std::vector<archive::Item>& items);
    [[nodiscard]] receipt::ItemPart part(const archive::Item& item) const;

private:
    merkle::FullTree m_tree;
    timestamp::BatchTree m_batch;
    bool m_tokens;
};
[[nodiscard]] std::string evidenceNumber(Workspace& w, const archive::Filing& filing, std::uint64_t ordinal); ///< "" before anchoring
} // namespace jc::service
