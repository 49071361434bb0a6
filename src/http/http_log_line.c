#include "http/http_log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "http/http_decimal.h"

/* Bytes of a value that are shown. Escaped, a byte takes six at most; target (or the
 * line in its place), host, referer, agent, rule and user together fit a line. */
#define TARGET_MAX 1024
#define VALUE_MAX 384
#define USER_MAX 256

#define NANOSECONDS_PER_MICROSECOND 1000

struct line {
    char *at;
};

static void put(struct line *line, const char *text, size_t len)
{
    memcpy(line->at, text, len);
    line->at += len;
}

#define PUT_LITERAL(line, literal) put((line), "" literal, sizeof(literal) - 1)

static void put_string(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_number(struct line *line, uint64_t number)
{
    char room[HTTP_DECIMAL_MAX];
    const struct nk_slice digits = http_decimal(room, number);
    put(line, digits.data, digits.len);
}

/* Nanoseconds as seconds with six digits behind the point. */
static void put_seconds(struct line *line, uint64_t nanoseconds)
{
    uint64_t rest = nanoseconds % NK_NANOSECONDS_PER_SECOND / NANOSECONDS_PER_MICROSECOND;
    char digits[7];
    put_number(line, nanoseconds / NK_NANOSECONDS_PER_SECOND);
    for (size_t i = sizeof(digits); i-- > 1; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    digits[0] = '.';
    put(line, digits, sizeof(digits));
}

static const char hex[] = "0123456789abcdef";

static bool is_plain(char byte)
{
    return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* ---- common and combined ---- */

static void put_escape(struct line *line, unsigned char byte)
{
    const char escape[] = {'\\', 'x', hex[byte >> 4], hex[byte & 0xf]};
    put(line, escape, sizeof(escape));
}

static void put_escaped(struct line *line, struct nk_slice text, size_t max)
{
    for (size_t i = 0; i < text.len && i < max; i++) {
        if (is_plain(text.data[i]))
            *line->at++ = text.data[i];
        else
            put_escape(line, (unsigned char)text.data[i]);
    }
    if (text.len > max)
        PUT_LITERAL(line, "...");
}

static void put_quoted(struct line *line, struct nk_slice text)
{
    PUT_LITERAL(line, " \"");
    if (text.len == 0)
        PUT_LITERAL(line, "-");
    put_escaped(line, text, VALUE_MAX);
    PUT_LITERAL(line, "\"");
}

/* It stands between spaces, without quotes. */
static void put_user(struct line *line, const char *user)
{
    if (!user || *user == '\0')
        PUT_LITERAL(line, "-");
    for (size_t i = 0; user && i < USER_MAX && user[i] != '\0'; i++) {
        if (is_plain(user[i]) && user[i] != ' ')
            *line->at++ = user[i];
        else
            put_escape(line, (unsigned char)user[i]);
    }
}

static void put_time(struct line *line, uint64_t wall, struct http_log_time *last)
{
    uint64_t second = wall / NK_NANOSECONDS_PER_SECOND;
    if (second != last->second || last->text[0] == '\0') {
        time_t time = (time_t)second;
        struct tm parts;
        if (!gmtime_r(&time, &parts) ||
            strftime(last->text, sizeof(last->text), "%d/%b/%Y:%H:%M:%S +0000", &parts) == 0)
            snprintf(last->text, sizeof(last->text), "-");
        last->second = second;
    }
    put_string(line, last->text);
}

static void put_request_line(struct line *line, const struct http_log_entry *entry)
{
    if (*entry->method == '\0' && entry->line.len == 0)
        PUT_LITERAL(line, "-");
    if (*entry->method == '\0') {
        put_escaped(line, entry->line, TARGET_MAX);
        return;
    }
    put_string(line, entry->method);
    PUT_LITERAL(line, " ");
    put_escaped(line, entry->target, TARGET_MAX);
    put_string(line, entry->minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1");
}

static void put_common(struct line *line, const struct http_log_entry *entry,
                       struct http_log_time *time)
{
    put_string(line, entry->client);
    PUT_LITERAL(line, " - ");
    put_user(line, entry->user);
    PUT_LITERAL(line, " [");
    put_time(line, entry->wall, time);
    PUT_LITERAL(line, "] \"");
    put_request_line(line, entry);
    PUT_LITERAL(line, "\" ");
    if (entry->status > 0)
        put_number(line, (uint64_t)entry->status);
    else
        PUT_LITERAL(line, "-");
    PUT_LITERAL(line, " ");
    put_number(line, entry->bytes);
}

/* ---- JSON ---- */

/* One character at the start of `text`; returns its bytes. */
static size_t put_json_character(struct line *line, struct nk_slice text)
{
    unsigned char byte = (unsigned char)*text.data;
    size_t len = nk_utf8_decode(text, NULL);
    if (len == 0) {
        PUT_LITERAL(line, "\\ufffd");
        return 1;
    }
    if (byte == '"' || byte == '\\') {
        const char escape[] = {'\\', (char)byte};
        put(line, escape, sizeof(escape));
    } else if (byte < ' ' || byte == 0x7f) {
        const char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 0xf]};
        put(line, escape, sizeof(escape));
    } else {
        put(line, text.data, len);
    }
    return len;
}

static void put_json_text(struct line *line, struct nk_slice text, size_t max)
{
    struct nk_slice rest = nk_slice_first(text, max);
    while (rest.len > 0) {
        size_t plain = 0;
        while (plain < rest.len && is_plain(rest.data[plain]))
            plain++;
        put(line, rest.data, plain);
        rest = nk_slice_from(rest, plain);
        if (rest.len > 0)
            rest = nk_slice_from(rest, put_json_character(line, rest));
    }
    if (text.len > max)
        PUT_LITERAL(line, "...");
}

/* `,"name":"` with everything in front of the value; names are constants. */
#define PUT_JSON_STRING(line, name, text, max)                                                     \
    do {                                                                                           \
        PUT_LITERAL(line, ",\"" name "\":\"");                                                     \
        put_json_text(line, text, max);                                                            \
        PUT_LITERAL(line, "\"");                                                                   \
    } while (0)

static void put_json_numbers(struct line *line, const struct http_log_entry *entry)
{
    PUT_LITERAL(line, ",\"status\":");
    put_number(line, (uint64_t)entry->status);
    PUT_LITERAL(line, ",\"bytes\":");
    put_number(line, entry->bytes);
    PUT_LITERAL(line, ",\"complete\":");
    put_string(line, entry->is_complete ? "true" : "false");
    PUT_LITERAL(line, ",\"first_byte\":");
    put_seconds(line, entry->first_byte);
    PUT_LITERAL(line, ",\"duration\":");
    put_seconds(line, entry->duration);
    PUT_LITERAL(line, ",\"loop\":");
    put_number(line, entry->loop);
    if (!entry->has_path)
        return;
    PUT_LITERAL(line, ",\"round_trip\":");
    put_seconds(line, entry->round_trip);
    PUT_LITERAL(line, ",\"retransmits\":");
    put_number(line, entry->retransmits);
}

static void put_json(struct line *line, const struct http_log_entry *entry)
{
    PUT_LITERAL(line, "{\"event\":\"request\",\"t\":");
    put_seconds(line, entry->wall);
    PUT_LITERAL(line, ",\"client\":\"");
    put_string(line, entry->client);
    PUT_LITERAL(line, "\"");
    if (entry->user)
        PUT_JSON_STRING(line, "user", nk_slice_of_string(entry->user), USER_MAX);
    PUT_LITERAL(line, ",\"method\":\"");
    put_string(line, entry->method);
    PUT_LITERAL(line, "\"");
    PUT_JSON_STRING(line, "target", entry->target, TARGET_MAX);
    if (*entry->method != '\0')
        put_string(line,
                   entry->minor_version == 0 ? ",\"version\":\"1.0\"" : ",\"version\":\"1.1\"");
    if (entry->line.len > 0)
        PUT_JSON_STRING(line, "line", entry->line, TARGET_MAX);
    put_json_numbers(line, entry);
    if (entry->host.len > 0)
        PUT_JSON_STRING(line, "host", entry->host, VALUE_MAX);
    if (entry->referer.len > 0)
        PUT_JSON_STRING(line, "referer", entry->referer, VALUE_MAX);
    if (entry->agent.len > 0)
        PUT_JSON_STRING(line, "agent", entry->agent, VALUE_MAX);
    if (entry->rule)
        PUT_JSON_STRING(line, "rule", nk_slice_of_string(entry->rule), VALUE_MAX);
    PUT_LITERAL(line, "}");
}

/* A rule has no place in the other formats; it stands behind them, as Apache's
 * modules put what they add. */
static void put_rule(struct line *line, const char *rule)
{
    if (rule)
        put_quoted(line, nk_slice_of_string(rule));
}

_Static_assert(6 * (TARGET_MAX + 4 * VALUE_MAX + USER_MAX) + 1000 <= HTTP_LOG_LINE_MAX,
               "a line fits");

size_t http_log_line(enum http_log_format format, const struct http_log_entry *entry,
                     struct http_log_time *time, char line[static HTTP_LOG_LINE_MAX])
{
    struct line out = {line};
    if (format == HTTP_LOG_JSON) {
        put_json(&out, entry);
    } else {
        put_common(&out, entry, time);
        if (format == HTTP_LOG_COMBINED) {
            put_quoted(&out, entry->referer);
            put_quoted(&out, entry->agent);
        }
        put_rule(&out, entry->rule);
    }
    *out.at++ = '\n';
    return (size_t)(out.at - line);
}
