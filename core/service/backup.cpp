// SPDX-License-Identifier: Apache-2.0
// Backup and restore. Format: docs/formats/backup.md. A pax tar: backup.json, the members, and last manifest-sha256.txt over all of them.
#include "base/json_reader.h"
#include "service/layout.h"
#include "service/new_folder.h"
#include "service/use_cases.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>

namespace jc::service {
namespace {
constexpr std::size_t kBlock = 1 << 20;
constexpr const char* kManifest = "manifest-sha256.txt";
constexpr const char* kHeader = "backup.json";
constexpr std::size_t kMaxManifest = 512 * 1024 * 1024;

struct WriterFree {
    void operator()(::archive* a) const noexcept { archive_write_free(a); }
};
struct ReaderFree {
    void operator()(::archive* a) const noexcept { archive_read_free(a); }
};
struct EntryFree {
    void operator()(archive_entry* e) const noexcept { archive_entry_free(e); }
};

Error archiveError(::archive* a, bool writing)
{
    const int err = archive_errno(a);
    if (writing) return errnoError(err > 0 ? err : EIO, true, "cannot write the backup");
    return Error{ErrorCode::Damaged, "the backup file is damaged or not a backup", "backup_damaged", std::source_location::current(), {}};
}

/// Streams members into a temporary file that is renamed when everything is in it.
class Writer {
public:
    static Result<std::unique_ptr<Writer>> open(const std::filesystem::path& file)
    {
        auto w = std::unique_ptr<Writer>(new Writer);
        w->m_target = file;
        w->m_tmp = file;
        w->m_tmp += ".part";
        w->m_fd = Fd(::open(w->m_tmp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!w->m_fd) return tl::unexpected(errnoError(errno, true, "cannot create the backup file"));
        w->m_archive.reset(archive_write_new());
        archive_write_set_format_pax_restricted(w->m_archive.get());
        if (archive_write_open_fd(w->m_archive.get(), w->m_fd.get()) != ARCHIVE_OK)
            return tl::unexpected(archiveError(w->m_archive.get(), true));
        return w;
    }
    ~Writer()
    {
        if (!m_done) ::unlink(m_tmp.c_str());
    }
    Result<void> addBytes(const std::string& name, ByteView data, unsigned mode, bool listed = true)
    {
        JC_CHECK(header(name, data.size(), mode));
        JC_CHECK(body(data));
        if (listed) list(name, crypto::sha256(data), data.size());
        return {};
    }
    Result<void> addFile(const std::string& name, const std::filesystem::path& file, unsigned mode, const std::stop_token& stop)
    {
        const Fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (!in) return tl::unexpected(errnoError(errno, false, "cannot read a file for the backup"));
        std::error_code ec;
        const auto size = std::filesystem::file_size(file, ec);
        if (ec) return tl::unexpected(errnoError(ec.value(), false, "cannot read a file for the backup"));
        JC_CHECK(header(name, size, mode));
        crypto::StreamHasher hasher(crypto::DigestAlgorithm::Sha256);
        Bytes block(kBlock);
        std::uint64_t left = size;
        while (left > 0) {
            if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped; no backup was written");
            const ssize_t n = ::read(in.get(), block.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, block.size())));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return fail(ErrorCode::Changed, "a file changed while it was being backed up: " + name, "changed_while_read");
            const ByteView part(block.data(), static_cast<std::size_t>(n));
            hasher.update(part);
            JC_CHECK(body(part));
            left -= static_cast<std::uint64_t>(n);
        }
        JC_TRY(const auto digest, Sha256Digest::parse(hasher.finish()));
        list(name, digest, size);
        return {};
    }
    Result<void> finish()
    {
        const std::string manifest = m_manifest;
        JC_CHECK(addBytes(kManifest, asBytes(manifest), 0600, false));
        if (archive_write_close(m_archive.get()) != ARCHIVE_OK) return tl::unexpected(archiveError(m_archive.get(), true));
        if (::fsync(m_fd.get()) != 0) return tl::unexpected(errnoError(errno, true, "cannot write the backup to disk"));
        if (::rename(m_tmp.c_str(), m_target.c_str()) != 0)
            return tl::unexpected(errnoError(errno, true, "cannot put the backup in place"));
        m_done = true;
        return syncDirectory(m_target.parent_path());
    }
    std::uint64_t files = 0, bytes = 0;

private:
    Writer() = default;
    Result<void> header(const std::string& name, std::uint64_t size, unsigned mode)
    {
        const std::unique_ptr<archive_entry, EntryFree> e(archive_entry_new());
        archive_entry_set_pathname(e.get(), name.c_str());
        archive_entry_set_size(e.get(), static_cast<la_int64_t>(size));
        archive_entry_set_filetype(e.get(), AE_IFREG);
        archive_entry_set_perm(e.get(), mode);
        if (archive_write_header(m_archive.get(), e.get()) != ARCHIVE_OK) return tl::unexpected(archiveError(m_archive.get(), true));
        return {};
    }
    Result<void> body(ByteView data)
    {
        if (!data.empty() && archive_write_data(m_archive.get(), data.data(), data.size()) != static_cast<la_ssize_t>(data.size()))
            return tl::unexpected(archiveError(m_archive.get(), true));
        return {};
    }
    void list(const std::string& name, const Sha256Digest& digest, std::uint64_t size)
    {
        m_manifest += digest.hex() + "  " + name + "\n";
        ++files;
        bytes += size;
    }
    std::filesystem::path m_target, m_tmp;
    Fd m_fd;
    std::unique_ptr<::archive, WriterFree> m_archive;
    std::string m_manifest;
    bool m_done = false;
};

/// Only names that backup() writes; everything else in a foreign file is refused before a byte is written.
bool isMemberName(const std::string& name)
{
    if (name == kHeader || name == kManifest || name == "workspace.toml" || name == "trust.jct" || name == "ledger/ledger.sqlite" ||
        name == "archive/archive.sqlite")
        return true;
    const auto plain = [](std::string_view s) {
        return !s.empty() && s != "." && s != ".." && std::all_of(s.begin(), s.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        });
    };
    for (const char* d : {"keys/", "pki/", "identities/", "trusted/"})
        if (name.starts_with(d)) return plain(std::string_view(name).substr(std::string_view(d).size()));
    if (name.starts_with("vault/objects/")) {
        const auto rest = std::string_view(name).substr(14);
        return rest.size() == 67 && rest[2] == '/' && plain(rest.substr(0, 2)) && plain(rest.substr(3));
    }
    return false;
}

