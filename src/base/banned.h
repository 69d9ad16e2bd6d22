/* banned.h - library calls that are errors to use here: unbounded, or with hidden state.
 * The Makefile includes it before every C file, after the system headers it names. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol atof gmtime localtime ctime
