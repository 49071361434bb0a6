/* Reading command lines from option tables. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "options.h"
#include "service/word_list.h"

struct inner {
    uint64_t timeout;
    uint64_t limit;
    bool nodelay;
};

struct line {
    uint64_t verbosity;
    bool quiet;
    bool help;
    const char *root;
    const char *mode;
    uint64_t size;
    struct word_list headers;
    struct inner inner; /* filled by a table of its own, as the shared options are */
};

static const char *const modes[] = {"fast", "slow", NULL};

static const struct option_spec own_options[] = {
    {.name = "verbose",
     .letter = 'v',
     .kind = OPTION_REPEATED,
     .offset = offsetof(struct line, verbosity)},
    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .offset = offsetof(struct line, quiet)},
    {.name = "help", .letter = 'h', .kind = OPTION_FLAG, .offset = offsetof(struct line, help)},
    {.name = "root",
     .letter = 'r',
     .kind = OPTION_DIRECTORY,
     .offset = offsetof(struct line, root),
     .argument = "DIR"},
    {.name = "mode",
     .kind = OPTION_CHOICE,
     .offset = offsetof(struct line, mode),
     .argument = "MODE",
     .choices = modes},
    {.name = "size",
     .kind = OPTION_SIZE,
     .offset = offsetof(struct line, size),
     .argument = "SIZE",
     .minimum = 16,
     .maximum = 1 << 20},
    {.name = "header",
     .kind = OPTION_LIST,
     .offset = offsetof(struct line, headers),
     .argument = "TEXT"},
    {.name = "keepalive",
     .also = "timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct line, inner.timeout),
     .argument = "TIME",
     .maximum = UINT64_C(60000000000)},
};

static const struct option_spec shared_options[] = {
    {.name = "timeout",
     .kind = OPTION_DURATION,
     .offset = offsetof(struct inner, timeout),
     .argument = "TIME",
     .maximum = 1},
    {.name = "limit",
     .kind = OPTION_COUNT,
     .offset = offsetof(struct inner, limit),
     .argument = "N",
     .maximum = 1024,
     .unset = "none"},
    {.name = "nodelay", .kind = OPTION_NEGATABLE, .offset = offsetof(struct inner, nodelay)},
};

static const struct option_table own_table = {own_options, NK_ARRAY_LENGTH(own_options)};
static const struct option_table shared_table = {shared_options, NK_ARRAY_LENGTH(shared_options)};

static const struct option_part parts[] = {
    {&own_table, 0},
    {&shared_table, offsetof(struct line, inner)},
    {NULL, 0},
};

static const struct line defaults = {.root = ".", .inner = {.nodelay = true, .limit = 7}};

/* What one test reads. */
struct reading {
    struct line line;
    struct option_result result;
    int error;
    char *words[16];
    char room[16][64];
};

/* Reads the words of `text`, which single blanks separate. */
static void read_line(struct reading *reading, const char *text)
{
    int count = 0;

    *reading = (struct reading){.line = defaults};
    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        memcpy(reading->room[count], text, len);
        reading->words[count] = reading->room[count];
        count++;
        text += len + (text[len] == ' ');
    }
    reading->error = options_parse(parts, &reading->line, count, reading->words, &reading->result);
}

static void assert_reads(struct reading *reading, const char *text)
{
    read_line(reading, text);
    if (reading->error != 0)
        fail_msg("'%s': %s", text, reading->result.problem);
}

static void assert_refuses(const char *text, const char *problem)
{
    struct reading reading;

    read_line(&reading, text);
    assert_int_equal(reading.error, -EINVAL);
    assert_string_equal(reading.result.problem, problem);
}

/* An option would set another field, or another value than was written. */
static void stores_each_kind_in_its_field(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "--quiet --root /srv --mode slow --size 64k --keepalive 5s --limit 3");
    assert_true(r.line.quiet);
    assert_string_equal(r.line.root, "/srv");
    assert_string_equal(r.line.mode, "slow");
    assert_int_equal(r.line.size, 65536);
    assert_int_equal(r.line.inner.timeout, UINT64_C(5000000000));
    assert_int_equal(r.line.inner.limit, 3);
    assert_true(r.line.inner.nodelay);
    assert_int_equal(r.result.word_count, 0);
}

/* Options that were not given would lose their defaults. */
static void keeps_defaults(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "");
    assert_string_equal(r.line.root, ".");
    assert_null(r.line.mode);
    assert_int_equal(r.line.inner.limit, 7);
    assert_false(option_given(parts, &r.result, "root"));
}

