/* Forms with files: taken apart the same way however the bytes arrive. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_multipart.h"

#define TYPE "multipart/form-data; boundary=XX"

/* What happened, as one text: "[name|filename" or "[name", content, "]", "." at the end,
 * "!400" when it was refused. */
struct story {
    char text[8192];
    size_t len;
};

static void tell(struct story *story, const char *data, size_t len)
{
    assert_true(story->len + len < sizeof(story->text));
    memcpy(story->text + story->len, data, len);
    story->len += len;
    story->text[story->len] = '\0';
}

static void tell_event(struct story *story, const struct http_multipart_event *event)
{
    if (event->kind == HTTP_MULTIPART_PART) {
        tell(story, "[", 1);
        tell(story, event->name.data, event->name.len);
        if (event->has_filename) {
            tell(story, "|", 1);
            tell(story, event->filename.data, event->filename.len);
        }
        tell(story, ":", 1);
    } else if (event->kind == HTTP_MULTIPART_DATA) {
        assert_true(event->data.len > 0);
        tell(story, event->data.data, event->data.len);
    } else if (event->kind == HTTP_MULTIPART_CLOSE) {
        tell(story, "]", 1);
    } else if (event->kind == HTTP_MULTIPART_END) {
        tell(story, ".", 1);
    }
}

/* Every piece is a heap copy of its own, so that a sanitizer sees one byte too many. */
static bool read_piece(struct http_multipart *multipart, struct nk_slice piece, struct story *story)
{
    char *copy = malloc(piece.len > 0 ? piece.len : 1);
    assert_non_null(copy);
    memcpy(copy, piece.data, piece.len);
    struct nk_slice rest = nk_slice_make(copy, piece.len);
    struct http_multipart_event event;
    struct http_problem problem = {.status = 0};
    ssize_t used;
    do {
        used = http_multipart_next(multipart, rest, &event, &problem);
        if (used < 0) {
            char text[8];
            assert_non_null(problem.rule);
            snprintf(text, sizeof(text), "!%d", problem.status);
            tell(story, text, strlen(text));
            break;
        }
        assert_true((size_t)used <= rest.len);
        tell_event(story, &event);
        rest = nk_slice_from(rest, (size_t)used);
    } while (event.kind != HTTP_MULTIPART_NOTHING);
    if (used >= 0)
        assert_int_equal(rest.len, 0);
    free(copy);
    return used >= 0;
}

static void read_in_steps(struct nk_slice type, struct nk_slice body, size_t first, size_t step,
                          struct story *story)
{
    struct http_multipart multipart;
    struct http_problem problem;
    *story = (struct story){.len = 0};
    assert_int_equal(http_multipart_init(&multipart, type, &problem), 0);
    size_t size = first;
    bool goes_on = true;
    while (goes_on && body.len > 0) {
        struct nk_slice piece = nk_slice_first(body, size);
        goes_on = read_piece(&multipart, piece, story);
        body = nk_slice_from(body, piece.len);
        size = step;
    }
    assert_int_equal(http_multipart_is_complete(&multipart),
                     story->len > 0 && strchr(story->text, '.') != NULL);
}

struct form {
    const char *what;
    struct nk_slice body;
    const char *story;
};

#define PART(rest) "Content-Disposition: form-data; " rest "\r\n\r\n"
#define OPEN "--XX\r\n"
#define NEXT "\r\n--XX\r\n"
#define LAST "\r\n--XX--\r\n"

/* Were one of these read wrongly, a file would be saved with bytes that are not its own,
 * under another name, or cut. */
