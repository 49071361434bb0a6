/* What the commands connect, listen and replay share: their options, their two-word
 * addresses and what they tell their user.
 */
#ifndef CMD_CAT_H
#define CMD_CAT_H

#include "cat/cat_service.h"
#include "command.h"

/* What they share; the structure of replay begins with it. */
struct cat_command_options {
    struct common_options common;
    struct cat_options cat;
    const char *on_eof;   /* a word: half, close or keep */
    const char *datagram; /* a word: line or a size; NULL when not given */
    const char *proxy;    /* a URL, or NULL */
    bool only_v4;
    bool only_v6;
    bool use_udp;
    bool use_unix;
    bool numeric;
};

extern const struct cat_command_options cat_command_defaults;
extern const struct option_table cat_option_table;       /* what all have; base 0 */
extern const struct option_table cat_input_option_table; /* ... about standard input */

/* Reads the address: one word, or HOST PORT, or none for the address of a server
 * without arguments. Fills in the options that are words. Returns EXIT_STATUS_OK
 * or EXIT_STATUS_USAGE after saying what is wrong. */
enum exit_status cat_options_complete(const struct command_call *call, bool is_server);

/* Reads the address alone; part of the above. */
enum exit_status cat_take_address(const struct command_call *call, bool is_server);

/* nc's two words as one text: the host as it is, brackets or none, and the port. */
void cat_join_words(const char *host, const char *port, char *text, size_t size);

/* What to say to those who mean nc's option. */
#define CAT_NC_SECONDS                                                                             \
    "nc's '-q N' is '--linger Ns' here, and '-q 0' '--on-eof close'; -q alone means quiet"

/* Letters of nc, ncat and telnet that are no options here: what to use instead. */
extern const struct option_answer cat_connect_answers[];
extern const struct option_answer cat_listen_answers[];

/* Whether the address is one of datagrams. */
bool cat_is_for_datagrams(const struct cat_command_options *mine);

/* Turns what happens into lines, or with --json into objects, on standard error. */
struct cat_reporter cat_report(struct common_options *options);

/* Behind the run: with --json writes the summary if the run ended too early to have one.
 * `status` is the exit status to come. */
void cat_report_end(const struct common_options *options, enum exit_status status) NK_NONNULL(1);

#endif
