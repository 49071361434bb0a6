#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/error_text.h"

/* Larger than any help text or completion script, so that all of standard
 * output is written by the flush at the end and errno there is its own. */
static char standard_output_buffer[64 * 1024];

/* A line that fits is one write(2), never mixed with another process's. */
static char standard_error_buffer[8 * 1024];

void output_init(void)
{
    setvbuf(stdout, standard_output_buffer, _IOFBF, sizeof standard_output_buffer);
    setvbuf(stderr, standard_error_buffer, _IOFBF, sizeof standard_error_buffer);
}

void output_visible(FILE *out, const char *text)
{
    output_visible_part(out, text, strlen(text));
}

void output_visible_part(FILE *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\x%02x", byte);
        else
            fputc(byte, out);
    }
}

void output_error(const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    flockfile(stderr);
    fputs("netkit: ", stderr);
    output_visible(stderr, text);
    fputc('\n', stderr);
    fflush(stderr);
    funlockfile(stderr);
}

bool output_has_colours(int fd)
{
    const char *refusal = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool is_refused = refusal != NULL && *refusal != '\0';

    return !is_refused && isatty(fd) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

enum exit_status output_finish(void)
{
    char room[NK_ERROR_TEXT_MAX];
    int error;

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return EXIT_STATUS_OK;
    error = errno != 0 ? -errno : -EIO;
    if (error == -EPIPE)
        return EXIT_STATUS_OK;
    output_error("cannot write to standard output: %s", nk_error_text(error, room));
    return EXIT_STATUS_FAILED;
}
