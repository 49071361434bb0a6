/* Credentials: whatever is accepted can be written in one way only. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "http/http_authorization.h"

static void encode(const char *text, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        for (size_t j = i; j < i + 3; j++)
            bits = bits << 8 | (j < len ? (unsigned char)text[j] : 0);
        for (unsigned j = 0; j < 4; j++)
            *out++ = i + j > len ? '=' : digits[bits >> (18 - 6 * j) & 63];
    }
    *out = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1); /* exactly: one byte more is an error */
    FUZZ_CHECK(copy != NULL);
    memcpy(copy, data, size);
    struct http_credentials credentials;
    const int rc = http_authorization_read(nk_slice_make(copy, size), &credentials);
    FUZZ_CHECK(rc == 0 || rc == -EBADMSG);
    if (rc == 0) {
        char both[HTTP_USER_NAME_SIZE + HTTP_PASSWORD_SIZE];
        char encoded[2 * sizeof(both)];
        const int len =
            snprintf(both, sizeof(both), "%s:%s", credentials.name, credentials.password);
        FUZZ_CHECK(strchr(credentials.name, ':') == NULL);
        encode(both, (size_t)len, encoded);
        const struct nk_slice token = nk_slice_trim(nk_slice_from(nk_slice_make(copy, size), 6));
        FUZZ_CHECK(nk_slice_equal(token, nk_slice_of_string(encoded)));
    }
    free(copy);
    return 0;
}
