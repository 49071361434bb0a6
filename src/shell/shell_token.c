#include "shell/shell_token.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* As much as there is room for, at most to the end of the first line: a pipe may bring it
 * in pieces. */
static ssize_t read_line(int file, char *bytes, size_t size)
{
    size_t len = 0;
    while (len < size && !memchr(bytes, '\n', len)) {
        ssize_t got = read(file, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static ssize_t read_file(const char *path, char *bytes, size_t size)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return -errno;
    ssize_t len = read_line(file, bytes, size);
    if (fstat(file, &status) == 0 && (status.st_mode & S_IROTH))
        nk_log(NK_LOG_WARNING, "everybody on this machine can read the token in '%s'", path);
    close(file);
    return len;
}

int shell_token_read(struct shell_token *token, const char *path)
{
    char bytes[SHELL_TOKEN_MAX + 2]; /* the line may end with CR LF */
    ssize_t len = read_file(path, bytes, sizeof(bytes));
    if (len < 0)
        return (int)len;
    struct nk_slice line = nk_slice_make(bytes, (size_t)len);
    line = nk_slice_first(line, nk_slice_find(line, '\n'));
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return -ENODATA;
    if (line.len > sizeof(token->bytes))
        return -EMSGSIZE;
    memcpy(token->bytes, line.data, line.len);
    token->len = line.len;
    return 0;
}

bool shell_token_matches(const struct shell_token *token, struct nk_slice given)
{
    /* volatile: the compiler may not stop at the first difference. */
    volatile size_t difference = token->len ^ given.len;
    for (size_t i = 0; i < given.len; i++) {
        size_t place = i < token->len ? i : 0;
        difference |= (size_t)(unsigned char)(token->bytes[place] ^ given.data[i]);
    }
    return difference == 0;
}
