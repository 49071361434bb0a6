#include "shell/shell_completion.h"

#include "shell/shell_names.h"
#include "shell/shell_path.h"
#include "shell/shell_text.h"

static const struct nk_slice commands[] = {
    NK_SLICE("cd"), NK_SLICE("help"), NK_SLICE("ls"), NK_SLICE("pwd"), NK_SLICE("quit"),
};

/* ---- the line ---- */

/* Reads a line like shell_request.c does, but to where it breaks off. */
struct reader {
    struct nk_slice line;
    size_t at;
    char *room;
    size_t len; /* bytes in `room` */
    char quote; /* the open one, or 0 */
    bool is_in_word;
    size_t word;             /* which one it is of its request */
    size_t word_start;       /* in the line */
    size_t word_text;        /* in `room` */
    size_t part_start;       /* behind the last '/' of the word, in the line */
    size_t part_text;        /* in `room` */
    struct nk_slice command; /* the first word */
};

static void begin_word(struct reader *reader)
{
    reader->is_in_word = true;
    reader->word_start = reader->part_start = reader->at;
    reader->word_text = reader->part_text = reader->len;
}

static void end_word(struct reader *reader)
{
    if (reader->is_in_word && reader->word == 0)
        reader->command = nk_slice_make(reader->room, reader->len);
    if (reader->is_in_word)
        reader->word++;
    reader->is_in_word = false;
}

static void begin_request(struct reader *reader)
{
    end_word(reader);
    reader->word = 0;
    reader->len = 0;
}

static void put(struct reader *reader, char byte, size_t taken)
{
    reader->room[reader->len++] = byte;
    reader->at += taken;
    if (byte != '/')
        return;
    reader->part_start = reader->at;
    reader->part_text = reader->len;
}

/* Returns false for one that is not complete or does not exist. */
static bool read_escape(struct reader *reader)
{
    struct nk_slice text = nk_slice_from(reader->line, reader->at + 1);
    char byte = 0;
    size_t len = shell_text_read_word_escape(text, &byte);
    if (len > 0)
        put(reader, byte, 1 + len);
    return len > 0;
}

static bool read_byte(struct reader *reader)
{
    char byte = reader->line.data[reader->at];
    bool is_blank = byte == ' ' || byte == '\t';
    if (!reader->quote && (is_blank || byte == ';')) {
        if (byte == ';')
            begin_request(reader);
        end_word(reader);
        reader->at++;
        return true;
    }
    if (!reader->is_in_word)
        begin_word(reader);
    if (byte == '\\' && reader->quote != '\'')
        return read_escape(reader);
    if (reader->quote ? byte == reader->quote : byte == '\'' || byte == '"') {
        reader->quote = reader->quote ? 0 : byte;
        reader->at++;
        /* The quote that opens a part does not belong to what is typed of it. */
        if (reader->part_text == reader->len)
            reader->part_start = reader->at;
        return true;
    }
    put(reader, byte, 1);
    return true;
}

bool shell_completion_find(struct shell_completion *out, struct nk_slice line, char *room)
{
    struct reader reader = {.line = line, .room = room};
    while (reader.at < line.len) {
        if (!read_byte(&reader))
            return false;
    }
    if (!reader.is_in_word)
        begin_word(&reader);
    const char *text = room + reader.word_text;
    *out = (struct shell_completion){
        .is_command = reader.word == 0,
        .is_directory = nk_slice_equal(reader.command, commands[0]),
        .quote = reader.quote,
        .typed = nk_slice_from(line, reader.part_start),
        .directory = nk_slice_make(text, reader.part_text - reader.word_text),
        .prefix = nk_slice_make(room + reader.part_text, reader.len - reader.part_text),
    };
    if (out->is_command)
        return !reader.quote && out->directory.len == 0;
    bool is_option = reader.word_start < line.len && line.data[reader.word_start] == '-';
    bool takes_names = out->is_directory || nk_slice_equal(reader.command, commands[2]);
    return takes_names && !is_option && reader.len - reader.word_text < SHELL_PATH_SIZE;
}

size_t shell_completion_commands(const struct shell_completion *completion, struct nk_slice *names,
                                 size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(commands) && count < most; i++) {
        if (nk_slice_starts_with(commands[i], completion->prefix))
            names[count++] = commands[i];
    }
    return count;
}

/* ---- the question ---- */

