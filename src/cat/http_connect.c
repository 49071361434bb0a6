#include "cat/http_connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What the next byte of the answer belongs to (RFC 9112, 4 and 5). */
enum state {
    STATUS_LINE,       /* the part of fixed length: HTTP/1.1 200 */
    STATUS_LINE_SPACE, /* the blank behind it */
    REASON,
    STATUS_LINE_LF,
    FIELD_START, /* the first byte of a field line, or the CR of the empty one */
    FIELD_NAME,
    FIELD_VALUE,
    FIELD_LF,
    LAST_LF,
    COMPLETE,
};

static int fail(struct http_connect *connect, int error, const char *problem)
{
    connect->error = error;
    connect->problem = problem;
    return error;
}

static int fail_syntax(struct http_connect *connect)
{
    return fail(connect, -EBADMSG, "this is not an HTTP proxy");
}

static int go_to(struct http_connect *connect, enum state state)
{
    connect->state = (uint8_t)state;
    return 0;
}

/* ---- what the status means ---- */

static const struct {
    int status;
    int error;
    const char *problem;
} refusals[] = {
    {401, -EACCES, "the proxy does not allow this connection (status 401)"},
    {403, -EACCES, "the proxy does not allow this connection (status 403)"},
    {404, -EHOSTUNREACH, "the proxy does not find the host (status 404)"},
    {408, -ETIMEDOUT, "the proxy timed out (status 408)"},
    {502, -EHOSTUNREACH, "the proxy cannot reach the host (status 502)"},
    {503, -EHOSTUNREACH, "the proxy cannot reach the host (status 503)"},
    {504, -ETIMEDOUT, "the proxy's connection timed out (status 504)"},
};

/* Decided when the status line is complete: of a refusal the rest, which may have
 * any length, is of no interest. */
static int judge(struct http_connect *connect)
{
    int status = connect->status;
    bool is_interim = status / 100 == 1 && status != 101;
    if (status / 100 == 2 || is_interim)
        return go_to(connect, FIELD_START);
    if (status == 407)
        return fail(connect, -EACCES,
                    connect->has_login
                        ? "the proxy refuses the user name or password (status 407)"
                        : "the proxy asks for a user name and password (status 407)");
    for (size_t i = 0; i < NK_ARRAY_LENGTH(refusals); i++)
        if (refusals[i].status == status)
            return fail(connect, refusals[i].error, refusals[i].problem);
    return fail(connect, -ECONNREFUSED, "the proxy refuses the connection");
}

/* ---- the answer, a function for each byte ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_control(char byte)
{
    return ((unsigned char)byte < ' ' && byte != '\t') || byte == 0x7f;
}

static bool is_token(char byte)
{
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    return is_letter || is_digit(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static int on_status_line(struct http_connect *connect, char byte)
{
    static const char pattern[] = "HTTP/1.d ddd"; /* d is a digit */
    char expected = pattern[connect->place];
    if (expected == 'd' ? !is_digit(byte) : byte != expected)
        return fail_syntax(connect);
    if (connect->place > 8) /* behind the blank: the status, not the version */
        connect->status = (uint16_t)(connect->status * 10 + (byte - '0'));
    if (++connect->place == sizeof pattern - 1)
        return go_to(connect, STATUS_LINE_SPACE);
    return 0;
}

/* RFC 9112, 4: the blank is required, but servers without a reason leave it out. */
static int on_status_line_space(struct http_connect *connect, char byte)
{
    if (byte == ' ')
        return go_to(connect, REASON);
    return byte == '\r' ? go_to(connect, STATUS_LINE_LF) : fail_syntax(connect);
}

static int on_reason(struct http_connect *connect, char byte)
{
    if (byte == '\r')
        return go_to(connect, STATUS_LINE_LF);
    return is_control(byte) ? fail_syntax(connect) : 0;
}

static int on_status_line_lf(struct http_connect *connect, char byte)
{
    return byte == '\n' ? judge(connect) : fail_syntax(connect);
}

/* RFC 9112, 5.2: a line that begins with a blank goes on with the one before. */
static int on_field_start(struct http_connect *connect, char byte)
{
    bool is_fold = connect->has_fields && (byte == ' ' || byte == '\t');
    connect->has_fields = true;
    if (byte == '\r')
        return go_to(connect, LAST_LF);
    if (is_fold)
        return go_to(connect, FIELD_VALUE);
    return is_token(byte) ? go_to(connect, FIELD_NAME) : fail_syntax(connect);
}

static int on_field_name(struct http_connect *connect, char byte)
{
    if (byte == ':')
        return go_to(connect, FIELD_VALUE);
    return is_token(byte) ? 0 : fail_syntax(connect);
}

/* No field matters: in a successful answer to CONNECT even Content-Length and
 * Transfer-Encoding are to be ignored (RFC 9110, 9.3.6). */
static int on_field_value(struct http_connect *connect, char byte)
{
    if (byte == '\r')
        return go_to(connect, FIELD_LF);
    return is_control(byte) ? fail_syntax(connect) : 0;
}

