/* From the arguments of a server to the addresses it listens on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "capture.h"
#include "serve.h"

static const enum nk_scheme schemes[] = {NK_SCHEME_TCP, NK_SCHEME_HTTP, NK_SCHEME_UNIX};

static const struct server_rules rules = {schemes, NK_ARRAY_LENGTH(schemes), true};

/* What one word becomes, printed, or "" when it is refused. The complaint is
 * in `capture` then. */
static char *listen_text(const char *word, bool is_public, struct capture *capture,
                         char text[static NK_ADDRESS_TEXT_MAX])
{
    struct service_options service = SERVICE_OPTIONS_DEFAULT;
    char room[128];
    char *words[] = {room};
    struct command_call call = {
        .command = &serve_http_command,
        .result = {.words = words, .word_count = 1},
    };
    enum exit_status status;

    snprintf(room, sizeof room, "%s", word);
    service.is_public = is_public;
    capture_start(capture);
    status = server_options_complete(&call, &rules, &service);
    capture_stop(capture);
    text[0] = '\0';
    if (status == EXIT_STATUS_OK) {
        assert_int_equal(service.address_count, 1);
        assert_string_equal(capture->text, "");
        nk_address_print(&service.addresses[0], text);
    } else {
        assert_int_equal(status, EXIT_STATUS_USAGE);
    }
    free(service.addresses);
    return text;
}

struct example {
    const char *word;
    const char *alone;  /* what it becomes; "" when refused */
    const char *public; /* the same with --public */
};

static const struct example examples[] = {
    {"8080", "localhost:8080", ":8080"},
    {"0", "localhost:0", ":0"},
    {"tcp://8080", "tcp://localhost:8080", "tcp://:8080"},
    {"http://8080/", "http://localhost:8080/", "http://:8080/"},
    {"8080?rcvbuf=64k", "localhost:8080?rcvbuf=64k", ":8080?rcvbuf=64k"},
    {":8080", ":8080", ""},
    {"*:8080", ":8080", ""},
    {"localhost", "localhost", ""},
    {"10.0.0.1:80", "10.0.0.1:80", ""},
    {"[::1]:80", "[::1]:80", ""},
    {"unix:/tmp/x", "unix:/tmp/x", ""},
    {"unix:@x", "unix:@x", ""},
    {"udp://:80", "", ""},
    {"unix-dgram:/x", "", ""},
    {"unix-seqpacket:/x", "", ""},
    {"tls://:443", "", ""},
    {"https://localhost", "", ""},
    {"http://localhost/path", "", ""},
    {"65536", "", ""},
    {":80?rcvbuf=x", "", ""},
    {"", "", ""},
    {"/", "", ""},
    {".", "", ""},
};

/* A port meant for this machine would be open to the network, one meant for
 * the network closed, or an address that cannot be served accepted. */
static void words_become_addresses(void **state)
{
    char text[NK_ADDRESS_TEXT_MAX];
    struct capture capture;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(examples); i++) {
        assert_string_equal(listen_text(examples[i].word, false, &capture, text),
                            examples[i].alone);
        assert_string_equal(listen_text(examples[i].word, true, &capture, text),
                            examples[i].public);
    }
}

/* A bad address after good ones would leak them, or start a server on half. */
static void one_bad_address_spoils_all(void **state)
{
    struct service_options service = SERVICE_OPTIONS_DEFAULT;
    char good[] = "localhost:1";
    char bad[] = "udp://:1";
    char *words[] = {good, good, bad, good};
    struct command_call call = {
        .command = &serve_http_command,
        .result = {.words = words, .word_count = NK_ARRAY_LENGTH(words)},
    };
    struct capture capture;

    (void)state;
    capture_start(&capture);
    assert_int_equal(server_options_complete(&call, &rules, &service), EXIT_STATUS_USAGE);
    capture_stop(&capture);
    assert_non_null(strstr(capture.text, "netkit: 'udp://:1': "));
    free(service.addresses);
}

/* Without an argument the service would be told to listen on nothing at all. */
static void no_address_is_left_to_the_service(void **state)
{
    struct service_options service = SERVICE_OPTIONS_DEFAULT;
    struct command_call call = {.command = &serve_http_command};

    (void)state;
    assert_int_equal(server_options_complete(&call, &rules, &service), EXIT_STATUS_OK);
    assert_int_equal(service.address_count, 0);
    assert_null(service.addresses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_addresses),
        cmocka_unit_test(one_bad_address_spoils_all),
        cmocka_unit_test(no_address_is_left_to_the_service),
    };

    unsetenv("NETKIT_DISPATCHER");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
