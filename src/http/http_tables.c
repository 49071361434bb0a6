#include "http/http_tables.h"

#include <stdbool.h>
#include <string.h>

struct status {
    int code;
    const char *text;
};

/* RFC 9110 15, RFC 6585 for 428, 429, 431 and 511, RFC 4918 for 507. */
static const struct status statuses[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(statuses); i++)
        if (statuses[i].code == status)
            return statuses[i].text;
    return "Unknown";
}

struct media_type {
    struct nk_slice extension; /* lower case */
    const char *name;
};

#define UTF8 "; charset=utf-8"

/* Sorted by extension: the search halves the table. */
static const struct media_type media_types[] = {
    {NK_SLICE("7z"), "application/x-7z-compressed"},
    {NK_SLICE("aac"), "audio/aac"},
    {NK_SLICE("apng"), "image/apng"},
    {NK_SLICE("atom"), "application/atom+xml"},
    {NK_SLICE("avif"), "image/avif"},
    {NK_SLICE("bmp"), "image/bmp"},
    {NK_SLICE("bz2"), "application/x-bzip2"},
    {NK_SLICE("c"), "text/plain" UTF8},
    {NK_SLICE("cc"), "text/plain" UTF8},
    {NK_SLICE("conf"), "text/plain" UTF8},
    {NK_SLICE("cpp"), "text/plain" UTF8},
    {NK_SLICE("css"), "text/css" UTF8},
    {NK_SLICE("csv"), "text/csv" UTF8},
    {NK_SLICE("deb"), "application/vnd.debian.binary-package"},
    {NK_SLICE("diff"), "text/x-diff" UTF8},
    {NK_SLICE("doc"), "application/msword"},
    {NK_SLICE("docx"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {NK_SLICE("eot"), "application/vnd.ms-fontobject"},
    {NK_SLICE("epub"), "application/epub+zip"},
    {NK_SLICE("flac"), "audio/flac"},
    {NK_SLICE("gif"), "image/gif"},
    {NK_SLICE("gz"), "application/gzip"},
    {NK_SLICE("h"), "text/plain" UTF8},
    {NK_SLICE("htm"), "text/html" UTF8},
    {NK_SLICE("html"), "text/html" UTF8},
    {NK_SLICE("ico"), "image/vnd.microsoft.icon"},
    {NK_SLICE("ics"), "text/calendar" UTF8},
    {NK_SLICE("ini"), "text/plain" UTF8},
    {NK_SLICE("jpeg"), "image/jpeg"},
    {NK_SLICE("jpg"), "image/jpeg"},
    {NK_SLICE("js"), "text/javascript" UTF8},
    {NK_SLICE("json"), "application/json"},
    {NK_SLICE("jxl"), "image/jxl"},
    {NK_SLICE("log"), "text/plain" UTF8},
    {NK_SLICE("m3u8"), "application/vnd.apple.mpegurl"},
    {NK_SLICE("m4a"), "audio/mp4"},
    {NK_SLICE("m4v"), "video/mp4"},
    {NK_SLICE("map"), "application/json"},
    {NK_SLICE("md"), "text/markdown" UTF8},
    {NK_SLICE("mid"), "audio/midi"},
    {NK_SLICE("mjs"), "text/javascript" UTF8},
    {NK_SLICE("mkv"), "video/matroska"},
    {NK_SLICE("mov"), "video/quicktime"},
    {NK_SLICE("mp3"), "audio/mpeg"},
    {NK_SLICE("mp4"), "video/mp4"},
    {NK_SLICE("mpeg"), "video/mpeg"},
    {NK_SLICE("odp"), "application/vnd.oasis.opendocument.presentation"},
    {NK_SLICE("ods"), "application/vnd.oasis.opendocument.spreadsheet"},
    {NK_SLICE("odt"), "application/vnd.oasis.opendocument.text"},
    {NK_SLICE("oga"), "audio/ogg"},
    {NK_SLICE("ogg"), "audio/ogg"},
    {NK_SLICE("ogv"), "video/ogg"},
    {NK_SLICE("opus"), "audio/ogg"},
    {NK_SLICE("otf"), "font/otf"},
    {NK_SLICE("pdf"), "application/pdf"},
    {NK_SLICE("png"), "image/png"},
    {NK_SLICE("ppt"), "application/vnd.ms-powerpoint"},
    {NK_SLICE("pptx"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {NK_SLICE("py"), "text/x-python" UTF8},
    {NK_SLICE("rss"), "application/rss+xml"},
    {NK_SLICE("rtf"), "application/rtf"},
    {NK_SLICE("sh"), "text/x-shellscript" UTF8},
    {NK_SLICE("sql"), "application/sql"},
    {NK_SLICE("svg"), "image/svg+xml"},
    {NK_SLICE("tar"), "application/x-tar"},
    {NK_SLICE("tif"), "image/tiff"},
    {NK_SLICE("tiff"), "image/tiff"},
    {NK_SLICE("toml"), "application/toml"},
    {NK_SLICE("ts"), "video/mp2t"},
    {NK_SLICE("tsv"), "text/tab-separated-values" UTF8},
    {NK_SLICE("ttf"), "font/ttf"},
    {NK_SLICE("txt"), "text/plain" UTF8},
    {NK_SLICE("vtt"), "text/vtt" UTF8},
    {NK_SLICE("wasm"), "application/wasm"},
    {NK_SLICE("wav"), "audio/wav"},
    {NK_SLICE("weba"), "audio/webm"},
    {NK_SLICE("webm"), "video/webm"},
    {NK_SLICE("webmanifest"), "application/manifest+json"},
    {NK_SLICE("webp"), "image/webp"},
    {NK_SLICE("woff"), "font/woff"},
    {NK_SLICE("woff2"), "font/woff2"},
    {NK_SLICE("xhtml"), "application/xhtml+xml"},
    {NK_SLICE("xls"), "application/vnd.ms-excel"},
    {NK_SLICE("xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {NK_SLICE("xml"), "text/xml" UTF8},
    {NK_SLICE("xz"), "application/x-xz"},
    {NK_SLICE("yaml"), "application/yaml"},
    {NK_SLICE("yml"), "application/yaml"},
    {NK_SLICE("zip"), "application/zip"},
    {NK_SLICE("zst"), "application/zstd"},
};

/* Order of `text`, in whatever ASCII case, against lower-case `word`. */
static int compare(struct nk_slice text, struct nk_slice word)
{
    for (size_t i = 0; i < text.len && i < word.len; i++) {
        const bool upper = text.data[i] >= 'A' && text.data[i] <= 'Z';
        const unsigned char a = (unsigned char)(upper ? text.data[i] + 32 : text.data[i]);
        const unsigned char b = (unsigned char)word.data[i];
        if (a != b)
            return a < b ? -1 : 1;
    }
    return (text.len > word.len) - (text.len < word.len);
}

static const char unknown[] = "application/octet-stream";

const char *http_media_extension_type(struct nk_slice extension)
{
    size_t low = 0;
    size_t high = NK_ARRAY_LENGTH(media_types);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(extension, media_types[middle].extension);
        if (order == 0)
            return media_types[middle].name;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *http_media_type(struct nk_slice file_name)
{
    const size_t dot = nk_slice_find_last(file_name, '.');
    if (dot == NK_SLICE_NOT_FOUND)
        return unknown;
    const char *type = http_media_extension_type(nk_slice_from(file_name, dot + 1));
    return type ? type : unknown;
}

static bool ends_with(struct nk_slice name, struct nk_slice suffix)
{
    return name.len >= suffix.len &&
           nk_slice_equal(nk_slice_from(name, name.len - suffix.len), suffix);
}

enum http_compressing http_media_type_compressing(const char *type)
{
    static const struct nk_slice useful[] = {
        NK_SLICE("text/"),
        NK_SLICE("application/json"),
        NK_SLICE("application/javascript"),
        NK_SLICE("application/xml"),
        NK_SLICE("application/rtf"),
        NK_SLICE("application/sql"),
        NK_SLICE("application/wasm"),
        NK_SLICE("application/yaml"),
        NK_SLICE("application/x-tar"),
        NK_SLICE("application/vnd.apple.mpegurl"),
        NK_SLICE("application/vnd.ms-fontobject"),
        NK_SLICE("font/otf"),
        NK_SLICE("font/ttf"),
        NK_SLICE("image/bmp"),
        NK_SLICE("image/vnd.microsoft.icon"),
        NK_SLICE("audio/wav"),
    };
    static const struct nk_slice json = NK_SLICE("+json"), xml = NK_SLICE("+xml");
    const struct nk_slice name = nk_slice_of_string(type);
    if (nk_slice_equal(name, nk_slice_of_string(unknown)))
        return HTTP_COMPRESSING_UNKNOWN;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(useful); i++) {
        if (nk_slice_starts_with(name, useful[i]))
            return HTTP_COMPRESSING_USEFUL;
    }
    return ends_with(name, json) || ends_with(name, xml) ? HTTP_COMPRESSING_USEFUL
                                                         : HTTP_COMPRESSING_USELESS;
}
