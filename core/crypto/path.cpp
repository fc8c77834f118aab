// SPDX-License-Identifier: Apache-2.0
// Certification paths. We search ourselves, since OpenSSL follows one candidate per name and so fails where an authority changed its key
// under the same name or a hostile chain adds a look-alike; OpenSSL then judges each finished path with nothing else in sight.
#include "crypto/certificate.h"
#include "crypto/openssl_support.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace jc::crypto {
namespace {

constexpr std::size_t kMaxPath = 8;
constexpr int kMaxSignatureChecks = 128; // a hostile set of certificates must not buy unbounded work

void freeStackOnly(STACK_OF(X509) * s)
{
    sk_X509_free(s);
}
using StackPtr = OpenSslPtr<STACK_OF(X509), freeStackOnly>;
using StorePtr = OpenSslPtr<X509_STORE, X509_STORE_free>;
using StoreCtxPtr = OpenSslPtr<X509_STORE_CTX, X509_STORE_CTX_free>;

X509* native(const Certificate& c)
{
    return static_cast<X509*>(c.nativeHandle());
}

// How much better than nothing an outcome is; the best over all paths is told.
int rank(PathOutcome o)
{
    switch (o) {
    case PathOutcome::Valid:
        return 5;
    case PathOutcome::Expired:
        return 4;
    case PathOutcome::NotYetValid:
        return 3;
    case PathOutcome::NotAllowed:
        return 2;
    case PathOutcome::BadSignature:
        return 1;
    case PathOutcome::NoAnchor:
        return 0;
    }
    return 0;
}

class Search {
public:
    Search(std::span<const Certificate> intermediates, std::span<const Certificate> anchors, UnixMs at)
        : m_intermediates(intermediates), m_anchors(anchors), m_second(at >= 0 ? at / 1000 : (at - 999) / 1000)
    {
    }

    PathOutcome run(const Certificate& leaf)
    {
        m_path.push_back(&leaf);
        extend();
        return m_best;
    }

private:
    bool done() const { return m_best == PathOutcome::Valid || m_checksLeft <= 0; }
    void note(PathOutcome o)
    {
        if (rank(o) > rank(m_best)) m_best = o;
    }

    bool signedBy(const Certificate& subject, const Certificate& issuer)
    {
        if (X509_NAME_cmp(X509_get_issuer_name(native(subject)), X509_get_subject_name(native(issuer))) != 0) return false;
        if (const int why = X509_check_issued(native(issuer), native(subject)); why != X509_V_OK) {
            if (why == X509_V_ERR_KEYUSAGE_NO_CERTSIGN) note(PathOutcome::NotAllowed);
            return false;
        }
        --m_checksLeft;
        EVP_PKEY* key = X509_get0_pubkey(native(issuer));
        const bool good = key && X509_verify(native(subject), key) == 1;
        ERR_clear_error();
        if (!good) note(PathOutcome::BadSignature);
        return good;
    }

    void extend()
    {
        const Certificate& last = *m_path.back();
        for (const auto& anchor : m_anchors) {
            if (done()) return;
            if (equal(anchor.der(), last.der())) {
                note(judge(m_path.size() - 1)); // the certificate is itself trusted
            } else if (m_path.size() < kMaxPath && signedBy(last, anchor)) {
                m_path.push_back(&anchor);
                note(judge(m_path.size() - 1));
                m_path.pop_back();
            }
        }
        if (m_path.size() + 1 >= kMaxPath) return; // the next one could not be an anchor's subject any more
        for (const auto& next : m_intermediates) {
            if (done()) return;
            const bool used = std::ranges::any_of(m_path, [&](const Certificate* c) { return equal(c->der(), next.der()); });
            if (used || !signedBy(last, next)) continue;
            m_path.push_back(&next);
            extend();
            m_path.pop_back();
        }
    }

    PathOutcome judge(std::size_t anchorAt) const
    {
        for (const Certificate* c : m_path) { // notAfter includes its own second (RFC 5280 §4.1.2.5)
            if (m_second > c->notAfter() / 1000) return PathOutcome::Expired;
            if (m_second < c->notBefore() / 1000) return PathOutcome::NotYetValid;
        }
        for (std::size_t i = 1; i < m_path.size(); ++i) {
            if (X509_check_ca(native(*m_path[i])) != 1) return PathOutcome::NotAllowed; // basicConstraints with CA, no older substitutes
        }
        const StorePtr store(X509_STORE_new());
        const StackPtr between(sk_X509_new_null());
        const StoreCtxPtr ctx(X509_STORE_CTX_new());
        bool ready = store && between && ctx && X509_STORE_add_cert(store.get(), native(*m_path[anchorAt])) == 1;
        for (std::size_t i = 1; ready && i < anchorAt; ++i)
            ready = sk_X509_push(between.get(), native(*m_path[i])) > 0;
        ready = ready && X509_STORE_CTX_init(ctx.get(), store.get(), native(*m_path[0]), between.get()) == 1;
        if (!ready) {
            ERR_clear_error();
            return PathOutcome::NotAllowed;
        }
        X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(ctx.get());
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME); // time was judged above, to the second
        X509_VERIFY_PARAM_set_depth(param, static_cast<int>(kMaxPath));
        X509_VERIFY_PARAM_set_auth_level(param, 1); // no MD5 or SHA-1 signatures, no RSA below 1024 bits
        const int ok = X509_verify_cert(ctx.get());
        const int error = X509_STORE_CTX_get_error(ctx.get());
        ERR_clear_error();
        if (ok == 1) return PathOutcome::Valid;
        if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE) return PathOutcome::BadSignature;
        return PathOutcome::NotAllowed;
    }

    std::span<const Certificate> m_intermediates;
    std::span<const Certificate> m_anchors;
    std::int64_t m_second;
    std::vector<const Certificate*> m_path; // leaf first
    PathOutcome m_best = PathOutcome::NoAnchor;
    int m_checksLeft = kMaxSignatureChecks;
};

} // namespace

PathOutcome checkPath(const Certificate& leaf, std::span<const Certificate> intermediates, std::span<const Certificate> anchors, UnixMs at)
{
    return Search(intermediates, anchors, at).run(leaf);
}

} // namespace jc::crypto
