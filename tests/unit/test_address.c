/* Every command reads its addresses here: a form that is misread connects to
 * the wrong place, a bad one that is accepted fails later without a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/address.h"

#define NO_PORT (-1)

struct good {
    const char *text;
    const char *printed; /* NULL: the same as text */
    enum nk_scheme scheme;
    const char *host;
    int port; /* or NO_PORT */
    const char *path;
    const char *options;
};

/* clang-format off */
static const struct good good[] = {
    /* with a scheme */
    {"tcp://localhost:80", NULL, NK_SCHEME_TCP, "localhost", 80, "", ""},
    {"udp://10.0.0.1:53", NULL, NK_SCHEME_UDP, "10.0.0.1", 53, "", ""},
    {"tcp://[::1]:80", NULL, NK_SCHEME_TCP, "::1", 80, "", ""},
    {"tcp://::1", "tcp://[::1]", NK_SCHEME_TCP, "::1", NO_PORT, "", ""},
    {"udp://[fe80::1%eth0]:80", NULL, NK_SCHEME_UDP, "fe80::1%eth0", 80, "", ""},
    {"tcp://:8080", NULL, NK_SCHEME_TCP, "", 8080, "", ""},
    {"tcp://*:8080", "tcp://:8080", NK_SCHEME_TCP, "", 8080, "", ""},
    {"tcp://8080", "tcp://:8080", NK_SCHEME_TCP, "", 8080, "", ""},
    {"tcp://*", NULL, NK_SCHEME_TCP, "", NO_PORT, "", ""},
    {"tcp://host", NULL, NK_SCHEME_TCP, "host", NO_PORT, "", ""},
    {"TCP://Host:1", "tcp://Host:1", NK_SCHEME_TCP, "Host", 1, "", ""},
    {"tcp://h:0", NULL, NK_SCHEME_TCP, "h", 0, "", ""},
    {"tcp://h:65535", NULL, NK_SCHEME_TCP, "h", 65535, "", ""},
    {"tcp://h:00080", "tcp://h:80", NK_SCHEME_TCP, "h", 80, "", ""},
    {"tcp://tcp:80", NULL, NK_SCHEME_TCP, "tcp", 80, "", ""},
    {"tcp://h:80?nodelay=1&sndbuf=64k", NULL, NK_SCHEME_TCP, "h", 80, "", "nodelay=1&sndbuf=64k"},
    {"tcp://h:80?a=/b:c?d", NULL, NK_SCHEME_TCP, "h", 80, "", "a=/b:c?d"},
    {"tcp://h:80?", "tcp://h:80", NK_SCHEME_TCP, "h", 80, "", ""},
    {"tcp://h?ttl=4", NULL, NK_SCHEME_TCP, "h", NO_PORT, "", "ttl=4"},
    {"udp://[::1]?ttl=4", NULL, NK_SCHEME_UDP, "::1", NO_PORT, "", "ttl=4"},
    /* without a scheme */
    {"localhost:80", NULL, NK_SCHEME_NONE, "localhost", 80, "", ""},
    {"a_b-c.example.org:80", NULL, NK_SCHEME_NONE, "a_b-c.example.org", 80, "", ""},
    {"b\xc3\xbc" "cher.example:80", NULL, NK_SCHEME_NONE, "b\xc3\xbc" "cher.example", 80, "", ""},
    {"[::1]:80", NULL, NK_SCHEME_NONE, "::1", 80, "", ""},
    {"[::]:80", NULL, NK_SCHEME_NONE, "::", 80, "", ""},
    {"[::1]", NULL, NK_SCHEME_NONE, "::1", NO_PORT, "", ""},
    {"[::ffff:127.0.0.1]:80", NULL, NK_SCHEME_NONE, "::ffff:127.0.0.1", 80, "", ""},
    {"::1", "[::1]", NK_SCHEME_NONE, "::1", NO_PORT, "", ""},
    {"::", "[::]", NK_SCHEME_NONE, "::", NO_PORT, "", ""},
    {"fe80::1%eth0", "[fe80::1%eth0]", NK_SCHEME_NONE, "fe80::1%eth0", NO_PORT, "", ""},
    /* Could also mean port 80 of ::1; without brackets it is the address. */
    {"::1:80", "[::1:80]", NK_SCHEME_NONE, "::1:80", NO_PORT, "", ""},
    {":8080", NULL, NK_SCHEME_NONE, "", 8080, "", ""},
    {"*:8080", ":8080", NK_SCHEME_NONE, "", 8080, "", ""},
    {"*", NULL, NK_SCHEME_NONE, "", NO_PORT, "", ""},
    {"8080", ":8080", NK_SCHEME_NONE, "", 8080, "", ""},
    {"0", ":0", NK_SCHEME_NONE, "", 0, "", ""},
    {"8080?nodelay=0", ":8080?nodelay=0", NK_SCHEME_NONE, "", 8080, "", "nodelay=0"},
    {"8080:80", NULL, NK_SCHEME_NONE, "8080", 80, "", ""},
    {"localhost", NULL, NK_SCHEME_NONE, "localhost", NO_PORT, "", ""},
    {"localhost?ttl=1", NULL, NK_SCHEME_NONE, "localhost", NO_PORT, "", "ttl=1"},
    {"host:80?x=/y", NULL, NK_SCHEME_NONE, "host", 80, "", "x=/y"},
    /* unix */
    {"unix:/run/a.sock", NULL, NK_SCHEME_UNIX, "", NO_PORT, "/run/a.sock", ""},
    {"unix:relative.sock", NULL, NK_SCHEME_UNIX, "", NO_PORT, "relative.sock", ""},
    {"unix:./a b", NULL, NK_SCHEME_UNIX, "", NO_PORT, "./a b", ""},
    {"unix:/a:80", NULL, NK_SCHEME_UNIX, "", NO_PORT, "/a:80", ""},
    {"unix:///a", NULL, NK_SCHEME_UNIX, "", NO_PORT, "///a", ""},
    {"unix:@name", NULL, NK_SCHEME_UNIX, "", NO_PORT, "@name", ""},
    {"unix-dgram:/a", NULL, NK_SCHEME_UNIX_DGRAM, "", NO_PORT, "/a", ""},
    {"unix-dgram:@a", NULL, NK_SCHEME_UNIX_DGRAM, "", NO_PORT, "@a", ""},
    {"unix-seqpacket:/a", NULL, NK_SCHEME_UNIX_SEQPACKET, "", NO_PORT, "/a", ""},
    {"unix-seqpacket:@a?sndbuf=1M", NULL, NK_SCHEME_UNIX_SEQPACKET, "", NO_PORT, "@a", "sndbuf=1M"},
    {"unix:/a?sndbuf=1M", NULL, NK_SCHEME_UNIX, "", NO_PORT, "/a", "sndbuf=1M"},
    {"Unix:/A", "unix:/A", NK_SCHEME_UNIX, "", NO_PORT, "/A", ""},
    /* http: what follows the port belongs to the path */
    {"http://h:80/", NULL, NK_SCHEME_HTTP, "h", 80, "/", ""},
    {"http://h:80", NULL, NK_SCHEME_HTTP, "h", 80, "", ""},
    {"http://h", NULL, NK_SCHEME_HTTP, "h", NO_PORT, "", ""},
    {"http://h/a/b?c=d&e", NULL, NK_SCHEME_HTTP, "h", NO_PORT, "/a/b?c=d&e", ""},
    {"http://h?c=d", "http://h/?c=d", NK_SCHEME_HTTP, "h", NO_PORT, "/?c=d", ""},
    {"http://h/a#part", "http://h/a", NK_SCHEME_HTTP, "h", NO_PORT, "/a", ""},
    {"http://h#part", "http://h", NK_SCHEME_HTTP, "h", NO_PORT, "", ""},
    {"http://h:80/a:b@c//[d]", NULL, NK_SCHEME_HTTP, "h", 80, "/a:b@c//[d]", ""},
    {"http://[::1]:80/x", NULL, NK_SCHEME_HTTP, "::1", 80, "/x", ""},
    {"http://:8080/x", NULL, NK_SCHEME_HTTP, "", 8080, "/x", ""},
    {"http://8080/x", "http://:8080/x", NK_SCHEME_HTTP, "", 8080, "/x", ""},
};

