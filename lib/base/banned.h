/* Functions that this code base does not use, turned into compile errors.
 *
 * CMake includes this header in front of every source file of netkit. Each name
 * has a safer replacement: the sized one, or one that reports errors.
 */
#ifndef NK_BASE_BANNED_H
#define NK_BASE_BANNED_H

/* The headers that declare banned names have to be read before the poison. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* glibc defines these as macros, the two printfs only with _FORTIFY_SOURCE; a
 * poisoned name may not be one. */
#undef alloca
#undef strdupa
#undef strndupa
#undef sprintf
#undef vsprintf

#pragma GCC poison gets strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok
#pragma GCC poison atoi atol atoll atof gmtime localtime ctime asctime rand srand
#pragma GCC poison tmpnam mktemp tempnam alloca strdupa strndupa inet_ntoa inet_aton inet_addr
#pragma GCC poison gethostbyname gethostbyaddr bzero bcopy bcmp

#endif
