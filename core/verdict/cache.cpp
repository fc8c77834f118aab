// SPDX-License-Identifier: Apache-2.0
#include "verdict/filing_facts.h"

#include <algorithm>

namespace jc::verdict {
namespace {

/// A sample is enough to tell filings apart quickly; equality is always decided by comparing the whole text.
std::size_t sampleHash(std::string_view text) noexcept
{
    std::uint64_t h = text.size() * 0x9E3779B97F4A7C15ULL;
    const auto mix = [&h](const char* at) {
        std::uint64_t v;
        std::memcpy(&v, at, sizeof v);
        h = (h ^ v) * 0xFF51AFD7ED558CCDULL;
        h ^= h >> 32;
    };
    constexpr std::size_t kWords = 64;
    if (text.size() < sizeof(std::uint64_t) * kWords) return std::hash<std::string_view>()(text);
    const std::size_t step = (text.size() - sizeof(std::uint64_t)) / (kWords - 1);
    for (std::size_t i = 0; i < kWords; ++i)
        mix(text.data() + i * step);
    return static_cast<std::size_t>(h);
}

} // namespace

Cache::Cache() : m_impl(std::make_unique<Impl>()) {}
Cache::~Cache() = default;

Result<crypto::Certificate> CertificateMemo::parse(ByteView der)
{
    const Sha256Digest id = crypto::sha256(der);
    {
        const std::shared_lock lock(m_mutex);
        if (const auto it = m_certificates.find(id); it != m_certificates.end()) return it->second;
    }
    JC_TRY(auto certificate, crypto::Certificate::fromDer(der));
    const std::unique_lock lock(m_mutex);
    if (m_certificates.size() >= kMaxCertificates) m_certificates.clear();
    m_certificates.emplace(id, certificate);
    return certificate;
}

bool CertificateMemo::allLinked(std::span<const crypto::Certificate> certificates, std::span<const crypto::Certificate> anchors, UnixMs at)
{
    Bytes ids;
    ids.reserve((certificates.size() + anchors.size() + 1) * 32);
    for (const auto& c : certificates)
        append(ids, c.id().bytes());
    ids.push_back(0); // the two lists cannot run into each other
    for (const auto& c : anchors)
        append(ids, c.id().bytes());
    const Sha256Digest key = crypto::sha256(ids);
    {
        const std::shared_lock lock(m_mutex);
        if (const auto it = m_linked.find(key); it != m_linked.end() && it->second.from <= at && at <= it->second.to) return true;
    }
    for (const auto& c : certificates) {
        const bool isAnchor = std::ranges::any_of(anchors, [&](const crypto::Certificate& a) { return equal(a.der(), c.der()); });
        if (!isAnchor && crypto::checkPath(c, certificates, anchors, at) != crypto::PathOutcome::Valid) return false;
    }
    // Between two ends of validity nothing can change for these certificates.
    Window window{at, at};
    bool first = true;
    for (const auto list : {certificates, anchors}) {
        for (const auto& c : list) {
            if (at < c.notBefore() || at > c.notAfter()) continue;
            window.from = first ? c.notBefore() : std::max(window.from, c.notBefore());
            window.to = first ? c.notAfter() : std::min(window.to, c.notAfter());
            first = false;
        }
    }
    const std::unique_lock lock(m_mutex);
    if (m_linked.size() >= kMaxWindows) m_linked.clear();
    m_linked.insert_or_assign(key, window);
    return true;
}

void Cache::Impl::bindTo(const TrustedLedger& trust)
{
    const auto same = [&] { return m_bound && m_ledger == trust.id() && m_size == trust.size() && m_root == trust.root(); };
    {
        const std::shared_lock lock(m_mutex);
        if (same()) return;
    }
    const std::unique_lock lock(m_mutex);
    if (same()) return;
    m_bound = true;
    m_ledger = trust.id();
    m_size = trust.size();
    m_root = trust.root();
    m_filings.clear();
    m_filingBytes = 0;
    m_last.reset();
    m_checkpoints.clear();
}

std::shared_ptr<const Cache::Impl::Known> Cache::Impl::lastFiling()
{
    const std::shared_lock lock(m_mutex);
    return m_last;
}

std::shared_ptr<const Cache::Impl::Known> Cache::Impl::findFiling(std::string_view text)
{
    const std::shared_lock lock(m_mutex);
    const auto it = m_filings.find(sampleHash(text));
    return it != m_filings.end() && it->second->text == text ? it->second : nullptr;
}

void Cache::Impl::keepFiling(std::shared_ptr<const Known> known)
{
    const std::unique_lock lock(m_mutex);
    if (m_filings.size() >= kMaxFilings || m_filingBytes + known->text.size() > kMaxFilingBytes) {
        m_filings.clear();
        m_filingBytes = 0;
    }
    auto& slot = m_filings[sampleHash(known->text)];
    if (slot) m_filingBytes -= slot->text.size();
    m_filingBytes += known->text.size();
    m_last = known;
    slot = std::move(known);
}

std::shared_ptr<const Cache::Impl::Head> Cache::Impl::findCheckpoint(const std::string& text)
{
    const std::shared_lock lock(m_mutex);
    const auto it = m_checkpoints.find(text);
    return it == m_checkpoints.end() ? nullptr : it->second;
}

void Cache::Impl::keepCheckpoint(const std::string& text, std::shared_ptr<const Head> head)
{
    constexpr std::size_t kLargest = 64 * 1024; // memory stays bounded whatever a receipt holds
    if (text.size() > kLargest) return;
    const std::unique_lock lock(m_mutex);
    if (m_checkpoints.size() >= kMaxCheckpoints) m_checkpoints.clear();
    m_checkpoints.insert_or_assign(text, std::move(head));
}

} // namespace jc::verdict
