/* Lines that a person types, while the program prints. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "terminal/line_editor.h"
#include "terminal_fixture.h"

#define UP "\033[A"
#define LEFT "\033[D"
#define CTRL_C "\x03"
#define CTRL_D "\x04"
#define CTRL_RIGHT_BRACKET "\x1d"

static struct line_editor *editor;
static const char *prompt_text;
static bool frees_itself;

/* What was told last, and how often. */
static char line[4096];
static char keys[4096];
static char completing[4096];
static int lines;
static int ends;
static int interrupts;
static bool had_text;
static int escapes;
static int drained;

static const char *prompt(void *context)
{
    assert_ptr_equal(context, &editor);
    return prompt_text;
}

static void keep(char to[static 4096], struct nk_slice text)
{
    assert_true(text.len < 4096);
    memcpy(to, text.data, text.len);
    to[text.len] = '\0';
}

static void maybe_free(void)
{
    if (!frees_itself)
        return;
    line_editor_free(editor);
    editor = NULL;
}

static void on_line(void *context, struct nk_slice text)
{
    (void)context;
    keep(line, text);
    lines++;
    maybe_free();
}

static void on_end(void *context)
{
    (void)context;
    ends++;
    maybe_free();
}

static void on_interrupt(void *context, bool had)
{
    (void)context;
    interrupts++;
    had_text = had;
    maybe_free();
}

static void on_escape(void *context)
{
    (void)context;
    escapes++;
    maybe_free();
}

static void on_keys(void *context, struct nk_slice bytes)
{
    size_t len = strlen(keys);

    (void)context;
    assert_true(len + bytes.len < sizeof keys);
    memcpy(keys + len, bytes.data, bytes.len);
    keys[len + bytes.len] = '\0';
    maybe_free();
}

static void on_complete(void *context, struct nk_slice before)
{
    (void)context;
    keep(completing, before);
    maybe_free();
}

static void on_drained(void *context)
{
    (void)context;
    drained++;
}

static struct line_editor_options all_options(void)
{
    return (struct line_editor_options){
        .in = terminal,
        .out = terminal,
        .context = &editor,
        .prompt = prompt,
        .on_line = on_line,
        .on_end = on_end,
        .on_interrupt = on_interrupt,
        .on_escape = on_escape,
        .on_complete = on_complete,
        .on_keys = on_keys,
        .on_drained = on_drained,
    };
}

static int set_up(void **state)
{
    set_up_terminal(state);
    prompt_text = "? ";
    frees_itself = false;
    line[0] = keys[0] = completing[0] = '\0';
    lines = ends = interrupts = escapes = drained = 0;
    struct line_editor_options options = all_options();
    assert_int_equal(line_editor_new(&editor, loop, &options), 0);
    TURN_UNTIL(loop, shows("? "));
    return 0;
}

static int tear_down(void **state)
{
    line_editor_free(editor);
    editor = NULL;
    assert_true(has_its_settings());
    return tear_down_terminal(state);
}

static void print(const char *text)
{
    line_editor_print(editor, nk_slice_of_string(text));
}

/* Types and waits for the line. */
static void assert_types(const char *text, const char *expected)
{
    int before = lines;

    type(text);
    TURN_UNTIL(loop, lines > before);
    assert_int_equal(lines, before + 1);
    assert_string_equal(line, expected);
}

/* ---- editing ---- */

/* The sanitizer's: the terminal library keeps one string for every opening of a
 * terminal, of which a program has one. */
NK_PUBLIC const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:_nc_trim_sgr0\n";
}

/* What is sent is what is seen: characters of any language, and changes in the
 * middle. */
static void a_line_can_be_edited(void **state)
{
    (void)state;
    assert_types("plain\r", "plain");
    assert_types("gr\xc3\xbc\xc3\x9f dich\n", "gr\xc3\xbc\xc3\x9f dich");
    assert_types("held" LEFT LEFT "l" LEFT LEFT LEFT "\x7fg"
                 "\n",
                 "ghelld");
    assert_types("one two\x17three\r", "one three");
    assert_types("\r", "");
    assert_types("wrong\x15right\r", "right");
    assert_types("ab\033[H-\033[F+\033[D\033[3~\r", "-ab");
}

/* A slow line must not turn a cursor key into an escape and two letters, or an
 * umlaut into two characters. */
static void keys_may_arrive_byte_by_byte(void **state)
{
    static const char typed[] = "b\xc3\xa4r" LEFT LEFT "e"
                                "\033[1;5D"
                                "<\r";

    (void)state;
    for (size_t i = 0; i + 1 < sizeof typed; i++) {
        const char byte[] = {typed[i], '\0'};
        type(byte);
        turn_idle(loop, 3);
    }
    TURN_UNTIL(loop, lines == 1);
    assert_string_equal(line, "<be\xc3\xa4r");
}