static size_t append_text(char *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

static size_t append_quoted(char *out, struct nk_slice bytes)
{
    char escaped[SHELL_ESCAPED_MAX * SHELL_PATH_SIZE];
    size_t len = shell_text_escape(bytes, SHELL_ESCAPE_NAME, escaped);
    return shell_text_quote(nk_slice_make(escaped, len), out);
}

_Static_assert(SHELL_COMPLETION_REQUEST_MAX > 64 + 2 * SHELL_ESCAPED_MAX * SHELL_PATH_SIZE,
               "the longest path, every byte escaped, fits");

size_t shell_completion_request(const struct shell_completion *completion,
                                char out[static SHELL_COMPLETION_REQUEST_MAX])
{
    bool is_hidden = completion->prefix.len > 0 && completion->prefix.data[0] == '.';
    /* One more than are shown tells that there are more. */
    size_t len = (size_t)snprintf(out, SHELL_COMPLETION_REQUEST_MAX, "ls -F -m %d%s",
                                  SHELL_COMPLETION_NAMES_MAX + 1, is_hidden ? " -a" : "");
    if (completion->prefix.len > 0) {
        len += append_text(out + len, " -p ");
        len += append_quoted(out + len, completion->prefix);
    }
    if (completion->directory.len > 0) {
        len += append_text(out + len, " -- ");
        len += append_quoted(out + len, completion->directory);
    }
    return len;
}

/* ---- the candidates ---- */

/* A byte of a name, or the escape for one, as it stands behind an open quote. Returns
 * the length. */
static size_t write_unit(char quote, struct nk_slice unit, char *out)
{
    char byte = unit.data[0];
    size_t len = 0;
    if (quote == '\'' && (unit.len > 1 || byte == '\'')) {
        /* Nothing means anything in such a quotation: it is left for a moment. */
        out[len++] = quote;
        len += write_unit(0, unit, out + len);
        out[len++] = quote;
        return len;
    }
    if (byte == ';' && !quote)
        return append_text(out, "\\x3b");
    bool is_special = byte == '"' ? quote != '\'' : !quote && (byte == ' ' || byte == '\'');
    if (is_special)
        out[len++] = '\\';
    memcpy(out + len, unit.data, unit.len);
    return len + unit.len;
}

/* The same for bytes that shell_text_escape has written. */
static size_t write_typed(char quote, struct nk_slice text, char *out)
{
    size_t len = 0;
    while (text.len > 0) {
        size_t unit = 1;
        char ignored;
        if (text.data[0] == '\\')
            unit += shell_text_read_escape(nk_slice_from(text, 1), &ignored);
        len += write_unit(quote, nk_slice_first(text, unit), out + len);
        text = nk_slice_from(text, unit);
    }
    return len;
}

static const char *suffix_for(char quote)
{
    if (!quote)
        return " ";
    return quote == '"' ? "\" " : "' ";
}

size_t shell_completion_candidate(const struct shell_completion *completion, struct nk_slice name,
                                  char *out, const char **suffix)
{
    char bytes[SHELL_NAME_MAX * SHELL_ESCAPED_MAX];
    char escaped[SHELL_NAME_MAX * SHELL_ESCAPED_MAX];
    bool has_mark = name.len > 0 && strchr(shell_type_marks, name.data[name.len - 1]);
    char mark = has_mark ? name.data[name.len - 1] : 0;
    name.len -= has_mark ? 1 : 0;
    ssize_t len = name.len <= sizeof(bytes) ? shell_text_unescape(name, bytes) : -1;
    if (len <= 0 || len > (ssize_t)SHELL_NAME_MAX)
        return 0;
    struct nk_slice whole = nk_slice_make(bytes, (size_t)len);
    bool may_be_entered = mark == '/' || mark == '@';
    if (!nk_slice_starts_with(whole, completion->prefix) ||
        (completion->is_directory && !may_be_entered))
        return 0;
    struct nk_slice rest = nk_slice_from(whole, completion->prefix.len);
    rest = nk_slice_make(escaped, shell_text_escape(rest, SHELL_ESCAPE_NAME, escaped));
    size_t written = completion->typed.len;
    if (written > 0)
        memcpy(out, completion->typed.data, written);
    written += write_typed(completion->quote, rest, out + written);
    if (mark == '/')
        out[written++] = mark;
    /* A link may lead to a directory: then a '/' comes next. */
    *suffix = may_be_entered ? "" : suffix_for(completion->quote);
    return written;
}
