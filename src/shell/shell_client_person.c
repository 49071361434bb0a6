/* Somebody at a terminal: the prompt, and the names that Tab asks for. */
#include <errno.h>
#include <unistd.h>

#include "shell/shell_client_private.h"
#include "shell/shell_text.h"

/* Bytes of the directory that stand in the prompt; of a longer one its end. */
#define PROMPT_DIRECTORY_MAX ((size_t)48)

/* Bytes of all candidates. */
#define NAMES_MAX ((size_t)8 * 1024 * 1024)

/* ---- the prompt ---- */

/* The end of the path, beginning with a character. */
static struct nk_slice shorten(struct nk_slice path)
{
    if (path.len <= PROMPT_DIRECTORY_MAX)
        return path;
    size_t start = path.len - PROMPT_DIRECTORY_MAX;
    while (start < path.len && (path.data[start] & 0xC0) == 0x80)
        start++;
    return nk_slice_from(path, start);
}

void shell_person_update_prompt(struct shell_client *client)
{
    struct nk_slice whole = nk_slice_of_string(client->directory ? client->directory : "");
    struct nk_slice path = shorten(whole);
    const char *begin = client->options->colours ? "\1\033[1m\1" : "";
    const char *end = client->options->colours ? "\1\033[0m\1> " : "> ";
    char *prompt = NULL;
    if (!shell_person_is_there(client))
        return;
    if (asprintf(&prompt, "%s%s%.*s%s", begin, path.len < whole.len ? "..." : "", (int)path.len,
                 path.data, end) < 0)
        return; /* the former one has to do */
    line_editor_hide(client->person.editor);
    free(client->person.prompt);
    client->person.prompt = prompt;
    line_editor_show(client->person.editor);
}

static const char *prompt(void *context)
{
    const struct shell_client *client = context;
    const char *text = client->person.prompt ? client->person.prompt : "> ";
    return client->person.is_busy ? "" : text;
}

/* Keys wait meanwhile, and ^C is a signal. */
void shell_person_set_busy(struct shell_client *client, bool is_busy)
{
    struct shell_client_person *person = &client->person;
    if (!person->editor || person->is_busy == is_busy)
        return;
    if (is_busy) {
        line_editor_hide(person->editor);
        line_editor_pause(person->editor);
        person->is_busy = true;
        return;
    }
    person->is_busy = false;
    line_editor_resume_and_show(person->editor);
}

void shell_person_hide(struct shell_client *client)
{
    if (client->person.editor)
        line_editor_hide(client->person.editor);
}

void shell_person_show(struct shell_client *client)
{
    if (client->person.editor)
        line_editor_show(client->person.editor);
}

void shell_person_show_error(struct shell_client *client, const char *error)
{
    struct line_editor *editor = client->person.editor;
    if (!error)
        return;
    line_editor_print(editor, nk_slice_of_string("error: "));
    line_editor_print(editor, nk_slice_of_string(error));
    line_editor_print(editor, nk_slice_of_string("\n"));
}

/* ---- completion ---- */

void shell_person_take_name(struct shell_client *client, struct nk_slice name)
{
    struct shell_client_person *person = &client->person;
    char *room;
    size_t size = SHELL_COMPLETION_CANDIDATE_MAX(&person->completion, name) + 1;
    if (!person->is_completing || nk_buffer_reserve(&person->names, size, &room, NULL) != 0)
        return;
    size_t len = shell_completion_candidate(&person->completion, name, room, &person->suffix);
    if (len == 0)
        return;
    room[len] = '\0';
    nk_buffer_commit(&person->names, len + 1);
    person->name_count++;
}

static void offer(struct shell_client *client, const struct nk_slice *names, size_t count)
{
    const struct shell_client_person *person = &client->person;
    line_editor_complete(person->editor, person->completion.typed.len, names, count,
                         person->suffix);
}

/* The directory's names are in no order when it is large. */
static int compare(const void *a, const void *b)
{
    const struct nk_slice *first = a;
    const struct nk_slice *second = b;
    return strcmp(first->data, second->data);
}

static void offer_names(struct shell_client *client)
{
    struct shell_client_person *person = &client->person;
    struct nk_slice *names = calloc(person->name_count, sizeof(*names));
    const char *at = nk_buffer_slice(&person->names).data;
    if (!names)
        return;
    for (size_t i = 0; i < person->name_count; i++) {
        names[i] = nk_slice_of_string(at);
        at += names[i].len + 1;
    }
    qsort(names, person->name_count, sizeof(*names), compare);
    offer(client, names, person->name_count);
    free(names);
}

