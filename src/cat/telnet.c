#include "cat/telnet.h"

#include <string.h>

/* RFC 854, "telnet command structure". */
enum {
    SE = 240, /* end of a sub-negotiation */
    SB = 250, /* its begin */
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    IAC = 255, /* what follows is a command */
};

/* What the next byte of input belongs to. */
enum state {
    DATA,
    COMMAND, /* behind IAC */
    OPTION,  /* behind WILL, WONT, DO or DONT */
    SUBNEGOTIATION,
    SUBNEGOTIATION_COMMAND, /* behind an IAC within it */
};

/* ---- the Q method (RFC 1143, 7) ---- */

/* Zero is what an option begins with. */
enum agreement {
    OFF,
    ON,
    WANT_OFF, /* we have asked and wait for the answer */
    WANT_OFF_THEN_ON,
    WANT_ON,
    WANT_ON_THEN_OFF,
    AGREEMENTS,
};

enum event {
    HEARD_ON,
    HEARD_OFF,
    ASK_ON,
    ASK_OFF,
    EVENTS,
};

enum answer { SILENCE, SAY_ON, SAY_OFF };

/* Only changes are answered, which is what ends every conversation. */
static const struct {
    uint8_t next;
    uint8_t answer;
} rules[EVENTS][AGREEMENTS] = {
    [HEARD_ON] =
        {
            [OFF] = {ON, SAY_ON}, /* if it is welcome; see apply */
            [ON] = {ON, SILENCE},
            [WANT_OFF] = {OFF, SILENCE}, /* the peer's mistake: OFF was said */
            [WANT_OFF_THEN_ON] = {ON, SILENCE},
            [WANT_ON] = {ON, SILENCE},
            [WANT_ON_THEN_OFF] = {WANT_OFF, SAY_OFF},
        },
    [HEARD_OFF] =
        {
            [OFF] = {OFF, SILENCE},
            [ON] = {OFF, SAY_OFF},
            [WANT_OFF] = {OFF, SILENCE},
            [WANT_OFF_THEN_ON] = {WANT_ON, SAY_ON},
            [WANT_ON] = {OFF, SILENCE},
            [WANT_ON_THEN_OFF] = {OFF, SILENCE},
        },
    [ASK_ON] =
        {
            [OFF] = {WANT_ON, SAY_ON},
            [ON] = {ON, SILENCE},
            [WANT_OFF] = {WANT_OFF_THEN_ON, SILENCE},
            [WANT_OFF_THEN_ON] = {WANT_OFF_THEN_ON, SILENCE},
            [WANT_ON] = {WANT_ON, SILENCE},
            [WANT_ON_THEN_OFF] = {WANT_ON, SILENCE},
        },
    [ASK_OFF] =
        {
            [OFF] = {OFF, SILENCE},
            [ON] = {WANT_OFF, SAY_OFF},
            [WANT_OFF] = {WANT_OFF, SILENCE},
            [WANT_OFF_THEN_ON] = {WANT_OFF, SILENCE},
            [WANT_ON] = {WANT_ON_THEN_OFF, SILENCE},
            [WANT_ON_THEN_OFF] = {WANT_ON_THEN_OFF, SILENCE},
        },
};

static bool is_welcome(enum telnet_side side, uint8_t option)
{
    return option == TELNET_SUPPRESS_GO_AHEAD || (side == TELNET_REMOTE && option == TELNET_ECHO);
}

/* Applies an event; writes what is to be said about it and returns its length. */
static size_t apply(struct telnet *telnet, enum telnet_side side, uint8_t option, enum event event,
                    char *said)
{
    uint8_t *agreement = &telnet->options[side][option];
    uint8_t answer = rules[event][*agreement].answer;
    if (event == HEARD_ON && *agreement == OFF && !is_welcome(side, option)) {
        answer = SAY_OFF;
    } else {
        *agreement = rules[event][*agreement].next;
    }
    if (answer == SILENCE)
        return 0;
    int on = side == TELNET_LOCAL ? WILL : DO;
    int off = side == TELNET_LOCAL ? WONT : DONT;
    said[0] = (char)(uint8_t)IAC;
    said[1] = (char)(uint8_t)(answer == SAY_ON ? on : off);
    said[2] = (char)option;
    return 3;
}

