/* The address of connect and listen: one word as everywhere, or nc's way to say it. */
#include <errno.h>
#include <strings.h>

#include "address_word.h"
#include "cat.h"
#include "os/sockaddr.h"
#include "os/socket_options.h"

#define DEFAULT_PORT 43211
#define DIGITS "0123456789"

bool cat_is_for_datagrams(const struct cat_command_options *mine)
{
    enum nk_scheme scheme = mine->cat.address.scheme;

    return scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM;
}

/* ---- from words to one text ---- */

static bool is_number(const char *word)
{
    return word[strspn(word, DIGITS)] == '\0';
}

/* Of nc's -q N only -q is an option here; N has become a word that is too much, or
 * what nobody means by a host. */
static bool has_nc_seconds(const struct command_call *call)
{
    const struct common_options *common = call->options;
    char **words = call->result.words;

    if (!common->quiet)
        return false;
    if (call->result.word_count == 3)
        return is_number(words[0]) || is_number(words[2]);
    return call->result.word_count == 2 && is_number(words[0]);
}

void cat_join_words(const char *host, const char *port, char *text, size_t size)
{
    bool is_bare_v6 = host[0] != '[' && strchr(host, ':') != NULL;

    snprintf(text, size, is_bare_v6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* A path may hold colons, so only what is surely no path counts. */
static bool has_scheme(const char *word)
{
    static const char *const schemes[] = {"unix:", "unix-dgram:", "unix-seqpacket:"};

    for (size_t i = 0; i < NK_ARRAY_LENGTH(schemes); i++) {
        if (strncmp(word, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return strstr(word, "://") != NULL;
}

/* The words as one text, or a default when there are none. */
static enum exit_status join_address(const struct command_call *call, bool is_server, char *text,
                                     size_t size)
{
    const struct cat_command_options *mine = call->options;
    const char *name = call->command->name;
    char **words = call->result.words;
    size_t count = call->result.word_count;
    size_t most = mine->use_unix ? 1 : 2;

    if (has_nc_seconds(call))
        return command_usage_error(name, CAT_NC_SECONDS);
    if (count > most)
        return command_usage_error(name, "unexpected argument '%.300s'", words[most]);
    for (size_t i = 0; i < count; i++) {
        if (strlen(words[i]) >= size / 2)
            return command_usage_error(name, "'%.300s...' is too long", words[i]);
    }
    if (mine->use_unix && count == 0)
        return command_usage_error(name, "--unix needs the path of a socket");
    if (count == 2)
        cat_join_words(words[0], words[1], text, size);
    else if (count == 0)
        snprintf(text, size, is_server ? "43211" : "localhost:43211");
    else if (mine->use_unix && !has_scheme(words[0]))
        snprintf(text, size, "%s:%s", mine->use_udp ? "unix-dgram" : "unix", words[0]);
    else
        snprintf(text, size, "%s", words[0]);
    return EXIT_STATUS_OK;
}

/* ---- from the text to an address ---- */

static bool is_one_of(enum nk_scheme scheme, const enum nk_scheme *schemes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (schemes[i] == scheme)
            return true;
    }
    return false;
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct nk_address *address, bool is_server)
{
    static const enum nk_scheme schemes[] = {NK_SCHEME_NONE, NK_SCHEME_TCP,
                                             NK_SCHEME_UNIX, NK_SCHEME_UNIX_SEQPACKET,
                                             NK_SCHEME_UDP,  NK_SCHEME_UNIX_DGRAM};
    const char *mistake = NULL;

    if (!is_one_of(address->scheme, schemes, NK_ARRAY_LENGTH(schemes)))
        return "that kind of address is not supported by this command";
    if (!is_server && !nk_scheme_is_unix(address->scheme) && !address->has_port)
        return "the port is missing";
    if (!is_server && !nk_scheme_is_unix(address->scheme) && address->port == 0)
        return "port 0 cannot be connected to";
    if (nk_socket_options_check_for(address, is_server ? NK_SOCKET_SERVER : NK_SOCKET_CLIENT,
                                    &mistake) != 0)
        return mistake;
    return NULL;
}

/* What the options say against the address, or NULL. */
static const char *check_options(const struct command_call *call, bool is_server)
{
    const struct cat_command_options *mine = call->options;
    const struct nk_address *address = &mine->cat.address;
    bool is_given = call->result.word_count > 0;
    struct nk_sockaddr ignored;

    if (mine->use_udp && !cat_is_for_datagrams(mine))
        return "not an address of datagrams, as --udp says";
    if (mine->use_unix && !nk_scheme_is_unix(address->scheme))
        return "not the path of a unix socket, as --unix says";
    if (!mine->numeric || nk_scheme_is_unix(address->scheme) || address->host[0] == '\0')
        return NULL;
    /* A server's localhost is never looked up. */
    if (is_server && strcasecmp(address->host, "localhost") == 0)
        return NULL;
    if (is_given && nk_sockaddr_from_numeric(&ignored, address->host, 0) == -EINVAL)
        return "a name, and --numeric looks up none";
    return NULL;
}

enum exit_status cat_take_address(const struct command_call *call, bool is_server)
{
    struct cat_command_options *mine = call->options;
    struct nk_address *address = &mine->cat.address;
    const char *name = call->command->name;
    char text[NK_ADDRESS_TEXT_MAX];
    const char *mistake = NULL;

    if (join_address(call, is_server, text, sizeof text) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    if (nk_address_parse(address, text, &mistake) != 0)
        return command_usage_error(name, "'%.300s': %s", text, mistake);
    if (is_server && !address->has_port && !nk_scheme_is_unix(address->scheme)) {
        address->port = DEFAULT_PORT;
        address->has_port = true;
    }
    if (is_server && address_word_is_bare_port(text))
        snprintf(address->host, sizeof address->host, "localhost");
    if (address->scheme == NK_SCHEME_NONE)
        address->scheme = mine->use_udp ? NK_SCHEME_UDP : NK_SCHEME_TCP;
    mistake = find_mistake(address, is_server);
    if (mistake == NULL)
        mistake = check_options(call, is_server);
    if (mistake != NULL)
        return command_usage_error(name, "'%.300s': %s", text, mistake);
    return EXIT_STATUS_OK;
}
