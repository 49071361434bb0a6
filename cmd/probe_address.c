/* The addresses of `netkit probe`: each word is one. */
#include "os/socket_options.h"
#include "probe.h"

static bool is_taken(const struct probe_address_rules *rules, enum nk_scheme scheme)
{
    for (size_t i = 0; i < rules->scheme_count; i++) {
        if (rules->schemes[i] == scheme)
            return true;
    }
    return false;
}

/* Whether the word has a scheme of its own. A path may hold colons, so of those only
 * what is surely no path counts. */
static bool has_scheme(const char *word)
{
    size_t letters = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    if (letters == 0 || word[letters] != ':')
        return false;
    return strncmp(word + letters, "://", 3) == 0 || strncasecmp(word, "unix", 4) == 0;
}

/* The word as the command means it: `netkit probe http example.org/x` needs no http://. */
static void complete_word(const struct probe_address_rules *rules, const char *word, char *text,
                          size_t size)
{
    const char *prefix = "";

    if (!has_scheme(word) && rules->schemes[0] == NK_SCHEME_HTTP)
        prefix = "http://";
    else if (!has_scheme(word) && rules->schemes[0] == NK_SCHEME_UNIX)
        prefix = "unix:";
    snprintf(text, size, "%s%s", prefix, word);
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct nk_address *address,
                                const struct probe_address_rules *rules)
{
    const char *mistake = NULL;

    if (!is_taken(rules, address->scheme))
        return "that kind of address is not supported by this command";
    if (nk_socket_options_check_for(address, NK_SOCKET_CLIENT, &mistake) != 0)
        return mistake;
    if (nk_scheme_is_unix(address->scheme))
        return NULL;
    if (rules->has_no_port && address->has_port)
        return "has a port, and --ports says which";
    if (!rules->has_no_port && !address->has_port && rules->default_port == 0)
        return "the port is missing";
    if (address->has_port && address->port == 0)
        return "port 0 cannot be connected to";
    return NULL;
}

static enum exit_status take_target(const struct command_call *call, const char *word,
                                    const struct probe_address_rules *rules)
{
    char text[NK_ADDRESS_TEXT_MAX];
    struct nk_address address;
    const char *mistake = NULL;

    if (strlen(word) >= sizeof text / 2)
        return command_usage_error(call->command->name, "'%.300s...' is too long", word);
    complete_word(rules, word, text, sizeof text);
    if (nk_address_parse(&address, text, &mistake) == 0) {
        if (address.scheme == NK_SCHEME_NONE)
            address.scheme = rules->schemes[0];
        mistake = find_mistake(&address, rules);
    }
    if (mistake != NULL)
        return command_usage_error(call->command->name, "'%.300s': %s", word, mistake);
    if (!nk_scheme_is_unix(address.scheme) && !rules->has_no_port && !address.has_port) {
        address.has_port = true;
        address.port = rules->default_port;
    }
    if (!nk_scheme_is_unix(address.scheme) && address.host[0] == '\0')
        snprintf(address.host, sizeof address.host, "localhost");
    return probe_add_target(call->options, nk_address_print(&address, text));
}

enum exit_status probe_take_targets(const struct command_call *call,
                                    const struct probe_address_rules *rules)
{
    enum exit_status status = EXIT_STATUS_OK;

    if (call->result.word_count == 0 && rules->usual == NULL)
        return command_usage_error(call->command->name, "an address is needed");
    if (call->result.word_count == 0)
        return take_target(call, rules->usual, rules);
    for (size_t i = 0; i < call->result.word_count && status == EXIT_STATUS_OK; i++)
        status = take_target(call, call->result.words[i], rules);
    return status;
}