/// Walks a backup; `write` gets each member's path and content in blocks (empty dir: verify only). Checks the manifest at the end.
Result<BackupInfo> readBackup(const std::filesystem::path& file, const std::filesystem::path& dir, ProgressSink& progress,
                              const std::stop_token& stop)
{
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return tl::unexpected(errnoError(errno, false, "cannot open the backup"));
    const std::unique_ptr<::archive, ReaderFree> a(archive_read_new());
    archive_read_support_format_tar(a.get());
    if (archive_read_open_fd(a.get(), fd.get(), kBlock) != ARCHIVE_OK) return tl::unexpected(archiveError(a.get(), false));
    BackupInfo info;
    std::map<std::string, std::string> seen;
    std::string manifest, header;
    bool hasManifest = false;
    Bytes block(kBlock);
    for (;;) {
        archive_entry* e = nullptr;
        const int rc = archive_read_next_header(a.get(), &e);
        if (rc == ARCHIVE_EOF) break;
        if (rc != ARCHIVE_OK) return tl::unexpected(archiveError(a.get(), false));
        const char* raw = archive_entry_pathname(e);
        const std::string name = raw ? raw : "";
        if (!isMemberName(name) || archive_entry_filetype(e) != AE_IFREG || seen.contains(name) || hasManifest)
            return fail(ErrorCode::Malformed, "the backup holds something that no backup has", "backup_malformed");
        std::string* text = name == kManifest ? &manifest : name == kHeader ? &header : nullptr;
        Fd out;
        if (!dir.empty() && !text) {
            const auto path = dir / name;
            JC_CHECK(makeDirectories(path.parent_path(), 0700));
            const bool object = name.starts_with("vault/");
            out = Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                            object                                                         ? 0400
                            : name.starts_with("keys/") || name.starts_with("identities/") ? 0600
                                                                                           : 0644));
            if (!out) return tl::unexpected(errnoError(errno, true, "cannot write a restored file"));
        }
        crypto::StreamHasher hasher(crypto::DigestAlgorithm::Sha256);
        for (;;) {
            if (stop.stop_requested()) return fail(ErrorCode::Cancelled, "stopped");
            const la_ssize_t n = archive_read_data(a.get(), block.data(), block.size());
            if (n < 0) return fail(ErrorCode::Damaged, "the backup is damaged in " + name, "backup_damaged");
            if (n == 0) break;
            const ByteView part(block.data(), static_cast<std::size_t>(n));
            hasher.update(part);
            info.bytes += part.size();
            if (text) {
                if (text->size() + part.size() > kMaxManifest)
                    return fail(ErrorCode::Malformed, "the backup's list is too long", "backup_malformed");
                text->append(asText(part));
            } else if (out) {
                JC_CHECK(writeAll(out.get(), part, "cannot write a restored file"));
            }
        }
        if (name == kManifest) {
            hasManifest = true;
            continue;
        }
        seen[name] = toHex(hasher.finish());
        ++info.files;
        progress.update("checking", info.bytes, 0, info.files, 0);
    }
    if (!hasManifest) return fail(ErrorCode::Damaged, "the backup is cut off: its list of contents is missing", "backup_damaged");
    std::size_t listed = 0;
    for (std::size_t at = 0; at < manifest.size();) {
        const auto end = manifest.find('\n', at);
        if (end == std::string::npos || end < at + 67 || manifest.compare(at + 64, 2, "  ") != 0)
            return fail(ErrorCode::Damaged, "the backup's list is damaged", "backup_damaged");
        const std::string name = manifest.substr(at + 66, end - at - 66);
        const auto it = seen.find(name);
        if (it == seen.end()) return fail(ErrorCode::Damaged, name + " is missing from the backup", "backup_damaged");
        if (manifest.compare(at, 64, it->second) != 0)
            return fail(ErrorCode::Damaged, name + " in the backup was changed", "backup_damaged");
        ++listed;
        at = end + 1;
    }
    if (listed != seen.size()) return fail(ErrorCode::Damaged, "the backup holds files that its list does not name", "backup_damaged");
    const auto j = nlohmann::json::parse(header, nullptr, false);
    if (!j.is_object() || j.value("format", "") != "judicial-chain-backup/1")
        return fail(ErrorCode::Malformed, "this is not a backup of this program", "backup_malformed");
    const auto number = [&](const char* key) { return j.contains(key) && j[key].is_number_unsigned() ? j[key].get<std::uint64_t>() : 0; };
    info.created = static_cast<UnixMs>(number("createdMs"));
    info.ledgerSize = number("ledgerSize");
    info.items = number("items");
    info.origin = j.contains("origin") && j["origin"].is_string() ? j["origin"].get<std::string>() : "";
    return info;
}

