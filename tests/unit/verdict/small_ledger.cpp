// SPDX-License-Identifier: Apache-2.0
#include "unit/verdict/small_ledger.h"

#include "record/control_state.h"
#include "record/numbers.h"

#include <algorithm>
#include <stdexcept>
#include <unistd.h>

namespace jc::verdict::test {
namespace {

template <class T> T must(Result<T> r)
{
    if (!r) throw std::runtime_error(r.error().detail);
    return std::move(*r);
}
crypto::PrivateKey newKey(crypto::Scheme scheme = crypto::Scheme::Ed25519)
{
    return must(crypto::PrivateKey::generate(scheme));
}
crypto::Ed25519Key raw(const crypto::PrivateKey& key)
{
    return must(key.publicKey().ed25519());
}
constexpr UnixMs kFrom = kStart - 5 * 365 * kDay, kTo = kStart + 20 * 365 * kDay;

crypto::CertificateRequest requestFor(const std::string& name, bool ca, bool timestamping)
{
    crypto::CertificateRequest r;
    r.commonName = name;
    r.notBefore = kFrom;
    r.notAfter = kTo;
    r.ca = ca;
    r.timestamping = timestamping;
    return r;
}

Court makeCourt(const std::string& courtKey)
{
    Authority caRoot = makeRoot("CA " + courtKey), tsaRoot = makeRoot("TSA root " + courtKey);
    Authority caSub = makeUnder(caRoot, requestFor("CA 2 " + courtKey, true, false));
    Authority tsaLeaf = makeUnder(tsaRoot, requestFor("TSA " + courtKey, false, true));
    Court c{courtKey,
            newKey(),
            newKey(),
            newKey(),
            newKey(),
            newKey(),
            newKey(),
            newKey(crypto::Scheme::EcdsaP256Sha256),
            std::move(caRoot),
            std::move(caSub),
            std::move(tsaRoot),
            std::move(tsaLeaf),
            {},
            {}};
    c.card.courtKey = courtKey;
    c.card.nameZh = "试验法院";
    c.card.nameEn = "Test Court";
    c.card.consensusKey = raw(c.consensus);
    c.card.logKey = raw(c.log);
    c.card.cosignerKey = raw(c.cosigner);
    c.card.witnessKey = raw(c.witness);
    c.card.custodyKey = raw(c.custody);
    c.card.serviceKey = raw(c.service);
    c.card.governanceKey = toBytes(c.governance.publicKey().spki());
    c.card.caAnchors = {toBytes(c.caRoot.certificate.der())};
    c.card.tsaAnchors = {toBytes(c.tsaRoot.certificate.der())};
    for (std::size_t i = 0; i < c.card.nonce.size(); ++i)
        c.card.nonce[i] = static_cast<std::uint8_t>(i);
    return c;
}

} // namespace

Authority makeRoot(const std::string& name)
{
    auto key = newKey(crypto::Scheme::EcdsaP256Sha256);
    auto certificate = must(crypto::issueCertificate(requestFor(name, true, false), key.publicKey(), std::nullopt, key));
    return {std::move(key), std::move(certificate)};
}
Authority makeUnder(const Authority& issuer, crypto::CertificateRequest request)
{
    auto key = newKey(crypto::Scheme::EcdsaP256Sha256);
    auto certificate = must(crypto::issueCertificate(request, key.publicKey(), issuer.certificate, issuer.key));
    return {std::move(key), std::move(certificate)};
}

std::string itemName(std::size_t i)
{
    return "证据" + std::to_string(i + 1) + ".pdf";
}
Sha256Digest digestOf(std::string_view content)
{
    return crypto::sha256(asBytes(content));
}
FileFacts factsOf(const std::string& name, const std::string& content)
{
    crypto::MultiHasher hasher({});
    hasher.update(asBytes(content));
    return {name, content.size(), hasher.finish()};
}

SmallLedger::SmallLedger(std::size_t courtCount, std::size_t administrators, const std::string& name)
{
    std::vector<record::CourtCard> cards;
    for (std::size_t i = 0; i < courtCount; ++i)
        courts.push_back(makeCourt("21060" + std::to_string(i)));
    for (std::size_t i = 0; i < courtCount; ++i) {
        for (std::size_t a = 0; a < administrators; ++a)
            courts[i].administrators.push_back(makePerson(i, "Administrator " + std::to_string(a), record::Role::Administrator));
        for (const auto& a : courts[i].administrators)
            courts[i].card.administrators.push_back(a.enrolment);
        std::ranges::sort(courts[i].card.administrators, {}, &record::Enrolment::certificateHash);
        cards.push_back(courts[i].card);
    }
    core = {name, static_cast<std::uint32_t>(courtCount), must(record::cardsRoot(cards))};
    coreBytes = record::encode(core);
    id = record::ledgerId(coreBytes);
    origin = record::logOrigin(core, id);
    record::CharterEntry charter{coreBytes, {}};
    for (const auto& c : courts)
        charter.signatures.push_back(must(c.governance.sign(record::charterSigningInput(coreBytes))));
    record::LedgerEntry entry;
    entry.body = charter;
    entry.ledgerTime = kStart;
    appendEntry(entry);
}

Person SmallLedger::makePerson(std::size_t court, const std::string& name, record::Role role, UnixMs notBefore, UnixMs notAfter) const
{
    const Court& c = courts.at(court);
    crypto::CertificateRequest request;
    request.commonName = name;
    request.notBefore = notBefore;
    request.notAfter = notAfter;
    Authority made = makeUnder(c.caSub, request);
    Person p{std::move(made.key), made.certificate, {toBytes(made.certificate.der()), toBytes(c.caSub.certificate.der())}, {}};
    p.enrolment = {made.certificate.id(),        made.certificate.spki(),    p.key.scheme(), role, c.courtKey,
                   made.certificate.notBefore(), made.certificate.notAfter()};
    return p;
}

std::uint64_t SmallLedger::appendEntry(record::LedgerEntry entry, const Bend& bend)
{
    entry.height = ++m_height;
    entry.controlHead = m_head;
    if (bend) bend(entry);
    entries.push_back(record::encode(entry));
    m_leaves.push_back(merkle::hashLeaf(entries.back()));
    if (record::isControl(entry)) {
        m_head = record::nextControlHead(m_head, m_leaves.back());
        if (entries.size() > 1) control.push_back(entries.size() - 1);
    }
    return entries.size() - 1;
}

std::uint64_t SmallLedger::append(const record::RecordBody& body, const SignerId& signer, const crypto::PrivateKey& key, UnixMs t,
                                  const Bend& bend)
{
    record::Record r;
    r.id = makeUuidV7(t);
    r.authorTime = t;
    r.body = body;
    record::LedgerEntry entry;
    entry.body = must(record::signRecord(r, id, signer, key));
    entry.ledgerTime = t;
    return appendEntry(std::move(entry), bend);
}

std::uint64_t SmallLedger::enrol(const Person& person, std::size_t court, UnixMs t, std::size_t administrator)
{
    const Person& a = courts.at(court).administrators.at(administrator);
    return append(person.enrolment, a.enrolment.certificateHash, a.key, t);
}
std::uint64_t SmallLedger::revoke(const Person& person, std::size_t court, UnixMs from, UnixMs t, std::size_t administrator)
{
    const Person& a = courts.at(court).administrators.at(administrator);
    return append(record::Revocation{person.enrolment.certificateHash, from, record::RevocationReason::KeyLost},
                  a.enrolment.certificateHash, a.key, t);
}

receipt::TokenPart SmallLedger::stamp(std::size_t court, const Sha256Digest& imprint, UnixMs t) const
{
    const Court& c = courts.at(court);
    static std::uint64_t run = 0;
    const auto serial =
        std::filesystem::temp_directory_path() / ("jc-verdict-serial-" + std::to_string(::getpid()) + "-" + std::to_string(++run));
    SetClock clock;
    clock.set(t);
    auto authority =
        must(timestamp::openEmbeddedAuthority({c.tsaLeaf.certificate, c.tsaLeaf.key, {c.tsaRoot.certificate}, serial, &clock}));
    receipt::TokenPart part{must(authority->stamp(crypto::DigestAlgorithm::Sha256, imprint.bytes())),
                            {toBytes(c.tsaRoot.certificate.der())}};
    authority.reset();
    for (const auto& f : std::filesystem::directory_iterator(serial.parent_path()))
        if (f.path().filename().string().starts_with(serial.filename().string())) std::filesystem::remove(f.path());
    return part;
}

Filed SmallLedger::file(const Person& signer, std::size_t court, UnixMs t, const FilingPlan& plan, std::optional<std::uint64_t> enrolment,
                        const Bend& bend)
{
    Filed out;
    out.contents = plan.contents;
    out.court = plan.courtInstead.value_or(courts.at(court).courtKey);
    out.time = t;
    out.certificates = signer.chain;
    out.enrolmentIndex = enrolment;
    std::vector<merkle::LeafHash> leaves;
    std::vector<timestamp::TreeItem> items;
    for (std::size_t i = 0; i < plan.contents.size(); ++i) {
        record::ItemDescriptor d;
        fillRandom(d.salt);
        d.name = itemName(i);
        const FileFacts facts = factsOf(d.name, plan.contents[i]);
        d.size = facts.size;
        d.digests = facts.digests;
        d.mediaType = "application/pdf";
        d.intakeTime = t;
        d.caseNumber = "（2021）辽06民初123号";
        if (plan.formFields > 0) {
            d.formDigest = digestOf("form");
            d.formFields = plan.formFields;
        }
        if (d.size == 0) d.emptyReason = "an empty log";
        out.descriptors.push_back(record::encode(d));
        leaves.push_back(merkle::hashLeaf(out.descriptors.back()));
        items.push_back({digestOf(plan.contents[i]), d.salt});
    }
    const merkle::FullTree tree(leaves);
    const timestamp::BatchTree batch(items, plan.blindSingle);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        out.paths.push_back(tree.inclusionPath(i));
        out.siblings.push_back(plan.token ? batch.siblings(i) : std::vector<Sha256Digest>());
    }
    if (plan.token)
        out.tokens.push_back(stamp(plan.stampedBy, plan.stampInstead.value_or(batch.imprint()), plan.stampedAt == 0 ? t : plan.stampedAt));
    record::Filing filing{out.court, leaves.size(), tree.root(), record::Purpose::PartyEvidence, plan.nameInstead};
    if (plan.namesToken) filing.tokenDigest = crypto::sha256(out.tokens.at(0).token);
    out.index = append(filing, signer.enrolment.certificateHash, signer.key, t, bend);
    return out;
}

