/* The addresses of this machine that a server's word stands for, and binding them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "fake_names.h"
#include "service/local_addresses.h"

static struct local_addresses found;
static const char *action;
static int error;

static enum exit_status find(const char *text)
{
    struct nk_address address;
    const char *reason;

    assert_int_equal(nk_address_parse(&address, text, &reason), 0);
    action = NULL;
    error = 0;
    return local_addresses_find(&found, &address, &action, &error);
}

static struct nk_sockaddr numeric(const char *host, uint16_t port)
{
    struct nk_sockaddr address;

    assert_int_equal(nk_sockaddr_from_numeric(&address, host, port), 0);
    return address;
}

/* A server would listen on less than its word says, or on more. */
static void a_word_stands_for_its_addresses(void **state)
{
    static const struct {
        const char *text;
        int count;
        const char *first;
    } cases[] = {
        {"tcp://localhost:7", 2, "127.0.0.1:7"},
        {"tcp://:7", 1, "[::]:7"},
        {"udp://[::]:7", 1, "[::]:7"},
        {"tcp://192.0.2.1:7", 1, "192.0.2.1:7"},
        {"unix-dgram:/x", 1, "/x"},
    };
    char text[NK_SOCKADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        assert_int_equal(find(cases[i].text), EXIT_STATUS_OK);
        assert_int_equal(found.count, cases[i].count);
        assert_string_equal(nk_sockaddr_print(&found.list[0], text), cases[i].first);
    }
}

/* A name would be refused, lose an address or its port, or be taken for a wrong one when this
 * machine is out of memory. */
static void a_name_is_looked_up(void **state)
{
    const struct nk_sockaddr addresses[] = {numeric("192.0.2.1", 7), numeric("2001:db8::1", 7)};
    static const struct {
        int code;
        int error;
        enum exit_status status;
    } failures[] = {
        {EAI_NONAME, -ENOENT, EXIT_STATUS_UNRESOLVED},
        {EAI_AGAIN, -EAGAIN, EXIT_STATUS_UNRESOLVED},
        {EAI_MEMORY, -ENOMEM, EXIT_STATUS_FAILED},
    };

    (void)state;
    memset(&fake_names, 0, sizeof fake_names);
    fake_names.addresses = addresses;
    fake_names.count = 2;
    assert_int_equal(find("tcp://both.invalid:7"), EXIT_STATUS_OK);
    assert_int_equal(found.count, 2);
    assert_true(nk_sockaddr_equal(&found.list[0], &addresses[0]));
    assert_true(nk_sockaddr_equal(&found.list[1], &addresses[1]));
    for (size_t i = 0; i < NK_ARRAY_LENGTH(failures); i++) {
        fake_names.code = failures[i].code;
        assert_int_equal(find("tcp://none.invalid:7"), failures[i].status);
        assert_int_equal(error, failures[i].error);
        assert_string_equal(action, "resolve");
        assert_int_equal(found.count, 0);
    }
}

/* ---- binding ---- */

/* A machine: what it binds, and what it cannot. */
static struct {
    int count;
    struct nk_sockaddr bound[4];
    bool v6_only[4];
    int error_v6; /* of every IPv6 address */
    int error_v4;
} machine;

static int bind_here(void *context, const struct nk_sockaddr *local, bool v6_only,
                     struct nk_sockaddr *bound)
{
    int failure = local->any.sa_family == AF_INET6 ? machine.error_v6 : machine.error_v4;

    assert_ptr_equal(context, &machine);
    if (failure)
        return failure;
    *bound = *local;
    if (nk_sockaddr_port(local) == 0)
        nk_sockaddr_set_port(bound, (uint16_t)(5000 + machine.count));
    machine.bound[machine.count] = *bound;
    machine.v6_only[machine.count++] = v6_only;
    return 0;
}

static int bind_all(const char *text, int error_v4, int error_v6)
{
    struct nk_sockaddr failed;

    memset(&machine, 0, sizeof machine);
    machine.error_v4 = error_v4;
    machine.error_v6 = error_v6;
    assert_int_equal(find(text), EXIT_STATUS_OK);
    return local_addresses_bind(&found, bind_here, &machine, &failed);
}

static void assert_bound(int index, const char *expected, bool v6_only)
{
    char text[NK_SOCKADDR_TEXT_MAX];

    assert_string_equal(nk_sockaddr_print(&machine.bound[index], text), expected);
    assert_int_equal(machine.v6_only[index], v6_only);
}

/* One server would have two ports, or its wildcard would leave IPv4 out. */
static void all_are_bound_to_one_port(void **state)
{
    (void)state;
    assert_int_equal(bind_all("tcp://localhost:0", 0, 0), 0);
    assert_int_equal(machine.count, 2);
    assert_bound(0, "127.0.0.1:5000", true);
    assert_bound(1, "[::1]:5000", true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bind_all(i == 0 ? "tcp://:0" : "tcp://[::]:0", 0, 0), 0);
        assert_int_equal(machine.count, 1);
        assert_bound(0, "[::]:5000", false);
    }
}

/* Without IPv6 no server would start, or one would that serves nobody. */
static void a_machine_may_lack_ipv6(void **state)
{
    static const int lacks[] = {-EAFNOSUPPORT, -EADDRNOTAVAIL};

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(lacks); i++) {
        assert_int_equal(bind_all("tcp://localhost:7", 0, lacks[i]), 0);
        assert_int_equal(machine.count, 1);
        assert_int_equal(bind_all("tcp://:7", 0, lacks[i]), 0);
        assert_int_equal(machine.count, 1);
        assert_bound(0, "0.0.0.0:7", true);
        assert_int_equal(bind_all("tcp://[::1]:7", 0, lacks[i]), lacks[i]);
        assert_int_equal(bind_all("tcp://localhost:7", -EADDRNOTAVAIL, 0), -EADDRNOTAVAIL);
    }
    assert_int_equal(bind_all("tcp://localhost:7", 0, -EADDRINUSE), -EADDRINUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_stands_for_its_addresses),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(all_are_bound_to_one_port),
        cmocka_unit_test(a_machine_may_lack_ipv6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
