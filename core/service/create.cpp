// SPDX-License-Identifier: Apache-2.0
// Making workspaces: a real one, and the demonstration court.
#include "record/numbers.h"
#include "service/layout.h"
#include "service/new_folder.h"
#include "service/use_cases.h"

#include <algorithm>

namespace jc::service {
namespace {
constexpr UnixMs kDay = 24LL * 3600 * 1000;

struct CourtKeys {
    std::map<std::string, crypto::PrivateKey> byName;
    [[nodiscard]] const crypto::PrivateKey& operator[](const char* name) const { return byName.at(name); }
};
Result<CourtKeys> makeKeys(const Layout& at)
{
    CourtKeys keys;
    for (const char* name : {"consensus", "log", "cosigner", "witness", "custody", "service", "governance"}) {
        JC_TRY(auto key, crypto::PrivateKey::generate(std::string_view(name) == "governance" ? crypto::Scheme::EcdsaP256Sha256
                                                                                             : crypto::Scheme::Ed25519));
        JC_CHECK(key.savePem(at.key(name)));
        keys.byName.emplace(name, std::move(key));
    }
    return keys;
}

struct Authority {
    crypto::PrivateKey key;
    crypto::Certificate certificate;
};
Result<Authority> makeRoot(const std::string& name, const std::string& organization, UnixMs now, int years)
{
    JC_TRY(auto key, crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256));
    crypto::CertificateRequest r;
    r.commonName = name;
    r.organization = organization;
    r.notBefore = now - kDay;
    r.notAfter = now + years * 365 * kDay;
    r.ca = true;
    JC_TRY(auto cert, crypto::issueCertificate(r, key.publicKey(), std::nullopt, key));
    return Authority{std::move(key), std::move(cert)};
}

/// The court's own time-stamping authority under a root of its own; only the leaf's key stays.
Result<crypto::Certificate> makeTsa(const Layout& at, const std::string& court, UnixMs now)
{
    JC_TRY(const auto root, makeRoot(court + " 授时根 TSA Root", court, now, 30));
    JC_TRY(const auto key, crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256));
    crypto::CertificateRequest r;
    r.commonName = court + " 授时 TSA";
    r.organization = court;
    r.notBefore = now - kDay;
    r.notAfter = now + 10LL * 365 * kDay;
    r.timestamping = true;
    JC_TRY(const auto leaf, crypto::issueCertificate(r, key.publicKey(), root.certificate, root.key));
    JC_CHECK(key.savePem(at.key("tsa")));
    JC_CHECK(writeFileAtomic(at.tsaChain(), asBytes(leaf.pem() + root.certificate.pem())));
    return root.certificate;
}