/* `--name=value` would differ from `--name value`. */
static void takes_values_behind_an_equals_sign(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "--root=/a=b --limit=0");
    assert_string_equal(r.line.root, "/a=b");
    assert_int_equal(r.line.inner.limit, 0);
}

/* Combined letters, or a letter with its value attached, would be misread. */
static void takes_short_letters(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "-vvq -v");
    assert_int_equal(r.line.verbosity, 3);
    assert_true(r.line.quiet);
    assert_reads(&r, "-vr/srv");
    assert_int_equal(r.line.verbosity, 1);
    assert_string_equal(r.line.root, "/srv");
    assert_reads(&r, "-r -v");
    assert_string_equal(r.line.root, "-v");
    assert_int_equal(r.line.verbosity, 0);
}

/* `--no-nodelay` would not switch off what `--nodelay` switches on. */
static void negates(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "--no-nodelay");
    assert_false(r.line.inner.nodelay);
    assert_true(option_given(parts, &r.result, "nodelay"));
    assert_reads(&r, "--no-nodelay --nodelay");
    assert_true(r.line.inner.nodelay);
    assert_refuses("--no-quiet", "unknown option '--no-quiet'; did you mean '--quiet'?");
    assert_refuses("--no-nodelay=1", "--no-nodelay takes no value");
}

/* Scripts that append an option to a line could not override it. */
static void lets_the_last_one_win(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "--limit 1 --root /a --limit 2 --root=/b");
    assert_int_equal(r.line.inner.limit, 2);
    assert_string_equal(r.line.root, "/b");
}

/* Arguments between, before and behind options would be lost or reordered. */
/* All but one of several headers would be lost, or a long line would write past the list. */
static void collects_lists_in_order(void **state)
{
    struct reading reading;
    char words[WORD_LIST_MAX + 1][16];
    char *line[WORD_LIST_MAX + 1];

    (void)state;
    read_line(&reading, "--header a file --header=b --header");
    assert_int_equal(reading.error, -EINVAL);
    read_line(&reading, "--header a file --header=b");
    assert_int_equal(reading.error, 0);
    assert_int_equal(reading.line.headers.count, 2);
    assert_string_equal(reading.line.headers.words[0], "a");
    assert_string_equal(reading.line.headers.words[1], "b");
    read_line(&reading, "--header=");
    assert_string_equal(reading.result.problem, "--header: the value is empty");

    for (size_t i = 0; i < NK_ARRAY_LENGTH(words); i++) {
        snprintf(words[i], sizeof words[i], "--header=%zu", i);
        line[i] = words[i];
    }
    reading.line = defaults;
    assert_int_equal(options_parse(parts, &reading.line, WORD_LIST_MAX, line, &reading.result), 0);
    reading.line = defaults;
    assert_int_equal(options_parse(parts, &reading.line, WORD_LIST_MAX + 1, line, &reading.result),
                     -EINVAL);
    assert_string_equal(reading.result.problem, "--header: given more than 32 times");
}

static void keeps_words_in_order(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "one -v two --limit 5 - -- --quiet -- three");
    assert_int_equal(r.result.word_count, 6);
    assert_string_equal(r.result.words[0], "one");
    assert_string_equal(r.result.words[1], "two");
    assert_string_equal(r.result.words[2], "-");
    assert_string_equal(r.result.words[3], "--quiet");
    assert_string_equal(r.result.words[4], "--");
    assert_string_equal(r.result.words[5], "three");
    assert_false(r.line.quiet);
    assert_int_equal(r.line.inner.limit, 5);
}

/* A command could not reword a shared option: the hidden one would win. */
static void lets_the_first_table_hide_the_second(void **state)
{
    struct reading r;
    size_t count = 0;

    (void)state;
    assert_reads(&r, "--timeout 3s");
    assert_int_equal(r.line.inner.timeout, UINT64_C(3000000000));
    assert_true(option_given(parts, &r.result, "keepalive"));
    assert_true(option_given(parts, &r.result, "timeout"));
    while (option_at(parts, count, NULL) != NULL)
        count++;
    assert_int_equal(count, NK_ARRAY_LENGTH(own_options) + NK_ARRAY_LENGTH(shared_options) - 1);
}

