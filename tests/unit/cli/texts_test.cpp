// SPDX-License-Identifier: Apache-2.0
// Every reason that the core can give has a sentence and an advice in both languages; the core's sources are read to find them.
#include "base/file.h"
#include "record/control_state.h"
#include "texts.h"
#include "verdict/reasons.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace jc::cli {
namespace {

std::string contents(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::filesystem::path> sources(const std::filesystem::path& under)
{
    std::vector<std::filesystem::path> out;
    for (const auto& e : std::filesystem::recursive_directory_iterator(under))
        if (e.path().extension() == ".cpp" || e.path().extension() == ".h") out.push_back(e.path());
    std::ranges::sort(out);
    return out;
}
const std::filesystem::path kRoot = std::filesystem::path(JC_TEST_DATA).parent_path();

/// Top-level arguments of the call whose opening bracket is at `open`.
std::vector<std::string> argumentsAt(const std::string& text, std::size_t open)
{
    std::vector<std::string> out(1);
    int depth = 0;
    for (std::size_t i = open; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            const std::size_t begin = i;
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
            out.back() += text.substr(begin, i - begin + 1);
            continue;
        }
        if (c == '(' || c == '{' || c == '[') {
            if (depth++ == 0) continue;
        }
        if (c == ')' || c == '}' || c == ']') {
            if (--depth == 0) return out;
        }
        if (c == ',' && depth == 1) {
            out.emplace_back();
            continue;
        }
        out.back() += c;
    }
    return out;
}

/// Every stable word in an argument: there are two in `missing ? "object_missing" : "object_unreadable"`.
std::set<std::string> literals(const std::string& argument)
{
    static const std::regex kWord(R"re("([a-z][a-z0-9_]*)")re");
    std::set<std::string> out;
    for (auto it = std::sregex_iterator(argument.begin(), argument.end(), kWord); it != std::sregex_iterator(); ++it)
        out.insert((*it)[1].str());
    return out;
}

/// Reasons of errors: the third argument of fail(ErrorCode::X, …).
std::set<std::string> errorReasons()
{
    std::set<std::string> out;
    for (const auto& file : sources(kRoot / "core")) {
        const std::string text = contents(file);
        for (std::size_t at = text.find("fail(ErrorCode::"); at != std::string::npos; at = text.find("fail(ErrorCode::", at + 1)) {
            const auto args = argumentsAt(text, at + 4);
            if (args.size() < 3) continue;
            out.merge(literals(args[2]));
        }
    }
    return out;
}

/// First arguments of calls that name what was found or noted.
std::set<std::string> firstArguments(const std::filesystem::path& under, const std::string& call)
{
    std::set<std::string> out;
    for (const auto& file : sources(under)) {
        const std::string text = contents(file);
        for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
            const auto args = argumentsAt(text, at + call.size() - 1);
            out.merge(literals(args.front()));
        }
    }
    return out;
}

void expectText(std::string_view scope, std::string_view code)
{
    const ReasonText* r = findReason(scope, code);
    ASSERT_NE(r, nullptr) << "no sentence for " << scope << "." << code;
    for (const Text& t : {r->what, r->next}) {
        EXPECT_FALSE(t.zh.empty()) << code;
        EXPECT_FALSE(t.en.empty()) << code;
    }
}

TEST(Texts, EveryReasonOfAnErrorHasASentence)
{
    const auto reasons = errorReasons();
    EXPECT_GT(reasons.size(), 60U); // the sources were found
    for (const auto& reason : reasons)
        expectText("", reason);
}

TEST(Texts, EveryReasonOfAFileThatCouldNotBeVerifiedHasASentence)
{
    static const std::regex kAssigned(R"re(\berror = ([^;]*);)re");
    std::set<std::string> all;
    for (const auto& file : sources(kRoot / "core" / "service")) {
        const std::string text = contents(file);
        for (auto it = std::sregex_iterator(text.begin(), text.end(), kAssigned); it != std::sregex_iterator(); ++it)
            all.merge(literals((*it)[1].str()));
    }
    EXPECT_TRUE(all.contains("receipt_malformed"));
    for (const auto& reason : all)
        expectText("", reason);
}

TEST(Texts, EveryReasonOfAVerdictHasASentence)
{
    EXPECT_GT(verdict::allReasons().size(), 40U);
    for (const auto& r : verdict::allReasons()) {
        const ReasonText* text = findReason("verdict", r.code);
        ASSERT_NE(text, nullptr) << r.code;
        EXPECT_TRUE(text->code.starts_with("verdict.")) << r.code << " borrows an error's sentence";
    }
    for (const auto& reason : firstArguments(kRoot / "core", "nothingVerified("))
        expectText("verdict", reason);
    const auto notes = firstArguments(kRoot / "core" / "verdict", "notes.emplace_back(");
    EXPECT_GT(notes.size(), 3U);
    for (const auto& note : notes)
        EXPECT_NE(findReason("note", note), nullptr) << note;
}

