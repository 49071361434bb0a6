#include "shell/shell_request.h"

#include <errno.h>

#include "shell/shell_text.h"

/* Words of a line: every option of ls with a value of its own, and room to spare
 * so that what is wrong can be told. */
#define WORDS_MAX 16

static const struct {
    struct nk_slice name;
    enum shell_command command;
    bool takes_argument;
    bool needs_argument;
} commands[] = {
    {NK_SLICE("pwd"), SHELL_COMMAND_PWD, false, false},
    {NK_SLICE("cd"), SHELL_COMMAND_CD, true, false},
    {NK_SLICE("ls"), SHELL_COMMAND_LS, true, false},
    {NK_SLICE("help"), SHELL_COMMAND_HELP, false, false},
    {NK_SLICE("token"), SHELL_COMMAND_TOKEN, true, true},
    {NK_SLICE("quit"), SHELL_COMMAND_QUIT, false, false},
};

static const char *const help[] = {
    "pwd                      name the directory",
    "cd [DIR | - | ~]         change it: to DIR, back, or to the start",
    "ls [OPTION]... [PATH]    list it, or PATH",
    "     -a          also names that begin with a dot",
    "     -l          type, mode, owner, group, size and time",
    "     -F          mark the type: / directory, @ link, | pipe, = socket, % device",
    "     -p PREFIX   only names that begin so",
    "     -m N        at most N names",
    "help                     this",
    "quit                     end the session",
    "Names with spaces stand in quotes; \\n, \\t, \\\\ and \\xHH are single bytes.",
};

const char *shell_request_help(size_t index)
{
    return index < NK_ARRAY_LENGTH(help) ? help[index] : NULL;
}

ssize_t shell_request_take_line(struct nk_slice input, size_t limit, struct nk_slice *line)
{
    size_t end = nk_slice_find(nk_slice_first(input, limit), '\n');
    if (end == NK_SLICE_NOT_FOUND)
        return input.len >= limit ? -EMSGSIZE : -EAGAIN;
    *line = nk_slice_first(input, end);
    if (end > 0 && input.data[end - 1] == '\r')
        line->len--;
    return (ssize_t)end + 1;
}

/* ---- words ---- */

