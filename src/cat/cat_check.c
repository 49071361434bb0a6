#include "cat/cat_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/attributes.h"

static bool differ(struct cat_check *check, const char *format, ...) NK_FORMAT(2, 3);

static bool differ(struct cat_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(check->text, sizeof(check->text), format, arguments);
    va_end(arguments);
    check->has_differed = true;
    return false;
}

void cat_check_init(struct cat_check *check, struct cat_recording *recording, bool keeps_records)
{
    *check = (struct cat_check){.recording = recording, .keeps_records = keeps_records};
}

/* The next chunk that was received. Returns 1, 0 when there is none, or -errno. */
static int next_expected(struct cat_check *check)
{
    struct record_event event;
    int result;
    do {
        result = cat_recording_next(check->recording, CAT_RECORDING_SECOND, &event);
    } while (result > 0 && (event.direction != RECORD_RECEIVED || event.is_end));
    if (result > 0)
        check->expected = event.bytes;
    return result;
}

static size_t count_equal(struct nk_slice a, struct nk_slice b)
{
    size_t i = 0;
    while (i < a.len && i < b.len && a.data[i] == b.data[i])
        i++;
    return i;
}

static bool compare_stream(struct cat_check *check, struct nk_slice bytes)
{
    while (bytes.len > 0) {
        int result = check->expected.len > 0 ? 1 : next_expected(check);
        if (result < 0)
            return differ(check, "the record cannot be read any more");
        if (result == 0)
            return differ(check, "there is more than the %" PRIu64 " recorded bytes",
                          check->offset);
        size_t equal = count_equal(bytes, check->expected);
        size_t both = bytes.len < check->expected.len ? bytes.len : check->expected.len;
        check->offset += equal;
        if (equal < both)
            return differ(check, "byte %" PRIu64 " is different", check->offset);
        bytes = nk_slice_from(bytes, both);
        check->expected = nk_slice_from(check->expected, both);
    }
    return true;
}

static bool compare_record(struct cat_check *check, struct nk_slice bytes)
{
    int result = next_expected(check);
    if (result < 0)
        return differ(check, "the record cannot be read any more");
    if (result == 0)
        return differ(check, "there are more than the %" PRIu64 " recorded datagrams",
                      check->records);
    size_t equal = count_equal(bytes, check->expected);
    check->offset += equal;
    check->records++;
    if (equal < bytes.len || equal < check->expected.len)
        return differ(check,
                      "byte %" PRIu64 " is different, which is byte %zu of datagram %" PRIu64,
                      check->offset, equal, check->records);
    return true;
}

bool cat_check_received(struct cat_check *check, struct nk_slice bytes)
{
    if (check->has_differed)
        return false;
    return check->keeps_records ? compare_record(check, bytes) : compare_stream(check, bytes);
}

bool cat_check_end(struct cat_check *check)
{
    const struct cat_recording_summary *summary = cat_recording_summary(check->recording);
    if (check->has_differed)
        return false;
    if (check->keeps_records && check->records < summary->chunks[RECORD_RECEIVED])
        return differ(check, "only %" PRIu64 " of %" PRIu64 " datagrams came", check->records,
                      summary->chunks[RECORD_RECEIVED]);
    if (!check->keeps_records && check->offset < summary->bytes[RECORD_RECEIVED])
        return differ(check, "it ends at byte %" PRIu64 " of %" PRIu64, check->offset,
                      summary->bytes[RECORD_RECEIVED]);
    return true;
}

const char *cat_check_difference(const struct cat_check *check)
{
    return check->text;
}
