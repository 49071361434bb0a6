/* `netkit probe keepalive`: a session for each target that is silent for a while,
 * sends a heartbeat, and gives the peer up when several are not answered. A kind of
 * probe (probe/probe_target.h).
 *
 * Either it sends messages of its own, over TCP, UDP and unix sockets; or it lets the
 * kernel do so (TCP keep-alive, tcp(7)) and tells what the kernel sees.
 */
#ifndef PROBE_PROBE_KEEPALIVE_H
#define PROBE_PROBE_KEEPALIVE_H

#include "probe/probe_target.h"

/* Longest that is waited before a connection is tried again: 30 s. */
#define PROBE_KEEPALIVE_BACKOFF_MAX UINT64_C(30000000000)

struct probe_keepalive_settings {
    uint64_t time;      /* ns of silence before the first heartbeat */
    uint64_t interval;  /* ns between two heartbeats */
    uint64_t probes;    /* heartbeats that may go unanswered */
    uint64_t count;     /* heartbeats in all; 0 = no end */
    bool is_compat;     /* a PONG in host order is one */
    bool uses_kernel;   /* TCP keep-alive; the times are whole seconds then */
    bool has_reconnect; /* a session that failed is begun anew */
};

/* The targets' options are a struct probe_keepalive_settings. */
extern const struct probe_kind probe_keepalive_kind;

#endif