static const struct form forms[] = {
    {"one file", NK_SLICE(OPEN PART("name=\"file\"; filename=\"a\"") "hello" LAST),
     "[file|a:hello]."},
    {"two files and a field",
     NK_SLICE(OPEN PART("name=\"file\"; filename=\"a\"") "1" NEXT PART(
         "name=\"file\"; filename=\"b\"") "2" NEXT PART("name=\"x\"") "y" LAST),
     "[file|a:1][file|b:2][x:y]."},
    {"empty file", NK_SLICE(OPEN PART("name=\"f\"; filename=\"a\"") LAST), "[f|a:]."},
    {"no content at all", NK_SLICE(OPEN PART("name=\"f\"") "--XX--"), "[f:]."},
    {"no file chosen", NK_SLICE(OPEN PART("name=\"f\"; filename=\"\"") LAST), "[f|:]."},
    {"preamble and epilogue",
     NK_SLICE("ignore\r\nthis\r\n" OPEN PART("name=\"f\"") "x" LAST "and\r\n--XX\r\nthis"),
     "[f:x]."},
    {"no line end at the end", NK_SLICE(OPEN PART("name=\"f\"") "x\r\n--XX--"), "[f:x]."},
    {"padding behind a boundary", NK_SLICE("--XX \t\r\n" PART("name=\"f\"") "x" LAST), "[f:x]."},
    {"nearly a boundary",
     NK_SLICE(OPEN PART("name=\"f\"") "\r\n--X\r\n-\r\r\n--\r\n\r\n--XY--XX" LAST),
     "[f:\r\n--X\r\n-\r\r\n--\r\n\r\n--XY--XX]."},
    {"begins like a boundary", NK_SLICE(OPEN PART("name=\"f\"") "--X" LAST), "[f:--X]."},
    {"ends with line ends", NK_SLICE(OPEN PART("name=\"f\"") "x\r\n\r\n" LAST), "[f:x\r\n\r\n]."},
    {"CR before a boundary", NK_SLICE(OPEN PART("name=\"f\"") "x\r" LAST), "[f:x\r]."},
    {"cut short", NK_SLICE(OPEN PART("name=\"f\"") "x"), "[f:x"},
    {"other headers, other case",
     NK_SLICE(OPEN "Content-Type: text/plain\r\ncontent-disposition:FORM-DATA;NAME=f\r\n"
                   "X: y\r\n\r\nx" LAST),
     "[f:x]."},
    {"tokens for values", NK_SLICE(OPEN PART("name=f; filename=a.txt") "x" LAST), "[f|a.txt:x]."},
    {"curl's quotes", NK_SLICE(OPEN PART("name=f; filename=\"a\\\"b\\\\c\"") "x" LAST),
     "[f|a\"b\\c:x]."},
    {"a browser's quotes", NK_SLICE(OPEN PART("name=f; filename=\"a%22b%0D%2\"") "x" LAST),
     "[f|a\"b%0D%2:x]."},
    {"a backslash is one", NK_SLICE(OPEN PART("name=f; filename=\"a\\b\"") "x" LAST),
     "[f|a\\b:x]."},
    {"UTF-8 and a semicolon", NK_SLICE(OPEN PART("name=f; filename=\"\xc3\xa4;b\"") "x" LAST),
     "[f|\xc3\xa4;b:x]."},
    {"filename* is ignored", NK_SLICE(OPEN PART("name=f; filename*=UTF-8''b; filename=a") "x" LAST),
     "[f|a:x]."},
    {"no parts", NK_SLICE("--XX--"), "."},
    {"one dash", NK_SLICE("--XX-x"), "!400"},
    {"bytes behind a boundary", NK_SLICE("--XXY\r\n"), "!400"},
    {"CR without LF behind a boundary", NK_SLICE("--XX\rY"), "!400"},
    {"no header", NK_SLICE(OPEN "\r\nx" LAST), "!400"},
    {"no disposition", NK_SLICE(OPEN "X: y\r\n\r\nx" LAST), "!400"},
    {"two dispositions",
     NK_SLICE(OPEN "Content-Disposition: form-data; name=a\r\n" PART("name=b") "x" LAST), "!400"},
    {"no colon", NK_SLICE(OPEN "X\r\n" PART("name=b") "x" LAST), "!400"},
    {"not form-data", NK_SLICE(OPEN "Content-Disposition: attachment; name=f\r\n\r\nx" LAST),
     "!400"},
    {"no name", NK_SLICE(OPEN PART("filename=f") "x" LAST), "!400"},
    {"two names", NK_SLICE(OPEN PART("name=f; name=g") "x" LAST), "!400"},
    {"two file names", NK_SLICE(OPEN PART("name=f; filename=a; filename=b") "x" LAST), "!400"},
    {"an open quote", NK_SLICE(OPEN PART("name=\"f") "x" LAST), "!400"},
    {"bytes behind a quote", NK_SLICE(OPEN PART("name=\"f\"g") "x" LAST), "!400"},
    {"NUL in a header", NK_SLICE(OPEN "X: \0\r\n" PART("name=b") "x" LAST), "!400"},
};