std::string SmallLedger::checkpoint(std::uint64_t size, const Signers& signers) const
{
    note::Checkpoint c{origin, size, root(size), {}};
    const std::string text = c.text();
    note::SignedNote n{text, {}};
    const auto logKey = must(note::VerifierKey::make(origin, note::SignatureType::Ed25519, raw(courts[signers.log].log)));
    n.signatures.push_back(must(note::signNote(text, logKey, courts[signers.log].log)));
    UnixMs at = signers.firstTime;
    if (at == 0) at = must(record::decodeLedgerEntry(entries[size - 1])).ledgerTime + 1000;
    for (std::size_t i = 0; i < signers.cosigners.value_or(courts.size()); ++i) {
        const auto key = must(note::VerifierKey::make(record::cosignerName(origin, courts[i].courtKey), note::SignatureType::CosignatureV1,
                                                      raw(courts[i].cosigner)));
        n.signatures.push_back(must(note::cosign(text, key, courts[i].cosigner, static_cast<std::uint64_t>(at / 1000) + i)));
    }
    return n.serialize();
}

merkle::RootHash SmallLedger::root(std::uint64_t size) const
{
    merkle::CompactTree tree;
    for (std::uint64_t i = 0; i < size; ++i)
        tree.append(m_leaves[i]);
    return tree.root();
}
std::vector<merkle::NodeHash> SmallLedger::path(std::uint64_t index, std::uint64_t size) const
{
    return merkle::FullTree(std::vector<merkle::LeafHash>(m_leaves.begin(), m_leaves.begin() + static_cast<std::ptrdiff_t>(size)))
        .inclusionPath(index);
}
std::string SmallLedger::proof(std::uint64_t index, std::uint64_t size, const std::string& checkpointText) const
{
    note::TlogProof p;
    p.index = index;
    p.path = path(index, size);
    p.checkpoint = checkpointText;
    return p.serialize();
}