struct LastKnown {
    std::uint64_t size = 0;
    merkle::RootHash root;
    std::string origin;
};
/// The newest head known outside: a signed checkpoint as text, or the one inside a receipt.
Result<LastKnown> readLast(const std::filesystem::path& file)
{
    JC_TRY(const auto bytes, readFile(file, receipt::kMaxReceipt));
    std::string text(asText(bytes));
    if (text.starts_with("{")) {
        JC_TRY(const auto r, receipt::parseReceipt(text));
        JC_TRY(const auto proof, note::TlogProof::parse(r.filing.proof));
        text = proof.checkpoint;
    }
    JC_TRY(const auto n, note::SignedNote::parse(text));
    JC_TRY(const auto cp, note::Checkpoint::parse(n.text));
    return LastKnown{cp.size, cp.root, cp.origin};
}
} // namespace

Result<BackupInfo> backup(Workspace& w, const std::filesystem::path& file, ProgressSink& progress, std::stop_token stop)
{
    std::error_code ec;
    const auto target = std::filesystem::absolute(file, ec).lexically_normal();
    if (target.string().starts_with(w.directory().string() + "/"))
        return fail(ErrorCode::InvalidArgument, "write the backup outside the workspace, best on another disk", "inside_workspace");
    const Layout at{w.directory()};
    BackupInfo info;
    info.created = w.clock().now();
    info.origin = w.ledger().origin();
    JC_TRY(auto out, Writer::open(target));
    const auto scratch = at.backupScratch();
    std::filesystem::remove_all(scratch, ec);
    JC_CHECK(makeDirectories(scratch, 0700));
    struct Cleanup {
        std::filesystem::path dir;
        ~Cleanup()
        {
            std::error_code e;
            std::filesystem::remove_all(dir, e);
        }
    } const cleanup{scratch};
    JC_CHECK(w.ledger().backupTo(scratch / "ledger.sqlite"));
    JC_CHECK(w.archive().database().backupTo(scratch / "archive.sqlite"));
    info.ledgerSize = w.ledger().size();
    JC_TRY(const auto counts, w.archive().countFilingsAndItems());
    info.items = counts.second;
    const nlohmann::json head = {{"format", "judicial-chain-backup/1"},
                                 {"createdMs", static_cast<std::uint64_t>(info.created)},
                                 {"origin", info.origin},
                                 {"ledgerSize", info.ledgerSize},
                                 {"items", info.items},
                                 {"software", softwareName()}};
    JC_CHECK(out->addBytes(kHeader, asBytes(head.dump(1) + "\n"), 0600));
    JC_CHECK(out->addFile("workspace.toml", at.config(), 0600, stop));
    if (std::filesystem::exists(at.trust(), ec)) JC_CHECK(out->addFile("trust.jct", at.trust(), 0644, stop));
    for (const char* d : {"keys", "pki", "identities", "trusted"}) {
        std::vector<std::filesystem::path> files;
        for (const auto& e : std::filesystem::directory_iterator(w.directory() / d, ec))
            if (e.is_regular_file(ec)) files.push_back(e.path());
        std::sort(files.begin(), files.end());
        for (const auto& f : files) {
            const std::string name = std::string(d) + "/" + f.filename().string();
            if (isMemberName(name)) JC_CHECK(out->addFile(name, f, 0600, stop));
        }
    }
    JC_CHECK(out->addFile("ledger/ledger.sqlite", scratch / "ledger.sqlite", 0600, stop));
    JC_CHECK(out->addFile("archive/archive.sqlite", scratch / "archive.sqlite", 0600, stop));
    std::vector<std::filesystem::path> objects;
    for (const auto& e : std::filesystem::recursive_directory_iterator(at.vault() / "objects", ec))
        if (e.is_regular_file(ec)) objects.push_back(e.path());
    std::sort(objects.begin(), objects.end());
    for (const auto& o : objects) {
        const std::string name = "vault/objects/" + o.parent_path().filename().string() + "/" + o.filename().string();
        if (isMemberName(name)) JC_CHECK(out->addFile(name, o, 0400, stop));
        progress.update("backing up", out->bytes, 0, out->files, objects.size());
    }
    info.files = out->files;
    info.bytes = out->bytes;
    JC_CHECK(out->finish());
    return info;
}

