#include "cat/cat_proxy_url.h"

#include <errno.h>

#include "base/slice.h"
#include "cat/http_connect.h"
#include "cat/socks5.h"

static const struct scheme {
    struct nk_slice prefix;
    enum cat_proxy_kind kind;
    uint16_t port;
} schemes[] = {
    {NK_SLICE("socks5://"), CAT_PROXY_SOCKS5, 1080},
    {NK_SLICE("socks5h://"), CAT_PROXY_SOCKS5, 1080},
    {NK_SLICE("http://"), CAT_PROXY_HTTP, 8080},
};

static const struct nk_slice unix_prefix = NK_SLICE("unix:");

static const struct scheme *find_scheme(struct nk_slice text)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(schemes); i++) {
        struct nk_slice start = nk_slice_first(text, schemes[i].prefix.len);
        if (nk_slice_equal_ignoring_case(start, schemes[i].prefix))
            return &schemes[i];
    }
    return NULL;
}

/* ---- the login ---- */

static int digit_of(char byte)
{
    static const char digits[] = "0123456789abcdef";
    char lower = byte >= 'A' && byte <= 'F' ? (char)(byte | 0x20) : byte;
    const char *found = lower != '\0' ? strchr(digits, lower) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* One byte or %XX from the front of `text`; -1 for what is neither, and for NUL,
 * which no login holds. */
static int take_byte(struct nk_slice *text)
{
    if (text->data[0] != '%') {
        int byte = (unsigned char)text->data[0];
        *text = nk_slice_from(*text, 1);
        return byte;
    }
    int high = text->len > 2 ? digit_of(text->data[1]) : -1;
    int low = text->len > 2 ? digit_of(text->data[2]) : -1;
    *text = nk_slice_from(*text, 3);
    return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

static const char *decode(char out[static PROXY_TEXT_MAX + 1], struct nk_slice text)
{
    size_t len = 0;
    while (text.len > 0) {
        int byte = take_byte(&text);
        if (byte < 0)
            return "'%' stands in front of two hexadecimal digits";
        if (len == PROXY_TEXT_MAX)
            return "the user name or password is longer than 255 bytes";
        out[len++] = (char)byte;
    }
    out[len] = '\0';
    return NULL;
}

static const char *parse_login(struct cat_proxy_url *url, struct nk_slice login)
{
    size_t colon = nk_slice_find(login, ':');
    const char *problem = decode(url->user, nk_slice_first(login, colon));
    if (!problem && colon != NK_SLICE_NOT_FOUND)
        problem = decode(url->password, nk_slice_from(login, colon + 1));
    if (!problem && url->user[0] == '\0')
        problem = "the user name in front of '@' is missing";
    url->has_login = true;
    return problem;
}

/* Index of the '@' behind the login, or NK_SLICE_NOT_FOUND. A unix path may hold
 * one, too; a password should not, but the last one decides then. */
static size_t find_at(struct nk_slice rest)
{
    if (nk_slice_starts_with(rest, unix_prefix))
        return NK_SLICE_NOT_FOUND;
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.data[i] == '@' && nk_slice_starts_with(nk_slice_from(rest, i + 1), unix_prefix))
            return i;
    }
    return nk_slice_find_last(rest, '@');
}

/* ---- the whole ---- */

static const char *parse_place(struct cat_proxy_url *url, const char *place, uint16_t default_port)
{
    char text[NK_ADDRESS_TEXT_MAX];
    const char *reason = NULL;
    bool is_unix = strncmp(place, unix_prefix.data, unix_prefix.len) == 0;
    size_t len = strlen(place);
    if (!is_unix && len > 0 && place[len - 1] == '/')
        len--; /* as browsers write it */
    if (len >= sizeof(text) - sizeof("tcp://"))
        return "host is longer than 255 bytes";
    snprintf(text, sizeof(text), "%s%.*s", is_unix ? "" : "tcp://", (int)len, place);
    if (nk_address_parse(&url->address, text, &reason) != 0)
        return reason;
    if (url->address.options[0] != '\0')
        return "socket options belong to the address that is connected to";
    if (is_unix)
        return NULL;
    if (url->address.host[0] == '\0')
        return "the host of the proxy is missing";
    if (!url->address.has_port)
        url->address.port = default_port;
    url->address.has_port = true;
    return url->address.port == 0 ? "port 0 cannot be connected to" : NULL;
}

static const char *parse(struct cat_proxy_url *url, const char *text)
{
    struct nk_slice whole = nk_slice_of_string(text);
    const struct scheme *scheme = find_scheme(whole);
    if (!scheme)
        return "a proxy is socks5://HOST:PORT or http://HOST:PORT";
    struct nk_slice rest = nk_slice_from(whole, scheme->prefix.len);
    size_t at = find_at(rest);
    const char *problem = NULL;
    url->kind = scheme->kind;
    if (at != NK_SLICE_NOT_FOUND) {
        problem = parse_login(url, nk_slice_first(rest, at));
        rest = nk_slice_from(rest, at + 1);
    }
    return problem ? problem : parse_place(url, rest.len > 0 ? rest.data : "", scheme->port);
}

int cat_proxy_url_parse(struct cat_proxy_url *url, const char *text, const char **reason)
{
    struct cat_proxy_url parsed = {.kind = CAT_PROXY_NONE};
    const char *problem = parse(&parsed, text);
    if (problem) {
        *reason = problem;
        return -EINVAL;
    }
    *url = parsed;
    return 0;
}

char *cat_proxy_url_print(const struct cat_proxy_url *url, char text[static CAT_PROXY_TEXT_MAX])
{
    char place[NK_ADDRESS_TEXT_MAX];
    const char *bare = nk_address_print(&url->address, place);
    if (url->address.scheme == NK_SCHEME_TCP)
        bare += strlen("tcp://");
    snprintf(text, CAT_PROXY_TEXT_MAX, "%s://%s", url->kind == CAT_PROXY_HTTP ? "http" : "socks5",
             bare);
    return text;
}

struct proxy_target cat_proxy_url_target(const struct cat_proxy_url *url,
                                         const struct nk_address *target)
{
    return (struct proxy_target){
        .host = target->host,
        .port = target->port,
        .user = url->has_login ? url->user : NULL,
        .password = url->has_login ? url->password : NULL,
    };
}

int cat_proxy_url_check(const struct cat_proxy_url *url, const struct nk_address *target,
                        const char **reason)
{
    struct proxy_target wanted = cat_proxy_url_target(url, target);
    struct socks5 socks;
    struct http_connect http;
    bool is_http = url->kind == CAT_PROXY_HTTP;
    if (target->host[0] == '\0')
        *reason = "the host is missing";
    else if (strchr(target->host, '%'))
        *reason = "the zone of an address means nothing to a proxy";
    else if (is_http && url->has_login && strchr(url->user, ':'))
        *reason = "the user name for an HTTP proxy holds no ':'";
    else if (is_http ? http_connect_init(&http, &wanted) : socks5_init(&socks, &wanted))
        *reason = "the proxy cannot be asked for this address with this login";
    else
        return 0;
    return -EINVAL;
}
