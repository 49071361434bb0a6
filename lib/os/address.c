#include "os/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"

/* The parser works on slices of the text and fills a value on the stack; the
 * caller's value is written once, when nothing can fail any more. Each parsing
 * function returns NULL or the reason why the text is refused. */

struct scheme {
    struct nk_slice prefix; /* as it is printed */
    enum nk_scheme scheme;
};

static const struct scheme schemes[] = {
    {NK_SLICE("tcp://"), NK_SCHEME_TCP},
    {NK_SLICE("udp://"), NK_SCHEME_UDP},
    {NK_SLICE("http://"), NK_SCHEME_HTTP},
    {NK_SLICE("unix:"), NK_SCHEME_UNIX},
    {NK_SLICE("unix-dgram:"), NK_SCHEME_UNIX_DGRAM},
    {NK_SLICE("unix-seqpacket:"), NK_SCHEME_UNIX_SEQPACKET},
};

/* Beginnings that are refused, and why. Looked up after the schemes. */
static const struct {
    struct nk_slice prefix;
    const char *reason;
} refused_prefixes[] = {
    {NK_SLICE("tls:"), "TLS is not supported yet"},
    {NK_SLICE("https:"), "TLS is not supported yet"},
    {NK_SLICE("tcp:"), "the scheme needs two slashes, as in tcp://HOST:PORT"},
    {NK_SLICE("udp:"), "the scheme needs two slashes, as in udp://HOST:PORT"},
    {NK_SLICE("http:"), "the scheme needs two slashes, as in http://HOST:PORT/path"},
};

static bool starts_with_ignoring_case(struct nk_slice text, struct nk_slice prefix)
{
    return text.len >= prefix.len &&
           nk_slice_equal_ignoring_case(nk_slice_first(text, prefix.len), prefix);
}

/* Splits `text` at the first `byte`; the second part is empty without it. */
static struct nk_slice split_at(struct nk_slice *text, char byte)
{
    size_t index = nk_slice_find(*text, byte);
    struct nk_slice behind = nk_slice_from(*text, index == NK_SLICE_NOT_FOUND ? index : index + 1);

    *text = nk_slice_first(*text, index);
    return behind;
}

/* The callers have checked that `from` fits with its NUL. */
static void copy_string(char *to, struct nk_slice from)
{
    memcpy(to, from.data, from.len);
    to[from.len] = '\0';
}

static bool holds_control_byte(struct nk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == '\x7f')
            return true;
    return false;
}

/* Letters, digits and what else occurs in host names, international ones in
 * UTF-8 included. Whether the name exists is for the resolver to say. */
static bool is_host_byte(char byte)
{
    unsigned char lower = (unsigned char)byte | 0x20U;

    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool is_numeric_v6(struct nk_slice host)
{
    char digits[INET6_ADDRSTRLEN];
    struct in6_addr parsed;

    if (host.len >= sizeof digits)
        return false;
    copy_string(digits, host);
    return inet_pton(AF_INET6, digits, &parsed) == 1;
}

static const char *parse_v6(struct nk_address *address, struct nk_slice host)
{
    size_t percent = nk_slice_find(host, '%');
    struct nk_slice zone = nk_slice_from(host, percent);

    if (!is_numeric_v6(nk_slice_first(host, percent)))
        return "this is not a numeric IPv6 address";
    if (percent != NK_SLICE_NOT_FOUND) {
        if (zone.len == 1)
            return "the zone behind '%' is missing";
        if (zone.len > IF_NAMESIZE)
            return "the zone behind '%' is longer than an interface name";
        for (size_t i = 1; i < zone.len; i++)
            if (!is_host_byte(zone.data[i]))
                return "the zone behind '%' holds a character that no interface name has";
    }
    copy_string(address->host, host);
    return NULL;
}

static const char *parse_host(struct nk_address *address, struct nk_slice host)
{
    if (host.len > NK_ADDRESS_HOST_MAX)
        return "host is longer than 255 bytes";
    if (host.len == 1 && host.data[0] == '*')
        host.len = 0;
    if (host.len > 0 && host.data[0] == '-')
        return "a host name does not begin with '-'";
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.data[i]))
            return "host holds a character that no host name has";
    copy_string(address->host, host);
    return NULL;
}

