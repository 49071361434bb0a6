#include "shell/shell_script.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct nk_slice skip_blanks(struct nk_slice text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = nk_slice_from(text, 1);
    return text;
}

/* Bytes up to the ';' or the end of line that ends the request; a quotation does not
 * reach into the next line, because no request does. */
static size_t find_end(struct nk_slice text)
{
    char quote = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '\n' || (byte == ';' && !quote))
            return i;
        if (byte == '\\' && quote != '\'' && i + 1 < text.len && text.data[i + 1] != '\n')
            i++;
        else if (quote ? byte == quote : byte == '\'' || byte == '"')
            quote = quote ? 0 : byte;
    }
    return text.len;
}

/* A blank behind a backslash belongs to a name. */
static struct nk_slice without_blanks_behind(struct nk_slice text)
{
    while (text.len > 0 && is_blank(text.data[text.len - 1]) &&
           (text.len < 2 || text.data[text.len - 2] != '\\'))
        text.len--;
    return text;
}

bool shell_script_next(struct nk_slice *script, struct nk_slice *request)
{
    while (script->len > 0) {
        struct nk_slice text = skip_blanks(*script);
        bool is_comment = text.len > 0 && text.data[0] == '#';
        size_t end = is_comment ? nk_slice_find(text, '\n') : find_end(text);
        struct nk_slice found = nk_slice_first(text, end);
        *script = end < text.len ? nk_slice_from(text, end + 1) : nk_slice_make(NULL, 0);
        /* Scripts of other systems end their lines with CR LF. */
        if (found.len > 0 && found.data[found.len - 1] == '\r')
            found.len--;
        found = without_blanks_behind(found);
        if (found.len > 0 && !is_comment) {
            *request = found;
            return true;
        }
    }
    return false;
}
