/* Receiving whole records from a SOCK_SEQPACKET socket.
 *
 * recv(2) returns 0 for an empty record and for the end of the stream alike, and
 * cuts a record that is too long without a word; these tell. As in os/socket.h:
 * EINTR is retried and errors are negative errno. Safe on any thread.
 */
#ifndef NK_OS_SOCKET_RECORD_H
#define NK_OS_SOCKET_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"

/* Whether the socket keeps records apart: its type is SOCK_SEQPACKET. */
NK_PUBLIC bool nk_socket_keeps_records(int fd);

/* Makes each record known as one, also when it is empty (SO_TIMESTAMP: what comes
 * with a time stamp is a record). Call it before nk_socket_receive_record. Returns
 * 0 or -errno. */
NK_PUBLIC NK_MUST_USE int nk_socket_mark_records(int fd);

/* Takes the next record without waiting. Returns its length, which may be 0;
 * *has_ended is true, and the result 0, at the end of the stream instead. -EMSGSIZE
 * for a record of more than `len` bytes, which is lost; -EAGAIN when there is none. */
NK_PUBLIC NK_MUST_USE ssize_t nk_socket_receive_record(int fd, void *data, size_t len,
                                                       bool *has_ended) NK_NONNULL(2, 4);

#endif
