#include "cat/proxy_protocol_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const char v1_start[] = "PROXY ";

enum state {
    VERSION,   /* the first byte tells the versions apart */
    V1_LINE,   /* up to CR LF */
    V2_FIXED,  /* signature, version and command, family, length */
    V2_BEHIND, /* addresses, and extensions that are skipped */
    COMPLETE,
};

static int refuse(struct proxy_parser *parser, const char *problem)
{
    parser->error = -EBADMSG;
    parser->problem = problem;
    return parser->error;
}

static int refuse_other(struct proxy_parser *parser)
{
    return refuse(parser, "there is no PROXY header in front");
}

/* ---- version 1: one line of text (section 2.1) ---- */

/* Takes the word before the next blank or the end; words have one blank between. */
static struct nk_slice take_word(struct nk_slice *line)
{
    size_t blank = nk_slice_find(*line, ' ');
    struct nk_slice word = nk_slice_first(*line, blank);
    *line = nk_slice_from(*line, blank == NK_SLICE_NOT_FOUND ? line->len : blank + 1);
    return word;
}

static bool read_port(struct nk_slice word, uint16_t *port)
{
    uint64_t number;
    bool has_zeros = word.len > 1 && word.data[0] == '0';
    if (has_zeros || nk_slice_parse_decimal(word, &number) != 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool read_host(struct nk_slice word, int family, struct nk_sockaddr *out)
{
    char text[INET6_ADDRSTRLEN];
    if (word.len == 0 || word.len >= sizeof(text))
        return false;
    memcpy(text, word.data, word.len);
    text[word.len] = '\0';
    memset(out, 0, sizeof(*out));
    out->any.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        out->len = sizeof(out->v4);
        return inet_pton(AF_INET, text, &out->v4.sin_addr) == 1;
    }
    out->len = sizeof(out->v6);
    return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1;
}

static bool read_v1_addresses(struct proxy_header *header, struct nk_slice rest, int family)
{
    uint16_t source_port;
    uint16_t destination_port;
    size_t blanks = 0;
    for (size_t i = 0; i < rest.len; i++)
        blanks += rest.data[i] == ' ';
    if (blanks != 3 || !read_host(take_word(&rest), family, &header->source) ||
        !read_host(take_word(&rest), family, &header->destination) ||
        !read_port(take_word(&rest), &source_port) ||
        !read_port(take_word(&rest), &destination_port))
        return false;
    nk_sockaddr_set_port(&header->source, source_port);
    nk_sockaddr_set_port(&header->destination, destination_port);
    header->has_addresses = true;
    return true;
}

/* `line` is what stands behind "PROXY ", without the end of line. */
static int read_v1(struct proxy_parser *parser, struct nk_slice line)
{
    static const struct {
        struct nk_slice name;
        int family;
    } protocols[] = {{NK_SLICE("TCP4"), AF_INET}, {NK_SLICE("TCP6"), AF_INET6}};
    static const struct nk_slice unknown = NK_SLICE("UNKNOWN");
    struct nk_slice protocol = take_word(&line);
    parser->state = COMPLETE;
    if (nk_slice_equal(protocol, unknown))
        return 0; /* whatever follows is to be ignored */
    for (size_t i = 0; i < NK_ARRAY_LENGTH(protocols); i++) {
        if (nk_slice_equal(protocol, protocols[i].name))
            return read_v1_addresses(&parser->header, line, protocols[i].family)
                       ? 0
                       : refuse(parser, "the addresses in the PROXY header are malformed");
    }
    return refuse(parser, "the protocol in the PROXY header is not known");
}

static int on_v1_line(struct proxy_parser *parser, char byte)
{
    size_t start_len = sizeof(v1_start) - 1;
    size_t place = parser->have;
    bool follows_cr = place > 0 && parser->bytes[place - 1] == '\r';
    if (place < start_len && byte != v1_start[place])
        return refuse_other(parser);
    if (follows_cr != (byte == '\n') || byte == '\0')
        return refuse(parser, "the line of the PROXY header does not end with CR LF");
    parser->bytes[parser->have++] = byte;
    if (byte == '\n')
        return read_v1(parser, nk_slice_make(parser->bytes + start_len, place - 1 - start_len));
    if (parser->have == PROXY_PROTOCOL_V1_MAX)
        return refuse(parser, "the line of the PROXY header is longer than 107 bytes");
    return 0;
}

/* ---- version 2: binary (section 2.2) ---- */

/* The combinations that exist; all others are to be refused. */
static bool is_family_known(unsigned family, unsigned transport)
{
    if (family == FAMILY_UNSPEC)
        return transport == TRANSPORT_UNSPEC;
    return family <= FAMILY_UNIX && (transport == TRANSPORT_STREAM || transport == TRANSPORT_DGRAM);
}

static void read_inet(struct nk_sockaddr *out, const char *address, const char *port)
{
    memset(out, 0, sizeof(*out));
    out->v4.sin_family = AF_INET;
    out->len = sizeof(out->v4);
    memcpy(&out->v4.sin_addr, address, 4);
    memcpy(&out->v4.sin_port, port, 2);
}

static void read_inet6(struct nk_sockaddr *out, const char *address, const char *port)
{
    memset(out, 0, sizeof(*out));
    out->v6.sin6_family = AF_INET6;
    out->len = sizeof(out->v6);
    memcpy(&out->v6.sin6_addr, address, 16);
    memcpy(&out->v6.sin6_port, port, 2);
}

/* A path ends at its first NUL; an abstract name begins with one and is filled up
 * with more of them. */
static void read_unix(struct nk_sockaddr *out, const char *path)
{
    size_t len = UNIX_SIZE;
    while (len > 0 && path[len - 1] == '\0')
        len--;
    if (path[0] != '\0')
        len = strnlen(path, UNIX_SIZE - 1) + 1;
    if (len > sizeof(out->un.sun_path))
        len = sizeof(out->un.sun_path);
    memset(out, 0, sizeof(*out));
    out->un.sun_family = AF_UNIX;
    memcpy(out->un.sun_path, path, path[0] != '\0' ? len - 1 : len);
    out->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void read_v2_addresses(struct proxy_parser *parser, unsigned family)
{
    const char *bytes = parser->bytes + PROXY_PROTOCOL_V2_FIXED;
    struct proxy_header *header = &parser->header;
    if (family == FAMILY_INET) {
        read_inet(&header->source, bytes, bytes + 8);
        read_inet(&header->destination, bytes + 4, bytes + 10);
    } else if (family == FAMILY_INET6) {
        read_inet6(&header->source, bytes, bytes + 32);
        read_inet6(&header->destination, bytes + 16, bytes + 34);
    } else {
        read_unix(&header->source, bytes);
        read_unix(&header->destination, bytes + UNIX_SIZE);
    }
    header->has_addresses = true;
}

/* The family of the addresses, or UNSPEC when they do not count. */
static unsigned family_of(const struct proxy_parser *parser)
{
    unsigned command = (unsigned char)parser->bytes[PROXY_SIGNATURE_LEN] & 0x0fU;
    return command == COMMAND_LOCAL ? FAMILY_UNSPEC
                                    : (unsigned char)parser->bytes[PROXY_SIGNATURE_LEN + 1] & 0xf0U;
}

static int complete_v2(struct proxy_parser *parser)
{
    unsigned family = family_of(parser);
    parser->state = COMPLETE;
    if (family != FAMILY_UNSPEC)
        read_v2_addresses(parser, family);
    return 0;
}

static int on_v2_behind(struct proxy_parser *parser, char byte)
{
    if (parser->have < parser->wanted)
        parser->bytes[parser->have++] = byte;
    parser->left--;
    return parser->left == 0 ? complete_v2(parser) : 0;
}

/* The fixed part is there. */
static int read_v2_fixed(struct proxy_parser *parser)
{
    const unsigned char *bytes = (const unsigned char *)parser->bytes + PROXY_SIGNATURE_LEN;
    unsigned family = bytes[1] & 0xf0U;
    unsigned transport = bytes[1] & 0x0fU;
    if ((bytes[0] & 0xf0U) != VERSION_2 || (bytes[0] & 0x0fU) > COMMAND_PROXY)
        return refuse(parser, "the version of the PROXY header is neither 1 nor 2");
    bool is_local = (bytes[0] & 0x0fU) == COMMAND_LOCAL; /* then the rest does not count */
    if (!is_local && !is_family_known(family, transport))
        return refuse(parser, "the protocol in the PROXY header is not known");
    parser->left = (uint16_t)(bytes[2] << 8 | bytes[3]);
    uint16_t addresses = proxy_addresses_size(family_of(parser));
    if (parser->left < addresses)
        return refuse(parser, "the addresses in the PROXY header are malformed");
    parser->wanted = (uint16_t)(PROXY_PROTOCOL_V2_FIXED + addresses);
    parser->header.is_datagram = !is_local && transport == TRANSPORT_DGRAM;
    parser->state = V2_BEHIND;
    return parser->left == 0 ? complete_v2(parser) : 0;
}

static int on_v2_fixed(struct proxy_parser *parser, char byte)
{
    if (parser->have < PROXY_SIGNATURE_LEN && byte != PROXY_SIGNATURE[parser->have])
        return refuse_other(parser);
    parser->bytes[parser->have++] = byte;
    return parser->have == PROXY_PROTOCOL_V2_FIXED ? read_v2_fixed(parser) : 0;
}

/* ---- reading ---- */

static int on_version(struct proxy_parser *parser, char byte)
{
    parser->state = byte == PROXY_SIGNATURE[0] ? V2_FIXED : V1_LINE;
    return parser->state == V2_FIXED ? on_v2_fixed(parser, byte) : on_v1_line(parser, byte);
}

static int (*const steps[])(struct proxy_parser *, char) = {
    [VERSION] = on_version,
    [V1_LINE] = on_v1_line,
    [V2_FIXED] = on_v2_fixed,
    [V2_BEHIND] = on_v2_behind,
};

void proxy_parser_init(struct proxy_parser *parser)
{
    *parser = (struct proxy_parser){.state = VERSION};
}

ssize_t proxy_parser_input(struct proxy_parser *parser, struct nk_slice input)
{
    size_t used = 0;
    while (!parser->error && parser->state != COMPLETE && used < input.len)
        (void)steps[parser->state](parser, input.data[used++]);
    return parser->error ? parser->error : (ssize_t)used;
}

bool proxy_parser_has_begun(const struct proxy_parser *parser)
{
    return parser->state != VERSION;
}

bool proxy_parser_is_complete(const struct proxy_parser *parser)
{
    return parser->state == COMPLETE && !parser->error;
}

const char *proxy_parser_problem(const struct proxy_parser *parser)
{
    return parser->problem;
}