static const char *parse_port(struct nk_address *address, struct nk_slice digits)
{
    uint64_t port;
    int error = nk_slice_parse_decimal(digits, &port);

    if (digits.len == 0)
        return "port is missing behind ':'";
    if (error == -EINVAL)
        return "port is not a number";
    if (error || port > UINT16_MAX)
        return "port is above 65535";
    address->has_port = true;
    address->port = (uint16_t)port;
    return NULL;
}

/* "[HOST]" or "[HOST]:PORT". */
static const char *parse_bracketed(struct nk_address *address, struct nk_slice text)
{
    struct nk_slice inside = nk_slice_from(text, 1);
    size_t end = nk_slice_find(inside, ']');

    if (end == NK_SLICE_NOT_FOUND)
        return "the closing ']' is missing";

    struct nk_slice behind = nk_slice_from(inside, end + 1);
    const char *reason = parse_v6(address, nk_slice_first(inside, end));

    if (reason || behind.len == 0)
        return reason;
    if (behind.data[0] != ':')
        return "only ':PORT' may follow ']'";
    return parse_port(address, nk_slice_from(behind, 1));
}

/* HOST, PORT, HOST:PORT, :PORT, [V6]:PORT or a bare numeric IPv6 address. */
static const char *parse_authority(struct nk_address *address, struct nk_slice text)
{
    size_t colon = nk_slice_find(text, ':');
    uint64_t number;

    if (text.len == 0)
        return "host and port are missing";
    if (text.data[0] == '[')
        return parse_bracketed(address, text);
    if (colon == NK_SLICE_NOT_FOUND) {
        bool is_number = nk_slice_parse_decimal(text, &number) != -EINVAL;
        return is_number ? parse_port(address, text) : parse_host(address, text);
    }
    if (colon != nk_slice_find_last(text, ':')) {
        const char *reason = parse_v6(address, text);
        return reason ? "too many colons; an IPv6 address with a port needs brackets" : NULL;
    }

    const char *reason = parse_host(address, nk_slice_first(text, colon));
    return reason ? reason : parse_port(address, nk_slice_from(text, colon + 1));
}

static const char *parse_options(struct nk_address *address, struct nk_slice options)
{
    if (options.len > NK_ADDRESS_OPTIONS_MAX)
        return "options behind '?' are longer than 511 bytes";
    copy_string(address->options, options);
    return NULL;
}

static const char *parse_unix(struct nk_address *address, struct nk_slice text)
{
    struct nk_slice options = split_at(&text, '?');

    if (text.len == 0)
        return "unix socket path is missing";
    if (text.len == 1 && text.data[0] == '@')
        return "abstract unix socket name is missing behind '@'";
    if (text.len > NK_ADDRESS_UNIX_MAX)
        return "unix socket path is longer than 107 bytes";
    copy_string(address->path, text);
    return parse_options(address, options);
}

/* HOST:PORT/path?query#fragment. The query is a part of the path here, and the
 * fragment is dropped: it is never sent (RFC 9110, 7.1). */
static const char *parse_http(struct nk_address *address, struct nk_slice text)
{
    (void)split_at(&text, '#');

    size_t authority_len = 0;
    while (authority_len < text.len && text.data[authority_len] != '/' &&
           text.data[authority_len] != '?')
        authority_len++;

    struct nk_slice path = nk_slice_from(text, authority_len);
    /* RFC 3986, 6.2.3: an empty path in front of a query is "/". */
    bool needs_slash = path.len > 0 && path.data[0] == '?';

    if (path.len + needs_slash > NK_ADDRESS_PATH_MAX)
        return "path is longer than 2047 bytes";
    if (nk_slice_find(path, ' ') != NK_SLICE_NOT_FOUND)
        return "path holds a space; write it as %20";
    if (nk_slice_find(nk_slice_first(text, authority_len), '@') != NK_SLICE_NOT_FOUND)
        return "a user name in a URL is not supported";
    address->path[0] = '/';
    copy_string(address->path + needs_slash, path);
    return parse_authority(address, nk_slice_first(text, authority_len));
}

