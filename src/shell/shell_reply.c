#include "shell/shell_reply.h"

#include <errno.h>

#include "shell/shell_text.h"

/* The first line without its LF; returns what it takes, or -errno. */
static ssize_t take_line(struct nk_slice input, struct nk_slice *line)
{
    size_t end = nk_slice_find(nk_slice_first(input, SHELL_REPLY_LINE_MAX), '\n');
    if (end == NK_SLICE_NOT_FOUND)
        return input.len >= SHELL_REPLY_LINE_MAX ? -EBADMSG : -EAGAIN;
    *line = nk_slice_first(input, end);
    return shell_text_is_visible(*line) ? (ssize_t)end + 1 : -EBADMSG;
}

static struct nk_slice take_word(struct nk_slice *rest)
{
    size_t end = nk_slice_find(*rest, ' ');
    struct nk_slice word = nk_slice_first(*rest, end);
    *rest = end == NK_SLICE_NOT_FOUND ? nk_slice_make(NULL, 0) : nk_slice_from(*rest, end + 1);
    return word;
}

static bool is(struct nk_slice text, const char *expected)
{
    return nk_slice_equal(text, nk_slice_of_string(expected));
}

ssize_t shell_reply_take_greeting(struct nk_slice input, bool *needs_token)
{
    struct nk_slice rest = {NULL, 0};
    ssize_t len = take_line(input, &rest);
    if (len < 0)
        return len;
    if (!is(take_word(&rest), "netkit-shell"))
        return -EBADMSG;
    if (!is(take_word(&rest), "1"))
        return -EPROTONOSUPPORT;
    struct nk_slice need = take_word(&rest);
    if (!is(need, "ready") && !is(need, "token"))
        return -EBADMSG;
    *needs_token = is(need, "token");
    return len;
}

/* Whether the line is `name`, or begins with it and a colon; then *text is the rest. */
static bool is_status(struct nk_slice line, const char *name, struct nk_slice *text)
{
    static const struct nk_slice colon = NK_SLICE(": ");
    size_t len = strlen(name);
    struct nk_slice rest = nk_slice_from(line, len);
    if (!nk_slice_starts_with(line, nk_slice_of_string(name)))
        return false;
    *text = nk_slice_from(rest, colon.len);
    return rest.len == 0 || (nk_slice_starts_with(rest, colon) && text->len > 0);
}

ssize_t shell_reply_take(struct nk_slice input, struct shell_reply *reply)
{
    struct nk_slice line = {NULL, 0};
    struct shell_reply found = {.text = {NULL, 0}};
    ssize_t len = take_line(input, &line);
    if (len < 0)
        return len;
    if (line.len > 0 && line.data[0] == ' ') {
        found.kind = SHELL_REPLY_PAYLOAD;
        found.text = nk_slice_from(line, 1);
    } else if (is(line, "ok")) {
        found.kind = SHELL_REPLY_OK;
    } else if (is_status(line, "error", &found.text) && found.text.len > 0) {
        found.kind = SHELL_REPLY_ERROR;
    } else if (is_status(line, "bye", &found.text)) {
        found.kind = SHELL_REPLY_BYE;
    } else {
        return -EBADMSG;
    }
    *reply = found;
    return len;
}