/* Lines that are pasted come one by one and in order. */
static void several_lines_at_once_are_several(void **state)
{
    (void)state;
    type("one\ntwo\nthree\n");
    TURN_UNTIL(loop, lines == 3);
    assert_string_equal(line, "three");
    assert_true(shows("? one\r\n? two\r\n? three\r\n"));
}

/* Unknown and half-known keys do nothing, and above all do not end anything. */
static void odd_keys_do_no_harm(void **state)
{
    (void)state;
    assert_types("\0330\033x\033[5~\033[2~\033[200~\033[1;"
                 "2R\033OP\022\023\xc2\x80\xc2\x81\xff\xfex\033\033[Dy\r",
                 "yx");
    assert_int_equal(ends, 0);
    assert_int_equal(escapes, 0);
}

/* A control character can be typed, as in a shell, but none that ends the line. */
static void control_characters_can_be_quoted(void **state)
{
    (void)state;
    assert_types("a\x16\x03"
                 "b\x16\nc\x16\x1d\x16" LEFT "\r",
                 "a\x03"
                 "bc\x1d" LEFT);
    assert_int_equal(interrupts, 0);
}

/* ---- keys with a meaning ---- */

/* ^C is for starting over; who wants to leave by it has to be told apart. */
static void an_interrupt_clears_the_line(void **state)
{
    (void)state;
    type("nonsense" CTRL_C);
    TURN_UNTIL(loop, interrupts == 1);
    assert_true(had_text);
    assert_types("sense\r", "sense");
    type(CTRL_C);
    TURN_UNTIL(loop, interrupts == 2);
    assert_false(had_text);
}

/* ^D ends only what is empty; elsewhere it deletes. */
static void the_end_needs_an_empty_line(void **state)
{
    (void)state;
    assert_types("ab" LEFT LEFT CTRL_D "\r", "b");
    assert_types("ab" CTRL_D "\r", "ab");
    assert_int_equal(ends, 0);
    type(CTRL_D);
    TURN_UNTIL(loop, ends == 1);
}

/* A closed window ends the input, once. */
static void a_hang_up_is_the_end(void **state)
{
    (void)state;
    close(person);
    TURN_UNTIL(loop, ends == 1);
    turn_idle(loop, 3);
    assert_int_equal(ends, 1);
    line_editor_free(editor);
    editor = NULL;
    close(terminal);
    open_terminal();
}

/* Earlier lines come back, newest first; what was begun is still there below them. */
static void earlier_lines_come_back(void **state)
{
    (void)state;
    assert_types("one\r", "one");
    assert_types("two\r", "two");
    assert_types(UP UP "!\r", "one!");
    assert_types("begun" UP "\033[B more\r", "begun more");
}

/* Whoever looks over the shoulder the next day must not find a password. */
static void a_password_is_not_remembered(void **state)
{
    (void)state;
    assert_types("one\r", "one");
    print("Password: ");
    assert_types("secret\r", "secret");
    assert_types(UP "\r", "one");
}

/* ---- printing ---- */

/* What is printed must neither cut the line being typed in two nor lose it. */
static void printing_leaves_the_line_being_typed(void **state)
{
    (void)state;
    type("half a ");
    TURN_UNTIL(loop, shows("half a "));
    forget_screen();
    print("news\r\nmore news\n");
    /* The row is cleared, the news printed, and the line drawn again. */
    TURN_UNTIL(loop, shows("\033[Knews\r\r\nmore news\r\n? half a "));
    assert_types("line\r", "half a line");
}

/* A question stands in front of its answer, and only of that. */
static void a_question_stands_before_the_answer(void **state)
{
    (void)state;
    prompt_text = "";
    print("hello\nlo");
    print("gin: ");
    TURN_UNTIL(loop, shows("login: "));
    type("guest");
    TURN_UNTIL(loop, shows("login: guest"));
    forget_screen();
    type("\r");
    TURN_UNTIL(loop, lines == 1);
    assert_string_equal(line, "guest");
    print("bye\n");
    TURN_UNTIL(loop, shows("bye"));
    assert_false(shows("login"));
}

/* Whoever prints past the editor finds the row empty, and the line comes back. */
static void hiding_nests(void **state)
{
    (void)state;
    type("typed");
    TURN_UNTIL(loop, shows("typed"));
    line_editor_hide(editor);
    line_editor_hide(editor);
    forget_screen();
    line_editor_show(editor);
    type("+");
    turn_idle(loop, 5);
    assert_false(shows("typed"));
    line_editor_show(editor);
    TURN_UNTIL(loop, shows("? typed+"));
}

