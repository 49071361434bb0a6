/* Lines that outlive the program, in a file that is nobody else's business. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terminal/line_history.h"

static char directory[] = "/tmp/netkit-history-XXXXXX";
static char file[sizeof directory + 64];
static struct line_history lines;

static int set_up(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    memcpy(strrchr(directory, '-') + 1, "XXXXXX", 6);
    assert_non_null(mkdtemp(directory));
    setenv("XDG_STATE_HOME", directory, 1);
    snprintf(file, sizeof file, "%s/netkit/test", directory);
    return 0;
}

static int tear_down(void **state)
{
    char path[sizeof file];

    (void)state;
    line_history_close(&lines);
    line_history_close(&lines);
    unlink(file);
    snprintf(path, sizeof path, "%s/netkit", directory);
    rmdir(path);
    assert_int_equal(rmdir(directory), 0); /* nothing else is left behind */
    return 0;
}

static void open_again(void)
{
    line_history_close(&lines);
    assert_int_equal(line_history_open(&lines, "test"), 0);
}

/* The line typed `back` lines ago; NULL = there is none. */
static const wchar_t *entry(int back)
{
    HistEventW event;
    int found = history_w(lines.entries, &event, H_FIRST);

    for (; back > 0 && found != -1; back--)
        found = history_w(lines.entries, &event, H_NEXT);
    return found == -1 ? NULL : event.str;
}

static void assert_entry(int back, const wchar_t *line)
{
    assert_non_null(entry(back));
    assert_int_equal(wcscmp(entry(back), line), 0);
}

static void write_file(const char *text)
{
    char path[sizeof file];

    snprintf(path, sizeof path, "%s/netkit", directory);
    assert_true(mkdir(path, 0700) == 0 || access(path, F_OK) == 0);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Also when a program that had it open was killed: nothing waits for its end. */
static void lines_are_there_the_next_time(void **state)
{
    struct line_history other = {0};

    (void)state;
    open_again();
    line_history_add(&lines, L"one");
    line_history_add(&lines, L"zw\xf6lf");
    assert_int_equal(line_history_open(&other, "test"), 0);
    line_history_close(&lines);
    lines = other;
    assert_entry(0, L"zw\xf6lf");
    assert_entry(1, L"one");
    assert_null(entry(2));
}

/* A secret is typed behind a blank; lines twice in a row are one. */
static void some_lines_are_not_remembered(void **state)
{
    (void)state;
    open_again();
    line_history_add(&lines, L"one");
    line_history_add(&lines, L" secret");
    line_history_add(&lines, L"");
    line_history_add(&lines, L"one");
    assert_entry(0, L"one");
    assert_null(entry(1));
    open_again();
    assert_entry(0, L"one");
    assert_null(entry(1));
}

/* What one has typed to a server may be a password. */
static void the_file_is_its_owners_alone(void **state)
{
    struct stat status;
    mode_t mask = umask(0);

    (void)state;
    open_again();
    umask(mask);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* A read-only home or a link in the file's place is no reason to fail, and no file
 * behind it is written. */
static void without_a_file_lines_live_as_long_as_the_program(void **state)
{
    struct stat status;

    (void)state;
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    open_again();
    line_history_add(&lines, L"one");
    assert_entry(0, L"one");
    setenv("XDG_STATE_HOME", directory, 1);
    write_file("");
    unlink(file);
    assert_int_equal(symlink("/dev/null", file), 0);
    open_again();
    line_history_add(&lines, L"one");
    assert_int_equal(lstat(file, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    line_history_close(&lines);
    assert_int_equal(line_history_open(&lines, NULL), 0);
    assert_null(entry(0));
}

/* The file must not grow for ever, and what is cut is the oldest. */
static void an_old_file_is_cut_back(void **state)
{
    static char text[16 * (2 * LINE_HISTORY_MAX + 1)];
    struct stat status;
    size_t len = 0;

    (void)state;
    for (int i = 0; i <= 2 * LINE_HISTORY_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "line %d\n", i);
    write_file(text);
    open_again();
    assert_entry(0, L"line 2000");
    assert_entry(LINE_HISTORY_MAX - 1, L"line 1001");
    assert_null(entry(LINE_HISTORY_MAX));
    line_history_add(&lines, L"new");
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_size, (LINE_HISTORY_MAX * strlen("line 1001\n")) + strlen("new\n"));
    open_again();
    assert_entry(0, L"new");
    assert_entry(1, L"line 2000");
}

/* A file that something else has written must not stop the program. */
static void a_damaged_file_gives_what_it_has(void **state)
{
    (void)state;
    write_file("good\n\xff\xfe bad\nfine\nwithout end");
    open_again();
    assert_entry(0, L"fine");
    assert_entry(1, L"good");
    assert_null(entry(2));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lines_are_there_the_next_time), CASE(some_lines_are_not_remembered),
        CASE(the_file_is_its_owners_alone),  CASE(without_a_file_lines_live_as_long_as_the_program),
        CASE(an_old_file_is_cut_back),       CASE(a_damaged_file_gives_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
