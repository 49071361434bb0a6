#include "probe_live.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "probe_report.h"
#include "service/values.h"
#include "terminal/terminal_settings.h"

/* ECMA-48, and the second screen of xterm, which all terminals of today have. */
#define ENTER "\x1b[?1049h\x1b[?7l" /* ... on which long lines are cut */
#define LEAVE "\x1b[?7h\x1b[?1049l"
#define HOME "\x1b[H"
#define END_OF_LINE "\x1b[K"
#define END_OF_SCREEN "\x1b[J"
#define RED "\x1b[31m"
#define PLAIN "\x1b[0m"

#define NAME_WIDTH_MAX 40

/* What stands between the name and the blocks: time, loss and blanks. */
#define FIGURES_WIDTH 27

struct size {
    size_t columns;
    size_t rows;
};

static struct size size_of(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 2 || size.ws_row < 2)
        return (struct size){80, 24};
    return (struct size){size.ws_col, size.ws_row};
}

/* ---- life ---- */

/* A drawing that does not fit is cut: the next one begins anew. */
static void send_text(const struct probe_live *live, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t sent = write(live->fd, text, len);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return;
        text += sent;
        len -= (size_t)sent;
    }
}

int probe_live_open(struct probe_live *live, int fd, size_t targets)
{
    bool is_shared;

    *live = (struct probe_live){.fd = -1};
    if (!isatty(fd))
        return -ENOTTY;
    live->row_count = targets < PROBE_LIVE_ROWS_MAX ? targets : PROBE_LIVE_ROWS_MAX;
    live->rows = calloc(live->row_count, sizeof *live->rows);
    if (live->rows == NULL)
        return -ENOMEM;
    live->fd = terminal_open_again(fd, &is_shared);
    if (live->fd < 0) {
        int error = live->fd;

        live->fd = -1;
        probe_live_close(live);
        return error;
    }
    live->has_blocks = MB_CUR_MAX > 1;
    live->has_colour = output_has_colours(live->fd);
    send_text(live, ENTER, sizeof ENTER - 1);
    return 0;
}

void probe_live_close(struct probe_live *live)
{
    if (live->fd >= 0) {
        send_text(live, LEAVE, sizeof LEAVE - 1);
        close(live->fd);
    }
    free(live->rows);
    *live = (struct probe_live){.fd = -1};
}

/* ---- remembering ---- */

void probe_live_note(struct probe_live *live, const struct probe_event *event)
{
    bool is_reply = event->kind == PROBE_EVENT_REPLY;
    struct probe_live_row *row;
    uint64_t time;

    if ((!is_reply && event->kind != PROBE_EVENT_MISSED) || event->target->index >= live->row_count)
        return;
    row = &live->rows[event->target->index];
    time = is_reply ? event->result->rtt / 1000 : PROBE_LIVE_MISSED;
    if (is_reply && time >= PROBE_LIVE_MISSED)
        time = PROBE_LIVE_MISSED - 1;
    row->times[row->count++ % PROBE_LIVE_HISTORY] = (uint32_t)time;
}

/* ---- drawing ---- */

static void print_block(FILE *out, uint32_t time, uint32_t least, uint32_t most, bool has_blocks)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char *const letters[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    uint64_t level = most > least ? (uint64_t)(time - least) * 7 / (most - least) : 0;

    fputs(has_blocks ? blocks[level] : letters[level], out);
}

void probe_live_print_line(FILE *out, const struct probe_live_row *row, size_t width,
                           bool has_blocks)
{
    size_t shown = row->count < PROBE_LIVE_HISTORY ? row->count : PROBE_LIVE_HISTORY;
    uint32_t least = PROBE_LIVE_MISSED;
    uint32_t most = 0;

    if (shown > width)
        shown = width;
    for (size_t i = row->count - shown; i < row->count; i++) {
        uint32_t time = row->times[i % PROBE_LIVE_HISTORY];

        if (time == PROBE_LIVE_MISSED)
            continue;
        least = time < least ? time : least;
        most = time > most ? time : most;
    }
    for (size_t i = row->count - shown; i < row->count; i++) {
        uint32_t time = row->times[i % PROBE_LIVE_HISTORY];

        if (time == PROBE_LIVE_MISSED)
            fputc('x', out);
        else
            print_block(out, time, least, most, has_blocks);
    }
}

static void print_row(FILE *out, const struct probe_live *live, const struct probe_target *target,
                      size_t name_width, size_t columns)
{
    const struct probe_live_row *row = &live->rows[target->index];
    uint64_t missed = probe_statistics_missed(&target->statistics);
    uint64_t known = missed + target->statistics.replies;
    uint32_t last = row->count > 0 ? row->times[(row->count - 1) % PROBE_LIVE_HISTORY] : 0;
    bool is_down = target->state == PROBE_STATE_DOWN;
    size_t len = strlen(target->name);
    char text[PROBE_RTT_TEXT_MAX] = "-";

    if (row->count > 0 && last != PROBE_LIVE_MISSED)
        probe_show_rtt((uint64_t)last * 1000, text);
    if (is_down && live->has_colour)
        fputs(RED, out);
    output_visible_part(out, target->name, len < name_width ? len : name_width);
    if (is_down && live->has_colour)
        fputs(PLAIN, out);
    fprintf(out, "%*s %10s ms %5.4g%% lost ", len < name_width ? (int)(name_width - len) : 0, "",
            text, known > 0 ? 100.0 * (double)missed / (double)known : 0.0);
    if (columns > name_width + FIGURES_WIDTH)
        probe_live_print_line(out, row, columns - name_width - FIGURES_WIDTH, live->has_blocks);
}

static size_t name_width(const struct probe_live *live, const struct probe_totals *totals)
{
    size_t widest = 0;

    for (size_t i = 0; i < live->row_count; i++) {
        size_t len = strlen(totals->targets[i]->name);

        widest = len > widest ? len : widest;
    }
    return widest < NAME_WIDTH_MAX ? widest : NAME_WIDTH_MAX;
}

/* A heading, a row for each target, and how many there was no place for. */
static void print_picture(FILE *out, const struct probe_live *live,
                          const struct probe_totals *totals)
{
    struct size size = size_of(live->fd);
    size_t width = name_width(live, totals);
    size_t shown = live->row_count;
    char text[VALUE_TEXT_MAX];

    if (shown > size.rows - 1)
        shown = size.rows - 2;
    fprintf(out, HOME "%zu address%s, %s; ^C ends" END_OF_LINE, totals->target_count,
            totals->target_count == 1 ? "" : "es", value_show_time(totals->elapsed, text));
    for (size_t i = 0; i < shown; i++) {
        fputs("\r\n", out);
        print_row(out, live, totals->targets[i], width, size.columns);
        fputs(END_OF_LINE, out);
    }
    if (shown < totals->target_count && size.rows > 2)
        fprintf(out, "\r\nand %zu more" END_OF_LINE, totals->target_count - shown);
    fputs(END_OF_SCREEN, out);
}

void probe_live_draw(struct probe_live *live, const struct probe_totals *totals)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = live->fd >= 0 ? open_memstream(&text, &len) : NULL;

    if (out == NULL)
        return;
    print_picture(out, live, totals);
    if (fclose(out) == 0)
        send_text(live, text, len);
    free(text);
}
