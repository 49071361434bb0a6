/* A file in the format of cat/record.h, read twice over: its two cursors go
 * through it independently of each other. Opening it reads it once to the end, so
 * that a bad file is found before anything is done with it.
 *
 * Blocking; only regular files. One thread at a time.
 */
#ifndef CAT_CAT_RECORDING_H
#define CAT_CAT_RECORDING_H

#include <stdint.h>

#include "cat/record.h"

struct cat_recording;

enum cat_recording_cursor {
    CAT_RECORDING_FIRST,
    CAT_RECORDING_SECOND,
};

struct cat_recording_summary {
    uint64_t chunks[2]; /* by enum record_direction */
    uint64_t bytes[2];
    uint64_t duration; /* ns: the time of the last line */
};

/* What is wrong with a file, for people. */
struct cat_recording_problem {
    const char *text; /* a sentence fragment; NULL = what the error says */
    uint64_t line;    /* where, from 1; 0 = nowhere in particular */
};

/* Opens and checks the file. Returns 0 and *out; or -errno, -EBADMSG when it is no
 * record, and *problem. */
int cat_recording_open(struct cat_recording **out, const char *path,
                       struct cat_recording_problem *problem);

/* NULL is fine. */
void cat_recording_close(struct cat_recording *recording);

const struct cat_recording_summary *cat_recording_summary(const struct cat_recording *recording);

/* The next line. Returns 1 and *event, whose bytes are valid until this cursor goes
 * on; 0 at the end; -errno, -EBADMSG when the file is not any more what it was. */
int cat_recording_next(struct cat_recording *recording, enum cat_recording_cursor cursor,
                       struct record_event *event);

#endif