static size_t hear(struct telnet *telnet, uint8_t option, char *said)
{
    bool is_on = telnet->verb == WILL || telnet->verb == DO;
    bool is_remote = telnet->verb == WILL || telnet->verb == WONT;
    return apply(telnet, is_remote ? TELNET_REMOTE : TELNET_LOCAL, option,
                 is_on ? HEARD_ON : HEARD_OFF, said);
}

size_t telnet_ask(struct telnet *telnet, enum telnet_side side, uint8_t option, bool on,
                  char request[static TELNET_REQUEST_SIZE])
{
    return apply(telnet, side, option, on ? ASK_ON : ASK_OFF, request);
}

bool telnet_is_on(const struct telnet *telnet, enum telnet_side side, uint8_t option)
{
    return telnet->options[side][option] == ON;
}

void telnet_init(struct telnet *telnet)
{
    memset(telnet, 0, sizeof *telnet);
    telnet->state = DATA;
}

/* ---- what the server sends ---- */

/* The byte behind IAC. Commands that a server might give to a printer or a
 * keyboard (break, erase, are you there ...) mean nothing to a dumb client.
 * Returns whether it is the doubled IAC, a byte of data. */
static bool on_command(struct telnet *telnet, uint8_t byte)
{
    telnet->state = DATA;
    if (byte >= WILL && byte <= DONT) {
        telnet->verb = byte;
        telnet->state = OPTION;
    } else if (byte == SB) {
        telnet->state = SUBNEGOTIATION;
    }
    return byte == IAC;
}

/* A sub-negotiation belongs to an option that was refused: it is skipped. One
 * that is not ended by IAC SE ends at the next command, or the rest of the
 * session would be swallowed. */
static void on_subnegotiation(struct telnet *telnet, uint8_t byte)
{
    if (telnet->state == SUBNEGOTIATION)
        telnet->state = byte == IAC ? SUBNEGOTIATION_COMMAND : SUBNEGOTIATION;
    else if (byte == IAC)
        telnet->state = SUBNEGOTIATION;
    else
        (void)on_command(telnet, byte);
}

/* Returns whether the byte belongs to the user. */
static bool on_data(struct telnet *telnet, uint8_t byte)
{
    if (byte == IAC) {
        telnet->state = COMMAND;
        return false;
    }
    bool is_padding = byte == '\0' && telnet->input_after_cr;
    telnet->input_after_cr = byte == '\r';
    return !is_padding;
}

size_t telnet_input(struct telnet *telnet, struct nk_slice input, char *data, char *reply,
                    size_t *reply_len)
{
    size_t len = 0;
    size_t said = 0;
    for (size_t i = 0; i < input.len; i++) {
        uint8_t byte = (uint8_t)input.data[i];
        bool is_data = false;
        if (telnet->state == DATA) {
            is_data = on_data(telnet, byte);
        } else if (telnet->state == COMMAND) {
            is_data = on_command(telnet, byte);
            telnet->input_after_cr = telnet->input_after_cr && !is_data;
        } else if (telnet->state == OPTION) {
            said += hear(telnet, byte, reply + said);
            telnet->state = DATA;
        } else {
            on_subnegotiation(telnet, byte);
        }
        if (is_data)
            data[len++] = (char)byte;
    }
    *reply_len = said;
    return len;
}

/* ---- what the user sends ---- */

size_t telnet_output(struct telnet *telnet, struct nk_slice bytes, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        char byte = bytes.data[i];
        if (telnet->output_after_cr && byte != '\n')
            out[len++] = '\0';
        else if (!telnet->output_after_cr && byte == '\n')
            out[len++] = '\r';
        if ((uint8_t)byte == IAC)
            out[len++] = byte;
        out[len++] = byte;
        telnet->output_after_cr = byte == '\r';
    }
    return len;
}