static void test_forms(void **state)
{
    static const struct nk_slice type = NK_SLICE(TYPE);
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(forms); i++) {
        const struct form *form = &forms[i];
        struct story story;
        for (size_t cut = 1; cut <= form->body.len; cut++) {
            read_in_steps(type, form->body, cut, form->body.len, &story);
            if (strcmp(story.text, form->story) != 0)
                print_error("%s, cut at %zu: %s\n", form->what, cut, story.text);
            assert_string_equal(story.text, form->story);
        }
        read_in_steps(type, form->body, 1, 1, &story);
        assert_string_equal(story.text, form->story);
    }
}

struct type {
    struct nk_slice type;
    int status; /* 0 = good */
};

/* A boundary that is read wrongly cuts files in the wrong places, or nowhere. */
static void test_types(void **state)
{
    static const struct type types[] = {
        {NK_SLICE(TYPE), 0},
        {NK_SLICE("Multipart/Form-Data;charset=x;  BOUNDARY=\"XX\""), 0},
        {NK_SLICE("multipart/form-data; boundary=\"a b'()+_,-./:=?\""), 0},
        {NK_SLICE("text/plain; boundary=XX"), 415},
        {NK_SLICE("multipart/mixed; boundary=XX"), 415},
        {NK_SLICE(""), 415},
        {NK_SLICE("multipart/form-data"), 400},
        {NK_SLICE("multipart/form-data; boundary="), 400},
        {NK_SLICE("multipart/form-data; boundary=\"\""), 400},
        {NK_SLICE("multipart/form-data; boundary=\"a \""), 400},
        {NK_SLICE("multipart/form-data; boundary=\"a\\b\""), 400},
        {NK_SLICE("multipart/form-data; boundary=\"a"), 400},
        {NK_SLICE("multipart/form-data; boundary="
                  "12345678901234567890123456789012345678901234567890123456789012345678901"),
         400},
    };
    (void)state;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        struct http_multipart multipart;
        struct http_problem problem = {.status = 0};
        int rc = http_multipart_init(&multipart, types[i].type, &problem);
        if (problem.status != types[i].status)
            print_error("%s: %d\n", types[i].type.data, problem.status);
        assert_int_equal(rc, types[i].status == 0 ? 0 : -EBADMSG);
        assert_int_equal(problem.status, types[i].status);
    }
}

/* Feeds `text` until it is refused; returns how often it was taken. */
static size_t repeat(struct http_multipart *multipart, const char *text, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        struct nk_slice rest = nk_slice_of_string(text);
        struct http_multipart_event event;
        struct http_problem problem;
        do {
            ssize_t used = http_multipart_next(multipart, rest, &event, &problem);
            if (used < 0)
                return i;
            rest = nk_slice_from(rest, (size_t)used);
        } while (event.kind != HTTP_MULTIPART_NOTHING);
    }
    return most;
}

/* A form without end of parts or headers may not keep a server busy. */
static void test_limits(void **state)
{
    static const struct nk_slice type = NK_SLICE(TYPE);
    struct http_multipart multipart;
    struct http_problem problem;
    (void)state;
    assert_int_equal(http_multipart_init(&multipart, type, &problem), 0);
    assert_int_equal(repeat(&multipart, "\r\n--XX\r\n" PART("name=f") "x", 5000),
                     HTTP_MULTIPART_PARTS_MAX);
    assert_int_equal(http_multipart_init(&multipart, type, &problem), 0);
    assert_int_equal(repeat(&multipart, OPEN, 1), 1);
    assert_int_equal(repeat(&multipart, "X: y\r\n", 5000), HTTP_MULTIPART_HEAD_MAX / 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