static int on_field_lf(struct http_connect *connect, char byte)
{
    return byte == '\n' ? go_to(connect, FIELD_START) : fail_syntax(connect);
}

static int on_last_lf(struct http_connect *connect, char byte)
{
    if (byte != '\n')
        return fail_syntax(connect);
    if (connect->status / 100 == 2)
        return go_to(connect, COMPLETE);
    connect->status = 0; /* an interim answer; the next one follows */
    connect->place = 0;
    connect->has_fields = false;
    return go_to(connect, STATUS_LINE);
}

static int (*const steps[])(struct http_connect *, char) = {
    [STATUS_LINE] = on_status_line, [STATUS_LINE_SPACE] = on_status_line_space,
    [REASON] = on_reason,           [STATUS_LINE_LF] = on_status_line_lf,
    [FIELD_START] = on_field_start, [FIELD_NAME] = on_field_name,
    [FIELD_VALUE] = on_field_value, [FIELD_LF] = on_field_lf,
    [LAST_LF] = on_last_lf,
};

ssize_t http_connect_input(struct http_connect *connect, struct nk_slice input)
{
    if (connect->error)
        return connect->error;
    size_t used = 0;
    while (used < input.len && connect->state != COMPLETE) {
        if (connect->received++ == HTTP_CONNECT_ANSWER_MAX)
            return fail(connect, -EMSGSIZE, "the proxy's answer is longer than 32 KiB");
        int error = steps[connect->state](connect, input.data[used]);
        if (error)
            return error;
        used++;
    }
    return (ssize_t)used;
}

struct nk_slice http_connect_take_output(struct http_connect *connect)
{
    struct nk_slice output = connect->output;
    connect->output = nk_slice_make(NULL, 0);
    return output;
}

bool http_connect_is_complete(const struct http_connect *connect)
{
    return connect->state == COMPLETE;
}

int http_connect_status(const struct http_connect *connect)
{
    bool is_line_read = connect->place == 12 && connect->status / 100 != 1;
    return is_line_read || connect->status == 101 ? connect->status : 0;
}

const char *http_connect_problem(const struct http_connect *connect)
{
    return connect->problem;
}

/* ---- the request ---- */

#define AUTHORITY_SIZE (PROXY_TEXT_MAX + sizeof "[]:65535")
#define PLAIN_MAX (PROXY_TEXT_MAX + 1 + PROXY_TEXT_MAX)
#define BASE64_SIZE (((size_t)PLAIN_MAX + 2) / 3 * 4 + 1)

/* `out` has room for BASE64_SIZE bytes (RFC 4648, 4). */
static void encode_base64(char *out, const char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < len ? (unsigned char)bytes[i + k] : 0U);
        for (size_t k = 0; k < 4; k++)
            *out++ = i + k > len ? '=' : digits[group >> (18 - 6 * k) & 63];
    }
    *out = '\0';
}

static bool is_clean(const char *text)
{
    while (*text && !is_control(*text) && *text != '\t')
        text++;
    return *text == '\0';
}

/* Writes "host:port" or "[v6]:port"; false for what is no host. */
static bool write_authority(char out[static AUTHORITY_SIZE], const struct proxy_target *target)
{
    struct in6_addr ignored;
    size_t len = strlen(target->host);
    bool is_v6 = inet_pton(AF_INET6, target->host, &ignored) == 1;
    if (len == 0 || len > PROXY_TEXT_MAX || !is_clean(target->host) ||
        strpbrk(target->host, is_v6 ? " " : " :/?#[]@"))
        return false;
    (void)snprintf(out, AUTHORITY_SIZE, is_v6 ? "[%s]:%u" : "%s:%u", target->host,
                   (unsigned)target->port);
    return true;
}

/* Writes the credentials of a target that has a user; false when it cannot. */
static bool write_credentials(char out[static BASE64_SIZE], const struct proxy_target *target)
{
    const char *password = target->password ? target->password : "";
    char plain[PLAIN_MAX + 1];
    if (strchr(target->user, ':') || !is_clean(target->user) || !is_clean(password))
        return false;
    if (strlen(target->user) > PROXY_TEXT_MAX || strlen(password) > PROXY_TEXT_MAX)
        return false;
    int len = snprintf(plain, sizeof plain, "%s:%s", target->user, password);
    encode_base64(out, plain, (size_t)len);
    return true;
}

int http_connect_init(struct http_connect *connect, const struct proxy_target *target)
{
    char authority[AUTHORITY_SIZE];
    char credentials[BASE64_SIZE] = "";
    if (!write_authority(authority, target) || (!target->user && target->password))
        return -EINVAL;
    if (target->user && !write_credentials(credentials, target))
        return -EINVAL;

    *connect = (struct http_connect){.state = STATUS_LINE, .has_login = target->user != NULL};
    int len = snprintf(connect->request, sizeof connect->request,
                       "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", authority, authority,
                       target->user ? "Proxy-Authorization: Basic " : "", credentials,
                       target->user ? "\r\n" : "");
    connect->output = nk_slice_make(connect->request, (size_t)len);
    return 0;
}
