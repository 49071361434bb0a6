/* What is known of the server and the resource that are checked, and the requests
 * that are made of it. Pure.
 */
#ifndef CHECK_CHECK_SUBJECT_H
#define CHECK_CHECK_SUBJECT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "check/check_answer.h"

/* A longer entity tag is not used. */
#define CHECK_TAG_MAX 255

#define CHECK_DATE_SIZE 40

struct check_subject {
    const char *host; /* with its port, as Host says it */
    const char *path; /* of a resource that exists */
    int status;       /* what GET of it is answered with */
    size_t size;      /* bytes of its body, as it was sent */
    bool is_chunked;  /* its size is not that of the content */
    bool has_type;
    char tag[CHECK_TAG_MAX + 1];    /* "" = none */
    char modified[CHECK_DATE_SIZE]; /* "" = none, or not an IMF-fixdate */
    char modified_850[CHECK_DATE_SIZE];
    char modified_asctime[CHECK_DATE_SIZE];
};

/* Takes what the plain response says. */
void check_subject_learn(struct check_subject *subject, const struct check_answer *answer);

/* Room for the largest request. */
#define CHECK_REQUEST_MAX 262144

/* Makes the bytes of a template (check_case.h) for `subject`: those to send first
 * and, behind {then}, those to send later. Returns 0, -ENODATA when it needs a
 * validator that the resource does not have, -ENOBUFS, -ENOMEM, or -EINVAL for a
 * word in braces that means nothing. */
int check_request_make(const struct check_subject *subject, struct nk_slice template,
                       struct nk_buffer *first, struct nk_buffer *then);

#endif
