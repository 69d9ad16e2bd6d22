/* version.h - what this program calls itself. */
#pragma once

#define HOGLET_VERSION "0.1.0"
