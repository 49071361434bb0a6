#include "cat/socks5.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum {
    VERSION = 5,
    LOGIN_VERSION = 1,
    COMMAND_CONNECT = 1,

    METHOD_NONE = 0x00,
    METHOD_LOGIN = 0x02,
    METHOD_UNACCEPTABLE = 0xff,

    TYPE_IPV4 = 1,
    TYPE_NAME = 3,
    TYPE_IPV6 = 4,
};

/* The next byte of the proxy's side. */
enum state {
    METHOD_VERSION, /* method selection: VER METHOD (RFC 1928, 3) */
    METHOD,
    LOGIN_REPLY_VERSION, /* login: VER STATUS (RFC 1929, 2) */
    LOGIN_STATUS,
    REPLY_VERSION, /* reply: VER REP RSV ATYP BND.ADDR BND.PORT (RFC 1928, 6) */
    REPLY_CODE,
    REPLY_RESERVED,
    REPLY_TYPE,
    REPLY_NAME_LEN,
    REPLY_ADDRESS,
    COMPLETE,
};

static int fail(struct socks5 *socks, int error, const char *problem)
{
    socks->error = error;
    socks->problem = problem;
    return error;
}

static int fail_version(struct socks5 *socks)
{
    return fail(socks, -EBADMSG, "this is not a SOCKS5 proxy");
}

/* ---- the proxy's side, a function for each byte ---- */

static int on_method_version(struct socks5 *socks, uint8_t byte)
{
    socks->state = METHOD;
    return byte == VERSION ? 0 : fail_version(socks);
}

static int on_method(struct socks5 *socks, uint8_t byte)
{
    if (byte == METHOD_NONE) {
        socks->taken = socks->request; /* no login is needed */
        socks->ready = socks->end;
        socks->state = REPLY_VERSION;
        return 0;
    }
    if (byte == METHOD_LOGIN && socks->has_login) {
        socks->ready = socks->request;
        socks->state = LOGIN_REPLY_VERSION;
        return 0;
    }
    if (byte != METHOD_UNACCEPTABLE)
        return fail(socks, -EBADMSG, "the proxy chose a login that it was not offered");
    return fail(socks, -EACCES,
                socks->has_login ? "the proxy does not take a user name and password"
                                 : "the proxy asks for a user name and password");
}

static int on_login_version(struct socks5 *socks, uint8_t byte)
{
    socks->state = LOGIN_STATUS;
    return byte == LOGIN_VERSION ? 0 : fail_version(socks);
}

static int on_login_status(struct socks5 *socks, uint8_t byte)
{
    if (byte != 0)
        return fail(socks, -EACCES, "the proxy refuses the user name or password");
    socks->ready = socks->end;
    socks->state = REPLY_VERSION;
    return 0;
}

static int on_reply_version(struct socks5 *socks, uint8_t byte)
{
    socks->state = REPLY_CODE;
    return byte == VERSION ? 0 : fail_version(socks);
}

/* RFC 1928, 6. A TTL does not expire on the way of a TCP connection; proxies use
 * that code for their own time-out. */
static const struct {
    int error;
    const char *problem;
} reply_codes[] = {
    [0x01] = {-EREMOTEIO, "the proxy failed"},
    [0x02] = {-EACCES, "the proxy's rules do not allow this connection"},
    [0x03] = {-ENETUNREACH, "the proxy finds the network unreachable"},
    [0x04] = {-EHOSTUNREACH, "the proxy finds the host unreachable"},
    [0x05] = {-ECONNREFUSED, "the proxy's connection was refused"},
    [0x06] = {-ETIMEDOUT, "the proxy's connection timed out"},
    [0x07] = {-EOPNOTSUPP, "the proxy cannot connect to anybody"},
    [0x08] = {-EAFNOSUPPORT, "the proxy does not support this kind of address"},
};

/* A refusal counts at once: some proxies close without the rest of the reply. */
static int on_reply_code(struct socks5 *socks, uint8_t byte)
{
    socks->state = REPLY_RESERVED;
    if (byte == 0)
        return 0;
    if (byte < NK_ARRAY_LENGTH(reply_codes))
        return fail(socks, reply_codes[byte].error, reply_codes[byte].problem);
    return fail(socks, -EREMOTEIO, "the proxy failed for a reason that SOCKS5 does not know");
}

static int on_reply_reserved(struct socks5 *socks, uint8_t byte)
{
    socks->state = REPLY_TYPE;
    return byte == 0 ? 0 : fail_version(socks);
}

/* The address that the proxy connects from is of no use here; it is skipped. */
static int on_reply_type(struct socks5 *socks, uint8_t byte)
{
    socks->state = byte == TYPE_NAME ? REPLY_NAME_LEN : REPLY_ADDRESS;
    if (byte == TYPE_IPV4)
        socks->left = 4 + 2;
    else if (byte == TYPE_IPV6)
        socks->left = 16 + 2;
    else if (byte != TYPE_NAME)
        return fail_version(socks);
    return 0;
}

