/* Compares what comes back with what was received in a recording. Pure, but for
 * reading the file. Internal to src/cat.
 */
#ifndef CAT_CAT_CHECK_H
#define CAT_CAT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "cat/cat_recording.h"

/* Room for every description of a difference, NUL included. */
#define CAT_CHECK_TEXT_MAX 128

struct cat_check {
    /* private */
    struct cat_recording *recording; /* its second cursor */
    bool keeps_records;              /* chunks are datagrams; else how they are cut is chance */
    struct nk_slice expected;        /* the rest of the chunk that is being compared */
    uint64_t offset;                 /* bytes that were the same */
    uint64_t records;                /* datagrams that were the same */
    bool has_differed;
    char text[CAT_CHECK_TEXT_MAX];
};

void cat_check_init(struct cat_check *check, struct cat_recording *recording, bool keeps_records);

/* Takes a piece of the stream, or one datagram. Returns whether everything up to now
 * is as it was; false for ever after the first difference. */
bool cat_check_received(struct cat_check *check, struct nk_slice bytes);

/* Nothing more comes. Returns whether everything came. */
bool cat_check_end(struct cat_check *check);

/* What is different, after one of them has returned false: "byte 12 is different",
 * "it ends at byte 12" ...; offsets count from 0, datagrams from 1. */
const char *cat_check_difference(const struct cat_check *check);

#endif
