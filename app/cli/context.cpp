// SPDX-License-Identifier: Apache-2.0
#include "context.h"

#include "base/file.h"
#include "base/text.h"
#include "terminal.h"

#include <charconv>
#include <cstdlib>

namespace jc::cli {
namespace {

bool looksLikeWorkspace(const std::filesystem::path& dir)
{
    std::error_code ec;
    return std::filesystem::exists(dir / "workspace.toml", ec);
}

} // namespace

std::optional<std::filesystem::path> Context::findWorkspace() const
{
    if (!global.workspace.empty()) return absolutePath(global.workspace);
    if (const char* env = std::getenv("JC_WORKSPACE"); env && *env) return absolutePath(env);
    std::error_code ec;
    const auto here = std::filesystem::current_path(ec);
    if (!ec && looksLikeWorkspace(here)) return here;
    return std::nullopt;
}

Result<std::filesystem::path> Context::workspaceDirectory() const
{
    if (auto dir = findWorkspace()) return *dir;
    return usage(text::kNoWorkspace);
}

Result<std::unique_ptr<service::Workspace>> Context::open(service::Access access)
{
    JC_TRY(auto dir, workspaceDirectory());
    if (!global.pinFile.empty()) {
        // Noticed before any work, and never taken for a wrong PIN.
        if (auto file = readFile(global.pinFile, 4096); !file)
            return fail(ErrorCode::Identity, fill(say(text::kPinFileUnreadable), {shown(global.pinFile)}), "pin_file_unreadable");
    }
    service::OpenOptions options;
    options.directory = dir;
    options.access = access;
    if (!global.as.empty()) options.identity = absolutePath(global.as);
    options.pin = [this](const std::filesystem::path& identity) { return pin(identity); };
    options.clock = &clock();
    return service::Workspace::open(std::move(options));
}

std::optional<std::string> Context::pin(const std::filesystem::path& identity)
{
    if (!global.pinFile.empty()) {
        auto file = readFile(global.pinFile, 4096);
        if (!file) return std::nullopt;
        std::string text(asText(*file));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
            text.pop_back();
        return text;
    }
    if (const char* env = std::getenv("JC_PIN"); env && *env) return std::string(env);
    clearProgress();
    return askSecret(say(text::kPinPrompt, {shown(identity.filename())}));
}

tl::unexpected<Error> Context::usage(const Text& t, std::initializer_list<std::string_view> v) const
{
    return fail(ErrorCode::InvalidArgument, say(t, v), "usage");
}

Result<std::uint64_t> Context::number(std::string_view option, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) const
{
    const auto given = args.one(option);
    if (!given) return otherwise;
    std::uint64_t n = 0;
    const auto [end, ec] = std::from_chars(given->data(), given->data() + given->size(), n);
    if (ec != std::errc() || end != given->data() + given->size() || n < least || n > most)
        return usage(text::kBadNumber, {option, std::to_string(least), std::to_string(most), printable(*given)});
    return n;
}

} // namespace jc::cli
