// SPDX-License-Identifier: Apache-2.0
#pragma once
// A court's workspace on disk, opened: configuration, lock, ledger, archive, vault, timestamp authority, and the person who works in it.
// Layout: docs/reference/workspace.md. One writer per workspace by lock; readers never block (architecture §7).
#include "archive/archive.h"
#include "crypto/certificate.h"
#include "intake/vault.h"
#include "ledger/embedded_ledger.h"
#include "receipt/trust_set.h"
#include "timestamp/timestamp.h"

#include <functional>

namespace jc::service {

/// "judicial-chain 0.1.0": written into custody events and reports.
[[nodiscard]] std::string softwareName();

struct Config {
    std::string courtKey, nameZh, nameEn;
    bool demonstration = false;
    std::filesystem::path identity; ///< default .p12, relative to the workspace
    std::filesystem::path pinFile;  ///< demonstration only
    bool embeddedAuthority = true;
    std::vector<std::string> authorityUrls; ///< in order of trust
};

enum class Access : std::uint8_t { Read, Write };
/// How a PIN is obtained when one is needed; returns nullopt when there is no way to ask. Never logged.
using PinSource = std::function<std::optional<std::string>(const std::filesystem::path& identityFile)>;

struct OpenOptions {
    std::filesystem::path directory;
    Access access = Access::Read;
    std::optional<std::filesystem::path> identity; ///< --as
    PinSource pin;
    const Clock* clock = nullptr;
    int lockWaitMs = 5000;
};

/// Who acts: certificate, role by the ledger, key.
struct Person {
    crypto::Identity identity;
    record::Role role = record::Role::None; ///< None: not enrolled
    std::string name;
    SignerId id;
};

class Workspace {
public:
    /// Write access takes the lock, finishes nothing by itself (Filing::resume does). Errors: NotFound (no workspace here), Unavailable
    /// ("locked"), Refused ("network_file_system", "newer_version"), Damaged, CannotWrite.
    [[nodiscard]] static Result<std::unique_ptr<Workspace>> open(OpenOptions options);
    ~Workspace();
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    [[nodiscard]] const std::filesystem::path& directory() const noexcept;
    [[nodiscard]] const Config& config() const noexcept;
    [[nodiscard]] const Clock& clock() const noexcept;
    [[nodiscard]] bool writable() const noexcept; ///< opened for writing
    [[nodiscard]] ledger::EmbeddedLedger& ledger();
    [[nodiscard]] archive::Archive& archive();
    [[nodiscard]] intake::Vault& vault();
    [[nodiscard]] std::vector<std::unique_ptr<timestamp::Authority>>& authorities(); ///< in order of trust; empty = none configured
    [[nodiscard]] const crypto::PrivateKey& serviceKey() const;                      ///< pre: writable
    [[nodiscard]] const crypto::PrivateKey& custodyKey() const;                      ///< pre: writable
    /// Was a person named (--as), rather than the workspace's own identity standing in? Then looks and checks are recorded in that person's
    /// name.
    [[nodiscard]] bool namesPerson() const noexcept;
    /// Loads the identity on first use. Errors: Identity, NotFound.
    [[nodiscard]] Result<const Person*> person();
    /// Person whose role is one of these; else Refused ("role") after an access-denied event for `what` (when writable).
    [[nodiscard]] Result<const Person*> require(std::initializer_list<record::Role> roles, std::string_view what);
    /// A custody event with actor, time, machine and software filled in.
    [[nodiscard]] record::CustodyEvent makeEvent(record::EventKind kind);
    /// Appends events to the custody log and signs its new head.
    [[nodiscard]] Result<void> recordEvents(std::vector<record::CustodyEvent> events);
    [[nodiscard]] Result<receipt::TrustSet> makeTrustSet();

private:
    struct Impl;
    explicit Workspace(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> m_impl;
};

} // namespace jc::service