/* A terminal that is held stops the printing, not the program; nothing is lost. */
static void a_terminal_that_is_behind_is_waited_for(void **state)
{
    char block[1024];
    size_t count = 0;

    (void)state;
    memset(block, 'x', sizeof block);
    block[sizeof block - 1] = '\n';
    forget_screen();
    while (!line_editor_is_full(editor)) {
        line_editor_print(editor, nk_slice_make(block, sizeof block));
        count++;
        assert_true(count < 200);
    }
    assert_false(line_editor_is_drained(editor));
    assert_int_equal(drained, 0);
    TURN_UNTIL(loop, (look(), drained > 0));
    TURN_UNTIL(loop, (look(), line_editor_is_drained(editor)));
    look();
    size_t shown = 0;
    for (size_t i = 0; i < screen_len; i++)
        shown += screen[i] == 'x';
    assert_int_equal(shown, count * (sizeof block - 1));
}

/* ---- modes ---- */

/* A command line is about something else: what was being typed comes back as it was,
 * and neither history shows the other's lines. */
static void a_line_can_be_put_aside(void **state)
{
    (void)state;
    assert_types("earlier\r", "earlier");
    print("login: ");
    type("ab" LEFT CTRL_RIGHT_BRACKET);
    TURN_UNTIL(loop, escapes == 1);
    line_editor_set_aside(editor);
    prompt_text = "aside> ";
    assert_types(UP "quest\r", "quest");
    assert_types(UP "ion\r", "question");
    type(CTRL_RIGHT_BRACKET);
    turn_idle(loop, 5);
    assert_int_equal(escapes, 1);
    prompt_text = "";
    forget_screen();
    line_editor_take_up(editor);
    TURN_UNTIL(loop, shows("login: ab"));
    assert_types("-\r", "a-b");
    assert_types(UP UP "\r", "earlier");
}

/* A peer that echoes gets every key as it is, but for the way out. */
static void raw_keys_pass_as_they_are(void **state)
{
    (void)state;
    line_editor_set_raw(editor, true);
    forget_screen();
    type("ab\r" CTRL_C CTRL_D UP);
    TURN_UNTIL(loop, strlen(keys) == 8);
    assert_string_equal(keys, "ab\r" CTRL_C CTRL_D UP);
    type("x" CTRL_RIGHT_BRACKET "y");
    TURN_UNTIL(loop, escapes == 1 && strlen(keys) == 10);
    assert_string_equal(keys + 8, "xy");
    print("$ ");
    TURN_UNTIL(loop, shows("$ "));
    assert_string_equal(screen, "$ ");

    line_editor_set_aside(editor);
    assert_true(shows("$ \r\r\n? "));
    assert_types("status\r", "status");
    line_editor_take_up(editor);
    keys[0] = '\0';
    type(CTRL_C);
    TURN_UNTIL(loop, strcmp(keys, CTRL_C) == 0);

    line_editor_set_raw(editor, false);
    assert_types("a line\r", "a line");
}

/* A peer that takes nothing must not fill the memory with typed lines. */
static void keys_wait_while_it_is_paused(void **state)
{
    struct termios now;

    (void)state;
    line_editor_pause(editor);
    type("waits\r");
    turn_idle(loop, 5);
    assert_int_equal(lines, 0);
    assert_int_equal(tcgetattr(terminal, &now), 0);
    assert_int_equal(now.c_cc[VINTR], settings_before.c_cc[VINTR]);
    line_editor_resume(editor);
    TURN_UNTIL(loop, lines == 1);
    assert_string_equal(line, "waits");
}

/* Somebody who sees the line types ^C to clear it: it must not be a signal any more. */
static void a_line_that_is_shown_has_its_keys(void **state)
{
    struct termios now;

    (void)state;
    line_editor_hide(editor);
    line_editor_pause(editor);
    assert_int_equal(tcgetattr(terminal, &now), 0);
    assert_true(now.c_lflag & ISIG);
    forget_screen();
    type("ahead\r");
    line_editor_resume_and_show(editor);
    assert_int_equal(tcgetattr(terminal, &now), 0);
    assert_true(now.c_cc[VINTR] == _POSIX_VDISABLE || !(now.c_lflag & ISIG));
    TURN_UNTIL(loop, lines == 1);
    assert_string_equal(line, "ahead");
    TURN_UNTIL(loop, shows("? ahead"));
}

/* ---- completion ---- */

static void complete(size_t word_len, const char *one, const char *other)
{
    struct nk_slice candidates[2] = {nk_slice_of_string(one)};

    if (other)
        candidates[1] = nk_slice_of_string(other);
    line_editor_complete(editor, word_len, candidates, other ? 2 : 1, " ");
}

static void type_and_ask(const char *text)
{
    completing[0] = '\0';
    type(text);
    type("\t");
    TURN_UNTIL(loop, completing[0] != '\0');
}

