/* What a command is told about its connection. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cat/cat_child_environment.h"

static struct nk_sockaddr inet(const char *host, uint16_t port)
{
    struct nk_sockaddr sockaddr;

    assert_int_equal(nk_sockaddr_from_numeric(&sockaddr, host, port), 0);
    return sockaddr;
}

/* The value of a variable that occurs once, or NULL when it is not there. */
static const char *value_of(const struct cat_child_environment *environment, const char *name)
{
    const char *found = NULL;
    size_t len = strlen(name);

    for (size_t i = 0; environment->variables[i]; i++) {
        const char *variable = environment->variables[i];
        if (strncmp(variable, name, len) != 0 || variable[len] != '=')
            continue;
        assert_null(found);
        found = variable + len + 1;
    }
    return found;
}

static void assert_set(const struct nk_sockaddr *local, const struct nk_sockaddr *remote,
                       const char *const values[static 5])
{
    static const char *const names[] = {"NETKIT_PROTO", "NETKIT_LOCAL_ADDR", "NETKIT_LOCAL_PORT",
                                        "NETKIT_REMOTE_ADDR", "NETKIT_REMOTE_PORT"};
    struct cat_child_environment environment;

    assert_int_equal(cat_child_environment_init(&environment, local, remote), 0);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        const char *value = value_of(&environment, names[i]);
        if (values[i])
            assert_string_equal(value, values[i]);
        else
            assert_null(value);
    }
    cat_child_environment_deinit(&environment);
}

/* Brackets, a port or the zone in the wrong place: no script could compare it. */
static void internet_addresses_are_told(void **state)
{
    struct nk_sockaddr v4 = inet("127.0.0.1", 80);
    struct nk_sockaddr client = inet("192.0.2.7", 43210);
    struct nk_sockaddr v6 = inet("::1", 7);
    struct nk_sockaddr far = inet("2001:db8::2", 65535);

    (void)state;
    assert_set(&v4, &client, (const char *const[]){"tcp", "127.0.0.1", "80", "192.0.2.7", "43210"});
    assert_set(&v6, &far, (const char *const[]){"tcp", "::1", "7", "2001:db8::2", "65535"});
}

/* A client of a dual-stack listener would be known under a name nobody writes. */
static void a_mapped_address_is_told_as_ipv4(void **state)
{
    struct nk_sockaddr local = inet("::ffff:127.0.0.1", 80);
    struct nk_sockaddr remote = inet("::ffff:192.0.2.7", 9);

    (void)state;
    assert_set(&local, &remote, (const char *const[]){"tcp", "127.0.0.1", "80", "192.0.2.7", "9"});
}

/* A port that does not exist would be told, or the path be cut. */
static void unix_sockets_have_no_port(void **state)
{
    struct nk_sockaddr local;
    struct nk_sockaddr remote = {.any.sa_family = AF_UNIX, .len = sizeof(sa_family_t)};

    (void)state;
    assert_int_equal(nk_sockaddr_from_unix_path(&local, "/run/a:b"), 0);
    assert_set(&local, &remote, (const char *const[]){"unix", "/run/a:b", NULL, "", NULL});
}

/* A netkit that runs in a netkit would pass the outer connection on, and a command
 * would miss its PATH. */
static void the_rest_is_inherited(void **state)
{
    struct nk_sockaddr v4 = inet("127.0.0.1", 80);
    struct nk_sockaddr path;
    struct cat_child_environment environment;

    (void)state;
    assert_int_equal(setenv("NETKIT_REMOTE_PORT", "outer", 1), 0);
    assert_int_equal(setenv("NETKIT_PROTO", "outer", 1), 0);
    assert_int_equal(setenv("NETKIT_TEST", "kept", 1), 0);
    assert_set(&v4, &v4, (const char *const[]){"tcp", "127.0.0.1", "80", "127.0.0.1", "80"});
    assert_int_equal(nk_sockaddr_from_unix_path(&path, "@x"), 0);
    assert_int_equal(cat_child_environment_init(&environment, &path, &path), 0);
    assert_string_equal(value_of(&environment, "NETKIT_LOCAL_ADDR"), "@x");
    assert_null(value_of(&environment, "NETKIT_REMOTE_PORT"));
    assert_string_equal(value_of(&environment, "NETKIT_TEST"), "kept");
    assert_string_equal(value_of(&environment, "PATH"), getenv("PATH"));
    cat_child_environment_deinit(&environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(internet_addresses_are_told),
        cmocka_unit_test(a_mapped_address_is_told_as_ipv4),
        cmocka_unit_test(unix_sockets_have_no_port),
        cmocka_unit_test(the_rest_is_inherited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
