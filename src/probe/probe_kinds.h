/* The kinds of probes that are one attempt at a time. */
#ifndef PROBE_PROBE_KINDS_H
#define PROBE_PROBE_KINDS_H

#include "probe/probe_target.h"

/* Connects, and closes again: over TCP, or to a unix socket of any type. No options. */
extern const struct probe_kind probe_connect_kind;

#endif
