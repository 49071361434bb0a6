/* What is typed: from keys to what each means.
 *
 * libedit is given one whole key at a time and does one command with it
 * (EL_UNBUFFERED). Commands that would read further keys while they run (incremental
 * search, M-x, numeric arguments) cannot be had that way and are not bound.
 */
#include <errno.h>
#include <unistd.h>

#include "terminal/line_editor_private.h"

/* Characters of a line. A longer one takes no more of them. */
#define LINE_MAX_LENGTH 65536

#define CONTROL(letter) ((letter)&0x1f)
#define DELETE 0x7f

/* ---- libedit's side ---- */

static struct line_editor *editor_of(EditLine *edit)
{
    struct line_editor *editor = NULL;
    el_wget(edit, EL_CLIENTDATA, &editor);
    return editor;
}

/* An el_rfunc_t. */
static int read_key(EditLine *edit, wchar_t *key)
{
    struct line_editor *editor = editor_of(edit);
    if (editor->key_left == 0)
        return -1;
    editor->key_left--;
    *key = *editor->key++;
    return 1;
}

static void give_key(struct line_editor *editor, const wchar_t *key, size_t len)
{
    int count;
    editor->key = key;
    editor->key_left = len;
    (void)el_wgets(editor->edit, &count);
    editor->key_left = 0;
}

static unsigned char erase(EditLine *edit, wint_t key)
{
    (void)edit;
    (void)key;
    return CC_REDISPLAY;
}

/* libedit's way out of a fatal error happens to be a new line without side effects. */
static unsigned char start_over(EditLine *edit, wint_t key)
{
    (void)edit;
    (void)key;
    return CC_FATAL;
}

void editor_do(struct line_editor *editor, enum editor_command command)
{
    const wchar_t key = (wchar_t)command;
    give_key(editor, &key, 1);
}

/* All escape sequences there are for us. libedit reads on behind one that it does not
 * know, and takes what follows for text. */
static const struct {
    const wchar_t *key;
    const wchar_t *command;
} sequences[] = {
    {L"\033[A", L"ed-prev-history"},
    {L"\033[B", L"ed-next-history"},
    {L"\033[C", L"ed-next-char"},
    {L"\033[D", L"ed-prev-char"},
    {L"\033[H", L"ed-move-to-beg"},
    {L"\033[F", L"ed-move-to-end"},
    {L"\033OA", L"ed-prev-history"},
    {L"\033OB", L"ed-next-history"},
    {L"\033OC", L"ed-next-char"},
    {L"\033OD", L"ed-prev-char"},
    {L"\033OH", L"ed-move-to-beg"},
    {L"\033OF", L"ed-move-to-end"},
    {L"\033[1~", L"ed-move-to-beg"},
    {L"\033[3~", L"ed-delete-next-char"},
    {L"\033[4~", L"ed-move-to-end"},
    {L"\033[5~", L"ed-search-prev-history"},
    {L"\033[6~", L"ed-search-next-history"},
    {L"\033[7~", L"ed-move-to-beg"},
    {L"\033[8~", L"ed-move-to-end"},
    {L"\033[1;5C", L"em-next-word"},
    {L"\033[1;5D", L"ed-prev-word"},
    {L"\033[1;3C", L"em-next-word"},
    {L"\033[1;3D", L"ed-prev-word"},
    {L"\033b", L"ed-prev-word"},
    {L"\033f", L"em-next-word"},
    {L"\033d", L"em-delete-next-word"},
    {L"\033\177", L"ed-delete-prev-word"},
    {L"\033\b", L"ed-delete-prev-word"},
    {L"\033c", L"em-capitol-case"},
    {L"\033l", L"em-lower-case"},
    {L"\033u", L"em-upper-case"},
    {L"\033p", L"ed-search-prev-history"},
    {L"\033n", L"ed-search-next-history"},
};

static bool is_unknown_sequence(const struct key *key)
{
    if (key->len == 1)
        return false;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sequences); i++) {
        if (key->len <= KEY_MAX && wcscmp(sequences[i].key, key->characters) == 0)
            return false;
    }
    return true;
}