void shell_person_forget_names(struct shell_client *client)
{
    client->person.is_completing = false;
    nk_buffer_deinit(&client->person.names);
}

void shell_person_end_names(struct shell_client *client, bool is_complete)
{
    static const struct nk_slice too_many = NK_SLICE("more than 1,000 names begin so\n");
    struct shell_client_person *person = &client->person;
    if (!person->is_completing)
        return;
    if (person->name_count > SHELL_COMPLETION_NAMES_MAX)
        line_editor_print(person->editor, too_many);
    else if (is_complete && person->name_count > 0)
        offer_names(client);
    shell_person_forget_names(client);
}

static void ask_for_names(struct shell_client *client)
{
    static char request[SHELL_COMPLETION_REQUEST_MAX];
    struct shell_client_person *person = &client->person;
    size_t len = shell_completion_request(&person->completion, request);
    bool is_possible = !client->options->compat && client->state == SHELL_CLIENT_READY;
    person->name_count = 0;
    person->is_completing = is_possible && shell_session_ask_for(client, SHELL_FOR_COMPLETION,
                                                                 nk_slice_make(request, len));
}

/* The line, and room for the words of it. */
static bool keep_line(struct shell_client_person *person, struct nk_slice line)
{
    char *kept = malloc(2 * line.len + 1);
    if (!kept)
        return false;
    if (line.len > 0)
        memcpy(kept, line.data, line.len);
    free(person->line);
    person->line = kept;
    return shell_completion_find(&person->completion, nk_slice_make(kept, line.len),
                                 kept + line.len);
}

static void on_complete(void *context, struct nk_slice before_cursor)
{
    struct shell_client *client = context;
    struct shell_client_person *person = &client->person;
    struct nk_slice names[8];
    if (person->is_completing || !keep_line(person, before_cursor))
        return;
    if (!person->completion.is_command) {
        ask_for_names(client);
        return;
    }
    person->suffix = " ";
    offer(client, names,
          shell_completion_commands(&person->completion, names, NK_ARRAY_LENGTH(names)));
}

/* ---- lines ---- */

/* A ^C that was still a signal was typed before the line, and means nothing in it. */
static void on_line(void *context, struct nk_slice line)
{
    struct shell_client *client = context;
    while (client->signal_number == 0 && nk_signal_watch_deliver(client->signals))
        continue;
    if (client->signal_number == 0)
        shell_input_take_line(client, line);
}

static void on_end(void *context)
{
    shell_client_end(context, EXIT_STATUS_OK);
}

static void on_interrupt(void *context, bool had_text)
{
    (void)context;
    (void)had_text; /* it is cleared, and that is all */
}

static void on_drained(void *context)
{
    shell_output_drained(context);
}

/* ---- life ---- */

/* A terminal without a cursor is read and written as it is. The first prompt comes with
 * the first chance to ask something. */
void shell_person_open(struct shell_client *client)
{
    const struct line_editor_options options = {
        .in = STDIN_FILENO,
        .out = STDOUT_FILENO,
        .history = "shell.history",
        .context = client,
        .prompt = prompt,
        .on_line = on_line,
        .on_end = on_end,
        .on_interrupt = on_interrupt,
        .on_complete = on_complete,
        .on_drained = on_drained,
    };
    bool is_wanted = client->options->edit && client->options->scripts.count == 0 &&
                     isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!is_wanted || client->person.editor || client->has_ended)
        return;
    nk_buffer_init(&client->person.names, NAMES_MAX);
    client->person.is_busy = true;
    if (line_editor_new(&client->person.editor, client->loop, &options) != 0)
        return;
    line_editor_hide(client->person.editor);
    line_editor_pause(client->person.editor);
    shell_person_update_prompt(client);
}

void shell_person_close(struct shell_client *client)
{
    struct shell_client_person *person = &client->person;
    if (!person->editor)
        return;
    line_editor_free(person->editor);
    nk_buffer_deinit(&person->names);
    person->editor = NULL;
    free(person->prompt);
    free(person->line);
    person->prompt = person->line = NULL;
}