struct reader {
    struct nk_slice rest;
    char *room; /* where the next byte of a word goes */
    char quote; /* the open one, or 0 */
    const char *problem;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool fail(struct reader *reader, const char *problem)
{
    reader->problem = problem;
    return false;
}

static bool put(struct reader *reader, char byte, size_t consumed)
{
    if (byte == '\0')
        return fail(reader, "no name holds a NUL byte");
    *reader->room++ = byte;
    reader->rest = nk_slice_from(reader->rest, consumed);
    return true;
}

/* Behind a backslash. */
static bool read_escape(struct reader *reader)
{
    struct nk_slice text = nk_slice_from(reader->rest, 1);
    char byte = 0;
    size_t len = shell_text_read_word_escape(text, &byte);
    if (len == 0)
        return fail(reader, "an escape is \\n, \\r, \\t, \\xHH, or a backslash before a backslash, "
                            "a quote or a space");
    return put(reader, byte, 1 + len);
}

/* One byte of a word, or a quote around it. */
static bool read_byte(struct reader *reader)
{
    char byte = reader->rest.data[0];
    bool is_quote = reader->quote ? byte == reader->quote : byte == '\'' || byte == '"';
    if ((unsigned char)byte < ' ' ? byte != '\t' : byte == '\x7f')
        return fail(reader, "a control character has to be written as \\xHH");
    if (is_quote) {
        reader->quote = reader->quote ? 0 : byte;
        reader->rest = nk_slice_from(reader->rest, 1);
        return true;
    }
    if (byte == '\\' && reader->quote != '\'')
        return read_escape(reader);
    return put(reader, byte, 1);
}

static bool read_word(struct reader *reader, struct nk_slice *word)
{
    word->data = reader->room;
    while (reader->rest.len > 0 && (reader->quote || !is_blank(reader->rest.data[0]))) {
        if (!read_byte(reader))
            return false;
    }
    if (reader->quote)
        return fail(reader, "a quotation has no end");
    word->len = (size_t)(reader->room - word->data);
    return true;
}

/* Splits the line into `words`; returns how many, or -EBADMSG. */
static int read_words(struct reader *reader, struct nk_slice *words)
{
    for (int count = 0;; count++) {
        while (reader->rest.len > 0 && is_blank(reader->rest.data[0]))
            reader->rest = nk_slice_from(reader->rest, 1);
        if (reader->rest.len == 0)
            return count;
        if (count == WORDS_MAX) {
            reader->problem = "too many words";
            return -EBADMSG;
        }
        if (!read_word(reader, &words[count]))
            return -EBADMSG;
    }
}

/* ---- what they mean ---- */

static bool word_is(struct nk_slice word, const char *text)
{
    return nk_slice_equal(word, nk_slice_of_string(text));
}

/* The value of the option at the end of `word`: the rest of it, or the next word.
 * Returns NULL when there is none. */
static const struct nk_slice *option_value(struct nk_slice *rest_of_word,
                                           const struct nk_slice *words, int count, int *index)
{
    if (rest_of_word->len > 0)
        return rest_of_word;
    if (*index + 1 == count)
        return NULL;
    *index += 1;
    return &words[*index];
}

/* Reads the letters of one option word of ls. */
static const char *read_options(struct shell_ls_options *options, const struct nk_slice *words,
                                int count, int *index)
{
    const struct {
        char letter;
        bool *flag;
    } flags[] = {{'a', &options->all}, {'l', &options->is_long}, {'F', &options->marks}};
    struct nk_slice letters = nk_slice_from(words[*index], 1);
    while (letters.len > 0) {
        char letter = letters.data[0];
        letters = nk_slice_from(letters, 1);
        bool is_flag = false;
        for (size_t i = 0; i < NK_ARRAY_LENGTH(flags); i++) {
            if (flags[i].letter == letter)
                is_flag = *flags[i].flag = true;
        }
        if (is_flag)
            continue;
        if (letter != 'p' && letter != 'm')
            return "the options of ls are -a, -l, -F, -p PREFIX and -m N";
        const struct nk_slice *value = option_value(&letters, words, count, index);
        if (!value)
            return letter == 'p' ? "-p needs a prefix" : "-m needs a number";
        if (letter == 'p')
            options->prefix = *value;
        else if (nk_slice_parse_decimal(*value, &options->most) < 0)
            return "-m needs a number";
        break;
    }
    return NULL;
}

/* What stands behind the command's name. Returns the problem, or NULL. */
static const char *read_arguments(struct shell_request *request, const struct nk_slice *words,
                                  int count, bool takes_argument)
{
    bool options_ended = request->command == SHELL_COMMAND_TOKEN;
    for (int i = 1; i < count; i++) {
        bool is_option = !options_ended && words[i].len > 1 && words[i].data[0] == '-';
        if (is_option && word_is(words[i], "--")) {
            options_ended = true;
        } else if (is_option && request->command == SHELL_COMMAND_LS) {
            const char *problem = read_options(&request->ls, words, count, &i);
            if (problem)
                return problem;
        } else if (is_option) {
            return "this command has no options; a name that begins with '-' is './-...'";
        } else if (!takes_argument || request->argument.data) {
            return "too many words";
        } else if (words[i].len == 0) {
            return "an empty name";
        } else {
            request->argument = words[i];
        }
    }
    return NULL;
}

/* Returns the problem, or NULL. */
static const char *interpret(struct shell_request *request, const struct nk_slice *words, int count)
{
    if (count == 0)
        return NULL;
    request->word = words[0];
    request->command = SHELL_COMMAND_UNKNOWN;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(commands); i++) {
        if (!nk_slice_equal(commands[i].name, words[0]))
            continue;
        request->command = commands[i].command;
        const char *problem = read_arguments(request, words, count, commands[i].takes_argument);
        if (!problem && commands[i].needs_argument && !request->argument.data)
            problem = "a word is missing";
        return problem;
    }
    return NULL;
}

int shell_request_parse(struct shell_request *out, struct nk_slice line, char *room,
                        const char **problem)
{
    struct nk_slice words[WORDS_MAX];
    struct reader reader = {.rest = line, .room = room};
    struct shell_request request = {.ls.most = UINT64_MAX};
    int count = read_words(&reader, words);
    const char *found = count < 0 ? reader.problem : interpret(&request, words, count);
    if (found) {
        *problem = found;
        return -EBADMSG;
    }
    *out = request;
    return 0;
}