Bytes derOf(const crypto::Certificate& c)
{
    return toBytes(c.der());
}
void sortUnique(std::vector<Bytes>& list)
{
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

Result<record::Enrolment> enrolmentOf(const crypto::Certificate& c, record::Role role, const std::string& court)
{
    record::Enrolment e;
    e.certificateHash = c.id();
    e.spki = c.spki();
    JC_TRY(const auto key, c.publicKey());
    e.scheme = key.scheme();
    e.role = role;
    e.court = court;
    e.notBefore = c.notBefore();
    e.notAfter = c.notAfter();
    return e;
}

struct Founding {
    std::string courtKey, nameZh, nameEn, ledgerName;
    std::vector<crypto::Certificate> administrators;
    std::vector<Bytes> caAnchors, tsaAnchors;
    Config config;
};
/// Folders, keys, charter, ledger, archive, trust set. `at` is the twin folder.
Result<void> found(const Layout& at, Founding f, const CourtKeys& keys, const Clock& clock)
{
    if (!record::isValidCourtKey(f.courtKey))
        return fail(ErrorCode::InvalidArgument, "a court key has six characters, digits or capital letters, as in 210600", "court_key");
    if (!record::isValidLedgerName(f.ledgerName))
        return fail(ErrorCode::InvalidArgument, "a ledger's name has 1 to 63 of the characters a-z, 0-9, dot and hyphen", "ledger_name");
    record::CourtCard card;
    card.courtKey = f.courtKey;
    card.nameZh = f.nameZh;
    card.nameEn = f.nameEn;
    const auto raw = [&](const char* name, crypto::Ed25519Key& to) -> Result<void> {
        JC_TRY(to, keys[name].publicKey().ed25519());
        return {};
    };
    JC_CHECK(raw("consensus", card.consensusKey));
    JC_CHECK(raw("log", card.logKey));
    JC_CHECK(raw("cosigner", card.cosignerKey));
    JC_CHECK(raw("witness", card.witnessKey));
    JC_CHECK(raw("custody", card.custodyKey));
    JC_CHECK(raw("service", card.serviceKey));
    card.governanceKey = toBytes(keys["governance"].publicKey().spki());
    sortUnique(f.caAnchors);
    sortUnique(f.tsaAnchors);
    card.caAnchors = f.caAnchors;
    card.tsaAnchors = f.tsaAnchors;
    for (const auto& a : f.administrators) {
        JC_TRY(auto e, enrolmentOf(a, record::Role::Administrator, f.courtKey));
        card.administrators.push_back(std::move(e));
    }
    std::sort(card.administrators.begin(), card.administrators.end(),
              [](const auto& a, const auto& b) { return a.certificateHash < b.certificateHash; });
    fillRandom(card.nonce);
    Bytes cardBytes = record::encode(card);
    if (const auto again = record::decodeCourtCard(cardBytes); !again)
        return fail(ErrorCode::InvalidArgument, "the court card cannot be made: " + again.error().detail, "court_card");

    record::CharterCore core;
    core.name = f.ledgerName;
    core.count = 1;
    JC_TRY(core.cardsRoot, record::cardsRoot({card}));
    record::CharterEntry charter;
    charter.core = record::encode(core);
    JC_TRY(auto signature, keys["governance"].sign(record::charterSigningInput(charter.core)));
    charter.signatures.push_back(std::move(signature));

    ledger::EmbeddedOptions lo;
    lo.databaseFile = at.ledger();
    lo.signerStateFile = at.signerState();
    lo.logKey = keys["log"];
    lo.cosignerKey = keys["cosigner"];
    lo.clock = &clock;
    JC_CHECK(ledger::EmbeddedLedger::create(lo, {std::move(cardBytes)}, charter));
    {
        JC_TRY(auto archive, archive::Archive::open(at.archive(), true));
        for (const auto& a : f.administrators)
            JC_CHECK(archive->addCertificate(a.der()));
    }
    f.config.courtKey = f.courtKey;
    f.config.nameZh = f.nameZh;
    f.config.nameEn = f.nameEn;
    return writeFileAtomic(at.config(), asBytes(writeConfig(f.config)));
}

Result<void> makeFolders(const Layout& at)
{
    for (const char* d : {"keys", "signer", "tsa", "vault", "archive", "ledger", "identities", "pki"})
        JC_CHECK(makeDirectories(at.root / d, 0700));
    return makeDirectories(at.receipts());
}

Result<std::vector<crypto::Certificate>> readCertificates(const std::vector<std::filesystem::path>& files)
{
    std::vector<crypto::Certificate> out;
    for (const auto& f : files) {
        JC_TRY(const auto bytes, readFile(f, 256 * 1024));
        if (asText(bytes).find("-----BEGIN") != std::string_view::npos) {
            JC_TRY(auto list, crypto::Certificate::fromPemChain(asText(bytes)));
            out.insert(out.end(), list.begin(), list.end());
        } else {
            JC_TRY(auto c, crypto::Certificate::fromDer(bytes));
            out.push_back(std::move(c));
        }
    }
    return out;
}
} // namespace

Result<void> initWorkspace(const std::filesystem::path& dir, const NewCourt& court, const Clock& clock)
{
    if (court.administrators.empty())
        return fail(ErrorCode::InvalidArgument, "name the certificate of at least one administrator, who will enrol the others",
                    "administrators");
    JC_TRY(auto folder, NewFolder::begin(dir));
    const Layout at{folder.path()};
    JC_CHECK(makeFolders(at));
    Founding f;
    f.courtKey = court.courtKey;
    f.nameZh = court.nameZh;
    f.nameEn = court.nameEn;
    f.ledgerName = court.ledgerName;
    JC_TRY(f.administrators, readCertificates(court.administrators));
    JC_TRY(const auto cas, readCertificates(court.caAnchors));
    for (const auto& c : cas)
        f.caAnchors.push_back(derOf(c));
    if (f.caAnchors.empty())
        return fail(ErrorCode::InvalidArgument, "name the certificate of the authority that issues this court's staff certificates",
                    "ca_anchors");
    for (const auto& a : f.administrators)
        if (crypto::checkPath(a, {}, cas, clock.now()) != crypto::PathOutcome::Valid)
            return fail(ErrorCode::InvalidArgument,
                        "the certificate of " + a.commonName() + " does not come from the given authority or is not valid today",
                        "administrators");
    f.config.embeddedAuthority = court.authorityUrls.empty();
    f.config.authorityUrls = court.authorityUrls;
    if (f.config.embeddedAuthority) {
        JC_TRY(const auto root, makeTsa(at, court.nameZh.empty() ? court.nameEn : court.nameZh, clock.now()));
        f.tsaAnchors.push_back(derOf(root));
    }
    JC_TRY(const auto tsas, readCertificates(court.tsaAnchors));
    for (const auto& c : tsas)
        f.tsaAnchors.push_back(derOf(c));
    if (f.tsaAnchors.empty())
        return fail(ErrorCode::InvalidArgument,
                    "name the root certificate of the time-stamping authority as well, so that its tokens can be checked", "tsa_anchors");
    JC_TRY(const auto keys, makeKeys(at));
    JC_CHECK(found(at, std::move(f), keys, clock));
    {
        OpenOptions o;
        o.directory = at.root;
        o.access = Access::Write;
        o.clock = &clock;
        JC_TRY(auto w, Workspace::open(std::move(o)));
        JC_TRY(const auto info, updateTrust(*w));
    }
    return folder.finish();
}

