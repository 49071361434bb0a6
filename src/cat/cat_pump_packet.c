/* Moving records: one read is one record, written whole and never joined with the
 * next. To a stream a record is just its bytes; from a stream a record is what one
 * read gave.
 */
#include <errno.h>

#include "cat/cat_pump_private.h"

static int pass_on(struct cat_pump *pump, struct nk_slice record)
{
    if (pump->filter)
        return pump->filter(pump->filter_context, record, &pump->buffer);
    return nk_buffer_append(&pump->buffer, record);
}

static int read_record(struct cat_pump *pump)
{
    char record[CAT_PUMP_RECORD_MAX];
    bool has_ended = false;
    if (cat_pump_allowed(pump, 1) == 0)
        return -EAGAIN;
    ssize_t got = cat_port_read_record(pump->source, record, sizeof(record), &has_ended);
    if (got < 0)
        return (int)got;
    cat_pump_took(pump, (size_t)got); /* all of it: what is too much has to be earned */
    if (has_ended) {
        cat_pump_end_source(pump, 0);
        return 0;
    }
    int error = pass_on(pump, nk_slice_make(record, (size_t)got));
    pump->has_record = !error && (got == 0 || nk_buffer_len(&pump->buffer) > 0);
    return error;
}

/* An empty record is sent, too, but only to where it can be seen. */
static int write_record(struct cat_pump *pump, bool sink_is_ready)
{
    ssize_t put = 0;
    if (nk_buffer_len(&pump->buffer) > 0)
        put = cat_pump_write(pump, sink_is_ready);
    else if (pump->has_record && pump->sink->keeps_records)
        put = cat_port_write(pump->sink, "", 0);
    if (put != -EAGAIN && nk_buffer_len(&pump->buffer) == 0)
        pump->has_record = false;
    return put < 0 && put != -EAGAIN ? (int)put : 0;
}

void cat_pump_run_packet(struct cat_pump *pump, bool source_is_ready, bool sink_is_ready)
{
    if (source_is_ready && cat_pump_may_read(pump) && !pump->has_record) {
        int error = read_record(pump);
        if (error && error != -EAGAIN)
            cat_pump_end_source(pump, error);
    }
    int error = write_record(pump, sink_is_ready);
    cat_pump_go_on(pump, error, cat_pump_may_read(pump) && !pump->has_record);
}
