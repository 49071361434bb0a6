/* The kinds of probes that are one attempt at a time. */
#ifndef PROBE_PROBE_KINDS_H
#define PROBE_PROBE_KINDS_H

#include "base/slice.h"
#include "probe/probe_number_set.h"
#include "probe/probe_target.h"

/* Connects, and closes again: over TCP, or to a unix socket of any type. No options. */
extern const struct probe_kind probe_connect_kind;

/* Sends a datagram from a socket of its own and waits for one. An answer is "open", a
 * refusal by ICMP "closed", and silence no more than "no answer". */
struct probe_datagram_options {
    struct nk_slice data; /* what is sent */
};
extern const struct probe_kind probe_datagram_kind;

/* Asks for the path of the URL over a connection of its own, and reads the response to
 * its end. The time of a probe is from the first packet to the last byte. */
struct probe_http_options {
    bool is_head;                      /* HEAD, not GET */
    struct probe_number_set *expected; /* statuses that are an answer; others are missed */
};
extern const struct probe_kind probe_http_kind;

#endif
