/* The value of an Authorization field (RFC 9110 11.6.2, RFC 7617). Pure. */
#ifndef HTTP_HTTP_AUTHORIZATION_H
#define HTTP_HTTP_AUTHORIZATION_H

#include "base/slice.h"

/* Bytes, each with its NUL; crypt(3) takes no longer passwords. */
#define HTTP_USER_NAME_SIZE 256
#define HTTP_PASSWORD_SIZE 512

struct http_credentials {
    char name[HTTP_USER_NAME_SIZE];
    char password[HTTP_PASSWORD_SIZE]; /* overwrite it when it is no longer needed */
};

/* Reads "Basic " and base64 of "name:password". Returns 0 or -EBADMSG: another
 * scheme, base64 that is not canonical (RFC 4648 3.5), no colon, control
 * characters, or too long; then what `credentials` holds is undefined. */
int http_authorization_read(struct nk_slice value, struct http_credentials *credentials);

#endif
