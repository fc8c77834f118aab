// SPDX-License-Identifier: Apache-2.0
// Every row of docs/reference/verdicts.md is reached by a receipt of a real ledger.
#include "unit/verdict/small_ledger.h"
#include "verdict/reasons.h"

#include "base/file.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace jc::verdict::test {
namespace {

constexpr CheckId I = CheckId::Identity, C = CheckId::Content, T = CheckId::Time, L = CheckId::Ledger, P = CheckId::Provenance;
const std::string kContent = "one evidence file";

/// One court, one administrator, one enrolled clerk.
struct World {
    SmallLedger ledger;
    Person clerk = ledger.makePerson(0, "王书记员", record::Role::Clerk);
    std::uint64_t enrolment = ledger.enrol(clerk, 0, kStart + kHour);
    const UnixMs t = kStart + 10 * kDay;
    Context context{kStart + 20 * kDay};

    explicit World(std::size_t courts = 1, std::size_t administrators = 1) : ledger(courts, administrators) {}
    Filed file(const FilingPlan& plan = {}, const Bend& bend = {}) { return ledger.file(clerk, 0, t, plan, enrolment, bend); }
    Verdict judgeIt(const receipt::Receipt& r, std::uint64_t trustSize = 0, const std::string& content = kContent) const
    {
        const auto trust = ledger.trusted(trustSize);
        if (!trust) throw std::runtime_error("the test's own trust set does not hold");
        const FileFacts facts = factsOf(itemName(0), content);
        return judge(&facts, r, *trust, context);
    }
};

Bytes otherByte(Bytes b, std::size_t at)
{
    b.at(at) ^= 1;
    return b;
}

struct Row {
    CheckId check;
    std::string reason;
    std::function<Verdict()> make;
};

std::vector<Row> rows()
{
    std::vector<Row> out;
    const auto row = [&out](CheckId check, const char* reason, std::function<Verdict()> make) {
        out.push_back({check, reason, std::move(make)});
    };
    /// A good receipt, bent by one hand.
    const auto bent = [](std::function<void(receipt::Receipt&, World&)> change, FilingPlan plan = {}) {
        return [change = std::move(change), plan] {
            World w;
            const Filed f = w.file(plan);
            receipt::Receipt r = w.ledger.receiptOf(f);
            change(r, w);
            return w.judgeIt(r);
        };
    };
    const auto plain = bent([](receipt::Receipt&, World&) {});

    // ledger
    row(L, "anchored", plain);
    row(L, "entry_malformed", bent([](receipt::Receipt& r, World&) { r.filing.entry.push_back(0); }));
    row(L, "entry_not_filing", bent([](receipt::Receipt& r, World& w) { r.filing.entry = w.ledger.entries[0]; }));
    row(L, "proof_malformed", bent([](receipt::Receipt& r, World&) { r.filing.proof.insert(0, " "); }));
    row(L, "other_ledger", [] {
        World w, other;
        const Filed f = other.file();
        return w.judgeIt(other.ledger.receiptOf(f));
    });
    row(L, "unknown_log_key", bent([](receipt::Receipt& r, World& w) {
            // The same origin, signed by a stranger's key.
            const auto key = crypto::PrivateKey::generate(crypto::Scheme::Ed25519).value();
            auto note = note::SignedNote::parse(note::TlogProof::parse(r.filing.proof)->checkpoint).value();
            note.signatures[0] =
                note::signNote(note.text,
                               note::VerifierKey::make(w.ledger.origin, note::SignatureType::Ed25519, *key.publicKey().ed25519()).value(),
                               key)
                    .value();
            r.filing.proof = w.ledger.proof(2, 3, note.serialize());
        }));
    row(L, "epoch_unknown", [] {
        World w;
        const Filed f = w.file({}, [](record::LedgerEntry& e) { e.epoch = 1; });
        return w.judgeIt(w.ledger.receiptOf(f), 2);
    });
    row(L, "checkpoint_bad_signature", bent([](receipt::Receipt& r, World& w) {
            auto note = note::SignedNote::parse(note::TlogProof::parse(r.filing.proof)->checkpoint).value();
            note.signatures[1].payload.back() ^= 1;
            r.filing.proof = w.ledger.proof(2, 3, note.serialize());
        }));
    row(L, "quorum_missing", [] {
        World w(4);
        const Filed f = w.file();
        return w.judgeIt(w.ledger.receiptOf(f, 0, 0, {0, 2, 0}));
    });
    row(L, "checkpoint_unknown_signature", bent([](receipt::Receipt& r, World& w) {
            const auto key = crypto::PrivateKey::generate(crypto::Scheme::Ed25519).value();
            auto note = note::SignedNote::parse(note::TlogProof::parse(r.filing.proof)->checkpoint).value();
            note.signatures.push_back(
                note::signNote(note.text,
                               note::VerifierKey::make("stranger", note::SignatureType::Ed25519, *key.publicKey().ed25519()).value(), key)
                    .value());
            r.filing.proof = w.ledger.proof(2, 3, note.serialize());
        }));
    row(L, "entry_not_in_log", [] {
        World w;
        const Filed first = w.file(), second = w.file();
        receipt::Receipt r = w.ledger.receiptOf(first);
        r.filing.proof = w.ledger.receiptOf(second).filing.proof; // the proof of another filing
        return w.judgeIt(r);
    });
    row(L, "descriptor_malformed", bent([](receipt::Receipt& r, World&) { r.item.descriptor.push_back(0); }));
    row(L, "ordinal_outside_filing", bent([](receipt::Receipt& r, World&) { r.item.ordinal = 2; }));
    row(L, "descriptor_not_in_filing", bent([](receipt::Receipt& r, World&) { r.item.path.emplace_back(); }));
    row(L, "number_differs", bent([](receipt::Receipt& r, World&) { r.number.back() = r.number.back() == '1' ? '2' : '1'; }));
    row(L, "handover_unproven", bent([](receipt::Receipt& r, World&) { r.filing.handovers.push_back({{1}, "proof", "checkpoint"}); }));
    row(L, "control_head_unknown", [] {
        World w;
        const Filed f = w.file({}, [](record::LedgerEntry& e) { e.controlHead.data()[0] ^= 1; });
        w.file();
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(L, "checkpoint_conflict", [] {
        // Two histories of one length, both signed by the courts.
        World w;
        SmallLedger other = w.ledger;
        const auto trust = [&] {
            other.file(w.clerk, 0, w.t, {}, w.enrolment);
            return other.trusted();
        }();
        const Filed f = w.file();
        const FileFacts facts = factsOf(itemName(0), kContent);
        return judge(&facts, w.ledger.receiptOf(f), *trust, w.context);
    });
    row(L, "record_signature_invalid", [] {
        World w;
        const Filed f = w.file({}, [](record::LedgerEntry& e) { std::get<record::SignedRecord>(e.body).signature[5] ^= 1; });
        return w.judgeIt(w.ledger.receiptOf(f));
    });

    // identity
    row(I, "valid_at_filing", plain);
    row(I, "entry_not_authenticated", bent([](receipt::Receipt& r, World&) { r.filing.entry.push_back(0); }));
    row(I, "control_head_unknown", [] {
        World w;
        const Filed f = w.file({}, [](record::LedgerEntry& e) { e.controlHead = {}; }); // before the charter
        w.file();
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "enrolment_missing", [] {
        World w;
        const Filed f = w.file();
        receipt::Receipt r = w.ledger.receiptOf(f);
        r.filing.enrolment.reset();
        return w.judgeIt(r, 1); // the trust set ends before the enrolment
    });
    row(I, "enrolment_unproven",
        bent([](receipt::Receipt& r, World&) { r.filing.enrolment->entry = otherByte(r.filing.enrolment->entry, 90); }));
    row(I, "certificate_missing", bent([](receipt::Receipt& r, World&) { r.filing.certificates.clear(); }));
    row(I, "certificate_malformed", bent([](receipt::Receipt& r, World&) { r.filing.certificates[0].push_back(0); }));
    row(I, "certificate_differs",
        bent([](receipt::Receipt& r, World& w) { r.filing.certificates = w.ledger.courts[0].administrators[0].chain; }));
    row(I, "certificate_not_from_court", bent([](receipt::Receipt& r, World&) { r.filing.certificates.pop_back(); })); // the intermediate
    row(I, "in_doubtful_window", [] {
        World w;
        FilingPlan plan;
        plan.stampedAt = w.t + 4 * kHour;
        const Filed f = w.file(plan);
        w.ledger.revoke(w.clerk, 0, w.t + kHour, w.t + 2 * kHour); // the log's courts sign only after that
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "signer_not_enrolled", [] {
        World w;
        const Person stranger = w.ledger.makePerson(0, "nobody", record::Role::Clerk);
        const Filed f = w.ledger.file(stranger, 0, w.t);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "revoked_before_filing", [] {
        World w;
        w.ledger.revoke(w.clerk, 0, w.t - kDay, w.t - kHour);
        const Filed f = w.file();
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "role_not_allowed", [] {
        World w;
        const Person& admin = w.ledger.courts[0].administrators[0];
        const Filed f = w.ledger.file(admin, 0, w.t);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "court_differs", [] {
        World w(4);
        FilingPlan plan;
        plan.courtInstead = w.ledger.courts[1].courtKey;
        const Filed f = w.file(plan);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "not_valid_at_filing", [] {
        World w;
        const Person late = w.ledger.makePerson(0, "late", record::Role::Clerk, kStart - kDay, kStart + 5 * kDay);
        const auto at = w.ledger.enrol(late, 0, kStart + 2 * kHour);
        const Filed f = w.ledger.file(late, 0, w.t, {}, at);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "certificate_contradicts_enrolment", [] {
        World w;
        Person odd = w.ledger.makePerson(0, "odd", record::Role::Clerk);
        odd.enrolment.notAfter += kDay;
        const auto at = w.ledger.enrol(odd, 0, kStart + 2 * kHour);
        const Filed f = w.ledger.file(odd, 0, w.t, {}, at);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(I, "signed_after_revocation_start", [] {
        World w;
        const Filed f = w.file();
        w.ledger.revoke(w.clerk, 0, w.t - kHour, w.t + kDay);
        return w.judgeIt(w.ledger.receiptOf(f));
    });

    // content
    row(C, "digests_equal", plain);
    row(C, "no_file", [] {
        World w;
        const Filed f = w.file();
        return judge(nullptr, w.ledger.receiptOf(f), *w.ledger.trusted(), w.context);
    });
    row(C, "descriptor_not_authenticated", bent([](receipt::Receipt& r, World&) { r.item.descriptor = otherByte(r.item.descriptor, 5); }));
    row(C, "digest_not_measured", [] {
        World w;
        const Filed f = w.file();
        FileFacts facts = factsOf(itemName(0), kContent);
        facts.digests.pop_back();
        return judge(&facts, w.ledger.receiptOf(f), *w.ledger.trusted(), w.context);
    });
    row(C, "digest_differs", [] {
        World w;
        const Filed f = w.file();
        return w.judgeIt(w.ledger.receiptOf(f), 0, "one evidence fiLe");
    });
    row(C, "size_differs", [] {
        World w;
        const Filed f = w.file();
        FileFacts facts = factsOf(itemName(0), kContent);
        ++facts.size;
        return judge(&facts, w.ledger.receiptOf(f), *w.ledger.trusted(), w.context);
    });

    // time
    row(T, "token_valid", plain);
    FilingPlan noToken;
    noToken.token = false;
    row(T, "existed_by", bent([](receipt::Receipt&, World&) {}, noToken));
    row(T, "descriptor_not_authenticated", bent([](receipt::Receipt& r, World&) { r.item.descriptor = otherByte(r.item.descriptor, 5); }));
    row(T, "token_malformed", bent([](receipt::Receipt& r, World&) { r.filing.tokens[0].token.push_back(0); }));
    row(T, "token_bad_signature", bent([](receipt::Receipt& r, World&) { r.filing.tokens[0].token.back() ^= 1; }));
    row(T, "token_authority_unknown", [] {
        World w(4);
        FilingPlan plan;
        plan.stampedBy = 1; // another court's authority is not on this court's card
        const Filed f = w.file(plan);
        return w.judgeIt(w.ledger.receiptOf(f));
    });
    row(T, "token_certificate_invalid", bent([](receipt::Receipt& r, World& w) {
            // Stamped when the authority's root had ended.
            const Authority& root = w.ledger.courts[0].tsaRoot;
            crypto::CertificateRequest request;
            request.commonName = "TSA that outlives its root";
            request.notBefore = kStart;
            request.notAfter = root.certificate.notAfter() + 365 * kDay;
            request.timestamping = true;
            SmallLedger copy = w.ledger;
            copy.courts[0].tsaLeaf = makeUnder(root, request);
            r.filing.tokens = {copy.stamp(0, digestOf(kContent), root.certificate.notAfter() + kDay)};
        }));
    row(T, "token_chain_invalid",
        bent([](receipt::Receipt& r, World&) { r.filing.tokens[0].chain = {toBytes(makeRoot("stranger").certificate.der())}; }));
    FilingPlan otherData;
    otherData.stampInstead = digestOf("something else");
    row(T, "token_for_other_data", bent([](receipt::Receipt&, World&) {}, otherData));
    FilingPlan named = noToken;
    named.nameInstead = digestOf("a token that is not here");
    row(T, "token_missing", bent([](receipt::Receipt&, World&) {}, named));
    row(T, "siblings_without_token", bent([](receipt::Receipt& r, World&) { r.item.siblings.emplace_back(); }, noToken));
    FilingPlan contradicting = otherData;
    contradicting.namesToken = true;
    row(T, "named_token_contradicts", bent([](receipt::Receipt&, World&) {}, contradicting));

    // provenance
    FilingPlan withForm;
    withForm.formFields = 7;
    row(P, "form_given", bent([](receipt::Receipt&, World&) {}, withForm));
    row(P, "not_provided", plain);
    row(P, "descriptor_not_authenticated", bent([](receipt::Receipt& r, World&) { r.item.descriptor = otherByte(r.item.descriptor, 5); }));
    return out;
}

TEST(VerdictTable, EveryReasonIsReachedAndMeansWhatTheTableSays)
{
    std::set<std::pair<CheckId, std::string>> reached;
    for (const Row& r : rows()) {
        SCOPED_TRACE(std::string(toString(r.check)) + " " + r.reason);
        const Verdict v = r.make();
        const CheckResult& c = v.checks[static_cast<std::size_t>(r.check)];
        EXPECT_EQ(c.id, r.check);
        EXPECT_EQ(c.reason, r.reason);
        const Reason* known = findReason(r.check, r.reason);
        ASSERT_NE(known, nullptr);
        EXPECT_EQ(c.outcome, known->outcome);
        reached.emplace(r.check, r.reason);
        switch (known->outcome) {
        case Outcome::Fail:
            EXPECT_EQ(v.word, Word::Inconsistent);
            EXPECT_EQ(v.cause, known->cause);
            break;
        case Outcome::Undetermined:
            EXPECT_EQ(v.word, Word::Undetermined);
            if (known->cause == Cause::None) {
                EXPECT_NE(v.cause, Cause::None);
                EXPECT_NE(v.cause, Cause::Nothing);
            } else {
                EXPECT_EQ(v.cause, known->cause);
            }
            break;
        case Outcome::NotApplicable:
            EXPECT_EQ(v.word, Word::Undetermined);
            break;
        case Outcome::Pass:
        case Outcome::Listed:
            EXPECT_EQ(v.word, Word::Consistent) << toString(v.cause);
            EXPECT_EQ(v.cause, Cause::None);
            break;
        }
        for (const CheckResult& each : v.checks)
            EXPECT_NE(findReason(each.id, each.reason), nullptr) << each.reason;
    }
    for (const Reason& reason : allReasons())
        EXPECT_TRUE(reached.contains({reason.check, std::string(reason.code)})) << toString(reason.check) << " " << reason.code;
}

TEST(VerdictTable, TheDocumentHoldsTheSameTable)
{
    const auto text = readFile(std::filesystem::path(JC_TEST_DATA) / ".." / "docs" / "reference" / "verdicts.md", 1 << 20);
    ASSERT_TRUE(text);
    std::set<std::string> documented;
    std::istringstream lines{std::string(asText(*text))};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream cells(line);
        std::string bar, check, code, outcome, cause;
        if (cells >> bar >> check >> bar >> code >> bar >> outcome >> bar >> cause && code.size() > 2 && code.front() == '`' &&
            check.front() >= 'a' && check.front() <= 'z')
            documented.insert(check + " " + code.substr(1, code.size() - 2) + " " + outcome + " " + cause);
    }
    std::set<std::string> table;
    for (const Reason& r : allReasons())
        table.insert(std::string(toString(r.check)) + " " + std::string(r.code) + " " + std::string(toString(r.outcome)) + " " +
                     (r.cause == Cause::None ? "–" : std::string(toString(r.cause))));
    EXPECT_EQ(documented, table);
}

} // namespace
} // namespace jc::verdict::test
