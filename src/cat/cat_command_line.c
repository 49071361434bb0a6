#include "cat/cat_command_line.h"

#include <errno.h>

enum argument {
    NO_ARGUMENT,
    ON_OR_OFF,
    FILE_NAME,
};

static const struct {
    struct nk_slice name;
    enum cat_command_kind kind;
    enum argument argument;
} commands[] = {
    {NK_SLICE("status"), CAT_COMMAND_STATUS, NO_ARGUMENT},
    {NK_SLICE("hex"), CAT_COMMAND_HEX, ON_OR_OFF},
    {NK_SLICE("crlf"), CAT_COMMAND_CRLF, ON_OR_OFF},
    {NK_SLICE("send"), CAT_COMMAND_SEND, FILE_NAME},
    {NK_SLICE("close"), CAT_COMMAND_CLOSE, NO_ARGUMENT},
    {NK_SLICE("quit"), CAT_COMMAND_QUIT, NO_ARGUMENT},
    {NK_SLICE("help"), CAT_COMMAND_HELP, NO_ARGUMENT},
};

const char *cat_command_help(void)
{
    return "status        the peer, the bytes both ways, the time\n"
           "hex on|off    show what is moved in hexadecimal\n"
           "crlf on|off   send each end of line as CR LF\n"
           "send FILE     send the contents of a file\n"
           "close         end the sending direction\n"
           "quit          close the connection and leave\n"
           "help          this\n"
           "An empty line goes back to the connection.\n";
}

/* Takes the first word and the blanks around it off the line. */
static struct nk_slice take_word(struct nk_slice *line)
{
    struct nk_slice rest = nk_slice_trim(*line);
    size_t len = 0;
    while (len < rest.len && rest.data[len] != ' ' && rest.data[len] != '\t')
        len++;
    *line = nk_slice_trim(nk_slice_from(rest, len));
    return nk_slice_first(rest, len);
}

/* The index of the one command that begins with `word`, or -1. */
static int find(struct nk_slice word, const char **problem)
{
    int found = -1;
    for (int i = 0; i < (int)NK_ARRAY_LENGTH(commands); i++) {
        if (!nk_slice_starts_with(commands[i].name, word))
            continue;
        if (found >= 0) {
            *problem = "that could be several commands; 'help' lists them";
            return -1;
        }
        found = i;
    }
    if (found < 0)
        *problem = "unknown command; 'help' lists them";
    return found;
}

static int read_switch(struct nk_slice word, bool *on, const char **problem)
{
    static const struct nk_slice words[] = {NK_SLICE("off"), NK_SLICE("on")};
    for (size_t i = 0; i < NK_ARRAY_LENGTH(words); i++) {
        if (nk_slice_equal(word, words[i])) {
            *on = i == 1;
            return 0;
        }
    }
    *problem = "say 'on' or 'off'";
    return -EINVAL;
}

int cat_command_parse(struct nk_slice line, struct cat_command *command, const char **problem)
{
    struct cat_command parsed = {.kind = CAT_COMMAND_RETURN};
    struct nk_slice word = take_word(&line);
    int error = 0;
    if (word.len > 0) {
        int found = find(word, problem);
        if (found < 0)
            return -EINVAL;
        enum argument argument = commands[found].argument;
        parsed.kind = commands[found].kind;
        if (argument == ON_OR_OFF) {
            error = read_switch(line, &parsed.on, problem);
        } else if (argument == FILE_NAME) {
            parsed.file = line;
            *problem = "the name of the file is missing";
            error = line.len > 0 ? 0 : -EINVAL;
        } else if (line.len > 0) {
            *problem = "that command takes no argument";
            error = -EINVAL;
        }
    }
    if (!error)
        *command = parsed;
    return error;
}