static const struct {
    const char *text;
    const char *reason; /* a part of it */
} bad[] = {
    {"", "empty"},
    {"tcp://", "host and port are missing"},
    {"udp://?ttl=1", "host and port are missing"},
    {"http:///path", "host and port are missing"},
    {"?ttl=1", "host and port are missing"},
    /* ports */
    {"h:65536", "port is above 65535"},
    {"65536", "port is above 65535"},
    {"tcp://h:99999999999999999999999", "port is above 65535"},
    {"h:", "port is missing"},
    {":", "port is missing"},
    {"[::1]:", "port is missing"},
    {"http://h:/x", "port is missing"},
    {"host:80x", "port is not a number"},
    {"host:x", "port is not a number"},
    {"host:-1", "port is not a number"},
    {"host:+1", "port is not a number"},
    {"host: 1", "port is not a number"},
    {"host:80 ", "port is not a number"},
    {"host:http", "port is not a number"},
    {"[::1]:80x", "port is not a number"},
    /* hosts */
    {"[::1", "closing ']' is missing"},
    {"[", "closing ']' is missing"},
    {"[]:80", "not a numeric IPv6"},
    {"[::1]80", "may follow ']'"},
    {"[::1]]:80", "may follow ']'"},
    {"[localhost]:80", "not a numeric IPv6"},
    {"[127.0.0.1]:80", "not a numeric IPv6"},
    {"[::1%]:80", "zone behind '%' is missing"},
    {"[::1%0123456789abcdef]:80", "zone behind '%' is longer"},
    {"[::1%e/h]:80", "path"},
    {"[::1%e h]:80", "zone behind '%' holds"},
    {"h:1:2", "brackets"},
    {"::1:65536", "brackets"},
    {":::80", "brackets"},
    {"host name:80", "character"},
    {"h%41:80", "character"},
    {"a@b:80", "character"},
    {"**:80", "character"},
    {"tcp://h]:80", "character"},
    {"-p:80", "does not begin with '-'"},
    {"http://user:password@h/", "user name"},
    {"http://user@h/", "user name"},
    /* control bytes, wherever they are */
    {"h\n:80", "control"},
    {"h:80\r", "control"},
    {"unix:/a\tb", "control"},
    {"unix:/a\x7f", "control"},
    {"http://h/a\r\nHost:x", "control"},
    {"h:80?ttl=\x1b", "control"},
    /* schemes */
    {"ftp://h:1", "unknown scheme"},
    {"ftp://", "unknown scheme"},
    {"://h:1", "unknown scheme"},
    {"tcp6://h:1", "unknown scheme"},
    {"tls://h:1", "TLS is not supported yet"},
    {"TLS://h:1", "TLS is not supported yet"},
    {"https://h/", "TLS is not supported yet"},
    {"tls:h:1", "TLS is not supported yet"},
    {"tcp:h:1", "two slashes"},
    {"tcp:80", "two slashes"},
    {"udp:", "two slashes"},
    {"http:/h", "two slashes"},
    /* unix paths */
    {"unix:", "path is missing"},
    {"unix:?sndbuf=1", "path is missing"},
    {"unix:@", "name is missing"},
    {"unix-dgram:@?sndbuf=1", "name is missing"},
    /* directories and files where an address belongs */
    {"./dir", "looks like a path"},
    {"/srv", "looks like a path"},
    {"/", "looks like a path"},
    {".", "looks like a path"},
    {"..", "looks like a path"},
    {"../x:80", "looks like a path"},
    {"~", "looks like a path"},
    {"~user/www", "looks like a path"},
    {"srv/www", "looks like a path"},
    {"host:80/x", "only an http:// address has a path"},
    {"tcp://h:80/", "only an http:// address has a path"},
    {"http://h/a b", "space"},
};
/* clang-format on */

