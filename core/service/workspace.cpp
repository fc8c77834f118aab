// SPDX-License-Identifier: Apache-2.0
#include "service/workspace.h"

#include "service/layout.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>

namespace jc::service {

std::string softwareName()
{
    return "judicial-chain " JC_VERSION;
}

void removeDeadTemporaries(const std::filesystem::path& dir) noexcept
{
    constexpr std::string_view kPrefix = ".jc-tmp-"; // writeFileAtomic(): <prefix><process>-<number>
    std::error_code ec;
    for (std::filesystem::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename().string();
        if (!name.starts_with(kPrefix)) continue;
        pid_t process = 0;
        const char* from = name.data() + kPrefix.size();
        const auto [to, bad] = std::from_chars(from, name.data() + name.size(), process);
        if (bad != std::errc{} || process <= 0 || to == name.data() + name.size() || *to != '-') continue;
        if (::kill(process, 0) != 0 && errno == ESRCH) ::unlink(it->path().c_str());
    }
}

struct Workspace::Impl {
    OpenOptions options;
    Layout layout;
    Config config;
    const Clock* clock = nullptr;
    std::optional<FileLock> lock;
    std::unique_ptr<ledger::EmbeddedLedger> ledger;
    std::unique_ptr<archive::Archive> archive;
    std::optional<intake::Vault> vault;
    std::vector<std::unique_ptr<timestamp::Authority>> authorities;
    std::optional<crypto::PrivateKey> serviceKey, custodyKey;
    std::optional<Person> person;
    std::string machine;
};

Workspace::Workspace(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Workspace::~Workspace() = default;

Result<std::unique_ptr<Workspace>> Workspace::open(OpenOptions options)
{
    auto impl = std::make_unique<Impl>();
    std::error_code ec;
    impl->layout.root = std::filesystem::absolute(options.directory, ec).lexically_normal();
    const Layout& at = impl->layout;
    JC_TRY(impl->config, readConfig(at.config()));
    if (isNetworkFileSystem(at.root))
        return fail(ErrorCode::Refused,
                    "this workspace lies on a network file system, where locks and databases are not safe; move it to a local disk",
                    "network_file_system");
    impl->clock = options.clock ? options.clock : &systemClock();
    utsname u{};
    impl->machine = ::uname(&u) == 0 ? u.nodename : "unknown";
    const bool write = options.access == Access::Write;
    // Opened for writing, an empty database would be taken for a new one, and all that it held would seem never to have been.
    for (const auto& file : {at.ledger(), at.archive()})
        if (const auto size = std::filesystem::file_size(file, ec); (!ec && size == 0) || ec == std::errc::no_such_file_or_directory)
            return fail(ErrorCode::Damaged, file.filename().string() + " is missing or empty; restore a backup",
                        file == at.archive() ? "archive_missing" : "database_damaged");
    ledger::EmbeddedOptions lo;
    lo.databaseFile = at.ledger();
    lo.signerStateFile = at.signerState();
    lo.clock = impl->clock;
    if (write) {
        JC_TRY(auto lock, FileLock::acquire(at.lock(), options.lockWaitMs, "process " + std::to_string(::getpid())));
        impl->lock.emplace(std::move(lock));
        // Whoever held the lock before may have been killed.
        for (const auto& dir : {at.root, at.receipts(), at.trusted(), at.root / "tsa", at.root / "keys"})
            removeDeadTemporaries(dir);
        std::filesystem::remove_all(at.backupScratch(), ec);
        JC_TRY(lo.logKey, crypto::PrivateKey::loadPem(at.key("log")));
        JC_TRY(lo.cosignerKey, crypto::PrivateKey::loadPem(at.key("cosigner")));
        JC_TRY(impl->serviceKey, crypto::PrivateKey::loadPem(at.key("service")));
        JC_TRY(impl->custodyKey, crypto::PrivateKey::loadPem(at.key("custody")));
    }
    // What is stored here was well-formed when it was stored.
    const auto stored = [](auto opened) {
        if (!opened && opened.error().code == ErrorCode::Malformed) {
            opened.error().code = ErrorCode::Damaged;
            opened.error().reason = "database_damaged";
        }
        return opened;
    };
    JC_TRY(impl->ledger, stored(ledger::EmbeddedLedger::open(lo)));
    JC_TRY(impl->archive, stored(archive::Archive::open(at.archive(), write)));
    if (write) {
        JC_TRY(auto vault, intake::Vault::open(at.vault()));
        impl->vault.emplace(std::move(vault));
        if (impl->config.embeddedAuthority) {
            JC_TRY(auto key, crypto::PrivateKey::loadPem(at.key("tsa")));
            JC_TRY(const auto pem, readFile(at.tsaChain(), 256 * 1024));
            JC_TRY(auto chain, crypto::Certificate::fromPemChain(asText(pem)));
            timestamp::EmbeddedAuthorityOptions a{
                chain.front(), std::move(key), {chain.begin() + 1, chain.end()}, at.tsaSerial(), impl->clock};
            JC_TRY(auto authority, timestamp::openEmbeddedAuthority(std::move(a)));
            impl->authorities.push_back(std::move(authority));
        }
        for (const auto& url : impl->config.authorityUrls)
            impl->authorities.push_back(timestamp::makeHttpAuthority({url, 5000, {}}));
    } else {
        impl->vault.emplace(intake::Vault::openReadOnly(at.vault()));
    }
    impl->options = std::move(options);
    return std::unique_ptr<Workspace>(new Workspace(std::move(impl)));
}

const std::filesystem::path& Workspace::directory() const noexcept
{
    return m_impl->layout.root;
}
const Config& Workspace::config() const noexcept
{
    return m_impl->config;
}
const Clock& Workspace::clock() const noexcept
{
    return *m_impl->clock;
}
bool Workspace::writable() const noexcept
{
    return m_impl->lock.has_value();
}
ledger::EmbeddedLedger& Workspace::ledger()
{
    return *m_impl->ledger;
}
archive::Archive& Workspace::archive()
{
    return *m_impl->archive;
}
intake::Vault& Workspace::vault()
{
    return *m_impl->vault;
}
std::vector<std::unique_ptr<timestamp::Authority>>& Workspace::authorities()
{
    return m_impl->authorities;
}
const crypto::PrivateKey& Workspace::serviceKey() const
{
    return *m_impl->serviceKey;
}
const crypto::PrivateKey& Workspace::custodyKey() const
{
    return *m_impl->custodyKey;
}

bool Workspace::namesPerson() const noexcept
{
    return m_impl->options.identity.has_value();
}
Result<const Person*> Workspace::person()
{
    if (m_impl->person) return &*m_impl->person;
    const bool own = !m_impl->options.identity;
    const auto file = own ? m_impl->layout.root / m_impl->config.identity : *m_impl->options.identity;
    if (own && m_impl->config.identity.empty())
        return fail(ErrorCode::Identity, "say who you are: give your certificate file with --as", "no_identity");
    std::optional<std::string> pin;
    // Only the demonstration's own identities have their PIN lying beside them.
    std::error_code ec;
    const bool demoIdentity =
        m_impl->config.demonstration &&
        std::filesystem::equivalent(file.parent_path().empty() ? "." : file.parent_path(), m_impl->layout.identities(), ec);
    if (demoIdentity && !m_impl->config.pinFile.empty()) {
        if (auto text = readFile(m_impl->layout.root / m_impl->config.pinFile, 1024)) {
            std::string p(asText(*text));
            while (!p.empty() && (p.back() == '\n' || p.back() == '\r'))
                p.pop_back();
            pin = std::move(p);
        }
    }
    if (!pin && m_impl->options.pin) pin = m_impl->options.pin(file);
    if (!pin) return fail(ErrorCode::Identity, "a PIN is needed: type it at a terminal, or give --pin-file or JC_PIN", "pin_needed");
    JC_TRY(auto identity, crypto::loadPkcs12(file, *pin));
    Person p{std::move(identity), record::Role::None, {}, {}};
    p.id = p.identity.certificate.id();
    p.name = p.identity.certificate.commonName();
    const auto members = m_impl->ledger->members();
    if (const auto* s = members->staff(p.id); s && !s->revocation) p.role = s->enrolment.role;
    m_impl->person.emplace(std::move(p));
    return &*m_impl->person;
}

Result<const Person*> Workspace::require(std::initializer_list<record::Role> roles, std::string_view what)
{
    JC_TRY(const Person* p, person());
    for (const auto r : roles)
        if (p->role == r) return p;
    if (writable()) {
        auto e = makeEvent(record::EventKind::AccessDenied);
        e.detail = what;
        JC_CHECK(recordEvents({std::move(e)}));
    }
    const auto* staff = m_impl->ledger->members()->staff(p->id);
    if (!staff)
        return fail(ErrorCode::Refused, "this certificate is not enrolled at this court; ask an administrator to enrol it",
                    "unknown_signer");
    if (staff->revocation) return fail(ErrorCode::Refused, "this certificate has been revoked", "signer_revoked");
    return fail(ErrorCode::Refused, "a " + std::string(record::toString(p->role)) + " may not do this", "wrong_role");
}

record::CustodyEvent Workspace::makeEvent(record::EventKind kind)
{
    record::CustodyEvent e;
    const UnixMs now = clock().now();
    e.id = makeUuidV7(now);
    e.time = now;
    const std::time_t s = static_cast<std::time_t>(now / 1000);
    std::tm tm{};
    localtime_r(&s, &tm);
    e.utcOffsetMinutes = static_cast<std::int32_t>(tm.tm_gmtoff / 60);
    e.kind = kind;
    if (m_impl->person) {
        e.actor = m_impl->person->id;
        e.role = m_impl->person->role;
    } else if (m_impl->serviceKey) {
        e.actor = m_impl->serviceKey->publicKey().id();
    }
    e.agent = softwareName();
    e.machine = m_impl->machine;
    return e;
}

Result<void> Workspace::recordEvents(std::vector<record::CustodyEvent> events)
{
    if (events.empty()) return {};
    return archive().transact([&]() -> Result<void> {
        JC_CHECK(archive().custody().append(events));
        return archive().custody().sign(record::custodyOrigin(ledger().origin(), config().courtKey), custodyKey());
    });
}

Result<receipt::TrustSet> Workspace::makeTrustSet()
{
    receipt::TrustSet t;
    t.cards = ledger().cards();
    JC_TRY(t.charterEntry, ledger().entry(0));
    const std::uint64_t size = ledger().size();
    JC_TRY(auto last, ledger().proof(size - 1));
    JC_TRY(const auto control, ledger().controlEntries());
    for (const auto& [index, entry] : control)
        if (index < last.checkpointSize) t.control.push_back(entry);
    t.checkpoint = last.checkpoint;
    // A commit in between may have moved the checkpoint: the proof is of the entry before it.
    if (last.checkpointSize != size) {
        JC_TRY(last, ledger().proof(last.checkpointSize - 1));
        t.checkpoint = last.checkpoint;
    }
    t.lastEntry = last.entry;
    t.lastPath = last.path;
    return t;
}
} // namespace jc::service
