/* The socket options of an address, `?key=value&key=value`, as text.
 *
 *     rcvbuf sndbuf                        size             64k 1M
 *     keepalive nodelay reuseport v6only   yes or no        1 0 on off yes no true false
 *     keepidle keepintvl                   whole seconds    60 60s 5m 1h
 *     user-timeout                         duration         500ms 30 (seconds) 5m
 *     keepcnt ttl tos                      number           64 0x10
 *     congestion                           name             cubic
 *
 * and for UDP
 *
 *     broadcast multicast-loop             yes or no
 *     multicast-ttl                        number           1
 *     join                                 group            239.1.2.3 ff15::1@eth0
 *     interface                            name or index    eth0
 *
 * and for clients, as bound by whoever connects them (os/source_address.h)
 *
 *     source                               numeric address  192.0.2.1 [::1]:5000 /path
 *     source-port                          number           5000
 *
 * No option needs a privilege. A key that is given twice takes its last value,
 * but every group that is given is joined.
 * Safe on any thread.
 */
#ifndef NK_OS_SOCKET_OPTIONS_H
#define NK_OS_SOCKET_OPTIONS_H

#include "base/attributes.h"
#include "os/address.h"
#include "os/source_address.h"

enum nk_socket_role { NK_SOCKET_CLIENT, NK_SOCKET_SERVER };

/* Checks the text without a socket; the empty text is fine. Returns 0, or
 * -EINVAL with *reason set to a constant sentence fragment for the user, such
 * as "ttl is a number from 1 to 255"; *reason is untouched on success. */
NK_PUBLIC NK_MUST_USE int nk_socket_options_check(const char *text, const char **reason)
    NK_NONNULL(1, 2);

/* The same for the options of an address, which must also make sense for its
 * scheme (NK_SCHEME_NONE counts as TCP) and for what it is used for. */
NK_PUBLIC NK_MUST_USE int nk_socket_options_check_for(const struct nk_address *address,
                                                      enum nk_socket_role role, const char **reason)
    NK_NONNULL(1, 3);

/* What `source` and `source-port` in the text ask for. Returns 0 and *source,
 * zero-filled when the text has neither; -EINVAL when nk_socket_options_check
 * refuses the text; -ENODEV for a zone that is no interface. */
NK_PUBLIC NK_MUST_USE int nk_socket_options_source(const char *text,
                                                   struct nk_source_address *source)
    NK_NONNULL(1, 2);

/* Likewise for a socket that listens: nobody would look at a source. Returns 0,
 * or -EINVAL when the text has one. */
NK_PUBLIC NK_MUST_USE int nk_socket_options_refuse_source(const char *text) NK_NONNULL(1);

/* Sets the options on `fd`, but for the source, in the order of the text. Call it
 * before bind, listen and connect: reuseport and v6only have no effect later, and rcvbuf
 * decides about the TCP window. A TCP listener's options are inherited by what it
 * accepts, a unix one's are not.
 *
 * Returns 0, or a negative errno with *failed_key set to the constant name of
 * the option: -ENOPROTOOPT when it makes no sense for this kind of socket (so
 * most of them for unix sockets), else what the kernel says, such as -ENOENT
 * for an unknown congestion control. The options in front of it stay set.
 * Before anything is set: -EINVAL with *failed_key = `text` when
 * nk_socket_options_check refuses the text, likewise -ENOTSOCK or -EBADF. */
NK_PUBLIC NK_MUST_USE int nk_socket_options_apply(int fd, const char *text, const char **failed_key)
    NK_NONNULL(2, 3);

/* Room for what nk_socket_options_print writes. */
#define NK_SOCKET_OPTIONS_TEXT_MAX 512

/* Writes the options that the socket has now in the form of an address's, such as
 * "rcvbuf=131072&sndbuf=87040&ttl=64"; the kernel says twice the size of a buffer that
 * was asked for. Groups, interfaces and sources are left out. Returns `text`. */
NK_PUBLIC const char *nk_socket_options_print(int fd, char text[static NK_SOCKET_OPTIONS_TEXT_MAX]);

#endif
