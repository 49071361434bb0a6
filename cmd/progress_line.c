#include "progress_line.h"

#include <string.h>
#include <sys/ioctl.h>

#define USUAL_WIDTH 80

/* A line that fills the last column wraps on some terminals. */
static size_t usable_columns(FILE *out)
{
    struct winsize size;
    int width = USUAL_WIDTH;

    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        width = size.ws_col;
    return (size_t)width - 1;
}

/* Blanks over the rest of what was there work on every terminal. */
void progress_line_show(struct progress_line *line, FILE *out, const char *text)
{
    size_t columns = usable_columns(out);
    size_t len = strlen(text) < columns ? strlen(text) : columns;
    size_t before = line->len < columns ? line->len : columns;
    size_t width = len > before ? len : before;

    fprintf(out, "\r%-*.*s", (int)width, (int)len, text);
    fflush(out);
    line->len = len;
}

void progress_line_clear(struct progress_line *line, FILE *out)
{
    if (line->len == 0)
        return;
    progress_line_show(line, out, "");
    fputc('\r', out);
    line->len = 0;
}
