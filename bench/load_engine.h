/* The engine of the load generator: connections, turns of epoll, phases.
 *
 * One thread. The engine keeps every connection busy with batches of requests
 * and hands what comes back to the protocol, which checks it. Any surprise (an
 * early end, an unexpected byte, a wrong status, silence) stops the run: a
 * figure from a run with errors would compare different work.
 */
#ifndef BENCH_LOAD_ENGINE_H
#define BENCH_LOAD_ENGINE_H

#include "load_latency.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct load_options {
    const char *path;      /* http: request target */
    const char *unix_path; /* echo: connect to this unix socket instead; NULL = TCP */
    uint64_t port;         /* on 127.0.0.1 */
    uint64_t connections;  /* kept open at once */
    uint64_t depth;        /* http: requests in one send; udp: datagrams in a burst */
    uint64_t size;         /* echo, udp: bytes of a message */
    uint64_t body_bytes;   /* http: the exact length every response must have */
    uint64_t requests;     /* measured phase: this many in all; 0 = by time */
    uint64_t duration_ms;  /* measured phase: this long, when requests is 0 */
    uint64_t warmup;       /* requests before the measured phase, beside one on each connection */
    uint64_t as_run;       /* udp: a burst is one message that the kernel cuts */
    uint64_t close_each;   /* http: a new connection for every request */
    uint64_t controlled;   /* wait for a line on stdin before and after the measured phase */
};

struct load_connection {
    int fd;               /* -1 while there is none */
    uint32_t index;       /* position among the connections */
    uint64_t outstanding; /* responses still to come of the current batch */
    uint64_t body_left;   /* http: bytes still to come of the current body */
    uint64_t sequence;    /* echo: number of the current message */
    uint64_t sent_at;     /* ns; when the current batch was sent */
    char *carry;          /* an incomplete response head, kept until the rest arrives; owned */
    size_t carry_length;
};

/* Bytes of the one receive buffer; a head cut by the end of a read is carried over to the next. */
enum { LOAD_RECEIVE_BYTES = 256 * 1024, LOAD_CARRY_BYTES = 8 * 1024 };

struct load;

struct load_protocol {
    const char *name;

    /* Builds what is the same in every request. 0 or a negative errno. */
    int (*prepare)(struct load *load);

    /* The next batch for this connection: its bytes, and in *length how many. They stay valid
     * until the next call. */
    const char *(*next_batch)(struct load *load, struct load_connection *connection,
                              size_t *length);

    /* Checks received bytes and lowers connection->outstanding for each complete response.
     * Returns the bytes used (an incomplete tail is offered again with what follows), or a
     * negative errno after describing the fault with load_fault(). */
    ssize_t (*receive)(struct load *load, struct load_connection *connection, const char *bytes,
                       size_t length);

    /* A protocol without connections does these itself and needs neither of the two above: its
     * part of load_open(), load_phase() and load_deinit(). All three are NULL otherwise. */
    int (*open)(struct load *load);
    int (*run)(struct load *load);
    void (*close)(struct load *load);
};

extern const struct load_protocol load_protocol_http;
extern const struct load_protocol load_protocol_echo;
extern const struct load_protocol load_protocol_udp;

struct load {
    const struct load_options *options;
    const struct load_protocol *protocol;
    void *protocol_state; /* owned by the protocol, freed by load_free() */
    struct load_connection *connections;
    char *buffer;
    int epoll_fd;
    uint64_t busy;          /* connections with a batch under way */
    uint64_t requests_left; /* that this phase may still start */
    uint64_t deadline;      /* ns; this phase starts nothing after it */
    uint64_t completed;     /* responses in this phase */
    uint64_t received;      /* bytes in this phase */
    struct load_latency latency;
    char fault[256]; /* what went wrong, for the user; empty while nothing did */
};

/* Makes a load generator without connections. options must outlive it. 0 or a negative errno. */
int load_init(struct load *load, const struct load_options *options,
              const struct load_protocol *protocol);

/* Closes what is open and frees what is owned. */
void load_deinit(struct load *load);

/* Opens every connection and completes one request on each, a slice of them at a time so that the
 * server's backlog never overflows. 0 or a negative errno with a description in load->fault. */
int load_open(struct load *load);

/* Starts batches on all connections until `requests` were started or `duration` ns have passed
 * (UINT64_MAX: no such limit), then waits for what is under way. Resets the counts first. */
int load_phase(struct load *load, uint64_t requests, uint64_t duration);

/* Connections on which the peer has closed or said something since its last response. */
uint64_t load_count_lost(const struct load *load);

/* CLOCK_MONOTONIC in ns. */
uint64_t load_now(void);

/* Describes a fault and returns error, so that a protocol can end with `return load_fault(...)`. */
int load_fault(struct load *load, int error, const char *description);

#endif