Result<void> makeDemonstration(const std::filesystem::path& dir, const Clock& clock)
{
    JC_TRY(auto folder, NewFolder::begin(dir));
    const Layout at{folder.path()};
    JC_CHECK(makeFolders(at));
    const UnixMs now = clock.now();
    const std::string court = "演示法院 Demonstration Court";
    std::array<std::uint8_t, 4> random{};
    fillRandom(random);
    const std::string pin = std::to_string(100000 + readU32(random) % 900000);
    JC_CHECK(writeFileAtomic(at.identities() / "PIN", asBytes(pin + "\n"), 0600));

    JC_TRY(const auto ca, makeRoot("演示根证书 Demonstration CA", court, now, 20));
    JC_CHECK(writeFileAtomic(at.root / "pki" / "staff-ca.pem", asBytes(ca.certificate.pem())));
    JC_TRY(const auto tsaRoot, makeTsa(at, court, now));
    struct Somebody {
        const char* file;
        const char* name;
        record::Role role;
    };
    static constexpr Somebody kPeople[] = {{"clerk", "王书记员 (演示)", record::Role::Clerk},
                                           {"clerk2", "李书记员 (演示)", record::Role::Clerk},
                                           {"judge", "张法官 (演示)", record::Role::Judge},
                                           {"administrator", "赵管理员 (演示)", record::Role::Administrator},
                                           {"administrator2", "钱管理员 (演示)", record::Role::Administrator},
                                           {"operator", "孙运维 (演示)", record::Role::Operator},
                                           {"department", "市公证处 (演示)", record::Role::Department}};
    std::vector<crypto::Identity> identities;
    Founding f;
    for (const auto& p : kPeople) {
        JC_TRY(auto key, crypto::PrivateKey::generate(crypto::Scheme::EcdsaP256Sha256));
        crypto::CertificateRequest r;
        r.commonName = p.name;
        r.organization = court;
        r.notBefore = now - kDay;
        r.notAfter = now + 3 * 365 * kDay;
        JC_TRY(auto cert, crypto::issueCertificate(r, key.publicKey(), ca.certificate, ca.key));
        crypto::Identity id{std::move(key), std::move(cert), {ca.certificate}};
        JC_CHECK(crypto::savePkcs12(at.identities() / (std::string(p.file) + ".p12"), id, pin, p.name));
        if (p.role == record::Role::Administrator) f.administrators.push_back(id.certificate);
        identities.push_back(std::move(id));
    }
    f.courtKey = "210600";
    f.nameZh = "演示法院";
    f.nameEn = "Demonstration Court";
    f.ledgerName = "demonstration.court.example";
    f.caAnchors.push_back(derOf(ca.certificate));
    f.tsaAnchors.push_back(derOf(tsaRoot));
    f.config.demonstration = true;
    f.config.identity = "identities/clerk.p12";
    f.config.pinFile = "identities/PIN";
    JC_TRY(const auto keys, makeKeys(at));
    JC_CHECK(found(at, std::move(f), keys, clock));
    {
        // One administrator enrols everybody else, as in a real court.
        OpenOptions o;
        o.directory = at.root;
        o.access = Access::Write;
        o.identity = at.identities() / "administrator.p12";
        o.clock = &clock;
        JC_TRY(auto w, Workspace::open(std::move(o)));
        for (std::size_t i = 0; i < identities.size(); ++i) {
            if (kPeople[i].role == record::Role::Administrator) continue;
            const auto pem = at.root / "pki" / (std::string(kPeople[i].file) + ".pem");
            JC_CHECK(writeFileAtomic(pem, asBytes(identities[i].certificate.pem())));
            JC_TRY(const auto enrolled, enrolStaff(*w, pem, kPeople[i].role));
        }
        JC_TRY(const auto info, updateTrust(*w));
    }
    return folder.finish();
}
} // namespace jc::service
