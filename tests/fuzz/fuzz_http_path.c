/* From path to file name: no bytes lead out of the root or grow a separator,
 * and every name leads back to itself. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_path.h"

#define NAME_SIZE 4096

static void check_segment(struct nk_slice segment, bool is_last)
{
    static const struct nk_slice dot = NK_SLICE("."), dot_dot = NK_SLICE("..");
    FUZZ_CHECK(!nk_slice_equal(segment, dot));
    FUZZ_CHECK(!nk_slice_equal(segment, dot_dot));
    FUZZ_CHECK(segment.len > 0 || is_last); /* only behind a slash at the end */
}

static void check_name(struct nk_slice name)
{
    FUZZ_CHECK(nk_slice_find(name, '\0') == NK_SLICE_NOT_FOUND);
    FUZZ_CHECK(name.len == 0 || name.data[0] != '/');
    for (struct nk_slice rest = name;;) {
        const struct nk_slice segment = nk_slice_first(rest, nk_slice_find(rest, '/'));
        const bool is_last = segment.len == rest.len;
        check_segment(segment, is_last);
        if (is_last)
            return;
        rest = nk_slice_from(rest, segment.len + 1);
    }
}

static void check_round_trip(struct nk_slice name)
{
    static char path[1 + 3 * NAME_SIZE], again[NAME_SIZE];
    struct http_problem problem;
    size_t len = 1;
    path[0] = '/';
    FUZZ_CHECK(http_path_encode(name, path, sizeof(path), &len) == 0);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(path[i] > ' ' && path[i] < 0x7f && path[i] != '?' && path[i] != '#');
    FUZZ_CHECK(http_path_decode(nk_slice_make(path, len), again, sizeof(again), &problem) ==
               (ssize_t)name.len);
    FUZZ_CHECK(nk_slice_equal(nk_slice_of_string(again), name));
}

static void check_html(struct nk_slice text)
{
    static char html[6 * NAME_SIZE];
    size_t len = 0;
    FUZZ_CHECK(http_html_escape(text, html, sizeof(html), &len) == 0);
    FUZZ_CHECK(len <= 6 * text.len);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK(memchr("<>\"'", html[i], 4) == NULL);
    const size_t full = len;
    len = 0;
    if (full > 0)
        FUZZ_CHECK(http_html_escape(text, html, full - 1, &len) == -ENOBUFS && len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= NAME_SIZE)
        return 0;
    const struct nk_slice path = {(const char *)data, size};
    struct http_problem problem = {0};
    for (size_t name_size = 1; name_size <= NAME_SIZE; name_size *= 8) {
        char *name = malloc(name_size); /* exactly: one byte more is an error */
        FUZZ_CHECK(name != NULL);
        const ssize_t rc = http_path_decode(path, name, name_size, &problem);
        FUZZ_CHECK(rc == -EBADMSG || (rc >= 0 && (size_t)rc < name_size));
        if (rc >= 0) {
            FUZZ_CHECK(path.data[0] == '/' && (size_t)rc < path.len && name[rc] == '\0');
            check_name(nk_slice_make(name, (size_t)rc));
            check_round_trip(nk_slice_make(name, (size_t)rc));
            (void)http_path_has_dotfile(name);
        } else {
            FUZZ_CHECK(problem.status == 400 || problem.status == 404 || problem.status == 414);
        }
        free(name);
    }
    check_html(path);
    return 0;
}
