/* The lists of a server: allowing, denying, files, reading them again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "service/access_list.h"

static char directory[64];
static char allow_path[96];
static char allow_text[128]; /* "@" and the path */
static int logged[4];        /* lines of each level */
static char last_line[512];

static void take_log(void *context, enum nk_log_level level, const char *message)
{
    (void)context;
    logged[level]++;
    snprintf(last_line, sizeof last_line, "%s", message);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/netkit-access-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(allow_path, sizeof allow_path, "%s/friends", directory);
    snprintf(allow_text, sizeof allow_text, "@%s", allow_path);
    memset(logged, 0, sizeof logged);
    last_line[0] = '\0';
    nk_log_set_sink(take_log, NK_LOG_WARNING, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
    (void)unlink(allow_path);
    return rmdir(directory);
}

static void write_file(const char *text)
{
    FILE *file = fopen(allow_path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct access_list *list_of(const char *allow, const char *deny)
{
    const struct access_rules rules = {allow, deny};
    struct access_problem problem;
    struct access_list *list;

    assert_int_equal(access_list_new(&list, &rules, &problem), 0);
    return list;
}

static bool admits(struct access_list *list, const char *text)
{
    struct nk_sockaddr peer;

    assert_int_equal(nk_sockaddr_from_numeric(&peer, text, 4711), 0);
    return access_list_admit(list, &peer);
}

/* The one rule: allowed, or nobody is named, and not denied. */
static void denying_wins(void **state)
{
    struct access_list *allow = list_of("10.0.0.0/8, ::1", NULL);
    struct access_list *deny = list_of(NULL, "10.0.0.0/8,::1");
    struct access_list *both = list_of("10.1.0.0/16", "10.0.0.0/8,10.1.2.3");
    struct access_list *some = list_of("10.0.0.0/8", "10.1.2.3");

    (void)state;
    assert_true(admits(allow, "10.1.2.3") && admits(allow, "::1"));
    assert_false(admits(allow, "11.1.2.3") || admits(allow, "::2"));
    assert_false(admits(deny, "10.1.2.3") || admits(deny, "::1"));
    assert_true(admits(deny, "11.1.2.3") && admits(deny, "::2"));
    assert_false(admits(both, "10.1.2.3") || admits(both, "10.1.0.1") || admits(both, "12.0.0.1"));
    assert_true(admits(some, "10.1.2.4"));
    assert_false(admits(some, "10.1.2.3"));
    assert_int_equal(access_list_denied_count(allow), 2);
    assert_int_equal(access_list_denied_count(some), 1);
    access_list_free(allow);
    access_list_free(deny);
    access_list_free(both);
    access_list_free(some);
}

/* A unix client has no address: no list could ever name it. */
static void unix_clients_are_admitted(void **state)
{
    struct access_list *list = list_of("10.0.0.1", NULL);
    struct nk_sockaddr peer = {.un = {.sun_family = AF_UNIX}, .len = sizeof(sa_family_t)};

    (void)state;
    assert_true(access_list_admit(list, &peer));
    assert_int_equal(access_list_denied_count(list), 0);
    access_list_free(list);
}

/* A mistake would be passed over, and with it whom it was meant to keep out; or
 * be told in words that do not lead to it. */
static void mistakes_are_told(void **state)
{
    static const struct {
        const char *allow;
        const char *deny;
        const char *file;
        const char *list;
        const char *text;
    } cases[] = {
        {"", NULL, "", "allow", "'' is not an IPv4 or IPv6 address or network"},
        {"::1,", NULL, "", "allow", "'' is not an IPv4 or IPv6 address or network"},
        {"::1", "10.0.0.0/33", "", "deny",
         "'10.0.0.0/33' has a prefix length that is not a number from 0 to 32"},
        {"@", NULL, "", "allow", "'@' is not an IPv4 or IPv6 address or network"},
        {"@/", NULL, "", "allow", "cannot read '/': is a directory"},
        {"@/dev/null", NULL, "", "allow", "cannot read '/dev/null': not a regular file"},
        {allow_text, NULL, "::1\n@x\n", "allow",
         "line 2: '@x' is not an IPv4 or IPv6 address or network"},
        {allow_text, NULL, "10.0.0.1/8", "allow",
         "line 1: '10.0.0.1/8' has bits set behind the length of its prefix"},
    };

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(cases); i++) {
        const struct access_rules rules = {cases[i].allow, cases[i].deny};
        struct access_problem problem;
        struct access_list *list = NULL;
        size_t len = strlen(cases[i].text);

        write_file(cases[i].file);
        assert_true(access_list_new(&list, &rules, &problem) < 0);
        assert_null(list);
        assert_string_equal(problem.list, cases[i].list);
        assert_true(strlen(problem.text) >= len);
        assert_string_equal(problem.text + strlen(problem.text) - len, cases[i].text);
    }
}

static void a_missing_file_is_told(void **state)
{
    const struct access_rules rules = {NULL, allow_text};
    struct access_problem problem;
    struct access_list *list;
    char expected[256];

    (void)state;
    assert_int_equal(access_list_new(&list, &rules, &problem), -ENOENT);
    snprintf(expected, sizeof expected, "cannot read '%s': no such file or directory", allow_path);
    assert_string_equal(problem.text, expected);
}

/* A pipe would stop the server until somebody writes into it. */
static void a_pipe_does_not_stop_the_server(void **state)
{
    const struct access_rules rules = {allow_text, NULL};
    struct access_problem problem;
    struct access_list *list;

    (void)state;
    assert_int_equal(mkfifo(allow_path, 0600), 0);
    assert_true(access_list_new(&list, &rules, &problem) < 0);
}

/* A change of the file would be seen at once, or never, or only by one list. */
static void files_are_read_when_asked(void **state)
{
    struct access_list *list;

    (void)state;
    write_file("10.0.0.1\n");
    list = list_of(allow_text, "10.9.9.9");
    assert_true(admits(list, "10.0.0.1"));
    write_file("10.0.0.2 # instead\n10.9.9.9\n");
    assert_true(admits(list, "10.0.0.1"));
    assert_int_equal(access_list_reload(list), 0);
    assert_false(admits(list, "10.0.0.1"));
    assert_true(admits(list, "10.0.0.2"));
    assert_false(admits(list, "10.9.9.9"));
    write_file("");
    assert_int_equal(access_list_reload(list), 0);
    assert_false(admits(list, "10.0.0.2")); /* a list that names nobody allows nobody */
    access_list_free(list);
}

/* One typing mistake would open the server to everybody, or close it to all. */
static void a_wrong_file_changes_nothing(void **state)
{
    struct access_list *list;

    (void)state;
    write_file("10.0.0.1\n");
    list = list_of(allow_text, NULL);
    write_file("10.0.0.2\n10.0.0.300\n");
    assert_int_equal(access_list_reload(list), -EINVAL);
    assert_int_equal(logged[NK_LOG_ERROR], 1);
    assert_non_null(strstr(last_line, "line 2: '10.0.0.300' is not"));
    assert_true(admits(list, "10.0.0.1"));
    assert_false(admits(list, "10.0.0.2"));
    assert_int_equal(unlink(allow_path), 0);
    assert_int_equal(access_list_reload(list), -ENOENT);
    assert_int_equal(logged[NK_LOG_ERROR], 2);
    assert_true(admits(list, "10.0.0.1"));
    access_list_free(list);
}

struct seen {
    char names[512];
    int stop_at;
};

static int see(void *context, struct nk_slice path)
{
    struct seen *seen = context;
    size_t len = strlen(seen->names);

    snprintf(seen->names + len, sizeof seen->names - len, "%.*s;", (int)path.len, path.data);
    return seen->stop_at > 0 && --seen->stop_at == 0 ? -EDOM : 0;
}

/* A process that confines itself would take away a file that is read later. */
static void every_file_is_named(void **state)
{
    char text[3 * sizeof allow_text];
    char expected[512];
    struct seen seen = {.stop_at = 0};
    struct access_list *list;

    (void)state;
    write_file("10.0.0.1\n");
    snprintf(text, sizeof text, "10.0.0.0/8, %s,%s", allow_text, allow_text);
    list = list_of(text, allow_text);
    snprintf(expected, sizeof expected, "%s;%s;%s;", allow_path, allow_path, allow_path);
    assert_int_equal(access_list_each_file(list, see, &seen), 0);
    assert_string_equal(seen.names, expected);
    seen = (struct seen){.stop_at = 2};
    assert_int_equal(access_list_each_file(list, see, &seen), -EDOM);
    expected[2 * (strlen(allow_path) + 1)] = '\0';
    assert_string_equal(seen.names, expected);
    access_list_free(list);
}

/* SIGHUP without anything to read would be an error. */
static void without_files_there_is_nothing_to_read(void **state)
{
    struct access_list *list = list_of("10.0.0.1", NULL);

    (void)state;
    assert_int_equal(access_list_reload(list), 0);
    assert_int_equal(access_list_reload(NULL), 0);
    assert_true(admits(list, "10.0.0.1"));
    access_list_free(list);
    access_list_free(NULL);
}

/* Whoever is refused ten thousand times a second would fill the disk with it. */
static void refusals_are_logged_in_moderation(void **state)
{
    struct access_list *list = list_of(NULL, "10.0.0.0/8");

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_false(admits(list, "10.0.0.1"));
    assert_int_equal(logged[NK_LOG_WARNING], 1);
    assert_string_equal(last_line, "denied access to 10.0.0.1:4711 (1 denied so far)");
    nk_log_set_sink(take_log, NK_LOG_INFO, NULL);
    for (int i = 0; i < 3; i++)
        assert_false(admits(list, "10.0.0.1"));
    assert_int_equal(logged[NK_LOG_INFO], 3);
    assert_string_equal(last_line, "denied access to 10.0.0.1:4711");
    assert_int_equal(access_list_denied_count(list), 1003);
    access_list_free(list);
}

/* ---- several threads ---- */

struct asking {
    struct access_list *list;
    atomic_bool is_over;
    atomic_int wrong;
    atomic_int rounds;
};

static void *ask(void *argument)
{
    struct asking *asking = argument;

    while (!atomic_load(&asking->is_over)) {
        if (!admits(asking->list, "10.0.0.1") || admits(asking->list, "10.0.0.2"))
            atomic_fetch_add(&asking->wrong, 1);
        atomic_fetch_add(&asking->rounds, 1);
    }
    return NULL;
}

/* A table would be freed under the eyes of a loop that looks into it, or a client
 * meet one that is half read. */
static void loops_ask_while_files_are_read(void **state)
{
    enum { THREADS = 3, RELOADS = 50 };
    struct asking asking = {.is_over = false};
    pthread_t threads[THREADS];

    (void)state;
    nk_log_set_sink(NULL, NK_LOG_ERROR, NULL);
    write_file("10.0.0.1\n");
    asking.list = list_of(allow_text, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &asking), 0);
    for (int i = 0; i < RELOADS || atomic_load(&asking.rounds) < RELOADS; i++)
        assert_int_equal(access_list_reload(asking.list), 0);
    atomic_store(&asking.is_over, true);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&asking.wrong), 0);
    access_list_free(asking.list);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(denying_wins),
        CASE(unix_clients_are_admitted),
        CASE(mistakes_are_told),
        CASE(a_missing_file_is_told),
        CASE(a_pipe_does_not_stop_the_server),
        CASE(files_are_read_when_asked),
        CASE(a_wrong_file_changes_nothing),
        CASE(every_file_is_named),
        CASE(without_files_there_is_nothing_to_read),
        CASE(refusals_are_logged_in_moderation),
        CASE(loops_ask_while_files_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