receipt::TrustSet SmallLedger::trustSet(std::uint64_t size) const
{
    if (size == 0) size = entries.size();
    receipt::TrustSet t;
    for (const auto& c : courts)
        t.cards.push_back(record::encode(c.card));
    t.charterEntry = entries[0];
    for (const std::size_t i : control)
        if (i < size) t.control.push_back(entries[i]);
    t.checkpoint = checkpoint(size);
    t.lastEntry = entries[size - 1];
    t.lastPath = path(size - 1, size);
    return t;
}
std::shared_ptr<const TrustedLedger> SmallLedger::trusted(std::uint64_t size) const
{
    return TrustedLedger::verify(trustSet(size)).ledger;
}

receipt::Receipt SmallLedger::receiptOf(const Filed& filed, std::size_t item, std::uint64_t size, const Signers& signers) const
{
    if (size == 0) size = entries.size();
    receipt::Receipt r;
    r.number = record::toString(record::EvidenceNumber{filed.court, record::ledgerTag(id), yearUtc8(filed.time), filed.index, item + 1});
    r.item = {filed.descriptors[item], item + 1, filed.paths[item], filed.siblings[item]};
    r.filing.entry = entries[filed.index];
    r.filing.proof = proof(filed.index, size, checkpoint(size, signers));
    r.filing.certificates = filed.certificates;
    if (filed.enrolmentIndex)
        r.filing.enrolment =
            receipt::EnrolmentPart{entries[*filed.enrolmentIndex], *filed.enrolmentIndex, path(*filed.enrolmentIndex, size)};
    r.filing.tokens = filed.tokens;
    return r;
}

} // namespace jc::verdict::test
