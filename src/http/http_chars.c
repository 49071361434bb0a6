#include "http/http_chars.h"

/* Short names for the table only; each is one kind of byte. */
#define TKN HTTP_CHAR_TOKEN
#define TGT HTTP_CHAR_TARGET
#define VAL HTTP_CHAR_VALUE
#define QDT HTTP_CHAR_QUOTED
#define HST HTTP_CHAR_HOST
#define PTH HTTP_CHAR_PATH

#define BLANK (VAL | QDT)                          /* space and tab */
#define BEYOND (VAL | QDT)                         /* obs-text: 0x80 to 0xff */
#define LETTER (TKN | TGT | VAL | QDT | HST | PTH) /* g to z, and - . _ ~ */
#define XDIGIT (LETTER | HTTP_CHAR_HEX)            /* 0 to 9, a to f */
#define TOKSUB (TKN | TGT | VAL | QDT | PTH)       /* sub-delims that are tchar */
#define SUBDEL (TGT | VAL | QDT | PTH)             /* those that are not, and / : @ */
#define TOKSYM (TKN | TGT | VAL | QDT)             /* ^ ` | : in tokens, not in a path */
#define SYMBOL (TGT | VAL | QDT)                   /* < > ? [ ] { } */
#define NUMBER (TKN | VAL | QDT)                   /* #: starts a fragment, never sent */
#define PERCNT (TKN | TGT | VAL | QDT | HST)       /* % */
#define QUOTES (TGT | VAL | HTTP_CHAR_QUOTE)       /* " */
#define BACKSL (TGT | VAL | HTTP_CHAR_BACKSLASH)   /* \ */
#define COLONS (SUBDEL | HTTP_CHAR_COLON)          /* : */
#define SEMICO (SUBDEL | HTTP_CHAR_SEMICOLON)      /* ; */
#define EQUALS (SUBDEL | HTTP_CHAR_EQUALS)         /* = */
#define CR_CHR HTTP_CHAR_CR
#define LF_CHR HTTP_CHAR_LF

#define BEYOND8 BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND

/* clang-format off: eight bytes per line, as in a code chart */
const uint16_t http_char_table[256] = {
    /* 00 */ 0,       0,       0,       0,       0,      0,      0,      0,
    /* 08 */ 0,       BLANK,   LF_CHR,  0,       0,      CR_CHR, 0,      0,
    /* 10 */ 0,       0,       0,       0,       0,      0,      0,      0,
    /* 18 */ 0,       0,       0,       0,       0,      0,      0,      0,
    /* 20 */ BLANK,   TOKSUB,  QUOTES,  NUMBER,  TOKSUB, PERCNT, TOKSUB, TOKSUB,
    /* 28 */ SUBDEL,  SUBDEL,  TOKSUB,  TOKSUB,  SUBDEL, LETTER, LETTER, SUBDEL,
    /* 30 */ XDIGIT,  XDIGIT,  XDIGIT,  XDIGIT,  XDIGIT, XDIGIT, XDIGIT, XDIGIT,
    /* 38 */ XDIGIT,  XDIGIT,  COLONS,  SEMICO,  SYMBOL, EQUALS, SYMBOL, SYMBOL,
    /* 40 */ SUBDEL,  XDIGIT,  XDIGIT,  XDIGIT,  XDIGIT, XDIGIT, XDIGIT, LETTER,
    /* 48 */ LETTER,  LETTER,  LETTER,  LETTER,  LETTER, LETTER, LETTER, LETTER,
    /* 50 */ LETTER,  LETTER,  LETTER,  LETTER,  LETTER, LETTER, LETTER, LETTER,
    /* 58 */ LETTER,  LETTER,  LETTER,  SYMBOL,  BACKSL, SYMBOL, TOKSYM, LETTER,
    /* 60 */ TOKSYM,  XDIGIT,  XDIGIT,  XDIGIT,  XDIGIT, XDIGIT, XDIGIT, LETTER,
    /* 68 */ LETTER,  LETTER,  LETTER,  LETTER,  LETTER, LETTER, LETTER, LETTER,
    /* 70 */ LETTER,  LETTER,  LETTER,  LETTER,  LETTER, LETTER, LETTER, LETTER,
    /* 78 */ LETTER,  LETTER,  LETTER,  SYMBOL,  TOKSYM, SYMBOL, LETTER, 0,
    /* 80 */ BEYOND8, BEYOND8, BEYOND8, BEYOND8,
    /* a0 */ BEYOND8, BEYOND8, BEYOND8, BEYOND8,
    /* c0 */ BEYOND8, BEYOND8, BEYOND8, BEYOND8,
    /* e0 */ BEYOND8, BEYOND8, BEYOND8, BEYOND8,
};
/* clang-format on */
