/* scope.h - what a personal API key may be given: "object:read", "object:write", or "*". */
#pragma once

#include "base/str.h"

/* Objects that nothing of this server stands behind are valid too: clients ask for them. */
bool scope_valid(str scope);
