/* The proxy that `connect --proxy` goes through, as people write it:
 *
 *     socks5://[USER[:PASSWORD]@]HOST[:PORT]      port 1080 unless it is given
 *     http://[USER[:PASSWORD]@]HOST[:PORT]        port 8080
 *     socks5://[USER[:PASSWORD]@]unix:PATH        likewise http
 *
 * What a URL cannot hold as it is, such as ':' and '@' in a user name, is written
 * as %XX. `socks5h` is the same as `socks5`: host names always go to the proxy as
 * they are. Pure; safe on any thread.
 */
#ifndef CAT_CAT_PROXY_URL_H
#define CAT_CAT_PROXY_URL_H

#include <stdbool.h>

#include "cat/proxy_target.h"
#include "os/address.h"

enum cat_proxy_kind {
    CAT_PROXY_NONE,
    CAT_PROXY_SOCKS5,
    CAT_PROXY_HTTP,
};

struct cat_proxy_url {
    enum cat_proxy_kind kind;
    struct nk_address address; /* tcp or unix, complete */
    bool has_login;
    char user[PROXY_TEXT_MAX + 1];
    char password[PROXY_TEXT_MAX + 1];
};

/* Room for every printed proxy, NUL included. */
#define CAT_PROXY_TEXT_MAX (NK_ADDRESS_TEXT_MAX + 16)

/* Parses `text`. Returns 0, or -EINVAL with *reason set to a constant sentence
 * fragment for the user; `url` is untouched then. */
int cat_proxy_url_parse(struct cat_proxy_url *url, const char *text, const char **reason);

/* "socks5://127.0.0.1:1080", never with the login: this is for messages.
 * Returns `text`. */
char *cat_proxy_url_print(const struct cat_proxy_url *url, char text[static CAT_PROXY_TEXT_MAX]);

/* Whether the proxy can be asked for `target`, a TCP address with a port, with
 * this login. Returns 0, or -EINVAL with *reason set as above. */
int cat_proxy_url_check(const struct cat_proxy_url *url, const struct nk_address *target,
                        const char **reason);

/* What is asked of the proxy; points into both arguments. */
struct proxy_target cat_proxy_url_target(const struct cat_proxy_url *url,
                                         const struct nk_address *target);

#endif
