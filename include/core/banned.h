/*
 * Functions that have a safer twin here. Using one does not compile.
 *
 * sprintf, strcpy, strcat, strncpy   snprintf, struct buf
 * strtok                             str_split()
 * atoi, atol, strtol and friends     str_to_i64()
 *
 * Included by the build before every file of ours, after the C library's own headers.
 */
#ifndef CORE_BANNED_H
#define CORE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef sprintf
#undef vsprintf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef strtok
#undef strtok_r
#undef atoi
#undef atol
#undef atoll
#undef strtol
#undef strtoul
#undef strtoll
#undef strtoull
#undef gets

#pragma GCC poison sprintf vsprintf strcpy strcat strncpy strncat strtok strtok_r
#pragma GCC poison atoi atol atoll strtol strtoul strtoll strtoull

#endif
