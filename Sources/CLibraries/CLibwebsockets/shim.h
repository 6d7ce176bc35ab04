// libwebsockets and libev, with what Swift cannot see: macros.
#pragma once
#include <ev.h>
#include <libwebsockets.h>

enum { media_bridge_lws_pre = LWS_PRE };
