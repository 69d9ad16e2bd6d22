/* log.h - one line per event on stderr: ts=… level=… msg=… then the caller's pairs, or the same as
 * members of a JSON object.
 *
 * Values are quoted and escaped, so a hostile string stays inside its line. Never pass a token, a
 * password or a property value. Safe from any thread. */
#pragma once

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
void log_set_json(bool on);
/* Whether an event of the level is written: for what is costly to tell. */
bool log_has(enum log_level level);
/* Pairs of (const char *key, const char *value), ended by NULL. */
void log_event(enum log_level level, const char *msg, ...) __attribute__((sentinel));

#define log_info(...) log_event(LOG_INFO, __VA_ARGS__, NULL)
#define log_warn(...) log_event(LOG_WARN, __VA_ARGS__, NULL)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__, NULL)
