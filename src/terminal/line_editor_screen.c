/* What the line editor shows: hiding, printing and drawing again.
 *
 * libedit draws by comparing with what it believes to be on the screen, and offers no
 * way to take its line away. Two things make one: while it redraws, it asks for the
 * prompt after it has cleared the rows and before it draws the first character, and
 * from then on its output is dropped; and a refresh draws everything anew at the
 * cursor, wherever that is.
 */
#include "terminal/completion_text.h"
#include "terminal/line_editor_private.h"

/* Everything that fits a large screen. */
#define LISTING_MAX 65536

/* How long somebody else who wants to print waits for the terminal; milliseconds. */
#define HIDE_PATIENCE 100

/* ---- the prompt ---- */

static void append_prompt(struct line_editor *editor, size_t len)
{
    const char *prompt =
        editor->options.prompt ? editor->options.prompt(editor->options.context) : NULL;
    mbstate_t state = {0};
    if (!prompt)
        return;
    size_t room = EDITOR_PROMPT_MAX - 1 - len;
    size_t added = mbsrtowcs(editor->prompt + len, &prompt, room, &state);
    editor->prompt[added == (size_t)-1 ? len : len + added] = L'\0';
}

wchar_t *editor_prompt(EditLine *edit)
{
    struct line_editor *editor = NULL;
    el_wget(edit, EL_CLIENTDATA, &editor);
    editor->prompt[0] = L'\0';
    if (editor->is_erasing) {
        terminal_output_mute(&editor->output, true);
        return editor->prompt;
    }
    size_t len = 0;
    if (!editor->is_aside)
        len = partial_line_show(&editor->partial, editor->prompt, PARTIAL_LINE_MAX + 1);
    append_prompt(editor, len);
    return editor->prompt;
}

/* ---- hiding ---- */

void editor_hide(struct line_editor *editor)
{
    if (editor->hidden++ > 0)
        return;
    editor->is_erasing = true;
    editor_do(editor, EDITOR_ERASE);
    editor->is_erasing = false;
    terminal_output_mute(&editor->output, true);
}

void line_editor_hide(struct line_editor *editor)
{
    editor_hide(editor);
    terminal_output_finish(&editor->output, HIDE_PATIENCE);
}

void line_editor_show(struct line_editor *editor)
{
    if (--editor->hidden > 0)
        return;
    terminal_output_mute(&editor->output, false);
    el_wset(editor->edit, EL_REFRESH);
    fflush(editor->output.stream);
}

/* ---- printing ---- */

static void write_piece(void *context, struct nk_slice bytes)
{
    struct line_editor *editor = context;
    terminal_output_write(&editor->output, bytes);
}

void line_editor_print(struct line_editor *editor, struct nk_slice bytes)
{
    if (bytes.len == 0)
        return;
    if (!editor_has_line(editor)) {
        editor->is_mid_row = bytes.data[bytes.len - 1] != '\n';
        terminal_output_write(&editor->output, bytes);
        return;
    }
    editor_hide(editor);
    partial_line_take(&editor->partial, bytes, write_piece, editor);
    line_editor_show(editor);
}

bool line_editor_is_full(const struct line_editor *editor)
{
    return terminal_output_is_full(&editor->output);
}

bool line_editor_is_drained(const struct line_editor *editor)
{
    return terminal_output_is_empty(&editor->output);
}

/* ---- completion ---- */

/* Whether the text before the cursor is still what it was when Tab was typed. */
static bool is_still_completing(const struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    size_t len;
    char *text = editor_text(line->buffer, line->cursor, &len);
    bool is_same = text && editor->completed && strcmp(text, editor->completed) == 0;
    free(text);
    return is_same;
}

static void insert(struct line_editor *editor, struct nk_slice text, const char *suffix)
{
    size_t size = text.len + strlen(suffix) + 1;
    char *bytes = malloc(size);
    wchar_t *wide = calloc(size, sizeof(*wide));
    if (bytes && wide) {
        snprintf(bytes, size, "%.*s%s", (int)text.len, text.data ? text.data : "", suffix);
        if (mbstowcs(wide, bytes, size) < size)
            el_winsertstr(editor->edit, wide);
    }
    free(bytes);
    free(wide);
}