/* Somebody asking for help would get an error about what follows. */
static void stops_at_help(void **state)
{
    struct reading r;

    (void)state;
    assert_reads(&r, "-v --help --bogus");
    assert_true(r.result.help);
    assert_reads(&r, "-hx");
    assert_true(r.result.help);
    assert_reads(&r, "--root --help");
    assert_false(r.result.help);
}

/* Nobody could say more about a letter that another program knows. */
static void tells_the_unknown_letter(void **state)
{
    struct reading r;

    (void)state;
    read_line(&r, "-vx");
    assert_int_equal(r.result.unknown_letter, 'x');
    read_line(&r, "--limit 5x");
    assert_int_equal(r.result.unknown_letter, 0);
    assert_reads(&r, "-v");
    assert_int_equal(r.result.unknown_letter, 0);
}

/* Mistakes would pass silently, or the message would not say what to do. */
static void refuses_mistakes(void **state)
{
    (void)state;
    assert_refuses("--limt 5", "unknown option '--limt'; did you mean '--limit'?");
    assert_refuses("--zzzzzz", "unknown option '--zzzzzz'");
    assert_refuses("--zzzzzz=1", "unknown option '--zzzzzz'");
    assert_refuses("--Quiet", "unknown option '--Quiet'; did you mean '--quiet'?");
    assert_refuses("--=5", "unknown option '--'");
    assert_refuses("-x", "unknown option '-x'");
    assert_refuses("-vx", "unknown option '-x' in '-vx'");
    assert_refuses("-v --limit", "--limit needs a value: --limit N");
    assert_refuses("-r", "-r needs a value: -r DIR");
    assert_refuses("--quiet=yes", "--quiet takes no value");
    assert_refuses("--root=", "--root: the value is empty");
    assert_refuses("--limit=", "--limit: '' is not a number");
    assert_refuses("--limit 5x", "--limit: '5x' is not a number");
    assert_refuses("--limit 1025", "--limit: '1025' is too large; the most is 1024");
    assert_refuses("--size 15", "--size: '15' is too small; the least is 16");
    assert_refuses("--size 2M", "--size: '2M' is too large; the most is 1M");
    assert_refuses("--keepalive 61s", "--keepalive: '61s' is too large; the most is 1m");
    assert_refuses("--mode quick", "--mode: 'quick' is not one of fast, slow");
    assert_refuses("--mode fas", "--mode: 'fas' is not one of fast, slow");
}

/* A very long word would overrun the message. */
static void survives_endless_words(void **state)
{
    static const char *const beginnings[] = {"--", "--limit=", "-", "-vvvvx", "--no-"};
    static char word[100000];
    struct option_result result;

    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(beginnings); i++) {
        char *words[] = {word};
        struct line line = defaults;

        memset(word, 'x', sizeof word - 1);
        for (size_t j = 0; beginnings[i][j] != '\0'; j++)
            word[j] = beginnings[i][j];
        assert_int_equal(options_parse(parts, &line, 1, words, &result), -EINVAL);
        assert_in_range(strlen(result.problem), 1, OPTIONS_PROBLEM_MAX - 1);
    }
}

static void assert_default(const char *name, const char *expected)
{
    size_t base = 0;
    char text[64];

    for (size_t i = 0; option_at(parts, i, &base) != NULL; i++) {
        const struct option_spec *option = option_at(parts, i, NULL);

        if (strcmp(option->name, name) != 0)
            continue;
        option_print_default(option, &defaults, base, text, sizeof text);
        assert_string_equal(text, expected);
        return;
    }
    fail_msg("no option %s", name);
}

/* --help would show a default from somewhere else than the defaults. */
static void prints_defaults(void **state)
{
    (void)state;
    assert_default("root", ".");
    assert_default("limit", "7");
    assert_default("nodelay", "on");
    assert_default("mode", "");
    assert_default("quiet", "");
    assert_default("verbose", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_each_kind_in_its_field),
        cmocka_unit_test(keeps_defaults),
        cmocka_unit_test(takes_values_behind_an_equals_sign),
        cmocka_unit_test(takes_short_letters),
        cmocka_unit_test(negates),
        cmocka_unit_test(lets_the_last_one_win),
        cmocka_unit_test(collects_lists_in_order),
        cmocka_unit_test(keeps_words_in_order),
        cmocka_unit_test(lets_the_first_table_hide_the_second),
        cmocka_unit_test(stops_at_help),
        cmocka_unit_test(tells_the_unknown_letter),
        cmocka_unit_test(refuses_mistakes),
        cmocka_unit_test(survives_endless_words),
        cmocka_unit_test(prints_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
