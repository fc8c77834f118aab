// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>

namespace jc::cli {

bool Arguments::has(std::string_view option) const
{
    return m_options.find(option) != m_options.end();
}
std::optional<std::string> Arguments::one(std::string_view option) const
{
    const auto it = m_options.find(option);
    if (it == m_options.end() || it->second.empty()) return std::nullopt;
    return it->second.back();
}
std::string Arguments::text(std::string_view option) const
{
    return one(option).value_or(std::string());
}
const std::vector<std::string>& Arguments::many(std::string_view option) const
{
    static const std::vector<std::string> kNone;
    const auto it = m_options.find(option);
    return it == m_options.end() ? kNone : it->second;
}
std::optional<std::filesystem::path> Arguments::path(std::string_view option) const
{
    if (auto v = one(option)) return std::filesystem::path(*v);
    return std::nullopt;
}
std::string Arguments::positional(std::size_t i) const
{
    return i < m_positionals.size() ? m_positionals[i] : std::string();
}
std::vector<std::filesystem::path> Arguments::paths() const
{
    return {m_positionals.begin(), m_positionals.end()};
}

Language languageOf(const std::optional<std::string>& option)
{
    const auto isChinese = [](std::string_view s) { return s.starts_with("zh") || s.starts_with("ZH"); };
    if (option) return isChinese(*option) ? Language::ZhCn : Language::En;
    for (const char* name : {"JC_LANG", "LC_ALL", "LANG"})
        if (const char* value = std::getenv(name); value && *value) return isChinese(value) ? Language::ZhCn : Language::En;
    return Language::En;
}

GlobalOptions preview(int argc, const char* const* argv)
{
    GlobalOptions out;
    std::optional<std::string> language;
    for (int i = 1; i < argc; ++i) {
        const std::string_view a = argv[i];
        if (a == "--") break;
        if (a == "--json") out.json = true;
        if (a == "--lang" && i + 1 < argc) language = argv[i + 1];
        if (a.starts_with("--lang=")) language = std::string(a.substr(7));
    }
    out.language = languageOf(language);
    return out;
}

namespace {

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

template <class Names> std::string_view nearest(std::string_view word, const Names& names)
{
    std::string_view best;
    std::size_t least = 3; // further away is another word, not a slip
    for (const std::string_view n : names)
        if (const std::size_t d = editDistance(word, n); d < least) {
            least = d;
            best = n;
        }
    return best;
}

} // namespace

/// Hands the line to CLI11, which only takes it apart; what is missing or too much is judged here, in the user's language.
class Reader {
public:
    Reader(int argc, const char* const* argv) : m_argc(argc), m_argv(argv), m_global(preview(argc, argv)) {}