Result<BackupInfo> verifyBackup(const std::filesystem::path& file, ProgressSink& progress, std::stop_token stop)
{
    return readBackup(file, {}, progress, stop);
}

Result<BackupInfo> restore(const std::filesystem::path& file, const std::filesystem::path& dir,
                           const std::optional<std::filesystem::path>& last, ProgressSink& progress, std::stop_token stop)
{
    std::error_code ec;
    const bool hasState = std::filesystem::exists(Layout{dir}.signerState(), ec);
    if (!hasState && !last)
        return fail(ErrorCode::InvalidArgument,
                    "give the newest checkpoint or receipt that you have from outside with --last, so that the restored ledger cannot sign "
                    "a second history",
                    "last_needed");
    std::optional<LastKnown> known;
    if (last) {
        JC_TRY(known, readLast(*last));
    }
    JC_TRY(auto folder, NewFolder::begin(dir, "signer"));
    const Layout at{folder.path()};
    JC_TRY(const auto info, readBackup(file, folder.path(), progress, stop));
    for (const char* d : {"signer", "tsa", "vault", "identities", "keys", "pki"})
        JC_CHECK(makeDirectories(at.root / d, 0700));
    JC_CHECK(makeDirectories(at.receipts()));
    if (known) {
        if (known->origin != info.origin)
            return fail(ErrorCode::Refused, "the given checkpoint or receipt is of another ledger than the backup", "other_ledger");
        ledger::EmbeddedOptions lo;
        lo.databaseFile = at.ledger();
        lo.signerStateFile = at.signerState();
        // A backup that is behind stays readable, and only that: the ledger opens read-only without a signer state.
        if (auto r = ledger::EmbeddedLedger::adoptSignerState(lo, known->size, known->root); !r && r.error().code != ErrorCode::Refused)
            return tl::unexpected(r.error());
    }
    JC_CHECK(folder.finish());
    return info;
}
} // namespace jc::service
