/* Answers of the remote shell as a client reads them: any bytes as a greeting, as lines,
 * as names to be shown and to be completed; and any line as one that is being typed. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "shell/shell_completion.h"
#include "shell/shell_reply.h"
#include "shell/shell_request.h"
#include "shell/shell_script.h"
#include "shell/shell_show.h"
#include "shell/shell_text.h"

/* Exactly as much memory as the functions are promised. */
static char *allocate(size_t size)
{
    char *memory = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(memory != NULL);
    return memory;
}

/* ---- answers ---- */

/* Nothing that is shown acts on a terminal. */
static void check_visible(struct nk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
    FUZZ_CHECK(shell_text_is_visible(text));
}

static void show(struct nk_slice line, bool is_long)
{
    static struct shell_show shown;
    struct nk_buffer out;
    const struct shell_show_options options = {
        .is_long = is_long, .has_marks = true, .colours = true, .width = 80};
    nk_buffer_init(&out, SHELL_SHOW_OUT_MAX);
    shell_show_begin(&shown, &options);
    FUZZ_CHECK(shell_show_line(&shown, line, &out) == 0);
    FUZZ_CHECK(shell_show_end(&shown, &out) == 0);
    const struct nk_slice text = nk_buffer_slice(&out);
    FUZZ_CHECK(text.len > 0 && text.data[text.len - 1] == '\n');
    nk_buffer_deinit(&out);
}

/* What the lines of the input are, when `piece` bytes arrive at a time. */
static uint64_t read_answers(struct nk_slice input, size_t piece, bool checks)
{
    uint64_t sum = 0;
    size_t start = 0;
    for (size_t end = piece; start < input.len; end += piece) {
        const size_t here = end < input.len ? end : input.len;
        struct shell_reply reply;
        ssize_t taken;
        while ((taken = shell_reply_take(nk_slice_make(input.data + start, here - start), &reply)) >
               0) {
            FUZZ_CHECK(reply.text.len < (size_t)taken);
            sum = sum * 31 + (uint64_t)reply.kind * 7 + reply.text.len;
            if (checks) {
                check_visible(reply.text);
                show(reply.text, false);
                show(reply.text, true);
            }
            start += (size_t)taken;
        }
        if (taken == -EBADMSG)
            return sum * 31 + 1;
        FUZZ_CHECK(taken == -EAGAIN);
        if (here == input.len)
            break;
    }
    return sum;
}

static void read_greeting(struct nk_slice input)
{
    bool needs_token = false;
    const ssize_t taken = shell_reply_take_greeting(input, &needs_token);
    FUZZ_CHECK(taken > 0 || taken == -EAGAIN || taken == -EBADMSG || taken == -EPROTONOSUPPORT);
    FUZZ_CHECK(taken <= (ssize_t)input.len);
}

/* ---- lines that are typed ---- */

/* The argument of a request that names a place, or an empty slice. */
static struct nk_slice argument_of(struct nk_slice line, char *room)
{
    struct shell_request request = {.command = SHELL_COMMAND_NONE};
    const char *problem = NULL;
    if (shell_request_parse(&request, line, room, &problem) != 0 || !request.argument.data)
        return nk_slice_make("", 0);
    return request.argument;
}

/* The question asks for what the line says. */
static void check_question(const struct shell_completion *completion)
{
    static char out[SHELL_COMPLETION_REQUEST_MAX];
    const size_t len = shell_completion_request(completion, out);
    char *room = allocate(len + 1);
    struct shell_request request;
    const char *problem = NULL;
    FUZZ_CHECK(len <= sizeof(out));
    if (shell_request_parse(&request, nk_slice_make(out, len), room, &problem) == 0) {
        FUZZ_CHECK(request.command == SHELL_COMMAND_LS);
        FUZZ_CHECK(nk_slice_equal(request.ls.prefix, completion->prefix));
        FUZZ_CHECK(nk_slice_equal(request.argument, completion->directory));
    } else {
        FUZZ_CHECK(memchr(completion->prefix.data, '\0', completion->prefix.len) ||
                   memchr(completion->directory.data, '\0', completion->directory.len));
    }
    free(room);
}