static void parse(struct nk_address *address, const char *text)
{
    const char *reason = "";
    int error = nk_address_parse(address, text, &reason);

    if (error)
        fail_msg("'%s' is refused: %s", text, reason);
}

static void assert_same(const struct nk_address *a, const struct nk_address *b)
{
    assert_int_equal(a->scheme, b->scheme);
    assert_int_equal(a->has_port, b->has_port);
    assert_int_equal(a->port, b->port);
    assert_string_equal(a->host, b->host);
    assert_string_equal(a->path, b->path);
    assert_string_equal(a->options, b->options);
}

static void every_form_is_read_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(good); i++) {
        struct nk_address address;

        parse(&address, good[i].text);
        assert_int_equal(address.scheme, good[i].scheme);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.has_port, good[i].port != NO_PORT);
        assert_int_equal(address.port, good[i].port == NO_PORT ? 0 : good[i].port);
        assert_string_equal(address.path, good[i].path);
        assert_string_equal(address.options, good[i].options);
    }
}

/* What is printed for the user can be copied back onto a command line. */
static void printed_form_parses_to_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(good); i++) {
        struct nk_address address;
        struct nk_address again;
        char text[NK_ADDRESS_TEXT_MAX];

        parse(&address, good[i].text);
        assert_ptr_equal(nk_address_print(&address, text), text);
        assert_string_equal(text, good[i].printed ? good[i].printed : good[i].text);
        parse(&again, text);
        assert_same(&address, &again);
    }
}

