// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace jc::cli {
namespace {

Result<CommandLine> parse(std::vector<std::string> words)
{
    std::vector<const char*> argv{"jchain"};
    for (const auto& w : words)
        argv.push_back(w.c_str());
    return parseCommandLine(static_cast<int>(argv.size()), argv.data());
}

CommandLine parsed(const std::vector<std::string>& words)
{
    auto line = parse(words);
    EXPECT_TRUE(line.has_value()) << (line ? "" : line.error().detail);
    return line ? *line : CommandLine{};
}

std::string refused(std::vector<std::string> words, std::string_view reason = "usage")
{
    words.insert(words.end(), {"--lang", "en"});
    const auto line = parse(words);
    EXPECT_FALSE(line.has_value());
    if (line) return {};
    EXPECT_EQ(line.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(line.error().reason, reason) << line.error().detail;
    return line.error().detail;
}

/// Words as a shell would make them of an example: single quotes only.
std::vector<std::string> split(std::string_view example)
{
    std::vector<std::string> out;
    bool quoted = false, inside = false;
    for (const char c : example) {
        if (c == '\'') {
            quoted = !quoted;
            if (!inside) out.emplace_back();
            inside = true;
        } else if (c == ' ' && !quoted) {
            inside = false;
        } else {
            if (!inside) out.emplace_back();
            inside = true;
            out.back() += c;
        }
    }
    return out;
}

TEST(Arguments, EveryExampleOfTheHelpIsValid)
{
    for (const CommandSpec& c : commands()) {
        ASSERT_FALSE(c.examples.empty()) << c.path;
        bool own = false;
        for (const auto example : c.examples) {
            auto words = split(example);
            ASSERT_EQ(words.front(), "jchain") << example;
            words.erase(words.begin());
            const auto line = parse(words);
            ASSERT_TRUE(line.has_value()) << example << ": " << line.error().detail;
            EXPECT_EQ(line->wish, CommandLine::Wish::Run) << example;
            own = own || line->command == &c;
        }
        EXPECT_TRUE(own) << c.path;
    }
}

TEST(Arguments, HelpNamesEveryOptionInBothLanguages)
{
    for (const CommandSpec& c : commands())
        for (const Language l : {Language::En, Language::ZhCn}) {
            const std::string page = helpPage(&c, "", l);
            for (const OptionSpec& o : c.options)
                EXPECT_NE(page.find(std::string(o.name)), std::string::npos) << c.path << o.name;
            for (const OptionSpec& o : globalOptions())
                EXPECT_NE(page.find(std::string(o.name)), std::string::npos) << c.path;
            EXPECT_NE(page.find(std::string(c.examples.front())), std::string::npos);
            EXPECT_NE(page.find("64"), std::string::npos);
            EXPECT_NE(helpPage(nullptr, "", l).find("jchain " + std::string(c.path)), std::string::npos);
            for (const Text& t : {c.summary, c.paragraph, c.exits})
                EXPECT_FALSE(t.in(l).empty()) << c.path;
        }
}

TEST(Arguments, GlobalOptionsStandAnywhere)
{
    for (const auto& words : std::vector<std::vector<std::string>>{{"--json", "--workspace", "W", "case", "list"},
                                                                   {"case", "--workspace", "W", "list", "--json"},
                                                                   {"case", "list", "--json", "--workspace=W"}}) {
        const auto line = parsed(words);
        ASSERT_TRUE(line.command);
        EXPECT_EQ(line.command->path, "case list");
        EXPECT_TRUE(line.global.json);
        EXPECT_EQ(line.global.workspace, "W");
    }
    const auto line = parsed({"file", "a", "--as", "p.12", "b", "--case", "NO", "--yes", "c"});
    EXPECT_EQ(line.arguments.positionals(), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(line.global.as, "p.12");
    EXPECT_TRUE(line.global.yes);
}

TEST(Arguments, AwkwardFileNames)
{
    const auto line = parsed({"file", "--case", "NO", "--", "-dash", "--json", "status", "verify", "", "it's", "a b", "\xD6\xA4"});
    EXPECT_FALSE(line.global.json);
    EXPECT_EQ(line.arguments.positionals(),
              (std::vector<std::string>{"-dash", "--json", "status", "verify", "", "it's", "a b", "\xD6\xA4"}));
    // Names of commands are file names where a file is meant.
    EXPECT_EQ(parsed({"verify", "status", "retry"}).arguments.positionals(), (std::vector<std::string>{"status", "retry"}));
    EXPECT_EQ(parsed({"receipt", "show", "extract"}).command->path, "receipt show");
}

TEST(Arguments, OptionsMayRepeatWhereTheyCan)
{
    const auto line = parsed({"verify", "--receipt", "a.jcr", "--receipt", "b.jcr", "x", "y"});
    EXPECT_EQ(line.arguments.many("--receipt"), (std::vector<std::string>{"a.jcr", "b.jcr"}));
    EXPECT_EQ(line.arguments.positionals(), (std::vector<std::string>{"x", "y"}));
    EXPECT_TRUE(parsed({"outbox"}).command->path == "outbox");
    EXPECT_TRUE(parsed({"outbox", "retry", "--wait", "3"}).arguments.text("--wait") == "3");
}

TEST(Arguments, MistakesSayWhatToType)
{
    EXPECT_NE(refused({"fiel"}).find("Did you mean jchain file?"), std::string::npos);
    EXPECT_NE(refused({"case", "lst"}).find("jchain case list"), std::string::npos);
    EXPECT_NE(refused({"audit", "--dep"}).find("--deep"), std::string::npos);
    EXPECT_NE(refused({"file", "x"}).find("--case"), std::string::npos);
    EXPECT_NE(refused({"file", "--case", "NO"}).find("PATH"), std::string::npos);
    EXPECT_NE(refused({"file", "x", "--case"}).find("--case"), std::string::npos);
    EXPECT_NE(refused({"case"}).find("jchain case show"), std::string::npos);
    EXPECT_NE(refused({"status", "x"}).find("x"), std::string::npos);
    EXPECT_NE(refused({"audit", "--deep=yes"}).find("--deep"), std::string::npos);
    EXPECT_NE(refused({"demo", "a", "b"}).find("b"), std::string::npos);
}

TEST(Arguments, WhatComesLaterIsSaidSo)
{
    for (const auto& words : std::vector<std::vector<std::string>>{{"verify", "--package", "p.asice"},
                                                                   {"verify", "--at=2026-01-01", "x"},
                                                                   {"demo", "d", "--courts", "4"},
                                                                   {"court", "list"},
                                                                   {"node"}})
        EXPECT_NE(refused(words, "not_in_this_version").find("not part of this version"), std::string::npos);
    for (const Language l : {Language::En, Language::ZhCn})
        for (const CommandSpec& c : commands())
            for (const char* later : {"--package", "--at ", "--courts"})
                EXPECT_EQ(helpPage(&c, "", l).find(later), std::string::npos);
}

TEST(Arguments, Languages)
{
    const auto with = [](const char* jc, const char* all, const char* lang) {
        for (const auto& [name, value] : {std::pair{"JC_LANG", jc}, {"LC_ALL", all}, {"LANG", lang}})
            value ? ::setenv(name, value, 1) : ::unsetenv(name);
        const Language l = languageOf(std::nullopt);
        for (const char* name : {"JC_LANG", "LC_ALL", "LANG"})
            ::unsetenv(name);
        return l;
    };
    EXPECT_EQ(with(nullptr, nullptr, nullptr), Language::En);
    EXPECT_EQ(with(nullptr, nullptr, "zh_CN.UTF-8"), Language::ZhCn);
    EXPECT_EQ(with(nullptr, "C.UTF-8", "zh_CN.UTF-8"), Language::En);
    EXPECT_EQ(with("zh", "C.UTF-8", nullptr), Language::ZhCn);
    EXPECT_EQ(with("en", nullptr, "zh_CN.UTF-8"), Language::En);
    EXPECT_EQ(languageOf("zh_CN"), Language::ZhCn);
    EXPECT_NE(parse({"status", "--lang", "fr"}).has_value(), true);
    const char* const argv[] = {"jchain", "fiel", "--lang=zh_CN", "--json"};
    EXPECT_EQ(preview(4, argv).language, Language::ZhCn);
    EXPECT_TRUE(preview(4, argv).json);
}

TEST(Arguments, HelpAndVersionWinOverWhatIsMissing)
{
    EXPECT_EQ(parsed({"file", "--help"}).wish, CommandLine::Wish::Help);
    EXPECT_EQ(parsed({"file", "--help"}).command->path, "file");
    EXPECT_EQ(parsed({"receipt", "-h"}).group, "receipt");
    EXPECT_EQ(parsed({"--version"}).wish, CommandLine::Wish::Version);
    EXPECT_EQ(parsed({}).wish, CommandLine::Wish::Guide);
}

} // namespace
} // namespace jc::cli