/* A relative or absolute path where an address belongs, as in "serve http ./dir". */
static bool looks_like_path(struct nk_slice text)
{
    static const struct nk_slice dot = NK_SLICE(".");
    static const struct nk_slice dot_dot = NK_SLICE("..");
    size_t slash = nk_slice_find(text, '/');

    if (nk_slice_equal(text, dot) || nk_slice_equal(text, dot_dot))
        return true;
    if (text.len > 0 && text.data[0] == '~')
        return true;
    return slash != NK_SLICE_NOT_FOUND && nk_slice_find(text, ':') > slash;
}

/* tcp, udp and texts without a scheme. */
static const char *parse_plain(struct nk_address *address, struct nk_slice text)
{
    struct nk_slice options = split_at(&text, '?');

    if (address->scheme == NK_SCHEME_NONE && looks_like_path(text))
        return "this looks like a path, not like an address";
    if (nk_slice_find(text, '/') != NK_SLICE_NOT_FOUND)
        return "only an http:// address has a path";

    const char *reason = parse_authority(address, text);
    return reason ? reason : parse_options(address, options);
}

/* Takes a known scheme off the front of *text. Without one the scheme stays
 * NK_SCHEME_NONE, unless the text has something in its place. */
static const char *parse_scheme(struct nk_address *address, struct nk_slice *text)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(schemes); i++)
        if (starts_with_ignoring_case(*text, schemes[i].prefix)) {
            address->scheme = schemes[i].scheme;
            *text = nk_slice_from(*text, schemes[i].prefix.len);
            return NULL;
        }
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refused_prefixes); i++)
        if (starts_with_ignoring_case(*text, refused_prefixes[i].prefix))
            return refused_prefixes[i].reason;

    size_t colon = nk_slice_find(*text, ':');
    static const struct nk_slice slashes = NK_SLICE("://");
    if (nk_slice_starts_with(nk_slice_from(*text, colon), slashes))
        return "unknown scheme; there are tcp, udp, http, unix, unix-dgram and unix-seqpacket";
    return NULL;
}

static const char *parse(struct nk_address *address, struct nk_slice text)
{
    if (text.len == 0)
        return "address is empty";
    if (holds_control_byte(text))
        return "address holds a control character";

    const char *reason = parse_scheme(address, &text);
    if (reason)
        return reason;
    if (nk_scheme_is_unix(address->scheme))
        return parse_unix(address, text);
    if (address->scheme == NK_SCHEME_HTTP)
        return parse_http(address, text);
    return parse_plain(address, text);
}

int nk_address_parse(struct nk_address *address, const char *text, const char **reason)
{
    struct nk_address parsed = {.scheme = NK_SCHEME_NONE};
    const char *refusal = parse(&parsed, nk_slice_of_string(text));

    if (refusal) {
        *reason = refusal;
        return -EINVAL;
    }
    *address = parsed;
    return 0;
}

static const char *scheme_prefix(enum nk_scheme scheme)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(schemes); i++)
        if (schemes[i].scheme == scheme)
            return schemes[i].prefix.data;
    return "";
}

char *nk_address_print(const struct nk_address *address, char text[static NK_ADDRESS_TEXT_MAX])
{
    bool has_brackets = strchr(address->host, ':') != NULL;
    /* A wildcard with a port is ":PORT"; without one it still needs a sign. */
    bool is_wildcard = address->host[0] == '\0' && !nk_scheme_is_unix(address->scheme);
    const char *host = is_wildcard && !address->has_port ? "*" : address->host;
    char port[sizeof ":65535"] = "";

    if (address->has_port)
        (void)snprintf(port, sizeof port, ":%u", (unsigned)address->port);
    (void)snprintf(text, NK_ADDRESS_TEXT_MAX, "%s%s%s%s%s%s%s%s", scheme_prefix(address->scheme),
                   has_brackets ? "[" : "", host, has_brackets ? "]" : "", port, address->path,
                   address->options[0] ? "?" : "", address->options);
    return text;
}

bool nk_scheme_is_unix(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_UNIX || scheme == NK_SCHEME_UNIX_DGRAM ||
           scheme == NK_SCHEME_UNIX_SEQPACKET;
}
