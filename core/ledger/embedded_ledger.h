// SPDX-License-Identifier: Apache-2.0
#pragma once
// One court's ledger in this process: a group-commit loop over SQLite, signed by the court's log and cosigner keys.
#include "ledger/ledger.h"
#include "merkle/tiles.h"
#include "note/note.h"

#include <filesystem>

namespace jc::ledger {

inline constexpr std::uint32_t kLedgerApplicationId = 0x4A434C31; ///< "JCL1"
inline constexpr UnixMs kMaxClockBackMs = 5 * 60 * 1000;

struct EmbeddedOptions {
    std::filesystem::path databaseFile;                    ///< …/ledger/ledger.sqlite
    std::filesystem::path signerStateFile;                 ///< outside ledger/ and outside backups
    std::optional<crypto::PrivateKey> logKey, cosignerKey; ///< absent = read-only
    const Clock* clock = nullptr;                          ///< null = systemClock()
};
enum class Writability : std::uint8_t {
    Writable,
    NoKeys,           ///< opened without the court's keys
    BehindSigned,     ///< the keys have signed a larger log than this one: an old backup was put back
    ForkedFromSigned, ///< the keys have signed another history
    NoSignerState     ///< the record of what was signed is missing (restored elsewhere)
};
[[nodiscard]] std::string_view toString(Writability w) noexcept;

class EmbeddedLedger : public Ledger {
public:
    /// Makes ledger.sqlite with the charter as entry 0 and the first checkpoint. Refused when the file exists.
    [[nodiscard]] static Result<void> create(const EmbeddedOptions& options, const std::vector<Bytes>& cards,
                                             const record::CharterEntry& charter);
    /// Replays control entries, checks the right edge against the newest signed checkpoint, signs what a crash left unsigned.
    /// A ledger that may not be written opens read-only; see writability(). Errors: NotFound, Damaged, Unavailable, Refused (newer
    /// version).
    [[nodiscard]] static Result<std::unique_ptr<EmbeddedLedger>> open(const EmbeddedOptions& options);
    /// After `restore`: accepts the given newest known head (from outside) when the log reaches it, and starts a new signer state.
    /// Errors: Refused ("behind_last_known", "not_a_continuation").
    [[nodiscard]] static Result<void> adoptSignerState(const EmbeddedOptions& options, std::uint64_t lastSize,
                                                       const merkle::RootHash& lastRoot);
    [[nodiscard]] virtual Writability writability() const = 0;
    /// Every stored checkpoint, ascending size.
    [[nodiscard]] virtual Result<std::vector<std::string>> checkpoints() = 0;
    /// A copy through SQLite's backup interface, consistent at one commit.
    [[nodiscard]] virtual Result<void> backupTo(const std::filesystem::path& file) = 0;
    [[nodiscard]] virtual Result<std::vector<merkle::NodeHash>> tile(const merkle::TileId& id) = 0;
};

/// The static files of a C2SP log at its newest checkpoint (architecture §7, `log export`): checkpoint, tile/…, tile/entries/…. Policies
/// and trust set are the caller's. Errors: CannotWrite, NoSpace, Refused when the folder is not empty.
[[nodiscard]] Result<std::uint64_t> exportTiles(EmbeddedLedger& ledger, const std::filesystem::path& dir, ProgressSink& progress,
                                                std::stop_token stop);

/// record::courtsPolicy of the members.
[[nodiscard]] Result<note::Policy> makePolicy(const record::ControlState& members, std::string_view onlyLogOf = {});

} // namespace jc::ledger
