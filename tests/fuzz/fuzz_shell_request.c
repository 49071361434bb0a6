/* Requests of the remote shell: any bytes as lines, words, names and paths. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "shell/shell_path.h"
#include "shell/shell_request.h"
#include "shell/shell_text.h"

/* Exactly as much memory as the functions are promised. */
static char *allocate(size_t size)
{
    char *memory = malloc(size > 0 ? size : 1);
    FUZZ_CHECK(memory != NULL);
    return memory;
}

static struct nk_slice copy(struct nk_slice bytes)
{
    char *memory = allocate(bytes.len);
    if (bytes.len > 0)
        memcpy(memory, bytes.data, bytes.len);
    return nk_slice_make(memory, bytes.len);
}

/* ---- names ---- */

/* Every name comes back from the line that it is written on. */
static void check_name(struct nk_slice name)
{
    for (unsigned how = 0; how < 4; how++) {
        char *text = allocate(name.len * SHELL_ESCAPED_MAX);
        const size_t len = shell_text_escape(name, how, text);
        FUZZ_CHECK(len <= name.len * SHELL_ESCAPED_MAX);
        for (size_t i = 0; i < len; i++)
            FUZZ_CHECK((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
        if ((how & SHELL_ESCAPE_MARK) && len > 0)
            FUZZ_CHECK(!strchr(shell_type_marks, text[len - 1]));
        char *back = allocate(len);
        const ssize_t back_len = shell_text_unescape(nk_slice_make(text, len), back);
        FUZZ_CHECK(back_len == (ssize_t)name.len);
        FUZZ_CHECK(nk_slice_equal(name, nk_slice_make(back, name.len)));
        free(back);
        free(text);
    }
}

/* A name that the server has written can be sent back in double quotes. */
static void check_sent_back(struct nk_slice name)
{
    static const char head[] = "cd -- \"";
    const size_t head_len = sizeof(head) - 1;
    char *written = allocate(name.len * SHELL_ESCAPED_MAX);
    const size_t written_len = shell_text_escape(name, SHELL_ESCAPE_NAME, written);
    char *line = allocate(head_len + 2 * written_len + 1);
    size_t len = head_len;
    memcpy(line, head, head_len);
    for (size_t i = 0; i < written_len; i++) {
        if (written[i] == '"')
            line[len++] = '\\';
        line[len++] = written[i];
    }
    line[len++] = '"';
    char *room = allocate(len + 1);
    const char *problem = NULL;
    struct shell_request request;
    FUZZ_CHECK(shell_request_parse(&request, nk_slice_make(line, len), room, &problem) == 0);
    FUZZ_CHECK(request.command == SHELL_COMMAND_CD);
    FUZZ_CHECK(nk_slice_equal(request.argument, name));
    free(room);
    free(line);
    free(written);
}

/* ---- paths ---- */

/* No path leads above the root, and none has more than one form. */
static void check_path(struct nk_slice argument)
{
    static char path[SHELL_PATH_SIZE];
    static char again[SHELL_PATH_SIZE];
    if (shell_path_resolve("/some/where", "/start", argument, path) < 0)
        return;
    const size_t len = strlen(path);
    FUZZ_CHECK(path[0] == '/' && len < SHELL_PATH_SIZE);
    FUZZ_CHECK(len == 1 || path[len - 1] != '/');
    FUZZ_CHECK(!strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../"));
    FUZZ_CHECK(len < 2 || strcmp(path + len - 2, "/.") != 0);
    FUZZ_CHECK(len < 3 || strcmp(path + len - 3, "/..") != 0);
    FUZZ_CHECK(shell_path_resolve("/", "/", nk_slice_of_string(path), again) == 0);
    FUZZ_CHECK(strcmp(path, again) == 0);
}

/* ---- lines ---- */

static void check_line(struct nk_slice line)
{
    const struct nk_slice mine = copy(line);
    char *room = allocate(line.len + 1);
    const char *problem = NULL;
    struct shell_request request = {.command = SHELL_COMMAND_NONE};
    const int error = shell_request_parse(&request, mine, room, &problem);
    FUZZ_CHECK(error == 0 || (error == -EBADMSG && problem != NULL));
    FUZZ_CHECK(!request.word.data || !memchr(request.word.data, '\0', request.word.len));
    if (request.argument.data) {
        FUZZ_CHECK(request.argument.len > 0);
        FUZZ_CHECK(!memchr(request.argument.data, '\0', request.argument.len));
        check_name(request.argument);
        check_path(request.argument);
        check_sent_back(request.argument);
    }
    free(room);
    free((char *)(uintptr_t)mine.data);
    check_name(line);
}

/* What the lines of the input are, when `piece` bytes arrive at a time: the sum of
 * their places and lengths. */
static uint64_t find_lines(struct nk_slice input, size_t limit, size_t piece, bool checks)
{
    uint64_t sum = 0;
    size_t start = 0;
    for (size_t end = piece; start < input.len; end += piece) {
        const size_t here = end < input.len ? end : input.len;
        struct nk_slice line;
        ssize_t taken;
        while ((taken = shell_request_take_line(nk_slice_make(input.data + start, here - start),
                                                limit, &line)) > 0) {
            FUZZ_CHECK((size_t)taken <= limit && line.len < (size_t)taken);
            sum = sum * 31 + start * 7 + line.len;
            if (checks)
                check_line(line);
            start += (size_t)taken;
        }
        if (taken == -EMSGSIZE)
            return sum * 31 + 1;
        FUZZ_CHECK(taken == -EAGAIN);
        if (here == input.len)
            break;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    const size_t limit = size > 0 && data[0] % 4 == 0 ? 1 + data[0] : 16384;
    if (size == 0)
        return 0;
    const uint64_t whole = find_lines(input, limit, size, true);
    FUZZ_CHECK(whole == find_lines(input, limit, 1, false));
    FUZZ_CHECK(whole == find_lines(input, limit, 1 + data[size - 1] % size, false));
    check_line(input); /* also without its end, as with --compat */
    return 0;
}