static void bind_keys(EditLine *edit)
{
    static const struct {
        const wchar_t *key;
        const wchar_t *command;
    } single[] = {
        {L"\x80", L"netkit-erase"},
        {L"\x81", L"netkit-start-over"},
        {L"^I", L"ed-insert"},
        {L"^R", L"ed-search-prev-history"},
        {L"^@", L"em-set-mark"},
        /* These would read on, or have no use here. */
        {L"^S", L"ed-ignore"},
        {L"^V", L"ed-ignore"},
        {L"^X", L"ed-ignore"},
    };
    for (size_t i = 0; i < NK_ARRAY_LENGTH(single); i++)
        el_wset(edit, EL_BIND, single[i].key, single[i].command, NULL);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(sequences); i++)
        el_wset(edit, EL_BIND, sequences[i].key, sequences[i].command, NULL);
}

int editor_set_up_keys(struct line_editor *editor)
{
    EditLine *edit = editor->edit;
    if (el_wset(edit, EL_GETCFN, read_key) != 0 ||
        el_wset(edit, EL_ADDFN, L"netkit-erase", L"Redraw", erase) != 0 ||
        el_wset(edit, EL_ADDFN, L"netkit-start-over", L"New line", start_over) != 0)
        return -ENOMEM;
    bind_keys(edit);
    return 0;
}

/* ---- lines ---- */

char *editor_text(const wchar_t *from, const wchar_t *to, size_t *len)
{
    char *text = malloc((size_t)(to - from) * MB_CUR_MAX + 1);
    mbstate_t state = {0};
    *len = 0;
    if (!text)
        return NULL;
    for (; from < to; from++) {
        size_t bytes = wcrtomb(text + *len, *from, &state);
        *len += bytes == (size_t)-1 ? 0 : bytes;
    }
    text[*len] = '\0';
    return text;
}

static bool is_empty(const struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    return line->lastchar == line->buffer;
}

wchar_t *editor_copy(const wchar_t *from, const wchar_t *to)
{
    size_t len = (size_t)(to - from);
    wchar_t *copy = calloc(len + 1, sizeof(*copy));
    if (copy)
        wmemcpy(copy, from, len);
    return copy;
}

/* Whether the line answers a question for a password, a passphrase, a passcode: a file
 * is no place for that. */
static bool is_secret(const struct line_editor *editor)
{
    static const struct nk_slice word = NK_SLICE("pass");
    struct nk_slice question = partial_line_bytes(&editor->partial);
    for (; question.len >= word.len; question = nk_slice_from(question, 1)) {
        if (nk_slice_equal_ignoring_case(nk_slice_first(question, word.len), word))
            return !editor->is_aside;
    }
    return false;
}

static void remember(struct line_editor *editor, const wchar_t *from, const wchar_t *to)
{
    wchar_t *copy = is_secret(editor) ? NULL : editor_copy(from, to);
    if (copy)
        line_history_add(editor->is_aside ? &editor->aside_history : &editor->history, copy);
    free(copy);
}

/* libedit has left its line on the screen and gone to the next row. */
static void deliver_line(struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    const wchar_t *line_end = line->lastchar - 1; /* libedit has added a newline */
    size_t len;
    char *text = editor_text(line->buffer, line_end, &len);
    remember(editor, line->buffer, line_end);
    if (!editor->is_aside)
        partial_line_clear(&editor->partial);
    editor->hidden++;
    terminal_output_mute(&editor->output, true);
    editor_do(editor, EDITOR_START_OVER);
    if (text)
        editor->options.on_line(editor->options.context, nk_slice_make(text, len));
    free(text);
    if (!editor->is_freed)
        line_editor_show(editor);
}

/* ---- keys of ours ---- */

static void interrupt(struct line_editor *editor)
{
    bool had_text = !is_empty(editor);
    editor_hide(editor);
    editor_do(editor, EDITOR_START_OVER);
    editor->options.on_interrupt(editor->options.context, had_text);
    if (!editor->is_freed)
        line_editor_show(editor);
}

static void escape(struct line_editor *editor)
{
    editor->options.on_escape(editor->options.context);
}

static void end(struct line_editor *editor)
{
    editor->options.on_end(editor->options.context);
}

static void complete(struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    size_t len;
    char *text = editor_text(line->buffer, line->cursor, &len);
    free(editor->completed);
    editor->completed = text;
    if (text)
        editor->options.on_complete(editor->options.context, nk_slice_make(text, len));
}

