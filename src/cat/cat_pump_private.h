/* What the files of the pump share. Only for src/cat/cat_pump*.c.
 *
 * cat_pump.c has its life and the copying, cat_pump_packet.c copies records, and
 * cat_pump_splice.c has the ways in which the kernel moves the bytes.
 */
#ifndef CAT_CAT_PUMP_PRIVATE_H
#define CAT_CAT_PUMP_PRIVATE_H

#include "cat/cat_pump.h"

/* One turn in each mode; which side is ready is known only when copying. */
void cat_pump_run_packet(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready);
void cat_pump_run_splice(struct cat_pump *pump);
void cat_pump_run_sendfile(struct cat_pump *pump);
void cat_pump_run_relay(struct cat_pump *pump);

/* Closes the pipe of RELAY, or gives it back. Idempotent. */
void cat_pump_release_pipe(struct cat_pump *pump);

/* What it waits for until the next turn. */
void cat_pump_want(struct cat_pump *pump, bool source, bool sink);

/* The source gives nothing any more, for this reason or (0) because it has ended. */
void cat_pump_end_source(struct cat_pump *pump, int error);

/* Ends it now and reports it, once. */
void cat_pump_end(struct cat_pump *pump, int error, bool at_sink);

/* Goes on in copy mode: the kernel cannot move between these two. */
void cat_pump_copy_instead(struct cat_pump *pump);

/* Whether anything more may be taken from the source now. */
bool cat_pump_may_read(const struct cat_pump *pump);

/* How many bytes, `wanted` at most, the limit allows to take from the source. When
 * none, reading is forbidden until a timer allows it again. */
size_t cat_pump_allowed(struct cat_pump *pump, size_t wanted);

/* So many have been taken. */
void cat_pump_took(struct cat_pump *pump, size_t bytes);

/* Writes what is in the buffer as far as the sink takes it. Pipes and terminals may
 * be written only when the loop has found them ready. Returns 0 or -errno. */
int cat_pump_write(struct cat_pump *pump, bool sink_is_ready);

/* After reading and writing: ends it, or waits for what is needed to go on. */
void cat_pump_go_on(struct cat_pump *pump, int write_error, bool wants_source);

#endif
