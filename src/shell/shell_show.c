#include "shell/shell_show.h"

#include <errno.h>

#include "shell/shell_text.h"
#include "terminal/text_columns.h"

#define PLAIN "\033[0m"

/* The colours that GNU ls has by default. */
static const struct {
    char mark;   /* of ls -F */
    char letter; /* of ls -l */
    const char *colour;
} types[] = {
    {'/', 'd', "\033[1;34m"}, {'@', 'l', "\033[1;36m"}, {'|', 'p', "\033[33m"},
    {'=', 's', "\033[1;35m"}, {'%', 'c', "\033[1;33m"}, {'%', 'b', "\033[1;33m"},
};

static const char executable[] = "\033[1;32m";

void shell_show_begin(struct shell_show *show, const struct shell_show_options *options)
{
    show->options = *options;
    show->len = 0;
    show->count = 0;
}

/* ---- names ---- */

static struct nk_slice name_at(const struct shell_show *show, size_t index)
{
    size_t start = index > 0 ? show->ends[index - 1] : 0;
    return nk_slice_make(show->bytes + start, show->ends[index] - start);
}

static struct text_cell name_cell(const void *context, size_t index)
{
    const struct shell_show *show = context;
    struct text_cell cell = {name_at(show, index), "", ""};
    if (!show->options.has_marks || cell.text.len == 0)
        return cell;
    char last = cell.text.data[cell.text.len - 1];
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        if (types[i].mark != last)
            continue;
        cell.before = show->options.colours ? types[i].colour : "";
        cell.after = show->options.colours ? PLAIN : "";
        cell.text.len -= show->options.keeps_marks ? 0 : 1;
        break;
    }
    return cell;
}

static int show_names(struct shell_show *show, struct nk_buffer *out)
{
    int error = text_columns(out, name_cell, show, show->count, show->options.width);
    show->len = 0;
    show->count = 0;
    return error;
}

static int take_name(struct shell_show *show, struct nk_slice name, struct nk_buffer *out)
{
    bool is_full = show->count == SHELL_SHOW_NAMES || sizeof(show->bytes) - show->len < name.len;
    if (name.len > sizeof(show->bytes))
        return -ENOBUFS;
    int error = is_full ? show_names(show, out) : 0;
    if (name.len > 0)
        memcpy(show->bytes + show->len, name.data, name.len);
    show->len += name.len;
    show->ends[show->count++] = show->len;
    return error;
}

/* ---- long lines ---- */

/* Where the name begins: behind five fields and one space. */
static size_t name_start(struct nk_slice line)
{
    size_t at = 0;
    for (int field = 0; field < 5; field++) {
        while (at < line.len && line.data[at] == ' ')
            at++;
        while (at < line.len && line.data[at] != ' ')
            at++;
    }
    return at < line.len ? at + 1 : line.len;
}

static const char *colour_of_line(struct nk_slice line)
{
    char letter = line.len > 0 ? line.data[0] : 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(types); i++) {
        if (types[i].letter == letter)
            return types[i].colour;
    }
    struct nk_slice mode = nk_slice_first(line, 10);
    bool is_executable = letter == '-' && (nk_slice_find(mode, 'x') != NK_SLICE_NOT_FOUND ||
                                           nk_slice_find(mode, 's') != NK_SLICE_NOT_FOUND);
    return is_executable ? executable : NULL;
}

/* The name without the mark and without what a link says. */
static size_t name_end(struct nk_slice line, size_t start, bool has_mark)
{
    static const struct nk_slice arrow = NK_SLICE(" -> ");
    size_t end = line.len;
    if (line.data[0] == 'l') {
        for (size_t at = start; at < line.len; at++) {
            if (nk_slice_starts_with(nk_slice_from(line, at), arrow)) {
                end = at;
                break;
            }
        }
    }
    bool ends_with_mark = has_mark && end > start && strchr(shell_type_marks, line.data[end - 1]);
    return ends_with_mark ? end - 1 : end;
}

static int append_pieces(struct nk_buffer *out, const struct nk_slice *pieces, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = nk_buffer_append(out, pieces[i]);
    return error;
}

static int show_long(const struct shell_show *show, struct nk_slice line, struct nk_buffer *out)
{
    static const struct nk_slice line_end = NK_SLICE("\n");
    const char *colour = show->options.colours ? colour_of_line(line) : NULL;
    if (!colour) {
        const struct nk_slice pieces[] = {line, line_end};
        return append_pieces(out, pieces, NK_ARRAY_LENGTH(pieces));
    }
    size_t start = name_start(line);
    size_t end = name_end(line, start, show->options.has_marks);
    const struct nk_slice pieces[] = {
        nk_slice_first(line, start),
        nk_slice_of_string(colour),
        nk_slice_make(line.data + start, end - start),
        NK_SLICE(PLAIN),
        nk_slice_from(line, end),
        line_end,
    };
    return append_pieces(out, pieces, NK_ARRAY_LENGTH(pieces));
}

/* ---- both ---- */

int shell_show_line(struct shell_show *show, struct nk_slice line, struct nk_buffer *out)
{
    return show->options.is_long ? show_long(show, line, out) : take_name(show, line, out);
}

int shell_show_end(struct shell_show *show, struct nk_buffer *out)
{
    return show->count > 0 ? show_names(show, out) : 0;
}