static void quote(struct line_editor *editor)
{
    editor->is_quoting = true;
}

static void ignore(struct line_editor *editor)
{
    el_beep(editor->edit);
    fflush(editor->output.stream);
}

/* The key behind ^V, whatever it is, but neither of the two that end things. */
static void insert_quoted(struct line_editor *editor, const struct key *key)
{
    editor->is_quoting = false;
    if (key->characters[0] == L'\0' || key->characters[0] == L'\n') {
        ignore(editor);
        return;
    }
    editor_hide(editor);
    el_winsertstr(editor->edit, key->characters);
    line_editor_show(editor);
}

static bool is_full(const struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    return line->lastchar - line->buffer >= LINE_MAX_LENGTH;
}

typedef void key_fn(struct line_editor *editor);

/* What we do with a key ourselves; NULL = libedit knows. */
static key_fn *function_of(const struct line_editor *editor, wchar_t key)
{
    const struct line_editor_options *options = &editor->options;
    if (key == CONTROL('C') && options->on_interrupt)
        return interrupt;
    if (key == CONTROL('D') && is_empty(editor))
        return end;
    if (key == CONTROL(']') && options->on_escape && !editor->is_aside)
        return escape;
    if (key == CONTROL('I') && editor->is_aside)
        return ignore;
    if (key == CONTROL('I') && options->on_complete)
        return complete;
    if (key == CONTROL('V'))
        return quote;
    bool is_text = key >= L' ' && key != DELETE;
    bool is_command = key >= 0x80 && key < 0xa0;
    return is_command || (is_text && is_full(editor)) ? ignore : NULL;
}

/* ---- the flow of keys ---- */

/* Returns whether there was a whole key. */
static bool take_key(struct line_editor *editor)
{
    struct key key;
    if (!key_input_next(&editor->keys, &key))
        return false;
    wchar_t character = key.characters[0];
    key_fn *function = is_unknown_sequence(&key) ? ignore : function_of(editor, character);
    if (editor->is_quoting) {
        insert_quoted(editor, &key);
    } else if (function) {
        function(editor);
    } else {
        give_key(editor, key.characters, key.len);
        if (character == L'\n' || character == L'\r')
            deliver_line(editor);
    }
    return true;
}

/* Everything up to ^] is the peer's. */
static void take_raw(struct line_editor *editor)
{
    struct nk_slice bytes = key_input_bytes(&editor->keys);
    size_t stop =
        editor->options.on_escape ? nk_slice_find(bytes, CONTROL(']')) : NK_SLICE_NOT_FOUND;
    bytes = nk_slice_first(bytes, stop);
    if (bytes.len > 0)
        editor->options.on_keys(editor->options.context, bytes);
    if (editor->is_freed)
        return;
    bool has_escaped = stop != NK_SLICE_NOT_FOUND;
    key_input_drop(&editor->keys, bytes.len + (has_escaped ? 1 : 0));
    if (has_escaped)
        escape(editor);
}

void editor_take_keys(struct line_editor *editor)
{
    bool may_go_on = true;
    if (editor->is_taking)
        return;
    editor->is_taking = true;
    while (may_go_on && !editor->is_freed && !editor->is_paused &&
           key_input_bytes(&editor->keys).len > 0) {
        if (editor_has_line(editor))
            may_go_on = take_key(editor);
        else
            take_raw(editor);
    }
    editor->is_taking = false;
}

void editor_want_input(struct line_editor *editor)
{
    bool wants = editor->has_input && !editor->is_paused && !editor->is_suspended;
    nk_channel_want(&editor->input, wants ? NK_READ : 0);
}

static void hang_up(struct line_editor *editor)
{
    editor->has_input = false;
    editor_want_input(editor);
    end(editor);
}

void editor_on_input(struct nk_channel *channel, unsigned events)
{
    (void)events;
    struct line_editor *editor = nk_container_of(channel, struct line_editor, input);
    char bytes[1024];
    ssize_t got;
    do {
        got = read(channel->fd, bytes, sizeof(bytes));
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        hang_up(editor);
        return;
    }
    /* Only keys that lack their end can be waiting, and those are short. */
    if (key_input_add(&editor->keys, nk_slice_make(bytes, (size_t)got)) != 0)
        ignore(editor);
    editor_take_keys(editor);
}
