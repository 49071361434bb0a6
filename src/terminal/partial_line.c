#include "terminal/partial_line.h"

#include <stdbool.h>
#include <wctype.h>

#define ESCAPE L'\033'
#define REPLACEMENT L'\uFFFD'
#define TAB_WIDTH 8

/* ---- keeping ---- */

static void keep(struct partial_line *line, struct nk_slice bytes)
{
    memcpy(line->bytes + line->len, bytes.data, bytes.len);
    line->len += bytes.len;
}

void partial_line_take(struct partial_line *line, struct nk_slice bytes,
                       void (*print)(void *context, struct nk_slice bytes), void *context)
{
    static const struct nk_slice line_end = NK_SLICE("\n");
    size_t last = nk_slice_find_last(bytes, '\n');
    size_t whole = last == NK_SLICE_NOT_FOUND ? 0 : last + 1;
    struct nk_slice rest = nk_slice_from(bytes, whole);
    size_t kept = whole > 0 ? 0 : line->len;
    bool is_too_long = kept + rest.len > sizeof(line->bytes);
    if (whole > 0 || is_too_long) {
        print(context, partial_line_bytes(line));
        print(context, is_too_long ? bytes : nk_slice_first(bytes, whole));
        partial_line_clear(line);
    }
    if (is_too_long)
        print(context, line_end);
    else if (rest.len > 0)
        keep(line, rest);
}

struct nk_slice partial_line_bytes(const struct partial_line *line)
{
    return nk_slice_make(line->bytes, line->len);
}

void partial_line_clear(struct partial_line *line)
{
    line->len = 0;
}

/* ---- showing ---- */

struct shown {
    wchar_t *text;
    size_t size;
    size_t len;
    bool has_returned; /* a CR: what comes next begins the line anew */
    enum { PLAIN, AFTER_ESCAPE, IN_SEQUENCE, IN_STRING } state;
};

static void add(struct shown *shown, wchar_t character)
{
    if (shown->has_returned)
        shown->len = 0;
    shown->has_returned = false;
    if (shown->len + 1 < shown->size)
        shown->text[shown->len++] = character;
}

static void add_plain(struct shown *shown, wchar_t character)
{
    if (character == ESCAPE)
        shown->state = AFTER_ESCAPE;
    else if (character == L'\r')
        shown->has_returned = true;
    else if (character == L'\b')
        shown->len -= shown->len > 0;
    else if (character == L'\t')
        do
            add(shown, L' ');
        while (shown->len % TAB_WIDTH != 0 && shown->len + 1 < shown->size);
    else if (iswprint((wint_t)character))
        add(shown, character);
}

/* ECMA-48: ESC [ up to a byte of 0x40 to 0x7e; ESC ] up to BEL or ESC \; ESC and one
 * character. */
static void skip(struct shown *shown, wchar_t character)
{
    if (shown->state == AFTER_ESCAPE && character == L'[')
        shown->state = IN_SEQUENCE;
    else if (shown->state == AFTER_ESCAPE && character == L']')
        shown->state = IN_STRING;
    else if (shown->state == AFTER_ESCAPE)
        shown->state = PLAIN;
    else if (shown->state == IN_SEQUENCE && character >= 0x40 && character <= 0x7e)
        shown->state = PLAIN;
    else if (shown->state == IN_STRING && character == L'\a')
        shown->state = PLAIN;
    else if (shown->state == IN_STRING && character == ESCAPE)
        shown->state = AFTER_ESCAPE;
}

size_t partial_line_show(const struct partial_line *line, wchar_t *text, size_t size)
{
    struct shown shown = {.text = text, .size = size};
    struct nk_slice rest = partial_line_bytes(line);
    while (rest.len > 0) {
        wchar_t character;
        mbstate_t state = {0};
        size_t len = mbrtowc(&character, rest.data, rest.len, &state);
        if (len == (size_t)-2)
            break; /* the rest of it is still to come */
        if (len == (size_t)-1)
            character = REPLACEMENT;
        if (len == (size_t)-1 || len == 0)
            len = 1;
        if (shown.state == PLAIN)
            add_plain(&shown, character);
        else
            skip(&shown, character);
        rest = nk_slice_from(rest, len);
    }
    text[shown.len] = L'\0';
    return shown.len;
}
