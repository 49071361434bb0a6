#include "failure.h"

#include <errno.h>
#include <string.h>

#include "base/error_text.h"
#include "json_line.h"
#include "net/resolver.h"
#include "output.h"

/* Where the text of errno alone would mislead. */
static const struct {
    const char *action;
    int error;
    const char *text;
} special_texts[] = {
    {"begin in", -EXDEV, "it is not inside the root"},
    {"take the token from", -ENODATA, "its first line is empty"},
    {"get an answer from", -ENODATA, "no answer"},
};

static const char *reason_of(const struct failure *failure, char room[static NK_ERROR_TEXT_MAX])
{
    if (failure->reason != NULL)
        return failure->reason;
    if (strcmp(failure->action, "resolve") == 0)
        return nk_resolver_error_text(failure->error, room);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(special_texts); i++) {
        if (special_texts[i].error == failure->error &&
            strcmp(special_texts[i].action, failure->action) == 0)
            return special_texts[i].text;
    }
    return nk_error_text(failure->error, room);
}

void failure_tell(const struct failure *failure, FILE *events)
{
    char room[NK_ERROR_TEXT_MAX];
    const char *reason = reason_of(failure, room);

    if (events == NULL && failure->object != NULL) {
        output_error("cannot %s '%s': %s", failure->action, failure->object, reason);
    } else if (events == NULL) {
        output_error("cannot %s: %s", failure->action, reason);
    } else {
        json_line_begin(events, "error");
        json_line_string(events, "action", failure->action);
        json_line_string(events, "object", failure->object != NULL ? failure->object : "");
        json_line_string(events, "error", reason);
        json_line_integer(events, "errno", (uint64_t)-failure->error);
        json_line_end(events);
    }
}