/* What is certain is typed for the person, what is not is listed. */
static void words_are_completed(void **state)
{
    (void)state;
    type_and_ask("cd so");
    assert_string_equal(completing, "cd so");
    complete(2, "source", NULL);
    assert_types("x\r", "cd source x");

    type_and_ask("so");
    complete(2, "source", "sour");
    assert_types("\r", "sour");

    type_and_ask("so");
    forget_screen();
    complete(2, "source", "sound");
    assert_types("\r", "sou");
    type_and_ask("sou");
    forget_screen();
    complete(3, "source", "sound");
    /* The line stays above the list, as in a shell. */
    TURN_UNTIL(loop, shows("? sou\r\nsource  sound\r\n? sou"));
}

/* An answer that comes late must not be typed into another line. */
static void a_late_answer_is_dropped(void **state)
{
    (void)state;
    type_and_ask("so");
    type("x");
    TURN_UNTIL(loop, shows("sox"));
    complete(2, "source", NULL);
    line_editor_complete(editor, 0, NULL, 0, "");
    assert_types("\r", "sox");
}

/* Without anybody to ask, a tabulator is text. */
static void a_tabulator_may_be_text(void **state)
{
    struct line_editor_options options = all_options();

    (void)state;
    line_editor_free(editor);
    options.on_complete = NULL;
    assert_int_equal(line_editor_new(&editor, loop, &options), 0);
    assert_types("a\tb\r", "a\tb");
}

/* ---- life ---- */

/* The terminal is given back, with what was typed for the next program, and without
 * the line that was being typed here. */
static void the_terminal_is_given_back(void **state)
{
    char text[16] = "";

    (void)state;
    print("login: ");
    type("abc");
    TURN_UNTIL(loop, shows("login: ? abc"));
    type("ls\r");
    await(terminal, POLLIN);
    forget_screen();
    line_editor_free(editor);
    editor = NULL;
    assert_true(has_its_settings());
    assert_true(shows("\033[Klogin: \r\n"));
    assert_int_equal(read(terminal, text, sizeof text), 3);
    assert_string_equal(text, "ls\n");
}

/* Any of them may be the last that happens. */
static void callbacks_may_free_it(void **state)
{
    static const char *const typed[] = {"line\rmore\r", CTRL_D "x", CTRL_C "x",
                                        CTRL_RIGHT_BRACKET "x", "\tx"};
    struct line_editor_options options = all_options();

    (void)state;
    frees_itself = true;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(typed); i++) {
        type(typed[i]);
        TURN_UNTIL(loop, editor == NULL);
        tcflush(terminal, TCIFLUSH);
        assert_int_equal(line_editor_new(&editor, loop, &options), 0);
    }
    line_editor_set_raw(editor, true);
    type("raw");
    TURN_UNTIL(loop, editor == NULL);
}

/* Where editing is not possible nothing has been touched. */
static void what_cannot_be_edited_is_refused(void **state)
{
    static const char *const names[] = {"dumb", "", "emacs", "no-such-terminal"};
    struct line_editor_options options = all_options();
    int pipe_ends[2];

    (void)state;
    line_editor_free(editor);
    editor = NULL;
    forget_screen();
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        setenv("TERM", names[i], 1);
        assert_int_equal(line_editor_new(&editor, loop, &options), -EOPNOTSUPP);
        assert_true(has_its_settings());
    }
    setenv("TERM", "xterm", 1);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    options.in = pipe_ends[0];
    assert_int_equal(line_editor_new(&editor, loop, &options), -ENOTTY);
    options.in = terminal;
    options.out = pipe_ends[1];
    assert_int_equal(line_editor_new(&editor, loop, &options), -ENOTTY);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    look();
    assert_int_equal(screen_len, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_line_can_be_edited),
        CASE(keys_may_arrive_byte_by_byte),
        CASE(several_lines_at_once_are_several),
        CASE(odd_keys_do_no_harm),
        CASE(control_characters_can_be_quoted),
        CASE(an_interrupt_clears_the_line),
        CASE(the_end_needs_an_empty_line),
        CASE(a_hang_up_is_the_end),
        CASE(earlier_lines_come_back),
        CASE(a_password_is_not_remembered),
        CASE(printing_leaves_the_line_being_typed),
        CASE(a_question_stands_before_the_answer),
        CASE(hiding_nests),
        CASE(a_terminal_that_is_behind_is_waited_for),
        CASE(a_line_can_be_put_aside),
        CASE(raw_keys_pass_as_they_are),
        CASE(keys_wait_while_it_is_paused),
        CASE(a_line_that_is_shown_has_its_keys),
        CASE(words_are_completed),
        CASE(a_late_answer_is_dropped),
        CASE(a_tabulator_may_be_text),
        CASE(the_terminal_is_given_back),
        CASE(callbacks_may_free_it),
        CASE(what_cannot_be_edited_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