/* Once it is typed, a name is the one that the server has listed. */
static void check_candidate(const struct shell_completion *completion, struct nk_slice request,
                            struct nk_slice name)
{
    const size_t head = (size_t)(completion->typed.data - request.data);
    char *line = allocate(head + SHELL_COMPLETION_CANDIDATE_MAX(completion, name));
    char *bytes = allocate(name.len);
    char *room = allocate(head + SHELL_COMPLETION_CANDIDATE_MAX(completion, name) + 1);
    const char *suffix = NULL;
    memcpy(line, request.data, head);
    size_t len = head + shell_completion_candidate(completion, name, line + head, &suffix);
    if (len > head) {
        if (completion->quote)
            line[len++] = completion->quote;
        const struct nk_slice argument = argument_of(nk_slice_make(line, len), room);
        const bool is_directory = name.data[name.len - 1] == '/';
        if (strchr(shell_type_marks, name.data[name.len - 1]))
            name.len--;
        const ssize_t name_len = shell_text_unescape(name, bytes);
        FUZZ_CHECK(name_len > 0);
        const size_t whole = completion->directory.len + (size_t)name_len;
        FUZZ_CHECK(argument.len == whole + (is_directory ? 1 : 0));
        FUZZ_CHECK(memcmp(argument.data + completion->directory.len, bytes, (size_t)name_len) == 0);
    }
    free(room);
    free(bytes);
    free(line);
}

/* The line as the words of one request, and a name to go on with. */
static void complete(struct nk_slice request, struct nk_slice name)
{
    char *memory = allocate(request.len);
    char *closed = allocate(request.len + 1);
    char *room = allocate(request.len + 2);
    struct shell_completion completion;
    if (shell_completion_find(&completion, request, memory) && !completion.is_command) {
        check_question(&completion);
        if (request.len > 0)
            memcpy(closed, request.data, request.len);
        size_t len = request.len;
        if (completion.quote)
            closed[len++] = completion.quote;
        const struct nk_slice argument = argument_of(nk_slice_make(closed, len), room);
        const size_t known = completion.directory.len + completion.prefix.len;
        /* What has no end, or is an option's, is not what is completed here. */
        if (argument.len == known && known > 0 &&
            memcmp(argument.data, completion.directory.data, known) == 0 &&
            !memchr(name.data, '\\', name.len))
            check_candidate(&completion, request, name);
    }
    free(room);
    free(closed);
    free(memory);
}

static void check_script(struct nk_slice script)
{
    const struct nk_slice whole = script;
    struct nk_slice request;
    while (shell_script_next(&script, &request)) {
        FUZZ_CHECK(request.len > 0 && !memchr(request.data, '\n', request.len));
        FUZZ_CHECK(request.data >= whole.data &&
                   request.data + request.len <= whole.data + whole.len);
    }
    FUZZ_CHECK(script.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    if (size == 0)
        return 0;
    read_greeting(input);
    const uint64_t whole = read_answers(input, size, true);
    FUZZ_CHECK(whole == read_answers(input, 1, false));
    FUZZ_CHECK(whole == read_answers(input, 1 + data[size - 1] % size, false));
    check_script(input);
    /* The first line is typed, the rest is a name. */
    const size_t end = nk_slice_find(input, '\n');
    const struct nk_slice line = nk_slice_first(input, end);
    struct nk_slice name =
        end == NK_SLICE_NOT_FOUND ? nk_slice_make("", 0) : nk_slice_from(input, end + 1);
    name = nk_slice_first(name, nk_slice_find(name, '\n'));
    if (name.len > 0 && shell_text_is_visible(name))
        complete(line, name);
    return 0;
}
