/* Where the library says what it noticed. It never prints by itself.
 *
 * The program installs one sink; without one every message is dropped before
 * it is formatted. Messages are single lines without a newline. The sink may
 * be called from any thread, also from several at once.
 */
#ifndef NK_BASE_LOG_H
#define NK_BASE_LOG_H

#include <stdbool.h>

#include "base/attributes.h"

enum nk_log_level {
    NK_LOG_ERROR,   /* something the program asked for did not happen */
    NK_LOG_WARNING, /* a limit was hit, a client was lost */
    NK_LOG_INFO,    /* life of servers: listening, draining, stopped */
    NK_LOG_DEBUG,   /* every connection and every event */
};

typedef void nk_log_sink_fn(void *context, enum nk_log_level level, const char *message);

/* Installs `sink` for messages up to and including `level`; NULL removes it.
 * Call before other threads use the library. `context` is handed back. */
NK_PUBLIC void nk_log_set_sink(nk_log_sink_fn *sink, enum nk_log_level level, void *context);

/* Whether a message of this level would reach the sink. Cheap: one load. */
NK_PUBLIC bool nk_log_enabled(enum nk_log_level level);

/* Formats and delivers; messages above 1,023 bytes are cut, control bytes are
 * replaced by '?' (a peer's bytes may be among them). errno is kept. */
NK_PUBLIC void nk_log(enum nk_log_level level, const char *format, ...) NK_NONNULL(2)
    NK_FORMAT(2, 3);

#endif