    Result<CommandLine> read()
    {
        CLI::App app;
        app.set_help_flag();
        app.require_subcommand(0, 1);
        app.allow_extras();
        app.fallthrough();
        app.allow_windows_style_options(false);
        m_all.push_back(Bound{});
        bool help = false, version = false;
        app.add_flag("-h,--help", help);
        app.add_flag("--version", version);
        bind(app, globalOptions(), m_all.back());
        for (const CommandSpec& c : commands())
            addCommand(app, c);

        // What stands behind "--" is a file name or a text, whatever it looks like.
        int end = 1;
        while (end < m_argc && std::string_view(m_argv[end]) != "--")
            ++end;
        for (int i = end + 1; i < m_argc; ++i)
            m_plain.emplace_back(m_argv[i]);
        std::vector<std::string> words;
        for (int i = end - 1; i > 0; --i)
            words.emplace_back(m_argv[i]); // CLI11 takes them from the back
        std::optional<CLI::ParseError> wrong;
        try {
            app.parse(words);
        } catch (const CLI::ParseError& e) {
            wrong = e;
        }
        CommandLine line;
        line.global = m_global;
        const CLI::App* at = &app;
        while (!at->get_subcommands().empty()) {
            at = at->get_subcommands().front();
            m_path += (m_path.empty() ? "" : " ") + at->get_name();
        }
        line.command = findCommand(m_path);
        if (!line.command && !m_path.empty()) line.group = m_path;
        if (auto mistake = misreadFlag(end, line.command); !mistake.empty()) return usage(mistake);
        if (wrong) return explain(*wrong);
        if (help) {
            line.wish = CommandLine::Wish::Help;
            return line;
        }
        if (version) {
            line.wish = CommandLine::Wish::Version;
            return line;
        }
        if (auto mistake = takeGlobals(line); !mistake.empty()) return usage(mistake);
        Bound* own = line.command ? find(*line.command) : nullptr;
        auto extras = app.remaining(true);
        if (!line.command) extras.insert(extras.end(), m_plain.begin(), m_plain.end());
        // "node status" is a slip in its first word, not a use of `status`.
        if (end > 1 && m_argv[1][0] != '-' && !findCommand(m_argv[1]) && !isGroup(m_argv[1])) {
            m_path.clear();
            line.command = nullptr;
            line.group.clear();
            return unexpected(m_argv[1], line);
        }
        if (!extras.empty()) return unexpected(extras.front(), line);
        if (!line.command) {
            if (line.group.empty()) return line; // the guide
            line.wish = CommandLine::Wish::Help;
            std::string names;
            for (const CommandSpec& c : commands())
                if (c.path.starts_with(line.group + " ")) names += (names.empty() ? "jchain " : " | jchain ") + std::string(c.path);
            return usage(fill(say(text::kMissingArgument), {"COMMAND", names}));
        }
        line.wish = CommandLine::Wish::Run;
        return takeCommand(std::move(line), *own);
    }

private:
    struct Bound { ///< where CLI11 puts what it reads of one command
        const CommandSpec* spec = nullptr;
        std::deque<std::vector<std::string>> values;
        std::deque<bool> flags;
        std::vector<std::pair<const OptionSpec*, CLI::Option*>> options;
        std::vector<std::string> positionals;
    };

    [[nodiscard]] std::string_view say(const Text& t) const { return t.in(m_global.language); }
    [[nodiscard]] static Bound* findIn(std::deque<Bound>& all, const CommandSpec& spec)
    {
        const auto it = std::ranges::find(all, &spec, &Bound::spec);
        return it == all.end() ? nullptr : &*it;
    }
    Bound* find(const CommandSpec& spec) { return findIn(m_all, spec); }

    static void bind(CLI::App& app, std::span<const OptionSpec> options, Bound& to)
    {
        for (const OptionSpec& o : options) {
            const std::string name(o.name);
            CLI::Option* added = nullptr;
            if (o.value.empty()) {
                to.flags.push_back(false);
                added = app.add_flag(name, to.flags.back())->disable_flag_override();
            } else {
                to.values.emplace_back();
                added = app.add_option(name, to.values.back())
                            ->type_size(1)
                            ->expected(1)
                            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
                            ->allow_extra_args(false);
            }
            to.options.emplace_back(&o, added);
        }
    }

    void addCommand(CLI::App& app, const CommandSpec& c)
    {
        CLI::App* parent = &app;
        std::string_view path = c.path;
        if (const auto space = path.find(' '); space != std::string_view::npos) {
            const std::string group(path.substr(0, space));
            CLI::App*& known = m_groups[group];
            if (!known) {
                known = app.add_subcommand(group);
                known->allow_extras()->set_help_flag();
            }
            parent = known;
            parent->require_subcommand(0, 1);
            path.remove_prefix(space + 1);
        }
        CLI::App* sub = parent->add_subcommand(std::string(path));
        sub->set_help_flag();
        sub->allow_extras();
        if (isGroup(c.path)) m_groups[std::string(c.path)] = sub;
        m_all.push_back(Bound{});
        Bound& bound = m_all.back();
        bound.spec = &c;
        bind(*sub, c.options, bound);
        if (c.positional.most > 0)
            sub->add_option("arguments", bound.positionals)->expected(0, CLI::detail::expected_max_vector_size)->type_size(1);
    }