TEST(Texts, EveryFindingOfAnAuditHasASentence)
{
    std::set<std::string> all;
    for (const char* call : {"find(", "finding(", "findings.push_back({", "archive.push_back({", "add("})
        for (const char* room : {"ledger", "verdict", "service", "archive"})
            for (const auto& word : firstArguments(kRoot / "core" / room, call))
                if (word.find('_') != std::string::npos) all.insert(word);
    EXPECT_GT(all.size(), 15U);
    for (const auto& what : all)
        expectText("audit", what);
}

TEST(Texts, EveryCodeOfAnEnumerationHasASentence)
{
    for (std::uint32_t i = 0; i <= static_cast<std::uint32_t>(record::ResultCode::SchemeDiffers); ++i)
        expectText("", record::toString(static_cast<record::ResultCode>(i)));
    for (int i = 1; i <= static_cast<int>(ErrorCode::Internal); ++i)
        expectText("", toString(static_cast<ErrorCode>(i)));
    for (int i = 1; i <= static_cast<int>(intake::Outcome::VaultError); ++i)
        expectText("filing", intake::toString(static_cast<intake::Outcome>(i)));
    for (int i = 0; i <= static_cast<int>(ledger::Writability::NoSignerState); ++i)
        expectText("", ledger::toString(static_cast<ledger::Writability>(i)));
    for (int i = 1; i <= static_cast<int>(verdict::TrustProblem::HandoverUnproven); ++i) {
        expectText("", verdict::toString(static_cast<verdict::TrustProblem>(i)));
        expectText("verdict", verdict::toString(static_cast<verdict::TrustProblem>(i)));
    }
}

TEST(Texts, SentencesAreWholeAndInTheirLanguage)
{
    std::set<std::string_view> seen;
    for (const auto& r : reasonTexts()) {
        EXPECT_TRUE(seen.insert(r.code).second) << r.code << " stands twice";
        for (const Text& t : {r.what, r.next}) {
            EXPECT_TRUE(std::ranges::any_of(t.zh, [](char c) { return static_cast<unsigned char>(c) >= 0xE4; })) << r.code << ": " << t.zh;
            EXPECT_TRUE(std::ranges::none_of(t.en, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) << r.code << ": " << t.en;
            EXPECT_EQ(t.zh.find('{'), std::string_view::npos) << r.code;
            EXPECT_EQ(t.en.find("::"), std::string_view::npos) << r.code;
        }
        EXPECT_TRUE(r.what.zh.ends_with("。")) << r.code << ": " << r.what.zh;
        EXPECT_TRUE(r.what.en.ends_with(".")) << r.code << ": " << r.what.en;
    }
}

TEST(Texts, NoSentenceWithoutAReason)
{
    std::string all;
    for (const char* folder : {"core", "app"})
        for (const auto& file : sources(kRoot / folder))
            if (file.filename() != "reason_texts.cpp") all += contents(file);
    for (const auto& r : reasonTexts()) {
        const auto dot = r.code.find('.');
        const std::string code(dot == std::string_view::npos ? r.code : r.code.substr(dot + 1));
        EXPECT_NE(all.find('"' + code + '"'), std::string::npos) << r.code << " is given by nothing";
    }
}

TEST(Texts, FillPutsValuesIntoTheirPlaces)
{
    EXPECT_EQ(fill("{0} of {1}", {"3", "7"}), "3 of 7");
    EXPECT_EQ(fill("{1}{0}{1}", {"a", "b"}), "bab");
    EXPECT_EQ(fill("{0} {1} {x} {", {"a"}), "a {1} {x} {");
    EXPECT_EQ(fill("{0}", {"{1}"}), "{1}"); // values are not looked into
}

TEST(Texts, ScopesComeBeforeTheCommonSentence)
{
    const auto* scoped = findReason("verdict", "certificate_missing");
    const auto* common = findReason("", "certificate_missing");
    ASSERT_TRUE(scoped && common);
    EXPECT_NE(scoped->what.en, common->what.en);
    EXPECT_EQ(findReason("verdict", "malformed"), findReason("", "malformed"));
    EXPECT_EQ(findReason("", "verdict.anchored"), findReason("verdict", "anchored"));
    EXPECT_EQ(findReason("verdict", "no such reason"), nullptr);
}

} // namespace
} // namespace jc::cli
