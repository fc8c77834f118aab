// SPDX-License-Identifier: Apache-2.0
#pragma once
// Taking files in: walking, one read per file that feeds all digests and the sealed copy, and detection of change while reading.
#include "base/clock.h"
#include "base/progress.h"
#include "crypto/digest.h"
#include "intake/vault.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace jc::intake {

/// Stable reasons; each has its own sentence in the user's language.
enum class Outcome : std::uint8_t {
    Taken,
    Empty,       ///< 0 bytes and no reason was given
    NotFound,    ///< named path does not exist
    Vanished,    ///< was listed, then gone when opened
    Unreadable,  ///< no permission or an I/O error
    Changed,     ///< size, mtime, ctime, inode or content changed while it was read
    SpecialFile, ///< fifo, device, socket
    Symlink,     ///< a link inside a folder: file its target instead
    SymlinkLoop, ///< a link that only leads to itself
    NoSpace,     ///< the vault's disk is full
    VaultError   ///< the sealed copy could not be written
};
[[nodiscard]] std::string_view toString(Outcome o) noexcept; ///< "taken", "empty", "changed_while_read", "special_file", …

/// One thing found by the walk. Paths are raw bytes, absolute, lexically normal, links not resolved (only "link/../x", which is another
/// file than "x", is resolved). A folder that cannot be listed is one Unreadable candidate.
struct Candidate {
    std::filesystem::path path;
    std::string folder;               ///< raw bytes of the path inside the named folder's parent: "box/sub"; "" for a file named directly
    Outcome outcome = Outcome::Taken; ///< anything else: not to be read (special file, link, missing)
    std::uint64_t sizeHint = 0;
    std::string detail{}; ///< English, why the outcome is not Taken
};
/// Expands files and folders (recursive, never across a link inside them, bytewise order, a path named twice once). Never fails as a whole.
/// Hidden files are included.
[[nodiscard]] std::vector<Candidate> walk(const std::vector<std::filesystem::path>& named, std::stop_token stop = {});

struct Item {
    std::filesystem::path path;
    std::string folder;
    std::string nameRaw; ///< last component, raw bytes
    Outcome outcome = Outcome::Taken;
    std::string detail; ///< English, for the second line
    std::uint64_t size = 0;
    UnixMs modifiedTime = 0;
    UnixMs intakeTime = 0;
    std::uint64_t device = 0, inode = 0;
    std::vector<crypto::DigestValue> digests; ///< ascending algorithm
    std::string mediaType;                    ///< by magic numbers and extension, "application/octet-stream" when unknown
};

struct Options {
    crypto::DigestSet digests;
    bool allowEmpty = false;
    unsigned threads = 0; ///< files read at a time; 0 = by the hardware, 1 = no thread but the caller's
};
/// Reads every candidate once: digests and (with a vault session) the sealed copy come from the same bytes through one open handle;
/// afterwards fstat and lstat are compared with the values before. Order of results = order of candidates. A bad file never stops the
/// others. Memory bounded (≤ 32 MiB process) for any size. Cancel effective ≤ 200 ms: then every unfinished item is dropped and Cancelled
/// returned. Errors: Cancelled only; NoSpace is per item after the first write that failed.
[[nodiscard]] Result<std::vector<Item>> takeIn(const std::vector<Candidate>& candidates, const Options& options, VaultSession* vault,
                                               const Clock& clock, ProgressSink& progress, std::stop_token stop);

/// Digests of one file for verification (same one-read pipeline, no vault). Errors: NotFound, Unreadable, Changed, Cancelled.
[[nodiscard]] Result<Item> digestFile(const std::filesystem::path& path, const crypto::DigestSet& digests, ProgressSink& progress,
                                      std::stop_token stop);

} // namespace jc::intake