static void bad_addresses_are_refused_with_a_reason(void **state)
{
    struct nk_address before;

    (void)state;
    memset(&before, 0xa5, sizeof before);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(bad); i++) {
        struct nk_address address = before;
        const char *reason = NULL;

        if (nk_address_parse(&address, bad[i].text, &reason) != -EINVAL)
            fail_msg("'%s' is accepted", bad[i].text);
        assert_non_null(reason);
        if (!strstr(reason, bad[i].reason))
            fail_msg("'%s' is refused with: %s", bad[i].text, reason);
        assert_memory_equal(&address, &before, sizeof address);
    }
}

/* A text of `prefix`, `len` times 'a', and `suffix`; the caller frees it. */
static char *long_text(const char *prefix, size_t len, const char *suffix)
{
    size_t prefix_len = strlen(prefix);
    size_t suffix_len = strlen(suffix);
    char *text = malloc(prefix_len + len + suffix_len + 1);

    assert_non_null(text);
    memcpy(text, prefix, prefix_len);
    memset(text + prefix_len, 'a', len);
    memcpy(text + prefix_len + len, suffix, suffix_len + 1);
    return text;
}

/* Each part fits its array up to the last byte and not one more: otherwise the
 * next member would be overwritten, or a unix path silently cut. */
static void limits_are_exact(void **state)
{
    static const struct {
        const char *prefix;
        size_t max;
        const char *suffix;
        const char *reason;
    } limits[] = {
        {"tcp://", NK_ADDRESS_HOST_MAX, ":80", "host is longer than 255 bytes"},
        {"", NK_ADDRESS_HOST_MAX, "", "host is longer than 255 bytes"},
        {"unix:/", NK_ADDRESS_UNIX_MAX - 1, "", "longer than 107 bytes"},
        {"unix:@", NK_ADDRESS_UNIX_MAX - 1, "?a=b", "longer than 107 bytes"},
        {"unix-seqpacket:/", NK_ADDRESS_UNIX_MAX - 1, "", "longer than 107 bytes"},
        {"http://h/", NK_ADDRESS_PATH_MAX - 1, "", "longer than 2047 bytes"},
        {"http://h?", NK_ADDRESS_PATH_MAX - 2, "", "longer than 2047 bytes"},
        {"http://h/", NK_ADDRESS_PATH_MAX - 1, "#fragment", "longer than 2047 bytes"},
        {"tcp://h:1?", NK_ADDRESS_OPTIONS_MAX, "", "longer than 511 bytes"},
        {"unix:/x?", NK_ADDRESS_OPTIONS_MAX, "", "longer than 511 bytes"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(limits); i++) {
        struct nk_address address;
        const char *reason = NULL;
        char *fits = long_text(limits[i].prefix, limits[i].max, limits[i].suffix);
        char *too_long = long_text(limits[i].prefix, limits[i].max + 1, limits[i].suffix);

        parse(&address, fits);
        assert_int_equal(nk_address_parse(&address, too_long, &reason), -EINVAL);
        assert_non_null(strstr(reason, limits[i].reason));
        free(fits);
        free(too_long);
    }
}

/* NK_ADDRESS_TEXT_MAX is promised to hold every address. */
static void longest_address_prints_whole(void **state)
{
    struct nk_address address = {.scheme = NK_SCHEME_UNIX_SEQPACKET, .has_port = true};
    char text[NK_ADDRESS_TEXT_MAX];
    size_t parts = NK_ADDRESS_HOST_MAX + NK_ADDRESS_PATH_MAX + NK_ADDRESS_OPTIONS_MAX;

    (void)state;
    address.port = 65535;
    memset(address.host, ':', NK_ADDRESS_HOST_MAX);
    memset(address.path, 'p', NK_ADDRESS_PATH_MAX);
    memset(address.options, 'o', NK_ADDRESS_OPTIONS_MAX);
    nk_address_print(&address, text);
    assert_int_equal(strlen(text), strlen("unix-seqpacket:[]:65535?") + parts);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Whatever is typed is either refused with a reason or means something that can
 * be printed and read again. Mutates the good forms with a fixed seed. */
static void mutated_addresses_are_refused_or_round_trip(void **state)
{
    static const char alphabet[] = ":/?[]@%*.-#&=~01af \x01\xff";
    uint32_t seed = 7;
    int accepted = 0;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char text[64] = "";
        const char *origin = good[next_random(&seed) % NK_ARRAY_LENGTH(good)].text;
        size_t len = strlen(origin);
        struct nk_address address;
        const char *reason = NULL;

        assert_true(len < sizeof text);
        memcpy(text, origin, len);
        for (uint32_t changes = next_random(&seed) % 3 + 1; changes > 0; changes--)
            text[next_random(&seed) % (len + 1)] =
                alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        if (nk_address_parse(&address, text, &reason) != 0) {
            assert_non_null(reason);
            assert_true(strlen(reason) > 0);
            continue;
        }
        struct nk_address again;
        char printed[NK_ADDRESS_TEXT_MAX];

        accepted++;
        parse(&again, nk_address_print(&address, printed));
        assert_same(&address, &again);
    }
    assert_true(accepted > 5000);
}

static void unix_schemes_are_known(void **state)
{
    (void)state;
    assert_true(nk_scheme_is_unix(NK_SCHEME_UNIX));
    assert_true(nk_scheme_is_unix(NK_SCHEME_UNIX_DGRAM));
    assert_true(nk_scheme_is_unix(NK_SCHEME_UNIX_SEQPACKET));
    assert_false(nk_scheme_is_unix(NK_SCHEME_NONE));
    assert_false(nk_scheme_is_unix(NK_SCHEME_TCP));
    assert_false(nk_scheme_is_unix(NK_SCHEME_UDP));
    assert_false(nk_scheme_is_unix(NK_SCHEME_HTTP));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_right),
        cmocka_unit_test(printed_form_parses_to_the_same),
        cmocka_unit_test(bad_addresses_are_refused_with_a_reason),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(longest_address_prints_whole),
        cmocka_unit_test(mutated_addresses_are_refused_or_round_trip),
        cmocka_unit_test(unix_schemes_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
