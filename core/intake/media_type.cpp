// SPDX-License-Identifier: Apache-2.0
#include "intake/media_type.h"

#include <algorithm>
#include <array>

namespace jc::intake {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kUnknown = "application/octet-stream";
constexpr std::string_view kZip = "application/zip";
constexpr std::string_view kOle = "application/x-ole-storage";

struct Magic {
    std::size_t offset;
    std::string_view bytes;
    std::string_view type;
};
// Longer and rarer signatures first where one is the beginning of another.
constexpr std::array kMagic{
    Magic{0, "%PDF-"sv, "application/pdf"},
    Magic{0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    Magic{0, "\xff\xd8\xff"sv, "image/jpeg"},
    Magic{0, "GIF87a"sv, "image/gif"},
    Magic{0, "GIF89a"sv, "image/gif"},
    Magic{0, "II*\0"sv, "image/tiff"},
    Magic{0, "MM\0*"sv, "image/tiff"},
    Magic{0, "8BPS"sv, "image/vnd.adobe.photoshop"},
    Magic{0, "7z\xbc\xaf\x27\x1c"sv, "application/x-7z-compressed"},
    Magic{0, "Rar!\x1a\x07"sv, "application/vnd.rar"},
    Magic{0, "\x1f\x8b\x08"sv, "application/gzip"},
    Magic{0, "BZh"sv, "application/x-bzip2"},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          "application/x-xz"},
    Magic{0, "\x28\xb5\x2f\xfd"sv, "application/zstd"},
    Magic{257, "ustar"sv, "application/x-tar"},
    Magic{0, "{\\rtf"sv, "application/rtf"},
    Magic{0, "SQLite format 3\0"sv, "application/vnd.sqlite3"},
    Magic{0, "ID3"sv, "audio/mpeg"},
    Magic{0, "fLaC"sv, "audio/flac"},
    Magic{0, "OggS"sv, "application/ogg"},
    Magic{0, "#!AMR"sv, "audio/AMR"},
    Magic{0, "MThd"sv, "audio/midi"},
    Magic{0, "FLV\x01"sv, "video/x-flv"},
    Magic{0, "\0\0\x01\xba"sv, "video/mpeg"},
    Magic{0, "\0\0\x01\xb3"sv, "video/mpeg"},
    Magic{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv, "video/x-ms-asf"},
    Magic{0,
          "\x7f"
          "ELF"sv,
          "application/x-elf"},
};

struct Extension {
    std::string_view suffix; ///< lower case, without the dot
    std::string_view type;
};
constexpr std::array kZipKinds{
    Extension{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Extension{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Extension{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Extension{"odt", "application/vnd.oasis.opendocument.text"},
    Extension{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    Extension{"odp", "application/vnd.oasis.opendocument.presentation"},
    Extension{"ofd", "application/ofd"},
    Extension{"epub", "application/epub+zip"},
    Extension{"asice", "application/vnd.etsi.asic-e+zip"},
    Extension{"apk", "application/vnd.android.package-archive"},
    Extension{"jar", "application/java-archive"},
};
constexpr std::array kOleKinds{
    Extension{"doc", "application/msword"},
    Extension{"xls", "application/vnd.ms-excel"},
    Extension{"ppt", "application/vnd.ms-powerpoint"},
    Extension{"msg", "application/vnd.ms-outlook"},
    Extension{"wps", "application/vnd.ms-works"},
    Extension{"et", "application/vnd.ms-excel"},
    Extension{"dps", "application/vnd.ms-powerpoint"},
};
constexpr std::array kTextKinds{
    Extension{"csv", "text/csv"},        Extension{"html", "text/html"},        Extension{"htm", "text/html"},
    Extension{"xml", "application/xml"}, Extension{"json", "application/json"}, Extension{"md", "text/markdown"},
    Extension{"eml", "message/rfc822"},  Extension{"svg", "image/svg+xml"},     Extension{"ics", "text/calendar"},
    Extension{"vcf", "text/vcard"},      Extension{"txt", "text/plain"},        Extension{"log", "text/plain"},
};

std::string_view extensionOf(std::string_view name, std::array<char, 8>& lower) noexcept
{
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    const auto ext = name.substr(dot + 1);
    if (ext.empty() || ext.size() > lower.size()) return {};
    std::transform(ext.begin(), ext.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return {lower.data(), ext.size()};
}

template <std::size_t N>
std::string_view ofKind(const std::array<Extension, N>& kinds, std::string_view extension, std::string_view otherwise) noexcept
{
    const auto it = std::find_if(kinds.begin(), kinds.end(), [&](const Extension& e) { return e.suffix == extension; });
    return it == kinds.end() ? otherwise : it->type;
}

bool has(std::string_view head, std::size_t offset, std::string_view bytes) noexcept
{
    return head.size() >= offset + bytes.size() && head.compare(offset, bytes.size(), bytes) == 0;
}

/// Names near the front say what the archive is; the extension serves where they are further back.
std::string_view zipKind(std::string_view head, std::string_view extension) noexcept
{
    const auto front = head.substr(0, std::min<std::size_t>(head.size(), 8192));
    if (has(front, 30, "mimetype")) {
        for (const auto& kind : kZipKinds) {
            if (has(front, 38, kind.type)) return kind.type;
        }
    }
    if (front.find("[Content_Types].xml") != std::string_view::npos || front.find("_rels/.rels") != std::string_view::npos) {
        if (front.find("word/") != std::string_view::npos) return kZipKinds[0].type;
        if (front.find("xl/") != std::string_view::npos) return kZipKinds[1].type;
        if (front.find("ppt/") != std::string_view::npos) return kZipKinds[2].type;
    }
    if (front.find("OFD.xml") != std::string_view::npos) return "application/ofd";
    return ofKind(kZipKinds, extension, kZip);
}

std::string_view riffKind(std::string_view head) noexcept
{
    if (has(head, 8, "WAVE")) return "audio/wav";
    if (has(head, 8, "AVI ")) return "video/x-msvideo";
    if (has(head, 8, "WEBP")) return "image/webp";
    return kUnknown;
}

/// ISO base media: the brand says which.
std::string_view isoMediaKind(std::string_view head) noexcept
{
    const auto brand = head.substr(8, 4);
    if (brand == "qt  ") return "video/quicktime";
    if (brand == "M4A " || brand == "M4B ") return "audio/mp4";
    if (brand == "heic" || brand == "heix" || brand == "mif1") return "image/heic";
    if (brand == "avif") return "image/avif";
    if (brand.substr(0, 2) == "3g") return "video/3gpp";
    return "video/mp4";
}

/// No control characters other than white space, and either UTF-8 (the last character may be cut off) or at least not binary to the eye.
bool looksLikeUtf8Text(std::string_view head) noexcept
{
    std::size_t i = 0;
    while (i < head.size()) {
        const auto c = static_cast<unsigned char>(head[i]);
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b) return false;
        if (c == 0x7f) return false;
        std::size_t more = 0;
        if (c >= 0x80) {
            if (c >= 0xc2 && c <= 0xdf) {
                more = 1;
            } else if (c >= 0xe0 && c <= 0xef) {
                more = 2;
            } else if (c >= 0xf0 && c <= 0xf4) {
                more = 3;
            } else {
                return false;
            }
        }
        for (std::size_t k = 1; k <= more; ++k) {
            if (i + k >= head.size()) return true; // cut by the end of the sample
            if ((static_cast<unsigned char>(head[i + k]) & 0xc0U) != 0x80) return false;
        }
        i += more + 1;
    }
    return true;
}

} // namespace

std::string_view mediaType(ByteView headBytes, std::string_view name) noexcept
{
    const std::string_view head = asText(headBytes.subspan(0, std::min<std::size_t>(headBytes.size(), 8192)));
    std::array<char, 8> lower{};
    const auto extension = extensionOf(name, lower);

    if (has(head, 0, "PK\x03\x04") || has(head, 0, "PK\x05\x06")) return zipKind(head, extension);
    if (has(head, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) return ofKind(kOleKinds, extension, kOle);
    if (has(head, 0, "RIFF")) return riffKind(head);
    if (head.size() >= 12 && has(head, 4, "ftyp")) return isoMediaKind(head);
    if (has(head, 0, "\x1a\x45\xdf\xa3")) return head.find("webm") < 64 ? "video/webm" : "video/x-matroska";
    if (has(head, 0, "FORM") && has(head, 8, "AIFF")) return "audio/aiff";
    if (has(head, 0, "BM") && has(head, 6, "\0\0\0\0"sv)) return "image/bmp";
    if (has(head, 0, "MZ") && (extension == "exe" || extension == "dll")) return "application/vnd.microsoft.portable-executable";
    for (const auto& magic : kMagic) {
        if (has(head, magic.offset, magic.bytes)) return magic.type;
    }
    if (head.size() >= 2 && static_cast<unsigned char>(head[0]) == 0xff) {
        const auto second = static_cast<unsigned char>(head[1]);
        if ((second == 0xfb || second == 0xf3 || second == 0xf2) && extension == "mp3") return "audio/mpeg";
        if ((second == 0xf1 || second == 0xf9) && extension == "aac") return "audio/aac";
    }
    if (head.empty()) return ofKind(kTextKinds, extension, kUnknown);
    if (looksLikeUtf8Text(head)) return ofKind(kTextKinds, extension, "text/plain");
    // Text in GBK or UTF-16 has no signature of its own: the name is believed if nothing binary contradicts it.
    const bool bom16 = has(head, 0, "\xff\xfe") || has(head, 0, "\xfe\xff");
    if (bom16 || head.find('\0') == std::string_view::npos) return ofKind(kTextKinds, extension, kUnknown);
    return kUnknown;
}

} // namespace jc::intake
