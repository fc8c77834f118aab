// SPDX-License-Identifier: Apache-2.0
#pragma once
// A JSON value for what the program prints: keys keep their order, strings are made valid UTF-8, numbers are plain.
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace jc::cli {

class Json {
public:
    Json() = default; ///< null
    Json(std::nullptr_t) {}
    Json(bool b) : m_value(b) {}
    template <std::integral T>
        requires(!std::same_as<T, bool>)
    Json(T n) : m_value(Number{std::to_string(n)})
    {
    }
    Json(double n);
    Json(std::string s) : m_value(std::move(s)) {}
    Json(std::string_view s) : m_value(std::string(s)) {}
    Json(const char* s) : m_value(std::string(s)) {}
    [[nodiscard]] static Json object();
    [[nodiscard]] static Json array();
    /// Appends a member; a key is not looked for, so the caller names each once. Returns *this.
    Json& set(std::string_view key, Json value);
    Json& push(Json value);
    [[nodiscard]] std::string dump(bool pretty = true) const;

private:
    struct Number {
        std::string text;
    };
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;
    void write(std::string& to, bool pretty, unsigned depth) const;
    std::variant<std::monostate, bool, Number, std::string, Array, Object> m_value;
};

/// null for an empty string.
[[nodiscard]] Json orNull(std::string_view s);
template <class T> [[nodiscard]] Json orNull(const std::optional<T>& v)
{
    return v ? Json(*v) : Json();
}
/// RFC 3339 UTC with milliseconds; null for 0, which everywhere here means "none".
[[nodiscard]] Json timeOrNull(std::int64_t unixMs);

} // namespace jc::cli
