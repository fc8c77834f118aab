// SPDX-License-Identifier: Apache-2.0
#include "base/json_reader.h"
#include "service/layout.h"

#include <toml++/toml.h>

#include <set>

namespace jc::service {
Result<Config> readConfig(const std::filesystem::path& file)
{
    auto text = readFile(file, 64 * 1024);
    if (!text) {
        if (text.error().code == ErrorCode::NotFound)
            return fail(ErrorCode::NotFound, "there is no workspace in this folder; make one with `jchain init` or `jchain demo`",
                        "not_a_workspace");
        return tl::unexpected(std::move(text).error());
    }
    try {
        const toml::table t = toml::parse(asText(*text));
        static const std::set<std::string_view> known = {"format", "court", "demonstration", "identity", "pin_file", "timestamp"};
        for (const auto& [k, v] : t)
            if (!known.contains(k.str()))
                return fail(ErrorCode::Malformed,
                            "workspace.toml line " + std::to_string(k.source().begin.line) + ": unknown setting \"" + std::string(k.str()) +
                                "\"",
                            "config");
        if (t["format"].value_or<std::int64_t>(0) != 1) return fail(ErrorCode::Malformed, "workspace.toml is of another version", "config");
        Config c;
        c.courtKey = t["court"]["key"].value_or(std::string());
        c.nameZh = t["court"]["name_zh"].value_or(std::string());
        c.nameEn = t["court"]["name_en"].value_or(std::string());
        c.demonstration = t["demonstration"].value_or(false);
        c.identity = t["identity"].value_or(std::string());
        c.pinFile = t["pin_file"].value_or(std::string());
        c.embeddedAuthority = t["timestamp"]["embedded"].value_or(true);
        if (const auto* urls = t["timestamp"]["urls"].as_array())
            for (const auto& u : *urls)
                c.authorityUrls.push_back(u.value_or(std::string()));
        if (c.courtKey.empty()) return fail(ErrorCode::Malformed, "workspace.toml does not name the court", "config");
        return c;
    } catch (const toml::parse_error& e) {
        return fail(ErrorCode::Malformed,
                    "workspace.toml line " + std::to_string(e.source().begin.line) + ", column " + std::to_string(e.source().begin.column) +
                        ": " + std::string(e.description()),
                    "config");
    }
}
std::string writeConfig(const Config& c)
{
    const auto quoted = [](std::string_view s) {
        std::string out;
        appendJsonString(out, s); // TOML basic strings take the same escapes
        return out;
    };
    std::string s = "# Judicial Chain workspace. Paths are relative to this folder.\nformat = 1\n";
    s += "demonstration = " + std::string(c.demonstration ? "true" : "false") + "\n";
    s += "identity = " + quoted(c.identity.string()) + "\n";
    if (!c.pinFile.empty()) s += "pin_file = " + quoted(c.pinFile.string()) + "\n";
    s += "\n[court]\nkey = " + quoted(c.courtKey) + "\nname_zh = " + quoted(c.nameZh) + "\nname_en = " + quoted(c.nameEn) + "\n";
    s += "\n[timestamp]\nembedded = " + std::string(c.embeddedAuthority ? "true" : "false") + "\nurls = [";
    for (std::size_t i = 0; i < c.authorityUrls.size(); ++i)
        s += (i ? ", " : "") + quoted(c.authorityUrls[i]);
    return s + "]\n";
}
} // namespace jc::service
