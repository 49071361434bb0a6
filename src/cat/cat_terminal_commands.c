/* The command line of a connection: what each command does. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error_text.h"
#include "cat/cat_command_line.h"
#include "cat/cat_terminal_private.h"

typedef void command_fn(struct cat_terminal *terminal, const struct cat_command *command);

/* ---- about the connection ---- */

static void show_status(struct cat_terminal *terminal, const struct cat_command *command)
{
    (void)command;
    struct cat_terminal_status status = {0};
    const struct cat_upload *upload = &terminal->upload;
    terminal->hooks.status(terminal->hooks.context, &status);
    cat_terminal_say(terminal, "%s: sent %" PRIu64 " bytes, received %" PRIu64 " bytes in %.1f s",
                     status.address, status.sent, status.received,
                     (double)status.elapsed / (double)NK_NANOSECONDS_PER_SECOND);
    cat_terminal_say(terminal, "hex %s, crlf %s%s", status.hex ? "on" : "off",
                     status.crlf ? "on" : "off",
                     cat_terminal_can_send(terminal) ? "" : ", the sending direction has ended");
    if (upload->fd >= 0)
        cat_terminal_say(terminal, "sending '%s': %" PRIu64 " of %" PRIu64 " bytes", upload->name,
                         upload->moved, upload->size);
}

static void set_hex(struct cat_terminal *terminal, const struct cat_command *command)
{
    terminal->hooks.set_hex(terminal->hooks.context, command->on);
}

static void set_crlf(struct cat_terminal *terminal, const struct cat_command *command)
{
    terminal->hooks.set_crlf(terminal->hooks.context, command->on);
}

static void close_sending(struct cat_terminal *terminal, const struct cat_command *command)
{
    (void)command;
    if (cat_terminal_can_send(terminal))
        cat_terminal_close_up(terminal);
    else
        cat_terminal_say(terminal, "the sending direction has ended already");
}

static void quit(struct cat_terminal *terminal, const struct cat_command *command)
{
    (void)command;
    terminal->hooks.quit(terminal->hooks.context);
}

static void show_help(struct cat_terminal *terminal, const struct cat_command *command)
{
    (void)command;
    line_editor_print(terminal->editor, nk_slice_of_string(cat_command_help()));
}

static void go_back(struct cat_terminal *terminal, const struct cat_command *command)
{
    (void)command;
    cat_terminal_end_command(terminal);
}

/* ---- sending a file ---- */

/* "~/x" is what a person types; no shell has seen it. */
static void expand(struct nk_slice word, char path[static PATH_MAX])
{
    const char *home = getenv("HOME");
    bool is_from_home = word.len > 1 && word.data[0] == '~' && word.data[1] == '/' && home;
    if (is_from_home)
        word = nk_slice_from(word, 1);
    snprintf(path, PATH_MAX, "%s%.*s", is_from_home ? home : "", (int)word.len, word.data);
}

static int open_upload(struct cat_upload *upload)
{
    struct stat status;
    int fd = open(upload->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, &status) < 0 ? -errno : 0;
    if (!error && S_ISDIR(status.st_mode))
        error = -EISDIR;
    else if (!error && !S_ISREG(status.st_mode))
        error = -EINVAL;
    if (error) {
        if (fd >= 0)
            close(fd);
        return error;
    }
    upload->fd = fd;
    upload->size = (uint64_t)status.st_size;
    upload->moved = 0;
    return 0;
}

static void send_file(struct cat_terminal *terminal, const struct cat_command *command)
{
    char room[NK_ERROR_TEXT_MAX];
    if (!cat_terminal_can_send(terminal)) {
        cat_terminal_say(terminal, "the sending direction has ended");
        return;
    }
    if (terminal->upload.fd >= 0) {
        cat_terminal_say(terminal, "'%s' is still being sent", terminal->upload.name);
        return;
    }
    expand(command->file, terminal->upload.name);
    int error = open_upload(&terminal->upload);
    if (error) {
        cat_terminal_say(terminal, "cannot send '%s': %s", terminal->upload.name,
                         error == -EINVAL ? "not a file" : nk_error_text(error, room));
        return;
    }
    terminal->upload.before = nk_buffer_len(&terminal->typed);
    cat_terminal_pump(terminal);
}

/* ---- the line ---- */

void cat_terminal_begin_command(struct cat_terminal *terminal)
{
    terminal->in_command = true;
    line_editor_set_aside(terminal->editor);
}

void cat_terminal_end_command(struct cat_terminal *terminal)
{
    terminal->in_command = false;
    line_editor_take_up(terminal->editor);
}

void cat_terminal_command(struct cat_terminal *terminal, struct nk_slice line)
{
    static command_fn *const functions[] = {
        [CAT_COMMAND_RETURN] = go_back, [CAT_COMMAND_STATUS] = show_status,
        [CAT_COMMAND_HEX] = set_hex,    [CAT_COMMAND_CRLF] = set_crlf,
        [CAT_COMMAND_SEND] = send_file, [CAT_COMMAND_CLOSE] = close_sending,
        [CAT_COMMAND_QUIT] = quit,      [CAT_COMMAND_HELP] = show_help,
    };
    struct cat_command command;
    const char *problem = NULL;
    if (cat_command_parse(line, &command, &problem) != 0)
        cat_terminal_say(terminal, "%s", problem);
    else
        functions[command.kind](terminal, &command);
}
