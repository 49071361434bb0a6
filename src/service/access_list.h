/* Who may be a client: --allow and --deny of every command that takes clients.
 *
 * A client is admitted when the list of those allowed holds its address, or there
 * is no such list, and the list of those denied does not. Clients of unix sockets
 * are always admitted: the permissions of the socket's file decide there.
 *
 * A list is text: addresses and networks (access_set.h) with commas between them.
 * The item "@FILE" stands for those of a file, one a line, '#' begins a comment.
 * Files are read when the list is made and again when access_list_reload is
 * called, which a server does on SIGHUP.
 *
 * To offer it, a command
 *
 *   1. has a struct access_rules in its options and the table of cmd/access.h,
 *      whose access_options_complete makes the list;
 *   2. gives it to what accepts, unless it is NULL:
 *          .admit = access_list_admit, .admit_context = list
 *      in struct nk_acceptor_options, nk_tcp_server_options or nk_udp_options;
 *   3. calls access_list_reload on SIGHUP;
 *   4. reports access_list_denied_count with its totals, and frees the list when
 *      nothing accepts any more.
 *
 * Any thread may ask at any time, also while another one reloads.
 */
#ifndef SERVICE_ACCESS_LIST_H
#define SERVICE_ACCESS_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/slice.h"
#include "os/sockaddr.h"

/* What the command line says: the texts of the two lists, NULL for none. */
struct access_rules {
    const char *allow;
    const char *deny;
};

/* Why a list could not be made. */
struct access_problem {
    const char *list; /* "allow" or "deny" */
    char text[512];   /* a sentence without a full stop, such as
                         "'/etc/friends', line 3: '10.0.0.0/33' has a prefix length ..." */
};

struct access_list;

/* Reads the lists and their files. What `rules` points to has to outlive the
 * list. Returns 0 and *out; -EINVAL or -E2BIG for what is written there, or what
 * reading a file returned, with *problem filled; or -ENOMEM. */
NK_MUST_USE int access_list_new(struct access_list **out, const struct access_rules *rules,
                                struct access_problem *problem) NK_NONNULL(1, 2, 3);

/* Nobody may ask any more. NULL is fine. */
void access_list_free(struct access_list *list);

/* Whether `peer` is admitted; any thread. A refusal is counted and logged: one
 * line for each under -v, otherwise one in a while. `list` is a struct
 * access_list; the type is that of the `admit` members of lib/net. */
bool access_list_admit(void *list, const struct nk_sockaddr *peer) NK_NONNULL(1, 2);

/* How often access_list_admit has said no; any thread. */
uint64_t access_list_denied_count(const struct access_list *list) NK_NONNULL(1);

/* Calls `each` with the name of every file that access_list_reload would read, and
 * ends when it returns something else than 0, which is returned then. */
int access_list_each_file(const struct access_list *list,
                          int (*each)(void *context, struct nk_slice path), void *context)
    NK_NONNULL(1, 2);

/* Reads the files again, and blocks meanwhile; 100,000 networks take some 40 ms.
 * When one of them cannot be read or is wrong, both lists stay as they are and the
 * log says why. Clients that are already there are not looked at. Without files
 * nothing happens, and NULL is fine. Returns 0 or -errno. One thread at a time. */
int access_list_reload(struct access_list *list);

#endif
