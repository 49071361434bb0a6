#include "http/http_password.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"

static const char crypt_digits[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* The methods by how a hash begins, and the digits it ends with: behind the last
 * '$', and with bcrypt together with the 22 of its salt. */
static const struct {
    const char *prefix;
    size_t digits;
} methods[] = {
    {"$2a$", 53}, {"$2b$", 53}, {"$2y$", 53}, {"$y$", 43}, {"$6$", 86},
};

/* "$2b$", two digits of a cost from 4 to 31, "$"; other methods say it otherwise. */
static bool has_good_cost(const char *hash, const char *last)
{
    if (hash[1] != '2')
        return true;
    return last == hash + 6 && strspn(hash + 4, "0123456789") == 2 &&
           strncmp(hash + 4, "04", 2) >= 0 && strncmp(hash + 4, "31", 2) <= 0;
}

bool http_password_hash_is_good(const char *hash)
{
    const char *last = strrchr(hash, '$');
    if (!last || strlen(hash) >= HTTP_PASSWORD_HASH_SIZE)
        return false;
    size_t digits = strspn(last + 1, crypt_digits);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(methods); i++) {
        if (strncmp(hash, methods[i].prefix, strlen(methods[i].prefix)) == 0)
            return last[1 + digits] == '\0' && digits == methods[i].digits &&
                   has_good_cost(hash, last) && crypt_checksalt(hash) != CRYPT_SALT_INVALID;
    }
    return false;
}

/* Looks at every byte whatever it finds. */
static bool are_equal(const char *left, const char *right)
{
    size_t len = strlen(left);
    unsigned difference = 0;
    if (len != strlen(right))
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)left[i] ^ (unsigned char)right[i];
    return difference == 0;
}

bool http_password_matches(const char *password, const char *hash)
{
    struct crypt_data *data = calloc(1, sizeof(*data));
    if (!data)
        return false;
    const char *made = crypt_r(password, hash, data);
    bool is_equal = made && made[0] != '*' && are_equal(made, hash);
    explicit_bzero(data, sizeof(*data));
    free(data);
    return is_equal;
}