static int on_reply_name_len(struct socks5 *socks, uint8_t byte)
{
    socks->left = (uint16_t)(byte + 2);
    socks->state = REPLY_ADDRESS;
    return 0;
}

static int on_reply_address(struct socks5 *socks, uint8_t byte)
{
    (void)byte;
    if (--socks->left == 0)
        socks->state = COMPLETE;
    return 0;
}

static int (*const steps[])(struct socks5 *, uint8_t) = {
    [METHOD_VERSION] = on_method_version,     [METHOD] = on_method,
    [LOGIN_REPLY_VERSION] = on_login_version, [LOGIN_STATUS] = on_login_status,
    [REPLY_VERSION] = on_reply_version,       [REPLY_CODE] = on_reply_code,
    [REPLY_RESERVED] = on_reply_reserved,     [REPLY_TYPE] = on_reply_type,
    [REPLY_NAME_LEN] = on_reply_name_len,     [REPLY_ADDRESS] = on_reply_address,
};

ssize_t socks5_input(struct socks5 *socks, struct nk_slice input)
{
    if (socks->error)
        return socks->error;
    size_t used = 0;
    while (used < input.len && socks->state != COMPLETE) {
        int error = steps[socks->state](socks, (uint8_t)input.data[used]);
        if (error)
            return error;
        used++;
    }
    return (ssize_t)used;
}

struct nk_slice socks5_take_output(struct socks5 *socks)
{
    struct nk_slice output =
        nk_slice_make(socks->output + socks->taken, socks->ready - socks->taken);
    socks->taken = socks->ready;
    return output;
}

bool socks5_is_complete(const struct socks5 *socks)
{
    return socks->state == COMPLETE;
}

const char *socks5_problem(const struct socks5 *socks)
{
    return socks->problem;
}

/* ---- our side ---- */

static size_t put_text(char *out, const char *text, size_t len)
{
    out[0] = (char)(uint8_t)len;
    memcpy(out + 1, text, len);
    return 1 + len;
}

/* Returns the length of ATYP and DST.ADDR, or 0 for a host that is neither an
 * address nor a name. */
static size_t put_host(char *out, const char *host)
{
    size_t len = strlen(host);
    if (inet_pton(AF_INET, host, out + 1) == 1) {
        out[0] = TYPE_IPV4;
        return 1 + 4;
    }
    if (inet_pton(AF_INET6, host, out + 1) == 1) {
        out[0] = TYPE_IPV6;
        return 1 + 16;
    }
    /* No name holds a colon; this is a zone, which means nothing elsewhere. */
    if (len == 0 || len > PROXY_TEXT_MAX || strchr(host, ':'))
        return 0;
    out[0] = TYPE_NAME;
    return 1 + put_text(out + 1, host, len);
}

/* VER NMETHODS METHODS: one with a login offers to do without it, too. */
static size_t put_greeting(char *out, bool has_login)
{
    out[0] = VERSION;
    out[1] = has_login ? 2 : 1;
    out[2] = METHOD_NONE;
    out[3] = METHOD_LOGIN;
    return has_login ? 4 : 3;
}

/* Returns the login's length, or 0 when it does not fit the protocol. */
static size_t put_login(char *out, const char *user, const char *password)
{
    size_t user_len = strlen(user);
    size_t password_len = strlen(password);
    if (user_len == 0 || user_len > PROXY_TEXT_MAX || password_len > PROXY_TEXT_MAX)
        return 0;
    out[0] = LOGIN_VERSION;
    size_t len = 1 + put_text(out + 1, user, user_len);
    return len + put_text(out + len, password, password_len);
}

/* VER CMD RSV ATYP DST.ADDR DST.PORT; returns the length, or 0 for a bad host. */
static size_t put_request(char *out, const char *host, uint16_t port)
{
    size_t host_len = put_host(out + 3, host);
    if (host_len == 0)
        return 0;
    out[0] = VERSION;
    out[1] = COMMAND_CONNECT;
    out[2] = 0;
    out[3 + host_len] = (char)(uint8_t)(port >> 8);
    out[3 + host_len + 1] = (char)(uint8_t)port;
    return 3 + host_len + 2;
}

int socks5_init(struct socks5 *socks, const struct proxy_target *target)
{
    const char *password = target->password ? target->password : "";
    bool has_login = target->user != NULL;
    if (!has_login && target->password)
        return -EINVAL;
    *socks = (struct socks5){.state = METHOD_VERSION, .has_login = has_login};
    socks->login = put_greeting(socks->output, has_login);
    socks->ready = socks->login;
    socks->request = socks->login;
    if (has_login)
        socks->request += put_login(socks->output + socks->login, target->user, password);
    size_t request_len = put_request(socks->output + socks->request, target->host, target->port);
    socks->end = socks->request + request_len;
    return request_len == 0 || (has_login && socks->request == socks->login) ? -EINVAL : 0;
}
