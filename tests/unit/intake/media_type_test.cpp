// SPDX-License-Identifier: Apache-2.0
#include "intake/media_type.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jc::intake {
namespace {
using namespace std::string_view_literals;

TEST(MediaType, knowsKindsByTheirFirstBytes)
{
    struct Row {
        std::string_view head, name, type;
    };
    const std::string zipDocx = std::string("PK\x03\x04") + std::string(26, '\0') + "[Content_Types].xml....word/document.xml";
    const std::string zipOdt = std::string("PK\x03\x04") + std::string(26, '\0') + "mimetypeapplication/vnd.oasis.opendocument.text";
    std::string tar(300, '\0');
    tar.replace(257, 5, "ustar");
    const Row rows[] = {
        {"%PDF-1.7\n", "合同.pdf", "application/pdf"},
        {"%PDF-1.7\n", "renamed.jpg", "application/pdf"},
        {"\x89PNG\r\n\x1a\n....", "a", "image/png"},
        {"\xff\xd8\xff\xe0", "a.JPG", "image/jpeg"},
        {"GIF89a", "a", "image/gif"},
        {"II*\0"sv, "a", "image/tiff"},
        {"RIFF....WEBP", "a", "image/webp"},
        {"RIFF....WAVE", "a", "audio/wav"},
        {"RIFF....AVI ", "a", "video/x-msvideo"},
        {"\0\0\0\x18"
         "ftypisom"sv,
         "a.mp4", "video/mp4"},
        {"\0\0\0\x18"
         "ftypqt  "sv,
         "a.mov", "video/quicktime"},
        {"\0\0\0\x18"
         "ftypM4A "sv,
         "a.m4a", "audio/mp4"},
        {"\0\0\0\x18"
         "ftypheic"sv,
         "a", "image/heic"},
        {"\x1a\x45\xdf\xa3....webm", "a", "video/webm"},
        {"\x1a\x45\xdf\xa3....matroska", "a", "video/x-matroska"},
        {"ID3\x03", "录音.mp3", "audio/mpeg"},
        {"\xff\xfb\x90", "录音.mp3", "audio/mpeg"},
        {"fLaC", "a", "audio/flac"},
        {"#!AMR\n", "a", "audio/AMR"},
        {zipDocx, "a.bin", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {zipOdt, "a.bin", "application/vnd.oasis.opendocument.text"},
        {"PK\x03\x04....", "a.XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"PK\x03\x04....", "判决书.ofd", "application/ofd"},
        {"PK\x03\x04....", "a.zip", "application/zip"},
        {"PK\x03\x04....", "no extension", "application/zip"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.doc", "application/msword"},
        {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a", "application/x-ole-storage"},
        {"7z\xbc\xaf\x27\x1c", "a", "application/x-7z-compressed"},
        {"Rar!\x1a\x07\x01", "a", "application/vnd.rar"},
        {tar, "a", "application/x-tar"},
        {"just words\n", "a", "text/plain"},
        {"纯文本", "a", "text/plain"},
        {"纯文本\xe6\x96", "cut inside a character", "text/plain"},
        {"a,b\n", "a.csv", "text/csv"},
        {"<html>", "a.html", "text/html"},
        {"\xd6\xa4\xbe\xdd", "gbk.txt", "text/plain"},
        {"\xd6\xa4\xbe\xdd", "gbk.unknown", "application/octet-stream"},
        {"\xff\xfeh\0i\0"sv, "utf16.txt", "text/plain"},
        {"\0\0\0\0"sv, "binary.txt", "application/octet-stream"},
        {"words", "not really.pdf", "text/plain"},
        {"", "empty.txt", "text/plain"},
        {"", "empty", "application/octet-stream"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(mediaType(asBytes(row.head), row.name), row.type) << row.name;
}

RC_GTEST_PROP(MediaType, saysSomethingOfAnyBytesAndReadsNoFurther, (const std::vector<std::uint8_t>& head, const std::string& name))
{
    // An exact heap block, so that a sanitizer sees a read past the end.
    const auto type = mediaType(head, name);
    RC_ASSERT(type.find('/') != std::string_view::npos);
    static const std::string_view signatures[] = {"PK\x03\x04", "RIFF", "....ftyp", "FORM", "BM", "\x1a\x45\xdf\xa3", "\xff\xfb"};
    for (const auto signature : signatures) {
        Bytes with = toBytes(signature);
        append(with, head);
        with.shrink_to_fit();
        RC_ASSERT(mediaType(with, name).find('/') != std::string_view::npos);
        for (std::size_t n = 0; n < std::min<std::size_t>(with.size(), 16); ++n) {
            const Bytes cut(with.begin(), with.begin() + static_cast<std::ptrdiff_t>(n));
            RC_ASSERT(!mediaType(cut, name).empty());
        }
    }
}

} // namespace
} // namespace jc::intake
