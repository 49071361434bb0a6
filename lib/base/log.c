#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

/* 1,023 bytes and the NUL. On the stack, so that logging never allocates. */
#define MESSAGE_SIZE 1024

#define NO_SINK (-1)

/* The level is read on every call from every thread; sink and context only
 * once it has let the message through. */
static _Atomic int most_verbose = NO_SINK;
static nk_log_sink_fn *installed_sink;
static void *installed_context;

void nk_log_set_sink(nk_log_sink_fn *sink, enum nk_log_level level, void *context)
{
    atomic_store(&most_verbose, NO_SINK);
    installed_sink = sink;
    installed_context = context;
    if (sink)
        atomic_store(&most_verbose, (int)level);
}

bool nk_log_enabled(enum nk_log_level level)
{
    return (int)level <= atomic_load_explicit(&most_verbose, memory_order_acquire);
}

/* What a peer sent may be part of a message. It must not be able to begin a
 * line of its own or to speak to the terminal. */
static void replace_control_bytes(char *message)
{
    for (char *byte = message; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == '\x7f')
            *byte = '?';
}

void nk_log(enum nk_log_level level, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    int saved_errno = errno;
    va_list arguments;

    if (!nk_log_enabled(level))
        return;

    va_start(arguments, format);
    int len = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (len >= 0) {
        replace_control_bytes(message);
        installed_sink(installed_context, level, message);
    }
    errno = saved_errno;
}
