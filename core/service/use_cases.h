// SPDX-License-Identifier: Apache-2.0
#pragma once
// The use cases: what the command line, the window and the court API call. Each takes an open Workspace where one is needed. Errors carry
// the code that decides the exit status; reasons are stable and have a sentence in every language at the caller's.
#include "intake/intake.h"
#include "ledger/deep_audit.h"
#include "service/workspace.h"
#include "verdict/log_audit.h"
#include "verdict/verdict.h"

namespace jc::service {

// ---- making workspaces -----------------------------------------------------------------------------------------------
struct NewCourt {
    std::string courtKey = "210600", nameZh, nameEn;
    std::string ledgerName;                            ///< 1–63 of [a-z0-9.-]
    std::vector<std::filesystem::path> administrators; ///< certificates (PEM or DER) of the first administrators; ≥ 1
    std::vector<std::filesystem::path> caAnchors;      ///< certificates that issue staff certificates
    std::vector<std::string> authorityUrls;            ///< RFC 3161; empty = embedded authority
    std::vector<std::filesystem::path> tsaAnchors;     ///< with authorityUrls
};
/// Makes a real workspace with fresh court keys. The folder must be absent or empty; a failure leaves nothing. Errors: Refused ("exists"),
/// CannotWrite, Malformed.
[[nodiscard]] Result<void> initWorkspace(const std::filesystem::path& dir, const NewCourt& court, const Clock& clock);
/// A complete demonstration court (architecture §7): PKI, seven identities with one PIN, embedded ledger and TSA, staff enrolled,
/// trust.jct. Nothing outside DIR.
[[nodiscard]] Result<void> makeDemonstration(const std::filesystem::path& dir, const Clock& clock);

// ---- cases -----------------------------------------------------------------------------------------------------------
struct CaseInfo {
    std::string number;
    UnixMs created{};
    std::uint64_t items = 0, anchored = 0;
    bool otherCourt = false; ///< a well-formed number of another court: a warning
};
[[nodiscard]] Result<CaseInfo> newCase(Workspace& w, std::string_view number); ///< clerk or judge. Refused ("exists")
[[nodiscard]] Result<std::vector<CaseInfo>> listCases(Workspace& w);

// ---- filing ----------------------------------------------------------------------------------------------------------
struct FilingRequest {
    std::string caseNumber;
    std::vector<std::filesystem::path> paths;
    record::Purpose purpose = record::Purpose::PartyEvidence;
    std::string purposeText;
    std::optional<std::filesystem::path> form; ///< 上链前 form, JSON ≤ 64 KiB
    bool sha512 = false;
    bool sm3 = true;
    bool seal = true;
    std::string emptyReason;                          ///< empty = files of 0 bytes are refused
    std::optional<std::filesystem::path> receiptsDir; ///< default <workspace>/receipts
    std::chrono::milliseconds wait{15000};
    /// The caller will call acknowledge() once the report has been shown. Until then the filing counts as interrupted: after a crash the
    /// same files complete it instead of being filed twice.
    bool acknowledges = false;
};
enum class ItemState : std::uint8_t { Fixed, Timestamped, Queued, Anchored, Skipped, Refused };
[[nodiscard]] std::string_view toString(ItemState s) noexcept; ///< "fixed" …
struct FiledItem {
    std::filesystem::path path;
    ItemState state = ItemState::Skipped;
    std::string number;              ///< empty until anchored
    std::string sha256, sm3, sha512; ///< hex; empty when not taken
    std::uint64_t size = 0;
    std::optional<std::filesystem::path> receipt;
    std::string error;       ///< stable reason ("changed_while_read", …); empty = none
    std::string errorDetail; ///< English
    ErrorCode errorCode{};   ///< of error, when there is one
    bool duplicate = false;  ///< the same digest was filed in this court before
    std::string duplicateOf; ///< its number or record id
    UnixMs duplicateTime = 0;
    bool resumed = false; ///< belonged to an interrupted filing that was completed now
};
struct FilingReport {
    std::string recordId;
    std::optional<std::uint64_t> index;
    std::string entryHash; ///< hex
    UnixMs time = 0;       ///< ledger time when anchored, else author time
    ItemState state = ItemState::Skipped;
    std::string waitingFor; ///< "ledger", "timestamp" or ""
    std::string waitingReason;
    std::vector<FiledItem> items; ///< in the order of the walk
    std::uint64_t filed = 0, failed = 0, waiting = 0, skipped = 0;
    bool otherCourt = false;
};
/// Files, signs, stamps, anchors, writes receipts. Interrupted filings are completed first; their items among `paths` are not filed again.
/// A file that cannot be filed has its own row; Refused/Identity/NoSpace/… as an Error only when nothing at all could be filed.
/// Cancel before the signature leaves nothing; after it the filing is kept and goes on from the outbox (Waiting).
[[nodiscard]] Result<FilingReport> fileEvidence(Workspace& w, const FilingRequest& request, ProgressSink& progress, std::stop_token stop);
/// The person has seen the reports of all filings so far.
[[nodiscard]] Result<void> acknowledge(Workspace& w);

// ---- status and outbox -------------------------------------------------------------------------------------------------
struct PendingFiling {
    std::string recordId, caseNumber;
    std::uint64_t items = 0;
    UnixMs created{};
    bool waitsForLedger = false, waitsForToken = false, waitsForReceipts = false;
    std::string reason; ///< last error, stable code; detail in English
    std::string detail;
};
struct Status {
    Config config;
    std::string ledgerOrigin, ledgerId, writability;
    std::uint64_t ledgerSize = 0;
    UnixMs ledgerTime{}, checkpointTime{};
    std::uint64_t cases = 0, filings = 0, items = 0;
    std::vector<PendingFiling> pending;
    std::uint64_t custodyEvents = 0;
    std::string person, role; ///< of the default identity's certificate, without its key
    std::uint64_t freeBytes = 0;
};
[[nodiscard]] Result<Status> status(Workspace& w);
/// Completes what waits. Returns what still does.
[[nodiscard]] Result<std::vector<PendingFiling>> retryOutbox(Workspace& w, std::chrono::milliseconds wait, ProgressSink& progress,
                                                             std::stop_token stop);

// ---- receipts --------------------------------------------------------------------------------------------------------
struct CaseItem : FiledItem {
    std::string caseNumber;
    std::string name; ///< NFC
    UnixMs filedAt{};
};
[[nodiscard]] Result<std::vector<CaseItem>> caseItems(Workspace& w, std::string_view caseNumber);
[[nodiscard]] Result<std::vector<CaseItem>> itemsByDigest(Workspace& w, std::string_view hexDigest);
[[nodiscard]] Result<CaseItem> itemByNumber(Workspace& w, std::string_view number);
struct ExportedReceipt {
    std::string number, error;
    std::filesystem::path file;
};
/// One item by number, or all of a case. An export is a custody event.
[[nodiscard]] Result<std::vector<ExportedReceipt>> exportReceipts(Workspace& w, std::string_view numberOrCase, bool isCase,
                                                                  const std::filesystem::path& dir);
/// .jcr text of an anchored item. Errors: NotFound, Waiting.
[[nodiscard]] Result<std::string> receiptText(Workspace& w, std::string_view number);
[[nodiscard]] std::string receiptFileName(std::string_view rawName, std::string_view sha256Hex, unsigned copy); ///< architecture §7

// ---- verifying -------------------------------------------------------------------------------------------------------
struct VerifyRequest {
    std::vector<std::filesystem::path> paths;    ///< files and folders
    std::vector<std::filesystem::path> receipts; ///< .jcr files; empty = looked for beside each file (<name>.jcr), then in the workspace
    std::optional<std::filesystem::path> trust;  ///< .jct; empty = the workspace's
    std::string number;                          ///< evidence number (workspace)
    std::string digest;                          ///< hex digest without a file: "is it on file?"
    bool online = false;                         ///< consistency with the workspace's own ledger, newest revocations
};
struct VerifyResult {
    std::filesystem::path path;
    std::optional<verdict::Verdict> verdict; ///< absent when error is set
    std::string error, errorDetail;          ///< 65/66 kinds
    ErrorCode errorCode{};
    std::vector<crypto::DigestValue> digests;
    std::uint64_t size = 0;
    std::filesystem::path receipt; ///< the one used
};
struct VerifyReport {
    std::vector<VerifyResult> results;
    std::uint64_t consistent = 0, inconsistent = 0, undetermined = 0, errors = 0;
    std::string trustLedger, trustSource; ///< origin and where the trust set came from
    std::uint64_t trustSize = 0;
    UnixMs trustTime = 0;
};
/// w may be null: then receipts and trust must be given. With a workspace each result is a custody event (verified, mismatch).
/// Errors: InvalidArgument, NotFound/Unreadable/Malformed for the trust set; a trust set that does not prove itself makes every verdict
/// undetermined.
[[nodiscard]] Result<VerifyReport> verifyEvidence(Workspace* w, const VerifyRequest& request, const Clock& clock, ProgressSink& progress,
                                                  std::stop_token stop);

// ---- custody ---------------------------------------------------------------------------------------------------------
struct CustodyEntry {
    std::uint64_t index = 0;
    record::CustodyEvent event;
    std::string actorName;
};
/// Events of one item (with those of its whole filing), oldest first; number empty = all.
[[nodiscard]] Result<std::vector<CustodyEntry>> custodyLog(Workspace& w, std::string_view number);
/// viewed, exported, verified, mismatch and the other kinds that a person may record. A reason of ≤ 4000 bytes.
[[nodiscard]] Result<void> addCustodyEvent(Workspace& w, std::string_view number, record::EventKind kind, std::string_view detail);

// ---- audit and export --------------------------------------------------------------------------------------------------
struct WorkspaceAudit {
    ledger::DeepAudit ledger;
    std::vector<ledger::AuditFinding> archive; ///< "custody event 3 changed", "item …", "receipt parts …", "vault object missing / changed"
    std::uint64_t custodyEvents = 0, items = 0, objects = 0, receipts = 0;
    [[nodiscard]] bool sound() const { return ledger.findings.empty() && archive.empty(); }
};
/// deep: every stored byte of ledger, archive, custody log, vault and receipts; else heads, newest checkpoint and pins only. Takes no lock;
/// needs no role.
[[nodiscard]] Result<WorkspaceAudit> auditWorkspace(const std::filesystem::path& dir, bool deep, ProgressSink& progress,
                                                    std::stop_token stop);
/// Folder or http(s) URL of a published log. trust optional.
[[nodiscard]] Result<verdict::LogAudit> auditPublishedLog(const std::string& location, const std::optional<std::filesystem::path>& trust,
                                                          ProgressSink& progress, std::stop_token stop);
/// Static files for any third-party client (architecture §7). Returns the size.
[[nodiscard]] Result<std::uint64_t> exportLog(Workspace& w, const std::filesystem::path& dir, ProgressSink& progress, std::stop_token stop);

// ---- trust -----------------------------------------------------------------------------------------------------------
struct TrustInfo {
    std::string name, origin, fingerprint; ///< L in hex, to compare by another channel
    std::uint64_t size = 0;
    UnixMs time = 0;
    struct Court {
        std::string key, nameZh, nameEn;
    };
    std::vector<Court> courts;
    unsigned quorum = 0;
    std::uint64_t staff = 0, revoked = 0;
};
[[nodiscard]] Result<TrustInfo>
readTrust(const std::filesystem::path& jct); ///< Refused with the problem's name when it does not prove itself
[[nodiscard]] Result<void> exportTrust(Workspace& w, const std::filesystem::path& file);
/// Into the workspace's own list of trusted ledgers, by fingerprint given by another channel (empty: returned for confirmation, nothing
/// stored). Refused when smaller than the pinned one.
[[nodiscard]] Result<TrustInfo> importTrust(Workspace& w, const std::filesystem::path& file, std::string_view fingerprint);
/// Refreshes <workspace>/trust.jct from the ledger.
[[nodiscard]] Result<TrustInfo> updateTrust(Workspace& w);

// ---- staff -----------------------------------------------------------------------------------------------------------
struct StaffInfo {
    std::string name, certificateHash, role, state; ///< state: "valid", "expired", "not_yet_valid", "revoked", "waiting_for_second"
    UnixMs notBefore{}, notAfter{};
    std::optional<UnixMs> revokedFrom;
};
[[nodiscard]] Result<std::vector<StaffInfo>> listStaff(Workspace& w);
/// Administrator. The certificate must come from one of the court's authorities. Waiting when a second administrator must do the same.
[[nodiscard]] Result<StaffInfo> enrolStaff(Workspace& w, const std::filesystem::path& certificate, record::Role role);
/// nameOrHash: common name (unique) or hex of the certificate's SHA-256. Waiting until a second administrator repeats it where there are
/// two.
[[nodiscard]] Result<StaffInfo> revokeStaff(Workspace& w, std::string_view nameOrHash, std::optional<UnixMs> from, std::string_view reason);

// ---- backup ----------------------------------------------------------------------------------------------------------
struct BackupInfo {
    UnixMs created{};
    std::uint64_t files = 0, bytes = 0, ledgerSize = 0, items = 0;
    std::string origin;
};
/// One file (a tar, every member with its SHA-256 in a manifest): vault, archive, keys' wrappers, outbox, ledger. Signer state is left out
/// on purpose.
[[nodiscard]] Result<BackupInfo> backup(Workspace& w, const std::filesystem::path& file, ProgressSink& progress, std::stop_token stop);
[[nodiscard]] Result<BackupInfo> verifyBackup(const std::filesystem::path& file, ProgressSink& progress,
                                              std::stop_token stop); ///< Damaged names the member
/// dir absent or empty. `last`: newest checkpoint or receipt known outside, needed unless the signer state is found in `dir`'s place.
/// formats.md §2
[[nodiscard]] Result<BackupInfo> restore(const std::filesystem::path& file, const std::filesystem::path& dir,
                                         const std::optional<std::filesystem::path>& last, ProgressSink& progress, std::stop_token stop);

} // namespace jc::service