    [[nodiscard]] std::string helpCommand() const { return m_path.empty() ? "jchain" : "jchain " + m_path; }
    [[nodiscard]] tl::unexpected<Error> usage(std::string sentence) const
    {
        return fail(ErrorCode::InvalidArgument, sentence + "\n" + fill(say(text::kSeeHelp), {helpCommand()}), "usage");
    }

    [[nodiscard]] tl::unexpected<Error> explain(const CLI::ParseError& e) const
    {
        // CLI11 begins its messages with the option's name.
        const std::string_view what = e.what();
        const std::string_view named = what.substr(0, what.find_first_of(" :="));
        const std::string_view name = named.substr(0, named.find(','));
        const auto search = [&](std::span<const OptionSpec> options) -> const OptionSpec* {
            const auto it = std::ranges::find(options, name, &OptionSpec::name);
            return it == options.end() ? nullptr : &*it;
        };
        const OptionSpec* option = search(globalOptions());
        if (const CommandSpec* c = findCommand(m_path); c && !option) option = search(c->options);
        for (const CommandSpec& c : commands())
            if (!option) option = search(c.options);
        if (option && !option->value.empty()) return usage(fill(say(text::kMissingValue), {option->name, option->value}));
        return usage(fill(say(text::kNoValueWanted), {option ? option->name : name}));
    }

    [[nodiscard]] tl::unexpected<Error> unexpected(const std::string& word, const CommandLine& line) const
    {
        const bool isOption = word.size() > 1 && word[0] == '-';
        const std::string bare = word.substr(0, word.find('='));
        if (isOption) {
            if (comesLater(bare))
                return fail(ErrorCode::InvalidArgument,
                            fill(say(text::kNotInVersion), {bare}) + "\n" + fill(say(text::kSeeHelp), {helpCommand()}),
                            "not_in_this_version");
            std::vector<std::string_view> names{"--help", "--version"};
            for (const OptionSpec& o : globalOptions())
                names.push_back(o.name);
            if (line.command)
                for (const OptionSpec& o : line.command->options)
                    names.push_back(o.name);
            std::string sentence = fill(say(text::kUnknownOption), {bare});
            if (const auto near = nearest(bare, names); !near.empty()) sentence += " " + fill(say(text::kDidYouMean), {near});
            return usage(sentence);
        }
        if (!line.command) {
            if (comesLater(word))
                return fail(ErrorCode::InvalidArgument,
                            fill(say(text::kNotInVersion), {"jchain " + word}) + "\n" + fill(say(text::kSeeHelp), {helpCommand()}),
                            "not_in_this_version");
            std::vector<std::string_view> names;
            for (const CommandSpec& c : commands()) {
                if (line.group.empty()) names.push_back(c.path.substr(0, c.path.find(' ')));
                if (!line.group.empty() && c.path.starts_with(line.group + " ")) names.push_back(c.path.substr(line.group.size() + 1));
            }
            std::string sentence = fill(say(text::kUnknownCommand), {m_path.empty() ? word : m_path + " " + word});
            if (const auto near = nearest(word, names); !near.empty())
                sentence += " " + fill(say(text::kDidYouMean), {helpCommand() + " " + std::string(near)});
            return usage(sentence);
        }
        return usage(fill(say(text::kTooManyArguments), {word}));
    }

    /// CLI11 takes the next word for a value whatever it is: "--case --json" is a forgotten value.
    [[nodiscard]] static bool isOptionName(std::string_view word, const CommandSpec* command)
    {
        if (!word.starts_with("--")) return false;
        const auto named = [&](std::span<const OptionSpec> options) {
            return std::ranges::find(options, word, &OptionSpec::name) != options.end();
        };
        return named(globalOptions()) || (command && named(command->options));
    }

