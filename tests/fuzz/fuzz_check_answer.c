/* The responses of servers: any bytes, arriving in any pieces. */
#include <errno.h>
#include <string.h>

#include "check/check_answer.h"
#include "fuzz.h"

static void check_slice(struct nk_slice slice, struct nk_slice input)
{
    FUZZ_CHECK(slice.len == 0 ||
               (slice.data >= input.data && slice.data + slice.len <= input.data + input.len));
}

static void check_input(struct nk_slice input, bool to_head, bool ended)
{
    struct check_answer answer;
    struct nk_slice value;
    ssize_t rc = check_answer_read(&answer, input, to_head, ended);
    FUZZ_CHECK(rc == -EAGAIN || rc == -EBADMSG || (rc > 0 && (size_t)rc <= input.len));
    FUZZ_CHECK(rc != -EBADMSG || answer.problem != NULL);
    FUZZ_CHECK(rc != -EAGAIN || !ended || input.len == 0);
    if (rc < 0)
        return;
    FUZZ_CHECK(answer.status >= 100 && answer.status <= 999);
    check_slice(answer.body, input);
    check_slice(answer.fields, input);
    if (check_answer_field(&answer, "Content-Length", &value))
        check_slice(value, answer.fields);
    if (answer.closes && !to_head && ended)
        return; /* the body may reach to the end, wherever that is */

    /* A response is complete with its last byte and not before. */
    struct check_answer part;
    FUZZ_CHECK(check_answer_read(&part, nk_slice_first(input, (size_t)rc), to_head, false) == rc);
    FUZZ_CHECK(check_answer_read(&part, nk_slice_first(input, (size_t)rc - 1), to_head, false) ==
               -EAGAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct nk_slice input = {(const char *)data, size};
    for (unsigned way = 0; way < 4; way++)
        check_input(input, way & 1, way & 2);
    return 0;
}