static void write_wide(struct line_editor *editor, const wchar_t *from, const wchar_t *to)
{
    size_t len;
    char *text = editor_text(from, to, &len);
    struct nk_slice rest = nk_slice_make(text, text ? len : 0);
    while (rest.len > 0) {
        size_t end = nk_slice_find(rest, '\1'); /* marks what takes no room */
        terminal_output_write(&editor->output, nk_slice_first(rest, end));
        rest = end == NK_SLICE_NOT_FOUND ? nk_slice_make(NULL, 0) : nk_slice_from(rest, end + 1);
    }
    free(text);
}

/* The line stays on the screen as it is, and will be drawn again below. */
static void leave_line(struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    const wchar_t *prompt = editor_prompt(editor->edit);
    write_wide(editor, prompt, prompt + wcslen(prompt));
    write_wide(editor, line->buffer, line->lastchar);
    terminal_output_write(&editor->output, nk_slice_make("\n", 1));
}

static void list(struct line_editor *editor, const struct nk_slice *candidates, size_t count)
{
    struct nk_buffer listing;
    int width = 0;
    nk_buffer_init(&listing, LISTING_MAX);
    if (el_get(editor->edit, EL_GETTC, "co", &width) != 0 || width < 1)
        width = 80;
    /* What does not fit is left out; nobody reads that many. */
    int error = completion_columns(&listing, candidates, count, (size_t)width);
    if (error)
        el_beep(editor->edit);
    leave_line(editor);
    terminal_output_write(&editor->output, nk_buffer_slice(&listing));
    nk_buffer_deinit(&listing);
}

void line_editor_complete(struct line_editor *editor, size_t word_len,
                          const struct nk_slice *candidates, size_t count, const char *suffix)
{
    if (count == 0 || !is_still_completing(editor))
        return;
    size_t common = completion_common(candidates, count);
    struct nk_slice whole = nk_slice_first(candidates[0], common);
    struct nk_slice missing = nk_slice_from(whole, word_len);
    editor_hide(editor);
    if (missing.len > 0 || count == 1)
        insert(editor, missing, count == 1 ? suffix : "");
    else
        list(editor, candidates, count);
    line_editor_show(editor);
    free(editor->completed);
    editor->completed = NULL;
}

/* ---- modes ---- */

void editor_apply_mode(struct line_editor *editor)
{
    if (!editor_has_line(editor))
        terminal_settings_change(&editor->settings, TERMINAL_RAW);
    else if (editor->is_paused)
        terminal_settings_change(&editor->settings, TERMINAL_WAITS);
    else
        terminal_settings_change(&editor->settings, TERMINAL_EDITS);
}

/* The prompt that was begun becomes ordinary text on the screen. */
static void print_partial(struct line_editor *editor)
{
    editor->is_mid_row = partial_line_bytes(&editor->partial).len > 0;
    terminal_output_write(&editor->output, partial_line_bytes(&editor->partial));
    partial_line_clear(&editor->partial);
}

void editor_end_row(struct line_editor *editor)
{
    if (editor->is_mid_row)
        terminal_output_write(&editor->output, nk_slice_make("\r\n", 2));
    editor->is_mid_row = false;
}

void line_editor_set_raw(struct line_editor *editor, bool raw)
{
    if (editor->is_raw == raw || !editor->options.on_keys)
        return;
    if (editor->is_aside) {
        editor->is_raw = raw; /* takes effect when the line is taken up */
        return;
    }
    if (raw) {
        editor_hide(editor);
        print_partial(editor);
    }
    editor->is_raw = raw;
    editor_apply_mode(editor);
    if (!raw) {
        editor_end_row(editor);
        line_editor_show(editor);
    }
}