    /// "--deep=no" must not count as --deep.
    [[nodiscard]] std::string misreadFlag(int end, const CommandSpec* command) const
    {
        for (int i = 1; i < end; ++i) {
            const std::string_view word = m_argv[i];
            const auto equals = word.find('=');
            if (!word.starts_with("--") || equals == std::string_view::npos) continue;
            const std::string_view name = word.substr(0, equals);
            const auto isFlag = [&](std::span<const OptionSpec> options) {
                return std::ranges::any_of(options, [&](const OptionSpec& o) { return o.name == name && o.value.empty(); });
            };
            if (isFlag(globalOptions()) || (command && isFlag(command->options))) return fill(say(text::kNoValueWanted), {name});
        }
        return {};
    }

    /// Empty, or a sentence about what is wrong.
    std::string takeGlobals(CommandLine& line)
    {
        const auto value = [&](std::string_view name) -> std::optional<std::string> {
            std::size_t v = 0;
            for (const auto& [spec, option] : m_all.front().options) {
                if (spec->value.empty()) continue;
                if (spec->name == name)
                    return m_all.front().values[v].empty() ? std::nullopt : std::optional(m_all.front().values[v].back());
                ++v;
            }
            return std::nullopt;
        };
        const auto flag = [&](std::string_view name) {
            return std::ranges::any_of(m_all.front().options,
                                       [&](const auto& o) { return o.first->name == name && o.second->count() > 0; });
        };
        for (const auto& [spec, option] : m_all.front().options)
            if (const auto v = value(spec->name); v && isOptionName(*v, line.command))
                return fill(say(text::kMissingValue), {spec->name, spec->value});
        line.global.workspace = value("--workspace").value_or("");
        line.global.as = value("--as").value_or("");
        line.global.pinFile = value("--pin-file").value_or("");
        line.global.json = flag("--json");
        line.global.yes = flag("--yes");
        if (const auto language = value("--lang"); language && *language != "zh_CN" && *language != "en")
            return fill(say(text::kBadLanguage), {*language});
        return {};
    }

    Result<CommandLine> takeCommand(CommandLine line, Bound& own)
    {
        const CommandSpec& spec = *line.command;
        std::size_t v = 0;
        for (const auto& [option, parsed] : own.options) {
            if (option->value.empty()) {
                if (parsed->count() > 0) line.arguments.m_options[std::string(option->name)] = {};
                continue;
            }
            auto& values = own.values[v++];
            for (const auto& given : values)
                if (isOptionName(given, &spec)) return usage(fill(say(text::kMissingValue), {option->name, option->value}));
            if (!values.empty()) line.arguments.m_options[std::string(option->name)] = std::move(values);
        }
        line.arguments.m_positionals = std::move(own.positionals);
        line.arguments.m_positionals.insert(line.arguments.m_positionals.end(), m_plain.begin(), m_plain.end());
        for (const OptionSpec& o : spec.options)
            if (o.required && !line.arguments.has(o.name))
                return usage(fill(say(text::kMissingOption), {o.name, o.value, spec.examples.front()}));
        const auto& given = line.arguments.m_positionals;
        if (given.size() < spec.positional.least)
            return usage(fill(say(text::kMissingArgument), {spec.positional.name, spec.examples.front()}));
        if (given.size() > spec.positional.most) return usage(fill(say(text::kTooManyArguments), {given[spec.positional.most]}));
        return line;
    }

    int m_argc;
    const char* const* m_argv;
    GlobalOptions m_global;
    std::string m_path;
    std::vector<std::string> m_plain; ///< behind "--"
    std::map<std::string, CLI::App*> m_groups;
    std::deque<Bound> m_all; ///< the first is the program's own; addresses must stay
};

Result<CommandLine> parseCommandLine(int argc, const char* const* argv)
{
    try {
        return Reader(argc, argv).read();
    } catch (const std::exception& e) {
        return fail(ErrorCode::Internal, e.what());
    }
}

} // namespace jc::cli
