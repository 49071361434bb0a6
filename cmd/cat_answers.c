/* Letters of nc, ncat and telnet that are no options of connect and listen, each with
 * what to use instead. */
#include "cat.h"

#define PASSES_END_ON                                                                              \
    {                                                                                              \
        "N", "-N is not needed: the end of input is passed on unless --on-eof says otherwise"      \
    }
#define COMMAND                                                                                    \
    {                                                                                              \
        "ec", "a command is joined to the connection with --exec COMMAND"                          \
    }
#define SECONDS                                                                                    \
    {                                                                                              \
        "0123456789", CAT_NC_SECONDS                                                               \
    }
#define NO_INPUT                                                                                   \
    {                                                                                              \
        "d", "standard input is left alone with --recv-only"                                       \
    }
#define TELNET                                                                                     \
    {                                                                                              \
        "t", "telnet options are answered with --telnet"                                           \
    }
#define SOURCE                                                                                     \
    {                                                                                              \
        "s", "the source is an option of the address: 'tcp://HOST:PORT?source=ADDRESS'"            \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

const struct option_answer cat_connect_answers[] = {
    PASSES_END_ON,
    COMMAND,
    SECONDS,
    NO_INPUT,
    TELNET,
    SOURCE,
    {"z", "to see whether a port is open, use 'netkit connect --once ADDRESS </dev/null'"},
    {"lk", "to wait for connections use 'netkit listen', and with many of them 'netkit listen -k'"},
    {"p", "the own port is an option of the address: 'tcp://HOST:PORT?source-port=NUMBER'"},
    {"xX", "a proxy is given with --proxy socks5://HOST:PORT or --proxy http://HOST:PORT"},
    END,
};

const struct option_answer cat_listen_answers[] = {
    PASSES_END_ON,
    COMMAND,
    SECONDS,
    NO_INPUT,
    {"z", "to see whether a port is open, use 'netkit connect --once ADDRESS </dev/null'"},
    {"l", "listen always listens: -l is not needed"},
    {"p", "-p is not needed: the port is the last word of the address, or all of it"},
    {"s", "the address to listen on is the first word: 'netkit listen ADDRESS PORT'"},
    {"w", "-w is --idle-timeout TIME here"},
    {"m", "-m is --max-conns N here, with -k"},
    END,
};
