/* Passwords against their hashes, as crypt(5) writes them: bcrypt, yescrypt and
 * sha512crypt. */
#ifndef HTTP_HTTP_PASSWORD_H
#define HTTP_HTTP_PASSWORD_H

#include <stdbool.h>

/* Bytes of a hash, its NUL included. */
#define HTTP_PASSWORD_HASH_SIZE 384

/* Whether the text is a complete hash by one of the three methods. */
bool http_password_hash_is_good(const char *hash);

/* Whether the password has that hash. It takes the time that the hash asks for,
 * tens of milliseconds and more: for worker threads. Any thread. */
bool http_password_matches(const char *password, const char *hash);

#endif
