// http_parser 2.9: HTTP/1.1 heads.
#pragma once
#include <http_parser.h>
